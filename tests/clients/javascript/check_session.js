/** The session's rules one by one, against a scripted service without sockets: `node check_session.js`. */
import assert from "node:assert/strict";
import { Player } from "../../../engine_sdk/web/src/player.js";
import { checked, decode, encode } from "../../../engine_sdk/web/src/protocol/codec.js";
import { ProtocolError } from "../../../engine_sdk/web/src/protocol/protocol_error.js";
import { ClientSession } from "../../../engine_sdk/web/src/session/client_session.js";
import { InputError } from "../../../engine_sdk/web/src/session/input_error.js";
import { samplesOf } from "../../../engine_sdk/web/src/timeline/pcm.js";

const CHUNK = 19_200;
const inputs = [
  { name: "level", type: "number", low: 0, high: 1, default: 0 },
  { name: "deep", type: "flag", default: false },
  { name: "ping", type: "trigger" },
];
const rules = { title: "", fingerprint: "", inputs, layers: [], styles: [] };
const words = { session: "s", service: "", format: "s16le", sample_rate: 48_000, channels: 2, frame_size: 1_920 };
const numbers = { version: 1, lookahead_ms: 4_000, chunk_frames: 10, resume_window_ms: 0, paused_window_ms: 0, seed: 0 };

/** A session with what the service says put in, and what it sends taken out. */
class Pair {
  constructor(perSecond = 100) {
    this.now = 0;
    this.told = [];
    this.perSecond = perSecond;
    this.chunks = 0;
    this.player = new Player();
    this.session = new ClientSession(checked("hello", { versions: [1], client: "check" }));
  }

  say(type, fields = {}, payload) {
    const header = encode({ type, ...fields });
    this.session.receive(payload === undefined ? [header] : [header, payload], this.now / 1_000);
    this.take();
  }

  /** Take what the session tells: samples for the player, all else for the game. */
  take() {
    for (const event of this.session.clientEvents()) {
      if (event.type !== "chunk") this.told.push(event);
      else {
        try {
          const { take, start, mixed, payload, format } = event;
          this.player.apply({ do: "chunk", take, start, mixed, samples: samplesOf(payload, format) });
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          this.session.refuseSamples(event, error);
        }
      }
    }
  }

  /** What was sent since the last call; playheads aside. */
  sent() {
    this.take();
    return this.session.toSend().map((header) => decode([header])).filter(({ type }) => type !== "playhead");
  }

  after(ms) {
    this.now += ms;
    this.session.tick(this.now / 1_000, this.player.position());
    return this.sent();
  }

  welcome(resumed, key = 1) {
    const limits = { events_per_second: this.perSecond, header_bytes: 262_144 };
    const generator = { name: "score" };
    this.say("welcome", { ...words, ...numbers, key: new Uint8Array(16).fill(key), resumed, limits, rules, generator });
    return this.sent();
  }

  live() {
    this.session.connected(this.now / 1_000);
    this.sent();
    return this.welcome(false);
  }

  restart() {
    this.session.disconnected();
    this.session.connected(this.now / 1_000);
    this.sent();
    return this.welcome(false, 2);
  }

  chunk(start, fields = {}) {
    this.chunks += 1;
    const more = { seq: this.chunks, take: 0, start, count: CHUNK, mixed: false, format: "s16le", generator: "score" };
    this.say("chunk", { ...more, ...fields }, new Uint8Array(4 * CHUNK).fill(1));
  }

  play(samples) {
    this.player.render(new Float32Array(2 * samples));
    return this.after(10);
  }

  receipt(seq, code = "accepted") {
    this.say("receipt", { seq, accepted: code !== "rate_limited" && code !== "empty", code, frame: 1 });
  }

  frame(set = {}, fire = []) {
    for (const [name, value] of Object.entries(set)) this.session.set(name, value);
    for (const name of fire) this.session.fire(name);
    return this.session.endFrame();
  }

  receipts() {
    return this.told.filter(({ type }) => type === "receipt").map(({ seq, code }) => [seq, code]);
  }

  heard() {
    return this.told.filter(({ type }) => type === "change_heard").map(({ change }) => change.to_state);
  }
}

const events = (messages) => messages.filter(({ type }) => type === "event").flatMap((message) => message.events.map((item) => ({ ...item, set: { ...item.set } })));
const seqs = (messages) => events(messages).map(({ seq }) => seq);
const types = (messages) => messages.map(({ type }) => type);
const cell = (byte) => new Uint8Array(8).fill(byte);
const change = (kind, state, audible, decided = 1) => {
  return { kind, layer: "l", from_state: "a", to_state: state, decided, start: 1, audible };
};

