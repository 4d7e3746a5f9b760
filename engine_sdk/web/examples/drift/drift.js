/** A small game on one page: what it tells the music, and what the music tells it, is all in `music`. */
import { connect } from "../../src/index.js";
import { Field } from "./field.js";

const url = new URLSearchParams(location.search).get("url") ?? "ws://127.0.0.1:9465";
const music = connect(url, { client: "drift" });

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const canvas = /** @type {HTMLCanvasElement} */ (element("field"));
const volume = /** @type {HTMLInputElement} */ (element("volume"));
const field = new Field(canvas);

// --- what the game tells the music -----------------------------------------------------------------------------------

element("play").onclick = () => {
  // Browsers play sound only after a click or a key.
  void music.start();
  field.begin();
  music.reset();
  music.set("playing", true);
};
field.onCrystal = () => music.fire("crystal");
field.onCrash = () => music.set("playing", false);
volume.oninput = () => music.setVolume(Number(volume.value) === -40 ? -96 : Number(volume.value));
document.onvisibilitychange = () => (document.hidden ? music.pause() : music.resume());

// --- what the music tells the game -----------------------------------------------------------------------------------

const show = (/** @type {string} */ text) => {
  element("state").textContent = text;
};
music.on("live", ({ welcome }) => show(welcome.rules.title));
music.on("lost", () => show("connecting again"));
music.on("connection_failed", ({ text }) => {
  show("no service");
  element("why").textContent = text;
});
music.on("closed", ({ text }) => show(`ended: ${text}`));
music.on("change_heard", ({ change }) => {
  const why = change.causes.map((/** @type {{text: string}} */ cause) => cause.text).join(", ");
  element("why").textContent = `${change.layer}: ${change.from_state} → ${change.to_state} (${why})`;
});
music.on("beat_heard", ({ beat }) => field.pulse(beat === 0));

// --- the game's frames -----------------------------------------------------------------------------------------------

let before = performance.now();
const frame = (/** @type {number} */ now) => {
  field.step(Math.min(0.05, (now - before) / 1_000));
  before = now;
  // A value that the input has already is not sent again; all that a frame sets and fires is one event.
  music.set("danger", Math.round(field.danger * 20) / 20);
  element("score").textContent = String(field.score);
  field.draw();
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);

// For whoever looks at it in the console.
Object.assign(window, { music, field });
