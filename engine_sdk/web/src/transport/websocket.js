/** A WebSocket as a transport (PROTOCOL.md section 1.7). */

/**
 * What a transport tells its client.
 *
 * @typedef {object} TransportHandlers
 * @property {() => void} onAccept - The peer has accepted the connection; only transports that notice it call this.
 * @property {() => void} onOpen - Messages may be sent.
 * @property {(parts: Uint8Array[]) => void} onMessage
 * @property {(code: import("./retry_schedule.js").FailureCode) => void} onEnd - The connection has ended, or there was
 *   none.
 */

/** @typedef {{send: (header: Uint8Array) => void, close: () => void}} Transport */

const LENGTH_BYTES = 4;

/**
 * Open a connection.
 *
 * @param {string} url - `ws://` or `wss://`.
 * @param {TransportHandlers} handlers
 * @param {typeof WebSocket} [Socket] - The browser's class, or one with its interface.
 * @returns {Transport}
 */
export function openWebSocket(url, { onOpen, onMessage, onEnd }, Socket = globalThis.WebSocket) {
  const socket = new Socket(url);
  let wasOpen = false;
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    wasOpen = true;
    onOpen();
  };
  socket.onmessage = ({ data }) => {
    const parts = typeof data === "string" ? null : partsOf(new Uint8Array(data));
    if (parts === null) socket.close();
    else onMessage(parts);
  };
  socket.onclose = () => onEnd(wasOpen ? "broken_off" : "unreachable");
  return {
    send(header) {
      const message = new Uint8Array(LENGTH_BYTES + header.length);
      new DataView(message.buffer).setUint32(0, header.length, true);
      message.set(header, LENGTH_BYTES);
      if (socket.readyState === Socket.OPEN) socket.send(message);
    },
    close: () => socket.close(),
  };
}

/** The parts of a binary message, or null if it has no whole header. @param {Uint8Array} message */
function partsOf(message) {
  if (message.length < LENGTH_BYTES) return null;
  const end = LENGTH_BYTES + new DataView(message.buffer, message.byteOffset).getUint32(0, true);
  if (end > message.length) return null;
  const header = message.subarray(LENGTH_BYTES, end);
  // Here no bytes after the header mean that there is no payload.
  return end === message.length ? [header] : [header, message.subarray(end)];
}
