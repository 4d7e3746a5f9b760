/** A game's events until no service can lose them: one event per game frame, numbered, kept and sent again. */
import { MOST_MERGED, MOST_SETTINGS, MOST_UNCONFIRMED, MOST_UNRECEIPTED, TEXT_BYTES } from "../protocol/limits.js";
import { InputError } from "./input_error.js";
import { InputTable, plainName, plainValue } from "./input_table.js";
import { KeptEvents } from "./kept_events.js";

/**
 * @typedef {import("./input_table.js").Input} Input
 * @typedef {import("./input_table.js").InputValue} InputValue
 * @typedef {import("./kept_events.js").EventItem} EventItem
 * @typedef {import("./client_event.js").ClientEvent} ClientEvent
 * @typedef {import("../protocol/codec.js").Message} Message
 */

/**
 * An event without a receipt.
 *
 * @typedef {object} Waiting
 * @property {EventItem} item
 * @property {number} first - Number of the first game frame in it.
 * @property {number} last - Of the last.
 * @property {boolean} isAnswered - Whether the game has its receipt already.
 */

/** So that any text fits a receipt. */
const EXCERPT = TEXT_BYTES / 4;

export class EventOutbox {
  constructor() {
    /** @type {InputTable | null} */
    this.table = null;
    /** The game frame in progress. @type {{reset: boolean, set: Map<string, InputValue>, fire: string[]}} */
    this.frame = { reset: false, set: new Map(), fire: [] };
    /** By number, in order. @type {Map<number, Waiting>} */
    this.waiting = new Map();
    /** Events of which the game has no receipt. */
    this.unanswered = 0;
    this.kept = new KeptEvents();
    /** The last value of each input, and the event that sets it. @type {Map<string, {value: InputValue, seq: number, isCertain: boolean}>} */
    this.lastValues = new Map();
    /** Number of the last event; 0 if there was none. */
    this.last = 0;
    this.lastReset = 0;
    this.sent = 0;
    /** Numbers of events that were sent again, to the game's. @type {Map<number, number>} */
    this.gameNumbers = new Map();
  }

  /** Events with a receipt that would have to be sent again were the service killed now, or might have to be. */
  get unconfirmed() {
    return this.kept.size + this.waiting.size - this.unanswered;
  }

  // --- calls of the game ---------------------------------------------------------------------------------------------

  /** Set an input; the last value of a frame counts. @param {string} name @param {unknown} value @throws {InputError} */
  set(name, value) {
    let plain;
    if (this.table !== null) plain = this.table.value(name, value);
    else {
      plain = plainValue(name, value);
      plainName(name);
    }
    const { set } = this.frame;
    if (!set.has(name) && set.size >= MOST_SETTINGS) throw full(`${MOST_SETTINGS} inputs in one game frame`);
    // Inputs join the last waiting event; only behind a trigger do they need a place of their own.
    if (this.unanswered > MOST_UNRECEIPTED && !this.canGrow(this.last)) throw unreceipted();
    set.set(name, plain);
  }

  /** Fire a trigger; each call counts. @param {string} name @throws {InputError} */
  fire(name) {
    if (this.table !== null) this.table.trigger(name);
    else plainName(name);
    if (this.frame.fire.length >= MOST_SETTINGS) throw full(`${MOST_SETTINGS} triggers in one game frame`);
    if (this.unanswered >= MOST_UNRECEIPTED) throw unreceipted();
    this.frame.fire.push(name);
  }

  /** Return inputs and states to the start; what was set and fired before it in this frame is dropped. @throws {InputError} */
  reset() {
    if (this.unanswered >= MOST_UNRECEIPTED) throw unreceipted();
    this.frame = { reset: true, set: new Map(), fire: [] };
  }

  /**
   * End the frame.
   *
   * @param {number} at - The sample heard now.
   * @param {number} tail - Number of the last event in the send queue, or 0. If it only sets inputs, the frame's event
   *   takes its place and includes its values, so that inputs never wait in a row. A reset has an event of its own.
   * @returns {{number: number, replaced: number} | null} The frame's number, which is its event's, and the event that it
   *   joined or 0; null if nothing changed.
   */
  flush(at, tail) {
    const { reset, set, fire } = this.frame;
    this.frame = { reset: false, set: new Map(), fire: [] };
    if (reset) this.lastValues.clear();
    const values = new Map([...set].filter(([name, value]) => !this.isKnown(name, value)));
    if (values.size === 0 && fire.length === 0 && !reset) return null;
    const joined = reset || !this.canGrow(tail) ? undefined : this.waiting.get(tail);
    if (joined !== undefined) {
      const merged = new Map([...joined.item.set, ...values]);
      if (merged.size <= MOST_SETTINGS) return this.grow(joined, merged, fire, at);
    }
    const { seq } = this.number({ at, reset, set: values, fire });
    this.note(values, seq);
    return { number: seq, replaced: 0 };
  }

