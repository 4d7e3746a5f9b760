"""Breath: brass and woodwinds rest as players must, and others play what is written."""

from __future__ import annotations

import pytest

from composed import natural
from segue.contract import TICKS_PER_BEAT
from segue.score.composer.arrange import arrange
from segue.score.composer.bar import compose_bar
from segue.score.composer.breath import BLOWN, BREATH_S, LONGEST_S
from segue.score.composer.layouts import LAYOUTS
from segue.score.composer.vocabulary import Arrangement

BARS = 32


def sounding(row: Arrangement, slot: int, seed: int) -> list[tuple[float, float]]:
    """Return (begin, end) of a voice's notes over many bars, in seconds."""
    meter, beat_s = row.meter, 60 / row.tempo_bpm
    notes = []
    for bar in range(BARS):
        for onset in compose_bar(row, row, seed, bar, meter, 2, row.scale).onsets:
            if onset.slot == slot and onset.role != "drums":
                begin = (bar * meter + onset.tick / TICKS_PER_BEAT) * beat_s
                notes.append((begin, begin + onset.ticks / TICKS_PER_BEAT * beat_s))
    return sorted(notes)


def longest_without_breath(notes: list[tuple[float, float]]) -> float:
    """Return the longest stretch of sound, in seconds, that no breath interrupts."""
    longest, begun, until = 0.0, notes[0][0], notes[0][0]
    for begin, end in notes:
        # Players are a little early and late.
        if begin - until >= 0.6 * BREATH_S:
            begun = begin
        until = max(until, end)
        longest = max(longest, until - begun)
    return longest


@pytest.mark.parametrize("name", ["combat", "boss", "victory", "military band", "big band"])
def test_brass_and_woodwinds_breathe(name: str) -> None:
    row = arrange(natural(LAYOUTS[name]))
    blown = [slot for slot, voice in enumerate(row.voices) if set(voice.programs) <= BLOWN]
    assert blown
    heard = 0
    for slot in blown:
        for seed in range(3):
            notes = sounding(row, slot, seed)
            if notes:
                heard += 1
                # A note of the bar before may sound on.
                assert longest_without_breath(notes) <= 1.5 * LONGEST_S
    assert heard > len(blown)


def test_repeated_chords_of_brass_rest_for_half_bars() -> None:
    row = arrange(natural(LAYOUTS["combat"]))
    slot = next(slot for slot, one in enumerate(row.voices) if one.figure == "stabs" and set(one.programs) <= BLOWN)
    bar_s = row.meter * 60 / row.tempo_bpm
    for seed in range(4):
        strokes = [begin for begin, _ in sounding(row, slot, seed)]
        halves = {int((begin + 0.05) // (bar_s / 2)) for begin in strokes}
        assert 0.3 * 2 * BARS <= len(halves) <= 0.85 * 2 * BARS


def test_strings_play_on() -> None:
    row = arrange(natural(LAYOUTS["combat"]))
    slot = next(slot for slot, voice in enumerate(row.voices) if voice.figure == "ostinato")
    bar_s = row.meter * 60 / row.tempo_bpm
    halves = {int(begin // (bar_s / 2)) for begin, _ in sounding(row, slot, 1)}
    assert len(halves) >= 0.9 * 2 * BARS
