/**
 * The client's side of ZMTP 3.1 over any stream of bytes: PROTOCOL.md Appendix A. It does no I/O.
 */
const GREETING_BYTES = 64;
const MECHANISM_AT = 12;
const MECHANISM_BYTES = 20;
const MORE = 1;
const LONG = 2;
const COMMAND = 4;
const LONGEST_SHORT = 255;
const COMMAND_BYTES = 1_024;
const PART_BYTES = [262_144, 4_194_304];
const PING_TTL_BYTES = 2;
const USER = "segue";

const ascii = new TextEncoder();
const latin = new TextDecoder("latin1");

/** The connection ends; `reason` is one of PROTOCOL.md section 11.4. */
export class ConnectionError extends Error {
  constructor(reason, text) {
    super(text);
    this.reason = reason;
  }
}

export class ZmtpClient {
  /** @param {string | null} token - The service's token; null for one without. */
  constructor(token = null) {
    this.mechanism = token === null ? "NULL" : "PLAIN";
    this.received = new Uint8Array(0);
    this.parts = [];
    /** Bytes to send; whoever sends them takes them out. @type {Uint8Array[]} */
    this.out = [greeting(this.mechanism)];
    if (token === null) {
      this.out.push(command("READY", socketType()));
      this.expected = ["GREETING", "READY"];
    } else {
      this.out.push(command("HELLO", joined(counted(USER), counted(token))), command("INITIATE", socketType()));
      this.expected = ["GREETING", "WELCOME", "READY"];
    }
  }

  get isReady() {
    return this.expected.length === 0;
  }

  /** Encode a message for after the handshake. @param {Uint8Array} header */
  send(header) {
    return joined(frameHead(0, header.length), header);
  }

  /**
   * Take bytes of the service, cut anywhere.
   *
   * @param {Uint8Array} bytes
   * @returns {Uint8Array[][]} The messages that they complete, each of one part or two.
   * @throws {ConnectionError} The connection is to be closed.
   */
  receive(bytes) {
    this.received = this.received.length > 0 ? joined(this.received, bytes) : bytes;
    if (this.expected[0] === "GREETING" && !this.takeGreeting()) return [];
    const messages = [];
    for (let frame = this.takeFrame(); frame !== null; frame = this.takeFrame()) {
      if (frame.flags & COMMAND) this.onCommand(frame.body);
      else if (!this.isReady) throw broken(`expected ${this.expected[0]}, got a message`);
      else {
        this.parts.push(frame.body);
        if (frame.flags & MORE) continue;
        messages.push(this.parts);
        this.parts = [];
      }
    }
    return messages;
  }

  takeGreeting() {
    const head = this.received;
    if ((head.length > 0 && head[0] !== 0xff) || (head.length > 9 && head[9] !== 0x7f) || (head.length > 10 && head[10] < 3)) {
      throw new ConnectionError("not_a_service", "expected a greeting of ZMTP 3, got other bytes");
    }
    if (head.length < GREETING_BYTES) return false;
    const offered = latin.decode(head.subarray(MECHANISM_AT, MECHANISM_AT + MECHANISM_BYTES)).replace(/\0+$/, "");
    if (offered !== this.mechanism) {
      const reason = this.mechanism === "NULL" ? "token_needed" : "token_not_needed";
      throw new ConnectionError(reason, `expected mechanism ${this.mechanism}, got ${offered}`);
    }
    this.received = head.subarray(GREETING_BYTES);
    this.expected.shift();
    return true;
  }

  /** The next whole frame, or null. */
  takeFrame() {
    const data = this.received;
    if (data.length < 2) return null;
    const flags = data[0];
    if (flags > (MORE | LONG | COMMAND) || (flags & COMMAND && flags & MORE)) throw broken(`flags 0x${flags.toString(16)}`);
    const start = flags & LONG ? 9 : 2;
    if (data.length < start) return null;
    const view = new DataView(data.buffer, data.byteOffset, start);
    const size = flags & LONG ? Number(view.getBigUint64(1)) : data[1];
    const most = flags & COMMAND ? COMMAND_BYTES : (PART_BYTES[this.parts.length] ?? -1);
    if (size > most) throw broken(`expected a frame of at most ${most} bytes, got ${size}`);
    if (data.length < start + size) return null;
    this.received = data.subarray(start + size);
    return { flags, body: data.slice(start, start + size) };
  }

  onCommand(body) {
    const name = latin.decode(body.subarray(1, 1 + body[0]));
    const rest = body.subarray(1 + body[0]);
    const expected = this.expected[0];
    // libzmq writes ERROR's name with a wrong length.
    const isError = name === "ERROR" || latin.decode(body.subarray(1, 5)) === "RROR";
    if (isError && expected !== undefined) {
      const reason = this.mechanism === "NULL" ? "token_needed" : "token_refused";
      throw new ConnectionError(reason, `the service refuses this client: ${latin.decode(rest.subarray(1))}`);
    }
    if (isError) throw broken(latin.decode(rest.subarray(1)));
    if (expected !== undefined) {
      if (name !== expected) throw broken(`expected ${expected}, got ${name}`);
      this.expected.shift();
    } else if (name === "PING") this.out.push(command("PONG", rest.subarray(PING_TTL_BYTES)));
  }
}

function broken(text) {
  return new ConnectionError("broken_off", `ZMTP: ${text}`);
}

function joined(...arrays) {
  const all = new Uint8Array(arrays.reduce((sum, array) => sum + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}

function counted(text) {
  const bytes = ascii.encode(text);
  return joined(Uint8Array.of(bytes.length), bytes);
}

function frameHead(flags, size) {
  if (size <= LONGEST_SHORT) return Uint8Array.of(flags, size);
  const head = new Uint8Array(9);
  head[0] = flags | LONG;
  new DataView(head.buffer).setBigUint64(1, BigInt(size));
  return head;
}

function command(name, rest) {
  const body = joined(counted(name), rest);
  return joined(frameHead(COMMAND, body.length), body);
}

function socketType() {
  const value = ascii.encode("DEALER");
  return joined(counted("Socket-Type"), Uint8Array.of(0, 0, 0, value.length), value);
}

function greeting(mechanism) {
  const bytes = new Uint8Array(GREETING_BYTES);
  bytes.set([0xff], 0);
  bytes.set([0x7f, 3, 1], 9);
  bytes.set(ascii.encode(mechanism), MECHANISM_AT);
  return bytes;
}
