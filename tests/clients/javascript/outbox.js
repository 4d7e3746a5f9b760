/**
 * What the game sends: events, and requests in their place among them (PROTOCOL.md sections 4, 9 and 11.2 to 11.3).
 *
 * Each item is `waiting` to be sent, `sent` and without an answer, or `kept`: confirmed, but not yet contained in the
 * cell that a killed service would be restored from. Times are in milliseconds of any clock that only grows.
 */
import { checkFire, checkSet, InputError } from "./inputs.js";

const MOST_WAITING = 1_024;
const MOST_KEPT = 1_024;
const MOST_FIRED = 256;
/** Game frames with receipts of their own that one event may hold. */
const MOST_FRAMES = 1_024;
const NO_ANSWER_MS = 5_000;
const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

export class Outbox {
  /** @param {function(object): void} tell - Gets what the game is to know. */
  constructor(tell) {
    this.tell = tell;
    this.declaration = null;
    this.items = [];
    this.lastSeq = 0;
    this.lastId = 0;
    /** Reset, inputs and triggers of the game frame in progress. */
    this.frame = { reset: false, set: new Map(), fire: [] };
    /** The last event with a reset that no restore of a save came after; 0 for none. */
    this.lastReset = 0;
    /** What each input has for the service, and what the game last set since its last reset. */
    this.values = new Map();
    this.everSet = new Map();
    /** Numbers of events that were sent again under another, to their first. */
    this.firstNumbers = new Map();
    this.perSecond = 1;
    this.tokens = 1;
    this.filledAt = 0;
    this.pauseMs = SHORTEST_PAUSE_MS;
    this.pausedUntil = 0;
  }

  // --- the game -----------------------------------------------------------------------------------------------------

  /** @throws {InputError} */
  set(name, value) {
    if (this.declaration !== null) checkSet(this.declaration, name, value);
    this.frame.set.set(name, value);
  }

  /** @throws {InputError} */
  fire(name) {
    if (this.declaration !== null) checkFire(this.declaration, name);
    this.checkRoom(`trigger "${name}"`);
    this.frame.fire.push(name);
  }

  /** Return inputs and states to the start; what came before it in this frame is dropped. @throws {InputError} */
  reset() {
    this.checkRoom("reset");
    this.frame = { reset: true, set: new Map(), fire: [] };
  }

  checkRoom(what) {
    if (this.count("waiting", "sent") < MOST_WAITING) return;
    throw new InputError("rate_limited", `${what}: ${MOST_WAITING} events wait for a receipt`);
  }

  /**
   * End a game frame.
   *
   * @param {number} at - Sample position at which the game means it.
   * @returns {number} Its event's number; 0 if there is nothing to send.
   */
  endFrame(at) {
    const { reset, set, fire } = this.frame;
    this.frame = { reset: false, set: new Map(), fire: [] };
    if (reset) {
      this.values.clear();
      this.everSet.clear();
    }
    for (const [name, value] of set) {
      this.everSet.set(name, value);
      if (this.values.get(name) === value) set.delete(name);
    }
    if (set.size === 0 && fire.length === 0 && !reset) return 0;
    for (const [name, value] of set) this.values.set(name, value);
    const last = this.items.at(-1);
    const isOpen = last?.kind === "event" && !last.wasSent && !last.isTold;
    if (reset || !isOpen || last.fire.length > 0 || fire.length > MOST_FIRED) {
      const seq = this.nextSeq();
      this.addEvent({ seq, at, reset, set, fire, frames: [seq] });
      return seq;
    }
    if (last.frames.length < MOST_FRAMES) {
      last.seq = this.nextSeq();
      last.frames = [...last.frames, last.seq];
      if (last.reset) this.lastReset = last.seq;
    }
    Object.assign(last, { at, fire, set: new Map([...last.set, ...set]) });
    return last.seq;
  }

  /** Ask for something that is answered by its `id`. @returns {number} The id. */
  request(fields) {
    const message = { ...fields, id: this.nextId() };
    if (message.t === "restore") {
      // The save has values and states of its own: resets before it are over.
      this.values.clear();
      this.frame.reset = false;
      this.lastReset = 0;
    }
    this.items.push({ kind: message.t, status: "waiting", message });
    return message.id;
  }

