/**
 * A game's client of a Segue service: a session over one connection after another (PROTOCOL.md sections 1.1 and 11.4).
 *
 * It knows neither a transport nor a sound card: it is given both.
 */
import { checked } from "./protocol/codec.js";
import { PRE_ROLL, SAMPLE_RATE, SILENCE_S, TOKEN_BYTES, VERSION } from "./protocol/limits.js";
import { ProtocolError } from "./protocol/protocol_error.js";
import { ClientSession } from "./session/client_session.js";
import { samplesOf } from "./timeline/pcm.js";
import { failureText, RetrySchedule } from "./transport/retry_schedule.js";

/**
 * @typedef {import("./session/client_event.js").ClientEvent} ClientEvent
 * @typedef {import("./session/handshake.js").ClientState} ClientState
 * @typedef {import("./protocol/codec.js").Message} Message
 * @typedef {import("./player.js").PlaybackPosition} PlaybackPosition
 * @typedef {import("./player.js").PlayerCommand} PlayerCommand
 * @typedef {import("./transport/retry_schedule.js").FailureCode} FailureCode
 * @typedef {import("./transport/websocket.js").Transport} Transport
 * @typedef {import("./transport/websocket.js").TransportHandlers} TransportHandlers
 */

/**
 * What plays the music: a player here, or one in an AudioWorklet.
 *
 * @typedef {object} Speaker
 * @property {PlaybackPosition} position - As of its last report.
 * @property {(command: PlayerCommand) => void} send - The samples of a command are the speaker's from then on.
 * @property {(() => void) | null} onPosition - Called after each report of a position.
 */

/**
 * What a game wants of its session.
 *
 * @typedef {object} SessionOptions
 * @property {string} [rules] - Name of a rule file that the service knows; absent: its default.
 * @property {string} [rulesText] - A rule file's text, instead.
 * @property {string} [generator] - What is to play; absent: the service's default.
 * @property {number} [seed] - Of the music; absent: the rule file's.
 * @property {number} [lookaheadMs] - How much music to buffer, 200 to 30 000 ms; absent: the service's default.
 * @property {"f32le" | "s16le"} [format] - Of samples on the wire; `s16le` halves 375 kB a second.
 * @property {string} [token] - The service's, if it needs one.
 * @property {string} [client] - Name and version of the game, for logs.
 */

const UPDATE_MS = 20;
const RETRY_S = 0.2;
const NO_ANSWER_S = 20;

/** One attempt to connect, and the connection that follows. */
class Connection {
  /** @param {number} nowS */
  constructor(nowS) {
    this.sinceS = nowS;
    this.isAccepted = false;
    this.isOpen = false;
    /** Whether the session was welcomed over it. */
    this.isLive = false;
    /** Whether the service refused the token. */
    this.isRefused = false;
    /** @type {Transport | null} */
    this.transport = null;
  }
}

