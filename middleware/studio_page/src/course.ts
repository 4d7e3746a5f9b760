/** What happened in a session, and what it was at a moment. */
import type { BranchAnswer, Change, CourseAnswer, Declaration, MusicNow, Rows, Value } from "./types";

export const FRAME_RATE = 25;
export const FRAME_SIZE = 1_920;

export interface Course {
  session: string;
  version: number;
  /** The first frame that is not planned yet. */
  end: number;
  ended: boolean;
  declarations: Declaration[];
  rows: Rows;
}

const EMPTY: Rows = {
  rules: [],
  events: [],
  changes: [],
  stingers: [],
  states: [],
  mix: [],
  music: [],
  inputs: [],
  beats: [],
};

export const NOTHING: Course = { session: "", version: 0, end: 0, ended: false, declarations: [], rows: EMPTY };

/** The course with what the server says from a frame on; rows from there on are replaced. */
export function merged(course: Course, answer: CourseAnswer): Course {
  if (answer.session === "") return course;
  const before = answer.session === course.session ? course.rows : EMPTY;
  const { session, version, end, ended, declarations, from } = answer;
  return { session, version, end, ended, declarations, rows: joined(before, answer.rows, from) };
}

/** What would have been: the course up to the fork, and the branch behind it. */
export function branched(course: Course, answer: BranchAnswer): Course {
  return { ...course, ...answer, rows: joined(course.rows, answer.rows, answer.from) };
}

function joined(before: Rows, after: Rows, from: number): Rows {
  const kinds = Object.keys(EMPTY) as (keyof Rows)[];
  const entries = kinds.map((kind) => {
    const kept = (before[kind] as [number, unknown][]).slice(0, firstFrom(before[kind], from));
    return [kind, kept.concat(after[kind] as [number, unknown][])];
  });
  return Object.fromEntries(entries) as unknown as Rows;
}

/** The index of the first row of a frame or a later one. */
export function firstFrom(rows: readonly (readonly [number, ...unknown[]])[], frame: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]![0] < frame) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The row that counts in a frame. */
export function rowAt<R extends readonly [number, ...unknown[]]>(rows: readonly R[], frame: number): R | undefined {
  return rows[firstFrom(rows, frame + 1) - 1];
}

export function declarationAt(course: Course, frame: number): Declaration | undefined {
  const row = rowAt(course.rows.rules, frame) ?? course.rows.rules[0];
  return row === undefined ? undefined : course.declarations[row[1]];
}

export const musicAt = (course: Course, frame: number): MusicNow | undefined => rowAt(course.rows.music, frame)?.[1];

export const statesAt = (course: Course, frame: number): string[] => rowAt(course.rows.states, frame)?.[1] ?? [];

export const inputsAt = (course: Course, frame: number): Value[] => rowAt(course.rows.inputs, frame)?.[1] ?? [];

/** Bar and beat, from 1. */
export function beatAt(course: Course, frame: number): string {
  const row = rowAt(course.rows.beats, frame);
  return row === undefined ? "" : `${row[1]}:${row[2]}`;
}

/** The changes of a layer that were decided or started up to a frame, the latest first. */
export function changesOf(course: Course, layer: string, frame: number): [number, Change][] {
  const until = course.rows.changes.slice(0, firstFrom(course.rows.changes, frame + 1));
  return until.filter(([, change]) => change.layer === layer).reverse();
}

/** "1:04.5". */
export function clock(frame: number): string {
  const tenths = Math.round((frame / FRAME_RATE) * 10);
  const seconds = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return `${Math.floor(tenths / 600)}:${seconds}`;
}
