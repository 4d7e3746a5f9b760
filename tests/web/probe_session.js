/**
 * Replays recorded sessions: `node probe_session.js CASES.json RESULTS.json`.
 *
 * The result of a step is its return value, the messages sent (parts in hex), the client events, the state, the events
 * that wait and are kept, and the count of upcoming beats.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { checked } from "../../engine_sdk/web/src/protocol/codec.js";
import { ProtocolError } from "../../engine_sdk/web/src/protocol/protocol_error.js";
import { ClientSession } from "../../engine_sdk/web/src/session/client_session.js";

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (data) => Buffer.from(data).toString("hex");

/** A value of the file. */
function plain(value) {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  if ("$real" in value) return Number(value.$real);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}

function json(value) {
  if (value instanceof Uint8Array) return hex(value);
  if (Array.isArray(value)) return value.map(json);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, json(item)]));
}

/** What a call of the game gives: "" or the code of its error. */
function codeOf(call) {
  try {
    call();
    return "";
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

function apply(session, step) {
  switch (step.do) {
    case "connected":
      return session.connected(step.now);
    case "disconnected":
      return session.disconnected(step.reason);
    case "tick": {
      const { is_standing: standing, ...position } = step.position;
      return session.tick(step.now, { ...position, standing });
    }
    case "receive":
      return session.receive(step.parts.map(bytes), step.now);
    case "set":
      return codeOf(() => session.set(step.name, plain(step.value)));
    case "fire":
      return codeOf(() => session.fire(step.name));
    case "reset":
      return codeOf(() => session.reset());
    case "end_frame":
      return session.endFrame(step.played);
    case "save":
      return session.save();
    case "restore":
      try {
        return session.restore(bytes(step.blob));
      } catch (error) {
        if (error instanceof ProtocolError) return 0;
        throw error;
      }
    case "refuse_samples": {
      const message = { type: step.kind, [step.number]: step.is };
      return session.refuseSamples(message, new ProtocolError("not_finite", "a sample"));
    }
    case "pause":
    case "resume":
      return session.setPaused(step.do === "pause");
    case "control":
      return session.control(checked("control", plain(step.fields)));
    case "close":
      return session.close();
  }
  throw new Error(`no step ${step.do}`);
}

function replay({ hello, steps }) {
  const session = new ClientSession(checked("hello", hello));
  return steps.map((step) => {
    const returned = apply(session, step) ?? null;
    const sent = session.toSend().map((header) => [hex(header)]);
    const told = session.clientEvents().map(({ type, payload, ...fields }) => [type, json(fields)]);
    const counts = [session.waiting, session.unconfirmed];
    return [returned, sent, told, session.state.toUpperCase(), counts, session.upcomingBeats.length];
  });
}

const [cases, results] = process.argv.slice(2);
writeFileSync(results, JSON.stringify(JSON.parse(readFileSync(cases, "utf8")).map(replay)));