const checks = {
  "hello is repeated, and the third refusal ends it"() {
    const pair = new Pair();
    pair.session.connected(0);
    assert.deepEqual(types(pair.sent()), ["hello"]);
    assert.deepEqual(types(pair.after(999)), []);
    assert.deepEqual(types(pair.after(1)), ["hello"]);
    for (let i = 0; i < 3; i += 1) pair.say("error", { code: "unauthorised", about: "hello" });
    assert.equal(pair.session.state, "closed");
    assert.equal(pair.told.at(-1).type, "closed");
  },
  "a silent service is left after 5 s, and a bye with retry_ms keeps the client away"() {
    const pair = new Pair();
    pair.live();
    pair.after(4_999);
    assert.equal(pair.session.state, "live");
    pair.after(1);
    assert.deepEqual([pair.session.state, pair.told.at(-1).type], ["offline", "lost"]);
    pair.session.connected(pair.now / 1_000);
    pair.say("bye", { reason: "drain", retry_ms: 700 });
    assert.deepEqual([pair.session.state, pair.told.at(-1).retry_ms], ["offline", 700]);
  },
  "no_session is answered by hello with the key"() {
    const pair = new Pair();
    pair.live();
    pair.say("error", { code: "no_session" });
    const [hello] = pair.sent();
    assert.deepEqual([hello.type, hello.resume[0], pair.session.state], ["hello", 1, "greeting"]);
  },
  "values are sent once, triggers always, and a refused value again"() {
    const pair = new Pair();
    pair.live();
    assert.equal(pair.frame({ level: 0.5 }), 1);
    assert.equal(pair.frame({ level: 0.5 }), 0);
    assert.deepEqual(seqs(pair.after(10)), [1]);
    assert.equal(pair.frame({ level: 0.5 }, ["ping"]), 2);
    assert.deepEqual(events(pair.after(10)).map(({ set }) => set), [{}]);
    pair.receipt(1, "empty");
    assert.equal(pair.frame({ level: 0.5 }), 3);
    assert.throws(() => pair.frame({ levle: 1 }), (error) => error instanceof InputError && /did you mean "level"/.test(error.message));
    assert.throws(() => pair.session.fire("deep"), { code: "not_a_trigger" });
    assert.throws(() => pair.session.set("deep", 1), { code: "wrong_type" });
  },
  "inputs that wait join one event, and each frame has a receipt"() {
    const pair = new Pair();
    assert.equal(pair.frame({ level: 0.1, nonsense: 1 }), 1);
    assert.equal(pair.frame({ level: 0.2 }), 2);
    assert.equal(pair.frame({}, ["ping"]), 3);
    assert.equal(pair.frame({ level: 0.3 }), 4);
    const sent = events(pair.live());
    assert.equal(pair.told.find(({ type }) => type === "input_refused").code, "unknown_input");
    assert.deepEqual(sent.map(({ seq, set, fire }) => [seq, set, fire]), [[3, { level: 0.2 }, ["ping"]], [4, { level: 0.3 }, []]]);
    pair.receipt(3);
    pair.receipt(3);
    pair.receipt(4);
    assert.deepEqual(pair.receipts().map(([seq]) => seq), [1, 2, 3, 4]);
  },
  "events keep the pace of the bucket and of what is under way"() {
    const pair = new Pair(10);
    pair.live();
    for (let i = 0; i < 30; i += 1) pair.frame({}, ["ping"]);
    assert.deepEqual(seqs(pair.after(0)), [1, 2, 3, 4, 5]);
    assert.deepEqual(seqs(pair.after(1_000)), []);
    for (const seq of [1, 2, 3]) pair.receipt(seq);
    assert.deepEqual(seqs(pair.after(0)), [6, 7, 8]);
  },
  "a rate_limited event gets a new number after a pause, without values set since"() {
    const pair = new Pair();
    pair.live();
    pair.frame({ level: 0.1 }, ["ping"]);
    pair.after(0);
    pair.frame({ level: 0.2 });
    pair.after(0);
    pair.frame({ deep: true });
    pair.after(0);
    pair.receipt(1, "rate_limited");
    assert.deepEqual(seqs(pair.after(99)), []);
    const [again] = events(pair.after(1));
    assert.deepEqual([again.seq, again.set, again.fire], [4, {}, ["ping"]]);
    pair.receipt(4);
    pair.frame({ level: 0.3 });
    pair.after(20);
    pair.receipt(2, "rate_limited");
    assert.deepEqual(pair.receipts(), [[1, "accepted"], [2, "superseded"]]);
    assert.equal(pair.session.outbox.gameNumber(4), 1);
  },
  "a reset is part of its frame's event: it drops what came before it there, and every value is sent again"() {
    const pair = new Pair();
    pair.live();
    pair.frame({ level: 0.5 });
    pair.after(0);
    pair.session.set("level", 0.1);
    pair.session.fire("ping");
    pair.session.reset();
    assert.equal(pair.frame({ deep: true, level: 0.5 }), 2);
    const [sent] = events(pair.after(10));
    assert.deepEqual([sent.reset, sent.set, sent.fire], [true, { deep: true, level: 0.5 }, []]);
    pair.session.reset();
    assert.equal(pair.frame(), 3);
    assert.deepEqual(events(pair.after(10)).map(({ reset, set }) => [reset, set]), [[true, {}]]);
  },
  "a reset joins no waiting event, and later inputs join it"() {
    const pair = new Pair();
    pair.frame({ level: 0.1 });
    pair.session.reset();
    pair.frame({ nonsense: 1 });
    pair.session.reset();
    pair.frame();
    pair.frame({ level: 0.2 });
    const sent = events(pair.live()).map(({ seq, reset, set }) => [seq, reset, set]);
    assert.deepEqual(sent, [[1, false, { level: 0.1 }], [2, true, {}], [4, true, { level: 0.2 }]]);
  },
  "a rate_limited reset comes with all values set since; behind a later reset or a restored save it does not come"() {
    for (const after of ["nothing", "reset", "save"]) {
      const pair = new Pair();
      pair.live();
      pair.session.reset();
      pair.frame({ level: 0.1 });
      pair.after(0);
      pair.frame({ deep: true });
      pair.after(0);
      if (after === "reset") pair.session.reset();
      if (after === "save") pair.session.restore(cell(5));
      pair.frame({ level: 0.3 });
      pair.after(0);
      pair.receipt(1, "rate_limited");
      const again = events(pair.after(100)).map(({ seq, reset, set }) => [seq, reset, set]);
      assert.deepEqual(again, after === "nothing" ? [[4, true, { level: 0.3, deep: true }]] : []);
      if (after !== "nothing") assert.deepEqual(pair.receipts(), [[1, "superseded"]]);
    }
  },
  "kept events are never joined into one with a reset, and values before it do not come back"() {
    const pair = new Pair();
    pair.live();
    pair.chunk(0, { cell: cell(1) });
    pair.frame({ deep: true });
    pair.session.reset();
    pair.frame();
    for (let i = 0; i < 40; i += 1) {
      for (let j = 0; j < 30; j += 1) pair.frame({}, ["ping"]);
      for (const seq of seqs(pair.after(1_000))) pair.receipt(seq);
      pair.say("status", { level: 0, generator: "score", headroom: 1 });
    }
    pair.after(10);
    const { outbox } = pair.session;
    const [first, second] = outbox.kept.sorted();
    assert.equal(outbox.kept.size, 1_024);
    assert.deepEqual([first.seq, first.reset, [...first.set]], [1, false, [["deep", true]]]);
    assert.deepEqual([second.reset, second.fire], [true, ["ping"]]);
    pair.restart();
    pair.say("error", { code: "restore_refused", about: "restore", seq: pair.session.restoring.id });
    assert.deepEqual([...outbox.waiting.values()].at(-1).item.fire, ["ping"]);
  },
  "a broken connection sends again what has no receipt"() {
    const pair = new Pair();
    pair.live();
    pair.frame({}, ["ping"]);
    pair.frame({}, ["ping"]);
    pair.session.save();
    assert.deepEqual(types(pair.after(0)), ["event", "event", "save"]);
    pair.receipt(1);
    pair.session.disconnected();
    pair.session.connected(pair.now / 1_000);
    pair.sent();
    const again = [...pair.welcome(true), ...pair.after(0)];
    assert.deepEqual(again.map((message) => message.events?.[0].seq ?? message.type), [2, "save"]);
  },
  "a restart restores from the first cell, and sends again what it lacks"() {
    const pair = new Pair();
    pair.live();
    for (let i = 0; i < 4; i += 1) pair.chunk(i * CHUNK, { cell: cell(i), last_event: i });
    for (let i = 0; i < 3; i += 1) pair.frame({ level: i / 10 }, ["ping"]);
    pair.after(0);
    for (const seq of [1, 2, 3]) pair.receipt(seq);
    pair.play(CHUNK);
    assert.deepEqual(pair.session.music.cells.map(({ lastEvent }) => lastEvent), [2, 3]);
    assert.deepEqual([...pair.session.outbox.kept.items.keys()], [3]);
    pair.say("cell", { end: 3 * CHUNK, cell: cell(9), last_event: 2 });
    const [restore, ...others] = pair.restart();
    assert.deepEqual([restore.type, restore.at, restore.cell[0], others.length], ["restore", 3 * CHUNK, 9, 0]);
    assert.deepEqual(types(pair.play(CHUNK)), []);
    pair.session.disconnected();
    pair.session.connected(pair.now / 1_000);
    pair.sent();
    assert.deepEqual(pair.welcome(true, 2)[0], restore);
    pair.say("status", { level: 0, generator: "score", headroom: 1, restore: restore.id, restored: "all", last_event: 2 });
    assert.deepEqual(seqs(pair.after(0)), [3]);
    pair.receipt(3);
    assert.equal(pair.receipts().length, 3);
    assert.equal(pair.session.music.cells.length, 2);
    pair.chunk(3 * CHUNK, { seq: 1, take: 1, mixed: true, cell: cell(7), last_event: 3 });
    // The first ends less than half a second ahead by now.
    assert.deepEqual(pair.session.music.cells.map(({ end }) => end), [4 * CHUNK]);
  },
  "a cell that was not renewed is passed over"() {
    const pair = new Pair();
    pair.live();
    for (let i = 0; i < 6; i += 1) pair.chunk(i * CHUNK, { cell: cell(i), last_event: [0, 9, 3, 3, 9, 9][i] });
    pair.play(4_800);
    assert.deepEqual(pair.session.music.cells.map(({ end }) => end / CHUNK), [2, 3, 4, 5, 6]);
    pair.play(CHUNK);
    assert.deepEqual(pair.session.music.cells.map(({ end }) => end / CHUNK), [2, 3, 4, 5, 6]);
    pair.play(2 * CHUNK);
    assert.deepEqual(pair.session.music.cells.map(({ end }) => end / CHUNK), [5, 6]);
  },
  "after a restore of nothing all values are set again"() {
    const pair = new Pair();
    pair.live();
    pair.frame({ level: 0.5 });
    pair.after(0);
    pair.frame({ deep: true });
    pair.after(0);
    pair.receipt(1);
    pair.receipt(2);
    const [restore] = pair.restart();
    assert.equal(restore.cell, null);
    pair.say("error", { code: "restore_refused", about: "restore", seq: restore.id });
    const sent = events(pair.after(0));
    // Kept events that only set inputs join the next.
    assert.deepEqual(sent.map(({ seq, set }) => [seq, set])[0], [2, { level: 0.5, deep: true }]);
    assert.equal(sent.length, 2);
    assert.deepEqual(sent[1].set, { level: 0.5, deep: true });
    pair.receipt(3);
    assert.equal(pair.receipts().length, 2);
  },
  "a restored save is asked for again until the first cell contains it"() {
    const pair = new Pair();
    pair.live();
    pair.chunk(0, { cell: cell(1) });
    const id = pair.session.restore(cell(5));
    pair.after(0);
    pair.say("status", { level: 0, generator: "score", headroom: 1, restore: id, restored: "all" });
    const [restore] = pair.restart();
    pair.say("status", { level: 0, generator: "score", headroom: 1, restore: restore.id, restored: "all" });
    const [again] = pair.after(0);
    assert.deepEqual([again.type, again.id, again.blob[0]], ["restore", id, 5]);
    pair.say("status", { level: 0, generator: "score", headroom: 1, restore: id, restored: "all" });
    pair.chunk(CHUNK, { seq: 1, take: 3, mixed: true, cell: cell(2) });
    pair.play(CHUNK);
    assert.deepEqual([pair.session.requests.notInCell, pair.session.requests.waiting()], [null, []]);
  },
  "what the game changed is sent after each welcome"() {
    const pair = new Pair();
    pair.live();
    pair.session.control(checked("control", { op: "volume", gain_db: -6 }));
    pair.session.control(checked("control", { op: "mute" }));
    pair.session.setPaused(true);
    assert.deepEqual(pair.sent().map(({ op }) => op), ["volume", "mute", "pause"]);
    pair.session.disconnected();
    pair.session.setPaused(false);
    assert.equal(pair.session.control(checked("control", { op: "generator", generator: "other" })), false);
    assert.deepEqual(pair.restart().map(({ type, op }) => op ?? type), ["restore", "volume", "mute", "resume"]);
  },
  "rules and generator are asked for again once they were granted"() {
    const pair = new Pair();
    const hello = () => {
      pair.session.disconnected();
      pair.session.connected(pair.now / 1_000);
      const [{ rules_name: name, generator }] = pair.sent();
      pair.welcome(true);
      return [name, generator];
    };
    pair.live();
    pair.session.control(checked("control", { op: "generator", generator: "bagpipe" }));
    pair.session.control(checked("control", { op: "rules", rules_name: "nowhere" }));
    // A status comes every second, and an edited rule file brings a declaration.
    pair.say("status", { level: 0, generator: "score", headroom: 1 });
    pair.say("error", { code: "unknown_generator", about: "control" });
    pair.say("error", { code: "unknown_rules", about: "control" });
    pair.say("rules", { declaration: rules });
    assert.deepEqual(hello(), [null, null]);
    pair.session.control(checked("control", { op: "generator", generator: "loop" }));
    pair.session.control(checked("control", { op: "rules", rules_name: "crypt" }));
    pair.say("status", { level: 0, generator: "loop", headroom: 1 });
    pair.say("rules", { declaration: rules });
    assert.deepEqual(hello(), ["crypt", "loop"]);
  },
  "the end is reported without the error of a hello that was granted later"() {
    const pair = new Pair();
    pair.session.connected(0);
    pair.say("error", { code: "too_many_sessions", about: "hello" });
    pair.say("bye", { reason: "refused", retry_ms: 10 });
    pair.after(10);
    pair.session.connected(pair.now / 1_000);
    pair.welcome(false);
    pair.say("bye", { reason: "replaced" });
    assert.deepEqual(pair.told.at(-1), { type: "closed", reason: "replaced", code: "", text: "" });
  },
  "a change is heard once, at its last audible, unless it was withdrawn"() {
    const pair = new Pair();
    pair.live();
    for (let i = 0; i < 4; i += 1) pair.chunk(i * CHUNK);
    pair.say("change", change("rendered", "b", 4_800));
    pair.say("change", change("withdrawn", "b", 4_800));
    pair.say("change", change("rendered", "c", 9_600, 2));
    pair.say("change", change("decided", "d", 100, 3));
    pair.play(9_000);
    assert.deepEqual(pair.heard(), []);
    pair.play(1_000);
    pair.say("change", change("rendered", "c", 9_600, 2));
    pair.play(100);
    assert.deepEqual(pair.heard(), ["c"]);
    // A take that comes late is joined at the clock.
    pair.say("change", change("rendered", "e", 9_900, 4));
    pair.chunk(9_600, { take: 1, start: 9_600, mixed: true });
    pair.play(900);
    assert.deepEqual(pair.heard(), ["c"]);
    pair.play(100);
    assert.deepEqual(pair.heard(), ["c", "e"]);
  },
  "a clock replaces the beats from its start on"() {
    const pair = new Pair();
    pair.live();
    for (let i = 0; i < 4; i += 1) pair.chunk(i * CHUNK);
    const clock = (start, ats) => {
      const beats = ats.map((at, beat) => ({ at, bar: 0, beat }));
      pair.say("clock", { start, end: start + 40_000, tempo_bpm: 60, meter: 4, exact: true, beats });
    };
    clock(0, [0, 1_000, 2_000, 3_000]);
    clock(1_500, [2_500]);
    pair.play(4_000);
    assert.deepEqual(pair.told.filter(({ type }) => type === "beat_heard").map(({ at }) => at), [0, 1_000, 2_500]);
  },
  "invalid messages are answered, change nothing, and end nothing"() {
    const pair = new Pair();
    pair.live();
    pair.say("hello", { versions: [1], client: "" });
    assert.deepEqual(pair.sent().map(({ type, code }) => [type, code]), [["error", "unexpected"]]);
    pair.say("chunk", {});
    const [error] = pair.sent();
    assert.deepEqual([error.type, error.code, pair.session.state], ["error", "missing_field", "live"]);
    for (let i = 0; i < 10; i += 1) pair.say("chunk", {});
    assert.equal(pair.sent().length, 8);
    pair.after(1_000);
    const bad = new Uint8Array(new Float32Array(2 * CHUNK).fill(NaN).buffer);
    const fields = { seq: 9, take: 0, start: 0, count: CHUNK, mixed: false, format: "f32le", generator: "score" };
    pair.say("chunk", fields, bad);
    const [answer] = pair.sent();
    assert.deepEqual([answer.code, answer.about, answer.seq], ["not_finite", "chunk", 9]);
    assert.equal(pair.player.timeline.have, 0);
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    check();
  } catch (error) {
    failed += 1;
    console.log(`${name}: ${error.stack.split("\n").slice(0, 12).join("\n")}`);
  }
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
