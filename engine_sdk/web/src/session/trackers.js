/** Which beats, changes and stingers playback has reached: each is reported once (PROTOCOL.md section 11.1). */
import { JOIN, MOST_BEATS } from "../protocol/limits.js";

/**
 * @typedef {import("./client_event.js").ClientEvent} ClientEvent
 * @typedef {import("../protocol/codec.js").Message} Message
 */

/** Upcoming beats kept: some minutes of music at any tempo. */
const MOST_BEATS_KEPT = 4 * MOST_BEATS;
/** Changes and stingers remembered, so that none is reported twice. */
const REMEMBERED = 256;

/** Takes `clock` messages in any order and reports each beat once when it is heard. */
export class BeatTracker {
  constructor() {
    /** @type {ClientEvent[]} */
    this.upcoming = [];
    this.reached = -1;
  }

  /** Take a `clock`: from its start on, its beats replace the earlier ones. @param {Message} clock */
  take({ start, beats, exact, tempo_bpm, meter, groups }) {
    /** @type {ClientEvent[]} */
    const taken = beats.map((/** @type {object} */ beat) => {
      return { type: "beat_heard", ...beat, exact, tempo_bpm, meter, groups };
    });
    const kept = this.upcoming.filter(({ at }) => at < start);
    this.upcoming = [...kept, ...taken.filter(({ at }) => at > this.reached)].slice(0, MOST_BEATS_KEPT);
  }

  /** The beats up to sample `played` that were not reported yet, in order. @param {number} played */
  reach(played) {
    const due = this.upcoming.filter(({ at }) => at <= played);
    this.upcoming = this.upcoming.slice(due.length);
    // A sample clock that stands at a beat has not passed it: the beat at 0 may still be announced.
    this.reached = Math.max(this.reached, played - 1, ...due.map(({ at }) => at));
    return due;
  }
}

/**
 * A change that is not heard yet. `isUncertain`: whether restored music may leave it out.
 *
 * @typedef {{change: Message, at: number, isUncertain: boolean}} UpcomingChange
 */

/** Reports each change once when it is heard, whatever replacements and restores come in between. */
export class ChangeTracker {
  constructor() {
    /** By layer and frame of the decision. @type {Map<string, UpcomingChange>} */
    this.upcoming = new Map();
    /** @type {string[]} */
    this.reported = [];
    this.take = 0;
    /** The greatest take before restored music that is expected; null for none. @type {number | null} */
    this.restoredOver = null;
  }

  /** Take a change: a rendered one will be heard, unless it is withdrawn before. @param {Message} change */
  change(change) {
    const key = `${change.decided} ${change.layer}`;
    if (change.kind !== "rendered") this.upcoming.delete(key);
    else if (!this.reported.includes(key)) this.upcoming.set(key, { change, at: change.audible, isUncertain: false });
  }

  /** Take a chunk. @param {Message} chunk @param {number} committed - The sample clock by then. */
  chunk(chunk, committed) {
    if (chunk.take <= this.take) return;
    this.take = chunk.take;
    if (this.restoredOver !== null && chunk.take > this.restoredOver) {
      // Restored music begins here and replaces what the music before it announced for later.
      this.restoredOver = null;
      for (const [key, upcoming] of this.upcoming) {
        if (upcoming.isUncertain && upcoming.at >= chunk.start) this.upcoming.delete(key);
        else upcoming.isUncertain = false;
      }
    }
    if (chunk.start >= committed) return;
    // The timeline joins a late replacement at `committed`.
    for (const upcoming of this.upcoming.values()) {
      if (upcoming.at >= chunk.start && upcoming.at < committed) upcoming.at = committed + JOIN;
    }
  }

  /** Expect restored music in a take after this one, the greatest so far. @param {number} take */
  restored(take) {
    this.restoredOver = take;
    for (const upcoming of this.upcoming.values()) upcoming.isUncertain = true;
  }

  /** Forget changes from sample `at` on, which a restored session announces again. @param {number} at */
  restarted(at) {
    for (const [key, upcoming] of this.upcoming) if (upcoming.at >= at) this.upcoming.delete(key);
  }

  /** The changes up to sample `played` that were not reported yet, in order. @param {number} played @returns {ClientEvent[]} */
  reach(played) {
    const due = [...this.upcoming].filter(([, { at }]) => at <= played).sort(([, a], [, b]) => a.at - b.at);
    if (due.length === 0) return [];
    for (const [key] of due) this.upcoming.delete(key);
    this.reported = [...this.reported, ...due.map(([key]) => key)].slice(-REMEMBERED);
    return due.map(([, { change: { type, ...change } }]) => ({ type: "change_heard", change }));
  }
}

/** Reports each stinger once when it begins to be heard. */
export class StingerTracker {
  constructor() {
    /** By `id`. @type {Map<number, ClientEvent>} */
    this.upcoming = new Map();
    /** @type {number[]} */
    this.seen = [];
  }

  /** Take what the service says of a stinger. @param {Message} message @param {number} committed - The sample clock by then. */
  take(message, committed) {
    const { id, name, kind, start } = message;
    if (kind === "cancelled" || kind === "dropped") this.upcoming.delete(id);
    else if (kind === "placed" && !this.seen.includes(id)) {
      this.seen = [...this.seen, id].slice(-REMEMBERED);
      if (start < committed && message.if_late !== "play") return;
      this.upcoming.set(id, { type: "stinger_heard", id, name, at: Math.max(start, committed) });
    }
  }

  /** Cancel stingers from sample `at` on, which a restored session places again. @param {number} at @returns {ClientEvent[]} The cancellations. */
  restarted(at) {
    const again = [...this.upcoming.values()].filter((heard) => heard.at >= at);
    for (const { id } of again) this.upcoming.delete(id);
    return again.map(({ id, name, at: start }) => ({ ...CANCELLED, id, name, start }));
  }

  /** The stingers up to sample `played` that were not reported yet, in order. @param {number} played */
  reach(played) {
    const due = [...this.upcoming.values()].filter(({ at }) => at <= played).sort((a, b) => a.at - b.at);
    for (const { id } of due) this.upcoming.delete(id);
    return due;
  }
}

/** A `stinger` that cancels, without what names it. */
const CANCELLED = {
  type: "stinger",
  kind: "cancelled",
  total: 0,
  offset: 0,
  count: 0,
  format: "f32le",
  gain_db: 0,
  duck: null,
  if_late: "drop",
  reason: "",
};
