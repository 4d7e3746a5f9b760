/**
 * A client's session without a socket or a clock: calls and received parts in, messages and client events out.
 *
 * The caller owns the transport and the timeline. It calls `tick` at least every 50 ms and `endFrame` once per game
 * frame, sends what `toSend` returns, passes chunks and stingers from `clientEvents` to the timeline, and reconnects
 * after `lost`. Times are in seconds of any clock that only grows. PROTOCOL.md sections 3, 4, 9 and 11.
 */
import { checked, decode, encode, typeOf } from "../protocol/codec.js";
import { HELLO_AGAIN_S, MOST_REFUSED_HELLOS, REPORT_S, SILENCE_S, VERSION } from "../protocol/limits.js";
import { ProtocolError } from "../protocol/protocol_error.js";
import { EventOutbox } from "./event_outbox.js";
import { Handshake, RefusalLimiter, TRANSITIONS, versionMismatch } from "./handshake.js";
import { PendingRequests } from "./pending_requests.js";
import { ReceivedMusic } from "./received_music.js";
import { inOrder, SendQueue } from "./send_queue.js";
import { BeatTracker, ChangeTracker, StingerTracker } from "./trackers.js";

/**
 * @typedef {import("../protocol/codec.js").Message} Message
 * @typedef {import("./client_event.js").ClientEvent} ClientEvent
 * @typedef {import("./handshake.js").ClientState} ClientState
 * @typedef {import("./handshake.js").Signal} Signal
 * @typedef {import("../player.js").PlaybackPosition} PlaybackPosition
 */

/** @type {PlaybackPosition} */
const START = { played: 0, committed: 0, have: 0, standing: true, underruns: 0, late: 0, dropped: 0 };

export class ClientSession {
  /** @param {Message} hello - What the game wants of the session. */
  constructor(hello) {
    /** @type {ClientState} */
    this.state = "offline";
    /** The last `welcome`. @type {Message | null} */
    this.welcome = null;
    this.handshake = new Handshake(hello);
    this.outbox = new EventOutbox();
    this.requests = new PendingRequests();
    this.queue = new SendQueue((seq) => this.outbox.take(seq), (id) => this.request(id));
    this.refusals = new RefusalLimiter();
    this.beats = new BeatTracker();
    this.changes = new ChangeTracker();
    this.stingers = new StingerTracker();
    this.music = new ReceivedMusic();
    this.position = START;
    /** @type {Message[]} */
    this.sending = [];
    /** @type {ClientEvent[]} */
    this.events = [];
    /** The `restore` after a restart that has no answer. @type {Message | null} */
    this.restoring = null;
    /** The last `error` about `hello`. @type {Message | null} */
    this.refusedHello = null;
    this.hellosRefused = 0;
    this.nowS = 0;
    this.receivedS = 0;
    this.helloSentS = 0;
    this.reportedS = 0;
  }

  // --- output --------------------------------------------------------------------------------------------------------

  /** The headers of the messages since the last call, in order. @returns {Uint8Array[]} */
  toSend() {
    return this.sending.splice(0).map(encode);
  }

  /** The client events since the last call, in order. @returns {ClientEvent[]} */
  clientEvents() {
    return this.events.splice(0);
  }

  /** Events without a receipt. */
  get waiting() {
    return this.outbox.unanswered;
  }

  /** Events with a receipt that are kept in case the service is killed. */
  get unconfirmed() {
    return this.outbox.unconfirmed;
  }

  /** The beats that are announced and not reported as heard yet; fields as of `beat_heard`. */
  get upcomingBeats() {
    return this.beats.upcoming;
  }

  // --- calls of the game ---------------------------------------------------------------------------------------------

  /** Set an input; the last value of a game frame counts. @param {string} name @param {unknown} value @throws {InputError} */
  set(name, value) {
    this.outbox.set(name, value);
  }

  /** Fire a trigger. @param {string} name @throws {InputError} */
  fire(name) {
    this.outbox.fire(name);
  }

  /** Return inputs and states to the start, as part of the game frame's event. @throws {InputError} */
  reset() {
    this.outbox.reset();
  }

  /**
   * End a game frame: what was reset, set and fired in it becomes one event at the sample heard now.
   *
   * @param {number} [played] - That sample, where it is known to be later than at the last `tick`.
   * @returns {number} The event's number; 0 if nothing changed, since a value that an input has already is not sent again.
   */
  endFrame(played = 0) {
    const framed = this.outbox.flush(Math.max(this.position.played, played), this.queue.tail);
    if (framed === null) return 0;
    this.queue.put(framed.number, framed.replaced);
    this.sending.push(...this.queue.due(this.nowS));
    return framed.number;
  }

