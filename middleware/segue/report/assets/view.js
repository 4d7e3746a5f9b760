"use strict";
/* The time axis on screen: the range in view, conversion between time and pixels, and the colours of the plots. */

const facts = JSON.parse(document.getElementById("facts-json").textContent);
const SHORTEST_VIEW_MS = 100;

function makeView(doc, container) {
  const range = doc.get_model_by_name("time");
  const listeners = [];

  /* The part of the container between the margins, which are the same in every plot. */
  function frame() {
    const plot = container.querySelector(".plot").getBoundingClientRect();
    const whole = container.getBoundingClientRect();
    const left = plot.left - whole.left + facts.left;
    return { left, width: Math.max(1, plot.width - facts.left - facts.right), page: whole.left };
  }

  const view = {
    range,
    get start() { return range.start; },
    get end() { return range.end; },
    get msPerPixel() { return (range.end - range.start) / frame().width; },

    /* Pixels from the container's left edge. */
    xOf(ms) {
      const { left, width } = frame();
      return left + (ms - range.start) / (range.end - range.start) * width;
    },

    /* The time under a pointer, null outside the plots. */
    msAt(clientX) {
      const { left, width, page } = frame();
      const share = (clientX - page - left) / width;
      return share < -0.005 || share > 1.005 ? null : range.start + Math.min(1, Math.max(0, share)) * (range.end - range.start);
    },

    show(start, end) {
      const span = Math.min(facts.end, Math.max(SHORTEST_VIEW_MS, end - start));
      const from = Math.min(facts.end - span, Math.max(0, start));
      range.setv({ start: from, end: from + span });
    },

    zoom(factor, about) {
      const fixed = about ?? (range.start + range.end) / 2;
      view.show(fixed - (fixed - range.start) * factor, fixed + (range.end - fixed) * factor);
    },

    reset() { view.show(0, facts.end); },

    /* Call `listener` now and whenever the range or the size changes, at most once a frame. */
    onChange(listener) { listeners.push(listener); listener(); },
  };

  let waiting = false;
  function changed() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; for (const listener of listeners) listener(); });
  }
  range.change.connect(changed);
  new ResizeObserver(changed).observe(container);
  return view;
}

/* Canvas text does not follow the style sheet: give it the page's colours, and call `painted` when they change. */
function followColourScheme(doc, painted) {
  function paint() {
    const ink = getComputedStyle(document.documentElement).getPropertyValue("--soft").trim();
    for (const model of doc._all_models.values()) {
      if (model.type === "LinearAxis" || model.type === "DatetimeAxis") model.setv({ major_label_text_color: ink });
    }
    painted();
  }
  function printing(now) {
    document.documentElement.classList.toggle("printing", now);
    paint();
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  addEventListener("beforeprint", () => printing(true));
  addEventListener("afterprint", () => printing(false));
  // Printing does not wait for the next animation frame, in which the plots would be repainted.
  matchMedia("print").addEventListener("change", (event) => {
    if (event.matches) for (const plot of Bokeh.index.roots) plot.paint?.();
  });
  paint();
}
