"use strict";
/* Connects the parts: plots, view, detail, player, table, pointer and keys. */

const STEP_MS = 1000;
const LONG_STEP_MS = 5000;
const CLICK_PX = 4;

function handlePointer(container, view, player, readings) {
  const cursor = document.getElementById("cursor");
  const flag = cursor.querySelector("output");
  let pressed = null;

  container.addEventListener("pointerdown", (event) => {
    pressed = event.button === 0 && event.target.closest(".plot") ? [event.clientX, event.clientY] : null;
  }, true);
  container.addEventListener("pointerup", (event) => {
    const ms = view.msAt(event.clientX);
    const still = pressed && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) < CLICK_PX;
    pressed = null;
    if (still && ms !== null) player.seek(ms);
  }, true);
  container.addEventListener("pointermove", (event) => {
    const ms = event.target.closest(".plot") ? view.msAt(event.clientX) : null;
    cursor.hidden = ms === null;
    if (ms === null) return readings(player.now);
    cursor.style.transform = `translateX(${view.xOf(ms).toFixed(1)}px)`;
    cursor.classList.toggle("flip", ms > view.start + (view.end - view.start) * 0.85);
    const place = placeText(ms);
    flag.textContent = place ? `${clockText(ms)} · ${place}` : clockText(ms);
    readings(ms);
  }, true);
  container.addEventListener("pointerleave", () => { cursor.hidden = true; readings(player.now); });
  return () => !cursor.hidden;
}

function handleKeys(view, player) {
  const reveal = (ms) => { player.seek(ms); player.reveal(player.now); };
  const actions = {
    " ": () => player.toggle(),
    ArrowLeft: (event) => reveal(player.now - (event.shiftKey ? LONG_STEP_MS : STEP_MS)),
    ArrowRight: (event) => reveal(player.now + (event.shiftKey ? LONG_STEP_MS : STEP_MS)),
    Home: () => reveal(0),
    End: () => reveal(facts.end),
    "+": () => view.zoom(0.5, player.now),
    "=": () => view.zoom(0.5, player.now),
    "-": () => view.zoom(2, player.now),
    0: () => view.reset(),
    f: () => document.getElementById("follow").click(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in actions)) return;
    // A focused slider keeps its arrows; a focused button keeps its space.
    if (event.target.matches("input") || (event.key === " " && event.target.matches("button, summary"))) return;
    event.preventDefault();
    actions[event.key](event);
  });
}

function describeNow(doc) {
  const states = doc.get_model_by_name("states");
  const place = document.getElementById("now");
  return (ms) => {
    const { left, right, text } = states.data;
    const active = [];
    for (let i = 0; i < text.length; i++) if (left[i] <= ms && ms < right[i]) active.push(text[i]);
    place.textContent = active.join(" · ");
  };
}

function connect(doc) {
  const container = document.getElementById("plots");
  const view = makeView(doc, container);
  const details = [
    makeWaveform(doc), makeGrid(doc), makeEventLabels(doc),
    makeBandLabels(doc, "states"), makeBandLabels(doc, "composition"), makeBandLabels(doc, "takes"), makeBandLabels(doc, "stingers", true),
  ];
  const fill = () => {
    const ink = getComputedStyle(document.documentElement).getPropertyValue("--ink").trim();
    for (const detail of details) detail(view, ink);
  };
  view.onChange(fill);
  followColourScheme(doc, fill);

  const readings = makeReadings(doc, container), describe = describeNow(doc);
  let mark = () => {}, hovering = () => false;
  const player = makePlayer(view, (ms) => { mark(ms); describe(ms); if (!hovering()) readings(ms); });
  const followed = () => player.playing && document.getElementById("follow").getAttribute("aria-pressed") === "true";
  mark = makeTable((ms) => { player.seek(ms); player.reveal(ms); }, followed);
  hovering = handlePointer(container, view, player, readings);
  handleKeys(view, player);
  document.getElementById("in").addEventListener("click", () => view.zoom(0.5, player.now >= view.start && player.now <= view.end ? player.now : undefined));
  document.getElementById("out").addEventListener("click", () => view.zoom(2));
  document.getElementById("reset").addEventListener("click", view.reset);
  window.report = { view, player };
  document.documentElement.dataset.ready = "yes";
}

for (const swatch of document.querySelectorAll("[data-colour]")) swatch.style.backgroundColor = swatch.dataset.colour;
(async () => {
  const plots = JSON.parse(document.getElementById("plots-json").textContent);
  const items = JSON.parse(document.getElementById("items-json").textContent);
  await Bokeh.embed.embed_items(plots, items);
  connect(Bokeh.documents[0]);
})();
