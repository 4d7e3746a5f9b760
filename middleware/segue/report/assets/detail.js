"use strict";
/* Detail that depends on the zoom: the waveform's resolution, bar and beat lines, and the texts there is room for. */

const LABEL_FONT = "12px ui-sans-serif, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif";
const measure = (() => {
  const context = document.createElement("canvas").getContext("2d");
  const known = new Map();
  return (text) => {
    if (!known.has(text)) { context.font = LABEL_FONT; known.set(text, context.measureText(text).width); }
    return known.get(text);
  };
})();

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/* First index whose value is above `value` in a sorted list. */
function indexAfter(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1; else high = middle;
  }
  return low;
}

function makeWaveform(doc) {
  const source = doc.get_model_by_name("waveform");
  const { step } = facts.envelope;
  const low = new Int8Array(bytesOf(facts.envelope.low).buffer);
  const high = new Int8Array(bytesOf(facts.envelope.high).buffer);
  const rms = bytesOf(facts.envelope.rms);

  return (view) => {
    const first = Math.max(0, Math.floor(view.start / step) - 1);
    const last = Math.min(low.length, Math.ceil(view.end / step) + 1);
    const group = Math.max(1, Math.round(view.msPerPixel / step));
    const data = { x: [], low: [], high: [], down: [], up: [] };
    for (let begin = first - first % group; begin < last; begin += group) {
      let bottom = 0, top = 0, power = 0;
      const end = Math.min(begin + group, low.length);
      for (let i = begin; i < end; i++) {
        if (low[i] < bottom) bottom = low[i];
        if (high[i] > top) top = high[i];
        power += rms[i] * rms[i];
      }
      const level = Math.sqrt(power / (end - begin)) / 127;
      data.x.push((begin + (end - begin) / 2) * step);
      data.low.push(bottom / 127);
      data.high.push(top / 127);
      data.down.push(Math.max(-level, bottom / 127));
      data.up.push(Math.min(level, top / 127));
    }
    source.data = data;
  };
}

const PADDING_PX = 5;
const CLOSEST_LINES_PX = 9;
const CLOSEST_NUMBERS_PX = 34;

/* Lines where beats or bars stand far enough apart; numbers in the ruler, every 2nd, 4th, 8th … where they would touch. */
function makeGrid(doc) {
  const grid = doc.get_model_by_name("grid");
  const numbers = doc.get_model_by_name("bars");

  return (view) => {
    const first = indexAfter(facts.beats, view.start - 1) , last = indexAfter(facts.beats, view.end);
    const px = 1 / view.msPerPixel;
    const beatPx = last > first + 1 ? (facts.beats[last - 1] - facts.beats[first]) / (last - first - 1) * px : Infinity;
    let inBar = 1;
    for (let i = first; i < last; i++) inBar = Math.max(inBar, facts.beatsOfBar[i]);
    const barPx = beatPx * inBar;
    let every = 1;
    while (barPx * every < CLOSEST_NUMBERS_PX) every *= 2;
    const lines = { x: [], alpha: [] }, texts = { x: [], text: [] };
    for (let i = first; i < last; i++) {
      const bar = facts.bars[i], opens = facts.beatsOfBar[i] === 1;
      const named = opens && (bar - 1) % every === 0;
      if (named || (opens && barPx >= CLOSEST_LINES_PX) || beatPx >= 2 * CLOSEST_LINES_PX) {
        lines.x.push(facts.beats[i]);
        lines.alpha.push(opens ? (named ? 0.3 : 0.2) : 0.12);
      }
      if (named || (!opens && beatPx >= CLOSEST_NUMBERS_PX)) {
        const text = opens ? `${bar}` : `${bar}:${facts.beatsOfBar[i]}`;
        if ((view.end - facts.beats[i]) * px < measure(text) + PADDING_PX) continue;
        texts.x.push(facts.beats[i]);
        texts.text.push(text);
      }
    }
    grid.data = lines;
    numbers.data = texts;
  };
}

/* A name in each band that has room for it, kept in view while its band is. `beside`: to its right where it has none,
   as far as no other band or name is there. */
function makeBandLabels(doc, name, beside = false) {
  const bands = doc.get_model_by_name(name), labels = doc.get_model_by_name(`${name}-labels`);
  if (!bands || !labels) return () => {};
  const order = Array.from(bands.data.text, (_, i) => i).sort((a, b) => bands.data.left[a] - bands.data.left[b]);
  return (view, ink) => {
    const found = { x: [], y: [], text: [], ink: [] };
    const { left, right, y, text } = bands.data;
    // From right to left, so that it is known where the next band of the same height begins.
    const next = new Map();
    for (let n = order.length - 1; n >= 0; n--) {
      const i = order[n];
      const from = Math.max(left[i], view.start), to = Math.min(right[i], view.end);
      const until = next.get(y[i]) ?? view.end;
      next.set(y[i], left[i]);
      if (to < from) continue;
      const width = measure(text[i]) + 2 * PADDING_PX;
      const fits = (to - from) / view.msPerPixel >= width;
      if (!fits && !(beside && (until - to) / view.msPerPixel >= width)) continue;
      found.x.push((fits ? from : to) + PADDING_PX * view.msPerPixel);
      found.y.push(y[i]);
      found.text.push(text[i]);
      found.ink.push(fits ? bands.data.ink[i] : ink);
    }
    labels.data = found;
  };
}

