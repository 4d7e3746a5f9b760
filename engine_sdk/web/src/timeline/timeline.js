/**
 * What the client plays: PROTOCOL.md section 7, Takes to Pause. Positions and lengths are samples per channel at 48 kHz.
 */
import { CAPACITY, CHANNELS, FADE, JOIN, MOST_TAKES, PRE_ROLL } from "../protocol/limits.js";
import { rising } from "./fade.js";
import { TakeBuffer } from "./take_buffer.js";

/**
 * Lengths in samples; `takes` is how many takes are kept. Tests use shorter ones.
 *
 * @typedef {{join: number, fade: number, preRoll: number, capacity: number, takes: number}} Lengths
 */

/**
 * What adds to the samples before fades: [position, position + count) at `offset` of interleaved samples.
 *
 * @typedef {{mix: (out: Float32Array, offset: number, position: number, count: number) => void}} Mixer
 */

/** @type {Lengths} */
const LENGTHS = { join: JOIN, fade: FADE, preRoll: PRE_ROLL, capacity: CAPACITY, takes: MOST_TAKES };

export class Timeline {
  /** @param {Partial<Lengths>} [lengths] */
  constructor(lengths = {}) {
    this.lengths = { ...LENGTHS, ...lengths };
    /** The sample clock: the first sample that is not read yet. It stands while nothing is played. */
    this.committed = 0;
    this.underruns = 0;
    this.late = 0;
    this.dropped = 0;
    /** Whether the game has paused. */
    this.halted = false;
    /** Greatest first. @type {TakeBuffer[]} */
    this.takes = [];
    /** @type {TakeBuffer | null} */
    this.followed = null;
    /** @type {TakeBuffer | null} */
    this.joined = null;
    this.joinDone = 0;
    this.riseDone = 0;
    this.fallDone = 0;
    /** Length of the fade-out in progress; -1 for none. */
    this.fallLength = -1;
    this.other = new Float32Array(CHANNELS * this.lengths.join);
  }

  /** Whether the clock stands: before the pre-roll, after an underrun, or paused. */
  get standing() {
    return this.followed === null;
  }

  /** End of the music that can be played without a gap. */
  get have() {
    const take = this.joined ?? this.followed;
    if (take !== null) return this.endOf(take);
    return this.takes.reduce((most, take) => Math.max(most, this.endOf(take)), this.committed);
  }

  /**
   * Take a chunk.
   *
   * @param {number} number - Its take.
   * @param {number} start - Position of its first sample.
   * @param {Float32Array} samples - Interleaved; kept, not copied.
   * @param {boolean} mixed
   */
  write(number, start, samples, mixed) {
    const { capacity, takes } = this.lengths;
    const end = start + samples.length / CHANNELS;
    if (end <= this.committed || end > this.committed + capacity) {
      this.dropped += 1;
      return;
    }
    let take = this.takes.find((known) => known.number === number);
    if (take === undefined) {
      take = new TakeBuffer(number);
      this.takes.push(take);
      this.takes.sort((a, b) => b.number - a.number);
    }
    if (!take.add(Math.max(start, this.committed), end, start, samples)) return;
    if (mixed) take.entry = start;
    if (start < this.committed) this.late += 1;
    for (const known of this.takes) known.forget(this.committed);
    const isUsed = (/** @type {TakeBuffer} */ known) => known === this.followed || known === this.joined;
    this.takes = this.takes.filter((known) => known.pieces.length > 0 || isUsed(known));
    while (this.takes.length > takes) {
      const spare = this.takes.findLastIndex((known) => !isUsed(known));
      this.takes.splice(spare, 1);
    }
  }

  /** Fade out and stop the clock until `resume`. */
  pause() {
    if (!this.halted && this.followed !== null && this.fallLength < 0) {
      const { fade } = this.lengths;
      const left = this.joined !== null ? fade : this.reach(this.followed) - this.committed;
      this.fallDone = 0;
      this.fallLength = Math.min(fade, left);
    }
    this.halted = true;
  }

  /** Continue where `pause` stopped. */
  resume() {
    this.halted = false;
  }

  /**
   * Play the next samples; silence where the clock stands.
   *
   * @param {Float32Array} out - Interleaved.
   * @param {Mixer} [mixer]
   */
  read(out, mixer) {
    const count = out.length / CHANNELS;
    for (let done = 0; done < count; ) {
      const followed = this.followed ?? this.begin();
      if (followed === null) {
        out.fill(0, CHANNELS * done);
        return;
      }
      const n = Math.min(this.decide(followed), count - done);
      if (n === 0) continue;
      this.render(out, CHANNELS * done, n, mixer);
      this.advance(n);
      done += n;
    }
  }

  /** The greatest take that has the pre-roll, which is followed from here on; null for none, and while paused. */
  begin() {
    if (this.halted) return null;
    for (const take of this.takes) {
      if (this.reach(take) >= this.committed + this.lengths.preRoll) {
        this.followed = take;
        this.riseDone = 0;
        return take;
      }
    }
    return null;
  }

  stand() {
    this.followed = null;
    this.joined = null;
    this.fallLength = -1;
  }

