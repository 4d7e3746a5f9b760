/** The bottom: the session over time, with zoom, and a cursor that the rest of the page follows. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { beatAt, clock, declarationAt, FRAME_RATE, musicAt, statesAt } from "../course";
import * as store from "../store";
import { lanesOf, LABEL_WIDTH, TimelineDrawing, type Colours, type View } from "./timeline_drawing";

const LEAST_FRAMES = 2 * FRAME_RATE;
/** Frames of the view while it follows; what comes is in its last part. */
const FIRST_FRAMES = 40 * FRAME_RATE;
const HEARD_AT = 0.75;
const STEP_FRAMES = 5;
const PAGE_FRAMES = 5 * FRAME_RATE;

/** How many frames are in view, and where it begins; null follows what is heard. */
const span = signal(FIRST_FRAMES);
const begin = signal<number | null>(null);

function viewNow(): View {
  const start = begin.value ?? Math.max(0, store.heard.value - span.value * HEARD_AT);
  return { start, end: start + span.value };
}

/** Zoom around a frame. */
function zoom(factor: number, around: number): void {
  const { start } = viewNow();
  const longest = Math.max(FIRST_FRAMES, store.course.value.end * 1.1);
  const wanted = Math.min(Math.max(LEAST_FRAMES, span.value * factor), longest);
  if (begin.value !== null) begin.value = Math.max(0, around - ((around - start) * wanted) / span.value);
  span.value = wanted;
}

function showAll(): void {
  begin.value = 0;
  span.value = Math.max(LEAST_FRAMES, (store.branch.value?.course ?? store.course.value).end);
}

function follow(): void {
  begin.value = null;
  store.chosen.value = null;
}

function choose(frame: number): void {
  const { start, end } = viewNow();
  const to = Math.min(Math.max(0, Math.round(frame)), Math.max(0, store.course.value.end - 1));
  // Where the view follows what is heard, a moment that is looked at would run away.
  begin.value = to < start ? to : to > end ? to - span.value / 2 : start;
  store.chosen.value = to;
}

export function Timeline() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let asked = 0;
    const paint = () => {
      asked = requestAnimationFrame(paint);
      if (canvas.current !== null) draw(canvas.current);
    };
    paint();
    return () => cancelAnimationFrame(asked);
  }, []);
  useEffect(() => {
    // Wheel listeners of JSX are passive, and cannot keep the page from scrolling.
    const element = canvas.current!;
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.shiftKey && event.deltaX === 0) return;
      event.preventDefault();
      if (event.ctrlKey) zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, frameAt(element, event.clientX));
      else begin.value = Math.max(0, viewNow().start + ((event.deltaX || event.deltaY) / element.clientWidth) * span.value);
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, []);
  const isFollowing = begin.value === null && store.chosen.value === null;
  const middle = () => store.chosen.value ?? (viewNow().start + viewNow().end) / 2;
  return (
    <section class="panel timeline" aria-label="Timeline">
      <header>
        <h2>Timeline</h2>
        <button type="button" onClick={() => zoom(1 / 1.5, middle())} aria-label="Zoom in" title="Zoom in: +, or Ctrl and the wheel">
          +
        </button>
        <button type="button" onClick={() => zoom(1.5, middle())} aria-label="Zoom out" title="Zoom out: -">
          −
        </button>
        <button type="button" onClick={showAll}>
          All
        </button>
        <button type="button" aria-pressed={isFollowing} onClick={follow}>
          Follow
        </button>
        <span class="hint">click to look at a moment; arrows move it, Escape returns to what is heard</span>
      </header>
      <div class="scroller" ref={scroller}>
        <canvas
          ref={canvas}
          tabIndex={0}
          role="slider"
          aria-label="Moment of the session"
          aria-valuemin={0}
          aria-valuemax={Math.max(0, store.course.value.end - 1)}
          aria-valuenow={store.shown.value}
          aria-valuetext={momentText()}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            choose(frameAt(event.currentTarget, event.clientX));
          }}
          onPointerMove={(event) => {
            if (event.buttons !== 0) choose(frameAt(event.currentTarget, event.clientX));
          }}
          onKeyDown={press}
        />
      </div>
    </section>
  );
}

function press(event: KeyboardEvent): void {
  const at = store.shown.value;
  const moves: Record<string, () => void> = {
    ArrowLeft: () => choose(at - STEP_FRAMES),
    ArrowRight: () => choose(at + STEP_FRAMES),
    PageDown: () => choose(at - PAGE_FRAMES),
    PageUp: () => choose(at + PAGE_FRAMES),
    Home: () => choose(0),
    End: () => choose(store.course.value.end),
    Escape: follow,
    "+": () => zoom(1 / 1.5, at),
    "-": () => zoom(1.5, at),
  };
  const move = moves[event.key];
  if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  move();
}

function frameAt(element: HTMLElement, clientX: number): number {
  const box = element.getBoundingClientRect();
  const { start, end } = viewNow();
  return start + ((clientX - box.left - LABEL_WIDTH) / (box.width - LABEL_WIDTH)) * (end - start);
}

/** The moment in words, for screen readers. */
function momentText(): string {
  const course = store.course.value;
  const frame = store.shown.value;
  const layers = declarationAt(course, frame)?.layers ?? [];
  const states = statesAt(course, frame).map((state, i) => `${layers[i]?.name ?? "layer"} ${state}`);
  const tempo = musicAt(course, frame)?.[0];
  return [clock(frame), `bar ${beatAt(course, frame) || "none"}`, ...states, tempo === undefined ? "" : `${tempo} bpm`].filter(Boolean).join(", ");
}

function draw(canvas: HTMLCanvasElement): void {
  const { width } = canvas.parentElement!.getBoundingClientRect();
  const course = store.course.value;
  const branch = store.branch.value;
  const { lanes, height } = lanesOf(store.declaration.value, branch !== null);
  const ratio = devicePixelRatio;
  const inner = Math.floor(width) - 2;
  if (canvas.width !== Math.round(inner * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(inner * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${inner}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d")!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, inner, height);
  context.font = "11px system-ui, sans-serif";
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const drawing = new TimelineDrawing(context, inner, viewNow(), coloursOf(canvas), isDark);
  drawing.draw(course, branch?.course ?? null, lanes, {
    heard: store.heard.value,
    buffered: store.buffered.value,
    chosen: store.chosen.value,
    fork: branch?.asked.frame ?? null,
  });
}

/** The colours of the style sheet. */
function coloursOf(element: HTMLElement): Colours {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: of("text"),
    muted: of("muted"),
    line: of("line"),
    lane: of("lane"),
    accent: of("accent"),
    other: of("other"),
    error: of("error"),
  };
}
