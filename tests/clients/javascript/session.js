/**
 * A session as the client sees it: PROTOCOL.md sections 3, 9 and 11.1, over `outbox.js` and `player.js`.
 *
 * It does no I/O and has no clock: bytes go in and out, and `now` is in milliseconds of any clock that only grows.
 */
import { decode, encode, ProtocolError } from "./codec.js";
import { Outbox } from "./outbox.js";
import { LENGTHS } from "./timeline.js";

const HELLO_MS = 1_000;
const PLAYHEAD_MS = 50;
const SILENCE_MS = 5_000;
const MOST_REFUSALS = 3;
const ERROR_MS = 100;
const SAMPLES_PER_MS = 48;
/** A cell is given up when its end is so near to what is played. */
const CELL_MARGIN = 24_000;
const MOST_CHANGES = 1_024;
const PARTS = 2;

export class Session {
  /**
   * @param {object} options - Fields of `hello` beside `versions`.
   * @param {import("./player.js").Player} player
   * @param {function(object): void} tell - Gets what the game is to know: messages of the service, and `heard`, `beat`,
   *   `refused` and `closed`.
   */
  constructor(options, player, tell = () => {}) {
    this.hello = { t: "hello", versions: [1], client: "segue-javascript", ...options };
    this.player = player;
    this.tell = tell;
    this.outbox = new Outbox(tell);
    /** Samples between being rendered and being heard. */
    this.latency = 0;
    /** @type {"offline" | "greeting" | "restoring" | "live" | "closed"} */
    this.state = "offline";
    /** Headers to send, in order; whoever sends them takes them out. @type {Uint8Array[]} */
    this.out = [];
    /** Whether the connection is to be closed when `out` is sent, and until when none is to be opened. */
    this.hasLeft = false;
    this.retryAt = 0;
    this.key = null;
    this.played = 0;
    this.lastChunk = 0;
    this.cells = [];
    this.greatestTake = -1;
    /** The `restore` after a restart that has no answer, and whether a chunk with a cell is yet to come after it. */
    this.restore = null;
    this.holdsCells = false;
    this.isPaused = false;
    /** Controls that every session is to know, by what they change. */
    this.changed = new Map();
    /** Rules and generator that were asked for and not answered. */
    this.asked = {};
    /** The last `error` about `hello`. */
    this.refusal = null;
    this.changes = [];
    this.beats = [];
    /** The last answered `restore` with a blob whose take has not come; its changes so far may not be heard. */
    this.replaced = null;
    this.times = { hello: 0, playhead: 0, received: 0, error: -Infinity };
    this.refusals = 0;
    this.toldPaused = false;
  }

  // --- the game -----------------------------------------------------------------------------------------------------

  set(name, value) {
    this.outbox.set(name, value);
  }

  fire(name) {
    this.outbox.fire(name);
  }

  reset() {
    this.outbox.reset();
  }

  /** End a game frame; its event's number, or 0. */
  endFrame() {
    return this.outbox.endFrame(this.played);
  }

  /** Ask for a blob; `saved` with the returned id brings it. */
  save() {
    return this.outbox.request({ t: "save" });
  }

  /** @param {Uint8Array} blob - From `saved`. */
  load(blob) {
    const { committed } = this.player.timeline;
    return this.outbox.request({ t: "restore", at: committed, take: Math.max(0, this.greatestTake), blob });
  }

  pause() {
    this.setPaused(true);
  }

  resume() {
    this.setPaused(false);
  }

  setPaused(isPaused) {
    if (this.isPaused === isPaused) return;
    this.isPaused = isPaused;
    if (isPaused) this.player.timeline.pause();
    else this.player.timeline.resume();
    this.keepAsked("clock", { op: isPaused ? "pause" : "resume" });
  }

  /** Send a control now, and again after each `welcome` until the game changes it. @param {string} what - It replaces. */
  keepAsked(what, fields) {
    this.changed.set(what, { t: "control", ...fields });
    this.request(this.changed.get(what));
  }

  /** Send a request now, or not at all; whether it was sent. */
  request(message) {
    const isServed = this.state === "live" || this.state === "restoring";
    if (isServed) this.send(message);
    return isServed;
  }

  /** `volume`, `mute` or `unmute`. */
  volume(op, gainDb, rampMs = 0) {
    this.player.volume.control(op, gainDb, rampMs);
    const gain = op === "volume" ? { gain_db: gainDb } : {};
    this.keepAsked(op === "volume" ? "volume" : "mute", { op, ramp_ms: rampMs, ...gain });
  }

  /** Ask for `rules` or `generator` with the fields of `control`; whether there was a session to ask. */
  control(fields) {
    const { op, rules_name, rules_text, generator } = fields;
    if (!this.request({ t: "control", ...fields })) return false;
    if (op === "rules") this.asked = { ...this.asked, rules_name, rules_text };
    if (op === "generator") this.asked = { ...this.asked, generator };
    return true;
  }

  close() {
    if (this.state !== "offline" && this.state !== "closed") this.send({ t: "bye", reason: "quit" });
    this.leave("closed");
  }

  // --- the connection -----------------------------------------------------------------------------------------------

