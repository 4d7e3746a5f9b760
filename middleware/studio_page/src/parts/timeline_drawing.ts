/** Draws the timeline on a canvas: lanes for what happened, states, mix and music. */
import { clock, declarationAt, firstFrom, FRAME_RATE, type Course } from "../course";
import type { Declaration, Rows } from "../types";

export interface View {
  /** The frames at the left and the right edge; fractions allowed. */
  start: number;
  end: number;
}

export interface Moments {
  heard: number;
  buffered: number;
  chosen: number | null;
  fork: number | null;
}

export interface Lane {
  kind: "ruler" | "events" | "layer" | "mix" | "music";
  name: string;
  /** Of a layer: its index. */
  index: number;
  top: number;
  height: number;
}

export const LABEL_WIDTH = 92;
const HEIGHTS = { ruler: 22, events: 20, layer: 20, mix: 64, music: 34 };
const GAP = 3;
const LEAST_TEXT = 26;
/** Pixels of a label beside an event, and of one at a line. */
const MOST_LABEL = 90;
const VALUE_LABEL = 46;

/** A value that holds for fewer frames is a part of a ramp, and has no label. */
const HELD = 12;
const MUSIC_LINES: { name: string; index: 0 | 4 | 5; low: number; high: number }[] = [
  { name: "tempo", index: 0, low: 40, high: 200 },
  { name: "intensity", index: 4, low: 0, high: 1 },
  { name: "gain", index: 5, low: -30, high: 6 },
];

/** The lanes of a declaration, from top to bottom. */
export function lanesOf(declared: Declaration | undefined, hasBranch: boolean): { lanes: Lane[]; height: number } {
  const lanes: Lane[] = [];
  let top = 0;
  const add = (kind: Lane["kind"], name: string, index = 0, factor = 1) => {
    const height = HEIGHTS[kind] * factor;
    lanes.push({ kind, name, index, top, height });
    top += height + GAP;
  };
  add("ruler", "");
  add("events", "events");
  declared?.layers.forEach(({ name }, i) => add("layer", name, i, hasBranch ? 1.7 : 1));
  add("mix", "mix", 0, hasBranch ? 1.6 : 1);
  MUSIC_LINES.forEach(({ name }, i) => add("music", name, i));
  return { lanes, height: top };
}

export interface Colours {
  text: string;
  muted: string;
  line: string;
  lane: string;
  accent: string;
  other: string;
  error: string;
}

/** The colour of the n-th of some names: hues that lie far apart. */
export function colourOf(index: number, isDark: boolean): string {
  return `hsl(${(index * 137.5 + 205) % 360} ${isDark ? "45% 42%" : "60% 72%"})`;
}

