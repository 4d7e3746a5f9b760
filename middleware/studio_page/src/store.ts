/** What all parts of the page share. */
import { computed, signal } from "@preact/signals";
import { ServerError } from "./api";
import { declarationAt, NOTHING, type Course } from "./course";
import type { Config, Declaration, Description, InputDeclaration, Value, WhatIf } from "./types";

export const config = signal<Config>({ version: "", file: "", nonce: "", music: null });
export const isReadOnly = computed(() => config.value.music === null);

/** The session. */
export const course = signal<Course>(NOTHING);
/** The frame that is heard now. */
export const heard = signal(0);
/** Frames of music that have arrived. */
export const buffered = signal(0);
/** The moment that is looked at; null follows what is heard. */
export const chosen = signal<number | null>(null);
export const shown = computed(() => chosen.value ?? heard.value);
export const declaration = computed<Declaration | undefined>(() => declarationAt(course.value, shown.value));

/** What the game may send now, as the service declares it. */
export const inputs = signal<InputDeclaration[]>([]);
/** The values of the inputs as they were set here. */
export const values = signal<Record<string, Value>>({});

/** What would have been, and what was asked. */
export const branch = signal<{ asked: WhatIf; course: Course } | null>(null);

/** The text in the editor, and what is known of it. */
export const text = signal("");
export const savedText = signal("");
export const description = signal<Description | null>(null);

/** The state that is looked at. */
export const state = signal<{ layer: string; name: string } | null>(null);

export type Connection = "connecting" | "live" | "lost" | "closed";
export const connection = signal<Connection>("connecting");
export const isPlaying = signal(false);

export interface Notice {
  id: number;
  kind: "info" | "error";
  text: string;
  /** A later notice of the same topic takes its place. */
  topic: string;
}
export const notices = signal<Notice[]>([]);
const MOST_NOTICES = 4;
const INFO_MS = 6_000;
let noticed = 0;

export function tell(kind: Notice["kind"], what: string, topic = what): void {
  const id = ++noticed;
  const others = notices.value.filter((notice) => notice.topic !== topic);
  notices.value = [...others, { id, kind, text: what, topic }].slice(-MOST_NOTICES);
  // A mistake stays until it is dismissed.
  if (kind === "info") setTimeout(() => dismiss(id), INFO_MS);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Do something that asks the server, and tell what goes wrong. */
export async function trying<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    tell("error", error.message);
    return undefined;
  }
}
