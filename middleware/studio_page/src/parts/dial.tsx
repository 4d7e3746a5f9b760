/** One input's control: a slider, a list of choices, or a switch. */
import type { InputDeclaration, Value } from "../types";

const STEPS = 200;

export interface DialProps {
  input: InputDeclaration;
  value: Value;
  /** Of the element that names the control. */
  id: string;
  isDisabled?: boolean;
  onChange: (value: Value) => void;
}

/** The step of a slider: whole numbers, or a hundredth or less of the range. */
function stepOf({ type, low, high }: InputDeclaration): number {
  return type === "integer" ? 1 : (high! - low!) / STEPS;
}

export function Dial({ input, value, id, isDisabled = false, onChange }: DialProps) {
  switch (input.type) {
    case "flag":
      return (
        <button
          type="button"
          role="switch"
          id={id}
          aria-label={input.name}
          aria-checked={value === true}
          disabled={isDisabled}
          class="switch"
          onClick={() => onChange(value !== true)}
        >
          {value === true ? "on" : "off"}
        </button>
      );
    case "choice":
      return (
        <select id={id} aria-label={input.name} disabled={isDisabled} value={String(value)} onChange={(event) => onChange(event.currentTarget.value)}>
          {input.of!.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      );
    default:
      return (
        <span class="slider">
          <input
            type="range"
            id={id}
            aria-label={input.name}
            min={input.low}
            max={input.high}
            step={stepOf(input)}
            value={Number(value)}
            disabled={isDisabled}
            onInput={(event) => onChange(Number(event.currentTarget.value))}
          />
          <output for={id}>{shownNumber(Number(value))}</output>
        </span>
      );
  }
}

/** A number with at most three decimals. */
export function shownNumber(value: number): string {
  return String(Math.round(value * 1_000) / 1_000);
}

/** A value as a rule file has it. */
export function shownValue(value: Value): string {
  return typeof value === "number" ? shownNumber(value) : String(value);
}