  nextId() {
    return (this.lastId += 1);
  }

  // --- the connection -----------------------------------------------------------------------------------------------

  /** Take the declaration of a `welcome` or `rules`; drop what was set before the first and does not fit. */
  declare(declaration) {
    const isFirst = this.declaration === null;
    this.declaration = declaration;
    if (!isFirst) return;
    for (const item of this.items.filter(({ kind }) => kind === "event")) {
      const refused = this.leaveOut(item);
      for (const { name, error } of refused) {
        this.tell({ t: "refused", name, code: error.code, text: error.message });
        this.everSet.delete(name);
        this.values.delete(name);
      }
    }
  }

  /** Leave out of an event what the rules do not declare; an event without anything left goes. What was left out. */
  leaveOut(item) {
    const refused = [];
    const fits = (check, name, value) => {
      try {
        check(this.declaration, name, value);
        return true;
      } catch (error) {
        refused.push({ name, error });
        return false;
      }
    };
    item.set = new Map([...item.set].filter(([name, value]) => fits(checkSet, name, value)));
    item.fire = item.fire.filter((name) => fits(checkFire, name));
    if (item.set.size === 0 && item.fire.length === 0 && !item.reset) {
      this.remove(item);
      this.tellReceipt(item, { accepted: false, code: "empty", frame: 0, text: "nothing of it fits the rules" });
    }
    return refused;
  }

  /** A session began or was resumed: everything without an answer is sent again. */
  connected(now, eventsPerSecond, isNew) {
    this.perSecond = eventsPerSecond;
    if (isNew) {
      this.tokens = this.capacity;
      this.filledAt = now;
      this.pausedUntil = 0;
    }
    for (const item of this.items) if (item.status === "sent") item.status = "waiting";
  }

  /**
   * A restarted service was restored.
   *
   * @param {number} lastEvent - The greatest event that it contains.
   * @param {number | null} at - Position for an event with all values, if nothing was restored.
   */
  restored(lastEvent, at) {
    for (const item of this.items) {
      const isMissing = item.kind === "restore" || item.seq > lastEvent;
      if (item.status !== "kept" || !isMissing) continue;
      item.status = "waiting";
      if (item.kind === "event") this.leaveOut(item);
    }
    if (at === null) return;
    const declared = this.declaration.inputs.map(({ name }) => name);
    const set = new Map([...this.everSet].filter(([name]) => declared.includes(name)));
    if (set.size > 0) this.addEvent({ seq: this.nextSeq(), at, reset: false, set, fire: [], frames: [] });
  }

  /** The messages to send now, in the game's order. */
  due(now) {
    const messages = [];
    this.tokens = Math.min(this.capacity, this.tokens + (0.8 * this.perSecond * Math.max(0, now - this.filledAt)) / 1_000);
    this.filledAt = now;
    let underWay = this.items.filter(({ kind, status, sentAt }) => {
      return kind === "event" && status === "sent" && now - sentAt < NO_ANSWER_MS;
    }).length;
    for (const item of this.items.filter(({ status }) => status === "waiting")) {
      if (item.kind === "event") {
        const most = Math.max(1, Math.floor(this.perSecond / 2));
        if (this.tokens < 1 || underWay >= most || now < this.pausedUntil) break;
        this.tokens -= 1;
        underWay += 1;
      }
      messages.push(item.kind === "event" ? eventOf(item) : item.message);
      Object.assign(item, { status: "sent", sentAt: now, wasSent: true });
    }
    return messages;
  }

  /** Take a `receipt`. */
  receipt(receipt, now) {
    const item = this.items.find(({ kind, seq, status, wasSent }) => {
      return kind === "event" && seq === receipt.seq && status !== "kept" && wasSent;
    });
    if (item === undefined) return;
    if (receipt.code === "rate_limited") {
      this.sendAgain(item, now);
      return;
    }
    this.pauseMs = SHORTEST_PAUSE_MS;
    this.tellReceipt(item, receipt);
    if (receipt.accepted) item.status = "kept";
    else {
      this.remove(item);
      for (const [name, value] of item.set) if (this.values.get(name) === value) this.values.delete(name);
    }
  }

