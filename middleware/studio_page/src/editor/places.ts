/** Where in a YAML document a position is: the keys that lead to it. */
import { syntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import type { SyntaxNode } from "@lezer/common";

export interface Place {
  /** The keys from the document's root; "*" stands for an item of a list. */
  path: string[];
  /** Whether the position is in a key. */
  isKey: boolean;
  /** The word at the position. */
  from: number;
  to: number;
}

const WORD = /[\w<>.-]/;

/** The word around a position; empty where there is none. */
function wordAt(state: EditorState, position: number): { from: number; to: number } {
  const line = state.doc.lineAt(position);
  let from = position;
  let to = position;
  while (from > line.from && WORD.test(line.text[from - 1 - line.from]!)) from -= 1;
  while (to < line.to && WORD.test(line.text[to - line.from]!)) to += 1;
  return { from, to };
}

/** Find the place of a position that is inside flow collections, such as `{mix: {calm: 1}}`, by the syntax tree. */
function keysOf(state: EditorState, position: number): { path: string[]; isKey: boolean } {
  const path: string[] = [];
  let isKey = false;
  const tree = syntaxTree(state);
  for (let node: SyntaxNode | null = tree.resolveInner(position, -1); node !== null; node = node.parent) {
    if (node.name === "Key" && path.length === 0) isKey = true;
    if (node.name === "Pair") {
      const key = node.getChild("Key");
      if (key === null) continue;
      // What stands in a key is beside it, not below it.
      if (position <= key.to && position >= key.from) continue;
      path.unshift(unquoted(state.sliceDoc(key.from, key.to)));
    }
    if (node.name === "Item" && (node.parent?.name === "BlockSequence" || node.parent?.name === "FlowSequence")) path.unshift("*");
    else if (node.parent?.name === "FlowSequence" && !["[", "]", ","].includes(node.name)) path.unshift("*");
  }
  return { path, isKey };
}

const unquoted = (text: string) => text.trim().replace(/^(["'])(.*)\1$/, "$2");

/** In block style, a line that is being typed is in no collection yet: its indentation says where it belongs. */
function keysByIndentation(state: EditorState, position: number): string[] {
  const line = state.doc.lineAt(position);
  const path: string[] = [];
  let indent = line.text.search(/\S|$/);
  for (let number = line.number - 1; number > 0 && indent > 0; number -= 1) {
    const above = state.doc.line(number).text;
    const found = above.match(/^(\s*)(- )?\s*([^\s#:{[][^:{[]*):(\s|$)/);
    if (found === null || /^\s*(#|$)/.test(above)) continue;
    const column = found[1]!.length;
    if (column >= indent) continue;
    if (found[2] !== undefined && column + 2 < indent) path.unshift(unquoted(found[3]!), );
    else path.unshift(unquoted(found[3]!));
    if (found[2] !== undefined) path.unshift("*");
    indent = column;
  }
  return path;
}

/** The place of a position. */
export function placeAt(state: EditorState, position: number): Place {
  const word = wordAt(state, position);
  const line = state.doc.lineAt(position);
  const before = line.text.slice(0, word.from - line.from);
  if (/^\s*(- )?$/.test(before)) {
    const path = keysByIndentation(state, position);
    return { path: before.includes("- ") ? [...path, "*"] : path, isKey: true, ...word };
  }
  const { path, isKey } = keysOf(state, position);
  const opensKey = /[{,]\s*$/.test(before) && inFlowMap(state, position);
  return { path, isKey: isKey || opensKey, ...word };
}

/** Whether the innermost collection around a position is a map in braces. */
function inFlowMap(state: EditorState, position: number): boolean {
  for (let node: SyntaxNode | null = syntaxTree(state).resolveInner(position, -1); node !== null; node = node.parent) {
    if (node.name === "FlowMapping") return true;
    if (node.name === "FlowSequence" || node.name === "BlockMapping") return false;
  }
  return false;
}
