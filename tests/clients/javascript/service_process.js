/** A service in a process of its own, which checks start, kill with SIGKILL and start again on the same ports. */
import { spawn } from "node:child_process";
import { createServer } from "node:net";

const START_MS = 60_000;

export class ServiceProcess {
  /** @param {string[]} command - Program and arguments of `segue serve`. */
  constructor(command) {
    this.command = command;
    this.process = null;
  }

  /** Start it, and wait until it serves. */
  async start() {
    const [program, ...rest] = this.command;
    const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] });
    this.process = child;
    let log = "";
    child.stderr.on("data", (data) => {
      log = (log + data).slice(-4_000);
    });
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the service does not start: ${log}`)), START_MS);
      child.stdout.once("data", () => resolve(clearTimeout(timer)));
      child.once("exit", () => reject(new Error(`the service ended: ${log}`)));
    });
  }

  async end(signal) {
    const child = this.process;
    if (child === null || child.exitCode !== null) return;
    this.process = null;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }
}

/** A free port of loopback. @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
