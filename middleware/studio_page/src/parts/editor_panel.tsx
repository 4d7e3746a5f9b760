/** The left column: the rule file, what is wrong with it, and saving. */
import { useEffect, useRef } from "preact/hooks";
import { check, getRules, getSchema, saveRules, ServerError } from "../api";
import { Editor } from "../editor/editor";
import type { Schema } from "../editor/schema";
import * as store from "../store";

const CHECK_MS = 300;

let editor: Editor | null = null;
let digest = "";

/** Go to a line of the rule file. */
export function goTo(line: number, column = 1): void {
  editor?.goTo(line, column);
}

/** Save what is in the editor; the service plays it at once, or goes on with the rules before. */
export async function save(): Promise<void> {
  if (store.isReadOnly.value) return;
  const text = store.text.value;
  try {
    const content = await saveRules({ text, digest });
    digest = content.digest;
    store.savedText.value = text;
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    const advice = error.status === 409 ? "; “Read again” shows it, and Ctrl-Z brings your text back" : "";
    store.tell("error", `not saved: ${error.message}${advice}`);
  }
}

async function read(): Promise<void> {
  const content = await store.trying(getRules);
  if (content === undefined) return;
  digest = content.digest;
  store.savedText.value = content.text;
  store.text.value = content.text;
  editor?.replace(content.text);
}

export function EditorPanel() {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let schema: Schema | null = null;
    let waiting: ReturnType<typeof setTimeout> | undefined;
    let asked = 0;

    const look = async () => {
      const number = ++asked;
      const found = await store.trying(() => check(store.text.value));
      // An answer about an older text would mark other words.
      if (found === undefined || number !== asked) return;
      const kept = store.description.value;
      store.description.value = found.complete || kept === null ? found : { ...kept, problems: found.problems, ok: found.ok };
      editor?.show(found);
    };
    const changed = (text: string) => {
      store.text.value = text;
      clearTimeout(waiting);
      waiting = setTimeout(() => void look(), CHECK_MS);
    };
    void (async () => {
      schema = (await store.trying(getSchema)) ?? null;
      const isReadOnly = store.isReadOnly.value;
      editor = new Editor({
        parent: place.current!,
        text: "",
        nonce: store.config.value.nonce,
        schema: () => schema,
        isReadOnly,
        onChange: changed,
        onSave: () => void save(),
      });
      await read();
    })();
    const leaving = (event: BeforeUnloadEvent) => {
      if (store.text.value !== store.savedText.value) event.preventDefault();
    };
    addEventListener("beforeunload", leaving);
    return () => {
      removeEventListener("beforeunload", leaving);
      editor?.close();
      editor = null;
    };
  }, []);
  const isChanged = store.text.value !== store.savedText.value;
  return (
    <section class="panel editor" aria-label="Rule file">
      <header>
        <h2>
          {store.config.value.file}
          {isChanged && <span class="changed"> · changed</span>}
        </h2>
        {!store.isReadOnly.value && (
          <>
            <button type="button" class="primary" disabled={!isChanged} onClick={() => void save()} title="Ctrl-S">
              Save and play
            </button>
            <button type="button" onClick={() => void read()}>
              Read again
            </button>
          </>
        )}
      </header>
      <div class="code" ref={place} />
      <Problems />
    </section>
  );
}

function Problems() {
  const found = store.description.value;
  if (found === null) return <p class="problems">checking …</p>;
  const { problems } = found;
  if (problems.length === 0) return <p class="problems ok">no mistakes, no warnings</p>;
  return (
    <ul class="problems" aria-label="Mistakes and warnings">
      {problems.map((problem) => (
        <li key={`${problem.line}:${problem.column}:${problem.text}`} class={problem.severity}>
          <button type="button" onClick={() => goTo(problem.line, problem.column)}>
            <b>
              {problem.severity === "error" ? "mistake" : "warning"} {problem.line}:{problem.column}
            </b>{" "}
            {problem.where ? `${problem.where}: ` : ""}
            {problem.text}
          </button>
        </li>
      ))}
    </ul>
  );
}