  /** Request the music as a blob. @returns {number} The id of the `saved` or `error` that answers. */
  save() {
    return this.ask({ type: "save", id: this.requests.number() });
  }

  /**
   * Continue from a saved blob.
   *
   * @param {Uint8Array} blob
   * @returns {number} The id of the `status` or `error` that answers.
   * @throws {ProtocolError} It is no blob.
   */
  restore(blob) {
    const request = checked("restore", { id: 1, at: this.position.committed, take: this.music.take, blob });
    this.outbox.restored();
    return this.ask({ ...request, id: this.requests.number() });
  }

  /** Tell the service that the game is paused, or continues. The timeline's owner pauses the timeline. */
  setPaused(/** @type {boolean} */ isPaused) {
    this.control(checked("control", { op: isPaused ? "pause" : "resume" }));
  }

  /** Send a control now, or not at all; whether it was sent. @param {Message} control */
  control(control) {
    this.handshake.noteChange(control);
    const isLive = this.state === "live" || this.state === "restoring";
    if (isLive) {
      this.handshake.asked(control);
      this.sending.push(control);
    }
    return isLive;
  }

  /** End the session. */
  close() {
    if (this.state === "live" || this.state === "restoring") this.sending.push({ type: "bye", reason: "quit" });
    if (this.move("ended")) this.events.push({ type: "closed", reason: "quit", text: "", code: "" });
  }

  // --- transport and time --------------------------------------------------------------------------------------------

  /** Begin the handshake on a new connection. @param {number} nowS */
  connected(nowS) {
    if (!this.move("connected")) return;
    this.nowS = nowS;
    this.beginHandshake();
  }

  /** Report that the connection is gone. @param {string} [reason] */
  disconnected(reason = "the connection broke") {
    this.disconnect(reason);
  }

  /** Let time pass: send the playhead, report what was heard, notice a silent service. @param {number} nowS @param {PlaybackPosition} position */
  tick(nowS, position) {
    this.nowS = nowS;
    if (position.underruns > this.position.underruns) this.events.push({ type: "underrun", count: position.underruns });
    const stood = this.position.standing;
    this.position = position;
    this.release();
    if (!position.standing) {
      for (const tracker of [this.beats, this.changes, this.stingers]) this.events.push(...tracker.reach(position.played));
    }
    const isConnected = this.state !== "offline" && this.state !== "closed";
    if (isConnected && nowS - this.receivedS >= SILENCE_S) this.disconnect(`no message for ${SILENCE_S} s`);
    if (this.state === "greeting" && nowS - this.helloSentS >= HELLO_AGAIN_S) this.sendHello();
    const isDue = position.standing !== stood || nowS - this.reportedS >= REPORT_S;
    if (isDue && (this.state === "live" || this.state === "restoring")) this.report();
    if (this.state === "live") this.sending.push(...this.queue.due(nowS));
  }

  /** Take the parts of one message. Nothing is thrown, whatever they hold. @param {Uint8Array[]} parts @param {number} nowS */
  receive(parts, nowS) {
    if (this.state === "offline" || this.state === "closed") return;
    this.nowS = nowS;
    this.receivedS = nowS;
    let message;
    try {
      message = decode(parts);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (error.code === "unsupported_version" && this.state === "greeting") {
        this.endForVersion(`the service speaks another version of the protocol: ${error.message}`);
      } else this.refuse(error, typeOf(parts));
      return;
    }
    if (this.state === "greeting" && !["welcome", "error", "bye"].includes(message.type)) return;
    const handler = HANDLERS[message.type];
    if (handler === undefined) this.refuse(new ProtocolError("unexpected", `not while ${this.state}`), typeOf(parts));
    else handler.call(this, message);
  }

  /** Answer a chunk or a part of a stinger whose samples cannot be played. @param {Message} message @param {ProtocolError} error */
  refuseSamples(message, error) {
    this.refuse(error, { about: message.type, seq: message.type === "chunk" ? message.seq : message.id });
  }

  // --- handlers of messages ------------------------------------------------------------------------------------------

