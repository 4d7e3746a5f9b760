"""Checks what a game sets and fires against the inputs that the rules declare."""

from __future__ import annotations

import math
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from segue_sdk.errors import InputError, ProtocolError
from segue_sdk.fields import Value, plain_scalar
from segue_sdk.messages import EventItem, Input, InputValue

_VALUE: Final = Value()
_EXCERPT: Final = 48
# Names listed in an error message.
_MOST_LISTED: Final = 12
# Likeness from which on a name counts as misspelt. The default of `difflib`, 0.6, takes "gone" for "region".
_CLOSE: Final = 0.65


class InputTable:
    """The inputs of one rule file, by name."""

    def __init__(self, inputs: Iterable[Input]) -> None:
        self._inputs = {spec.name: spec for spec in inputs}

    def value(self, name: str, value: object) -> InputValue:
        """Convert a value to the input's type.

        Args:
            name: As the rule file declares it.
            value: A boolean, number or text, an enum whose value is one, or a scalar of NumPy or a like library.
        Returns:
            A float for a number, an int for an integer, else a bool or a str. A number beyond its range stays as it
            is: the service clamps it and says so in the receipt.
        Raises:
            InputError: The rules declare no such input, or it does not take this value.
        """
        spec = self._find(name, "set")
        if spec.type == "trigger":
            raise InputError("not_settable", f"input {name!r} is a trigger, which has no value; call fire({name!r})")
        plain = plain_value(name, value)
        match spec.type:
            case "flag":
                if not isinstance(plain, bool):
                    raise _wrong(name, "True or False", value)
                return plain
            case "choice":
                return _choice(spec, plain, value)
            case "integer" | "number":
                if isinstance(plain, (bool, str)):
                    raise _wrong(name, "a number" if spec.type == "number" else "a whole number", value)
                if spec.type == "number":
                    return float(plain)
                if plain != int(plain):
                    raise _wrong(name, "a whole number", value)
                return int(plain)
        # A type that only a later service knows: it checks the value itself.
        return plain

    def trigger(self, name: str) -> str:
        """Check the name of a trigger. Raises: InputError if the rules declare none of this name."""
        spec = self._find(name, "fire")
        if spec.type != "trigger":
            raise InputError("not_a_trigger", f"input {name!r} is a {spec.type}, not a trigger; call set({name!r}, …)")
        return name

    def fitting(self, values: dict[str, InputValue]) -> dict[str, InputValue]:
        """The values that fit these rules, in the order of the declaration."""
        fitting: dict[str, InputValue] = {}
        for name in self._inputs:
            if name in values:
                try:
                    fitting[name] = self.value(name, values[name])
                except InputError:
                    continue
        return fitting

    def checked(self, item: EventItem) -> tuple[dict[str, InputValue], tuple[str, ...], list[tuple[str, InputError]]]:
        """The values and triggers of an event that fit these rules, and the name and error of each that does not."""
        values: dict[str, InputValue] = {}
        fire: list[str] = []
        refused: list[tuple[str, InputError]] = []
        for name, value in item.set.items():
            try:
                values[name] = self.value(name, value)
            except InputError as error:
                refused.append((name, error))
        for name in item.fire:
            try:
                fire.append(self.trigger(name))
            except InputError as error:
                refused.append((name, error))
        return values, tuple(fire), refused

    def _find(self, name: str, doing: str) -> Input:
        if not isinstance(name, str):
            raise InputError("unknown_input", f"{doing}: expected the name of an input, got {_shown(name)}")
        if name in self._inputs:
            return self._inputs[name]
        raise InputError(
            "unknown_input", f"the rules declare no input {_shown(name)}; {_suggestion(name, list(self._inputs))}"
        )


def plain_value(name: str, value: object) -> InputValue:
    """Convert a value of any numeric type or enum to one that a message can carry.

    Raises:
        InputError: It is no boolean, no finite number within ±(2^53 - 1) and no text of at most 64 bytes.
    """
    try:
        plain = plain_scalar(value)
    except OverflowError:
        raise InputError("out_of_range", f"input {name!r}: expected a number within ±(2^53 - 1)") from None
    except ValueError:
        plain = math.nan
    if not isinstance(plain, (bool, int, float, str)):
        raise _wrong(name, "a boolean, a number or a text", value)
    if isinstance(plain, float) and not math.isfinite(plain):
        raise InputError(
            "not_finite", f"input {name!r} takes finite numbers, got {plain}; check for a division by zero before it"
        )
    try:
        return _VALUE.read(plain, f"input {name!r}")
    except ProtocolError as error:
        raise InputError(error.code, error.text) from None


def _choice(spec: Input, plain: InputValue, given: object) -> str:
    if not isinstance(plain, str):
        raise _wrong(spec.name, f"one of {_listed(spec.of)}", given)
    if plain not in spec.of:
        raise InputError(
            "unknown_choice",
            f"input {spec.name!r} takes one of {_listed(spec.of)}, got {_shown(plain)}{_did_you_mean(plain, spec.of)}",
        )
    return plain


def _wrong(name: str, expected: str, value: object) -> InputError:
    kind = type(value).__name__
    return InputError("wrong_type", f"input {name!r} takes {expected}, got {_shown(value)} of type {kind}")


def _suggestion(name: str, names: list[str]) -> str:
    close = _did_you_mean(name, names)
    if close:
        return close.removeprefix("; ")
    return f"they declare {_listed(names)}" if names else "they declare none"


def _did_you_mean(name: str, names: Iterable[str]) -> str:
    lowered = {known.lower(): known for known in names}
    close = get_close_matches(name.lower(), lowered, n=1, cutoff=_CLOSE)
    return f"; did you mean {lowered[close[0]]!r}?" if close else ""


def _listed(names: Iterable[str]) -> str:
    all_names = list(names)
    listed = ", ".join(all_names[:_MOST_LISTED])
    return listed + (f" and {len(all_names) - _MOST_LISTED} more" if len(all_names) > _MOST_LISTED else "")


def _shown(value: object) -> str:
    # repr raises for an int of more than 4 300 digits.
    if isinstance(value, int) and value.bit_length() > 128:
        return "a huge number"
    return repr(value)[:_EXCERPT]
