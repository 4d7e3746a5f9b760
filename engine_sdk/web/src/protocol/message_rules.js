/** What PROTOCOL.md section 5 says of several fields of a message together, and of a payload and its header. */
import { CHANNELS } from "./limits.js";
import { PAYLOADS } from "./message_tables.js";
import { ProtocolError } from "./protocol_error.js";

/** @typedef {import("./codec.js").Message} Message */

const SAMPLE_BYTES = /** @type {{[format: string]: number}} */ ({ f32le: 4, s16le: 2 });

/**
 * Check that a message's fields, each good by itself, do not contradict one another.
 *
 * @param {Message} message
 * @param {Uint8Array | null} payload
 * @throws {ProtocolError}
 */
export function checkTogether(message, payload) {
  if (payload !== null && !(message.type in PAYLOADS)) {
    throw new ProtocolError("payload_mismatch", `payload: ${message.type} has none`);
  }
  RULES[message.type]?.(message, payload);
}

/** @type {{[type: string]: (message: Message, payload: Uint8Array | null) => void}} */
const RULES = {
  hello: (m) => atMostOne(m, "rules_text", "rules_name"),
  restore: (m) => atMostOne(m, "blob", "cell"),
  event: (m) => growing(m.events, "seq", 0, "events: expected growing seq"),
  playhead: (m) => {
    expect(m.played <= m.committed && m.committed <= m.have, "playhead: expected played <= committed <= have");
  },
  control: (m) => {
    const needed = /** @type {{[op: string]: string}} */ ({ volume: "gain_db", generator: "generator" })[m.op];
    if (needed !== undefined && m[needed] === null) {
      throw new ProtocolError("missing_field", `control: ${m.op} needs ${needed}`);
    }
    if (m.op === "rules") {
      expect((m.rules_text === null) !== (m.rules_name === null), "control: expected one of rules_text, rules_name");
    }
  },
  rules: (m) => {
    expect((m.declaration === null) !== (m.errors.length === 0), "rules: expected either declaration or errors");
  },
  clock: (m) => {
    const expected = "clock: expected growing beats within [start, end)";
    expect((m.beats.at(-1)?.at ?? m.start) < m.end, expected);
    growing(m.beats, "at", m.start - 1, expected);
  },
  chunk: samples,
  stinger: (m, payload) => {
    if (m.kind !== "placed") {
      if (payload !== null) throw new ProtocolError("payload_mismatch", `payload: stinger ${m.kind} has none`);
      return;
    }
    if (m.total < 1 || m.offset + m.count > m.total) {
      throw new ProtocolError("out_of_range", "stinger: expected 1 <= total and offset + count <= total");
    }
    // Without samples: the service has mixed it into its chunks.
    if (m.count > 0 || payload !== null) samples(m, payload);
  },
};

/** @param {Message} message @param {Uint8Array | null} payload */
function samples(message, payload) {
  const expected = message.count * CHANNELS * SAMPLE_BYTES[message.format];
  if (payload?.length === expected) return;
  throw new ProtocolError("payload_mismatch", `payload: expected ${expected} bytes, got ${payload?.length ?? "none"}`);
}

/** @param {Message} message @param {string} one @param {string} other */
function atMostOne(message, one, other) {
  expect(message[one] === null || message[other] === null, `expected at most one of ${one}, ${other}`);
}

/** @param {{[name: string]: any}[]} items @param {string} name @param {number} above @param {string} expected */
function growing(items, name, above, expected) {
  for (const item of items) {
    expect(item[name] > above, expected);
    above = item[name];
  }
}

/** @param {boolean} holds @param {string} text */
function expect(holds, text) {
  if (!holds) throw new ProtocolError("bad_value", text);
}
