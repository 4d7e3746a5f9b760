/** Events with a receipt, each kept until the cell to restore from contains it (PROTOCOL.md section 4.4). */
import { MOST_SETTINGS, MOST_UNCONFIRMED } from "../protocol/limits.js";

/**
 * @typedef {import("./input_table.js").InputValue} InputValue
 * @typedef {{seq: number, at: number, reset: boolean, set: Map<string, InputValue>, fire: string[]}} EventItem
 */

/** Restores of saves that are remembered, over which no events are joined. */
const MOST_BARRIERS = 64;

export class KeptEvents {
  constructor() {
    /** @type {Map<number, EventItem>} */
    this.items = new Map();
    /** The last event that each cell contains. @type {number[]} */
    this.lastEvents = [];
    /** Events up to such a number are never joined with later ones. @type {number[]} */
    this.barriers = [];
  }

  get size() {
    return this.items.size;
  }

  /** Keep an accepted event. @param {EventItem} item */
  add(item) {
    if (this.items.has(item.seq) || (this.lastEvents.length > 0 && item.seq <= this.lastEvents[0])) return;
    this.items.set(item.seq, item);
    if (this.items.size > MOST_UNCONFIRMED) this.mergeOldest();
  }

  /** Forget what the first cell contains. @param {number[]} lastEvents - The last event that each cell contains. */
  contained(lastEvents) {
    if (lastEvents.length === 0) return;
    const isSame = lastEvents.length === this.lastEvents.length && lastEvents.every((seq, i) => seq === this.lastEvents[i]);
    if (isSame) return;
    this.lastEvents = lastEvents;
    for (const seq of [...this.items.keys()]) if (seq <= lastEvents[0]) this.items.delete(seq);
  }

  /** Never join an event up to number `last` with a later one: a save was restored between them. */
  bar(/** @type {number} */ last) {
    this.barriers = [...this.barriers, last].slice(-MOST_BARRIERS);
  }

  /**
   * Remove and return, in order, the events after a number, to be sent again.
   *
   * All of them take effect in one frame. So those that only set inputs are joined with the next one: setting an input
   * again that a cell has already changes nothing.
   *
   * @param {number} lastEvent
   */
  takeAfter(lastEvent) {
    /** @type {EventItem[]} */
    const taken = [];
    for (let item of this.sorted().filter(({ seq }) => seq > lastEvent)) {
      this.items.delete(item.seq);
      const last = taken.at(-1);
      if (last !== undefined && last.fire.length === 0 && isJoinable(last, item, this.barriers)) {
        taken.pop();
        item = joined(last, item);
      }
      taken.push(item);
    }
    return taken;
  }

  sorted() {
    return [...this.items.values()].sort((a, b) => a.seq - b.seq);
  }

  /** Merge the two oldest events of which no cell contains only one; a restored session takes both together. */
  mergeOldest() {
    const items = this.sorted();
    const apart = [...this.lastEvents, ...this.barriers];
    const found = items.findIndex((older, i) => i + 1 < items.length && isJoinable(older, items[i + 1], apart));
    const older = items[Math.max(0, found)];
    this.items.delete(older.seq);
    if (found >= 0) this.items.set(items[found + 1].seq, joined(older, items[found + 1]));
  }
}

/** @param {EventItem} older @param {EventItem} newer @param {number[]} apart - Events that stay apart from later ones. */
function isJoinable(older, newer, apart) {
  const fits = new Set([...older.set.keys(), ...newer.set.keys()]).size <= MOST_SETTINGS && !newer.reset;
  return fits && !apart.some((seq) => older.seq <= seq && seq < newer.seq);
}

/** One event with the effect of two in one frame: later values count, and each trigger appears once. */
function joined(/** @type {EventItem} */ older, /** @type {EventItem} */ newer) {
  const fire = [...new Set([...older.fire, ...newer.fire])].slice(0, MOST_SETTINGS);
  return { ...newer, reset: older.reset, set: new Map([...older.set, ...newer.set]), fire };
}
