/** What the studio's server answers: see middleware/segue/studio/app.py and course.py. */

export type Value = number | string | boolean;

export interface InputDeclaration {
  name: string;
  type: "number" | "integer" | "choice" | "flag" | "trigger";
  low?: number;
  high?: number;
  of?: string[];
  default?: Value;
}

export interface LayerDeclaration {
  name: string;
  states: string[];
  default: string;
  /** From and to of the transition rows that name both. */
  rows: [string, string][];
}

export interface Declaration {
  title: string;
  inputs: InputDeclaration[];
  styles: string[];
  layers: LayerDeclaration[];
}

export interface SessionEvent {
  sequence: number;
  reset: boolean;
  set: Record<string, Value>;
  fire: string[];
  accepted: boolean;
  text: string;
}

export interface Change {
  kind: "started" | "scheduled" | "withdrawn";
  layer: string;
  from: string;
  to: string;
  start: number;
  at: string;
  ramp: number;
  because: string[];
  why_not: [string, string][];
}

export interface Stinger {
  kind: string;
  name: string;
  cause: string;
  reason: string;
}

/** Tempo, meter, key, drums, intensity, gain. */
export type MusicNow = [number, string, string, string, number, number];

/** Each row begins with its frame; rows of a kind are in order. */
export interface Rows {
  rules: [number, number][];
  events: [number, SessionEvent][];
  changes: [number, Change][];
  stingers: [number, Stinger][];
  states: [number, string[]][];
  mix: [number, number[]][];
  music: [number, MusicNow][];
  inputs: [number, Value[]][];
  beats: [number, number, number][];
}

export interface CourseAnswer {
  session: string;
  from: number;
  version: number;
  end: number;
  ended: boolean;
  lookahead: number;
  declarations: Declaration[];
  rows: Rows;
}

export type BranchAnswer = Pick<CourseAnswer, "from" | "end" | "declarations" | "rows">;

export interface WhatIf {
  frame: number;
  end: number;
  set: Record<string, Value>;
  fire: string[];
  text: string | null;
}

export interface Problem {
  severity: "error" | "warning";
  file: string;
  line: number;
  column: number;
  where: string;
  text: string;
}

interface Place {
  name: string;
  file: string;
  line: number;
}

/** The object of `segue describe` (rules/DESCRIPTION.md), as far as it is used here. */
export interface Description {
  ok: boolean;
  complete: boolean;
  file: string;
  inputs: (InputDeclaration & Place)[];
  styles: Place[];
  layers: (Place & { states: Place[] })[];
  stingers: Place[];
  problems: Problem[];
}

export interface Config {
  version: string;
  file: string;
  nonce: string;
  music: { url: string; token: string; rules: string } | null;
}

export interface Content {
  text: string;
  digest: string;
}
