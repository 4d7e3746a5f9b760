"""Themes of rule files in the music: two states that share one can be told to belong together by measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from contract.generators import conditioning
from segue.contract import TICKS_PER_BEAT, ThemeNote, ThemeNotes
from segue.score.composer.arrange import arrange
from segue.score.composer.bar import compose_bar
from segue.score.composer.conductor import advance
from segue.score.composer.form import Form
from segue.score.composer.motif import GRID, Motif, Theme
from segue.score.generator import moments, motifs_of
from segue.style.points import POINTS

BARS = 8


def theme_notes(name: str, *notes: tuple[float, int]) -> ThemeNotes:
    """Return a theme of (beats, pitch) one after the other in C major."""
    placed, at = [], 0.0
    for beats, pitch in notes:
        placed.append(ThemeNote(at, beats, pitch, 96))
        at += beats
    return ThemeNotes(name=name, notes=tuple(placed), tonic=0, mode=0)


HERO = theme_notes("hero", (1.5, 67), (0.5, 72), (1, 74), (1, 76), (1, 72), (0.5, 74), (0.5, 71), (2, 72))
VILLAIN = theme_notes(
    "villain", (1, 72), (1, 71), (0.5, 69), (0.5, 71), (1, 67), (0.5, 65), (0.5, 64), (1, 65), (2, 64)
)
HERO_MOTIF, VILLAIN_MOTIF = motifs_of((HERO, VILLAIN))


def tune(style: str, seed: int, theme: Motif | None, *, tonic: int, mode: str, meter: int) -> list[tuple[float, int]]:
    """Return (beat, pitch) of the first tune of a phrase that is made of a theme."""
    row = arrange(POINTS[style].profile)
    slot = next(slot for slot, voice in enumerate(row.voices) if voice.role == "melody")
    used = None if theme is None else Theme(theme, 1.0)
    return [
        (bar * meter + note.tick / TICKS_PER_BEAT, note.pitch)
        for bar in range(BARS)
        for note in compose_bar(row, row, seed, bar, meter, tonic, mode, used).onsets
        if note.slot == slot
    ]


def likeness(played: Sequence[tuple[float, int]], motif: Motif) -> float:
    """Return how much of a motif the best local alignment finds in a tune, 0 to 1, in any key, mode and tempo.

    A step matches if it is within about a degree of the motif's and its time within a third, at the motif's speed, at
    half, three quarters or twice. What does not match, is left out or put in costs half a match. Source: Smith and
    Waterman (1981).
    """
    wanted = list(zip(motif.contour, (parts / GRID for parts in motif.rhythm), strict=False))
    moves = [((b[1] - a[1]) * 7 / 12, max(b[0] - a[0], 1 / GRID)) for a, b in pairwise(played)]
    best = 0.0
    for speed in (0.5, 0.75, 1.0, 2.0):
        before = [0.0] * (len(wanted) + 1)
        for degrees, beats in moves:
            row = [0.0]
            for index, (step, length) in enumerate(wanted):
                match = abs(degrees - step) <= 1.3 and 2 / 3 < beats / (length * speed) < 3 / 2
                row.append(max(0.0, before[index] + (1.0 if match else -0.5), before[index + 1] - 0.5, row[-1] - 0.5))
            before = row
            best = max(best, *row)
    return best / len(wanted)


PLACES = (("calm", 2, "minor", 4), ("combat", 9, "minor", 4), ("town", 7, "major", 4), ("boss", 0, "dorian", 4))


def mean_likeness(place: tuple[str, int, str, int], played: Motif | None, sought: Motif) -> float:
    style, tonic, mode, meter = place
    tunes = (tune(style, seed, played, tonic=tonic, mode=mode, meter=meter) for seed in range(1, 7))
    return float(np.mean([likeness(notes, sought) for notes in tunes]))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
def test_a_tune_made_of_a_theme_is_nearer_to_it_than_to_others_and_than_other_tunes(
    place: tuple[str, int, str, int],
) -> None:
    quoted = mean_likeness(place, HERO_MOTIF, HERO_MOTIF)
    control = max(mean_likeness(place, VILLAIN_MOTIF, HERO_MOTIF), mean_likeness(place, None, HERO_MOTIF))
    assert quoted > control + 0.2, (quoted, control)


def test_two_states_that_share_a_theme_have_it_in_common() -> None:
    """Calm and a fight, of other keys, tempos and instruments, are alike by their theme alone."""
    calm, fight, *_ = PLACES
    shared = min(mean_likeness(calm, HERO_MOTIF, HERO_MOTIF), mean_likeness(fight, HERO_MOTIF, HERO_MOTIF))
    apart = max(
        mean_likeness(one, other, sought)
        for one in (calm, fight)
        for other, sought in ((None, HERO_MOTIF), (VILLAIN_MOTIF, HERO_MOTIF), (HERO_MOTIF, VILLAIN_MOTIF))
    )
    assert shared > apart + 0.2, (shared, apart)


def test_a_theme_in_four_is_known_again_in_three() -> None:
    waltz = ("town", 7, "major", 3)
    assert mean_likeness(waltz, HERO_MOTIF, HERO_MOTIF) > mean_likeness(waltz, VILLAIN_MOTIF, HERO_MOTIF) + 0.05
    assert mean_likeness(waltz, HERO_MOTIF, HERO_MOTIF) > mean_likeness(waltz, None, HERO_MOTIF) + 0.1


def played_forms(strengths: Sequence[float], themes: tuple[ThemeNotes, ...] = (HERO,)) -> list[Form]:
    """Return the forms of town at 120 bpm, where each frame has the first theme with a strength."""
    row = arrange(POINTS["town"].profile)
    asked = conditioning(np.ones((len(strengths), 1)), tempo_bpm=120)
    index = np.zeros(len(strengths), np.int16)
    asked = replace(asked, theme=index, theme_strength=np.asarray(strengths, np.float32))
    form, forms = Form(seed=1, frame=0), []
    for moment in moments(asked, (row.name,), {row.name: row}, motifs_of(themes)):
        form, _ = advance(form, moment)
        forms.append(form)
    return forms


def test_a_theme_is_taken_up_where_a_phrase_begins() -> None:
    """Bars last 50 frames and phrases 400; the theme is named in frame 100."""
    forms = played_forms([0.0] * 100 + [0.8] * 400)
    changed = next(index for index, form in enumerate(forms) if form.theme)
    assert 399 <= changed <= 400
    assert forms[-1].theme == HERO_MOTIF.key
    assert forms[-1].theme_parts == 6


def test_without_a_theme_the_music_is_as_without_themes() -> None:
    assert played_forms([0.0] * 60) == played_forms([0.0] * 60, ())


def test_a_key_is_found_where_a_theme_names_none() -> None:
    assert motifs_of((replace(HERO, tonic=-1),))[0].contour == HERO_MOTIF.contour
