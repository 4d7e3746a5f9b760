/**
 * The AudioWorklet in which the timeline runs: what it plays next is decided at the sound card, and a page that is busy
 * stops nothing.
 *
 * Messages in: `PlayerCommand`, or `{do: "close"}`. Messages out: `WorkletReport`, several a second.
 */
import { CHANNELS, SAMPLE_RATE } from "../protocol/limits.js";
import { Player } from "../player.js";
import { Resampler } from "./resampler.js";

/**
 * Counted since the worklet began.
 *
 * @typedef {object} WorkletCounts
 * @property {number} quanta - Blocks rendered.
 * @property {number} silent - Those of them, after the first with music, in which the clock stood.
 */

/**
 * @typedef {object} WorkletReport
 * @property {import("../player.js").PlaybackPosition} position
 * @property {number} contextTime - When sample `position.committed` leaves the worklet, in seconds of the context's clock.
 * @property {WorkletCounts} counts
 */

/** Blocks from one report to the next: some 10 ms. */
const REPORT_QUANTA = 4;
const QUANTUM = 128;

class SegueProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.player = new Player();
    this.resampler = sampleRate === SAMPLE_RATE ? null : new Resampler((out) => this.player.render(out), sampleRate, QUANTUM);
    this.block = new Float32Array(CHANNELS * QUANTUM);
    this.isOpen = true;
    this.wasStanding = true;
    this.hasPlayed = false;
    /** The context's frame after the last block. */
    this.nextFrame = 0;
    /** @type {WorkletCounts} */
    this.counts = { quanta: 0, silent: 0 };
    this.port.onmessage = ({ data }) => {
      if (data.do === "close") this.isOpen = false;
      else this.player.apply(data);
    };
  }

  /** @param {Float32Array[][]} inputs @param {Float32Array[][]} outputs */
  process(inputs, outputs) {
    const [left, right] = outputs[0];
    const { counts, player } = this;
    const before = player.timeline.committed;
    if (this.resampler === null) this.copy(left, right);
    else this.resampler.render(left, right);
    this.hasPlayed ||= player.timeline.committed > 0;
    if (this.hasPlayed && player.timeline.standing && player.timeline.committed === before) counts.silent += 1;
    this.nextFrame = currentFrame + left.length;
    counts.quanta += 1;
    const { standing } = player.timeline;
    if (counts.quanta % REPORT_QUANTA === 0 || standing !== this.wasStanding) this.report();
    this.wasStanding = standing;
    return this.isOpen;
  }

  /** Render at 48 kHz. @param {Float32Array} left @param {Float32Array} right */
  copy(left, right) {
    if (this.block.length !== CHANNELS * left.length) this.block = new Float32Array(CHANNELS * left.length);
    const { block } = this;
    this.player.render(block);
    for (let i = 0; i < left.length; i += 1) {
      left[i] = block[CHANNELS * i];
      right[i] = block[CHANNELS * i + 1];
    }
  }

  report() {
    // The resampler has read ahead.
    const ahead = this.resampler === null ? 0 : (this.resampler.filled - this.resampler.latency + 1) / SAMPLE_RATE;
    const contextTime = this.nextFrame / sampleRate + ahead;
    this.port.postMessage({ position: this.player.position(), contextTime, counts: this.counts });
  }
}

registerProcessor("segue", SegueProcessor);
