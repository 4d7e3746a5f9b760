/** Stingers and their ducks (PROTOCOL.md section 7, Stingers). Positions and lengths are samples per channel. */
import { FADE, rising } from "./timeline.js";

const CHANNELS = 2;
const MOST = 16;
/** Ended or refused playings that are remembered, so that a late part does not begin them again. */
const REMEMBERED = 64;

const factor = (db) => 10 ** (db / 20);

export class StingerMixer {
  constructor() {
    this.playing = [];
    this.ended = [];
  }

  /**
   * Take a `stinger` message.
   *
   * @param {object} message
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

  /** Remove the stingers of a killed service that begin at or after a position. */
  cancelFrom(at, committed) {
    for (const stinger of this.playing.filter(({ start }) => start >= at)) this.cancel(stinger, committed);
  }

  cancel(stinger, committed) {
    if (committed <= stinger.start) this.end(stinger);
    else if (stinger.cancelled === Infinity) {
      stinger.riseFromDb = stinger.duck === undefined ? 0 : duckDb(stinger, committed);
      stinger.cancelled = committed;
    }
  }

  begin(message, samples, committed) {
    const isLate = message.start < committed;
    const stinger = {
      id: message.id,
      start: isLate ? committed : message.start,
      total: message.total,
      gain: factor(message.gain_db),
      duck: message.duck,
      parts: [{ offset: message.offset, samples }],
      cancelled: Infinity,
      riseFromDb: 0,
    };
    this.playing = this.playing.filter((other) => !isOver(other, committed));
    if ((isLate && message.if_late === "drop") || this.playing.length >= MOST) this.end(stinger);
    else this.playing.push(stinger);
  }

  end(stinger) {
    this.playing = this.playing.filter((other) => other !== stinger);
    this.ended = [...this.ended, stinger.id].slice(-REMEMBERED);
  }

  /** Duck the music and add stingers: samples [position, position + count) at `offset` of interleaved samples. */
  mix(out, offset, position, count) {
    let wasMixed = false;
    for (const stinger of this.playing) {
      if (stinger.duck === undefined || position + count <= stinger.start) continue;
      wasMixed = true;
      for (let i = Math.max(0, stinger.start - position); i < count; i += 1) {
        const gain = factor(duckDb(stinger, position + i));
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

/** Add the samples of a part that are not there yet: after a resume or a restart parts come again. */
function addPart(parts, offset, samples) {
  const end = offset + samples.length / CHANNELS;
  let at = offset;
  const add = (until) => {
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

function fadeOut(stinger, at) {
  const i = at - stinger.cancelled;
  return i < 0 ? 1 : i < FADE ? 1 - rising(i, FADE) : 0;
}

/** Gain of a stinger's duck in dB. */
function duckDb({ duck, start, total, cancelled, riseFromDb }, at) {
  const { depth_db: depth, fade_out: fadeOut, recovery, fade_in: fadeIn } = duck;
  if (at >= cancelled) return riseFromDb * Math.max(0, 1 - (at - cancelled) / Math.max(FADE, fadeIn));
  const ducked = start + fadeOut;
  const recovers = Math.max(start + total, ducked) + recovery;
  if (at < ducked) return (depth * (at - start)) / fadeOut;
  if (at < recovers) return depth;
  return at < recovers + fadeIn ? depth * (1 - (at - recovers) / fadeIn) : 0;
}

function isOver(stinger, at) {
  const { duck, start, total, cancelled } = stinger;
  if (cancelled !== Infinity) return at >= cancelled + Math.max(FADE, duck?.fade_in ?? 0);
  const end = start + total;
  if (duck === undefined) return at >= end;
  return at >= Math.max(end, Math.max(end, start + duck.fade_out) + duck.recovery + duck.fade_in);
}
