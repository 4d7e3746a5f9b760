/** Music at 48 kHz to the rate of an AudioContext. */
import { CHANNELS, SAMPLE_RATE } from "../protocol/limits.js";

/** Input samples under the filter at 48 kHz and above; more where the context is slower, in proportion. */
const BASE_TAPS = 48;
/** Stopband of 90 dB. */
const KAISER_BETA = 9;
/** The middle of the transition as a share of the lower rate's half: flat to 17 kHz at 44.1 kHz. */
const CUTOFF_SHARE = 0.92;
/** A rate whose ratio to 48 kHz has more phases takes the nearest of these. */
const MOST_PHASES = 1_024;
/** Input samples that are fetched at a time. */
const FETCH = 32;

/**
 * A polyphase filter: a sinc under a Kaiser window, one phase for each position of an output sample between two input
 * samples. `render` does not allocate.
 *
 * Source: J. O. Smith, "Digital Audio Resampling", CCRMA.
 */
export class Resampler {
  /**
   * @param {(out: Float32Array) => void} source - Fills interleaved stereo samples at 48 kHz.
   * @param {number} rate - Of the output, in Hz.
   * @param {number} most - Samples that `render` gives at once.
   */
  constructor(source, rate, most) {
    this.source = source;
    const common = greatestCommonDivisor(SAMPLE_RATE, rate);
    /** Output samples are `step / whole` input samples apart. */
    this.whole = rate / common;
    this.step = SAMPLE_RATE / common;
    this.phases = Math.min(this.whole, MOST_PHASES);
    const slowdown = Math.max(1, SAMPLE_RATE / rate);
    this.taps = 2 * Math.ceil((BASE_TAPS * slowdown) / 2);
    this.filter = filterOf(this.phases, this.taps, CUTOFF_SHARE / slowdown);
    const longest = this.taps + Math.ceil((most * this.step) / this.whole) + 2 + FETCH;
    /** Input samples that are still under the filter, and those to come. */
    this.history = new Float32Array(CHANNELS * longest);
    this.fetched = new Float32Array(CHANNELS * FETCH);
    // Half a filter of silence, so that the first input sample comes out first.
    this.filled = this.taps / 2 - 1;
    /** Position of the next output sample after the first of `history`, in 1 / whole. */
    this.at = 0;
  }

  /** Input samples that are read ahead of what is rendered. */
  get latency() {
    return this.taps / 2;
  }

  /**
   * Render the next samples.
   *
   * @param {Float32Array} left
   * @param {Float32Array} right - As long as `left`.
   */
  render(left, right) {
    const { whole, phases } = this;
    for (let i = 0; i < left.length; i += 1) {
      let first = Math.floor(this.at / whole);
      let phase = Math.round(((this.at % whole) * phases) / whole);
      // The nearest phase may be the next sample's first.
      if (phase === phases) {
        first += 1;
        phase = 0;
      }
      while (this.filled < first + this.taps) this.fetch();
      this.convolve(first, phase, left, right, i);
      this.at += this.step;
    }
    this.drop(Math.floor(this.at / whole));
  }

  fetch() {
    this.source(this.fetched);
    this.history.set(this.fetched, CHANNELS * this.filled);
    this.filled += FETCH;
  }

  /** @param {number} first @param {number} phase @param {Float32Array} left @param {Float32Array} right @param {number} i */
  convolve(first, phase, left, right, i) {
    const { filter, history, taps } = this;
    let [a, b] = [0, 0];
    for (let tap = 0; tap < taps; tap += 1) {
      const weight = filter[phase * taps + tap];
      a += weight * history[CHANNELS * (first + tap)];
      b += weight * history[CHANNELS * (first + tap) + 1];
    }
    left[i] = a;
    right[i] = b;
  }

  /** Drop input samples that no later output sample needs. @param {number} count */
  drop(count) {
    this.history.copyWithin(0, CHANNELS * count, CHANNELS * this.filled);
    this.filled -= count;
    this.at -= count * this.whole;
  }
}

/** The weights of each phase, one phase after another; each phase sums up to 1. @param {number} phases @param {number} taps @param {number} cutoff */
function filterOf(phases, taps, cutoff) {
  const filter = new Float32Array(phases * taps);
  for (let phase = 0; phase < phases; phase += 1) {
    const weights = Array.from({ length: taps }, (_, tap) => {
      const x = tap - (taps / 2 - 1) - phase / phases;
      return sinc(cutoff * x) * kaiser(x / (taps / 2));
    });
    const sum = weights.reduce((a, b) => a + b, 0);
    filter.set(weights.map((weight) => weight / sum), phase * taps);
  }
  return filter;
}

/** @param {number} x */
function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** @param {number} x */
function kaiser(x) {
  return Math.abs(x) > 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA);
}

/** The modified Bessel function of the first kind and order 0, by its series. @param {number} x */
function bessel(x) {
  let sum = 1;
  for (let k = 1, term = 1; term > sum * 1e-12; k += 1) {
    term *= (x * x) / (4 * k * k);
    sum += term;
  }
  return sum;
}

/** @param {number} a @param {number} b @returns {number} */
function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
