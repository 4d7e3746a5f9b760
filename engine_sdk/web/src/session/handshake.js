/** The life of a client's connection: its states, the `hello` it begins with, and the answers to invalid messages. */
import { TEXT_BYTES, VERSION } from "../protocol/limits.js";

/**
 * @typedef {import("../protocol/codec.js").Message} Message
 * @typedef {import("../protocol/protocol_error.js").ProtocolError} ProtocolError
 */

/**
 * The state of a client's connection to the service.
 *
 * @typedef {"offline" | "greeting" | "restoring" | "live" | "closed"} ClientState
 */

/**
 * What changes the state.
 *
 * * `connected`: the transport connects.
 * * `welcomed`: `welcome` to the same session, or to the first.
 * * `welcomed_new`: `welcome` to another session than before, or to one that is not restored yet.
 * * `restored`: `status` that answers the restore.
 * * `unknown`: `error` `no_session`.
 * * `lost`: the transport breaks, or is silent; `bye` with `retry_ms`.
 * * `ended`: `bye` without `retry_ms`, or the game closes.
 *
 * @typedef {"connected" | "welcomed" | "welcomed_new" | "restored" | "unknown" | "lost" | "ended"} Signal
 */

const ALWAYS = /** @type {const} */ ({ lost: "offline", ended: "closed" });

/** The state that follows; a signal without one is ignored. @type {{[state in ClientState]: {[signal in Signal]?: ClientState}}} */
export const TRANSITIONS = {
  offline: { ...ALWAYS, connected: "greeting" },
  greeting: { ...ALWAYS, welcomed: "live", welcomed_new: "restoring" },
  restoring: { ...ALWAYS, restored: "live", unknown: "greeting" },
  live: { ...ALWAYS, unknown: "greeting" },
  closed: {},
};

/** Controls and what each changes. The last control for each thing is repeated on every new connection. */
const KEPT = /** @type {{[op: string]: string}} */ ({
  pause: "pause",
  resume: "pause",
  volume: "volume",
  mute: "mute",
  unmute: "mute",
});

/** Writes each connection's `hello`, with the rules and the generator that the game changed to since the first. */
export class Handshake {
  /** @param {Message} hello */
  constructor(hello) {
    this.first = hello;
    /** Rules and generator that were asked for and not answered. @type {Message | null} */
    this.askedRules = null;
    /** @type {string | null} */
    this.askedGenerator = null;
    /** @type {Map<string, Message>} */
    this.changed = new Map();
  }

  /** The `hello` of a connection. @param {Uint8Array | null} resume - Key of the last session. @param {number} lastChunk */
  hello(resume, lastChunk) {
    return { ...this.first, resume, last_chunk: lastChunk };
  }

  /** Note a request for other rules or another generator, which the service may refuse. @param {Message} control */
  asked(control) {
    if (control.op === "rules") this.askedRules = control;
    else if (control.op === "generator") this.askedGenerator = control.generator;
  }

  /** Note what the game changes for all connections: its pause and its volume. @param {Message} control */
  noteChange(control) {
    const what = KEPT[control.op];
    if (what !== undefined) this.changed.set(what, { ...control, ramp_ms: 0 });
  }

  /** The controls that follow every `welcome`: what the game ever changed, as it is now. */
  changes() {
    return [...this.changed.values()];
  }

  /** Note that the service has accepted or refused the requested rules. @param {Message} answer - `rules`. */
  rules(answer) {
    if (this.askedRules !== null && answer.declaration !== null) {
      const { rules_text, rules_name } = this.askedRules;
      this.first = { ...this.first, rules_text, rules_name };
    }
    this.askedRules = null;
  }

  /** Note that the service does not have what was asked for. @param {Message} error */
  refused({ about, code }) {
    if (about === "control" && code === "unknown_rules") this.askedRules = null;
    else if (about === "control" && code === "unknown_generator") this.askedGenerator = null;
  }

  /** Note which generator plays. @param {Message} status */
  status({ level, generator }) {
    if (level !== 0 || generator !== this.askedGenerator) return;
    this.first = { ...this.first, generator };
    this.askedGenerator = null;
  }
}

/** What to do where the two sides share no version of the protocol. @param {string} text - Of the service. */
export function versionMismatch(text) {
  return `${text}; this client speaks version ${VERSION}: install the one that belongs to the service`;
}

const MOST_PER_SECOND = 10;
const utf8 = new TextEncoder();

/** Answers invalid messages: ten times a second at most, and never an `error` or a `bye`. */
export class RefusalLimiter {
  constructor() {
    this.sinceS = 0;
    this.answers = 0;
  }

  /**
   * The `error` to send for a message; none if the limit is reached.
   *
   * @param {ProtocolError} error
   * @param {string} about
   * @param {number} seq
   * @param {number} nowS
   * @returns {Message[]}
   */
  answer(error, about, seq, nowS) {
    if (nowS - this.sinceS >= 1) {
      this.answers = 0;
      this.sinceS = nowS;
    }
    this.answers += 1;
    if (about === "error" || about === "bye" || this.answers > MOST_PER_SECOND) return [];
    const bytes = utf8.encode(error.message).slice(0, TEXT_BYTES);
    // A character that is cut off becomes U+FFFD.
    const text = new TextDecoder().decode(bytes).replace(/\uFFFD$/, "");
    return [{ type: "error", code: error.code, text, about, seq }];
  }
}
