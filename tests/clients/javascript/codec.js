/**
 * Messages to bytes and back: PROTOCOL.md sections 2 and 5, over an ordinary MessagePack library.
 *
 * A message is an object with its type in `t` and its fields. Decoding fills in defaults; optional fields without one
 * stay undefined.
 */
import { Decoder, Encoder } from "@msgpack/msgpack";
import { MESSAGES, PAYLOADS, RECORDS } from "./message_tables.js";

export const HEADER_BYTES = 262_144;
const PAYLOAD_BYTES = 4_194_304;
const SAMPLE_BYTES = { f32le: 4, s16le: 2 };
const CHANNELS = 2;
const VALUE_TEXT_BYTES = 64;
const MAP_NAME_BYTES = 64;

/** A message that is not valid; `code` is one of section 8. */
export class ProtocolError extends Error {
  constructor(code, text) {
    super(text);
    this.code = code;
  }
}

const decoder = new Decoder({
  extensionCodec: {
    tryToEncode: () => null,
    decode: () => fail("ext_type", "header: expected no extension type, got one"),
  },
  mapKeyConverter: (key) =>
    typeof key === "string" ? key : fail("bad_key", `header: expected texts as keys, got ${typeof key}`),
  // A container holds no more items than a header has bytes; so nothing is allocated for a length that is a lie.
  maxArrayLength: HEADER_BYTES,
  maxMapLength: HEADER_BYTES,
});
const encoder = new Encoder({ ignoreUndefined: true });
const utf8 = new TextEncoder();
const tables = new Map(Object.entries(RECORDS));

/**
 * Decode a message.
 *
 * @param {Uint8Array} header
 * @param {Uint8Array | null} payload - Samples; null if the message has one part.
 * @param {number} version - `v` that is expected.
 * @returns {object} The message; a payload is in `payload`.
 * @throws {ProtocolError}
 */
export function decode(header, payload = null, version = 1) {
  if (header.length > HEADER_BYTES) fail("too_large", `header: expected at most ${HEADER_BYTES} bytes`);
  if (payload !== null && payload.length > PAYLOAD_BYTES) fail("too_large", "payload: above its limit");
  const fields = unpack(header);
  if (typeof fields !== "object" || fields === null || Array.isArray(fields) || fields instanceof Uint8Array) {
    fail("malformed", "header: expected a map");
  }
  const v = integer(required(fields, "v", "header"), -Infinity, Infinity, "v");
  if (v !== version) fail("unsupported_version", `v: expected ${version}, got ${v}`);
  const t = required(fields, "t", "header");
  if (typeof t !== "string") fail("wrong_type", "t: expected a text");
  if (!MESSAGES.includes(t)) fail("unknown_type", `t: expected a message of this version, got ${t}`);
  const message = { t, ...record(fields, t, t) };
  AGREEMENT[t]?.(message);
  checkPayload(message, payload);
  if (payload !== null) message.payload = payload;
  return message;
}

/**
 * Encode a message. Its fields are not checked: they are this client's own.
 *
 * @param {object} message
 * @returns {Uint8Array} The header; a client sends no payloads.
 */
export function encode({ t, payload, ...fields }, version = 1) {
  return encoder.encode({ v: version, t, ...fields });
}

function unpack(header) {
  try {
    return decoder.decode(header);
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    if (error instanceof RangeError && error.message.startsWith("Extra")) fail("trailing", error.message);
    if (error instanceof RangeError || error.message.startsWith("Max length")) fail("truncated", error.message);
    if (error.message.startsWith("The key __proto__")) fail("bad_key", error.message);
    fail("malformed", error.message);
  }
}

function fail(code, text) {
  throw new ProtocolError(code, text);
}

function required(map, name, where) {
  if (!Object.hasOwn(map, name)) fail("missing_field", `${where}: expected ${name}`);
  return map[name];
}

/** The checked fields of a record, with defaults. */
function record(map, table, where) {
  if (typeof map !== "object" || map === null || Array.isArray(map) || map instanceof Uint8Array) {
    fail("wrong_type", `${where}: expected a map`);
  }
  const found = {};
  for (const row of tables.get(table)) {
    if (Object.hasOwn(map, row.name)) found[row.name] = checked(map[row.name], row, `${where}.${row.name}`);
    else if (row.required) fail("missing_field", `${where}: expected ${row.name}`);
    else if (row.default !== undefined) found[row.name] = copyOf(row.default);
  }
  AGREEMENT[table]?.(found);
  return found;
}

function copyOf(value) {
  return Array.isArray(value) ? [...value] : typeof value === "object" ? { ...value } : value;
}