  /** @param {Message} welcome */
  onWelcome(welcome) {
    if (this.state !== "greeting") return;
    if (welcome.version !== VERSION) {
      this.endForVersion(`the service chose version ${welcome.version} of the protocol`);
      return;
    }
    const isFirst = this.welcome === null;
    this.welcome = welcome;
    if (!isFirst && !welcome.resumed) this.beginRestoring();
    this.move(this.restoring === null ? "welcomed" : "welcomed_new");
    this.refusedHello = null;
    this.hellosRefused = 0;
    this.events.push({ type: "live", welcome: fieldsOf(welcome), resumed: welcome.resumed });
    this.events.push(...this.outbox.declare(welcome.rules.inputs));
    if (this.restoring !== null) this.sending.push(this.restoring);
    this.report();
    this.sending.push(...this.handshake.changes());
    if (this.restoring === null) this.sendWaiting();
  }

  /** @param {Message} receipt */
  onReceipt(receipt) {
    const { events, resend } = this.outbox.receipted(receipt);
    this.queue.receipted(receipt.seq, receipt.code !== "rate_limited");
    this.events.push(...events);
    if (resend === 0) return;
    this.queue.refused(this.nowS);
    this.queue.put(resend);
  }

  /** @param {Message} chunk */
  onChunk(chunk) {
    this.music.received(chunk);
    this.release();
    this.changes.chunk(chunk, this.position.committed);
    this.events.push(chunk);
  }

  /** @param {Message} cell */
  onCell(cell) {
    this.music.renewed(cell);
    this.release();
  }

  /** @param {Message} clock */
  onClock(clock) {
    this.beats.take(clock);
  }

  /** @param {Message} rules */
  onRules(rules) {
    this.handshake.rules(rules);
    this.events.push(rules);
    if (rules.declaration !== null) this.events.push(...this.outbox.declare(rules.declaration.inputs));
  }

  /** @param {Message} message */
  onChange(message) {
    const causes = message.causes.map((/** @type {{seq: number}} */ cause) => {
      return { ...cause, seq: this.outbox.gameNumber(cause.seq) };
    });
    const change = { ...message, causes };
    this.changes.change(change);
    this.events.push(change);
  }

  /** @param {Message} status */
  onStatus(status) {
    if (this.requests.answered(status.restore, this.music.take)) this.changes.restored(this.music.take);
    this.handshake.status(status);
    this.events.push(status);
    if (this.restoring === null || status.restore !== this.restoring.id) return;
    this.restored(status.last_event, status.restored === "all" || status.restored === "rules");
  }

  /** @param {Message} saved */
  onSaved(saved) {
    if (this.requests.answered(saved.id, this.music.take)) this.events.push(saved);
  }

  /** @param {Message} error */
  onError(error) {
    if (error.about === "save" || error.about === "restore") this.requests.refused(error.seq);
    if (error.code === "no_session") {
      // After another handshake, further answers to what was under way mean nothing new.
      if (this.move("unknown")) this.beginHandshake();
      return;
    }
    this.handshake.refused(error);
    this.events.push(error);
    if (error.about === "hello" && this.state === "greeting") {
      this.refusedHello = error;
      this.hellosRefused += 1;
      if (this.hellosRefused === MOST_REFUSED_HELLOS) this.endRefused("refused", error.text);
    }
    if (this.restoring !== null && error.seq === this.restoring.id) this.restored(0, false);
  }

  /** @param {Message} bye */
  onBye(bye) {
    this.hellosRefused = 0;
    if (bye.retry_ms === null) this.endRefused(bye.reason, bye.text);
    else {
      this.refusedHello = null;
      this.disconnect(bye.reason, bye.retry_ms);
    }
  }

  /** @param {Message} stinger */
  onStinger(stinger) {
    this.stingers.take(stinger, this.position.committed);
    this.events.push(stinger);
  }

  // --- steps of several handlers -------------------------------------------------------------------------------------

  /** Follow a transition; false if the table has none. @param {Signal} signal */
  move(signal) {
    const next = TRANSITIONS[this.state][signal];
    if (next === undefined) return false;
    this.state = next;
    return true;
  }

  /** @param {string} reason @param {number} [retryMs] */
  disconnect(reason, retryMs = 0) {
    const wasOffline = this.state === "offline";
    if (!this.move("lost") || wasOffline) return;
    this.sending = [];
    this.holdBack();
    this.events.push({ type: "lost", reason, retry_ms: retryMs });
  }

  beginHandshake() {
    this.receivedS = this.nowS;
    this.sending = [];
    this.holdBack();
    this.sendHello();
  }

