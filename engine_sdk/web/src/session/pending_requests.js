/** Saves and restores, each until it is answered and cannot be lost any more (PROTOCOL.md section 9). */

/** @typedef {import("../protocol/codec.js").Message} Message */

/**
 * A save or restore without an answer. `after`: the last event before it.
 *
 * @typedef {{message: Message, after: number}} PendingRequest
 */

export class PendingRequests {
  constructor() {
    /** By `id`. @type {Map<number, PendingRequest>} */
    this.unanswered = new Map();
    /** The last answered restore that the cell to restore from does not contain, and the greatest take at its answer. @type {{request: PendingRequest, take: number} | null} */
    this.notInCell = null;
    this.last = 0;
  }

  /** The `id` of a new request. */
  number() {
    this.last += 1;
    return this.last;
  }

  /** Keep a request until its answer. @param {Message} message @param {number} after - The last event before it. */
  ask(message, after) {
    this.unanswered.set(message.id, { message, after });
    return { id: /** @type {number} */ (message.id), after };
  }

  /**
   * Note the answer to a request; whether it was expected.
   *
   * @param {number} id
   * @param {number} take - The greatest so far. Music that was restored is heard in a greater one.
   */
  answered(id, take) {
    const request = this.unanswered.get(id);
    if (request === undefined) return false;
    this.unanswered.delete(id);
    if (request.message.type === "restore") this.notInCell = { request, take };
    return true;
  }

  /** Note that a request was refused. @param {number} id */
  refused(id) {
    this.unanswered.delete(id);
  }

  /** Note the take of the cell to restore from: a greater one than at the answer contains the restored music. */
  contained(/** @type {number} */ take) {
    if (this.notInCell !== null && take > this.notInCell.take) this.notInCell = null;
  }

  /** Repeat the last restore at a restarted service, if the cell it continues from does not contain it. */
  restarted() {
    if (this.notInCell === null) return;
    const { request } = this.notInCell;
    this.notInCell = null;
    this.unanswered.set(request.message.id, request);
    this.unanswered = new Map([...this.unanswered].sort(([a], [b]) => a - b));
  }

  /** Requests without an answer, in order. */
  waiting() {
    return [...this.unanswered].map(([id, { after }]) => ({ id, after }));
  }

  /**
   * The message of a request; null if it is answered. A restore begins at sample `at` or later, after `take`.
   *
   * @param {number} id
   * @param {number} at
   * @param {number} take
   * @returns {Message | null}
   */
  message(id, at, take) {
    const message = this.unanswered.get(id)?.message ?? null;
    return message?.type === "restore" ? { ...message, at: Math.max(at, message.at), take } : message;
  }
}
