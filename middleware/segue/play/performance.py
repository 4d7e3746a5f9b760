"""A performance: the events of a player with the frames in which they took effect, as an event script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from segue_rules.audition import MUTE
from segue_rules.events import Event
from segue_rules.model import FRAME_RATE, InputValue
from segue_sdk.messages import Receipt

_MOST_SENT: Final = 1_024
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Words that YAML readers take for something else than a name.
_READ_OTHERWISE: Final = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null"])


class TakenEvent(NamedTuple):
    """An event that took effect, and the frame in which it did."""

    frame: int
    event: Event


class Performance:
    """Matches events with the service's answers. `taken` holds all that took effect, by frame and number."""

    def __init__(self) -> None:
        self.taken: list[TakenEvent] = []
        self._sent: dict[int, Event] = {}

    def sent(self, event: Event) -> None:
        """Note that an event was sent."""
        self._sent[event.sequence] = event
        while len(self._sent) > _MOST_SENT:
            del self._sent[next(iter(self._sent))]

    def answered(self, receipt: Receipt) -> TakenEvent | None:
        """Return the event of an answer, if it took effect."""
        event = self._sent.pop(receipt.seq, None)
        if event is None or not receipt.accepted:
            return None
        taken = TakenEvent(receipt.frame, event)
        self.taken.append(taken)
        self.taken.sort(key=lambda each: (each.frame, each.event.sequence))
        return taken

    def script(self, title: str, seed: int) -> str:
        """Return the performance as an event script, without the layers that were muted to listen to others.

        Args:
            title: Of the rules that were played.
            seed: Of the music.
        """
        events = [each for taken in self.taken if (each := _without_switches(taken)) is not None]
        lines = [
            f"# A performance of {title!r}, seed {seed}: each event at the time at which it took effect.",
            *(f"- {{{', '.join(_fields(each))}}}" for each in events),
        ]
        return "\n".join([*lines, *([] if events else ["[]"])]) + "\n"


def _without_switches(taken: TakenEvent) -> TakenEvent | None:
    """The event without the inputs that no rule file has; None if nothing is left."""
    event = taken.event
    values = {name: value for name, value in event.set.items() if not name.startswith(MUTE)}
    return TakenEvent(taken.frame, replace(event, set=values)) if values or event.fire or event.reset else None


def _fields(taken: TakenEvent) -> Iterator[str]:
    event = taken.event
    # A frame lasts 40 ms: two digits say its beginning exactly.
    yield f"at: {taken.frame / FRAME_RATE:.2f}s"
    if event.reset:
        yield "reset: true"
    if event.set:
        yield f"set: {{{', '.join(f'{yaml_word(name)}: {_value(value)}' for name, value in event.set.items())}}}"
    if event.fire:
        yield f"fire: [{', '.join(map(yaml_word, event.fire))}]"


def _value(value: InputValue) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return yaml_word(value)
    text = repr(value)
    # Exponents are no numbers to every YAML reader.
    return f"{value:.12f}".rstrip("0") + "0" if "e" in text else text


def yaml_word(text: str) -> str:
    """The text as YAML has it, in quotes where it would be read as something else."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _READ_OTHERWISE
    return text if plain else "'" + text.replace("'", "''") + "'"