  /**
   * Apply the rules of "Following" at `committed`; the samples for which nothing else will be decided, 0 to stand.
   *
   * @param {TakeBuffer} followed
   */
  decide(followed) {
    const { join, fade } = this.lengths;
    const p = this.committed;
    const isFalling = this.fallLength >= 0;
    if (this.joined !== null) {
      return Math.min(join - this.joinDone, isFalling ? this.fallLength - this.fallDone : Infinity);
    }
    const k = this.enteredAt(followed, p) ?? followed;
    this.followed = k;
    const e = k.endFrom(p);
    const entry = this.nextEntry(k, p, e);
    if (isFalling) {
      // A take that comes out of order can remove an entry that the fade-out counted on.
      this.fallLength = Math.min(this.fallLength, this.fallDone + this.last(k) - p);
      const n = Math.min(this.fallLength - this.fallDone, e - p, entry - p);
      if (n === 0) this.stand();
      return n;
    }
    if (e >= p + join && this.startJoin((take) => take.number > k.number && take.lasts(p, join + fade))) return join;
    // A greater take may last from where one of its pieces begins.
    const change = this.nextPiece(k, p) - p;
    if (entry <= e) return Math.min(entry - p, change);
    const q = e - join;
    if (p <= q && this.takes.some((take) => take !== k && take.lasts(q, join + fade))) {
      if (p < q) return Math.min(q - p, change);
      this.startJoin((take) => take !== k && take.lasts(q, join + fade));
      return join;
    }
    if (p >= e - fade) {
      this.underruns += 1;
      this.fallDone = 0;
      this.fallLength = e - p;
      if (e === p) this.stand();
      return e - p;
    }
    return Math.min(e - fade - p, change);
  }

  /** Begin to join the greatest take that fits; whether there is one. @param {(take: TakeBuffer) => boolean} fits */
  startJoin(fits) {
    this.joined = this.takes.find(fits) ?? null;
    this.joinDone = 0;
    return this.joined !== null;
  }

  /** Whether a take can be entered at its entry by one who follows `from`, a smaller one. @param {TakeBuffer} take @param {TakeBuffer} from */
  canEnter(take, from) {
    const before = take.entry - 1;
    if (!from.has(before)) return false;
    return !this.takes.some((t) => t.number > from.number && t.number < take.number && t.has(before));
  }

  /** The greatest take that can be entered at a position, or null. @param {TakeBuffer} from @param {number} at */
  enteredAt(from, at) {
    for (const take of this.takes) {
      if (take.number <= from.number) return null;
      if (take.entry === at && this.canEnter(take, from)) return take;
    }
    return null;
  }

  /** The first position in (p, e] at which a take can be entered, or Infinity. @param {TakeBuffer} from @param {number} p @param {number} e */
  nextEntry(from, p, e) {
    let first = Infinity;
    for (const take of this.takes) {
      if (take.number <= from.number) break;
      if (take.entry > p && take.entry <= e && take.entry < first && this.canEnter(take, from)) first = take.entry;
    }
    return first;
  }

  /** Where after p a piece of a greater take begins first, or Infinity. @param {TakeBuffer} from @param {number} p */
  nextPiece(from, p) {
    let first = Infinity;
    for (const take of this.takes) {
      if (take.number <= from.number) break;
      for (const piece of take.pieces) if (piece.start > p && piece.start < first) first = piece.start;
    }
    return first;
  }

  /** Where following a take from `committed` ends if takes are entered there and beyond. @param {TakeBuffer} take */
  reach(take) {
    return this.last(this.enteredAt(take, this.committed) ?? take);
  }

  /** Where following a take from `committed` ends if takes are entered beyond it. @param {TakeBuffer} take */
  last(take) {
    let at = this.committed;
    if (!take.has(at)) return at;
    for (;;) {
      const end = take.endFrom(at);
      const entry = this.nextEntry(take, at, end);
      if (entry === Infinity) return end;
      at = entry;
      take = this.enteredAt(take, at) ?? take;
    }
  }

  /** Where following a take from `committed` ends if takes are entered and joined. @param {TakeBuffer} take */
  endOf(take) {
    const { join, fade } = this.lengths;
    for (let at = this.committed; ; ) {
      take = this.enteredAt(take, at) ?? take;
      const end = take.endFrom(at);
      if (end === at) return at;
      const { number } = take;
      const joined = this.takes.find((other) => other.number > number && other.lasts(at, join + fade));
      if (joined !== undefined && end >= at + join) {
        take = joined;
        at += join;
        continue;
      }
      const next = Math.min(this.nextEntry(take, at, end), this.nextPiece(take, at));
      if (next > end) return end;
      at = next;
    }
  }

  /** @param {Float32Array} out @param {number} offset @param {number} n @param {Mixer | undefined} mixer */
  render(out, offset, n, mixer) {
    const { join, fade } = this.lengths;
    const p = this.committed;
    this.followed?.copy(p, n, out, offset);
    if (this.joined !== null) {
      this.joined.copy(p, n, this.other, 0);
      for (let i = 0; i < n; i += 1) {
        const gain = rising(this.joinDone + i, join);
        for (let c = 0; c < CHANNELS; c += 1) {
          const j = CHANNELS * i + c;
          out[offset + j] += (this.other[j] - out[offset + j]) * gain;
        }
      }
    }
    mixer?.mix(out, offset, p, n);
    const isFalling = this.fallLength >= 0;
    if (this.riseDone >= fade && !isFalling) return;
    for (let i = 0; i < n; i += 1) {
      let gain = this.riseDone + i < fade ? rising(this.riseDone + i, fade) : 1;
      if (isFalling) gain *= 1 - rising(this.fallDone + i, this.fallLength);
      for (let c = 0; c < CHANNELS; c += 1) out[offset + CHANNELS * i + c] *= gain;
    }
  }

  /** @param {number} n */
  advance(n) {
    const { join, fade } = this.lengths;
    this.committed += n;
    this.riseDone = Math.min(this.riseDone + n, fade);
    if (this.joined !== null) {
      this.joinDone += n;
      if (this.joinDone === join) {
        this.followed = this.joined;
        this.joined = null;
      }
    }
    if (this.fallLength >= 0) {
      this.fallDone += n;
      // At the end of its take a fade-out ends too, unless another is entered there; `decide` asks for that.
      if (this.fallDone === this.fallLength) this.stand();
    }
  }
}
