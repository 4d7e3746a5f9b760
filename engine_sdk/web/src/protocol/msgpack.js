/**
 * The subset of MessagePack that headers consist of (PROTOCOL.md section 2).
 *
 * The decoder takes every legal encoding and checks each length against the bytes that are left before it allocates, so
 * no bytes can make it slow or large. The encoder writes shortest integers and lengths, and reals as float64.
 * Source: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import { DEEPEST, HEADER_BYTES, LARGEST_INTEGER } from "./limits.js";
import { ProtocolError } from "./protocol_error.js";

/**
 * @typedef {import("./plain.js").Plain} Plain
 * @typedef {import("./plain.js").PlainMap} PlainMap
 */

const TWO_32 = 2 ** 32;
/** Texts up to this length are read and written by hand if they are ASCII: most are, and a codec costs more than they. */
const SHORT = 31;
// Without ignoreBOM a decoder would drop a leading U+FEFF.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** A real, which is written as float64 even if it is whole. */
export class Real {
  /** @param {number} value */
  constructor(value) {
    this.value = value;
  }
}

/**
 * Whether a value is a map as the decoder makes it.
 *
 * @param {unknown} value
 * @returns {value is {[name: string]: Plain}}
 */
export function isMap(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/**
 * Decode a header.
 *
 * @param {Uint8Array} header
 * @returns {PlainMap} A map without a prototype. Bytes in it are copies.
 * @throws {ProtocolError} And nothing else, whatever the bytes.
 */
export function unpack(header) {
  if (header.length > HEADER_BYTES) fail("too_large", `expected at most ${HEADER_BYTES} bytes, got ${header.length}`);
  const unpacker = new Unpacker(header);
  const value = unpacker.next(1);
  if (unpacker.left > 0) fail("trailing", `${unpacker.left} bytes after its end`);
  if (!isMap(value)) fail("malformed", "expected a map");
  return value;
}

class Unpacker {
  /** @param {Uint8Array} data */
  constructor(data) {
    // Node's buffers are arrays whose `slice` copies nothing.
    this.data = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    this.at = 0;
  }

  get left() {
    return this.data.length - this.at;
  }

  /**
   * Read a value.
   *
   * @param {number} depth - Of a map or list that begins here; the header is 1.
   * @returns {Plain}
   */
  next(depth) {
    const head = this.data[this.take(1)];
    if (head <= 0x7f) return head;
    if (head <= 0x8f) return this.map(head & 0x0f, depth);
    if (head <= 0x9f) return this.list(head & 0x0f, depth);
    if (head <= 0xbf) return this.text(head & 0x1f);
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xc0: return null;
      case 0xc1: return fail("malformed", "a byte that begins no value");
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: return this.bytes(this.unsigned(1));
      case 0xc5: return this.bytes(this.unsigned(2));
      case 0xc6: return this.bytes(this.unsigned(4));
      case 0xca: return finite(this.view.getFloat32(this.take(4)));
      case 0xcb: return finite(this.view.getFloat64(this.take(8)));
      case 0xcc: return this.unsigned(1);
      case 0xcd: return this.unsigned(2);
      case 0xce: return this.unsigned(4);
      case 0xcf: return this.long(this.view.getUint32(this.take(4)));
      case 0xd0: return this.view.getInt8(this.take(1));
      case 0xd1: return this.view.getInt16(this.take(2));
      case 0xd2: return this.view.getInt32(this.take(4));
      case 0xd3: return this.long(this.view.getInt32(this.take(4)));
      case 0xd9: return this.text(this.unsigned(1));
      case 0xda: return this.text(this.unsigned(2));
      case 0xdb: return this.text(this.unsigned(4));
      case 0xdc: return this.list(this.unsigned(2), depth);
      case 0xdd: return this.list(this.unsigned(4), depth);
      case 0xde: return this.map(this.unsigned(2), depth);
      case 0xdf: return this.map(this.unsigned(4), depth);
      default: return fail("ext_type", "an extension type; none is allowed");
    }
  }

  /**
   * Pass over bytes that must be there.
   *
   * @param {number} count
   * @returns {number} The index of the first.
   */
  take(count) {
    const at = this.at;
    if (count > this.left) fail("truncated", "ends inside a value");
    this.at += count;
    return at;
  }

  /** @param {1 | 2 | 4} width - In bytes. */
  unsigned(width) {
    const at = this.take(width);
    return width === 1 ? this.data[at] : width === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  /** @param {number} high - The upper 32 bits. */
  long(high) {
    const number = high * TWO_32 + this.view.getUint32(this.take(4));
    return Math.abs(number) <= LARGEST_INTEGER ? number : fail("out_of_range", "expected an integer within ±(2^53 - 1)");
  }

  /** @param {number} count */
  bytes(count) {
    const at = this.take(count);
    return this.data.slice(at, at + count);
  }

  /** @param {number} count */
  text(count) {
    const at = this.take(count);
    const short = count <= SHORT ? this.shortText(at, count) : null;
    if (short !== null) return short;
    let text;
    try {
      text = decoder.decode(this.data.subarray(at, at + count));
    } catch {
      return fail("bad_utf8", "a text that is not UTF-8");
    }
    return text.includes("\0") ? fail("bad_value", "expected texts without U+0000") : text;
  }

  /** A text in ASCII without U+0000; null if it is none. @param {number} at @param {number} count */
  shortText(at, count) {
    let text = "";
    for (let i = at; i < at + count; i += 1) {
      const byte = this.data[i];
      if (byte === 0 || byte > 0x7f) return null;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** @param {number} count @param {number} depth */
  list(count, depth) {
    this.open(count, depth);
    const items = [];
    for (let i = 0; i < count; i += 1) items.push(this.next(depth + 1));
    return items;
  }

  /** @param {number} count @param {number} depth */
  map(count, depth) {
    this.open(count, depth);
    /** @type {PlainMap} */
    const map = Object.create(null);
    for (let i = 0; i < count; i += 1) {
      const key = this.next(depth + 1);
      if (typeof key !== "string") return fail("bad_key", "expected texts as keys");
      if (key in map) return fail("duplicate_key", "a key stands twice in one map");
      map[key] = this.next(depth + 1);
    }
    return map;
  }

  /** Check a count before memory is taken for it: each item takes at least one of the bytes left. */
  open(/** @type {number} */ count, /** @type {number} */ depth) {
    if (depth > DEEPEST) fail("too_deep", `expected at most ${DEEPEST} levels`);
    if (count > this.left) fail("truncated", "ends inside a value");
  }
}

/** @param {number} number */
function finite(number) {
  return Number.isFinite(number) ? number : fail("not_finite", "expected a finite number");
}

/** @param {string} code @param {string} text @returns {never} */
function fail(code, text) {
  throw new ProtocolError(code, `header: ${text}`);
}

/**
 * Encode a value.
 *
 * @param {unknown} value - null, a boolean, a number, a `Real`, a string, bytes, or an array or object of these.
 *   Whole numbers become integers.
 * @returns {Uint8Array}
 */
export function pack(value) {
  packer.at = 0;
  packer.put(value);
  return packer.data.slice(0, packer.at);
}

class Packer {
  constructor() {
    this.data = new Uint8Array(256);
    this.view = new DataView(this.data.buffer);
    this.at = 0;
  }

  /** Make room for more bytes. @param {number} count @returns {number} The index of the first. */
  room(count) {
    const at = this.at;
    this.at += count;
    if (this.at > this.data.length) {
      const larger = new Uint8Array(Math.max(2 * this.data.length, this.at));
      larger.set(this.data);
      this.data = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }

  /** @param {unknown} value */
  put(value) {
    if (value === null) this.byte(0xc0);
    else if (typeof value === "boolean") this.byte(value ? 0xc3 : 0xc2);
    else if (typeof value === "number") this.number(value);
    else if (value instanceof Real) this.real(value.value);
    else if (typeof value === "string") this.text(value);
    else if (value instanceof Uint8Array) {
      this.head(value.length, 0, 0, 0xc4, 0xc5);
      this.raw(value);
    } else if (Array.isArray(value)) {
      this.head(value.length, 0x90, 16, 0, 0xdc);
      for (const item of value) this.put(item);
    } else if (typeof value === "object") {
      const entries = Object.entries(/** @type {object} */ (value));
      this.head(entries.length, 0x80, 16, 0, 0xde);
      for (const [name, item] of entries) {
        this.text(name);
        this.put(item);
      }
    } else throw new TypeError(`no MessagePack for ${typeof value}`);
  }

  /** @param {number} byte */
  byte(byte) {
    const at = this.room(1);
    this.data[at] = byte;
  }

  /** @param {Uint8Array} bytes */
  raw(bytes) {
    const at = this.room(bytes.length);
    this.data.set(bytes, at);
  }

  /** @param {string} text */
  text(text) {
    if (text.length <= SHORT && this.shortText(text)) return;
    const bytes = encoder.encode(text);
    this.head(bytes.length, 0xa0, 32, 0xd9, 0xda);
    this.raw(bytes);
  }

  /** Write a text that is ASCII; whether it was. @param {string} text */
  shortText(text) {
    const at = this.room(1 + text.length);
    this.data[at] = 0xa0 | text.length;
    for (let i = 0; i < text.length; i += 1) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) {
        this.at = at;
        return false;
      }
      this.data[at + 1 + i] = unit;
    }
    return true;
  }

  /** @param {number} value */
  real(value) {
    this.byte(0xcb);
    const at = this.room(8);
    this.view.setFloat64(at, value);
  }

  /** @param {number} value */
  number(value) {
    if (!Number.isSafeInteger(value)) this.real(value);
    else if (value >= 0) this.positive(value);
    else if (value >= -0x20) this.byte(value & 0xff);
    else if (value >= -0x80) this.wide(0xd0, 1, value);
    else if (value >= -0x8000) this.wide(0xd1, 2, value);
    else if (value >= -0x80000000) this.wide(0xd2, 4, value);
    else this.wide(0xd3, 8, value);
  }

  /** @param {number} value */
  positive(value) {
    if (value <= 0x7f) this.byte(value);
    else if (value <= 0xff) this.wide(0xcc, 1, value);
    else if (value <= 0xffff) this.wide(0xcd, 2, value);
    else if (value < TWO_32) this.wide(0xce, 4, value);
    else this.wide(0xcf, 8, value);
  }

  /** @param {number} head @param {1 | 2 | 4 | 8} width - In bytes. @param {number} value */
  wide(head, width, value) {
    this.byte(head);
    const at = this.room(width);
    if (width === 8) {
      this.view.setUint32(at, Math.floor(value / TWO_32));
      this.view.setUint32(at + 4, value >>> 0);
    } else if (width === 4) this.view.setUint32(at, value >>> 0);
    else if (width === 2) this.view.setUint16(at, value & 0xffff);
    else this.view.setUint8(at, value & 0xff);
  }

  /**
   * Write a length.
   *
   * @param {number} count
   * @param {number} fix - The head that holds lengths below `fixCount` itself.
   * @param {number} fixCount
   * @param {number} head8 - The head before a length in one byte; 0 for none.
   * @param {number} head16 - In two bytes; the next after it in four.
   */
  head(count, fix, fixCount, head8, head16) {
    if (count < fixCount) this.byte(fix | count);
    else if (head8 !== 0 && count <= 0xff) this.wide(head8, 1, count);
    else if (count <= 0xffff) this.wide(head16, 2, count);
    else this.wide(head16 + 1, 4, count);
  }
}

const packer = new Packer();
