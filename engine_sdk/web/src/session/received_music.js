/**
 * What a client has received of the music, and the cells from which a restarted service can continue it.
 *
 * The first cell is the one to restore from: it ends shortly after the sample clock, however deep the buffer is.
 */
import { MOST_CELLS, RESTORE_AHEAD } from "../protocol/limits.js";

/**
 * @typedef {import("../protocol/codec.js").Message} Message
 * @typedef {{end: number, cell: Uint8Array, lastEvent: number, take: number}} ResumeCell
 */

export class ReceivedMusic {
  constructor() {
    /** Greatest `seq` received; 0 if none. */
    this.lastChunk = 0;
    /** Greatest take received; 0 if none. */
    this.take = 0;
    /** @type {ResumeCell[]} */
    this.cells = [];
    this.isRestoring = false;
  }

  /** The last event that each cell contains; empty without a cell. */
  get lastEvents() {
    return this.cells.map(({ lastEvent }) => lastEvent);
  }

  /** The take of the first cell; -1 without a cell. */
  get restoredTake() {
    return this.cells[0]?.take ?? -1;
  }

  /** Take a chunk: its cell replaces those that end after its start, which are of replaced music. @param {Message} chunk */
  received(chunk) {
    this.lastChunk = Math.max(this.lastChunk, chunk.seq);
    this.take = Math.max(this.take, chunk.take);
    if (chunk.cell === null) return;
    if (this.isRestoring) {
      // The others may contain events that the restored session does not contain yet.
      this.isRestoring = false;
      this.cells.splice(1);
    }
    this.cells = this.cells.filter(({ end }) => end <= chunk.start);
    const { cell, take, start, count, last_event: lastEvent } = chunk;
    this.cells.push({ end: start + count, cell, lastEvent, take });
    if (this.cells.length > MOST_CELLS) this.cells.splice(1, 1);
  }

  /** Take a newer cell in place of one that ends with the same sample. @param {Message} message - A `cell`. */
  renewed({ end, cell, last_event: lastEvent }) {
    for (const kept of this.cells) if (kept.end === end) Object.assign(kept, { cell, lastEvent });
  }

  /** Forget all cells: the service could not use the first of them. */
  forgetCells() {
    this.cells = [];
  }

  /** Forget cells that end too early to restore from; none until a restore has music. @param {number} committed */
  reach(committed) {
    if (!this.isRestoring) this.forgetBefore(committed + RESTORE_AHEAD);
  }

  /** The request to a restarted service. @param {number} id @param {number} committed @returns {Message} */
  restore(id, committed) {
    this.lastChunk = 0;
    this.isRestoring = true;
    this.forgetBefore(committed + RESTORE_AHEAD);
    const { take } = this;
    if (this.cells.length === 0) return { type: "restore", id, at: committed, take };
    const { end, cell } = this.cells[0];
    return { type: "restore", id, at: Math.max(end, committed), take, cell };
  }

  /** @param {number} position */
  forgetBefore(position) {
    while (this.cells.length > 0 && this.cells[0].end < position) {
      // What the first contains is forgotten already, so a cell that contains less is of no use behind it. Until its end
      // is reached a newer one may come for it: to pass over it would be to restore much further ahead.
      const contained = this.cells[0].lastEvent;
      const reached = this.cells.filter(({ end }) => end < position).length;
      const nearest = this.cells.slice(0, reached + 1).findIndex(({ lastEvent }, i) => i > 0 && lastEvent >= contained);
      if (nearest < 0) break;
      this.cells.splice(0, nearest);
    }
  }
}
