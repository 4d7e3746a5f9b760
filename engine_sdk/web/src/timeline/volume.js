/** The game's own volume and mute, changed without a click (PROTOCOL.md section 7, Volume). */
import { CHANNELS, GAIN_RAMP, SAMPLE_RATE, SILENT_DB } from "../protocol/limits.js";
import { rising } from "./fade.js";

export class Volume {
  constructor() {
    this.gainDb = 0;
    this.isMuted = false;
    this.from = 1;
    this.to = 1;
    this.done = 0;
    this.length = 0;
  }

  /**
   * Begin a change with the next sample.
   *
   * @param {"volume" | "mute" | "unmute"} op
   * @param {number} gainDb - Of `volume`; -96 is silence.
   * @param {number} rampMs
   */
  change(op, gainDb, rampMs) {
    if (op === "volume") this.gainDb = gainDb;
    else this.isMuted = op === "mute";
    this.from = this.at(this.done);
    this.to = this.isMuted || this.gainDb <= SILENT_DB ? 0 : 10 ** (this.gainDb / 20);
    this.done = 0;
    this.length = Math.max(Math.floor((rampMs * SAMPLE_RATE) / 1_000), GAIN_RAMP);
  }

  /** Scale interleaved samples in place; a factor above 1 clips them. @param {Float32Array} out */
  apply(out) {
    if (this.done >= this.length && this.to === 1) return;
    for (let i = 0; i < out.length; i += CHANNELS) {
      const gain = this.at(this.done);
      this.done += 1;
      for (let c = 0; c < CHANNELS; c += 1) out[i + c] = Math.min(1, Math.max(-1, out[i + c] * gain));
    }
  }

  /** The factor of sample `done` of the change in progress. @param {number} done */
  at(done) {
    return done < this.length ? this.from + (this.to - this.from) * rising(done, this.length) : this.to;
  }
}
