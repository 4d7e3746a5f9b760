/** This ZMTP against `engine_sdk/vectors/zmtp.json`: `node check_zmtp.js FILE`. */
import { readFileSync } from "node:fs";
import { ConnectionError, ZmtpClient } from "./zmtp.js";

const hex = (arrays) => arrays.map((array) => Buffer.from(array).toString("hex")).join("");
const bytes = (runs) => {
  if (typeof runs === "string") return Buffer.from(runs, "hex");
  return Buffer.concat(runs.map((run) => Buffer.from(run.hex.repeat(run.times), "hex")));
};
/** Everything at once, and byte by byte. */
const cuts = (all) => [[all], Array.from(all, (byte) => Uint8Array.of(byte))];
const service = (mechanism) => hex([new ZmtpClient(mechanism === "PLAIN" ? "x" : null).out[0]]);

const HANDSHAKE = {
  NULL: "04290552454144590b536f636b65742d5479706500000006524f55544552084964656e7469747900000000",
};
let passed = 0;
let failed = 0;

function check(name, got, expected) {
  if (JSON.stringify(got) === JSON.stringify(expected)) passed += 1;
  else {
    failed += 1;
    console.log(`${name}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
  }
}

const { connections, received, refusals } = JSON.parse(readFileSync(process.argv[2], "utf8"));
for (const name of ["NULL", "PLAIN"]) {
  const vector = connections.find((connection) => connection.name === name);
  const side = (who) => vector.steps.map((step) => (step[who] === undefined ? "" : hex([bytes(step[who])]))).join("");
  const client = new ZmtpClient(vector.token ?? null);
  check(`${name}: what the client sends`, hex(client.out.splice(0)), side("client"));
  client.receive(bytes(side("service")));
  check(`${name}: the handshake`, [client.isReady, client.out.length], [true, 0]);
}
for (const { name, bytes: runs, messages, answer } of received) {
  for (const pieces of cuts(bytes(runs))) {
    const client = new ZmtpClient();
    client.receive(bytes(service("NULL") + HANDSHAKE.NULL));
    client.out.length = 0;
    const got = pieces.flatMap((piece) => client.receive(piece));
    check(name, got.map((parts) => parts.map((part) => hex([part]))), messages.map((parts) => parts.map((part) => hex([bytes(part)]))));
    check(`${name}: the answer`, hex(client.out), answer === undefined ? "" : hex([bytes(answer)]));
  }
}
for (const { name, bytes: runs } of refusals) {
  for (const pieces of cuts(Buffer.concat([bytes(service("PLAIN")), bytes(runs)]))) {
    const client = new ZmtpClient("ash");
    let reason = "none";
    try {
      for (const piece of pieces) client.receive(piece);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      reason = error.reason;
    }
    check(name, reason, "token_refused");
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
