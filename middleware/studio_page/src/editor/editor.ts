/** The rule file in CodeMirror. */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import {
  bracketMatching,
  defaultHighlightStyle,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Description } from "../types";
import { completionSource, hover } from "./completion";
import { diagnosticsOf } from "./problems";
import type { Schema } from "./schema";

/** Colours of the page's style sheet, so that light and dark are its business. */
const COLOURS = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: "var(--key)" },
  { tag: tags.comment, color: "var(--muted)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--string)" },
  { tag: [tags.content, tags.atom, tags.number], color: "var(--text)" },
]);

export interface EditorOptions {
  parent: HTMLElement;
  text: string;
  nonce: string;
  schema: () => Schema | null;
  isReadOnly: boolean;
  onChange: (text: string) => void;
  onSave: () => void;
}

export class Editor {
  readonly view: EditorView;

  constructor({ parent, text, nonce, schema, isReadOnly, onChange, onSave }: EditorOptions) {
    const save = { key: "Mod-s", preventDefault: true, run: () => (onSave(), true) };
    // Escape, then Tab, leaves the editor: Tab alone indents.
    const extensions: Extension[] = [
      EditorView.cspNonce.of(nonce),
      EditorState.readOnly.of(isReadOnly),
      EditorView.contentAttributes.of({ "aria-label": "Rule file" }),
      lineNumbers(),
      lintGutter(),
      history(),
      drawSelection(),
      indentOnInput(),
      indentUnit.of("  "),
      bracketMatching(),
      closeBrackets(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      highlightSelectionMatches(),
      yaml(),
      syntaxHighlighting(COLOURS),
      syntaxHighlighting(defaultHighlightStyle, { fallback: true }),
      autocompletion({ override: [completionSource(schema)] }),
      hover(schema),
      keymap.of([
        save,
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...completionKeymap,
        ...lintKeymap,
        indentWithTab,
      ]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) onChange(update.state.doc.toString());
      }),
    ];
    this.view = new EditorView({ parent, state: EditorState.create({ doc: text, extensions }) });
  }

  /** Replace the whole text, such as by what is on the disk. */
  replace(text: string): void {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
  }

  /** Show what is wrong. */
  show(description: Description): void {
    this.view.dispatch(setDiagnostics(this.view.state, diagnosticsOf(description, this.view.state.doc)));
  }

  /** Go to a place, from 1. */
  goTo(line: number, column = 1): void {
    const { from, to } = this.view.state.doc.line(Math.min(Math.max(1, line), this.view.state.doc.lines));
    const anchor = Math.min(from + column - 1, to);
    this.view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    this.view.focus();
  }

  close(): void {
    this.view.destroy();
  }
}
