/** The top: playing, the music now, and the session as files. */
import { signal } from "@preact/signals";
import { getText } from "../api";
import { beatAt, clock, musicAt, FRAME_RATE } from "../course";
import * as music from "../music";
import * as store from "../store";
import { TextDialog, type ShownText } from "./text_dialog";

const dialog = signal<ShownText | null>(null);
const volume = signal(0);
const QUIETEST_DB = -48;
const SILENCE_DB = -96;

export function Header() {
  const isReadOnly = store.isReadOnly.value;
  const isPlaying = store.isPlaying.value;
  return (
    <header class="top">
      <h1>
        Segue Studio <span>{store.declaration.value?.title ?? store.config.value.file}</span>
      </h1>
      {!isReadOnly && (
        <>
          <button type="button" class="primary play" onClick={music.togglePlay} aria-pressed={isPlaying} title="Space, outside of the editor">
            {isPlaying ? "❚❚ Pause" : "▶ Play"}
          </button>
          <label class="volume">
            volume
            <input
              type="range"
              min={QUIETEST_DB}
              max="0"
              step="1"
              value={volume.value}
              onInput={(event) => {
                volume.value = Number(event.currentTarget.value);
                music.setVolume(volume.value <= QUIETEST_DB ? SILENCE_DB : volume.value);
              }}
            />
          </label>
        </>
      )}
      <Now />
      <span class={`connection ${store.connection.value}`} role="status">
        {isReadOnly && store.connection.value === "live" ? "follows a game" : store.connection.value}
      </span>
      <span class="files" role="group" aria-label="The session as a file">
        <button type="button" onClick={() => void show("script")}>
          Event script
        </button>
        <button type="button" onClick={() => void show("test")}>
          Rule test
        </button>
        <button type="button" onClick={() => void show("recording")} title="segue preview --recording renders it to the same samples">
          Recording
        </button>
      </span>
      {dialog.value !== null && <TextDialog shown={dialog.value} onClose={() => (dialog.value = null)} />}
    </header>
  );
}

/** The music at the moment that is shown. */
function Now() {
  const frame = store.shown.value;
  const now = musicAt(store.course.value, frame);
  const ahead = Math.max(0, store.buffered.value - store.heard.value) / FRAME_RATE;
  return (
    <dl class="now">
      <Item name="time" value={clock(frame)} />
      <Item name="bar" value={beatAt(store.course.value, frame) || "–"} />
      <Item name="tempo" value={now === undefined ? "–" : `${now[0]} bpm`} />
      <Item name="meter" value={now?.[1] ?? "–"} />
      <Item name="key" value={now?.[2] ?? "–"} />
      <Item name="drums" value={now?.[3] ?? "–"} />
      <Item name="intensity" value={now === undefined ? "–" : now[4].toFixed(2)} />
      <Item name="gain" value={now === undefined ? "–" : `${now[5]} dB`} />
      <Item name="buffer" value={`${ahead.toFixed(1)} s`} />
    </dl>
  );
}

function Item({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

async function show(what: "script" | "test" | "recording"): Promise<void> {
  const text = await store.trying(() => getText(what));
  if (text === undefined) return;
  const stem = store.config.value.file.replace(/\.ya?ml$/, "");
  const names = { script: `${stem}.session.events.yaml`, test: `${stem}.session.test.yaml`, recording: `${stem}.segue.jsonl` };
  const titles = { script: "The session as an event script", test: "The session as a rule test", recording: "The recording of the session" };
  const hints = {
    script: `segue timeline ${store.config.value.file} --events ${names.script} plays it`,
    test: `beside the rule file, segue test ${names.test} runs it`,
    recording: `segue preview ${store.config.value.file} --recording ${names.recording} renders it to the same samples`,
  };
  dialog.value = { title: titles[what], hint: hints[what], file: names[what], text };
}
