/** What if: from a moment of the session on, other inputs or the rules in the editor; as a course, and heard beside it. */
import { signal } from "@preact/signals";
import { getBranch, getSound } from "../api";
import { branched, clock, FRAME_RATE } from "../course";
import * as music from "../music";
import * as store from "../store";
import type { InputDeclaration, Value, WhatIf } from "../types";
import { Dial } from "./dial";
import { Duel } from "../duel";

const AFTER_FRAMES = 20 * FRAME_RATE;
/** What is heard of both, before and behind the fork. */
const BEFORE_FRAMES = 4 * FRAME_RATE;
const HEARD_FRAMES = 30 * FRAME_RATE;

const held = signal<Record<string, Value>>({});
const fired = signal<string[]>([]);
const withText = signal(false);
const isAsking = signal(false);
const isRendering = signal(false);
const duel = signal<Duel | null>(null);
const side = signal<"session" | "branch">("session");

export function WhatIfPanel() {
  const course = store.course.value;
  const frame = store.chosen.value;
  const branch = store.branch.value;
  const inputs = store.declaration.value?.inputs ?? [];
  const isEdited = store.text.value !== "" && !store.isReadOnly.value;
  return (
    <section class="panel what-if" aria-label="What if">
      <header>
        <h2>What if</h2>
        <span class="hint">{frame === null ? "click a moment in the timeline" : `from ${clock(frame)} on`}</span>
      </header>
      <div class="list">
        <div class="dials">
          {inputs.filter(({ type }) => type !== "trigger").map((input) => <Held key={input.name} input={input} />)}
        </div>
        <div class="triggers">
          {inputs
            .filter(({ type }) => type === "trigger")
            .map(({ name }) => (
              <label key={name}>
                <input
                  type="checkbox"
                  checked={fired.value.includes(name)}
                  onChange={(event) => {
                    const others = fired.value.filter((each) => each !== name);
                    fired.value = event.currentTarget.checked ? [...others, name] : others;
                  }}
                />
                fire {name}
              </label>
            ))}
        </div>
        {isEdited && (
          <label class="with-text">
            <input type="checkbox" checked={withText.value} onChange={(event) => (withText.value = event.currentTarget.checked)} />
            the rules as they are in the editor
          </label>
        )}
      </div>
      <div class="buttons">
        <button type="button" class="primary" disabled={frame === null || course.end === 0 || isAsking.value} onClick={() => void show(frame!)}>
          Show
        </button>
        <button type="button" disabled={branch === null || isRendering.value} onClick={() => void hear(branch!.asked)}>
          {isRendering.value ? "Rendering …" : "Hear both"}
        </button>
        {duel.value !== null && <Sides />}
        {branch !== null && (
          <button type="button" onClick={forget}>
            Forget
          </button>
        )}
      </div>
      {branch !== null && <Differences />}
    </section>
  );
}

function Held({ input }: { input: InputDeclaration }) {
  const { name } = input;
  const value = held.value[name];
  const isHeld = value !== undefined;
  const hold = (to: Value) => (held.value = { ...held.value, [name]: to });
  return (
    <div class="dial">
      <label class="name">
        <input
          type="checkbox"
          checked={isHeld}
          onChange={(event) => {
            const { [name]: _, ...others } = held.value;
            held.value = event.currentTarget.checked ? { ...others, [name]: store.values.value[name] ?? input.default! } : others;
          }}
        />
        {name}
      </label>
      <Dial input={{ ...input, name: `${name}, what if` }} value={value ?? input.default!} id={`held-${name}`} isDisabled={!isHeld} onChange={hold} />
    </div>
  );
}

async function show(frame: number): Promise<void> {
  const course = store.course.value;
  const names = new Set((store.declaration.value?.inputs ?? []).map(({ name }) => name));
  const asked: WhatIf = {
    frame,
    end: Math.max(course.end, frame + AFTER_FRAMES),
    set: Object.fromEntries(Object.entries(held.value).filter(([name]) => names.has(name))),
    fire: fired.value.filter((name) => names.has(name)),
    text: withText.value && !store.isReadOnly.value ? store.text.value : null,
  };
  isAsking.value = true;
  const answer = await store.trying(() => getBranch(asked));
  isAsking.value = false;
  if (answer === undefined) return;
  silence();
  store.branch.value = { asked, course: branched(course, answer) };
}

/** Render both, and play them at the same position; one of them is heard. */
async function hear(asked: WhatIf): Promise<void> {
  music.pause();
  silence();
  const context = new AudioContext();
  isRendering.value = true;
  const start = Math.max(0, asked.frame - BEFORE_FRAMES);
  const part = { ...asked, end: Math.min(asked.end, asked.frame + HEARD_FRAMES) };
  const sounds = await store.trying(async () => [await getSound("session", start, part), await getSound("branch", start, part)] as const);
  isRendering.value = false;
  // It may have been forgotten meanwhile.
  if (sounds === undefined || store.branch.value?.asked !== asked) {
    void context.close();
    return;
  }
  duel.value = await Duel.begin(context, sounds, () => (duel.value = null));
  side.value = "branch";
  duel.value.hear(side.value);
}

function Sides() {
  const choose = (to: "session" | "branch") => {
    side.value = to;
    duel.value?.hear(to);
  };
  return (
    <span role="group" aria-label="Which one is heard">
      <button type="button" aria-pressed={side.value === "session"} onClick={() => choose("session")}>
        A as it was
      </button>
      <button type="button" aria-pressed={side.value === "branch"} onClick={() => choose("branch")}>
        B what if
      </button>
      <button type="button" onClick={silence}>
        Stop
      </button>
    </span>
  );
}

function silence(): void {
  duel.value?.close();
  duel.value = null;
}

function forget(): void {
  silence();
  store.branch.value = null;
}

const MOST_DIFFERENCES = 12;

/** The changes of state that the branch has and the session does not, and the other way round. */
function Differences() {
  const { asked, course } = store.branch.value!;
  const changesOf = (rows: typeof course.rows) =>
    rows.changes
      .filter(([at, { kind }]) => at >= asked.frame && kind === "started")
      .map(([at, { layer, from, to }]) => ({ at, text: `${layer}: ${from} → ${to}`, key: `${at} ${layer} ${to}` }));
  const before = changesOf(store.course.value.rows);
  const after = changesOf(course.rows);
  const known = new Set(before.map(({ key }) => key));
  const kept = new Set(after.map(({ key }) => key));
  const found = [
    ...before.filter(({ key, at }) => !kept.has(key) && at < course.end).map((each) => ({ ...each, sign: "−", what: "only as it was" })),
    ...after.filter(({ key }) => !known.has(key)).map((each) => ({ ...each, sign: "+", what: "only what if" })),
  ].sort((one, other) => one.at - other.at);
  if (found.length === 0) return <p class="hint">The same changes of state as in the session.</p>;
  return (
    <ul class="differences" aria-label="Other changes of state">
      {found.slice(0, MOST_DIFFERENCES).map(({ sign, what, key, text, at }) => (
        <li key={`${sign}${key}`} class={sign === "+" ? "added" : "gone"} title={what}>
          <span aria-label={what}>{sign}</span> {clock(at)} {text}
        </li>
      ))}
      {found.length > MOST_DIFFERENCES && <li>and {found.length - MOST_DIFFERENCES} more</li>}
    </ul>
  );
}