  connected(now) {
    this.state = "greeting";
    this.hasLeft = false;
    this.out = [];
    this.times.received = now;
    this.greet(now);
  }

  disconnected() {
    if (this.state !== "closed") this.state = "offline";
    this.out = [];
  }

  /** What is due now; call it every 10 to 20 ms. */
  update(now) {
    const { timeline } = this.player;
    const heardNow = timeline.standing ? timeline.committed : timeline.committed - this.latency;
    this.played = Math.max(this.played, heardNow);
    this.report();
    if (this.state === "offline" || this.state === "closed") return;
    if (now - this.times.received >= SILENCE_MS) this.leave("offline");
    else if (this.state === "greeting") {
      if (now - this.times.hello >= HELLO_MS) this.greet(now);
    } else {
      if (now - this.times.playhead >= PLAYHEAD_MS || timeline.standing !== this.toldPaused) this.sendPlayhead(now);
      this.dropCells();
      if (this.state === "live") for (const message of this.outbox.due(now)) this.send(message);
    }
  }

  /**
   * Take a message.
   *
   * @param {Uint8Array[]} parts - Header, and payload if there is one.
   * @param {number} now
   */
  receive(parts, now) {
    this.times.received = now;
    let message = null;
    try {
      if (parts.length > PARTS) throw new ProtocolError("payload_mismatch", "expected at most two parts");
      message = decode(parts[0], parts[1] ?? null);
      const handle = HANDLERS[message.t];
      const isDue = this.state !== "greeting" || ["welcome", "error", "bye"].includes(message.t);
      const isOver = this.state === "closed" || this.state === "offline";
      if (handle !== undefined && isDue && !isOver) handle.call(this, message, now);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (now - this.times.error < ERROR_MS) return;
      this.times.error = now;
      const about = { about: message?.t ?? "", seq: message?.seq ?? message?.id ?? 0 };
      this.send({ t: "error", code: error.code, text: error.message.slice(0, 300), ...about });
    }
  }

  send(message) {
    this.out.push(encode(message));
  }

  leave(state) {
    this.state = state;
    this.hasLeft = true;
  }

  greet(now) {
    this.times.hello = now;
    const resume = this.key === null ? {} : { resume: this.key, last_chunk: this.lastChunk };
    this.send({ ...this.hello, ...resume });
  }

  sendPlayhead(now) {
    const { timeline } = this.player;
    this.times.playhead = now;
    this.toldPaused = timeline.standing;
    this.send({
      t: "playhead",
      played: this.played,
      committed: timeline.committed,
      have: timeline.have,
      paused: timeline.standing,
      last_chunk: this.lastChunk,
      underruns: timeline.underruns,
      late: timeline.late,
      dropped: timeline.dropped,
    });
  }

  // --- restarts -----------------------------------------------------------------------------------------------------

  welcome(message, now) {
    if (this.state !== "greeting") return;
    const isFirst = this.key === null;
    const isNew = !message.resumed;
    this.key = message.key;
    this.refusals = 0;
    this.refusal = null;
    this.player.timeline.lengths.preRoll = Math.min(LENGTHS.preRoll, message.lookahead_ms * SAMPLES_PER_MS);
    this.outbox.declare(message.rules);
    this.outbox.connected(now, message.limits.events_per_second, isNew);
    if (isNew) this.lastChunk = 0;
    if (isNew && !isFirst) this.startRestore();
    this.state = this.restore === null ? "live" : "restoring";
    if (this.restore !== null) this.send(this.restore);
    this.sendPlayhead(now);
    for (const control of this.changed.values()) this.send(control);
    this.tell(message);
  }

  startRestore() {
    const { committed } = this.player.timeline;
    const first = this.cells[0];
    const at = Math.max(first?.end ?? 0, committed);
    this.restore = { t: "restore", id: this.outbox.nextId(), at, take: Math.max(0, this.greatestTake), cell: first?.cell };
    this.holdsCells = true;
    this.changes = this.changes.filter((change) => change.heardAt < this.restore.at);
    this.player.stingers.cancelFrom(this.restore.at, committed);
  }

  /** @param {number} lastEvent @param {boolean} isEmpty - Whether nothing was restored. */
  restored(lastEvent, isEmpty) {
    this.restore = null;
    this.state = "live";
    if (isEmpty) this.cells = [];
    this.outbox.restored(lastEvent, isEmpty ? this.played : null);
  }

  addCell({ take, start, count, cell, last_event: lastEvent }) {
    if (cell === undefined) return;
    if (this.holdsCells) this.cells = this.cells.slice(0, 1);
    this.holdsCells = false;
    this.cells = this.cells.filter((other) => other.end <= start);
    this.cells.push({ end: start + count, cell, lastEvent, take });
  }

  /** The first cell is the one to restore from: about half a second ahead of what is heard. */
  dropCells() {
    if (this.holdsCells) return;
    const until = this.player.timeline.committed + CELL_MARGIN;
    for (let next = 0; next >= 0 && this.cells.length > 0 && this.cells[0].end < until; ) {
      // Events that the first contains are forgotten already, so one that contains fewer cannot take its place.
      // A newer cell may still come for one whose end is not reached.
      next = this.cells.findIndex(({ lastEvent }, i) => i > 0 && lastEvent >= this.cells[0].lastEvent);
      if (next > 0 && this.cells[next - 1].end >= until) break;
      if (next > 0) this.cells.splice(0, next);
    }
    if (this.cells.length > 0) this.outbox.trim(this.cells);
  }

