/**
 * Plays traffic: `node probe_timeline.js CASES.json RESULTS.json`. `pool` names a file of interleaved samples that chunks
 * are cut from, `heard` the file for what is played.
 *
 * The results are, for each case and operation, committed, have, underruns, late, dropped and standing.
 */
import { readFileSync, writeFileSync, openSync, writeSync } from "node:fs";
import { Player } from "../../engine_sdk/web/src/player.js";

const CHANNELS = 2;
const [cases, results] = process.argv.slice(2);
const { pool, heard, traffic } = JSON.parse(readFileSync(cases, "utf8"));
const sounds = new Float32Array(Uint8Array.from(readFileSync(pool)).buffer);
const out = openSync(heard, "w");

function samplesOf({ from, count }) {
  return sounds.subarray(CHANNELS * from, CHANNELS * (from + count));
}

function apply(player, operation) {
  if (operation.do === "read") {
    const block = new Float32Array(CHANNELS * operation.count).fill(NaN);
    player.render(block);
    writeSync(out, new Uint8Array(block.buffer));
  } else if (operation.do === "chunk") player.apply({ ...operation, samples: samplesOf(operation) });
  else if (operation.do === "stinger") {
    const samples = operation.fields.count > 0 ? samplesOf(operation) : null;
    player.apply({ do: "stinger", fields: operation.fields, samples });
  } else player.apply(operation);
  const { committed, have, underruns, late, dropped, standing } = player.position();
  return [committed, have, underruns, late, dropped, Number(standing)];
}

const states = traffic.map((operations) => {
  const player = new Player();
  return operations.map((operation) => apply(player, operation));
});
writeFileSync(results, JSON.stringify(states));
