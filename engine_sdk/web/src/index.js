/**
 * A game's soundtrack in a browser.
 *
 *     const music = connect("ws://127.0.0.1:9465", { rules: "meadow" });
 *     playButton.onclick = () => music.start();  // browsers play sound only after a click or a key
 *     music.on("change_heard", ({ change }) => console.log(change.layer, change.to_state));
 *     music.set("threat", 0.8);                  // whenever the game knows better
 */
import { WorkletSpeaker } from "./audio/worklet_speaker.js";
import { SegueClient } from "./client.js";
import { ProtocolError } from "./protocol/protocol_error.js";
import { InputError } from "./session/input_error.js";
import { openWebSocket } from "./transport/websocket.js";

export { InputError, ProtocolError, SegueClient };

/**
 * @typedef {import("./client.js").SessionOptions} SessionOptions
 * @typedef {import("./audio/worklet_speaker.js").SpeakerOptions} SpeakerOptions
 * @typedef {import("./session/client_event.js").ClientEvent} ClientEvent
 * @typedef {import("./player.js").PlaybackPosition} PlaybackPosition
 */

/** A client that plays in the page. */
export class WebClient extends SegueClient {
  /**
   * @param {string} url - `ws://` or `wss://`.
   * @param {SessionOptions & SpeakerOptions} [options]
   * @throws {ProtocolError} An option is out of its range.
   */
  constructor(url, options = {}) {
    const speaker = new WorkletSpeaker(options);
    super(url, speaker, openWebSocket, options);
    this.output = speaker;
    addEventListener("pagehide", ({ persisted }) => {
      // A page that may come back keeps its session; it is resumed.
      if (!persisted) this.close();
    });
  }

  /**
   * Start to play. Call it from the player's first click or key: before that, browsers play nothing. What comes of the
   * service until then waits.
   *
   * @returns {Promise<void>} When sound runs.
   */
  start() {
    return this.output.start();
  }

  /** The context that plays; null before `start`, if the game gave none. @returns {AudioContext | null} */
  get context() {
    return this.output.context;
  }

  /** What the worklet counted: blocks rendered, and silent ones since the first music. */
  get counts() {
    return this.output.counts;
  }

  /**
   * When a sample position is played, such as a beat's `at`, in seconds of the context's clock.
   *
   * A sound of the game that is scheduled at this time is heard together with it. It moves if the music stops in between.
   *
   * @param {number} at
   * @returns {number}
   */
  contextTimeOf(at) {
    return this.output.contextTimeOf(at);
  }

  /** End the session and the sound. */
  close() {
    super.close();
    this.output.close();
  }
}

/**
 * Begin a session with the service at a URL; the service may start before or after the page.
 *
 * @param {string} url - `ws://HOST:PORT`, or `wss://` beyond this machine.
 * @param {SessionOptions & SpeakerOptions} [options]
 * @returns {WebClient}
 * @throws {ProtocolError} An option is out of its range.
 */
export function connect(url, options = {}) {
  return new WebClient(url, options);
}
