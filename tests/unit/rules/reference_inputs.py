"""Events, inputs, latches and conditions of the reference director (sections 1 to 4 of rules/SEMANTICS.md)."""

from __future__ import annotations

import hashlib
import math
import operator
from collections.abc import Callable, Iterable
from typing import Any as AnyValue

from segue_rules.events import Event, Receipt, ReceiptCode
from segue_rules.model import (
    FRAME_RATE,
    All,
    Any,
    ChoiceInput,
    Compare,
    Condition,
    Counted,
    Fired,
    FlagInput,
    InGroup,
    Input,
    InputValue,
    InState,
    IntegerInput,
    Latch,
    Lately,
    Layer,
    LayerState,
    Not,
    NumberInput,
    OneOf,
    Rules,
    TimeRange,
    TriggerInput,
)

COMPARE: dict[str, Callable[[AnyValue, AnyValue], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def chance(*parts: str | int) -> float:
    text = "/".join(str(part) for part in parts)
    return int(hashlib.sha256(text.encode("utf-8")).hexdigest()[:12], 16) / 2**48


def written(state: LayerState) -> str:
    """The name of a state of the file, without that of its piece."""
    return state.name.split("/")[0]


class ReferenceInputs:
    """The past of a session as far as conditions can see it; `frame` is the present one."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.frame = -1
        self.has_reset = False
        # The frame of the last reset, 0 before one.
        self.beginning = 0
        # One entry an accepted set, in order: (frame, value).
        self.sets: dict[str, list[tuple[int, InputValue]]] = {i.name: [] for i in rules.inputs}
        # One entry a frame.
        self.fired: list[set[str]] = []
        self.values: list[dict[str, AnyValue]] = []
        self.latched: list[list[bool]] = []
        self.active: list[dict[str, LayerState]] = []

    def listen(self, events: Iterable[Event]) -> list[Receipt]:
        """Begin the next frame with its events, its inputs' values and its latches."""
        self.frame += 1
        receipts = self._take(events)
        if self.has_reset and self.frame > 0:
            self.latched = [[False] * len(self.rules.latches)] * self.frame
            self.start_over()
            self.beginning = self.frame
        self._run_timers()
        self.values.append({i.name: self._value(i, self.frame) for i in self.rules.inputs})
        self.latched.append([self._latch(latch) for latch in self.rules.latches])
        return receipts

    def _run_timers(self) -> None:
        for trigger in self.rules.inputs:
            if not isinstance(trigger, TriggerInput) or trigger.every is None:
                continue
            before = [g for g in range(self.frame) if trigger.name in self.fired[g]]
            every = trigger.every
            if isinstance(every, TimeRange):
                u = chance(self.rules.seed, trigger.name, "every", len(before))
                every = every.low + int(u * (every.high - every.low + 1))
            if self.frame - (before[-1] if before else self.beginning) >= every:
                self.fired[self.frame].add(trigger.name)

    def active_before(self, layer: Layer, frame: int) -> LayerState:
        return self.active[frame - 1][layer.name] if frame > 0 else self.first_state(layer)

    def first_state(self, layer: Layer) -> LayerState:
        """The state that the layer begins with."""
        raise NotImplementedError

    def start_over(self) -> None:
        """Forget what a reset takes back of all frames before the present one."""
        raise NotImplementedError

    # --- 1. events --------------------------------------------------------------------------------------------------

    def _take(self, events: Iterable[Event]) -> list[Receipt]:
        self.fired.append(set())
        self.has_reset = False
        receipts = []
        for event in sorted(events, key=lambda e: e.sequence):
            code = self._judge(event)
            accepted = code in ("accepted", "clamped")
            if accepted:
                if event.reset:
                    self.has_reset = True
                    self.sets = {i.name: [] for i in self.rules.inputs}
                    self.fired = [set() for _ in self.fired]
                for name, value in event.set.items():
                    self.sets[name].append((self.frame, self._fit(self._input(name), value)))
                self.fired[self.frame].update(event.fire)
            receipts.append(Receipt(sequence=event.sequence, accepted=accepted, code=code, frame=self.frame))
        return receipts

    def _input(self, name: object) -> Input | None:
        return next((i for i in self.rules.inputs if i.name == name), None)

    def _judge(self, event: Event) -> ReceiptCode:
        if not event.set and not event.fire and not event.reset:
            return "empty"
        for name, value in event.set.items():
            code = self._judge_value(self._input(name), value)
            if code != "accepted":
                return code
        for name in event.fire:
            target = self._input(name)
            if target is None:
                return "unknown_input"
            if not isinstance(target, TriggerInput):
                return "not_a_trigger"
        clamped = any(self._fit(self._input(name), value) != value for name, value in event.set.items())
        return "clamped" if clamped else "accepted"

    def _judge_value(self, target: Input | None, value: object) -> ReceiptCode:
        if target is None:
            return "unknown_input"
        if isinstance(target, TriggerInput):
            return "not_settable"
        if isinstance(target, FlagInput):
            return "accepted" if isinstance(value, bool) else "wrong_type"
        if isinstance(target, ChoiceInput):
            if not isinstance(value, str):
                return "wrong_type"
            return "accepted" if value in target.of else "unknown_choice"
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "wrong_type"
        if isinstance(value, float) and not math.isfinite(value):
            return "not_finite"
        if isinstance(target, IntegerInput) and value != int(value):
            return "wrong_type"
        return "accepted"

    def _fit(self, target: Input | None, value: AnyValue) -> AnyValue:
        if isinstance(target, NumberInput):
            return float(min(max(value, target.low), target.high))
        if isinstance(target, IntegerInput):
            return int(min(max(value, target.low), target.high))
        return value

    # --- 2. inputs --------------------------------------------------------------------------------------------------

    def _value(self, i: Input, frame: int) -> InputValue:
        if isinstance(i, TriggerInput):
            return i.name in self.fired[frame]
        if not isinstance(i, NumberInput):
            return self.sets[i.name][-1][1] if self.sets[i.name] else i.default
        v0, f0, target = i.default, 0, i.default
        for set_frame, value in self.sets[i.name]:
            if value != target:
                v0, f0, target = self._moved(i, v0, f0, target, set_frame), set_frame, float(value)
        return float(self._moved(i, v0, f0, target, frame))

    def _moved(self, i: NumberInput, v0: float, f0: int, target: float, frame: int) -> float:
        if target >= v0:
            return target if i.rise is None else min(target, v0 + i.rise * (frame - f0) / FRAME_RATE)
        return target if i.fall is None else max(target, v0 - i.fall * (frame - f0) / FRAME_RATE)

    # --- 3. and 4. latches and conditions ---------------------------------------------------------------------------

    def _latch(self, latch: Latch) -> bool:
        if self.holds(latch.enter, self.frame):
            return True
        if self.holds(latch.exit, self.frame):
            return False
        return self.frame > 0 and self.latched[self.frame - 1][latch.index]

    def holds(self, condition: Condition, frame: int) -> bool:
        match condition:
            case Compare():
                return COMPARE[condition.op](self.values[frame][condition.input], condition.value)
            case OneOf():
                return self.values[frame][condition.input] in condition.values
            case Latch():
                return self.latched[frame][condition.index]
            case InState():
                layer = next(layer for layer in self.rules.layers if layer.name == condition.layer)
                return written(self.active_before(layer, frame)) == condition.state
            case InGroup():
                layer = next(layer for layer in self.rules.layers if layer.name == condition.layer)
                return condition.group in self.active_before(layer, frame).groups
            case Fired():
                first = max(0, frame - condition.frames + 1)
                return any(condition.trigger in self.fired[g] for g in range(first, frame + 1))
            case Lately():
                return any(self.holds(condition.of, g) for g in range(max(0, frame - condition.frames), frame + 1))
            case Counted():
                trigger, after = condition.counter.trigger, condition.counter.after
                anew = [g for g in range(frame + 1) if after is not None and after in self.fired[g]]
                count = sum(trigger in self.fired[g] for g in range(anew[-1] if anew else 0, frame + 1))
                return COMPARE[condition.op](count, condition.value)
            case All():
                return all(self.holds(part, frame) for part in condition.of)
            case Any():
                return any(self.holds(part, frame) for part in condition.of)
            case Not():
                return not self.holds(condition.of, frame)
