/** A client of a Segue service: a session over one connection after another (PROTOCOL.md sections 1.1 and 11.4). */
import { Player } from "./player.js";
import { Session } from "./session.js";

/** First and longest pause between attempts, in ms, by the reason that there is no connection. */
const PAUSES_MS = {
  unreachable: [200, 1_000],
  broken_off: [200, 5_000],
  unknown_host: [1_000, 10_000],
  no_answer: [1_000, 10_000],
  not_a_service: [1_000, 10_000],
  token_refused: [5_000, 60_000],
  token_needed: [5_000, 60_000],
  token_not_needed: [5_000, 60_000],
};
const UPDATE_MS = 10;
/** How long nothing may answer until that is reported, and until the connection is given up. */
const SILENT_MS = 5_000;
const NO_ANSWER_MS = 20_000;
/** Connections that end in the handshake before that is reported. */
const MOST_BROKEN_OFF = 3;

export class Client {
  /**
   * @param {string} url
   * @param {{token?: string, open: function, tell?: function, now?: function(): number}} options - `open` is a transport
   *   (node_transports.js); further ones are fields of `hello`.
   */
  constructor(url, { token = null, open, tell = () => {}, now = () => performance.now(), ...hello }) {
    const isWeb = /^wss?:/.test(url);
    this.player = new Player();
    const inHello = isWeb && token !== null ? { token } : {};
    this.session = new Session({ ...hello, ...inHello }, this.player, (event) => this.told(event));
    this.tell = tell;
    this.now = now;
    this.open = (handlers) => open(url, isWeb ? null : token, handlers);
    this.connection = null;
    this.nextAt = 0;
    this.failure = { reason: "", count: 0, pauseMs: 0, told: new Set() };
    this.timer = setInterval(() => this.update(), UPDATE_MS);
  }

  /** Fill an audio callback's buffer. @param {Float32Array} out - Interleaved. */
  render(out) {
    this.player.render(out);
  }

  update() {
    const now = this.now();
    const { session } = this;
    if (this.connection === null && session.state !== "closed" && now >= Math.max(this.nextAt, session.retryAt)) {
      this.connect(now);
    }
    session.update(now);
    this.flush();
    const { connection } = this;
    if (connection === null) return;
    const silentMs = connection.isOpen ? 0 : now - connection.since;
    if (session.hasLeft && connection.isOpen) this.drop("broken_off");
    else if (silentMs >= NO_ANSWER_MS) this.drop("no_answer");
    else if (silentMs >= SILENT_MS && !connection.isAccepted) this.drop("unreachable");
    else if (silentMs >= SILENT_MS) this.report("no_answer");
  }

  connect(now) {
    const connection = { isAccepted: false, isOpen: false, isLive: false, isRefused: false, since: now, transport: null };
    this.connection = connection;
    const isCurrent = () => this.connection === connection;
    connection.transport = this.open({
      onAccept: () => {
        connection.isAccepted = true;
      },
      onOpen: () => {
        if (!isCurrent()) return;
        connection.isOpen = true;
        this.session.connected(this.now());
        this.flush();
      },
      onMessage: (parts) => isCurrent() && this.session.receive(parts, this.now()),
      onEnd: (reason) => isCurrent() && this.ended(reason),
    });
  }

  told(event) {
    if (event.t === "welcome") {
      this.connection.isLive = true;
      this.failure = { reason: "", count: 0, pauseMs: 0, told: new Set() };
    }
    if (event.t === "error" && event.code === "unauthorised") this.connection.isRefused = true;
    this.tell(event);
  }

  flush() {
    if (!this.connection?.isOpen) return;
    for (const header of this.session.out.splice(0)) this.connection.transport.send(header);
  }

  drop(reason) {
    const { transport } = this.connection;
    this.ended(reason);
    transport.close();
  }

  ended(transportReason) {
    const { failure } = this;
    const { isLive, isRefused } = this.connection;
    const reason = isRefused ? "token_refused" : transportReason;
    const [first, longest] = PAUSES_MS[reason];
    this.connection = null;
    this.session.disconnected();
    const isSame = failure.reason === reason && !isLive;
    failure.count = isSame ? failure.count + 1 : 1;
    failure.pauseMs = isSame ? Math.min(2 * failure.pauseMs, longest) : first;
    failure.reason = reason;
    this.nextAt = this.now() + failure.pauseMs;
    if (!isLive && (reason !== "broken_off" || failure.count >= MOST_BROKEN_OFF)) this.report(reason);
  }

  /** Tell the game once for each reason, until the client connects. */
  report(reason) {
    if (this.failure.told.has(reason)) return;
    this.failure.told.add(reason);
    this.tell({ t: "no_connection", reason });
  }

  close() {
    clearInterval(this.timer);
    this.session.close();
    this.flush();
    this.connection?.transport.close();
    this.connection = null;
  }
}
