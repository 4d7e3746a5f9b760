"""Inputs: events are checked and applied, and numbers move toward their targets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from segue_rules.director.state import NEVER, InputNow
from segue_rules.events import Event, Receipt, ReceiptCode
from segue_rules.model import (
    FRAME_RATE,
    ChoiceInput,
    FlagInput,
    Input,
    InputValue,
    IntegerInput,
    NumberInput,
    TriggerInput,
)
from segue_yaml.report import did_you_mean

# Among more inputs the likeliest name is not looked for: a client may send unknown names all the time.
_MOST_GUESSED: Final = 32


class _RefusedError(Exception):
    def __init__(self, code: ReceiptCode, text: str) -> None:
        super().__init__(text)
        self.code = code


class TakenEvents(NamedTuple):
    """What the events of one frame have done.

    Attributes:
        inputs: The inputs after the events.
        receipts: One of each, in the order of their numbers.
        reset: The number of the last accepted event that resets inputs and states; None without one.
    """

    inputs: tuple[InputNow, ...]
    receipts: tuple[Receipt, ...] = ()
    reset: int | None = None


class InputDirector:
    """The inputs of one rule file, by index."""

    def __init__(self, inputs: tuple[Input, ...]) -> None:
        self.declared = inputs
        self._index = {item.name: i for i, item in enumerate(inputs)}
        # The inputs whose numbers were last seen at their targets, since which frame, and their values.
        self._settled: tuple[tuple[InputNow, ...] | None, int, tuple[InputValue, ...]] = None, 0, ()

    def start(self, frame: int = 0) -> tuple[InputNow, ...]:
        """Every input at its default since `frame`, with no trigger fired."""
        return tuple(_initial(item, frame) for item in self.declared)

    def move(self, inputs: tuple[InputNow, ...], frame: int) -> tuple[InputValue, ...]:
        """The value of every input in `frame`. The value of a trigger is whether it was fired in that frame."""
        known, since, values = self._settled
        if inputs is known and frame >= since:
            return values
        values = tuple([input_value(item, now, frame) for item, now in zip(self.declared, inputs, strict=True)])
        if values == tuple([now.target for now in inputs]):
            self._settled = inputs, frame, values
        return values

    def moving(self, inputs: tuple[InputNow, ...], frame: int) -> bool:
        """Whether a number moves, or a trigger is fired, in `frame`."""
        known, since, _ = self._settled
        if inputs is known and frame >= since:
            return False
        return any(
            now.since == frame if isinstance(item, TriggerInput) else input_value(item, now, frame) != now.target
            for item, now in zip(self.declared, inputs, strict=True)
        )

    def take(self, before: TakenEvents, events: Sequence[Event], frame: int) -> TakenEvents:
        """Let events take effect in a frame, after others of it with smaller numbers. Each counts whole or not at all.

        Args:
            before: What those others have done.
            events: The events.
            frame: The frame.
        """
        inputs, reset = before.inputs, before.reset
        receipts = []
        for event in sorted(events, key=lambda event: event.sequence):
            try:
                inputs, clamped = self._apply(inputs, event, frame)
            except _RefusedError as refusal:
                receipts.append(_receipt(event, frame, accepted=False, code=refusal.code, text=str(refusal)))
            else:
                code: ReceiptCode = "clamped" if clamped else "accepted"
                receipts.append(_receipt(event, frame, accepted=True, code=code, text="; ".join(clamped)))
                reset = event.sequence if event.reset else reset
        return TakenEvents(inputs, before.receipts + tuple(receipts), reset)

    def _apply(self, inputs: tuple[InputNow, ...], event: Event, frame: int) -> tuple[tuple[InputNow, ...], list[str]]:
        if not event.set and not event.fire and not event.reset:
            raise _RefusedError("empty", "the event sets, fires and resets nothing")
        now = list(self.start(frame) if event.reset else inputs)
        clamped = []
        for name, asked in event.set.items():
            i = self._find(name)
            target = _checked(self.declared[i], asked)
            if target != asked:
                clamped.append(f"{name} clamped from {_shown(asked)} to {target}")
            if target != now[i].target:
                value = input_value(self.declared[i], now[i], frame)
                now[i] = InputNow(value, target, frame, event.sequence)
        for name in event.fire:
            i = self._find(name)
            if not isinstance(self.declared[i], TriggerInput):
                raise _RefusedError("not_a_trigger", f"{name} is not a trigger; set it")
            now[i] = InputNow(False, False, frame, event.sequence)
        return tuple(now), clamped

    def _find(self, name: str) -> int:
        if name not in self._index:
            guess = did_you_mean(str(name), self._index) if len(self._index) <= _MOST_GUESSED else ""
            raise _RefusedError("unknown_input", f"no input {str(name)[:64]!r}{guess}")
        return self._index[name]


def input_value(item: Input, now: InputNow, frame: int) -> InputValue:
    """The value of one input in `frame`."""
    if isinstance(item, TriggerInput):
        return now.since == frame
    if now.origin == now.target or not isinstance(item, NumberInput):
        return now.target
    origin, target = float(now.origin), float(now.target)
    rate = item.rise if target > origin else item.fall
    if rate is None:
        return target
    distance = rate * (frame - now.since) / FRAME_RATE
    return min(origin + distance, target) if target > origin else max(origin - distance, target)


def _initial(item: Input, frame: int) -> InputNow:
    if isinstance(item, TriggerInput):
        return InputNow(False, False, NEVER, -1)
    return InputNow(item.default, item.default, frame, -1)


def _receipt(event: Event, frame: int, *, accepted: bool, code: ReceiptCode, text: str) -> Receipt:
    return Receipt(sequence=event.sequence, accepted=accepted, code=code, frame=frame, text=text)


def _checked(item: Input, value: InputValue) -> InputValue:
    """The value as the input takes it, clamped to its range.

    Raises:
        _RefusedError: The value does not fit the input.
    """
    match item:
        case TriggerInput():
            raise _RefusedError("not_settable", f"{item.name} is a trigger; fire it")
        case FlagInput():
            if not isinstance(value, bool):
                raise _RefusedError("wrong_type", f"{item.name} takes true or false, got {_shown(value)}")
            return value
        case ChoiceInput():
            if not isinstance(value, str):
                raise _RefusedError("wrong_type", f"{item.name} takes one of {', '.join(item.of)}, got {_shown(value)}")
            if value not in item.of:
                raise _RefusedError(
                    "unknown_choice", f"{item.name} is one of {', '.join(item.of)}, got {_shown(value)}"
                )
            return value
        case NumberInput() | IntegerInput():
            return _number(item, value)


def _number(item: NumberInput | IntegerInput, value: InputValue) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _RefusedError("wrong_type", f"{item.name} takes a number, got {_shown(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise _RefusedError("not_finite", f"{item.name} takes a finite number, got {value}")
    if isinstance(item, NumberInput):
        # Clamp before converting: an int beyond float's range would overflow.
        return float(min(max(value, item.low), item.high))
    if value != int(value):
        raise _RefusedError("wrong_type", f"{item.name} takes a whole number, got {value}")
    return min(max(int(value), item.low), item.high)


def _shown(value: object) -> str:
    # repr of an int of more than 4 300 digits raises.
    return "a huge number" if isinstance(value, int) and value.bit_length() > 128 else repr(value)[:64]
