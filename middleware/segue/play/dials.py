"""An input as a control on the screen: its value, how keys and the mouse change it, and its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase, digits
from typing import Final

from segue_sdk.messages import Input, InputValue

STEPS: Final = 20
"""Steps from one end of a slider to the other."""


@dataclass(frozen=True, kw_only=True)
class Dial:
    """An input that the rules declare.

    Attributes:
        key: A letter or digit; "" if there are more inputs than keys.
        value: The value that was sent last; False for a trigger.
    """

    spec: Input
    key: str
    value: InputValue

    @property
    def slides(self) -> bool:
        """Whether it is a slider: a number with a range."""
        return self.spec.type in ("number", "integer")

    @property
    def fires(self) -> bool:
        return self.spec.type == "trigger"

    @property
    def fraction(self) -> float:
        """The position of a slider in its range, 0 to 1."""
        low, high = self._range()
        return min(1.0, max(0.0, (float(self.value) - low) / (high - low))) if high > low else 0.0

    @property
    def text(self) -> str:
        """The value in words."""
        if isinstance(self.value, bool):
            return "" if self.fires else "on" if self.value else "off"
        return self.value if isinstance(self.value, str) else f"{self.value:.4g}"

    def nudged(self, steps: float) -> Dial:
        """A slider moved by so many twentieths of its range; a whole number moves by at least one."""
        low, high = self._range()
        move = steps * (high - low) / STEPS
        if self.spec.type == "integer" and 0 < abs(move) < 1:
            move = 1.0 if move > 0 else -1.0
        return self._moved_to(float(self.value) + move)

    def at(self, fraction: float) -> Dial:
        """A slider moved to a point of its range."""
        low, high = self._range()
        return self._moved_to(low + min(1.0, max(0.0, fraction)) * (high - low))

    def pressed(self) -> Dial:
        """A flag switched, a choice moved to its next name; other inputs as they are."""
        if self.spec.type == "flag":
            return replace(self, value=not self.value)
        if self.spec.type == "choice" and self.spec.of:
            names = self.spec.of
            after = names.index(self.value) + 1 if self.value in names else 0
            return replace(self, value=names[after % len(names)])
        return self

    def set_to(self, value: InputValue) -> Dial:
        """The same with another value."""
        return replace(self, value=value)

    def _range(self) -> tuple[float, float]:
        return self.spec.low or 0.0, 1.0 if self.spec.high is None else self.spec.high

    def _moved_to(self, value: float) -> Dial:
        low, high = self._range()
        value = min(high, max(low, value))
        # Twentieths of a range are seldom exact; the value that is sent is the one that is shown.
        return replace(self, value=round(value) if self.spec.type == "integer" else float(f"{value:.6g}"))


def make_dials(inputs: Sequence[Input], before: Mapping[str, Dial]) -> dict[str, Dial]:
    """A dial for each input. An input keeps the value of its dial before, if it still takes it."""
    keys = assign_keys([spec.name for spec in inputs])
    made = {}
    for spec in inputs:
        value = False if spec.default is None else spec.default
        dial = Dial(spec=spec, key=keys[spec.name], value=value)
        old = before.get(spec.name)
        made[spec.name] = dial.set_to(old.value) if old is not None and _takes(spec, old) else dial
    return made


def assign_keys(names: Sequence[str]) -> dict[str, str]:
    """A key for each name: its first letter that is free, else any free letter or digit; "" when all are taken."""
    free = dict.fromkeys(ascii_lowercase + digits)
    keys = {}
    for name in names:
        wanted = [letter for letter in name.lower() if letter in free] or list(free)
        keys[name] = wanted[0] if wanted else ""
        free.pop(keys[name], None)
    return keys


def _takes(spec: Input, old: Dial) -> bool:
    if spec.type != old.spec.type:
        return False
    if spec.type == "choice":
        return old.value in spec.of
    if spec.low is None or spec.high is None or isinstance(old.value, str):
        return True
    return spec.low <= old.value <= spec.high