  /** Take the answer to a request; whether it was one. `greatest`: the greatest take known. */
  answered(kind, id, greatest) {
    const item = this.items.find((other) => other.kind === kind && other.message.id === id && other.status !== "kept");
    if (item === undefined) return false;
    if (kind === "restore") Object.assign(item, { status: "kept", greatest });
    else this.remove(item);
    return true;
  }

  /** Forget what the first of the kept cells contains. @param {{lastEvent: number, take: number}[]} cells */
  trim(cells) {
    const [{ lastEvent, take }] = cells;
    this.items = this.items.filter((item) => {
      return item.status !== "kept" || (item.kind === "restore" ? take <= item.greatest : item.seq > lastEvent);
    });
    while (this.count("kept") > MOST_KEPT && this.mergeKept(cells)) continue;
  }

  /** The game's number of an event. */
  numberOf(seq) {
    return this.firstNumbers.get(seq) ?? seq;
  }

  // --- items --------------------------------------------------------------------------------------------------------

  get capacity() {
    return Math.max(1, this.perSecond / 2);
  }

  count(...statuses) {
    return this.items.filter(({ kind, status }) => kind === "event" && statuses.includes(status)).length;
  }

  nextSeq() {
    return (this.lastSeq += 1);
  }

  addEvent(event) {
    if (event.reset) this.lastReset = event.seq;
    this.items.push({ kind: "event", status: "waiting", wasSent: false, isTold: false, ...event });
  }

  remove(item) {
    this.items = this.items.filter((other) => other !== item);
  }

  /** Give each game frame in an event its receipt, once. */
  tellReceipt(item, receipt) {
    if (item.isTold) return;
    item.isTold = true;
    for (const seq of item.frames) this.tell({ ...receipt, t: "receipt", seq });
  }

  /** Send a `rate_limited` event again, under a new number and behind what waits; a reset with all values set since. */
  sendAgain(item, now) {
    this.tokens = 0;
    this.pausedUntil = now + this.pauseMs;
    this.pauseMs = Math.min(2 * this.pauseMs, LONGEST_PAUSE_MS);
    const later = this.items.slice(this.items.indexOf(item) + 1).filter(({ kind }) => kind === "event");
    this.remove(item);
    const reset = item.reset && item.seq === this.lastReset;
    const own = [...item.set].filter(([name]) => !later.some((other) => other.reset || other.set.has(name)));
    const set = new Map(reset ? this.everSet : own);
    if (set.size === 0 && item.fire.length === 0 && !reset) {
      this.tellReceipt(item, { accepted: true, code: "superseded", frame: 0, text: "later events set its inputs" });
      return;
    }
    const seq = this.nextSeq();
    this.firstNumbers.set(seq, this.numberOf(item.seq));
    this.addEvent({ ...item, status: "waiting", wasSent: false, seq, reset, set });
    for (const [name, value] of set) this.values.set(name, value);
  }

  /** Join the two oldest kept events between which no cell and no request lies; whether there are any. */
  mergeKept(cells) {
    const { items } = this;
    const i = items.findIndex((first, j) => {
      const next = items[j + 1];
      const areKept = [first, next].every((item) => item?.kind === "event" && item.status === "kept");
      return areKept && !next.reset && !cells.some(({ lastEvent }) => first.seq <= lastEvent && lastEvent < next.seq);
    });
    if (i < 0) return false;
    const [first, next] = items.slice(i, i + 2);
    next.set = new Map([...first.set, ...next.set]);
    next.fire = [...new Set([...first.fire, ...next.fire])];
    next.reset = first.reset;
    this.remove(first);
    return true;
  }
}

function eventOf({ seq, at, reset, set, fire }) {
  const item = { seq, at };
  if (reset) item.reset = true;
  if (set.size > 0) item.set = Object.fromEntries(set);
  if (fire.length > 0) item.fire = fire;
  return { t: "event", events: [item] };
}
