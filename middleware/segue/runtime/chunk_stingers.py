"""Mixes stingers into the chunks of a client that asked for them there (`hello.stingers` is `included`).

A chunk says which stingers it has; here are their sounds. Mixing depends on nothing but the chunks in their order, so a
recording that is played again gives the same samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from segue.audio.frame_limiter import beside_gains
from segue.contract import FRAME_SIZE, Samples
from segue.runtime.messages import ChunkOut
from segue.runtime.mixdown import MixedStinger, mixed_stinger, overlay
from segue.runtime.stinger_placement import MOST_PLAYING, REPLACEABLE_FRAMES, PlacedCue


class ChunkStingers:
    """The stingers in one session's chunks.

    Attributes:
        sounds: Sounds of the rule file's stingers, float32 [S, 2] at 48 kHz by name; replaced when rules are reloaded.
    """

    def __init__(self, sounds: Mapping[str, Samples]) -> None:
        self.sounds = sounds
        # By placement without its cancellation, in the order of their starts. A stinger keeps its sound when other
        # rules come; None stands for one that is not played.
        self._stingers: dict[PlacedCue, MixedStinger | None] = {}
        # The limiter's gain before these samples, on frame borders, where it is below 1.
        self._gains: dict[int, float] = {}

    def mix(self, chunk: ChunkOut) -> Samples:
        """Return a chunk's music under the ducks of its stingers, with their sounds, within full scale."""
        start, end = chunk.start, chunk.start + len(chunk.samples)
        sounding = [each for each in self._placed(chunk) if each.start < end and each.end > start]
        oldest = start - REPLACEABLE_FRAMES * FRAME_SIZE
        self._gains = {at: gain for at, gain in self._gains.items() if oldest <= at <= start}
        if not sounding:
            return chunk.samples
        music, stingers = overlay(start, chunk.samples, sounding)
        goes_on = any(each.start < start for each in sounding)
        gains = beside_gains(music, stingers, self._gains.get(start, 1.0) if goes_on else None)
        if gains is None:
            return music + stingers
        for at in range(FRAME_SIZE, len(gains) + 1, FRAME_SIZE):
            if gains[at - 1] < 1.0:
                self._gains[start + at] = float(gains[at - 1])
        return music + stingers * gains[:, None]

    def _placed(self, chunk: ChunkOut) -> list[MixedStinger]:
        """Return the chunk's stingers that are played."""
        # What began at or behind the chunk's start was music that this chunk replaces.
        known = {placed: stinger for placed, stinger in self._stingers.items() if placed.start < chunk.start}
        self._stingers = {}
        played: list[MixedStinger] = []
        # Those that sound at the start of the next one.
        sounding: list[MixedStinger] = []
        for cue in sorted(chunk.stingers, key=lambda each: each.start):
            placed = cue._replace(cancelled=None)
            sounding = [each for each in sounding if each.end > cue.start]
            stinger = known[placed] if placed in known else self._begun(placed, len(sounding))
            if stinger is not None:
                if stinger.cancelled != cue.cancelled:
                    stinger = replace(stinger, cancelled=cue.cancelled)
                played.append(stinger)
                sounding.append(stinger)
            self._stingers[placed] = stinger
        return played

    def _begun(self, placed: PlacedCue, sounding: int) -> MixedStinger | None:
        """Return a stinger that begins beside others that sound, None if it is not played.

        It has no sound under these rules, or as many sound already as a client would play.
        """
        sound = self.sounds.get(placed.cue.stinger)
        if sound is None or sounding >= MOST_PLAYING:
            return None
        return mixed_stinger(placed.cue, sound, start=placed.start)
