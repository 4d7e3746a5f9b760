/**
 * The timeline against the Python SDK's on recorded traffic (traffic.py): `node check_timeline.js FOLDER`.
 *
 * Samples must agree within 1e-6; positions and counters exactly.
 */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { Player } from "../../../engine_sdk/web/src/player.js";

const TOLERANCE = 1e-6;
const CHANNELS = 2;

/** Interleaved samples that follow from a key; the same sum as in traffic.py. */
function samples(key, start, count) {
  const found = new Float32Array(CHANNELS * count);
  for (let i = 0; i < count; i += 1) {
    const at = start + i;
    const whole = key * 7_919 + at * 48_271 + (at % 97) * (at % 89);
    found[CHANNELS * i] = (whole % 65_537) / 32_768.5 - 1;
    found[CHANNELS * i + 1] = ((whole + 15_485) % 65_537) / 32_768.5 - 1;
  }
  return found;
}

/** What is wrong with a case, or "". `next` reads expected samples. */
function mistake({ lengths, operations }, next) {
  const player = new Player(lengths);
  let text = "";
  for (const [i, [op, ...values]] of operations.entries()) {
    if (op === "chunk") {
      const [take, start, count, mixed, salt] = values;
      player.timeline.write(take, start, samples(31 * take + salt, start, count), mixed);
    } else if (op === "stinger") {
      const [fields, salt] = values;
      const sound = fields.kind === "placed" ? samples(salt, fields.offset, fields.count) : null;
      player.stingers.receive(fields, sound, player.timeline.committed);
    } else if (op === "control") player.volume.change(...values);
    else if (op === "read") {
      const [count, state] = values;
      const out = new Float32Array(CHANNELS * count).fill(NaN);
      player.render(out);
      const expected = next(CHANNELS * count);
      const { committed, standing, have, underruns, late, dropped } = player.timeline;
      const got = [committed, standing, have, underruns, late, dropped];
      const wrong = out.findIndex((sample, j) => !(Math.abs(sample - expected[j]) <= TOLERANCE));
      if (text === "" && wrong >= 0) text = `operation ${i}, value ${wrong}: expected ${expected[wrong]}, got ${out[wrong]}`;
      else if (text === "" && `${got}` !== `${state}`) text = `operation ${i}: expected ${state}, got ${got}`;
    } else player.timeline[op]();
  }
  return text;
}

const folder = process.argv[2];
const file = openSync(join(folder, "expected.f32"));
let count = 0;
const next = (length) => {
  const expected = new Float32Array(length);
  readSync(file, new Uint8Array(expected.buffer));
  count += length / CHANNELS;
  return expected;
};
let failed = 0;
const cases = JSON.parse(readFileSync(join(folder, "traffic.json"), "utf8"));
for (const [number, recorded] of cases.entries()) {
  const text = mistake(recorded, next);
  if (text === "") continue;
  failed += 1;
  if (failed <= 20) console.log(`case ${number}: ${text}`);
}
closeSync(file);
console.log(`${cases.length - failed} passed, ${failed} failed (${count} samples)`);
process.exitCode = failed > 0 ? 1 : 0;
