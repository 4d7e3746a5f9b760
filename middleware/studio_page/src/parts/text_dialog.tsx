/** A text to copy or to keep as a file. */
import { useEffect, useRef } from "preact/hooks";
import { tell } from "../store";

export interface ShownText {
  title: string;
  hint: string;
  file: string;
  text: string;
}

/** Characters that are shown; a recording of an hour is long. */
const MOST_SHOWN = 20_000;

export function TextDialog({ shown, onClose }: { shown: ShownText; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  const copy = () =>
    navigator.clipboard.writeText(shown.text).then(
      () => tell("info", "copied"),
      () => tell("error", "the browser does not let this page copy; mark the text and press Ctrl-C"),
    );
  return (
    <dialog ref={dialog} onClose={onClose} aria-label={shown.title}>
      <h2>{shown.title}</h2>
      <p class="hint">{shown.hint}</p>
      <textarea readOnly spellcheck={false} aria-label={shown.file} value={shown.text.slice(0, MOST_SHOWN)} />
      {shown.text.length > MOST_SHOWN && <p class="hint">Its beginning; the file has all of it.</p>}
      <div class="buttons">
        <button type="button" class="primary" onClick={() => download(shown)}>
          Save as {shown.file}
        </button>
        <button type="button" onClick={() => void copy()}>
          Copy
        </button>
        <button type="button" onClick={() => dialog.current!.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}

function download({ file, text }: ShownText): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url));
}
