"""What is heard at a position of the music: chunks and changes arrive seconds before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from segue_sdk.client_events import MusicArrived
from segue_sdk.messages import Change

_MOST: Final = 512


class AudibleState:
    """Takes in chunks and changes in any order, and finds the mix, the states and the next changes at a position."""

    def __init__(self) -> None:
        self._music: list[MusicArrived] = []
        self._changes: dict[tuple[str, int], Change] = {}

    def add_music(self, chunk: MusicArrived) -> None:
        """Take in a chunk; one of a later take replaces all music from its start on."""
        kept = [_until(old, chunk.start) if old.take != chunk.take else old for old in self._music]
        kept = [old for old in kept if old.count > 0 and not (old.take == chunk.take and old.start == chunk.start)]
        self._music = sorted([*kept, chunk], key=lambda music: music.start)[-_MOST:]

    def add_change(self, change: Change) -> None:
        """Take in a change that is decided, rendered or withdrawn."""
        key = change.layer, change.decided
        if change.kind == "withdrawn":
            self._changes.pop(key, None)
        else:
            self._changes[key] = change

    def move_to(self, played: int) -> list[Change]:
        """Move to a position and forget what is past.

        Returns:
            The changes that are heard from now on.
        """
        begun = [c for c in self._changes.values() if c.kind == "rendered" and c.audible <= played]
        for change in begun:
            del self._changes[change.layer, change.decided]
        past = [music for music in self._music if music.start + music.count <= played]
        self._music = self._music[max(0, len(past) - 1) :]
        return sorted(begun, key=lambda change: change.audible)

    def mix(self, played: int) -> dict[str, float]:
        """Style to its share; shares move evenly from the end of one chunk to the end of the next."""
        now = self._at(played)
        if now is None:
            return {}
        before = next((music for music in reversed(self._music) if music.start + music.count <= now.start), now)
        done = min(1.0, max(0.0, (played - now.start) / now.count))
        names = dict.fromkeys((*before.mix, *now.mix))
        return {
            name: before.mix.get(name, 0.0) + done * (now.mix.get(name, 0.0) - before.mix.get(name, 0.0))
            for name in names
        }

    def states(self, played: int) -> Mapping[str, str]:
        """Layer to its state."""
        now = self._at(played)
        return {} if now is None else now.states

    def next_change(self, layer: str, played: int) -> Change | None:
        """The next change of a layer that is decided and not heard yet; None if there is none."""
        ahead = [c for c in self._changes.values() if c.layer == layer and c.audible > played]
        return min(ahead, key=lambda change: change.audible, default=None)

    def _at(self, played: int) -> MusicArrived | None:
        """The chunk at a position; before the first and after the last, the nearest."""
        started = [music for music in self._music if music.start <= played]
        return started[-1] if started else next(iter(self._music), None)


def _until(music: MusicArrived, end: int) -> MusicArrived:
    """The part of a chunk before `end`."""
    return replace(music, count=max(0, min(music.count, end - music.start)))
