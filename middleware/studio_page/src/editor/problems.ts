/** What `segue check` finds, as marks under the words of the editor. */
import type { Diagnostic } from "@codemirror/lint";
import type { Text } from "@codemirror/state";
import type { Description, Problem } from "../types";

/** The marks of the problems of the file in the editor; those of included files are at its beginning. */
export function diagnosticsOf({ problems, file }: Description, doc: Text): Diagnostic[] {
  return problems.map((problem) => {
    const isHere = problem.file === file;
    const { from, to } = isHere ? rangeOf(problem, doc) : { from: 0, to: Math.min(1, doc.length) };
    const where = problem.where ? `${problem.where}: ` : "";
    const place = isHere ? "" : `${problem.file}:${problem.line}:${problem.column}: `;
    return { from, to, severity: problem.severity, message: `${place}${where}${problem.text}` };
  });
}

/** The word at a place; columns count characters as Python does, so pairs of surrogates count once. */
function rangeOf({ line, column }: Problem, doc: Text): { from: number; to: number } {
  const { from, text } = doc.line(Math.min(Math.max(1, line), doc.lines));
  const before = [...text].slice(0, column - 1).join("").length;
  const word = text.slice(before).match(/^(?:"[^"]*"|'[^']*'|[^\s,:{}[\]]+)/);
  const to = Math.max(before + (word?.[0].length ?? 1), before);
  return { from: from + Math.min(before, text.length), to: from + Math.min(to, text.length) };
}
