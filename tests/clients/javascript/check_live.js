/**
 * Whole sessions against real services: `node check_live.js FOLDER SEGUE RULES`.
 *
 * Over ZMTP NULL, ZMTP PLAIN and WebSocket with and without a token, each plays 10 s with 100 events. Every event has
 * one receipt, and `segue preview` renders the service's own recording to the samples that were played. A wrong token is
 * told. No check depends on wall-clock time: the audio clock moves only while there is music, and where a busy machine
 * delivered a change too late, what was played until it was joined is not compared.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Checks, Game, TICK_SAMPLES } from "./game.js";
import { freePort, ServiceProcess } from "./service_process.js";

const TOKEN = "ash-and-ember-and-oak";
const EVENTS = 100;
const TICKS_OF_EVENT = 10;
const SECONDS = 10;
const RATE = 48_000;
/** One step of the rendering's 24 bits, and the client's tolerance in fades. */
const TOLERANCE = 2 ** -23 + 1e-6;
/** The beginning is faded in by the client, the end of a rendering is faded out. */
const FADED = 1_440;
const LAST = RATE / 10;
/** A fade reaches so far beyond what came late. */
const FADE_TICKS = 4;

const [folder, segue, rules] = process.argv.slice(2);
const checks = new Checks();

async function play(game, name) {
  const { client, timeline } = game;
  let sent = 0;
  let ticks = 0;
  await game.until(`${name}: the end of the music`, () => {
    // A slow machine makes the game slower, and nothing else.
    if (game.ahead < RATE || !game.lasts(RATE / 10)) return false;
    game.tick();
    if (ticks % TICKS_OF_EVENT === 0 && sent < EVENTS) {
      client.set("level", sent / EVENTS);
      if (sent % 5 === 0) client.fire("ping");
      if (sent % 25 === 0) client.set("deep", sent % 50 === 0);
      client.endFrame();
      sent += 1;
    }
    ticks += 1;
    return timeline.committed >= SECONDS * RATE;
  });
  await game.until(`${name}: all receipts`, () => game.all("receipt").length >= EVENTS);
  checks.receipts(game, EVENTS, name);
  checks.that(timeline.underruns === 0, `${name}: ${timeline.underruns} underruns`);
  checks.that(game.all("change_heard").length > 0, `${name}: no change was heard`);
  game.client.close();
}

/** Whether what was played is what a recording is rendered to. */
function compare(game, recording, name) {
  const wave = `${recording}.wav`;
  execFileSync(segue, ["preview", rules, "--recording", recording, "-o", wave], { stdio: "ignore" });
  const rendered = samplesOf(readFileSync(wave));
  const heard = game.heard();
  const silent = heard.findIndex((sample) => sample !== 0);
  const first = silent - (silent % (2 * TICK_SAMPLES));
  let worst = 0;
  let compared = 0;
  let late = 0;
  const end = Math.min(heard.length - first, rendered.length - 2 * LAST);
  for (let i = 2 * FADED; i < end; i += 1) {
    const tick = Math.floor((first + i) / (2 * TICK_SAMPLES));
    if (game.inTime.slice(Math.max(0, tick - FADE_TICKS), tick + FADE_TICKS + 1).includes(false)) {
      late += 1;
      continue;
    }
    worst = Math.max(worst, Math.abs(heard[first + i] - rendered[i]));
    compared += 1;
  }
  const loudest = heard.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  checks.that(loudest > 0.02, `${name}: nothing louder than ${loudest} is heard`);
  checks.that(compared + late > 2 * RATE * (SECONDS - 1), `${name}: only ${(compared + late) / 2} samples were played`);
  checks.that(compared > 2 * RATE, `${name}: ${late / 2} of ${(compared + late) / 2} samples came late`);
  console.log(`${name}: compared ${compared / 2} samples, left out ${late / 2} that came late`);
  checks.that(worst <= TOLERANCE, `${name}: samples differ from the recording's by up to ${worst}`);
}

/** Samples of a WAV file with 24 bits. */
function samplesOf(file) {
  const at = file.indexOf("data") + 8;
  const samples = new Float32Array(Math.floor((file.length - at) / 3));
  for (let i = 0; i < samples.length; i += 1) samples[i] = file.readIntLE(at + 3 * i, 3) / 2 ** 23;
  return samples;
}

async function wrongToken(url, told) {
  const game = new Game(url, { token: "ash-and-ember-and-elm" });
  await game.until(`${url}: the refusal`, () => game.told.some(told));
  checks.that(game.session.welcome === null, `${url}: a wrong token was accepted`);
  game.client.close();
}

const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
const recordings = (name) => {
  const place = join(folder, name);
  mkdirSync(place, { recursive: true });
  return place;
};
const serve = (name, zmtp, web, ...more) => {
  const addresses = ["--bind", `tcp://127.0.0.1:${zmtp}`, "--web-bind", `ws://127.0.0.1:${web}`];
  return new ServiceProcess([segue, "serve", ...addresses, "--record", recordings(name), ...more, rules]);
};
const openService = serve("open", ports[0], ports[1]);
const lockedService = serve("locked", ports[2], ports[3], "--token", TOKEN);
try {
  await Promise.all([openService.start(), lockedService.start()]);
  const games = [
    ["ZMTP NULL", "open", `tcp://127.0.0.1:${ports[0]}`, {}],
    ["WebSocket", "open", `ws://127.0.0.1:${ports[1]}`, { format: "s16le" }],
    ["ZMTP PLAIN", "locked", `tcp://127.0.0.1:${ports[2]}`, { token: TOKEN }],
    ["WebSocket with a token", "locked", `ws://127.0.0.1:${ports[3]}`, { token: TOKEN }],
  ];
  const played = new Map();
  const before = () => ["open", "locked"].flatMap((name) => readdirSync(recordings(name)).map((file) => join(recordings(name), file)));
  // Sessions are started one after another, so that each recording is known; they play at the same time.
  const running = [];
  for (const [name, , url, options] of games) {
    const known = before();
    const game = new Game(url, { lookaheadMs: 3_000, seed: 5, ...options });
    await game.until(`${name}: a recording`, () => before().length > known.length);
    played.set(name, [game, before().find((file) => !known.includes(file)), options]);
    running.push(play(game, name));
  }
  await Promise.all(running);
  await wrongToken(`tcp://127.0.0.1:${ports[2]}`, ({ type, code }) => type === "connection_failed" && code === "token_refused");
  await wrongToken(`ws://127.0.0.1:${ports[3]}`, ({ type, code }) => type === "connection_failed" && code === "token_refused");
  await wrongToken(`tcp://127.0.0.1:${ports[0]}`, ({ type, code }) => type === "connection_failed" && code === "token_not_needed");
  await Promise.all([openService.end("SIGTERM"), lockedService.end("SIGTERM")]);
  for (const [name, [game, recording, { format }]] of played) if (format === undefined) compare(game, recording, name);
} finally {
  await Promise.all([openService.end("SIGKILL"), lockedService.end("SIGKILL")]);
}
checks.end();
