/** Two inputs at once: a field whose width is one input and whose height the other. */
import { signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import * as music from "../music";
import * as store from "../store";
import type { InputDeclaration } from "../types";
import { shownNumber } from "./dial";

const axes = signal<{ x: string; y: string }>({ x: "", y: "" });
const STEP = 0.05;

export function Pad() {
  const field = useRef<HTMLDivElement>(null);
  const numbers = store.inputs.value.filter(({ type }) => type === "number" || type === "integer");
  if (numbers.length < 2) return null;
  const named = (name: string) => numbers.find((each) => each.name === name);
  const x = named(axes.value.x) ?? numbers[0]!;
  const y = named(axes.value.y) ?? numbers.find((each) => each !== x)!;

  const moveTo = (across: number, up: number) => {
    music.set(x.name, valueAt(x, across));
    music.set(y.name, valueAt(y, up));
  };
  const point = (event: PointerEvent) => {
    if (event.buttons === 0) return;
    const box = field.current!.getBoundingClientRect();
    field.current!.setPointerCapture(event.pointerId);
    moveTo((event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height);
  };
  const across = shareOf(x);
  const up = shareOf(y);
  const press = (event: KeyboardEvent) => {
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [-STEP, 0],
      ArrowRight: [STEP, 0],
      ArrowUp: [0, STEP],
      ArrowDown: [0, -STEP],
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    moveTo(across + stepsOf(x, move[0]), up + stepsOf(y, move[1]));
  };
  const valueText = `${x.name} ${shownNumber(numberOf(x))}, ${y.name} ${shownNumber(numberOf(y))}`;
  return (
    <div class="pad">
      <div
        ref={field}
        class="field"
        tabIndex={0}
        role="slider"
        aria-label="XY pad"
        aria-valuenow={numberOf(x)}
        aria-valuemin={x.low}
        aria-valuemax={x.high}
        aria-valuetext={valueText}
        title="Drag, or use the arrow keys"
        onPointerDown={point}
        onPointerMove={point}
        onKeyDown={press}
      >
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
          <line x1={across * 100} y1="0" x2={across * 100} y2="100" />
          <line x1="0" y1={100 - up * 100} x2="100" y2={100 - up * 100} />
        </svg>
        <span class="dot" style={{ left: `${across * 100}%`, bottom: `${up * 100}%` }} />
      </div>
      <Axis label="across" input={x} inputs={numbers} onChange={(name) => (axes.value = { x: name, y: name === y.name ? x.name : y.name })} />
      <Axis label="up" input={y} inputs={numbers} onChange={(name) => (axes.value = { x: name === x.name ? y.name : x.name, y: name })} />
    </div>
  );
}

interface AxisProps {
  label: string;
  input: InputDeclaration;
  inputs: InputDeclaration[];
  onChange: (name: string) => void;
}

function Axis({ label, input, inputs, onChange }: AxisProps) {
  return (
    <label>
      {label}{" "}
      <select value={input.name} onChange={(event) => onChange(event.currentTarget.value)}>
        {inputs.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

const numberOf = ({ name }: InputDeclaration) => Number(store.values.value[name] ?? 0);

/** Where the value lies in its range, 0 to 1. */
function shareOf(input: InputDeclaration): number {
  const span = input.high! - input.low!;
  return span > 0 ? (numberOf(input) - input.low!) / span : 0;
}

/** A step that moves a whole number by one at least. */
function stepsOf(input: InputDeclaration, step: number): number {
  const least = input.type === "integer" ? 1 / Math.max(1, input.high! - input.low!) : 0;
  return Math.sign(step) * Math.max(Math.abs(step), step === 0 ? 0 : least);
}

function valueAt(input: InputDeclaration, share: number): number {
  const value = input.low! + Math.min(1, Math.max(0, share)) * (input.high! - input.low!);
  return input.type === "integer" ? Math.round(value) : Number(value.toPrecision(6));
}
