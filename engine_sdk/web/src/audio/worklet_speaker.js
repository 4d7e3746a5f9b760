/** The page's side of the AudioWorklet: music in, and where playback stands. */
import { SAMPLE_RATE } from "../protocol/limits.js";

/**
 * @typedef {import("../player.js").PlaybackPosition} PlaybackPosition
 * @typedef {import("../player.js").PlayerCommand} PlayerCommand
 * @typedef {import("./worklet.js").WorkletReport} WorkletReport
 */

/**
 * Where the music goes.
 *
 * @typedef {object} SpeakerOptions
 * @property {AudioContext} [context] - The game's own; absent: a new one at 48 kHz. At another rate music is resampled.
 * @property {AudioNode} [destination] - Where the music goes; absent: the context's destination.
 * @property {string | URL} [workletUrl] - Of the package's `worklet`, where a bundler moves files.
 */

/** Between two looks at the context's latency, in reports. */
const REPORTS_OF_LATENCY = 100;

export class WorkletSpeaker {
  /** @param {SpeakerOptions} [options] */
  constructor({ context, destination, workletUrl } = {}) {
    /** @type {PlaybackPosition} */
    this.position = { played: 0, committed: 0, have: 0, standing: true, underruns: 0, late: 0, dropped: 0 };
    /** @type {import("./worklet.js").WorkletCounts} */
    this.counts = { quanta: 0, silent: 0 };
    /** When sample `position.committed` leaves the worklet, in seconds of the context's clock. */
    this.contextTime = 0;
    /** @type {(() => void) | null} */
    this.onPosition = null;
    this.context = context ?? null;
    this.destination = destination ?? null;
    this.workletUrl = workletUrl ?? new URL("./worklet.js", import.meta.url);
    this.ownsContext = context === undefined;
    /** @type {AudioWorkletNode | null} */
    this.node = null;
    /** @type {Promise<void> | null} */
    this.loading = null;
    /** Commands from before there was a worklet. @type {PlayerCommand[]} */
    this.early = [];
    this.reports = 0;
  }

  /**
   * Start to play.
   *
   * @returns {Promise<void>} When sound runs. Browsers let it run only after the player's first click or key, so call it
   *   from there.
   */
  async start() {
    this.context ??= newContext();
    // Before anything is awaited: a click counts only while its callback runs.
    const running = this.context.resume();
    this.loading ??= this.#load(this.context);
    await Promise.all([this.loading, running]);
  }

  /** @param {PlayerCommand} command */
  send(command) {
    if (this.node === null) this.early.push(command);
    else this.#post(command);
  }

  /** When a sample position leaves the worklet, in seconds of the context's clock, if the clock does not stand before it. @param {number} at */
  contextTimeOf(at) {
    return this.contextTime + (at - this.position.committed) / SAMPLE_RATE;
  }

  /** Stop playing. */
  close() {
    this.node?.port.postMessage({ do: "close" });
    this.node?.disconnect();
    if (this.ownsContext && this.context !== null && this.context.state !== "closed") void this.context.close();
  }

  /** @param {AudioContext} context */
  async #load(context) {
    await context.audioWorklet.addModule(this.workletUrl);
    const node = new AudioWorkletNode(context, "segue", { numberOfInputs: 0, outputChannelCount: [2] });
    node.port.onmessage = ({ data }) => this.#take(data);
    context.addEventListener("statechange", () => this.#stateChanged(context));
    node.connect(this.destination ?? context.destination);
    this.node = node;
    this.#measureLatency(context);
    for (const command of this.early.splice(0)) this.#post(command);
  }

  /** @param {PlayerCommand} command */
  #post(command) {
    const samples = "samples" in command && command.samples instanceof Float32Array ? [command.samples.buffer] : [];
    this.node?.port.postMessage(command, samples);
  }

  /** @param {WorkletReport} report */
  #take({ position, contextTime, counts }) {
    // A report may come after its context was suspended.
    this.position = this.context?.state === "running" ? position : { ...position, standing: true };
    this.contextTime = contextTime;
    this.counts = counts;
    this.reports += 1;
    if (this.reports % REPORTS_OF_LATENCY === 0 && this.context !== null) this.#measureLatency(this.context);
    this.onPosition?.();
  }

  /** A context that does not run reports nothing, and its clock stands. @param {AudioContext} context */
  #stateChanged(context) {
    if (context.state === "running") return;
    this.position = { ...this.position, standing: true };
    this.onPosition?.();
  }

  /** @param {AudioContext} context */
  #measureLatency(context) {
    // Not every browser knows the way from its mixer to the ear.
    const latencyS = (context.baseLatency || 0) + (context.outputLatency || 0);
    this.#post({ do: "latency", samples: Math.round(latencyS * SAMPLE_RATE) });
  }
}

/** A context at 48 kHz, or at the device's rate where that cannot be had. */
function newContext() {
  try {
    return new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: "interactive" });
  } catch {
    return new AudioContext({ latencyHint: "interactive" });
  }
}
