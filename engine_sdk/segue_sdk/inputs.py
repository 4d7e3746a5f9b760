"""What a game may set and fire: values of any numeric type made plain, and checked against what the rules declare."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from numbers import Integral, Real
from typing import Final

from segue_sdk.errors import InputError
from segue_sdk.fields import Value
from segue_sdk.messages import EventItem, Input, InputValue

_VALUE: Final = Value()
_EXCERPT: Final = 48
# Names listed in a message; more would hide the rest of it.
_MOST_LISTED: Final = 12
# Likeness from which on a name is taken for a misspelt one; `difflib` says 0.6, which takes "gone" for "region".
_CLOSE: Final = 0.65


class InputTable:
    """The inputs of one rule file, by name."""

    def __init__(self, inputs: Iterable[Input]) -> None:
        self._inputs = {spec.name: spec for spec in inputs}

    def value(self, name: str, value: object) -> InputValue:
        """The value as the service takes it for this input.

        Args:
            name: As the rule file declares it.
            value: A boolean, number or text, an enum whose value is one, or a scalar of NumPy or a like library.
        Returns:
            A float for a number, an int for an integer, else a bool or a str. A number beyond its range is left as it
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
        # A type that a later service declares: it checks the value itself.
        return plain

    def trigger(self, name: str) -> str:
        """The name of a trigger. Raises: InputError if the rules declare none of this name."""
        spec = self._find(name, "fire")
        if spec.type != "trigger":
            raise InputError(
                "not_a_trigger", f"input {name!r} is a {spec.type}, not a trigger; call set_input({name!r}, …)"
            )
        return name

    def fitting(self, values: dict[str, InputValue]) -> dict[str, InputValue]:
        """Those of the values that these rules declare and take, in the order of the declaration."""
        fitting: dict[str, InputValue] = {}
        for name in self._inputs:
            if name in values:
                try:
                    fitting[name] = self.value(name, values[name])
                except InputError:
                    continue
        return fitting

    def checked(self, item: EventItem) -> tuple[dict[str, InputValue], tuple[str, ...], list[tuple[str, InputError]]]:
        """What of an event these rules take: values, triggers, and each name left out with the reason."""
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
    """A value as a message carries it, whatever numeric type or enum it was.

    Raises: InputError for what is no boolean, finite number within ±2^53 or text of at most 64 bytes.
    """
    plain = _unwrapped(name, value)
    try:
        return _VALUE.read(plain, f"input {name!r}")
    except ValueError as error:
        raise InputError(getattr(error, "code", "wrong_type"), getattr(error, "text", str(error))) from None


def _unwrapped(name: str, value: object) -> bool | int | float | str:
    """The Python value in an enum, a NumPy scalar or a number of another type."""
    while isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, (Real, Decimal)):
        return _finite(name, value)
    # NumPy's booleans and arrays without dimensions, and the like of other libraries, which are not imported for it.
    if getattr(value, "shape", None) == () and callable(item := getattr(value, "item", None)):
        held = item()
        if isinstance(held, (bool, int, str)):
            return held
        if isinstance(held, (Real, Decimal)):
            return _finite(name, held)
    raise _wrong(name, "a boolean, a number or a text", value)


def _finite(name: str, value: Real | Decimal) -> float:
    try:
        number = float(value)
    except OverflowError:
        raise InputError("out_of_range", f"input {name!r}: expected a number within ±2^53") from None
    # A signalling NaN of `decimal` has no float.
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(
            "not_finite", f"input {name!r} takes finite numbers, got {number}; check for a division by zero before it"
        )
    return number


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
    # repr of an int of more than 4 300 digits raises.
    if isinstance(value, int) and value.bit_length() > 128:
        return "a huge number"
    return repr(value)[:_EXCERPT]
