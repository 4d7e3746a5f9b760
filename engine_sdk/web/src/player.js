/**
 * The audio side of a client: commands in, samples out, and where playback stands.
 *
 * It runs where the samples are played: in an AudioWorklet, or in the caller's own thread.
 */
import { StingerMixer } from "./timeline/stinger_mixer.js";
import { Timeline } from "./timeline/timeline.js";
import { Volume } from "./timeline/volume.js";

/**
 * What changes the timeline. Samples are interleaved.
 *
 * @typedef {{do: "chunk", take: number, start: number, mixed: boolean, samples: Float32Array}
 *   | {do: "stinger", fields: import("./timeline/stinger_mixer.js").StingerFields, samples: Float32Array | null}
 *   | {do: "pause"} | {do: "resume"} | {do: "pre_roll" | "latency", samples: number}
 *   | {do: "volume" | "mute" | "unmute", gain_db: number, ramp_ms: number}} PlayerCommand
 */

/**
 * The timeline's position in samples of the session clock; fields as in `playhead`, `standing` is `paused` there.
 *
 * @typedef {{played: number, committed: number, have: number, standing: boolean, underruns: number, late: number,
 *   dropped: number}} PlaybackPosition
 */

export class Player {
  /** @param {Partial<import("./timeline/timeline.js").Lengths>} [lengths] */
  constructor(lengths = {}) {
    this.timeline = new Timeline(lengths);
    this.stingers = new StingerMixer();
    this.volume = new Volume();
    /** Samples between being rendered and being heard. */
    this.latency = 0;
    /** Samples of silence after the last of the music. */
    this.silence = 0;
    this.played = 0;
  }

  /** @param {PlayerCommand} command */
  apply(command) {
    const { timeline } = this;
    switch (command.do) {
      case "chunk":
        timeline.write(command.take, command.start, command.samples, command.mixed);
        break;
      case "stinger":
        this.stingers.receive(command.fields, command.samples, timeline.committed);
        break;
      case "pause":
        timeline.pause();
        break;
      case "resume":
        timeline.resume();
        break;
      case "pre_roll":
        timeline.lengths.preRoll = command.samples;
        break;
      case "latency":
        this.latency = command.samples;
        break;
      default:
        this.volume.change(command.do, command.gain_db, command.ramp_ms);
    }
  }

  /** Fill an audio callback's buffer. @param {Float32Array} out - Interleaved stereo at 48 kHz. */
  render(out) {
    const { timeline } = this;
    const before = timeline.committed;
    timeline.read(out, this.stingers);
    this.volume.apply(out);
    const moved = timeline.committed - before;
    const silence = out.length / 2 - moved;
    this.silence = moved > 0 ? silence : this.silence + silence;
    // What was rendered before the silence is heard while the silence waits.
    this.played = Math.max(this.played, timeline.committed - Math.max(0, this.latency - this.silence));
  }

  /** Where playback stands, as of the last `render`. @returns {PlaybackPosition} */
  position() {
    const { committed, have, standing, underruns, late, dropped } = this.timeline;
    return { played: this.played, committed, have, standing, underruns, late, dropped };
  }
}
