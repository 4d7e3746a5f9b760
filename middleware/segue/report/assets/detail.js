"use strict";
/* What depends on the zoom: the resolution of the waveform, the bar and beat lines, and the texts that fit. */

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
  const { step } = facts.waveform;
  const low = new Int8Array(bytesOf(facts.waveform.low).buffer);
  const high = new Int8Array(bytesOf(facts.waveform.high).buffer);
  const rms = bytesOf(facts.waveform.rms);

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

/* Draws lines where beats or bars are far enough apart, and numbers in the ruler: every 2nd, 4th, 8th … bar where they
   would touch. */
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

/* Writes a name into each band that is wide enough, and keeps it in view while the band is. `beside`: a name that does
   not fit is written to the right of its band, unless another band is there. */
function makeBandLabels(doc, name, beside = false) {
  const bands = doc.get_model_by_name(name), labels = doc.get_model_by_name(`${name}-labels`);
  if (!bands || !labels) return () => {};
  const order = Array.from(bands.data.text, (_, i) => i).sort((a, b) => bands.data.left[a] - bands.data.left[b]);
  return (view, ink) => {
    const found = { x: [], y: [], text: [], ink: [] };
    const { left, right, y, text } = bands.data;
    // From right to left, so that the start of the next band in the same line is known.
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
const SHORTEST_CUT_LABEL = 9;
const MANY_MARKS = 600;
const CLOSEST_MARKS_PX = 3;

/* Reserves a span of a lane. `lane`: the reserved spans, from left to right. Returns: whether the span was free. */
function reserve(lane, from, to) {
  let index = lane.length;
  while (index > 0 && lane[index - 1][0] > from) index--;
  if ((index > 0 && lane[index - 1][1] > from) || (index < lane.length && lane[index][0] < to)) return false;
  lane.splice(index, 0, [from, to]);
  return true;
}

/* Drops marks that would cover each other. Returns: all columns of the source. */
function thinned(all, view) {
  if (all.x.length <= MANY_MARKS) return { ...all };
  const first = indexAfter(all.x, view.start - 2 * MARK_PX * view.msPerPixel);
  const last = indexAfter(all.x, view.end + 2 * MARK_PX * view.msPerPixel);
  const taken = new Set(), kept = [];
  for (const priority of [1, 0]) {
    for (let i = first; i < last; i++) {
      const place = Math.floor(all.x[i] / view.msPerPixel / CLOSEST_MARKS_PX);
      if (all.first[i] !== priority || taken.has(`${place}${all.colour[i]}`)) continue;
      taken.add(`${place}${all.colour[i]}`);
      kept.push(i);
    }
  }
  kept.sort((a, b) => a - b);
  return Object.fromEntries(Object.entries(all).map(([name, column]) => [name, kept.map((i) => column[i])]));
}

/* Gives each event a lane in which its text fits: triggers and refusals first, then the others. An event without a lane
   is a mark without text, below the lanes. */
function makeEventLabels(doc) {
  const marks = doc.get_model_by_name("events"), labels = doc.get_model_by_name("events-labels");
  const all = { ...marks.data };
  return (view, ink) => {
    const data = thinned(all, view), { x, label } = data;
    const lanes = Array.from({ length: EVENT_LANES }, () => []), y = new Array(x.length).fill(EVENT_LANES);
    const found = { x: [], y: [], text: [], ink: [] };
    for (const priority of [1, 0]) {
      for (let i = 0; i < label.length; i++) {
        if (data.first[i] !== priority) continue;
        const at = (x[i] - view.start) / view.msPerPixel;
        const gap = (i + 1 < x.length ? x[i + 1] - x[i] : facts.end - x[i]) / view.msPerPixel - 2 * MARK_PX;
        const whole = label[i].length <= LONGEST_LABEL || measure(label[i]) <= gap;
        let text = whole ? label[i] : `${label[i].slice(0, LONGEST_LABEL - 1)}…`;
        // A text that would reach beyond the plot is shortened.
        const left = (view.end - x[i]) / view.msPerPixel - MARK_PX;
        if (left > 0) while (text.length > 1 && measure(text) > left) text = `${text.replace(/…$/, "").slice(0, -1)}…`;
        if (text.endsWith("…") && text.length < SHORTEST_CUT_LABEL) continue;
        const lane = lanes.findIndex((one) => reserve(one, at - MARK_PX, at + MARK_PX + measure(text)));
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

/* Short, so that the legend has space for names. */
function readingText(value) {
  if (Math.abs(value) >= 10) return value.toFixed(0);
  return value === Math.round(value) ? String(value) : value.toFixed(2);
}

/* Shows the values of the curves at a moment, interpolated between the stored points. */
function makeReadings(doc, container) {
  const shown = [];
  for (const row of container.querySelectorAll(".row")) {
    const source = doc.get_model_by_name(row.dataset.row);
    for (const item of row.querySelectorAll(".legend li[data-column]")) {
      const { column } = item.dataset;
      if (column && source) shown.push({ x: source.data.x, values: source.data[column], place: item.querySelector("b") });
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
