/** What waits to be sent, in the game's order and never faster than the service takes events (PROTOCOL.md section 4.7). */
import { MOST_BATCH_NAMES, MOST_EVENTS, SILENCE_S } from "../protocol/limits.js";

/**
 * @typedef {import("./kept_events.js").EventItem} EventItem
 * @typedef {import("../protocol/codec.js").Message} Message
 */

/**
 * An event's number, or a save or restore that waits: its `id`, and the last event before it.
 *
 * @typedef {number | {id: number, after: number}} QueueEntry
 */

// Shares of the service's limit, a token bucket that holds one second's events and refills at `events_per_second`. In
// any stretch of time at most this arrives: what was under way before it (half a bucket) and what was sent in it (half a
// bucket, and four fifths of the rate). So no event is refused, even if the network or the service delivers late.
const BURST = 0.5;
const PACE = 0.8;
const UNDER_WAY = 0.5;
// After a refusal by the rate limit, which only a service gives that does not keep to its own limit.
const PAUSE_S = 0.1;
const LONGEST_PAUSE_S = 2;
const ROUNDING = 1e-9;

/**
 * Events and requests in the game's order.
 *
 * @param {number[]} events
 * @param {{id: number, after: number}[]} requests
 * @returns {QueueEntry[]}
 */
export function inOrder(events, requests) {
  const behind = [...requests].sort((a, b) => a.after - b.after);
  /** @type {QueueEntry[]} */
  const entries = [];
  for (const seq of events) {
    while (behind.length > 0 && behind[0].after < seq) entries.push(/** @type {QueueEntry} */ (behind.shift()));
    entries.push(seq);
  }
  return [...entries, ...behind];
}

/** Sends at the service's pace while there is a session, and keeps its entries while there is none. */
export class SendQueue {
  /**
   * @param {(seq: number) => EventItem | null} item - An event to send now.
   * @param {(id: number) => Message | null} request - A save or restore to send now.
   */
  constructor(item, request) {
    this.item = item;
    this.request = request;
    /** @type {QueueEntry[]} */
    this.entries = [];
    /** Events without a receipt, and when each was sent. @type {Map<number, number>} */
    this.underWay = new Map();
    /** 0 while there is no session. */
    this.perSecond = 0;
    this.left = 0;
    this.refilledS = 0;
    this.pauseS = 0;
    this.silentUntilS = 0;
  }

  /** The number of the event at the end; 0 if the queue is empty or ends with something else. */
  get tail() {
    const last = this.entries.at(-1);
    return typeof last === "number" ? last : 0;
  }

  /**
   * Begin a session with these entries in place of all that waited.
   *
   * @param {QueueEntry[]} entries
   * @param {number} eventsPerSecond
   * @param {number} nowS
   */
  begin(entries, eventsPerSecond, nowS) {
    this.stop(entries);
    this.perSecond = eventsPerSecond;
    this.left = this.burst;
    this.refilledS = nowS;
    this.pauseS = 0;
    this.silentUntilS = 0;
  }

  /** End the session and keep these entries in place of all that waited. @param {QueueEntry[]} entries */
  stop(entries) {
    this.entries = [...entries];
    this.underWay.clear();
    this.perSecond = 0;
  }

  /**
   * Append an entry.
   *
   * @param {QueueEntry} entry
   * @param {number} [replaced] - The event at the end whose place it takes, or 0.
   */
  put(entry, replaced = 0) {
    if (replaced !== 0) this.entries.pop();
    this.entries.push(entry);
  }

  /** Note an event's receipt. @param {number} seq @param {boolean} isTaken - Whether the rate limit let it through. */
  receipted(seq, isTaken) {
    this.underWay.delete(seq);
    if (isTaken) this.pauseS = 0;
  }

  /** Pause after a refusal by the rate limit, longer each time. @param {number} nowS */
  refused(nowS) {
    this.left = Math.min(this.left, 0);
    if (nowS < this.silentUntilS) return;
    this.pauseS = this.pauseS > 0 ? Math.min(LONGEST_PAUSE_S, 2 * this.pauseS) : PAUSE_S;
    this.silentUntilS = nowS + this.pauseS;
  }

  /** The messages to send now. @param {number} nowS @returns {Message[]} */
  due(nowS) {
    if (this.perSecond === 0) return [];
    const refilled = this.left + Math.max(0, nowS - this.refilledS) * this.perSecond * PACE;
    this.left = Math.min(this.burst, refilled);
    this.refilledS = nowS;
    // An event whose receipt is lost must not block the rest for ever.
    for (const [seq, sentS] of this.underWay) if (nowS - sentS >= SILENCE_S) this.underWay.delete(seq);
    /** @type {Message[]} */
    const going = [];
    if (nowS < this.silentUntilS) return going;
    while (this.entries.length > 0) {
      const entry = this.entries[0];
      if (typeof entry === "number") {
        const batch = this.batch(nowS);
        if (batch.length === 0) break;
        going.push({ type: "event", events: batch.map(wireItem) });
        continue;
      }
      this.entries.shift();
      const message = this.request(entry.id);
      if (message !== null) going.push(message);
    }
    return going;
  }

  get burst() {
    return Math.max(1, this.perSecond * BURST);
  }

  /** The events at the head that may be sent in one message. @param {number} nowS */
  batch(nowS) {
    /** @type {EventItem[]} */
    const batch = [];
    let names = 0;
    const most = Math.max(1, Math.min(MOST_EVENTS, Math.floor(this.perSecond / 4)));
    const underWay = Math.max(1, Math.floor(this.perSecond * UNDER_WAY));
    while (batch.length < most) {
      const seq = this.entries[0];
      if (typeof seq !== "number" || this.left < 1 - ROUNDING || this.underWay.size >= underWay) break;
      const item = this.item(seq);
      names += item === null ? 0 : item.set.size + item.fire.length;
      if (batch.length > 0 && names > MOST_BATCH_NAMES) break;
      this.entries.shift();
      if (item === null) continue;
      this.underWay.set(seq, nowS);
      this.left -= 1;
      batch.push(item);
    }
    return batch;
  }
}

/** @param {EventItem} item */
function wireItem(item) {
  const set = Object.create(null);
  for (const [name, value] of item.set) set[name] = value;
  return { ...item, set };
}