  sendHello() {
    this.helloSentS = this.nowS;
    this.sending.push(this.handshake.hello(this.welcome?.key ?? null, this.music.lastChunk));
  }

  /** Send a playhead. */
  report() {
    const { played, committed, have, standing, underruns, late, dropped } = this.position;
    this.reportedS = this.nowS;
    this.sending.push({
      type: "playhead",
      played: Math.min(played, committed),
      committed,
      have: Math.max(have, committed),
      paused: standing,
      last_chunk: this.music.lastChunk,
      underruns,
      late,
      dropped,
    });
  }

  /** Ask a restarted service to continue from a cell. */
  beginRestoring() {
    this.requests.restarted();
    this.restoring = this.music.restore(this.requests.number(), this.position.committed);
    this.changes.restarted(this.restoring.at);
    this.events.push(...this.stingers.restarted(this.restoring.at));
  }

  /**
   * Continue after the answer to a restore with what the restored session lacks.
   *
   * @param {number} lastEvent - The last event that it contains.
   * @param {boolean} knowsValues - Whether it knows the inputs' values.
   */
  restored(lastEvent, knowsValues) {
    if (!this.move("restored")) return;
    this.restoring = null;
    this.outbox.restarted(lastEvent);
    if (!knowsValues) {
      this.music.forgetCells();
      this.outbox.sendAllValues(this.position.played);
    }
    this.sendWaiting();
  }

  /** Forget cells that end too early to restore from, and what the first of the others contains. */
  release() {
    this.music.reach(this.position.committed);
    this.outbox.contained(this.music.lastEvents);
    this.requests.contained(this.music.restoredTake);
  }

  /** Send what has no answer yet, in the game's order, over a new connection. */
  sendWaiting() {
    this.queue.begin(this.unanswered(), this.welcome?.limits.events_per_second, this.nowS);
    this.sending.push(...this.queue.due(this.nowS));
  }

  /** Without a session, keep all that has no answer, in the game's order. */
  holdBack() {
    this.queue.stop(this.unanswered());
  }

  unanswered() {
    return inOrder([...this.outbox.waiting.keys()], this.requests.waiting());
  }

  /** @param {number} id */
  request(id) {
    return this.requests.message(id, this.position.committed, this.music.take);
  }

  /** End the session as the service asks, with the code of its last error about `hello` if there was one. */
  endRefused(/** @type {string} */ reason, /** @type {string} */ text) {
    const refused = this.refusedHello;
    this.refusedHello = null;
    if (refused?.code === "unsupported_version") this.endForVersion(refused.text || text);
    else if (this.move("ended")) {
      this.events.push({ type: "closed", reason, text: text || (refused?.text ?? ""), code: refused?.code ?? "" });
    }
  }

  /** End the session because the two sides share no version of the protocol. @param {string} text - Of the service. */
  endForVersion(text) {
    this.sending.push({ type: "bye", reason: "refused", text: `this client speaks version ${VERSION}` });
    if (!this.move("ended")) return;
    const code = "unsupported_version";
    this.events.push({ type: "closed", reason: code, text: versionMismatch(text), code });
  }

  /** @param {Message} request */
  ask(request) {
    this.queue.put(this.requests.ask(request, this.outbox.last));
    this.sending.push(...this.queue.due(this.nowS));
    return /** @type {number} */ (request.id);
  }

  /** Report an invalid message to the game, and to the service unless too often. @param {ProtocolError} error @param {{about: string, seq: number}} what */
  refuse(error, { about, seq }) {
    this.events.push({ type: "message_refused", code: error.code, text: error.message });
    this.sending.push(...this.refusals.answer(error, about, seq, this.nowS));
  }
}

/** A message's fields without its type. @param {Message} message */
function fieldsOf({ type, payload, ...fields }) {
  return fields;
}

/** @type {{[type: string]: (this: ClientSession, message: Message) => void}} */
const HANDLERS = {
  welcome: ClientSession.prototype.onWelcome,
  receipt: ClientSession.prototype.onReceipt,
  chunk: ClientSession.prototype.onChunk,
  rules: ClientSession.prototype.onRules,
  cell: ClientSession.prototype.onCell,
  clock: ClientSession.prototype.onClock,
  status: ClientSession.prototype.onStatus,
  saved: ClientSession.prototype.onSaved,
  error: ClientSession.prototype.onError,
  bye: ClientSession.prototype.onBye,
  change: ClientSession.prototype.onChange,
  stinger: ClientSession.prototype.onStinger,
};
