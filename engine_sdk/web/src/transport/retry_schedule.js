/**
 * When to connect again and which failures to report: pauses grow while the reason stays, and each reason is reported
 * once until the client connects (PROTOCOL.md section 11.4).
 */

/**
 * Why there is no connection. Over a WebSocket a browser does not tell a program why it failed, so only `unreachable`,
 * `broken_off` and `token_refused` happen; the others are of transports that know more.
 *
 * @typedef {"unreachable" | "broken_off" | "unknown_host" | "no_answer" | "not_a_service" | "token_refused"
 *   | "token_needed" | "token_not_needed"} FailureCode
 */

/** First and longest pause in seconds. @type {{[code in FailureCode]: [number, number]}} */
const PAUSES_S = {
  unreachable: [0.2, 1],
  broken_off: [0.2, 5],
  unknown_host: [1, 10],
  no_answer: [1, 10],
  not_a_service: [1, 10],
  token_refused: [5, 60],
  token_needed: [5, 60],
  token_not_needed: [5, 60],
};
/** Failures without a reason before one is reported. */
const UNEXPLAINED = 3;
const EXPLAINED = /** @type {FailureCode[]} */ (["token_refused", "token_needed", "token_not_needed"]);

export class RetrySchedule {
  constructor() {
    /** Until the next attempt, after the last failure, in seconds. */
    this.pauseS = 0;
    /** @type {FailureCode | ""} */
    this.code = "";
    this.brokenOff = 0;
    /** @type {Set<FailureCode>} */
    this.reported = new Set();
  }

  /** Begin anew after a connection. */
  connected() {
    this.code = "";
    this.pauseS = 0;
    this.brokenOff = 0;
    this.reported.clear();
  }

  /** Take a failure and set `pauseS`; whether the game is told of it. @param {FailureCode} code */
  failed(code) {
    const [first, longest] = PAUSES_S[code];
    this.pauseS = code === this.code ? Math.min(longest, 2 * this.pauseS) : first;
    this.code = code;
    if (code === "broken_off") this.brokenOff += 1;
    return this.report(code);
  }

  /** Whether the game is told of a failure of an attempt that goes on. @param {FailureCode} code */
  report(code) {
    const isVague = code === "broken_off" && (this.brokenOff < UNEXPLAINED || EXPLAINED.some((other) => this.reported.has(other)));
    if (isVague || this.reported.has(code)) return false;
    this.reported.add(code);
    return true;
  }
}

/** What was tried and what to do, for people. @param {FailureCode} code @param {string} url */
export function failureText(code, url) {
  const page = globalThis.location?.origin ?? "";
  const origin = page === "" ? "" : `, and that it serves pages of ${page} (--web-origin ${page})`;
  switch (code) {
    case "unreachable":
    case "unknown_host":
      return `nothing serves this client at ${url}; check that \`segue serve --web-bind ${url}\` runs there${origin}`;
    case "broken_off":
      return `${url} closed the connection during the handshake; it is stopping, is full, or is no Segue service: its log may say which`;
    case "no_answer":
      return `${url} accepts the connection and does not answer; it is busy, or is no Segue service`;
    case "not_a_service":
      return `what answers at ${url} is no Segue service; check the port`;
    case "token_refused":
      return `the service at ${url} refuses the token; give the one that it was started with (\`segue serve --token\`, or SEGUE_TOKEN)`;
    case "token_needed":
      return `the service at ${url} needs a token; give the one that it was started with (\`segue serve --token\`, or SEGUE_TOKEN)`;
    case "token_not_needed":
      return `the service at ${url} has no token and this client gives one; leave the token out`;
  }
}
