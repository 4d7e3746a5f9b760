/** Stingers and their ducks (PROTOCOL.md section 7, Stingers). Positions and lengths are samples per channel. */
import { CHANNELS, FADE, MOST_PLAYING } from "../protocol/limits.js";
import { rising } from "./fade.js";

/**
 * @typedef {{depth_db: number, fade_out: number, recovery: number, fade_in: number}} Duck
 * @typedef {{offset: number, samples: Float32Array}} Part
 */

/**
 * The fields of a `stinger` message that are needed to play it.
 *
 * @typedef {{id: number, kind: string, start: number, total: number, offset: number, gain_db: number,
 *   duck: Duck | null, if_late: string}} StingerFields
 */

/**
 * A stinger on the timeline.
 *
 * @typedef {object} PlacedStinger
 * @property {number} id
 * @property {number} start
 * @property {number} total
 * @property {number} gain - A factor.
 * @property {Duck | null} duck
 * @property {Part[]} parts
 * @property {number} cancelled - Where its fade-out began; Infinity for nowhere.
 * @property {number} riseFromDb - The duck's gain there.
 */

/** Ended or refused playings that are remembered, so that a late part does not begin them again. */
const REMEMBERED = 64;

const factor = (/** @type {number} */ db) => 10 ** (db / 20);

export class StingerMixer {
  constructor() {
    /** @type {PlacedStinger[]} */
    this.playing = [];
    /** @type {number[]} */
    this.ended = [];
  }

  /**
   * Take a `stinger` message.
   *
   * @param {StingerFields} message
   * @param {Float32Array | null} samples - Interleaved, of `placed`.
   * @param {number} committed
   */
  receive(message, samples, committed) {
    const known = this.playing.find((stinger) => stinger.id === message.id);
    if (message.kind === "placed" && samples !== null) {
      if (known !== undefined) addPart(known.parts, message.offset, samples);
      else if (!this.ended.includes(message.id)) this.begin(message, samples, committed);
    } else if ((message.kind === "cancelled" || message.kind === "dropped") && known !== undefined) {
      this.cancel(known, committed);
    }
  }

  /** @param {PlacedStinger} stinger @param {number} committed */
  cancel(stinger, committed) {
    if (committed <= stinger.start) this.end(stinger);
    else if (stinger.cancelled === Infinity) {
      stinger.riseFromDb = stinger.duck === null ? 0 : duckDb(stinger, stinger.duck, committed);
      stinger.cancelled = committed;
    }
  }

  /** @param {StingerFields} message @param {Float32Array} samples @param {number} committed */
  begin(message, samples, committed) {
    const isLate = message.start < committed;
    /** @type {PlacedStinger} */
    const stinger = {
      id: message.id,
      start: isLate ? committed : message.start,
      total: message.total,
      gain: factor(message.gain_db),
      duck: message.duck ?? null,
      parts: [{ offset: message.offset, samples }],
      cancelled: Infinity,
      riseFromDb: 0,
    };
    this.playing = this.playing.filter((other) => !isOver(other, committed));
    if ((isLate && message.if_late === "drop") || this.playing.length >= MOST_PLAYING) this.end(stinger);
    else this.playing.push(stinger);
  }

  /** @param {PlacedStinger} stinger */
  end(stinger) {
    this.playing = this.playing.filter((other) => other !== stinger);
    this.ended = [...this.ended, stinger.id].slice(-REMEMBERED);
  }

  /**
   * Duck the music and add stingers: samples [position, position + count) at `offset` of interleaved samples.
   *
   * @param {Float32Array} out
   * @param {number} offset
   * @param {number} position
   * @param {number} count
   */
  mix(out, offset, position, count) {
    let wasMixed = false;
    for (const stinger of this.playing) {
      if (stinger.duck === null || position + count <= stinger.start) continue;
      wasMixed = true;
      for (let i = Math.max(0, stinger.start - position); i < count; i += 1) {
        const gain = factor(duckDb(stinger, stinger.duck, position + i));
        for (let c = 0; c < CHANNELS; c += 1) out[offset + CHANNELS * i + c] *= gain;
      }
    }
    for (const stinger of this.playing) {
      for (const part of stinger.parts) {
        const first = stinger.start + part.offset;
        const last = Math.min(first + part.samples.length / CHANNELS, position + count);
        for (let at = Math.max(first, position); at < last; at += 1) {
          wasMixed = true;
          const gain = stinger.gain * fadeOut(stinger, at);
          for (let c = 0; c < CHANNELS; c += 1) {
            out[offset + CHANNELS * (at - position) + c] += part.samples[CHANNELS * (at - first) + c] * gain;
          }
        }
      }
    }
    if (!wasMixed) return;
    for (let j = offset; j < offset + CHANNELS * count; j += 1) out[j] = Math.min(1, Math.max(-1, out[j]));
    for (const stinger of this.playing) if (isOver(stinger, position + count)) this.end(stinger);
  }
}

/** Add the samples of a part that are not there yet: after a resume or a restart parts come again. @param {Part[]} parts @param {number} offset @param {Float32Array} samples */
function addPart(parts, offset, samples) {
  const end = offset + samples.length / CHANNELS;
  let at = offset;
  const add = (/** @type {number} */ until) => {
    if (at < until) parts.push({ offset: at, samples: samples.subarray(CHANNELS * (at - offset), CHANNELS * (until - offset)) });
  };
  for (const part of [...parts].sort((a, b) => a.offset - b.offset)) {
    const last = part.offset + part.samples.length / CHANNELS;
    if (last <= at || part.offset >= end) continue;
    add(part.offset);
    at = Math.max(at, last);
  }
  add(end);
}

/** @param {PlacedStinger} stinger @param {number} at */
function fadeOut(stinger, at) {
  const i = at - stinger.cancelled;
  return i < 0 ? 1 : i < FADE ? 1 - rising(i, FADE) : 0;
}

/** Gain of a stinger's duck in dB. @param {PlacedStinger} stinger @param {Duck} duck @param {number} at */
function duckDb({ start, total, cancelled, riseFromDb }, duck, at) {
  const { depth_db: depth, fade_out: fadeOut, recovery, fade_in: fadeIn } = duck;
  if (at >= cancelled) return riseFromDb * Math.max(0, 1 - (at - cancelled) / Math.max(FADE, fadeIn));
  const ducked = start + fadeOut;
  const recovers = Math.max(start + total, ducked) + recovery;
  if (at < ducked) return (depth * (at - start)) / fadeOut;
  if (at < recovers) return depth;
  return at < recovers + fadeIn ? depth * (1 - (at - recovers) / fadeIn) : 0;
}

/** @param {PlacedStinger} stinger @param {number} at */
function isOver(stinger, at) {
  const { duck, start, total, cancelled } = stinger;
  if (cancelled !== Infinity) return at >= cancelled + Math.max(FADE, duck?.fade_in ?? 0);
  const end = start + total;
  if (duck === null) return at >= end;
  return at >= Math.max(end, Math.max(end, start + duck.fade_out) + duck.recovery + duck.fade_in);
}