export class SegueClient {
  /**
   * Begin to connect; the service may start before or after the client.
   *
   * @param {string} url - Where the service listens.
   * @param {Speaker} speaker
   * @param {(url: string, handlers: TransportHandlers) => Transport} open - Opens a connection.
   * @param {SessionOptions} [options]
   * @throws {ProtocolError} An option is out of its range.
   */
  constructor(url, speaker, open, options = {}) {
    this.url = url;
    this.speaker = speaker;
    this.open = open;
    this.session = new ClientSession(helloOf(options));
    this.retries = new RetrySchedule();
    /** @type {Connection | null} */
    this.connection = null;
    this.nextAttemptS = 0;
    this.isFrameOpen = false;
    /** @type {Map<string, Set<(event: ClientEvent) => void>>} */
    this.callbacks = new Map();
    /** Saves and restores without an answer. @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
    this.requests = new Map();
    speaker.onPosition = () => this.update();
    this.timer = setInterval(() => this.update(), UPDATE_MS);
    this.update();
  }

  // --- inputs --------------------------------------------------------------------------------------------------------

  /**
   * Set an input of the rules; a value that it has already is not sent again.
   *
   * Before the service is there, the call is kept and checked as soon as the rules are known. If they do not take it,
   * the event `input_refused` says so.
   *
   * @param {string} name - As the rule file declares it.
   * @param {number | string | boolean} value - Numbers beyond the range are clamped by the service.
   * @throws {InputError} The rules have no such input, it does not take the value, or too much waits for the service.
   */
  set(name, value) {
    this.session.set(name, value);
    this.#openFrame();
  }

  /** Fire a trigger of the rules; each call counts. @param {string} name @throws {InputError} */
  fire(name) {
    this.session.fire(name);
    this.#openFrame();
  }

  /**
   * Return all inputs and states to what they were at the start, such as for a new game; the music goes on.
   *
   * What was set and fired before it in the same frame has no effect; what is set and fired after it has.
   *
   * @throws {InputError} Too much waits for the service.
   */
  reset() {
    this.session.reset();
    this.#openFrame();
  }

  /**
   * Make one event of what was reset, set and fired since the last call: it takes effect together.
   *
   * A game need not call it: what it sets and fires in one task, such as a callback of `requestAnimationFrame`, is one
   * event by itself.
   *
   * @param {number} [at] - The sample position at which it is to take effect, up to ten seconds ahead; absent: as early
   *   as possible.
   * @returns {number} The event's number, which its `receipt` and the causes of changes bear; 0 if nothing changed.
   */
  endFrame(at = 0) {
    this.isFrameOpen = false;
    const number = this.session.endFrame(Math.max(at, this.speaker.position.played));
    this.#flush();
    return number;
  }

  #openFrame() {
    if (this.isFrameOpen) return;
    this.isFrameOpen = true;
    queueMicrotask(() => {
      if (this.isFrameOpen) this.endFrame();
    });
  }

  // --- client events -------------------------------------------------------------------------------------------------

  /**
   * Call back for each client event of a type.
   *
   * @param {string} type - As in `ClientEvent`; "*" for all.
   * @param {(event: any) => void} callback
   * @returns {() => void} Ends it.
   */
  on(type, callback) {
    const callbacks = this.callbacks.get(type) ?? new Set();
    this.callbacks.set(type, callbacks.add(callback));
    return () => callbacks.delete(callback);
  }

  /** The state of the connection to the service. @returns {ClientState} */
  get state() {
    return this.session.state;
  }

  /** Where playback stands. @returns {PlaybackPosition} */
  get position() {
    return this.speaker.position;
  }

  /** The beats ahead that are announced and not heard yet; fields as of `beat_heard`. @returns {ClientEvent[]} */
  upcomingBeats() {
    const { played } = this.speaker.position;
    return this.session.upcomingBeats.filter(({ at }) => at > played);
  }

  // --- the session ---------------------------------------------------------------------------------------------------

  /** Request the music as a blob for a save game; it may take until the service is there. @returns {Promise<Uint8Array>} Rejected if the service refuses, or the session ends. */
  save() {
    return this.#answerOf(this.session.save());
  }

  /**
   * Continue from a saved blob.
   *
   * @param {Uint8Array} blob - From `save`.
   * @returns {Promise<"all" | "rules" | "nothing">} What was restored: rules and sound, the rules alone, neither.
   */
  async restore(blob) {
    return this.#answerOf(this.session.restore(blob));
  }

  /** Fade out and stop the music's time until `resume`. */
  pause() {
    this.#setPaused(true);
  }

  /** Continue where `pause` stopped. */
  resume() {
    this.#setPaused(false);
  }

  /** Change the music's volume. @param {number} gainDb - -96, which is silence, to 12. @param {number} [rampMs] */
  setVolume(gainDb, rampMs = 0) {
    this.#changeGain(checked("control", { op: "volume", gain_db: gainDb, ramp_ms: rampMs }));
  }

  /** Mute the music and keep the volume, or unmute it. @param {boolean} isMuted @param {number} [rampMs] */
  setMuted(isMuted, rampMs = 0) {
    this.#changeGain(checked("control", { op: isMuted ? "mute" : "unmute", ramp_ms: rampMs }));
  }

