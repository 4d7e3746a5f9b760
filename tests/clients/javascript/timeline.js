/**
 * What the client plays: PROTOCOL.md section 7, Takes to Pause. Positions and lengths are samples per channel at 48 kHz.
 */
const CHANNELS = 2;
export const FADE = 1_440;

/**
 * Lengths in samples; `takes` is how many takes are kept. Tests use shorter ones.
 *
 * @typedef {{join: number, fade: number, preRoll: number, capacity: number, takes: number}} Lengths
 * @type {Lengths}
 */
export const LENGTHS = { join: 960, fade: FADE, preRoll: 14_400, capacity: 2_160_000, takes: 16 };

/** Rising gain of sample i of n. */
export function rising(i, n) {
  const u = (i + 0.5) / n;
  return u * u * (3 - 2 * u);
}

/** What was received of one take: pieces in order that do not overlap, and refer to the chunks' samples. */
class Take {
  constructor(number) {
    this.number = number;
    /** Where the take can be entered without a fade; -1 for nowhere. */
    this.entry = -1;
    /** {start, end, origin, samples}: samples [start, end); `samples` begins at position `origin`. */
    this.pieces = [];
  }

  /** Index of the piece that holds a position, or -1. */
  indexOf(at) {
    for (let i = 0; i < this.pieces.length; i += 1) {
      if (at < this.pieces[i].end) return at >= this.pieces[i].start ? i : -1;
    }
    return -1;
  }

  has(at) {
    return this.indexOf(at) >= 0;
  }

  /** The first position from `at` on that is not there. */
  endFrom(at) {
    let i = this.indexOf(at);
    if (i < 0) return at;
    while (i + 1 < this.pieces.length && this.pieces[i + 1].start === this.pieces[i].end) i += 1;
    return this.pieces[i].end;
  }

  lasts(at, count) {
    return this.endFrom(at) >= at + count;
  }

  /** Add what is not there of [from, end); whether anything was. */
  add(from, end, origin, samples) {
    const pieces = [];
    let at = from;
    for (const piece of [...this.pieces, { start: end, end: Infinity }]) {
      const until = Math.min(piece.start, end);
      if (at < until) pieces.push({ start: at, end: until, origin, samples });
      if (piece.end !== Infinity) pieces.push(piece);
      at = Math.max(at, piece.end);
    }
    const added = pieces.length > this.pieces.length;
    this.pieces = pieces.sort((a, b) => a.start - b.start);
    return added;
  }

  /** Forget all before a position, but not whether the sample just before it was there. */
  forget(before) {
    while (this.pieces.length > 0 && this.pieces[0].end < before) this.pieces.shift();
  }

  /** Copy [at, at + count), which must be there, to interleaved samples. */
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

export class Timeline {
  /** @param {Partial<Lengths>} [lengths] */
  constructor(lengths = {}) {
    this.lengths = { ...LENGTHS, ...lengths };
    this.committed = 0;
    this.underruns = 0;
    this.late = 0;
    this.dropped = 0;
    /** Whether the game has paused. */
    this.halted = false;
    /** Greatest first. @type {Take[]} */
    this.takes = [];
    /** @type {Take | null} */
    this.followed = null;
    /** @type {Take | null} */
    this.joined = null;
    this.joinDone = 0;
    this.riseDone = 0;
    this.fallDone = 0;
    /** Length of the fade-out in progress; -1 for none. */
    this.fallLength = -1;
    this.other = new Float32Array(CHANNELS * this.lengths.join);
  }

  get standing() {
    return this.followed === null;
  }

  /** End of the music that can be played without a gap. */
  get have() {
    if (!this.standing) return this.endOf(this.joined ?? this.followed);
    return this.takes.reduce((most, take) => Math.max(most, this.endOf(take)), this.committed);
  }

  /** Number of the greatest take that is known. */
  get greatest() {
    return this.takes.length > 0 ? this.takes[0].number : 0;
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
      take = new Take(number);
      this.takes.push(take);
      this.takes.sort((a, b) => b.number - a.number);
    }
    if (!take.add(Math.max(start, this.committed), end, start, samples)) return;
    if (mixed) take.entry = start;
    if (start < this.committed) this.late += 1;
    for (const known of this.takes) known.forget(this.committed);
    this.takes = this.takes.filter((known, i) => {
      return (i < takes && known.pieces.length > 0) || known === this.followed || known === this.joined;
    });
  }

