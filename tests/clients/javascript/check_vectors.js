/**
 * The golden vectors and the mutated corpus on this codec: `node check_vectors.js FILE...`.
 *
 * A vector that is marked `service_only` need not be refused by a client: decoding it must only not crash. The corpus
 * (tests/clients/corpus.py) marks nothing; there a message that only the service can see to be bad may be decoded.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { decode, encode, ProtocolError } from "./codec.js";

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

function outcome(header, payload) {
  try {
    return { message: decode(header, payload) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { code: error.code, text: error.message };
  }
}

let failed = 0;
const total = { passed: 0, lenient: 0, same: 0, encoded: 0 };
for (const file of process.argv.slice(2)) {
  // A file of another kind, such as zmtp.json, has no list of this name.
  for (const vector of JSON.parse(readFileSync(file, "utf8")).vectors ?? []) {
    const { name, reject, accept, value, service_only: serviceOnly } = vector;
    const header = bytes(vector.header);
    const payload = vector.payload === undefined ? null : bytes(vector.payload);
    const { message, code, text } = outcome(header, payload);
    let mistake = "";
    if (reject !== undefined) {
      if (message !== undefined && serviceOnly) total.lenient += 1;
      else if (message !== undefined) mistake = `expected ${reject || "an error"}, decoded it`;
      else if (reject && !serviceOnly && code !== reject) mistake = `expected ${reject}, got ${code}: ${text}`;
    } else if (message === undefined) mistake = `expected ${accept}, got ${code}: ${text}`;
    else if (message.t !== accept || !same(message, plain(value))) mistake = "decoded other values";
    else {
      const again = encode(message);
      total.encoded += 1;
      if (vector.canonical && Buffer.compare(again, header) === 0) total.same += 1;
      if (!same(decode(again, payload), plain(value))) mistake = "decoded other values after encoding";
    }
    total.passed += mistake === "";
    if (mistake !== "") {
      failed += 1;
      if (failed <= 40) console.log(`${basename(file)}: ${name}: ${mistake}`);
    }
  }
}
console.log(`${total.passed} passed, ${failed} failed (${total.lenient} that only the service refuses were decoded)`);
process.exitCode = failed > 0 ? 1 : 0;
