/**
 * A WebSocket as a transport (PROTOCOL.md section 1.7), with the browser's class or one that has its interface.
 *
 * Every transport has `send(header)` and `close()`, and calls `onOpen()`, `onMessage(parts)` and `onEnd(reason)`; one that
 * notices it calls `onAccept()` when the peer has accepted the connection.
 */
const LENGTH_BYTES = 4;

/** @param {string} url @param {object} handlers @param {typeof WebSocket} Socket */
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
  socket.onerror = () => {};
  socket.onclose = () => onEnd(wasOpen ? "broken_off" : "unreachable");
  return {
    send(header) {
      const message = new Uint8Array(LENGTH_BYTES + header.length);
      new DataView(message.buffer).setUint32(0, header.length, true);
      message.set(header, LENGTH_BYTES);
      socket.send(message);
    },
    close: () => socket.close(),
  };
}

/** The parts of a binary message, or null if it has no whole header. */
function partsOf(message) {
  if (message.length < LENGTH_BYTES) return null;
  const end = LENGTH_BYTES + new DataView(message.buffer).getUint32(0, true);
  if (end > message.length) return null;
  const header = message.subarray(LENGTH_BYTES, end);
  // Here no bytes after the header mean that there is no payload.
  return end === message.length ? [header] : [header, message.subarray(end)];
}
