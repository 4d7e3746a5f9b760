/** The samples of one take by absolute position. */
import { CHANNELS } from "../protocol/limits.js";

/**
 * Samples [start, end) of a take; `samples` begins at position `origin`.
 *
 * @typedef {{start: number, end: number, origin: number, samples: Float32Array}} Piece
 */

/** What was received of one take: pieces in order that do not overlap, and refer to the chunks' samples. */
export class TakeBuffer {
  /** @param {number} number - The take's. */
  constructor(number) {
    this.number = number;
    /** Where the take can be entered without a fade; -1 for nowhere. */
    this.entry = -1;
    /** @type {Piece[]} */
    this.pieces = [];
  }

  /** Index of the piece that holds a position, or -1. @param {number} at */
  indexOf(at) {
    for (let i = 0; i < this.pieces.length; i += 1) {
      if (at < this.pieces[i].end) return at >= this.pieces[i].start ? i : -1;
    }
    return -1;
  }

  /** @param {number} at */
  has(at) {
    return this.indexOf(at) >= 0;
  }

  /** The first position from `at` on that is not there. @param {number} at */
  endFrom(at) {
    let i = this.indexOf(at);
    if (i < 0) return at;
    while (i + 1 < this.pieces.length && this.pieces[i + 1].start === this.pieces[i].end) i += 1;
    return this.pieces[i].end;
  }

  /** Whether [at, at + count) is there. @param {number} at @param {number} count */
  lasts(at, count) {
    return this.endFrom(at) >= at + count;
  }

  /**
   * Add what is not there of [from, end); whether anything was.
   *
   * @param {number} from
   * @param {number} end
   * @param {number} origin - Position of the first of `samples`.
   * @param {Float32Array} samples - Interleaved; kept, not copied.
   */
  add(from, end, origin, samples) {
    /** @type {Piece[]} */
    const pieces = [];
    let at = from;
    for (const piece of this.pieces) {
      const until = Math.min(piece.start, end);
      if (at < until) pieces.push({ start: at, end: until, origin, samples });
      pieces.push(piece);
      at = Math.max(at, piece.end);
    }
    if (at < end) pieces.push({ start: at, end, origin, samples });
    const added = pieces.length > this.pieces.length;
    this.pieces = pieces.sort((a, b) => a.start - b.start);
    return added;
  }

  /** Forget all before a position, but not whether the sample just before it was there. @param {number} before */
  forget(before) {
    while (this.pieces.length > 0 && this.pieces[0].end < before) this.pieces.shift();
  }

  /**
   * Copy [at, at + count), which must be there, to interleaved samples.
   *
   * @param {number} at
   * @param {number} count
   * @param {Float32Array} out
   * @param {number} offset - Index in `out`.
   */
  copy(at, count, out, offset) {
    for (let i = this.indexOf(at), left = count; left > 0; i += 1) {
      const piece = this.pieces[i];
      const n = Math.min(left, piece.end - at);
      const first = CHANNELS * (at - piece.origin);
      for (let j = 0; j < CHANNELS * n; j += 1) out[offset + j] = piece.samples[first + j];
      offset += CHANNELS * n;
      at += n;
      left -= n;
    }
  }
}
