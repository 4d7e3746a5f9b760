/** The session: the browser client of engine_sdk/web as it is, and what the page shows of it. */
import { connect, InputError, type WebClient } from "../../../engine_sdk/web/src/index.js";
import { getCourse, ServerError } from "./api";
import { FRAME_RATE, FRAME_SIZE, merged } from "./course";
import * as store from "./store";
import type { InputDeclaration, Value } from "./types";

const LOOK_MS = 80;
const COURSE_MS = 400;

let music: WebClient | null = null;

/** Connect to the service, and follow the session. */
export function begin(): void {
  const { music: place } = store.config.value;
  if (place !== null) {
    const { url, token, rules } = place;
    const workletUrl = new URL("worklet.js", document.baseURI);
    music = connect(url, { rules, token, workletUrl, client: "segue studio" });
    listen(music);
    setInterval(look, LOOK_MS);
  }
  void follow();
}

function listen(client: WebClient): void {
  client.on("live", ({ welcome }) => {
    store.connection.value = "live";
    declare(welcome.rules.inputs);
  });
  client.on("lost", () => (store.connection.value = "lost"));
  client.on("connection_failed", ({ text }) => {
    store.connection.value = "lost";
    store.tell("error", text);
  });
  client.on("closed", ({ reason, text }) => {
    store.connection.value = "closed";
    store.tell("error", `the session has ended: ${text || reason}; reload the page to begin anew`);
  });
  client.on("rules", ({ declaration, errors }) => {
    if (declaration === undefined || declaration === null) {
      store.tell("error", `the rules before go on: ${errors[0] ?? "the new ones have mistakes"}`, "rules");
      return;
    }
    declare(declaration.inputs);
    store.tell("info", "the new rules play", "rules");
  });
  client.on("receipt", ({ accepted, text, code }) => {
    if (!accepted) store.tell("error", `refused: ${text || code}`);
  });
  client.on("input_refused", ({ text }) => store.tell("error", text));
  client.on("underrun", () => store.tell("error", "the music stopped because none arrived in time; it goes on"));
}

/** Take the inputs that the rules have now; a value that still fits stays. */
function declare(inputs: InputDeclaration[]): void {
  const before = store.values.value;
  const fits = (input: InputDeclaration) => {
    const value = before[input.name];
    if (input.type === "choice") return input.of!.includes(value as string);
    if (input.type === "flag") return typeof value === "boolean";
    return typeof value === "number" && value >= input.low! && value <= input.high!;
  };
  const valued = inputs.filter(({ type }) => type !== "trigger");
  store.values.value = Object.fromEntries(
    valued.map((input) => [input.name, fits(input) ? before[input.name]! : input.default!]),
  );
  store.inputs.value = inputs;
}

function look(): void {
  const { played, have } = music!.position;
  store.heard.value = Math.floor(played / FRAME_SIZE);
  store.buffered.value = Math.floor(have / FRAME_SIZE);
}

/** Ask for what is new of the session, again and again. */
async function follow(): Promise<void> {
  const { session, end, version } = store.course.value;
  try {
    const answer = await getCourse(session, end, version);
    const isNew = answer.session !== "" && answer.session !== session;
    store.course.value = merged(store.course.value, answer);
    if (isNew) store.branch.value = null;
    if (music === null && answer.session !== "") {
      const ahead = answer.ended ? 0 : answer.lookahead * FRAME_RATE;
      store.heard.value = Math.max(0, answer.end - 1 - ahead);
      store.buffered.value = answer.end;
      store.connection.value = answer.ended ? "closed" : "live";
    }
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    store.tell("error", error.message);
  }
  setTimeout(() => void follow(), COURSE_MS);
}

/** Play, from the user's click or key; or pause. */
export function togglePlay(): void {
  if (music === null) return;
  if (store.isPlaying.value) music.pause();
  else {
    void music.start().catch((error: Error) => store.tell("error", `no sound: ${error.message}`));
    music.resume();
  }
  store.isPlaying.value = !store.isPlaying.value;
}

/** Pause, so that something else can be heard. */
export function pause(): void {
  if (store.isPlaying.value) togglePlay();
}

export function setVolume(gainDb: number): void {
  music?.setVolume(gainDb, 50);
}

export function set(name: string, value: Value): void {
  store.values.value = { ...store.values.value, [name]: value };
  attempt(() => music?.set(name, value));
}

export function fire(name: string): void {
  attempt(() => music?.fire(name));
}

/** Return all inputs and states to the start. */
export function reset(): void {
  attempt(() => music?.reset());
  const valued = store.inputs.value.filter(({ type }) => type !== "trigger");
  store.values.value = Object.fromEntries(valued.map((input) => [input.name, input.default!]));
}

function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    store.tell("error", error.message);
  }
}

/** For tests: the client itself. */
export const client = () => music;
