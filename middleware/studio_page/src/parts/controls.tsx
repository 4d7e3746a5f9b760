/** What the game would send: a control for every input, and a button for every trigger. */
import * as music from "../music";
import { declarationAt, inputsAt } from "../course";
import * as store from "../store";
import type { Value } from "../types";
import { Dial, shownValue } from "./dial";
import { Pad } from "./pad";

export function Controls() {
  const isReadOnly = store.isReadOnly.value;
  const inputs = isReadOnly ? (store.declaration.value?.inputs ?? []) : store.inputs.value;
  const moved = movedValues();
  return (
    <section class="panel controls" aria-label="Inputs">
      <header>
        <h2>Inputs</h2>
        {!isReadOnly && (
          <button type="button" onClick={music.reset} title="As for a new game: all inputs and states return to the start">
            Reset
          </button>
        )}
      </header>
      {isReadOnly && <p class="hint">The game sets its inputs; here they are only shown.</p>}
      <div class="rows">
        <div class="dials">
          {inputs
            .filter(({ type }) => type !== "trigger")
            .map((input) => {
              const value = isReadOnly ? (moved[input.name] ?? input.default!) : (store.values.value[input.name] ?? input.default!);
              const now = moved[input.name];
              return (
                <div class="dial" key={input.name}>
                  <span class="name">{input.name}</span>
                  <Dial input={input} value={value} id={`input-${input.name}`} isDisabled={isReadOnly} onChange={(to) => music.set(input.name, to)} />
                  <span class="moved" title="As the rules have moved it (rise and fall)">
                    {now !== undefined && now !== value ? shownValue(now) : ""}
                  </span>
                </div>
              );
            })}
        </div>
        {!isReadOnly && <Pad />}
      </div>
      <div class="triggers" role="group" aria-label="Triggers">
        {inputs
          .filter(({ type }) => type === "trigger")
          .map(({ name }) => (
            <button type="button" class="trigger" key={name} disabled={isReadOnly} onClick={() => music.fire(name)}>
              {name}
            </button>
          ))}
      </div>
    </section>
  );
}

/** The inputs as the rules have them at the moment that is shown. */
function movedValues(): Record<string, Value> {
  const course = store.course.value;
  const frame = store.shown.value;
  const names = declarationAt(course, frame)?.inputs ?? [];
  const values = inputsAt(course, frame);
  return Object.fromEntries(names.flatMap(({ name, type }, i) => (type === "trigger" || values[i] === undefined ? [] : [[name, values[i]]])));
}
