/**
 * What this client costs: `node measure.js [SEGUE RULES]`; with a service also a whole session of 20 s.
 *
 * Processor time is of this process, user and system. Figures are medians of five runs.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Player } from "../../../engine_sdk/web/src/player.js";
import { decode, encode } from "../../../engine_sdk/web/src/protocol/codec.js";
import { samplesOf } from "../../../engine_sdk/web/src/timeline/pcm.js";
import { Game, TICK_SAMPLES } from "./game.js";
import { freePort, ServiceProcess } from "./service_process.js";

const RATE = 48_000;
const RUNS = 5;
const CHUNK = 19_200;
const CLIENT = join(dirname(fileURLToPath(import.meta.url)), "../../../engine_sdk/web/src");

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Milliseconds of processor time. */
function cpuMs(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function codeLines(file) {
  const text = readFileSync(file, "utf8").replace(/\/\*\*[\s\S]*?\*\//g, "");
  return text.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("//")).length;
}

function chunkMessage(i) {
  const payload = new Uint8Array(CHUNK * 4);
  for (let j = 0; j < payload.length; j += 1) payload[j] = (j * 31) & 255;
  const cell = new Uint8Array(1_500).fill(i);
  const fields = { seq: i + 1, take: 0, start: i * CHUNK, count: CHUNK, mixed: false, format: "s16le", generator: "score" };
  const header = encode({ type: "chunk", ...fields, states: { water: "shore" }, mix: { shore: 1 }, cell, last_event: 0 });
  return [header, payload];
}

function renderMsPerSecond(withStinger) {
  const player = new Player();
  const seconds = 40;
  for (let i = 0; i * CHUNK < seconds * RATE; i += 1) {
    const { take, start, mixed, payload, format } = decode(chunkMessage(i));
    player.apply({ do: "chunk", take, start, mixed, samples: samplesOf(payload, format) });
  }
  if (withStinger) {
    const duck = { depth_db: -9, fade_out: 4_800, recovery: 4_800, fade_in: 48_000 };
    const stinger = { id: 1, kind: "placed", start: RATE, total: 480_000, offset: 0, gain_db: 0, duck, if_late: "drop" };
    player.stingers.receive(stinger, new Float32Array(2 * 480_000).fill(0.1), 0);
  }
  const out = new Float32Array(2 * TICK_SAMPLES);
  const blocks = ((withStinger ? 10 : seconds - 1) * RATE) / TICK_SAMPLES;
  const ms = cpuMs(() => {
    for (let i = 0; i < blocks; i += 1) player.render(out);
  });
  return ms / ((blocks * TICK_SAMPLES) / RATE);
}

function perSecond(work) {
  const count = 20_000;
  return Math.round(count / (cpuMs(() => {
    for (let i = 0; i < count; i += 1) work();
  }) / 1_000));
}

const runs = (work) => median(Array.from({ length: RUNS }, work));
const files = readdirSync(CLIENT, { recursive: true }).filter((name) => name.endsWith(".js"));
const lines = Object.fromEntries(files.map((name) => [name, codeLines(join(CLIENT, name))]));
console.log(`lines of code: ${JSON.stringify(lines)}, ${Object.values(lines).reduce((a, b) => a + b)} in all`);
console.log(`render, 480 samples a callback: ${runs(() => renderMsPerSecond(false)).toFixed(2)} ms a second of audio`);
console.log(`render under a stinger with a duck: ${runs(() => renderMsPerSecond(true)).toFixed(2)} ms a second of audio`);
const parts = chunkMessage(1);
const receipt = encode({ type: "receipt", seq: 1, accepted: true, code: "accepted", frame: 10 });
const playhead = { type: "playhead", played: 1_000, committed: 2_000, have: 3_000, paused: false, last_chunk: 4 };
const event = { type: "event", events: [{ seq: 1, at: 1_000, set: { threat: 0.5 }, fire: ["ping"] }] };
console.log(`decode: ${runs(() => perSecond(() => decode(parts)))} chunks, ${runs(() => perSecond(() => decode([receipt])))} receipts a second`);
console.log(`encode: ${runs(() => perSecond(() => encode(playhead)))} playheads, ${runs(() => perSecond(() => encode(event)))} events a second`);

const [segue, rules] = process.argv.slice(2);
if (segue !== undefined) {
  const port = await freePort();
  const web = await freePort();
  const addresses = ["--bind", `tcp://127.0.0.1:${port}`, "--web-bind", `ws://127.0.0.1:${web}`];
  const service = new ServiceProcess([segue, "serve", ...addresses, rules]);
  await service.start();
  try {
    for (const url of [`tcp://127.0.0.1:${port}`, `ws://127.0.0.1:${web}`]) {
      const game = new Game(url, { format: "s16le" });
      const { timeline } = game;
      await game.until("music", () => timeline.have > RATE);
      const before = process.cpuUsage();
      await game.until("20 s of music", () => {
        game.tick();
        if (game.blocks.length % 4 === 0) {
          game.client.set("level", (game.blocks.length % 100) / 100);
          game.client.endFrame();
        }
        return timeline.committed >= 20 * RATE;
      });
      const { user, system } = process.cpuUsage(before);
      console.log(`a session, ${url.slice(0, 3)}: ${((user + system) / 1_000 / 20).toFixed(1)} ms a second of audio, 25 events a second`);
      game.client.close();
    }
  } finally {
    await service.end("SIGKILL");
  }
}
