/**
 * The golden vectors and the mutated corpus on the browser client's codec: `node check_vectors.js FILE...`.
 *
 * The codec is strict: it refuses what only a service has to refuse (`service_only`) too. It encodes to the canonical
 * bytes, but for reals of whole value that a game chose: JavaScript has one type of numbers, and writes them as integers.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { decode, encode } from "../../../engine_sdk/web/src/protocol/codec.js";
import { ProtocolError } from "../../../engine_sdk/web/src/protocol/protocol_error.js";

/** @returns {Uint8Array} */
function bytes(runs) {
  if (typeof runs === "string") return Uint8Array.from(Buffer.from(runs, "hex"));
  return Uint8Array.from(Buffer.concat(runs.map(({ hex, times }) => Buffer.from(hex.repeat(times), "hex"))));
}

function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if ("$bytes" in value) return bytes(value.$bytes);
  if ("$real" in value) return value.$real;
  if ("$real64" in value) return Buffer.from(value.$real64, "hex").readDoubleBE();
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}

/** Whether two values are equal, fields with defaults left out of `expected` aside. */
function same(got, expected) {
  if (expected instanceof Uint8Array) return got instanceof Uint8Array && Buffer.compare(got, expected) === 0;
  if (Array.isArray(expected)) {
    return got.length === expected.length && expected.every((item, i) => same(got[i], item));
  }
  if (typeof expected === "object") return Object.keys(expected).every((name) => same(got[name], expected[name]));
  return got === expected;
}

/** @param {Uint8Array[]} parts */
function outcome(parts) {
  try {
    return { message: decode(parts) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { code: error.code, text: error.message };
  }
}

/** Whether a value that a game chose is a real of whole value. */
function hasWholeReal(value) {
  if (typeof value !== "object" || value === null) return false;
  return "$real" in value || Object.values(value).some(hasWholeReal);
}

function mistakeIn(vector) {
  const { reject, accept, value, canonical } = vector;
  const header = bytes(vector.header);
  const payload = vector.payload === undefined ? [] : [bytes(vector.payload)];
  const { message, code, text } = outcome([header, ...payload]);
  if (reject !== undefined) {
    if (message !== undefined) return `expected ${reject || "an error"}, decoded it`;
    return reject && code !== reject ? `expected ${reject}, got ${code}: ${text}` : "";
  }
  if (message === undefined) return `expected ${accept}, got ${code}: ${text}`;
  if (message.type !== accept || !same(message, plain(value))) return "decoded other values";
  const again = encode(message);
  if (!same(decode([again, ...payload]), plain(value))) return "decoded other values after encoding";
  const isSame = Buffer.compare(again, header) === 0;
  total.canonical += Boolean(canonical) && isSame;
  return canonical && !isSame && !hasWholeReal(value) ? "encoded to other bytes" : "";
}

const total = { passed: 0, failed: 0, canonical: 0 };
for (const file of process.argv.slice(2)) {
  // A file of another kind, such as zmtp.json, has no list of this name.
  for (const vector of JSON.parse(readFileSync(file, "utf8")).vectors ?? []) {
    const mistake = mistakeIn(vector);
    total.passed += mistake === "";
    total.failed += mistake !== "";
    if (mistake !== "" && total.failed <= 40) console.log(`${basename(file)}: ${vector.name}: ${mistake}`);
  }
}
console.log(`${total.passed} passed, ${total.failed} failed (${total.canonical} encoded to the canonical bytes)`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
