"""Endings: music that is to fall silent closes with a cadence and a last chord."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from segue.contract import TICKS_PER_BEAT
from segue.score.composer import instruments as gm
from segue.score.composer.bar import Onset
from segue.score.composer.moment import Moment, first_beat
from segue.score.composer.ranges import playable
from segue.score.composer.theory import Chord, chord, minor_third, place
from segue.score.composer.vocabulary import DRUM_SLOT, FAMILY, Arrangement, Voice

# The dominant sounds so long before the last chord.
CADENCE_TICKS: Final = 2 * TICKS_PER_BEAT
# The last chord is held so long, as far as its instruments sustain.
LAST_TICKS: Final = 6 * TICKS_PER_BEAT
_LAST_FORCE: Final = 1.06
_CRASH_VELOCITY: Final = 84
_CRASH_LEVEL: Final = 0.4
# Semitones between neighbouring tones of a chord, before they are moved to the nearest.
_SPREAD: Final = 4


def expected_end(moment: Moment) -> int:
    """Return the tick of the beat on which music that is to fall silent ends; -1 if none is known for a bar ahead."""
    if moment.silent or not moment.next_silent or moment.to_change < 0:
        return -1
    if moment.to_change * moment.tempo > moment.meter * TICKS_PER_BEAT:
        return -1
    return first_beat(moment)


def cadence_chords(tonic: int, mode: str) -> tuple[Chord, Chord]:
    """Return the dominant of a key and its last chord."""
    return chord("5M" if minor_third(mode) else "5", tonic, mode), chord("1", tonic, mode)


@lru_cache(maxsize=64)
def cadence(arrangement: Arrangement, tonic: int, mode: str) -> tuple[Onset, ...]:
    """Return the dominant and the last chord as an arrangement plays them, ticks counted from the last chord."""
    dominant, last = cadence_chords(tonic, mode)
    onsets = []
    for slot, voice in enumerate(arrangement.voices):
        for tick, ticks, sounding, force in (
            (-CADENCE_TICKS, CADENCE_TICKS, dominant, 1.0),
            (0, LAST_TICKS, last, _LAST_FORCE),
        ):
            for pitch in _keys(voice, sounding, last=sounding is last):
                onsets.append(
                    Onset(
                        tick,
                        ticks,
                        voice.programs[0],
                        playable(voice.programs[0], pitch),
                        voice.velocity * arrangement.gain * force,
                        voice.level,
                        voice.role,
                        FAMILY[voice.role],
                        slot,
                    )
                )
    if arrangement.kit.own and arrangement.kit.crash:
        crash = _CRASH_VELOCITY * arrangement.gain
        key = arrangement.kit.crash
        onsets.append(Onset(0, TICKS_PER_BEAT, gm.KIT_PROGRAM, key, crash, _CRASH_LEVEL, "drums", "drums", DRUM_SLOT))
    return tuple(onsets)


def _keys(voice: Voice, sounding: Chord, *, last: bool) -> tuple[int, ...]:
    """Return the keys of a chord that a voice plays."""
    third = sounding.tones[1 % len(sounding.tones)]
    if voice.role == "bass":
        return (place(sounding.root, voice.register),)
    if voice.role == "melody":
        # The tune falls to the tonic from the degree above it, the dominant's fifth.
        return (place(sounding.root if last else sounding.tones[-1], voice.register),)
    if voice.role == "counter":
        return (place(third, voice.register),)
    count = max(1, voice.tones) if voice.role == "harmony" else 1
    keys = (
        place(sounding.tones[index % len(sounding.tones)], voice.register + _SPREAD * index) for index in range(count)
    )
    return tuple(sorted(set(keys)))
