"""Stinger cues as messages: a number for each playing, which its sound's parts and its cancellation bear as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from segue.contract import Samples
from segue.runtime.messages import StingerOut
from segue.service import wire
from segue.service.wire import Format
from segue_rules.plan import StingerCue
from segue_sdk.limits import LONGEST_CHUNK, LONGEST_STINGER
from segue_sdk.messages import Stinger


class StingerDesk:
    """The stingers of one session. sounds: of its rule file, float32 [S, 2] by name; replaced at a reload."""

    def __init__(self, sounds: Mapping[str, Samples], sample_format: Format) -> None:
        self.sounds = sounds
        self._format = sample_format
        self._last_id = 0
        self._told: dict[StingerCue, int] = {}
        self._waiting: dict[str, int] = {}

    def messages(self, out: StingerOut) -> Iterator[Stinger]:
        """What the client is to know of a cue; nothing of a burst of style, which has no sound of its own."""
        cue = out.cue
        if cue.stinger not in self.sounds:
            return
        if out.cancelled:
            if cue in self._told:
                number = self._told.pop(cue)
                self._waiting.pop(cue.stinger, None)
                yield self._message(cue, number, "cancelled")
        elif cue.kind == "dropped":
            yield self._message(cue, self._number(cue), "dropped")
        elif cue.kind == "scheduled":
            number = self._told[cue] = self._waiting[cue.stinger] = self._new_id()
            yield self._message(cue, number, "scheduled")
        else:
            # It starts as the one that waited did promise, under the same number.
            number = self._told[cue] = self._number(cue)
            yield from self._parts(cue, number)

    def forget(self, position: int) -> None:
        """What began before the sample `position` cannot be taken back any more."""
        self._told = {cue: number for cue, number in self._told.items() if cue.start >= position}

    def _parts(self, cue: StingerCue, number: int) -> Iterator[Stinger]:
        sound = self.sounds[cue.stinger][:LONGEST_STINGER]
        for offset in range(0, len(sound), LONGEST_CHUNK):
            part = sound[offset : offset + LONGEST_CHUNK]
            payload = wire.pcm(part, self._format)
            yield self._message(cue, number, "placed", total=len(sound), offset=offset, count=len(part), pcm=payload)

    def _message(self, cue: StingerCue, number: int, kind: str, **part: Any) -> Stinger:
        return Stinger(
            id=number,
            name=cue.stinger,
            kind=kind,
            start=max(0, cue.start),
            format=self._format,
            gain_db=min(12.0, max(-96.0, cue.gain_db)),
            duck=wire.duck(cue.duck),
            if_late=cue.if_late,
            reason=wire.clipped(cue.reason),
            **part,
        )

    def _number(self, cue: StingerCue) -> int:
        """The number of the one that waits, or a new one."""
        return self._waiting.pop(cue.stinger) if cue.stinger in self._waiting else self._new_id()

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id