  pause() {
    if (!this.halted && !this.standing && this.fallLength < 0) {
      const { fade } = this.lengths;
      const left = this.joined !== null ? fade : this.reach(this.followed) - this.committed;
      this.fallDone = 0;
      this.fallLength = Math.min(fade, left);
    }
    this.halted = true;
  }

  resume() {
    this.halted = false;
  }

  /**
   * Play the next samples; silence where the clock stands.
   *
   * @param {Float32Array} out - Interleaved.
   * @param {{mix: function(Float32Array, number, number, number): void}} [mixer] - Adds to samples before fades:
   *   `mix(out, offset, position, count)`.
   */
  read(out, mixer) {
    const count = out.length / CHANNELS;
    for (let done = 0; done < count; ) {
      if (this.standing && !this.begin()) {
        out.fill(0, CHANNELS * done);
        return;
      }
      const n = Math.min(this.decide(), count - done);
      if (n === 0) continue;
      this.render(out, CHANNELS * done, n, mixer);
      this.advance(n);
      done += n;
    }
  }

  begin() {
    if (this.halted) return false;
    for (const take of this.takes) {
      if (this.reach(take) >= this.committed + this.lengths.preRoll) {
        this.followed = take;
        this.riseDone = 0;
        return true;
      }
    }
    return false;
  }

  stand() {
    this.followed = null;
    this.joined = null;
    this.fallLength = -1;
  }

  /** Apply the rules of "Following" at `committed`; the samples for which nothing else will be decided, 0 to stand. */
  decide() {
    const { join, fade } = this.lengths;
    const p = this.committed;
    const isFalling = this.fallLength >= 0;
    if (this.joined !== null) {
      return Math.min(join - this.joinDone, isFalling ? this.fallLength - this.fallDone : Infinity);
    }
    this.followed = this.enteredAt(this.followed, p) ?? this.followed;
    const k = this.followed;
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

  startJoin(fits) {
    this.joined = this.takes.find(fits) ?? null;
    this.joinDone = 0;
    return this.joined !== null;
  }

  /** Whether a take can be entered at its entry by one who follows `from`; `from` must be smaller. */
  canEnter(take, from) {
    const before = take.entry - 1;
    if (!from.has(before)) return false;
    return !this.takes.some((t) => t.number > from.number && t.number < take.number && t.has(before));
  }

  /** The greatest take that can be entered at a position, or null. */
  enteredAt(from, at) {
    for (const take of this.takes) {
      if (take.number <= from.number) return null;
      if (take.entry === at && this.canEnter(take, from)) return take;
    }
    return null;
  }

  /** The first position in (p, e] at which a take can be entered, or Infinity. */
  nextEntry(from, p, e) {
    let first = Infinity;
    for (const take of this.takes) {
      if (take.number <= from.number) break;
      if (take.entry > p && take.entry <= e && take.entry < first && this.canEnter(take, from)) first = take.entry;
    }
    return first;
  }

  /** Where after p a piece of a greater take begins first, or Infinity. */
  nextPiece(from, p) {
    let first = Infinity;
    for (const take of this.takes) {
      if (take.number <= from.number) break;
      for (const piece of take.pieces) if (piece.start > p && piece.start < first) first = piece.start;
    }
    return first;
  }

  /** Where following a take from `committed` ends if takes are entered there and beyond. */
  reach(take) {
    return this.last(this.enteredAt(take, this.committed) ?? take);
  }

  /** Where following a take from `committed` ends if takes are entered beyond it. */
  last(take) {
    let at = this.committed;
    if (!take.has(at)) return at;
    for (;;) {
      const end = take.endFrom(at);
      const entry = this.nextEntry(take, at, end);
      if (entry === Infinity) return end;
      at = entry;
      take = this.enteredAt(take, at);
    }
  }

  /** Where following a take from `committed` ends if takes are entered and joined. */
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

  render(out, offset, n, mixer) {
    const { join, fade } = this.lengths;
    const p = this.committed;
    this.followed.copy(p, n, out, offset);
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
