/** Completion and hover texts of the rule file: fields and words of the schema, and the names that the file declares. */
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { hoverTooltip } from "@codemirror/view";
import { description } from "../store";
import type { Description } from "../types";
import { placeAt, type Place } from "./places";
import { fieldsAt, meaningAt, wordsAt, type Schema } from "./schema";

/** Objects whose keys are names, by the field that holds them. */
const KEYS: Record<string, (names: Names) => string[]> = {
  mix: ({ styles }) => styles,
  when: ({ inputs }) => inputs,
  unless: ({ inputs }) => inputs,
  not: ({ inputs }) => inputs,
  any: ({ inputs }) => inputs,
  all: ({ inputs }) => inputs,
  state: ({ layers }) => layers,
};

/** Fields whose values are names. */
const VALUES: Record<string, (names: Names) => string[]> = {
  from: ({ states, inputs }) => [...states, ...inputs],
  to: ({ states }) => states,
  trigger: ({ triggers }) => triggers,
  layer: ({ layers }) => layers,
  mute: ({ layers }) => layers,
};

interface Names {
  inputs: string[];
  triggers: string[];
  styles: string[];
  layers: string[];
  states: string[];
}

function namesOf({ inputs, styles, layers }: Description): Names {
  return {
    inputs: inputs.map(({ name }) => name),
    triggers: inputs.filter(({ type }) => type === "trigger").map(({ name }) => name),
    styles: styles.map(({ name }) => name),
    layers: layers.map(({ name }) => name),
    states: ["any", ...new Set(layers.flatMap(({ states }) => states.map(({ name }) => name)))],
  };
}

/** What may stand at a place. */
function optionsAt(schema: Schema, { path, isKey }: Place, declared: Description | null): Completion[] {
  const named = path.filter((key) => key !== "*");
  const last = named[named.length - 1] ?? "";
  const names = declared === null ? null : namesOf(declared);
  if (isKey) {
    const own = names === null ? [] : (KEYS[last]?.(names) ?? []);
    const fields = [...fieldsAt(schema, path)].map(([label, info]) => ({ label, info, type: "property", apply: `${label}: ` }));
    return [...own.map((label) => ({ label, type: "variable", apply: `${label}: ` })), ...fields];
  }
  const own = names === null ? [] : (VALUES[last]?.(names) ?? choicesOf(path, declared!));
  return [
    ...own.map((label) => ({ label, type: "variable" })),
    ...wordsAt(schema, path).map((label) => ({ label, type: "constant" })),
  ];
}

/** The values of a choice in a condition, and the states of a layer in `state`. */
function choicesOf(path: string[], { inputs, layers }: Description): string[] {
  const last = path.filter((key) => key !== "*").at(-1);
  const input = inputs.find(({ name }) => name === last);
  if (input?.of !== undefined) return input.of;
  if (path.includes("state")) return layers.find(({ name }) => name === last)?.states.map(({ name }) => name) ?? [];
  return [];
}

export function completionSource(schema: () => Schema | null) {
  return (context: CompletionContext): CompletionResult | null => {
    const rules = schema();
    if (rules === null) return null;
    const place = placeAt(context.state, context.pos);
    if (place.from === context.pos && !context.explicit && !/[\s{,[]$/.test(context.state.sliceDoc(context.pos - 1, context.pos))) {
      return null;
    }
    if (place.from === context.pos && !context.explicit && place.isKey) return null;
    const options = optionsAt(rules, place, description.value);
    return options.length === 0 ? null : { from: place.from, options, validFor: /^[\w-]*$/ };
  };
}

/** What is told of a word: the meaning of a field, or what declares a name and where. */
export function explanationAt(schema: Schema, word: string, place: Place, declared: Description | null): string {
  const meaning = place.isKey ? fieldsAt(schema, place.path).get(word) : meaningAt(schema, place.path);
  const lines = meaning ? [meaning] : [];
  for (const [what, list] of declared === null ? [] : listsOf(declared)) {
    const found = list.find(({ name }) => name === word);
    if (found !== undefined) lines.push(`${what} ${word}, declared in line ${found.line}`);
  }
  return lines.join("\n");
}

function listsOf({ inputs, styles, layers, stingers }: Description): [string, { name: string; line: number }[]][] {
  return [
    ["input", inputs],
    ["style", styles],
    ["layer", layers],
    ["state", layers.flatMap(({ states }) => states)],
    ["stinger", stingers],
  ];
}

export function hover(schema: () => Schema | null) {
  return hoverTooltip((view, position) => {
    const rules = schema();
    if (rules === null) return null;
    const place = placeAt(view.state, position);
    const word = view.state.sliceDoc(place.from, place.to);
    const text = word === "" ? "" : explanationAt(rules, word, place, description.value);
    if (text === "") return null;
    return {
      pos: place.from,
      end: place.to,
      above: true,
      create: () => {
        const dom = document.createElement("div");
        dom.className = "explanation";
        dom.textContent = text;
        return { dom };
      },
    };
  });
}