  /** Note that the game restores a save, which has inputs and states of its own: resets before it are over. */
  restored() {
    this.frame.reset = false;
    this.lastReset = 0;
    this.markValuesUncertain();
    this.kept.bar(this.last);
  }

  /** Send each input at its next `set`, even with the same value: the service's value may differ. */
  markValuesUncertain() {
    for (const last of this.lastValues.values()) last.isCertain = false;
  }

  // --- messages of the service ---------------------------------------------------------------------------------------

  /**
   * Check against these inputs from now on. What was waiting, never sent and does not fit is removed.
   *
   * @param {Input[]} inputs
   * @returns {ClientEvent[]} For the game.
   */
  declare(inputs) {
    const table = (this.table = new InputTable(inputs));
    /** @type {Map<string, ClientEvent>} */
    const refused = new Map();
    /** @type {ClientEvent[]} */
    const events = [];
    const fit = (/** @type {{set: Map<string, InputValue>, fire: string[]}} */ { set, fire }) => {
      const found = table.checked(set, fire);
      for (const { name, error } of found.refused) {
        const event = { type: "input_refused", name, code: error.code, text: error.message };
        refused.set(JSON.stringify(event), event);
      }
      return found;
    };
    const frame = fit(this.frame);
    this.frame = { reset: this.frame.reset, set: frame.set, fire: frame.fire };
    for (const [seq, entry] of [...this.waiting]) {
      if (seq <= this.sent) continue;
      const { set, fire, refused: wrong } = fit(entry.item);
      if (set.size > 0 || fire.length > 0 || entry.item.reset) {
        this.waiting.set(seq, { ...entry, item: { ...entry.item, set, fire } });
        continue;
      }
      this.takeOut(seq);
      const code = wrong[0]?.error.code ?? "empty";
      const text = (wrong[0]?.error.message ?? "").slice(0, EXCERPT);
      events.push(...receipts(entry, { type: "receipt", seq, accepted: false, code, frame: 0, text }));
    }
    this.markValuesUncertain();
    return [...refused.values(), ...events];
  }

  /**
   * Take an event's receipt. It has no effect if the game has one already or there is no such event.
   *
   * @param {Message} receipt
   * @returns {{events: ClientEvent[], resend: number}} For the game; and the number under which the event is sent again,
   *   or 0.
   */
  receipted(receipt) {
    const entry = this.takeOut(receipt.seq);
    if (entry === null) return { events: [], resend: 0 };
    if (receipt.accepted) {
      this.kept.add(entry.item);
      if (entry.last !== receipt.seq) {
        this.gameNumbers.set(receipt.seq, entry.last);
        if (this.gameNumbers.size > MOST_UNCONFIRMED) this.gameNumbers.delete(firstKey(this.gameNumbers));
      }
    } else if (receipt.code === "rate_limited") return this.offerAgain(entry, receipt);
    else {
      for (const name of entry.item.set.keys()) {
        const last = this.lastValues.get(name);
        if (last !== undefined && last.seq === receipt.seq) last.isCertain = false;
      }
    }
    return { events: receipts(entry, receipt), resend: 0 };
  }

  /** The game's number for an event that was sent again under another. */
  gameNumber(/** @type {number} */ seq) {
    return this.gameNumbers.get(seq) ?? seq;
  }

