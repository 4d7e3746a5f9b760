/**
 * Resamples sines: `node probe_resampler.js CASES.json RESULTS.json`. A case is a rate and a frequency in Hz; its result
 * the signal-to-noise ratio in dB against the ideal sine, in blocks as an AudioWorklet asks for them.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { Resampler } from "../../engine_sdk/web/src/audio/resampler.js";

const INPUT_RATE = 48_000;
const QUANTUM = 128;
const QUANTA = 200;
/** Blocks under the filter's beginning. */
const BEGINNING = 2;

function snrDb({ rate, frequency }) {
  let at = 0;
  const source = (out) => {
    for (let i = 0; i < out.length; i += 2, at += 1) {
      out[i] = 0.5 * Math.sin((2 * Math.PI * frequency * at) / INPUT_RATE);
      out[i + 1] = -out[i];
    }
  };
  const resampler = new Resampler(source, rate, QUANTUM);
  const [left, right] = [new Float32Array(QUANTUM), new Float32Array(QUANTUM)];
  let [signal, noise] = [0, 0];
  for (let block = 0; block < QUANTA; block += 1) {
    resampler.render(left, right);
    for (let i = 0; i < QUANTUM && block >= BEGINNING; i += 1) {
      const ideal = 0.5 * Math.sin((2 * Math.PI * frequency * (block * QUANTUM + i)) / rate);
      signal += 2 * ideal ** 2;
      noise += (left[i] - ideal) ** 2 + (right[i] + ideal) ** 2;
    }
  }
  return 10 * Math.log10(signal / noise);
}

const [cases, results] = process.argv.slice(2);
writeFileSync(results, JSON.stringify(JSON.parse(readFileSync(cases, "utf8")).map(snrDb)));