  /** Ask for another rule file, by its name or as text; `rules` or `error` answers. @param {{name?: string, text?: string}} rules @returns {boolean} Whether there is a session to ask. */
  useRules({ name, text }) {
    return this.#control(checked("control", { op: "rules", rules_name: name, rules_text: text }));
  }

  /** Ask for another generator; `status` or `error` answers. @param {string} generator @returns {boolean} Whether there is a session to ask. */
  useGenerator(generator) {
    return this.#control(checked("control", { op: "generator", generator }));
  }

  /** End the session; in any state, any number of times. */
  close() {
    clearInterval(this.timer);
    this.session.close();
    this.#flush();
    this.#tellAll();
    this.connection?.transport?.close();
    this.connection = null;
  }

  /** @param {boolean} isPaused */
  #setPaused(isPaused) {
    this.speaker.send({ do: isPaused ? "pause" : "resume" });
    this.session.setPaused(isPaused);
    this.#flush();
  }

  /** @param {Message} control */
  #changeGain(control) {
    this.speaker.send({ do: control.op, gain_db: control.gain_db ?? 0, ramp_ms: control.ramp_ms });
    this.#control(control);
  }

  /** @param {Message} control */
  #control(control) {
    const isSent = this.session.control(control);
    this.#flush();
    return isSent;
  }

  /** @param {number} id @returns {Promise<any>} */
  #answerOf(id) {
    this.#flush();
    if (this.session.state === "closed") return Promise.reject(new Error("the session has ended"));
    return new Promise((resolve, reject) => this.requests.set(id, { resolve, reject }));
  }

  // --- the connection ------------------------------------------------------------------------------------------------

  /** Let time pass; the client calls it by itself, with each position and every 20 ms. */
  update() {
    const nowS = performance.now() / 1_000;
    if (this.connection === null && this.session.state !== "closed" && nowS >= this.nextAttemptS) this.#connect(nowS);
    this.session.tick(nowS, this.speaker.position);
    this.#flush();
    this.#tellAll();
    const { connection } = this;
    if (connection === null || connection.isOpen || nowS - connection.sinceS < SILENCE_S) return;
    if (!connection.isAccepted) this.#give("unreachable");
    else if (nowS - connection.sinceS >= NO_ANSWER_S) this.#give("no_answer");
    else if (this.retries.report("no_answer")) this.#tellFailure("no_answer");
  }

  /** @param {number} nowS */
  #connect(nowS) {
    const connection = new Connection(nowS);
    this.connection = connection;
    const isCurrent = () => this.connection === connection;
    connection.transport = this.open(this.url, {
      onAccept: () => {
        connection.isAccepted = true;
      },
      onOpen: () => {
        if (!isCurrent()) return;
        connection.isOpen = true;
        this.session.connected(performance.now() / 1_000);
        this.#flush();
      },
      onMessage: (parts) => {
        if (!isCurrent()) return;
        this.session.receive(parts, performance.now() / 1_000);
        this.#flush();
        this.#tellAll();
      },
      onEnd: (code) => {
        if (isCurrent()) this.#ended(code);
      },
    });
  }

  #flush() {
    if (!this.connection?.isOpen) return;
    for (const header of this.session.toSend()) this.connection.transport?.send(header);
  }

  /** Give up the connection. @param {FailureCode} code */
  #give(code) {
    const transport = this.connection?.transport;
    this.#ended(code);
    transport?.close();
  }

  /** The connection has ended, or there was none. @param {FailureCode} code */
  #ended(code) {
    const { connection } = this;
    if (connection === null) return;
    this.connection = null;
    let pauseS = RETRY_S;
    if (!connection.isLive) {
      const reason = connection.isRefused ? "token_refused" : code;
      const isNews = this.retries.failed(reason);
      pauseS = this.retries.pauseS;
      if (isNews) this.#tellFailure(reason);
    }
    this.nextAttemptS = Math.max(this.nextAttemptS, performance.now() / 1_000 + pauseS);
    this.session.disconnected();
    this.#tellAll();
  }

  // --- what happens --------------------------------------------------------------------------------------------------

  /** @param {FailureCode} code */
  #tellFailure(code) {
    const retry_ms = Math.round(this.retries.pauseS * 1_000);
    this.#tell({ type: "connection_failed", code, text: failureText(code, this.url), retry_ms });
  }

  #tellAll() {
    for (let events = this.session.clientEvents(); events.length > 0; events = this.session.clientEvents()) {
      for (const event of events) this.#take(event);
    }
  }

  /** Do what follows from a client event, and tell the game. @param {ClientEvent} event */
  #take(event) {
    switch (event.type) {
      case "live": {
        const lookahead = Math.floor((event.welcome.lookahead_ms * SAMPLE_RATE) / 1_000);
        this.speaker.send({ do: "pre_roll", samples: Math.min(PRE_ROLL, lookahead) });
        this.retries.connected();
        if (this.connection !== null) this.connection.isLive = true;
        break;
      }
      case "error":
        if (event.code === "unauthorised" && this.connection !== null) this.connection.isRefused = true;
        if (event.about === "save" || event.about === "restore") this.#refuse(event.seq, event.text || event.code);
        break;
      case "saved":
        this.#answer(event.id, event.blob);
        break;
      case "status":
        if (event.restore > 0) this.#answer(event.restore, event.restored);
        break;
      case "lost":
        this.nextAttemptS = performance.now() / 1_000 + Math.max(RETRY_S, event.retry_ms / 1_000);
        if (this.connection !== null) this.#give("broken_off");
        break;
      case "closed":
        clearInterval(this.timer);
        this.#flush();
        for (const id of [...this.requests.keys()]) this.#refuse(id, "the session has ended");
        this.connection?.transport?.close();
        this.connection = null;
        break;
      case "chunk":
      case "stinger":
        this.#takeSamples(event);
        return;
    }
    this.#tell(event);
  }

  /** Give samples to the speaker, and the game the event without them. @param {Message} message */
  #takeSamples(message) {
    let samples = null;
    try {
      if (message.payload !== undefined) samples = samplesOf(message.payload, message.format);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.session.refuseSamples(message, error);
      return;
    }
    if (message.type === "chunk" && samples !== null) {
      const { start, count, take, mixed, generator, reason, states, mix } = message;
      this.speaker.send({ do: "chunk", take, start, mixed, samples });
      this.#tell({ type: "music_arrived", start, count, take, generator, reason, states, mix });
    } else {
      const { id, name, kind, start, total, offset, gain_db, duck, if_late, reason } = message;
      const fields = { id, kind, start, total, offset, gain_db, duck, if_late };
      this.speaker.send({ do: "stinger", fields, samples });
      // The game gets one event for a stinger, with its first part.
      if (offset === 0) this.#tell({ type: "stinger_arrived", id, name, kind, start, reason });
    }
  }

  /** @param {number} id @param {unknown} value */
  #answer(id, value) {
    this.requests.get(id)?.resolve(value);
    this.requests.delete(id);
  }

  /** @param {number} id @param {string} text */
  #refuse(id, text) {
    this.requests.get(id)?.reject(new Error(text));
    this.requests.delete(id);
  }

  /** @param {ClientEvent} event */
  #tell(event) {
    for (const callback of [...(this.callbacks.get(event.type) ?? []), ...(this.callbacks.get("*") ?? [])]) {
      try {
        callback(event);
      } catch (error) {
        // A mistake of the game is the game's to see, and must not end its music.
        setTimeout(() => {
          throw error;
        });
      }
    }
  }
}

/** The `hello` that asks for these. @param {SessionOptions} options @throws {ProtocolError} */
function helloOf({ rules, rulesText, generator, seed, lookaheadMs, format, token, client = "segue-web" }) {
  if (token !== undefined && new TextEncoder().encode(token).length > TOKEN_BYTES) {
    throw new ProtocolError("out_of_range", `token: expected at most ${TOKEN_BYTES} bytes`);
  }
  const rest = { rules_name: rules, rules_text: rulesText, generator, seed, lookahead_ms: lookaheadMs, format, token };
  return checked("hello", { versions: [VERSION], client, ...rest });
}