  /** Forget the events that no service can lose. @param {number[]} lastEvents - The last event that each cell contains. */
  contained(lastEvents) {
    this.kept.contained(lastEvents);
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  /** The event to send now; null if it does not wait any more. */
  take(/** @type {number} */ seq) {
    const entry = this.waiting.get(seq);
    if (entry === undefined) return null;
    this.sent = Math.max(this.sent, seq);
    return entry.item;
  }

  /**
   * Let events wait for a receipt again that a restored session lacks.
   *
   * What does not fit the rules of that session is left out, as the service would refuse the whole event.
   *
   * @param {number} lastEvent - The last that it contains.
   */
  restarted(lastEvent) {
    for (const item of this.kept.takeAfter(lastEvent)) {
      const { set, fire } = this.table?.checked(item.set, item.fire) ?? item;
      if (set.size === 0 && fire.length === 0 && !item.reset) continue;
      const { seq } = item;
      this.waiting.set(seq, { item: { ...item, set, fire }, first: seq, last: seq, isAnswered: true });
    }
    this.waiting = new Map([...this.waiting].sort(([a], [b]) => a - b));
  }

  /** Add an event that sets each declared input to the last value the game gave it. */
  sendAllValues(/** @type {number} */ at) {
    const values = new Map([...this.lastValues].map(([name, { value }]) => [name, value]));
    const set = this.table?.fitting(values) ?? values;
    if (set.size > 0) this.number({ at, reset: false, set, fire: [] }, true);
  }

  // --- private -------------------------------------------------------------------------------------------------------

  /** @param {Omit<EventItem, "seq">} event @param {boolean} [isAnswered] */
  number(event, isAnswered = false) {
    this.last += 1;
    if (event.reset) this.lastReset = this.last;
    const item = { seq: this.last, ...event };
    this.waiting.set(item.seq, { item, first: item.seq, last: item.seq, isAnswered });
    if (!isAnswered) this.unanswered += 1;
    return item;
  }

  /** Whether later inputs may join the event: it was never sent, and they do not overtake a trigger of it. */
  canGrow(/** @type {number} */ seq) {
    const entry = this.waiting.get(seq);
    if (entry === undefined || entry.item.fire.length > 0 || entry.isAnswered) return false;
    return seq === this.last && seq === entry.last && seq > this.sent;
  }

  /**
   * Add a later frame's values and triggers to an event, under the later number.
   *
   * @param {Waiting} entry
   * @param {Map<string, InputValue>} set
   * @param {string[]} fire
   * @param {number} at
   */
  grow(entry, set, fire, at) {
    const replaced = entry.item.seq;
    if (entry.last - entry.first + 1 < MOST_MERGED) this.last += 1;
    const item = { ...entry.item, seq: this.last, at: Math.max(at, entry.item.at), set, fire };
    if (item.reset) this.lastReset = item.seq;
    this.waiting.delete(replaced);
    this.waiting.set(item.seq, { ...entry, item, last: item.seq });
    this.note(set, item.seq);
    return { number: item.seq, replaced };
  }

  /** @param {Map<string, InputValue>} values @param {number} seq */
  note(values, seq) {
    for (const [name, value] of values) {
      this.lastValues.delete(name);
      this.lastValues.set(name, { value, seq, isCertain: true });
    }
    while (this.lastValues.size > MOST_SETTINGS) this.lastValues.delete(firstKey(this.lastValues));
  }

  /** @param {string} name @param {InputValue} value */
  isKnown(name, value) {
    const last = this.lastValues.get(name);
    return last !== undefined && last.isCertain && last.value === value;
  }

  /** @param {number} seq */
  takeOut(seq) {
    const entry = this.waiting.get(seq);
    if (entry === undefined) return null;
    this.waiting.delete(seq);
    if (!entry.isAnswered) this.unanswered -= 1;
    return entry;
  }

  /**
   * Send an event again that the rate limit refused, under a new number, without values set again since.
   *
   * A reset is sent with all values set since, which it would take back. Behind a later reset, or after a restore, it is
   * not sent again.
   *
   * @param {Waiting} entry
   * @param {Message} receipt
   */
  offerAgain(entry, receipt) {
    const { seq } = receipt;
    const { item } = entry;
    const reset = item.reset && seq === this.lastReset;
    const set = new Map();
    for (const [name, last] of this.lastValues) {
      if (reset || (last.seq === seq && item.set.has(name))) set.set(name, last.value);
    }
    if (set.size === 0 && item.fire.length === 0 && !reset) {
      const text = "a later event sets the same inputs";
      return { events: receipts(entry, { ...receipt, accepted: true, code: "superseded", text }), resend: 0 };
    }
    const again = this.number({ at: item.at, reset, set, fire: item.fire }, entry.isAnswered);
    this.waiting.set(again.seq, { ...entry, item: again });
    this.note(set, again.seq);
    const delayed = { type: "event_delayed", seq: entry.last, code: receipt.code, text: receipt.text };
    return { events: entry.isAnswered ? [] : [delayed], resend: again.seq };
  }
}

/** A receipt for each game frame in the event; none if the game has them. @param {Waiting} entry @param {Message} receipt */
function receipts({ first, last, isAnswered }, receipt) {
  const count = isAnswered ? 0 : last - first + 1;
  return Array.from({ length: count }, (_, i) => ({ ...receipt, seq: first + i }));
}

/** @template K @param {Map<K, unknown>} map */
function firstKey(map) {
  return /** @type {K} */ (map.keys().next().value);
}

/** @param {string} what */
function full(what) {
  return new InputError("queue_full", `expected at most ${what}`);
}

function unreceipted() {
  const text = `${MOST_UNRECEIPTED} events wait for the service's receipt; slow down, or wait until the service is back`;
  return new InputError("queue_full", text);
}
