/** Messages to bytes and back: PROTOCOL.md sections 2 and 5. */
import { HEADER_BYTES, NAME_BYTES, PAYLOAD_BYTES, VERSION } from "./limits.js";
import { MESSAGES } from "./message_tables.js";
import { checkTogether } from "./message_rules.js";
import { pack, unpack } from "./msgpack.js";
import { ProtocolError } from "./protocol_error.js";
import { plain, read, readValue } from "./records.js";

/**
 * A message: its type, its fields, and its samples if it came with any.
 *
 * @typedef {{type: string, payload?: Uint8Array, [field: string]: any}} Message
 */

const NUMBER = /** @type {const} */ ({ kind: "integer", low: 1, high: Number.MAX_SAFE_INTEGER });
const VERSION_NUMBER = /** @type {const} */ ({ kind: "integer", low: 0, high: Number.MAX_SAFE_INTEGER });

/**
 * Decode a message.
 *
 * @param {Uint8Array[]} parts - The header, and the payload if there is one.
 * @returns {Message} With all fields: one that is absent has its default, or null. `payload` refers to the given bytes.
 * @throws {ProtocolError} And nothing else, whatever the bytes.
 */
export function decode(parts) {
  if (parts.length < 1 || parts.length > 2) {
    throw new ProtocolError("payload_mismatch", `message: expected a header and at most one payload, got ${parts.length}`);
  }
  const [header, payload = null] = parts;
  if (payload !== null && payload.length > PAYLOAD_BYTES) {
    throw new ProtocolError("too_large", `payload: expected at most ${PAYLOAD_BYTES} bytes, got ${payload.length}`);
  }
  const map = unpack(header);
  for (const name of ["v", "t"]) {
    if (!(name in map)) throw new ProtocolError("missing_field", `header.${name}: expected, not there`);
  }
  const version = readValue(VERSION_NUMBER, map.v, "v");
  if (typeof map.t !== "string") throw new ProtocolError("wrong_type", "t: expected a text");
  if (version !== VERSION) throw new ProtocolError("unsupported_version", `v: expected ${VERSION}, got ${version}`);
  if (!MESSAGES.includes(map.t)) throw new ProtocolError("unknown_type", `t: ${map.t.slice(0, 40)} is no message`);
  const message = /** @type {Message} */ ({ type: map.t, ...read(map.t, map) });
  checkTogether(message, payload);
  if (payload !== null) message.payload = payload;
  return message;
}

/**
 * Encode a message that a client sends.
 *
 * @param {Message} message - Optional fields may be absent or null.
 * @returns {Uint8Array} The header; a client sends no payloads.
 * @throws {ProtocolError} `too_large` if the header exceeds its limit.
 */
export function encode(message) {
  const header = pack({ v: VERSION, t: message.type, ...plain(message.type, message) });
  if (header.length <= HEADER_BYTES) return header;
  throw new ProtocolError("too_large", `header: expected at most ${HEADER_BYTES} bytes, got ${header.length}`);
}

/**
 * Check a message of this client, and give it with all its fields.
 *
 * @param {string} type
 * @param {{[field: string]: unknown}} fields - Those that are undefined count as absent.
 * @returns {Message}
 * @throws {ProtocolError}
 */
export function checked(type, fields) {
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
  const message = /** @type {Message} */ ({ type, ...read(type, given) });
  checkTogether(message, null);
  return message;
}

/**
 * The type and the `seq` or `id` of an invalid message, as far as they can be read; else "" and 0.
 *
 * @param {Uint8Array[]} parts
 * @returns {{about: string, seq: number}}
 */
export function typeOf(parts) {
  let map;
  try {
    map = unpack(parts[0] ?? new Uint8Array(0));
  } catch {
    return { about: "", seq: 0 };
  }
  const isName = typeof map.t === "string" && new TextEncoder().encode(map.t).length <= NAME_BYTES;
  const about = isName ? /** @type {string} */ (map.t) : "";
  for (const number of [map.seq, map.id]) {
    try {
      return { about, seq: readValue(NUMBER, number, "seq") };
    } catch {
      continue;
    }
  }
  return { about, seq: 0 };
}
