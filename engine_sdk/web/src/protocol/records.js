/**
 * Decoded maps to records by the message tables, and back.
 *
 * A record is an object with all fields of its table, in its order: one that is absent has its default, or null if it
 * has none.
 */
import { LARGEST_INTEGER, NAME_BYTES } from "./limits.js";
import { RECORDS } from "./message_tables.js";
import { isMap, Real } from "./msgpack.js";
import { ProtocolError } from "./protocol_error.js";

/**
 * @typedef {import("./msgpack.js").Plain} Plain
 * @typedef {import("./message_tables.js").Kind} Kind
 * @typedef {{[name: string]: any}} Fields
 */

const NAME = /** @type {Kind} */ ({ kind: "text", least: 1, most: NAME_BYTES });
const VALUE_TEXT = /** @type {Kind} */ ({ kind: "text", most: NAME_BYTES });
const VALUE_NUMBER = /** @type {Kind} */ ({ kind: "real", low: -LARGEST_INTEGER, high: LARGEST_INTEGER });
const utf8 = new TextEncoder();

/**
 * Read the record of a table. Unknown names are ignored.
 *
 * @param {string} table
 * @param {unknown} map
 * @param {string} [path] - Of the map, for errors; empty or with a full stop at its end.
 * @returns {Fields}
 * @throws {ProtocolError}
 */
export function read(table, map, path = "") {
  if (!isMap(map)) return wrong(path.slice(0, -1), "a map", map);
  /** @type {Fields} */
  const record = {};
  for (const field of RECORDS[table]) {
    const { name } = field;
    if (Object.hasOwn(map, name)) record[name] = readValue(field, map[name], path + name);
    else if (field.required) throw new ProtocolError("missing_field", `${path}${name}: expected, not there`);
    else record[name] = defaultOf(field);
  }
  return record;
}

/**
 * The map of a record, in the table's order; optional fields that are absent, null or hold their default are left out.
 *
 * @param {string} table
 * @param {Fields} record
 * @returns {{[name: string]: unknown}} For `pack`.
 */
export function plain(table, record) {
  /** @type {{[name: string]: unknown}} */
  const map = {};
  for (const field of RECORDS[table]) {
    const value = record[field.name];
    if (value === undefined || value === null) continue;
    if (field.required || !isDefault(value, field.default)) map[field.name] = plainValue(field, value);
  }
  return map;
}

/** @param {import("./message_tables.js").Field} field */
function defaultOf({ default: value = null }) {
  // Lists and maps that are defaults are empty.
  return Array.isArray(value) ? [] : isMap(value) ? Object.create(null) : value;
}

/** @param {unknown} value @param {unknown} fallback */
function isDefault(value, fallback) {
  if (Array.isArray(fallback)) return Array.isArray(value) && value.length === 0;
  if (isMap(fallback)) return isMap(value) && Object.keys(value).length === 0;
  return value === fallback;
}

/** @param {Kind} kind @param {any} value @returns {unknown} */
function plainValue(kind, value) {
  if (kind.kind === "real") return new Real(value);
  if (kind.kind === "record") return plain(kind.record, value);
  if (kind.kind === "list") return value.map((/** @type {unknown} */ item) => plainValue(kind.of, item));
  if (kind.kind !== "map") return value;
  const entries = Object.entries(value).map(([name, item]) => [name, plainValue(kind.of, item)]);
  return Object.fromEntries(entries);
}

/**
 * Check a value, and give it as it stands in a record.
 *
 * @param {Kind} kind
 * @param {unknown} value
 * @param {string} path - For errors.
 * @returns {any}
 * @throws {ProtocolError}
 */
export function readValue(kind, value, path) {
  switch (kind.kind) {
    case "integer": {
      if (typeof value !== "number") return wrong(path, "an integer", value);
      if (!Number.isFinite(value)) throw new ProtocolError("not_finite", `${path}: expected a finite number`);
      if (!Number.isInteger(value)) return wrong(path, "an integer", value);
      inRange(value, kind.low, kind.high, path);
      if (value % (kind.step ?? 1) === 0) return value === 0 ? 0 : value;
      throw new ProtocolError("out_of_range", `${path}: expected a multiple of ${kind.step}`);
    }
    case "real":
      if (typeof value !== "number") return wrong(path, "a real", value);
      if (!Number.isFinite(value)) throw new ProtocolError("not_finite", `${path}: expected a finite number`);
      return inRange(value, kind.low, kind.high, path);
    case "boolean":
      return typeof value === "boolean" ? value : wrong(path, "a boolean", value);
    case "text":
      if (typeof value !== "string") return wrong(path, "a text", value);
      inRange(lengthOf(value, kind.least ?? 0, kind.most), kind.least ?? 0, kind.most, path);
      return value;
    case "word":
      if (typeof value !== "string") return wrong(path, "a text", value);
      if (kind.words.includes(value)) return value;
      throw new ProtocolError("bad_value", `${path}: expected one of ${kind.words.join(", ")}`);
    case "bytes":
      if (!(value instanceof Uint8Array)) return wrong(path, "bytes", value);
      inRange(value.length, kind.least ?? 0, kind.most, path);
      return value;
    case "value":
      if (typeof value === "boolean") return value;
      if (typeof value === "string") return readValue(VALUE_TEXT, value, path);
      if (typeof value === "number") return readValue(VALUE_NUMBER, value, path);
      return wrong(path, "a number, a boolean or a text", value);
    case "list":
      if (!Array.isArray(value)) return wrong(path, "a list", value);
      inRange(value.length, kind.least ?? 0, kind.most, path);
      return value.map((item, i) => readValue(kind.of, item, `${path}[${i}]`));
    case "map":
      return readMap(kind, value, path);
    case "record":
      return read(kind.record, value, `${path}.`);
  }
}

/** @param {Extract<Kind, {kind: "map"}>} kind @param {unknown} value @param {string} path */
function readMap(kind, value, path) {
  if (!isMap(value)) return wrong(path, "a map", value);
  const entries = Object.entries(value);
  inRange(entries.length, 0, kind.most, path);
  /** @type {{[name: string]: unknown}} */
  const map = Object.create(null);
  for (const [name, item] of entries) {
    readValue(NAME, name, `${path}: name`);
    map[name] = readValue(kind.of, item, `${path}.${name}`);
  }
  return map;
}

/** Bytes of a text as UTF-8; where its length in UTF-16 units decides already, these. */
function lengthOf(/** @type {string} */ text, /** @type {number} */ least, /** @type {number} */ most) {
  return text.length * 3 <= most && text.length >= least ? text.length : utf8.encode(text).length;
}

/** @param {number} value @param {number} low @param {number} high @param {string} path */
function inRange(value, low, high, path) {
  if (value >= low && value <= high) return value;
  throw new ProtocolError("out_of_range", `${path}: expected ${bound(low)} to ${bound(high)}, got ${value}`);
}

/** A number as PROTOCOL.md writes its bounds. */
function bound(/** @type {number} */ number) {
  if (Math.abs(number) !== LARGEST_INTEGER) return String(number);
  return number < 0 ? "-(2^53 - 1)" : "(2^53 - 1)";
}

/** @param {string} path @param {string} expected @param {unknown} value @returns {never} */
function wrong(path, expected, value) {
  const got = value === null ? "nil" : Array.isArray(value) ? "a list" : typeof value;
  throw new ProtocolError("wrong_type", `${path}: expected ${expected}, got ${got}`);
}