export class TimelineDrawing {
  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly width: number,
    private readonly view: View,
    private readonly colours: Colours,
    private readonly isDark: boolean,
  ) {}

  draw(course: Course, branch: Course | null, lanes: Lane[], moments: Moments): void {
    const declared = declarationAt(course, moments.chosen ?? moments.heard);
    for (const lane of lanes) {
      this.#background(lane);
      this.#within(lane, () => {
        if (lane.kind === "ruler") this.#ruler(course, lane);
        if (lane.kind === "events") this.#events(course.rows, lane);
        if (lane.kind === "layer") this.#layers(course, branch, declared, lane);
        if (lane.kind === "mix") this.#mixes(course, branch, declared, lane);
        if (lane.kind === "music") this.#music(course, branch, lane, moments.fork);
      });
    }
    this.#moments(lanes, moments);
  }

  x(frame: number): number {
    const { start, end } = this.view;
    return LABEL_WIDTH + ((frame - start) / (end - start)) * (this.width - LABEL_WIDTH);
  }

  #background(lane: Lane): void {
    const { context, colours } = this;
    context.fillStyle = colours.lane;
    context.fillRect(LABEL_WIDTH, lane.top, this.width - LABEL_WIDTH, lane.height);
    this.#text(lane.name, 6, lane.top + lane.height / 2, LABEL_WIDTH - 10, colours.text);
  }

  #within(lane: Lane, draw: () => void): void {
    this.context.save();
    this.context.beginPath();
    this.context.rect(LABEL_WIDTH, lane.top, this.width - LABEL_WIDTH, lane.height);
    this.context.clip();
    draw();
    this.context.restore();
  }

  #text(text: string, x: number, y: number, width: number, colour: string): void {
    const { context } = this;
    if (width < LEAST_TEXT || text === "") return;
    let shown = text;
    while (shown.length > 1 && context.measureText(shown).width > width) shown = `${shown.slice(0, -2)}…`;
    context.fillStyle = colour;
    context.textBaseline = "middle";
    context.fillText(shown, x, y);
  }

  /** Seconds, and the bar lines where they lie far enough apart. */
  #ruler(course: Course, lane: Lane): void {
    const { context, colours, view } = this;
    const pixels = (this.width - LABEL_WIDTH) / (view.end - view.start);
    const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300].map((seconds) => seconds * FRAME_RATE);
    const step = steps.find((frames) => frames * pixels > 56) ?? steps[steps.length - 1]!;
    context.strokeStyle = colours.line;
    for (let at = Math.floor(view.start / step) * step; at <= view.end; at += step) {
      this.#vertical(at, lane.top, lane.top + lane.height);
      this.#text(clock(at).replace(/\.0$/, ""), this.x(at) + 3, lane.top + 7, 60, colours.muted);
    }
    const beats = course.rows.beats;
    context.strokeStyle = colours.muted;
    for (let i = firstFrom(beats, view.start); i < beats.length && beats[i]![0] <= view.end; i += 1) {
      const [at, bar, beat] = beats[i]!;
      if (beat !== 1 && pixels < 0.6) continue;
      this.#vertical(at, lane.top + lane.height - (beat === 1 ? 7 : 3), lane.top + lane.height);
      if (beat === 1 && pixels > 1.2) this.#text(String(bar), this.x(at) + 2, lane.top + lane.height - 5, 30, colours.muted);
    }
  }

  #vertical(frame: number, top: number, bottom: number): void {
    const x = Math.round(this.x(frame)) + 0.5;
    this.context.beginPath();
    this.context.moveTo(x, top);
    this.context.lineTo(x, bottom);
    this.context.stroke();
  }

  #events({ events, stingers, rules }: Rows, lane: Lane): void {
    const { context, colours } = this;
    const middle = lane.top + lane.height / 2;
    for (const [frame, event] of this.#visible(events)) {
      context.fillStyle = event.accepted ? colours.accent : colours.error;
      const x = this.x(frame);
      context.beginPath();
      if (event.fire.length > 0) context.arc(x, middle, 4, 0, 2 * Math.PI);
      else context.rect(x - 1.5, middle - 6, 3, 12);
      context.fill();
    }
    const labels = [
      ...this.#visible(stingers).flatMap(([at, { kind, name }]) => (kind === "started" ? [{ at, text: `♪ ${name}` }] : [])),
      ...this.#visible(rules).flatMap(([at, version]) => (version > 0 ? [{ at, text: "✎ edit" }] : [])),
    ].sort((one, other) => one.at - other.at);
    let free = LABEL_WIDTH;
    for (const { at, text } of labels) {
      // Labels of one moment stand beside each other.
      const x = Math.max(free, this.x(at) + 6);
      this.#text(text, x, middle, MOST_LABEL, colours.text);
      free = x + Math.min(MOST_LABEL, context.measureText(text).width) + 6;
    }
  }

  #visible<R extends readonly [number, ...unknown[]]>(rows: readonly R[]): readonly R[] {
    return rows.slice(firstFrom(rows, this.view.start), firstFrom(rows, this.view.end + 1));
  }

  #layers(course: Course, branch: Course | null, declared: Declaration | undefined, lane: Lane): void {
    const half = branch === null ? lane.height : lane.height / 2;
    this.#states(course, declared, lane, lane.top, half);
    if (branch !== null) this.#states(branch, declared, lane, lane.top + half + 1, half - 1);
  }

  /** The states of a layer as blocks; rules without this layer leave a gap. */
  #states(course: Course, declared: Declaration | undefined, lane: Lane, top: number, height: number): void {
    const names = declared?.layers[lane.index]?.states ?? [];
    // An edit may have given this layer another place.
    const placeOf = (frame: number) => declarationAt(course, frame)?.layers.findIndex(({ name }) => name === lane.name) ?? -1;
    for (const { from, to, value } of this.#runs(course.rows.states, course.end, ([at, states]) => states[placeOf(at)] ?? "")) {
      if (value === "") continue;
      const [x, end] = [this.x(from), this.x(to)];
      this.context.fillStyle = colourOf(Math.max(0, names.indexOf(value)), this.isDark);
      this.context.fillRect(x, top, Math.max(1, end - x - 1), height);
      const seen = Math.max(x, LABEL_WIDTH);
      this.#text(value, seen + 4, top + height / 2, Math.min(end, this.width) - seen - 6, this.colours.text);
    }
  }

  /** Runs of equal values in view. */
  #runs<R extends readonly [number, ...unknown[]]>(rows: readonly R[], end: number, valueOf: (row: R) => string): { from: number; to: number; value: string }[] {
    const runs: { from: number; to: number; value: string }[] = [];
    for (let i = Math.max(0, firstFrom(rows, this.view.start + 1) - 1); i < rows.length; i += 1) {
      const row = rows[i]!;
      if (row[0] > this.view.end) break;
      const to = rows[i + 1]?.[0] ?? end;
      const value = valueOf(row);
      const last = runs[runs.length - 1];
      if (last !== undefined && last.value === value) last.to = to;
      else runs.push({ from: row[0], to, value });
    }
    return runs;
  }

  #mixes(course: Course, branch: Course | null, declared: Declaration | undefined, lane: Lane): void {
    const half = branch === null ? lane.height : lane.height / 2;
    this.#mix(course, declared, lane.top, half);
    if (branch !== null) this.#mix(branch, declared, lane.top + half + 1, half - 1);
  }

  /** The shares of the styles, stacked. */
  #mix(course: Course, declared: Declaration | undefined, top: number, height: number): void {
    const { mix } = course.rows;
    const first = Math.max(0, firstFrom(mix, this.view.start + 1) - 1);
    for (let i = first; i < mix.length && mix[i]![0] <= this.view.end; i += 1) {
      const [at, shares] = mix[i]!;
      const x = this.x(at);
      const end = this.x(mix[i + 1]?.[0] ?? course.end);
      let bottom = top + height;
      shares.forEach((share, style) => {
        const part = share * height;
        this.context.fillStyle = colourOf(style, this.isDark);
        this.context.fillRect(x, bottom - part, end - x + 0.5, part);
        const seen = Math.max(x, LABEL_WIDTH);
        if (part > 11 && end - seen > 40) {
          this.#text(declared?.styles[style] ?? "", seen + 4, bottom - part / 2, Math.min(end, this.width) - seen - 6, this.colours.text);
        }
        bottom -= part;
      });
    }
  }

  #music(course: Course, branch: Course | null, lane: Lane, fork: number | null): void {
    const { colours } = this;
    const labelled: number[] = [];
    this.#line(course, lane, colours.accent, 0, labelled);
    if (branch !== null) this.#line(branch, lane, colours.other, fork ?? 0, labelled);
  }

  /** One of MUSIC_LINES as steps, with its value where one holds and no other label is: `labelled` has their places. */
  #line(course: Course, lane: Lane, colour: string, from: number, labelled: number[]): void {
    const { context } = this;
    const { index, low, high } = MUSIC_LINES[lane.index]!;
    const y = (value: number) => lane.top + lane.height - 4 - ((Math.min(high, Math.max(low, value)) - low) / (high - low)) * (lane.height - 8);
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.beginPath();
    const labels: [string, number, number][] = [];
    for (const run of this.#runs(course.rows.music, course.end, ([, now]) => String(now[index]))) {
      if (run.to <= from) continue;
      const x = this.x(Math.max(run.from, from));
      const at = y(Number(run.value));
      context.lineTo(x, at);
      context.lineTo(this.x(run.to), at);
      const seen = Math.max(x, LABEL_WIDTH);
      if (run.to - run.from >= HELD && labelled.every((other) => Math.abs(seen - other) > VALUE_LABEL)) {
        labels.push([run.value, seen + 3, at > lane.top + lane.height / 2 ? at - 8 : at + 9]);
        labelled.push(seen);
      }
    }
    context.stroke();
    context.lineWidth = 1;
    for (const [text, x, at] of labels) this.#text(text, x, at, VALUE_LABEL, this.colours.muted);
  }

  #moments(lanes: Lane[], { heard, buffered, chosen, fork }: Moments): void {
    const { context, colours } = this;
    const last = lanes[lanes.length - 1]!;
    const bottom = last.top + last.height;
    this.#within({ ...last, top: 0, height: bottom }, () => {
      if (buffered > heard) {
        context.fillStyle = colours.accent;
        context.globalAlpha = 0.35;
        context.fillRect(this.x(heard), 0, this.x(buffered) - this.x(heard), 4);
        context.globalAlpha = 1;
      }
      context.strokeStyle = colours.accent;
      context.lineWidth = 2;
      this.#vertical(heard, 0, bottom);
      context.setLineDash([4, 3]);
      context.strokeStyle = colours.other;
      if (fork !== null) this.#vertical(fork, 0, bottom);
      context.setLineDash([]);
      context.strokeStyle = colours.text;
      if (chosen !== null) this.#vertical(chosen, 0, bottom);
      context.lineWidth = 1;
    });
  }
}