function checked(value, row, where) {
  const wrong = (expected) => fail("wrong_type", `${where}: expected ${expected}, got ${typeof value}`);
  switch (row.kind) {
    case "integer":
      integer(value, row.low, row.high, where);
      if (row.step && value % row.step) fail("out_of_range", `${where}: expected a multiple of ${row.step}`);
      return value;
    case "real":
      if (typeof value !== "number") wrong("a real");
      if (!Number.isFinite(value)) fail("not_finite", `${where}: expected a finite number`);
      return within(value, row.low, row.high, where);
    case "boolean":
      return typeof value === "boolean" ? value : wrong("a boolean");
    case "text":
      return text(value, row.least ?? 0, row.most, where);
    case "word":
      if (typeof value !== "string") wrong("a text");
      return row.words.includes(value) ? value : fail("bad_value", `${where}: expected one of ${row.words}`);
    case "bytes":
      if (!(value instanceof Uint8Array)) wrong("bytes");
      within(value.length, row.least ?? 0, row.most, where);
      return value.slice();
    case "value":
      if (typeof value === "string") return text(value, 0, VALUE_TEXT_BYTES, where);
      if (typeof value === "boolean") return value;
      if (typeof value !== "number") wrong("a value");
      if (!Number.isFinite(value)) fail("not_finite", `${where}: expected a finite number`);
      return within(value, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, where);
    case "list":
      if (!Array.isArray(value)) wrong("a list");
      within(value.length, row.least ?? 0, row.most, where);
      return value.map((item, i) => checked(item, row.of, `${where}[${i}]`));
    case "map":
      if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array) {
        wrong("a map");
      }
      within(Object.keys(value).length, 0, row.most, where);
      for (const [name, item] of Object.entries(value)) {
        text(name, 1, MAP_NAME_BYTES, where);
        checked(item, row.of, `${where}.${name}`);
      }
      return value;
    case "record":
      return record(value, row.record, where);
  }
}

function integer(value, low, high, where) {
  if (typeof value !== "number") fail("wrong_type", `${where}: expected an integer, got ${typeof value}`);
  if (!Number.isFinite(value)) fail("not_finite", `${where}: expected a finite number`);
  if (!Number.isInteger(value)) fail("wrong_type", `${where}: expected an integer, got ${value}`);
  return within(value, Math.max(low, -Number.MAX_SAFE_INTEGER), Math.min(high, Number.MAX_SAFE_INTEGER), where);
}

function text(value, least, most, where) {
  if (typeof value !== "string") fail("wrong_type", `${where}: expected a text, got ${typeof value}`);
  // A UTF-16 unit is at most three bytes of UTF-8, so most lengths are known without encoding.
  const bytes = value.length * 3 <= most && value.length >= least ? value.length : utf8.encode(value).length;
  within(bytes, least, most, where);
  return value;
}

function within(value, low, high, where) {
  if (value < low || value > high) fail("out_of_range", `${where}: expected ${low} to ${high}, got ${value}`);
  return value;
}

const bad = (where, expected) => fail("bad_value", `${where}: expected ${expected}`);
const given = (...values) => values.filter((value) => value !== undefined).length;

function growing(numbers, where) {
  for (let i = 1; i < numbers.length; i += 1) if (numbers[i] <= numbers[i - 1]) bad(where, "numbers that grow");
}

/** What the fields of a message or map have to fulfil together. */
const AGREEMENT = {
  hello: (m) => given(m.rules_text, m.rules_name) > 1 && bad("hello", "one of rules_text and rules_name"),
  rules: (m) => given(m.declaration) + (m.errors.length > 0) !== 1 && bad("rules", "one of declaration and errors"),
  event: (m) => growing(m.events.map((item) => item.seq), "event.events: seq"),
  playhead: (m) =>
    (m.played > m.committed || m.committed > m.have) && bad("playhead", "played <= committed <= have"),
  clock: (m) => {
    if (m.start >= m.end) bad("clock", "start before end");
    if (m.beats.some((beat) => beat.at < m.start || beat.at >= m.end)) bad("clock.beats", "beats from start to end");
    growing(m.beats.map((beat) => beat.at), "clock.beats: at");
  },
  stinger: (m) => {
    if (m.kind !== "placed") return;
    within(m.total, 1, Infinity, "stinger.total");
    within(m.offset + m.count, 0, m.total, "stinger: offset + count");
  },
  control: (m) => {
    if (m.op === "volume") required(m, "gain_db", "control");
    if (m.op === "generator") required(m, "generator", "control");
    if (m.op === "rules" && given(m.rules_text, m.rules_name) !== 1) bad("control", "rules_text or rules_name");
  },
  restore: (m) => given(m.blob, m.cell) > 1 && bad("restore", "one of blob and cell"),
};

function checkPayload(message, payload) {
  const expected = expectedPayload(message);
  if (payload === null ? expected !== null : payload.length !== expected) {
    const got = payload === null ? "none" : payload.length;
    fail("payload_mismatch", `payload: expected ${expected ?? "no"} bytes, got ${got}`);
  }
}

/** Length of a message's payload in bytes, or null if it has none. */
function expectedPayload(message) {
  if (!(message.t in PAYLOADS) || (message.t === "stinger" && (message.kind !== "placed" || message.count === 0))) {
    return null;
  }
  return message.count * CHANNELS * SAMPLE_BYTES[message.format];
}
