/**
 * Two kills of the service while 300 events are sent: `node check_kills.js FOLDER SEGUE RULES`.
 *
 * Every event has one receipt, the sample clock never stands, and each event takes effect once: every life of the service
 * records which events it took. The audio clock is virtual: while there is no service it moves by at most OUTAGE_SAMPLES,
 * however slowly the machine starts the next one.
 */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Checks, Game, TICK_SAMPLES } from "./game.js";
import { freePort, ServiceProcess } from "./service_process.js";

const RATE = 48_000;
const EVENTS = 300;
const TICKS_OF_EVENT = 4;
const EVENTS_OF_PING = 10;
const KILLS_AT = [80, 180];
const LOOKAHEAD_MS = 12_000;
const OUTAGE_SAMPLES = 5 * RATE;
const REST = 2 * RATE;

const [folder, segue, rules] = process.argv.slice(2);
const checks = new Checks();
const port = await freePort();
const lives = [1, 2, 3].map((life) => {
  const place = join(folder, `life-${life}`);
  mkdirSync(place, { recursive: true });
  const address = ["--bind", `tcp://127.0.0.1:${port}`];
  const service = new ServiceProcess([segue, "serve", ...address, "--record", place, rules]);
  return { place, service };
});

/** Numbers of the events in a life's recording; a killed service may not have finished the last line. */
function taken(place) {
  return readdirSync(place).flatMap((file) => {
    const lines = readFileSync(join(place, file), "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line));
    return lines.filter(({ op }) => op === "event").map(({ seq }) => seq);
  });
}

try {
  let life = 0;
  await lives[0].service.start();
  const game = new Game(`tcp://127.0.0.1:${port}`, { lookaheadMs: LOOKAHEAD_MS, seed: 5 });
  const { client, session, timeline } = game;
  await game.until("a full buffer", () => timeline.have >= (LOOKAHEAD_MS / 1_000 - 1) * RATE);
  let sent = 0;
  let ticks = 0;
  let wentAt = 0;
  let change = null;
  const next = async () => {
    await lives[life].service.end("SIGKILL");
    life += 1;
    await lives[life].service.start();
    change = null;
  };
  const where = () =>
    `life ${life + 1}, ${session.state}, ${sent} sent, ${game.all("receipt").length} receipts, at ${timeline.committed} of ${timeline.have}`;
  await game.until(() => `the end of the music: ${where()}`, () => {
    const isServed = change === null && session.state === "live" && session.restoring === null;
    if (isServed) {
      if (game.ahead < RATE || !game.lasts(RATE / 10)) return false;
      if (life < KILLS_AT.length && sent >= KILLS_AT[life] && !session.music.isRestoring) {
        wentAt = timeline.committed;
        change = next();
      }
    } else if (timeline.committed >= wentAt + OUTAGE_SAMPLES) return false;
    game.tick();
    if (ticks % TICKS_OF_EVENT === 0 && sent < EVENTS) {
      sent += 1;
      client.set("level", sent / EVENTS);
      // An event with a trigger is never joined with the next, so each has a number of its own.
      client.fire("step");
      if (sent % EVENTS_OF_PING === 0) client.fire("ping");
      checks.that(client.endFrame() === sent, `event ${sent} has another number`);
    }
    ticks += 1;
    const isOver = life === KILLS_AT.length && isServed && game.all("receipt").length >= EVENTS;
    return isOver && timeline.committed >= wentAt + OUTAGE_SAMPLES + REST;
  });
  checks.receipts(game, EVENTS, "kills");
  checks.that(timeline.underruns === 0, `${timeline.underruns} underruns`);
  checks.that(timeline.committed === ticks * TICK_SAMPLES, `the clock stood for ${ticks * TICK_SAMPLES - timeline.committed} samples`);
  const silent = game.blocks.findIndex((block) => block.every((sample) => sample === 0));
  checks.that(silent < 0, `block ${silent} is silent`);
  const restored = game.all("status").filter(({ restore }) => restore > 0);
  checks.that(`${restored.map((status) => status.restored)}` === "all,all", `restored ${restored.map((status) => status.restored)}`);
  // Each life takes every event once, in order, from the first that its cell lacks.
  const before = [0, ...restored.map((status) => status.last_event)];
  lives.forEach(({ place }, i) => {
    const numbers = taken(place);
    const expected = numbers.map((_, j) => before[i] + 1 + j);
    checks.that(`${numbers}` === `${expected}`, `life ${i + 1}: expected events from ${before[i] + 1} on, took ${numbers}`);
    if (i === KILLS_AT.length) checks.that(numbers.at(-1) === EVENTS, `the last life took events to ${numbers.at(-1)}`);
  });
  // After a restart several events may fall into one frame, and only one of them is the cause of its change. What the
  // cell contains must not be heard again; what it lacks may be, if it was heard just before the kill.
  const heard = [];
  const again = [];
  let contained = 0;
  for (const told of game.told) {
    if (told.type === "status" && told.restore > 0) contained = told.last_event;
    if (told.type !== "change_heard" || told.change.to_state !== "heard") continue;
    const [{ seq }] = told.change.causes;
    if (heard.includes(seq)) again.push(seq);
    checks.that(!heard.includes(seq) || seq > contained, `the change of event ${seq} is heard twice`);
    heard.push(seq);
  }
  checks.that(heard.length > 0, "no change is heard");
  const figures = `${heard.length} changes heard, ${again.length} of them again`;
  console.log(`restored with events up to ${before.slice(1)}; ${figures}`);
  game.client.close();
} finally {
  for (const { service } of lives) await service.end("SIGKILL");
}
checks.end();
