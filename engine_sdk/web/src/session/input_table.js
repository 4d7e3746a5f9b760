/** Checks what a game sets and fires against the inputs that the rules declare (PROTOCOL.md section 11.2). */
import { readValue } from "../protocol/records.js";
import { ProtocolError } from "../protocol/protocol_error.js";
import { InputError } from "./input_error.js";

/**
 * @typedef {number | string | boolean} InputValue
 * @typedef {{name: string, type: string, of: string[], low: number | null, high: number | null, default: InputValue | null}} Input
 */

const VALUE = /** @type {const} */ ({ kind: "value" });
const NAME = /** @type {const} */ ({ kind: "text", least: 1, most: 64 });
const EXCERPT = 48;
/** Names listed in an error message. */
const MOST_LISTED = 12;
/** Likeness from which on a name counts as misspelt. */
const CLOSE = 0.65;

/** The inputs of one rule file, by name. */
export class InputTable {
  /** @param {Input[]} inputs - Of the declaration. */
  constructor(inputs) {
    this.inputs = new Map(inputs.map((input) => [input.name, input]));
  }

  /**
   * Check a value for an input.
   *
   * @param {string} name
   * @param {unknown} value - A number beyond its range is good: the service clamps it and says so in the receipt.
   * @returns {InputValue}
   * @throws {InputError} The rules declare no such input, or it does not take this value.
   */
  value(name, value) {
    const input = this.find(name);
    if (input.type === "trigger") {
      throw new InputError("not_settable", `input "${name}" is a trigger, which has no value; call fire("${name}")`);
    }
    const plain = plainValue(name, value);
    switch (input.type) {
      case "flag":
        return typeof plain === "boolean" ? plain : wrong(name, "true or false", value);
      case "choice":
        return choice(input, plain);
      case "number":
        return typeof plain === "number" ? plain : wrong(name, "a number", value);
      case "integer":
        return Number.isInteger(plain) ? plain : wrong(name, "a whole number", value);
    }
    // A type that only a later service knows: it checks the value itself.
    return plain;
  }

  /** Check the name of a trigger. @param {string} name @throws {InputError} */
  trigger(name) {
    const { type } = this.find(name);
    if (type === "trigger") return name;
    throw new InputError("not_a_trigger", `input "${name}" is a ${type}, not a trigger; call set("${name}", …)`);
  }

  /**
   * The values that fit these rules, in the order of the declaration.
   *
   * @param {Map<string, InputValue>} values
   * @returns {Map<string, InputValue>}
   */
  fitting(values) {
    const fitting = new Map();
    for (const name of this.inputs.keys()) {
      if (!values.has(name)) continue;
      try {
        fitting.set(name, this.value(name, values.get(name)));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
    }
    return fitting;
  }

  /**
   * The values and triggers of an event that fit these rules, and what does not.
   *
   * @param {Map<string, InputValue>} set
   * @param {string[]} fire
   * @returns {{set: Map<string, InputValue>, fire: string[], refused: {name: string, error: InputError}[]}}
   */
  checked(set, fire) {
    /** @type {{set: Map<string, InputValue>, fire: string[], refused: {name: string, error: InputError}[]}} */
    const found = { set: new Map(), fire: [], refused: [] };
    const fits = (/** @type {string} */ name, /** @type {() => unknown} */ take) => {
      try {
        take();
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        found.refused.push({ name, error });
      }
    };
    for (const [name, value] of set) fits(name, () => found.set.set(name, this.value(name, value)));
    for (const name of fire) fits(name, () => found.fire.push(this.trigger(name)));
    return found;
  }

  /** @param {string} name */
  find(name) {
    const input = this.inputs.get(name);
    if (input !== undefined) return input;
    const names = [...this.inputs.keys()];
    const close = typeof name === "string" ? closest(name, names) : "";
    const listed = names.length > 0 ? `they declare ${list(names)}` : "they declare none";
    const hint = close === "" ? listed : `did you mean "${close}"?`;
    throw new InputError("unknown_input", `the rules declare no input ${shown(name)}; ${hint}`);
  }
}

/**
 * Check a value without knowing the rules.
 *
 * @param {string} name - Of the input.
 * @param {unknown} value
 * @returns {InputValue}
 * @throws {InputError} It is no boolean, no finite number within ±(2^53 - 1) and no text of at most 64 bytes.
 */
export function plainValue(name, value) {
  if (typeof value !== "boolean" && typeof value !== "number" && typeof value !== "string") {
    return wrong(name, "a boolean, a number or a text", value);
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    const text = `input "${name}" takes finite numbers, got ${value}; check for a division by zero before it`;
    throw new InputError("not_finite", text);
  }
  return inputErrors(() => readValue(VALUE, value, `input "${name}"`));
}

/** Check the length of an input's name. @param {string} name @throws {InputError} */
export function plainName(name) {
  return inputErrors(() => readValue(NAME, name, `input ${shown(name)}`));
}

/** @template T @param {() => T} read @returns {T} */
function inputErrors(read) {
  try {
    return read();
  } catch (error) {
    throw error instanceof ProtocolError ? new InputError(error.code, error.message) : error;
  }
}

/** @param {Input} input @param {InputValue} value */
function choice(input, value) {
  if (typeof value !== "string") return wrong(input.name, `one of ${list(input.of)}`, value);
  if (input.of.includes(value)) return value;
  const close = closest(value, input.of);
  const hint = close === "" ? "" : `; did you mean "${close}"?`;
  throw new InputError("unknown_choice", `input "${input.name}" takes one of ${list(input.of)}, got ${shown(value)}${hint}`);
}

/** @param {string} name @param {string} expected @param {unknown} value @returns {never} */
function wrong(name, expected, value) {
  throw new InputError("wrong_type", `input ${shown(name)} takes ${expected}, got ${shown(value)} of type ${typeof value}`);
}

/** @param {string[]} names */
function list(names) {
  const more = names.length - MOST_LISTED;
  return names.slice(0, MOST_LISTED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** @param {unknown} value */
function shown(value) {
  return (typeof value === "string" ? JSON.stringify(value) : String(value)).slice(0, EXCERPT);
}

/**
 * The known name most like a name, whatever its case; "" if none is close.
 *
 * Source: the likeness of Ratcliff and Obershelp, twice the letters in common blocks over all letters.
 *
 * @param {string} name
 * @param {string[]} known
 */
export function closest(name, known) {
  let [best, bestLikeness] = ["", CLOSE];
  for (const other of known) {
    const [a, b] = [other.toLowerCase(), name.toLowerCase()];
    const likeness = a.length + b.length === 0 ? 1 : (2 * matching(a, b)) / (a.length + b.length);
    if (likeness >= bestLikeness && (likeness > bestLikeness || best === "")) [best, bestLikeness] = [other, likeness];
  }
  return best;
}

/** The letters in the longest common block and, on both sides of it, in blocks found likewise. @param {string} a @param {string} b @returns {number} */
function matching(a, b) {
  let [size, startA, startB] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    for (let j = 0; j < b.length; j += 1) {
      let n = 0;
      while (i + n < a.length && j + n < b.length && a[i + n] === b[j + n]) n += 1;
      if (n > size) [size, startA, startB] = [n, i, j];
    }
  }
  if (size === 0) return 0;
  const before = matching(a.slice(0, startA), b.slice(0, startB));
  return size + before + matching(a.slice(startA + size), b.slice(startB + size));
}
