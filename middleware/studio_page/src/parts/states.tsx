/** The layers: their states as graphs, the active one, the change that is heard, and what led to it. */
import { changesOf, clock, FRAME_RATE, statesAt, type Course } from "../course";
import * as store from "../store";
import type { Change, LayerDeclaration } from "../types";
import { goTo } from "./editor_panel";
import { drawingOf, type Edge } from "./layout";

/** How long a change is lit after it began. */
const LIT_FRAMES = 2 * FRAME_RATE;

export function States() {
  const declared = store.declaration.value;
  const course = store.course.value;
  const frame = store.shown.value;
  const active = statesAt(course, frame);
  return (
    <section class="panel states" aria-label="States">
      <header>
        <h2>States</h2>
        <span class="hint">choose one: why it is on, or why not</span>
      </header>
      <div class="layers">
        {declared === undefined && <p class="hint">Nothing has played yet.</p>}
        {declared?.layers.map((layer, i) => (
          <Layer key={layer.name} layer={layer} active={active[i] ?? layer.default} course={course} frame={frame} />
        ))}
      </div>
    </section>
  );
}

interface LayerProps {
  layer: LayerDeclaration;
  active: string;
  course: Course;
  frame: number;
}

function Layer({ layer, active, course, frame }: LayerProps) {
  const started = changesOf(course, layer.name, frame).filter(([, change]) => change.kind === "started");
  const taken = new Set(started.map(([, { from, to }]) => `${from} ${to}`));
  const drawing = drawingOf(layer, taken);
  const newest = started[0];
  const lit = newest !== undefined && frame - newest[0] < LIT_FRAMES ? `${newest[1].from} ${newest[1].to}` : "";
  const chosen = store.state.value;
  return (
    <div class="layer">
      <h3>{layer.name}</h3>
      <svg width={drawing.width} height={drawing.height} role="group" aria-label={`States of ${layer.name}; ${active} is on`}>
        <g aria-hidden="true">
          {drawing.edges.map((edge) => (
            <Arrow key={`${edge.from} ${edge.to}`} edge={edge} isLit={`${edge.from} ${edge.to}` === lit} />
          ))}
        </g>
        {drawing.boxes.map(({ name, x, y, width, height }) => {
          const isChosen = chosen?.layer === layer.name && chosen.name === name;
          const choose = () => (store.state.value = isChosen ? null : { layer: layer.name, name });
          return (
            <g
              key={name}
              class={`state ${name === active ? "active" : ""} ${isChosen ? "chosen" : ""}`}
              transform={`translate(${x - width / 2} ${y - height / 2})`}
              // In lower case: in SVG, Preact writes the attribute by this very name.
              tabindex={0}
              role="button"
              aria-pressed={isChosen}
              aria-label={`${name}${name === active ? ", on" : ""}`}
              onClick={choose}
              onKeyDown={(event) => {
                if (event.key !== "Enter" && event.key !== " ") return;
                event.preventDefault();
                choose();
              }}
            >
              <rect width={width} height={height} rx="6" />
              <text x={width / 2} y={height / 2}>
                {name}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}

function Arrow({ edge, isLit }: { edge: Edge; isLit: boolean }) {
  const [first, ...others] = edge.points;
  const end = edge.points[edge.points.length - 1]!;
  const before = edge.points[edge.points.length - 2]!;
  const angle = (Math.atan2(end.y - before.y, end.x - before.x) * 180) / Math.PI;
  return (
    <g class={`edge ${edge.isTaken ? "taken" : ""} ${isLit ? "lit" : ""}`}>
      <path d={`M${first!.x} ${first!.y} ${others.map(({ x, y }) => `L${x} ${y}`).join(" ")}`} />
      <path class="tip" transform={`translate(${end.x} ${end.y}) rotate(${angle})`} d="M0 0 L-6 -3.5 L-6 3.5 Z" />
    </g>
  );
}

/** Why the chosen state is on or not, and what has happened. */
export function Reasons() {
  const chosen = store.state.value;
  const course = store.course.value;
  const frame = store.shown.value;
  return (
    <section class="panel reasons" aria-label="Reasons">
      <header>
        <h2>{chosen === null ? "What happened" : `${chosen.layer}: ${chosen.name}`}</h2>
        {chosen !== null && (
          <>
            <button type="button" onClick={() => goToState(chosen.layer, chosen.name)}>
              In the file
            </button>
            <button type="button" onClick={() => (store.state.value = null)}>
              All
            </button>
          </>
        )}
      </header>
      <div class="list">{chosen === null ? <Log course={course} frame={frame} /> : <Why course={course} frame={frame} {...chosen} />}</div>
    </section>
  );
}

function goToState(layer: string, name: string): void {
  const found = store.description.value?.layers.find((each) => each.name === layer)?.states.find((each) => each.name === name);
  if (found !== undefined) goTo(found.line);
}

function Why({ course, frame, layer, name }: { course: Course; frame: number; layer: string; name: string }) {
  const changes = changesOf(course, layer, frame);
  const index = store.declaration.value?.layers.findIndex((each) => each.name === layer) ?? -1;
  const isOn = statesAt(course, frame)[index] === name;
  const [latest] = changes;
  const came = changes.find(([, change]) => change.to === name && change.kind !== "withdrawn");
  const reason = latest?.[1].why_not.find(([state]) => state === name)?.[1];
  return (
    <>
      <p class="verdict">{isOn ? "On now." : "Not on."}</p>
      {!isOn && latest !== undefined && (
        <p>
          When {latest[1].to} was decided at {clock(latest[0])}, {name} did not win: {reason ?? "it was on, and others won"}.
        </p>
      )}
      {latest === undefined && <p>Nothing has changed in this layer; its default has been on from the start.</p>}
      {came !== undefined && (
        <>
          <p>It came on last because:</p>
          <Happened frame={came[0]} change={came[1]} isWhole />
        </>
      )}
      {isOn && latest !== undefined && latest[1].why_not.length > 0 && (
        <>
          <p>The others did not win:</p>
          <ul>
            {latest[1].why_not.map(([state, why]) => (
              <li key={state}>
                <b>{state}</b>: {why}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

const MOST_LOGGED = 60;

function Log({ course, frame }: { course: Course; frame: number }) {
  const changes = course.rows.changes.filter(([at, { kind }]) => at <= frame && kind === "started").slice(-MOST_LOGGED);
  if (changes.length === 0) return <p class="hint">No state has changed yet. Play, and turn an input.</p>;
  return (
    <ol class="log">
      {changes.reverse().map(([at, change]) => (
        <li key={`${at} ${change.layer}`}>
          <Happened frame={at} change={change} />
        </li>
      ))}
    </ol>
  );
}

function Happened({ frame, change, isWhole = false }: { frame: number; change: Change; isWhole?: boolean }) {
  const { layer, from, to, because, at, ramp } = change;
  return (
    <div class="happened">
      <button type="button" class="time" onClick={() => (store.chosen.value = frame)} title="Look at this moment">
        {clock(frame)}
      </button>
      <span>
        {!isWhole && `${layer}: `}
        {from} → <b>{to}</b>
        {isWhole && ` (${at === "immediate" ? at : `at ${at}`}, ramp ${(ramp / FRAME_RATE).toFixed(2)} s)`}
      </span>
      {because.map((text) => (
        <span class="because" key={text}>
          because {text}
        </span>
      ))}
    </div>
  );
}
