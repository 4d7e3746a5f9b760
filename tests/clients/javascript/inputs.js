/** Checks of what the game sets and fires against the declaration (PROTOCOL.md section 11.2). */

/** A call of the game that does not fit; `code` is that of the receipt the service would give. */
export class InputError extends Error {
  constructor(code, text) {
    super(text);
    this.code = code;
  }
}

const TYPES = { number: "number", integer: "number", choice: "string", flag: "boolean" };

/**
 * @param {object} declaration - As in `welcome`.
 * @throws {InputError}
 */
export function checkSet(declaration, name, value) {
  const input = inputOf(declaration, name);
  const refuse = (code, expected) => {
    throw new InputError(code, `input "${name}": expected ${expected}, got ${value}`);
  };
  if (input.type === "trigger") refuse("not_settable", "an input that is set; fire a trigger");
  if (typeof value !== TYPES[input.type]) refuse("wrong_type", `a ${input.type}`);
  if (typeof value === "number" && !Number.isFinite(value)) refuse("not_finite", "a finite number");
  if (input.type === "integer" && !Number.isInteger(value)) refuse("wrong_type", "a whole number");
  if (input.type === "choice" && !input.of.includes(value)) refuse("unknown_choice", `one of ${input.of}`);
}

/** @throws {InputError} */
export function checkFire(declaration, name) {
  const { type } = inputOf(declaration, name);
  if (type !== "trigger") throw new InputError("not_a_trigger", `input "${name}": expected a trigger, it is a ${type}`);
}

function inputOf(declaration, name) {
  const input = declaration.inputs.find((declared) => declared.name === name);
  if (input !== undefined) return input;
  const names = declaration.inputs.map((declared) => declared.name);
  const likeliest = names.sort((a, b) => distance(a, name) - distance(b, name))[0];
  const hint = likeliest === undefined ? "" : `; did you mean "${likeliest}"?`;
  throw new InputError("unknown_input", `input "${name}" is not declared${hint}`);
}

/** Edits from one name to another. */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
