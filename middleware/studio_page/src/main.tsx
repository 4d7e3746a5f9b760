/** The page of segue studio. */
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { getConfig } from "./api";
import * as music from "./music";
import { Controls } from "./parts/controls";
import { EditorPanel } from "./parts/editor_panel";
import { Header } from "./parts/header";
import { Reasons, States } from "./parts/states";
import { Timeline } from "./parts/timeline";
import { WhatIfPanel } from "./parts/what_if";
import * as store from "./store";

function App() {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      // Where something has the focus, Space is its own.
      if (event.key !== " " || target !== document.body) return;
      event.preventDefault();
      music.togglePlay();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return (
    <>
      <Header />
      <main>
        <EditorPanel />
        <div class="centre">
          <Controls />
          <States />
        </div>
        <div class="right">
          <Reasons />
          <WhatIfPanel />
        </div>
        <Timeline />
      </main>
      <Notices />
    </>
  );
}

function Notices() {
  return (
    <div class="notices" role="log" aria-label="Notices">
      {store.notices.value.map(({ id, kind, text }) => (
        <p key={id} class={kind}>
          {text}
          <button type="button" onClick={() => store.dismiss(id)} aria-label="Dismiss">
            ×
          </button>
        </p>
      ))}
    </div>
  );
}

const place = document.getElementById("studio")!;
const config = await store.trying(getConfig);
if (config === undefined) place.textContent = store.notices.value[0]?.text ?? "The studio's server does not answer.";
else {
  store.config.value = config;
  document.title = `${config.file} – Segue Studio`;
  place.textContent = "";
  render(<App />, place);
  music.begin();
}
