/** Transports of Node: ZMTP over TCP or a Unix socket, and WebSocket with the package `ws`. */
import { connect } from "node:net";
import NodeWebSocket from "ws";
import { openWebSocket } from "../../../engine_sdk/web/src/transport/websocket.js";
import { ConnectionError, ZmtpClient } from "./zmtp.js";

/**
 * Connect to a service.
 *
 * @param {string} url - `tcp://HOST:PORT`, `ipc://PATH`, `ws://` or `wss://`.
 * @param {string | null} token - For ZMTP; over WebSocket it is in `hello`.
 * @param {object} handlers - See `TransportHandlers` of the browser client.
 */
export function open(url, token, handlers) {
  return /^wss?:/.test(url) ? openWebSocket(url, handlers, NodeWebSocket) : openZmtp(url, token, handlers);
}

function openZmtp(url, token, { onAccept, onOpen, onMessage, onEnd }) {
  const zmtp = new ZmtpClient(token);
  const { hostname, port } = new URL(url.replace(/^tcp:/, "http:"));
  const socket = url.startsWith("ipc://") ? connect(url.slice("ipc://".length)) : connect(Number(port), hostname);
  let reason = "unreachable";
  const flush = () => {
    for (const bytes of zmtp.out.splice(0)) socket.write(bytes);
  };
  socket.setNoDelay(true);
  socket.on("connect", () => {
    reason = "broken_off";
    onAccept();
    flush();
  });
  socket.on("data", (data) => {
    const wasReady = zmtp.isReady;
    try {
      const messages = zmtp.receive(data);
      flush();
      if (!wasReady && zmtp.isReady) onOpen();
      for (const parts of messages) onMessage(parts);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      reason = error.reason;
      socket.destroy();
    }
  });
  socket.on("error", (error) => {
    if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN") reason = "unknown_host";
  });
  socket.on("close", () => onEnd(reason));
  return { send: (header) => socket.write(zmtp.send(header)), close: () => socket.end() };
}
