/** All that is heard: timeline, stingers and the game's own volume (PROTOCOL.md section 7). */
import { ProtocolError } from "./codec.js";
import { StingerMixer } from "./stingers.js";
import { rising, Timeline } from "./timeline.js";

const CHANNELS = 2;
const SILENCE_DB = -96;
const SAMPLES_PER_MS = 48;
const SHORTEST_RAMP = 2_400;

/**
 * Samples of a payload.
 *
 * @param {Uint8Array} payload
 * @param {"f32le" | "s16le"} format
 * @returns {Float32Array} Interleaved.
 * @throws {ProtocolError} `not_finite` for a sample that is no number.
 */
export function samplesOf(payload, format) {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const isReal = format === "f32le";
  const samples = new Float32Array(payload.length / (isReal ? 4 : 2));
  for (let i = 0; i < samples.length; i += 1) {
    samples[i] = isReal ? view.getFloat32(4 * i, true) : view.getInt16(2 * i, true) / 32_768;
    if (!Number.isFinite(samples[i])) throw new ProtocolError("not_finite", `payload: sample ${i} is no number`);
  }
  return samples;
}

/** The game's own gain. */
class Volume {
  constructor() {
    this.gainDb = 0;
    this.isMuted = false;
    this.from = 1;
    this.to = 1;
    this.done = 0;
    this.length = 0;
  }

  /** Take `volume`, `mute` or `unmute`. */
  control(op, gainDb, rampMs) {
    if (op === "volume") this.gainDb = gainDb;
    else this.isMuted = op === "mute";
    if (op === "volume" && this.isMuted) return;
    this.from = this.at(this.done);
    this.to = this.isMuted || this.gainDb === SILENCE_DB ? 0 : 10 ** (this.gainDb / 20);
    this.done = 0;
    this.length = Math.max(Math.round(rampMs * SAMPLES_PER_MS), SHORTEST_RAMP);
  }

  apply(out) {
    if (this.done >= this.length && this.to === 1) return;
    for (let i = 0; i < out.length; i += CHANNELS) {
      const gain = this.at(this.done);
      this.done += 1;
      for (let c = 0; c < CHANNELS; c += 1) out[i + c] = Math.min(1, Math.max(-1, out[i + c] * gain));
    }
  }

  /** The factor of sample `done` of the change in progress. */
  at(done) {
    return done < this.length ? this.from + (this.to - this.from) * rising(done, this.length) : this.to;
  }
}

export class Player {
  /** @param {Partial<import("./timeline.js").Lengths>} [lengths] */
  constructor(lengths = {}) {
    this.timeline = new Timeline(lengths);
    this.stingers = new StingerMixer();
    this.volume = new Volume();
  }

  /** Take a decoded `chunk` or `stinger`. */
  receive(message) {
    const samples = message.payload === undefined ? null : samplesOf(message.payload, message.format);
    if (message.t === "chunk") this.timeline.write(message.take, message.start, samples, message.mixed);
    else this.stingers.receive(message, samples, this.timeline.committed);
  }

  /**
   * Fill an audio callback's buffer.
   *
   * @param {Float32Array} out - Interleaved stereo at 48 kHz.
   */
  render(out) {
    this.timeline.read(out, this.stingers);
    this.volume.apply(out);
  }
}
