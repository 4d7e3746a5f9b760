"""The beats ahead, and which of them have been reached."""

from __future__ import annotations

from segue_sdk.happenings import BeatHeard
from segue_sdk.limits import MOST_BEATS
from segue_sdk.service_messages import Clock

# Beats kept ahead: some minutes of music at any tempo.
_MOST: int = 4 * MOST_BEATS


class Beats:
    """Takes `clock` messages in any order and tells each beat once."""

    def __init__(self) -> None:
        self._ahead: list[BeatHeard] = []
        self._reached = -1

    def take(self, clock: Clock) -> None:
        """What a clock says of beats from its start on replaces what was said before."""
        told = [
            BeatHeard(
                at=beat.at,
                bar=beat.bar,
                beat=beat.beat,
                exact=clock.exact,
                tempo_bpm=clock.tempo_bpm,
                meter=clock.meter,
            )
            for beat in clock.beats
        ]
        kept = [beat for beat in self._ahead if beat.at < clock.start]
        self._ahead = [*kept, *(beat for beat in told if beat.at > self._reached)][:_MOST]

    def reach(self, played: int) -> list[BeatHeard]:
        """The beats up to sample `played` that were not told yet."""
        due = [beat for beat in self._ahead if beat.at <= played]
        self._ahead = self._ahead[len(due) :]
        # A clock that stands at a beat has not passed it: before the first sample, the beat at 0 is still to come.
        self._reached = max(self._reached, played - 1, *(beat.at for beat in due))
        return due