  // --- what is heard ------------------------------------------------------------------------------------------------

  /** Tell the changes and beats that `played` has reached. */
  report() {
    if (this.player.timeline.standing) return;
    for (const change of this.changes) {
      if (change.isHeard || change.message.kind !== "rendered" || change.heardAt > this.played) continue;
      change.isHeard = true;
      this.tell({ ...change.message, t: "heard" });
    }
    while (this.beats.length > 0 && this.beats[0].at <= this.played) this.tell({ t: "beat", ...this.beats.shift() });
  }

  change(message) {
    const causes = message.causes.map((cause) => ({ ...cause, seq: this.outbox.numberOf(cause.seq) }));
    message = { ...message, causes };
    const known = this.changes.find((other) => {
      return other.message.layer === message.layer && other.message.decided === message.decided;
    });
    if (known === undefined) this.changes.push({ message, heardAt: message.audible, isHeard: false });
    else if (!known.isHeard) Object.assign(known, { message, heardAt: message.audible });
    this.changes = this.changes.slice(-MOST_CHANGES);
    this.tell(message);
  }

  chunk(message) {
    const { committed, lengths } = this.player.timeline;
    if (message.take > this.greatestTake) {
      if (this.replaced !== null) {
        const gone = this.replaced;
        this.changes = this.changes.filter((change) => !gone.includes(change) || change.heardAt < message.start);
        this.replaced = null;
      }
      for (const change of this.changes) {
        if (change.heardAt >= message.start && change.heardAt < committed) change.heardAt = committed + lengths.join;
      }
    }
    this.lastChunk = message.seq;
    this.addCell(message);
    this.greatestTake = Math.max(this.greatestTake, message.take);
    this.player.receive(message);
  }

  clock({ start, beats }) {
    this.beats = [...this.beats.filter((beat) => beat.at < start), ...beats];
  }

  status(message) {
    if (this.restore !== null && message.restore === this.restore.id) {
      this.restored(message.last_event, message.restored === "nothing");
    } else if (message.restore > 0 && this.outbox.answered("restore", message.restore, this.greatestTake)) {
      this.replaced = [...this.changes];
    }
    if (message.level === 0 && message.generator === this.asked.generator) {
      this.hello.generator = message.generator;
      this.asked.generator = undefined;
    }
    this.tell(message);
  }

  rules(message) {
    const { rules_name, rules_text } = this.asked;
    this.asked = { generator: this.asked.generator };
    if (message.declaration !== undefined) {
      if (rules_name !== undefined || rules_text !== undefined) Object.assign(this.hello, { rules_name, rules_text });
      this.outbox.declare(message.declaration);
      this.outbox.values.clear();
    }
    this.tell(message);
  }

  error(message, now) {
    if (message.about === "hello") this.refusal = message;
    if (message.code === "unknown_rules") this.asked = { generator: this.asked.generator };
    if (message.code === "unknown_generator") this.asked.generator = undefined;
    if (this.state === "greeting" && message.about === "hello") {
      this.refusals += 1;
      if (this.refusals >= MOST_REFUSALS) this.end("refused", "");
    } else if (message.code === "no_session" && this.state !== "greeting") {
      this.state = "greeting";
      this.greet(now);
    } else if (message.about === "restore" && this.restore?.id === message.seq) this.restored(0, true);
    else if (message.about === "restore" || message.about === "save") {
      this.outbox.answered(message.about, message.seq, this.greatestTake);
    }
    this.tell(message);
  }

  bye(message, now) {
    this.refusals = 0;
    this.tell(message);
    if (message.retry_ms === undefined) this.end(message.reason, message.text);
    else {
      this.refusal = null;
      this.retryAt = now + message.retry_ms;
      this.leave("offline");
    }
  }

  end(reason, text) {
    this.leave("closed");
    this.tell({ t: "closed", reason, code: this.refusal?.code ?? "", text: text || (this.refusal?.text ?? "") });
  }
}

const HANDLERS = {
  welcome: Session.prototype.welcome,
  chunk: Session.prototype.chunk,
  change: Session.prototype.change,
  clock: Session.prototype.clock,
  status: Session.prototype.status,
  rules: Session.prototype.rules,
  error: Session.prototype.error,
  bye: Session.prototype.bye,
  receipt(message, now) {
    this.outbox.receipt(message, now);
  },
  cell({ end, cell, last_event: lastEvent }) {
    const known = this.cells.find((other) => other.end === end);
    if (known !== undefined) Object.assign(known, { cell, lastEvent });
  },
  saved(message) {
    if (this.outbox.answered("save", message.id)) this.tell(message);
  },
  stinger(message) {
    if (this.hello.stingers !== "included") this.player.receive(message);
    this.tell({ ...message, payload: undefined });
  },
};