const EVENT_LANES = 4;
const MARK_PX = 10;
const LONGEST_LABEL = 42;
const MANY_MARKS = 600;
const CLOSEST_MARKS_PX = 3;

/* Stretches of one lane that are taken, from left to right. Returns: whether a new one was free, and is taken now. */
function take(lane, from, to) {
  let place = lane.length;
  while (place > 0 && lane[place - 1][0] > from) place--;
  if ((place > 0 && lane[place - 1][1] > from) || (place < lane.length && lane[place][0] < to)) return false;
  lane.splice(place, 0, [from, to]);
  return true;
}

/* Where marks would cover each other, one of them in some pixels; all columns of the source. */
function thinned(all, view) {
  if (all.x.length <= MANY_MARKS) return { ...all };
  const first = indexAfter(all.x, view.start - 2 * MARK_PX * view.msPerPixel);
  const last = indexAfter(all.x, view.end + 2 * MARK_PX * view.msPerPixel);
  const taken = new Set(), kept = [];
  for (const wanted of [1, 0]) {
    for (let i = first; i < last; i++) {
      const place = Math.floor(all.x[i] / view.msPerPixel / CLOSEST_MARKS_PX);
      if (all.first[i] !== wanted || taken.has(`${place}${all.colour[i]}`)) continue;
      taken.add(`${place}${all.colour[i]}`);
      kept.push(i);
    }
  }
  kept.sort((a, b) => a - b);
  return Object.fromEntries(Object.entries(all).map(([name, column]) => [name, kept.map((i) => column[i])]));
}

/* Events get a lane each that has room for their text: triggers and refusals first, the rest where there is room left.
   Without a lane an event is a mark alone, below them. */
function makeEventLabels(doc) {
  const marks = doc.get_model_by_name("events"), labels = doc.get_model_by_name("events-labels");
  const all = { ...marks.data };
  return (view, ink) => {
    const data = thinned(all, view), { x, label } = data;
    const lanes = Array.from({ length: EVENT_LANES }, () => []), y = new Array(x.length).fill(EVENT_LANES);
    const found = { x: [], y: [], text: [], ink: [] };
    for (const wanted of [1, 0]) {
      for (let i = 0; i < label.length; i++) {
        if (data.first[i] !== wanted) continue;
        const at = (x[i] - view.start) / view.msPerPixel;
        const room = (i + 1 < x.length ? x[i + 1] - x[i] : facts.end - x[i]) / view.msPerPixel - 2 * MARK_PX;
        const whole = label[i].length <= LONGEST_LABEL || measure(label[i]) <= room;
        let text = whole ? label[i] : `${label[i].slice(0, LONGEST_LABEL - 1)}…`;
        // A text that would reach beyond the plot is cut there.
        const left = (view.end - x[i]) / view.msPerPixel - MARK_PX;
        if (left > 0) while (text.length > 1 && measure(text) > left) text = `${text.replace(/…$/, "").slice(0, -1)}…`;
        if (text === "…") continue;
        const lane = lanes.findIndex((one) => take(one, at - MARK_PX, at + MARK_PX + measure(text)));
        if (lane < 0) continue;
        y[i] = lane;
        if (x[i] < view.start || x[i] > view.end) continue;
        found.x.push(x[i] + MARK_PX * view.msPerPixel);
        found.y.push(lane);
        found.text.push(text);
        found.ink.push(ink);
      }
    }
    marks.data = { ...data, y };
    labels.data = found;
  };
}

/* Short, so that the legend keeps its room for names. */
function readingText(value) {
  if (Math.abs(value) >= 10) return value.toFixed(0);
  return value === Math.round(value) ? String(value) : value.toFixed(2);
}

/* Values of a row's curves at a moment, on straight lines between what is stored. */
function makeReadings(doc, container) {
  const shown = [];
  for (const row of container.querySelectorAll(".row")) {
    const source = doc.get_model_by_name(row.dataset.row);
    for (const key of row.querySelectorAll(".keys li[data-column]")) {
      const { column } = key.dataset;
      if (column && source) shown.push({ x: source.data.x, values: source.data[column], place: key.querySelector("b") });
    }
  }
  return (ms) => {
    for (const { x, values, place } of shown) {
      const after = indexAfter(x, ms);
      let value = values[Math.max(0, after - 1)];
      if (after > 0 && after < x.length) {
        value += (values[after] - value) * (ms - x[after - 1]) / (x[after] - x[after - 1]);
      }
      place.textContent = after === 0 ? "" : readingText(value);
    }
  };
}
