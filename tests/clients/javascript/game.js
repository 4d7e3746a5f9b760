/** A game for checks: a client, an audio clock that moves only when it is told to, and a note of all that is told. */
import { SegueClient } from "../../../engine_sdk/web/src/client.js";
import { Player } from "../../../engine_sdk/web/src/player.js";
import { open } from "./node_transports.js";

const CHANNELS = 2;
const TICK_MS = 10;
export const TICK_SAMPLES = 480;
const GIVE_UP_MS = 200_000;

/** A speaker in this thread, whose clock moves only when a game renders. */
class LocalSpeaker {
  constructor() {
    this.player = new Player();
    this.onPosition = null;
  }

  get position() {
    return this.player.position();
  }

  send(command) {
    this.player.apply(command);
  }
}

export class Game {
  /** @param {string} url @param {object} options - Of the client, and its `token`. */
  constructor(url, options) {
    this.told = [];
    /** What the sound card played, a block of TICK_SAMPLES at a time. */
    this.blocks = [];
    /** Whether each block is from the newest take that begins before it, as in the service's recording. */
    this.inTime = [];
    this.speaker = new LocalSpeaker();
    const isWeb = /^wss?:/.test(url);
    const { token, ...rest } = options;
    // Over ZMTP the token is in the handshake, over WebSocket in `hello`.
    const connect = (address, handlers) => open(address, isWeb ? null : (token ?? null), handlers);
    this.client = new SegueClient(url, this.speaker, connect, isWeb ? { ...rest, token } : rest);
    this.client.on("*", (event) => this.told.push(event));
    /** Where each take begins, of chunks that came too late too. */
    this.entries = new Map();
    const { timeline } = this;
    const write = timeline.write.bind(timeline);
    timeline.write = (number, start, samples, mixed) => {
      this.entries.set(number, Math.min(this.entries.get(number) ?? Infinity, start));
      write(number, start, samples, mixed);
    };
  }

  #followsNewest() {
    const { followed, joined, committed } = this.timeline;
    const begun = [...this.entries].filter(([, start]) => start < committed).map(([number]) => number);
    return joined === null && (followed === null || followed.number === Math.max(...begun));
  }

  get session() {
    return this.client.session;
  }

  get timeline() {
    return this.speaker.player.timeline;
  }

  /** Samples received beyond the clock, in whatever take; `have` leaves out a take that will only be joined. */
  get ahead() {
    const ends = this.timeline.takes.map(({ pieces }) => pieces.at(-1)?.end ?? 0);
    return Math.max(0, ...ends) - this.timeline.committed;
  }

  /** Whether a take goes on for so many samples from here, the one that is heard or another that can be joined. */
  lasts(count) {
    const { committed, have, takes } = this.timeline;
    return have - committed >= count || takes.some((take) => take.lasts(committed, count));
  }

  all(type) {
    return this.told.filter((event) => event.type === type);
  }

  /** Play a block. */
  tick() {
    const block = new Float32Array(CHANNELS * TICK_SAMPLES);
    const before = this.#followsNewest();
    this.speaker.player.render(block);
    this.blocks.push(block);
    this.inTime.push(before && this.#followsNewest());
  }

  /**
   * Call `step` 100 times a second until it is true; wall-clock time only ends what hangs.
   *
   * @param {string | function(): string} what - For the error.
   * @param {function(): boolean} step
   */
  async until(what, step) {
    const end = performance.now() + GIVE_UP_MS;
    while (!step()) {
      if (performance.now() > end) {
        const last = JSON.stringify(this.told.slice(-3));
        throw new Error(`waited in vain for ${typeof what === "function" ? what() : what}; told ${last}`);
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  }

  /** What was played while the clock ran, interleaved. */
  heard() {
    const all = new Float32Array(this.blocks.length * CHANNELS * TICK_SAMPLES);
    this.blocks.forEach((block, i) => all.set(block, i * block.length));
    return all;
  }
}

/** Count checks, and say what failed. */
export class Checks {
  constructor() {
    this.passed = 0;
    this.failed = 0;
  }

  that(is, text) {
    if (is) this.passed += 1;
    else {
      this.failed += 1;
      console.log(`failed: ${text}`);
    }
  }

  /** Each number from 1 to `count` has exactly one receipt, and it was accepted. */
  receipts(game, count, name) {
    const receipts = game.all("receipt");
    const numbers = receipts.map(({ seq }) => seq).sort((a, b) => a - b);
    const expected = Array.from({ length: count }, (_, i) => i + 1);
    this.that(`${numbers}` === `${expected}`, `${name}: expected one receipt for each of ${count} events, got ${numbers.length}`);
    const refused = receipts.find(({ accepted }) => !accepted);
    this.that(refused === undefined, `${name}: event ${refused?.seq}: ${refused?.code} ${refused?.text}`);
  }

  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed > 0 ? 1 : 0;
  }
}
