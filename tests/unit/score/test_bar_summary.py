"""What the composer says about its bars is what it plays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from contract.generators import conditioning
from segue.contract import (
    FRAME_SIZE,
    TICKS_PER_BEAT,
    ComposedBar,
    Conditioning,
    NoteEvent,
    Request,
    StyleBank,
    ThemeNotes,
)
from segue.score.composer.arrange import arrange
from segue.score.composer.bar_summary import composed_bar
from segue.score.composer.conductor import advance
from segue.score.composer.form import Form
from segue.score.composer.scales import SCALES, signature
from segue.score.composer.theory import NOTE_NAMES
from segue.score.generator import ScoreGenerator, moments, motifs_of
from segue.score.sampler.sampler import Sampler
from segue.style.points import POINTS
from unit.score.test_ending import silence
from unit.score.test_themes import HERO, VILLAIN, likeness

# At 120 bpm a bar of four beats has 50 frames.
BAR = 50


def played(
    style: str, asked: Conditioning, themes: tuple[ThemeNotes, ...] = (), seed: int = 1
) -> tuple[list[ComposedBar], list[NoteEvent]]:
    """Return the bars and notes of a style."""
    row = arrange(POINTS[style].profile)
    names = {motif.key: theme.name for motif, theme in zip(motifs_of(themes), themes, strict=True)}
    form, bars, notes = Form(seed=seed, frame=asked.frame), [], []
    for moment in moments(asked, (row.name,), {row.name: row}, motifs_of(themes)):
        earlier = form
        form, started = advance(form, moment)
        bar = composed_bar(earlier, form, moment, names)
        bars += [] if bar is None else [bar]
        notes += started
    return bars, notes


def steady(bars: int, **rest: object) -> Conditioning:
    return conditioning(np.ones((bars * BAR, 1)), tempo_bpm=120, tonic=2, mode="minor", intensity=0.6, **rest)


def test_each_bar_is_told_once_from_its_line_on() -> None:
    bars, _ = played("town", steady(12))
    assert [bar.tick for bar in bars] == [4 * TICKS_PER_BEAT * number for number in range(12)]
    assert [bar.start for bar in bars] == [BAR * FRAME_SIZE * number for number in range(12)]
    assert all(bar.ends == bar.tick + 4 * TICKS_PER_BEAT for bar in bars)
    assert all((bar.tonic, bar.minor) == (2, True) for bar in bars)
    assert all(bar.chords[0].tick == bar.tick for bar in bars)
    assert bars[0].opens
    # A section ends where the next opens.
    assert all(after.opens or after.section == before.section for before, after in pairwise(bars))
    assert sum(bar.opens for bar in bars) >= 2


@pytest.mark.parametrize("style", ["town", "combat", "calm"])
def test_the_bass_begins_each_chord_with_the_note_that_its_name_says(style: str) -> None:
    """Where the bass strikes on a chord's first beat, it plays the root, or the tone after the stroke of the name."""
    bars, notes = played(style, steady(16))
    right = struck = 0
    for bar in bars:
        for chord in bar.chords:
            at = bar.start + (chord.tick - bar.tick) * FRAME_SIZE // 120_000
            for note in notes:
                if note.role == "bass" and abs(note.start - at) < FRAME_SIZE // 2:
                    struck += 1
                    right += NOTE_NAMES[note.pitch % 12] == named_bass(chord.name)
    assert struck >= 10
    assert right >= 0.9 * struck, (right, struck)


def named_bass(chord: str) -> str:
    root = chord.split("/")[-1]
    return root[: 2 if root[1:2] in ("#", "b") else 1]


def test_a_bar_in_which_a_tune_quotes_a_theme_names_it() -> None:
    themes = (HERO, VILLAIN)
    frames = 16 * BAR
    villain = replace(
        steady(16), theme=np.ones(frames, np.int16), theme_strength=np.ones(frames, np.float32)
    )  # the second theme, always
    bars, notes = played("town", villain, themes)
    quoted = [bar for bar in bars if bar.theme]
    assert {bar.theme for bar in quoted} == {"villain"}
    assert len(quoted) >= 6
    tunes = [(note.start / FRAME_SIZE / 12.5, note.pitch) for note in notes if note.role == "melody"]
    hero, villain_motif = motifs_of(themes)
    assert likeness(tunes, villain_motif) > likeness(tunes, hero) + 0.2
    # No bar without a tune quotes it.
    for bar in quoted:
        end = bar.start + BAR * FRAME_SIZE
        assert any(note.role == "melody" and bar.start <= note.start < end for note in notes), bar
    plain, _ = played("town", steady(16), themes)
    assert not any(bar.theme for bar in plain)


def test_an_ending_is_told_from_its_cadence_on_and_silence_is_not() -> None:
    """The music falls silent in frame 200 and knows it a bar before: dominant in frame 175, last chord in 200."""
    bars, _ = played("town", silence())
    assert [(bar.section, bar.opens, bar.tick / TICKS_PER_BEAT, [chord.name for chord in bar.chords])
            for bar in bars[-2:]] == [("ending", True, 14.0, ["A"]), ("ending", False, 16.0, ["Dm"])]  # fmt: skip
    assert "ending" not in [bar.section for bar in bars[:-2]]


def test_music_that_comes_back_from_silence_is_told_anew() -> None:
    bars, _ = played("town", silence(begin=100, end=180))
    after = [bar for bar in bars if bar.start >= 180 * FRAME_SIZE]
    assert after[0].start == 180 * FRAME_SIZE
    assert after[0].opens
    assert after[0].section != "ending"


@pytest.mark.parametrize("sizes", [(7,), (25,), (1, 50, 3)])
def test_chunks_of_any_size_tell_the_same_bars(sizes: Sequence[int]) -> None:
    asked = steady(2)
    assert told(asked, sizes) == told(asked, (100,))


def told(asked: Conditioning, sizes: Sequence[int]) -> list[ComposedBar]:
    """Return the bars of chunks of some sizes, which take turns."""
    generator = ScoreGenerator(Sampler())
    profile = POINTS["town"].profile
    bank = StyleBank(names=("town",), embeddings=np.ones((1, 1), np.float32), profiles=(profile,))
    state, bars, at, turn = generator.start(seed=1), [], 0, 0
    while at < asked.num_frames:
        end = min(asked.num_frames, at + sizes[turn % len(sizes)])
        (result,) = generator.generate([Request(state=state, styles=bank, conditioning=asked[at:end])])
        state, at, turn = result.state, end, turn + 1
        bars += result.chunk.bars
    return bars


@pytest.mark.parametrize("mode", SCALES)
@pytest.mark.parametrize("tonic", [0, 7])
def test_the_key_signature_of_a_scale_lacks_at_most_one_of_the_tones_that_any_has(tonic: int, mode: str) -> None:
    key, minor = signature(tonic, mode)
    tones = {(tonic + tone) % 12 for tone in SCALES[mode].tones}
    fits = [len(tones & {(other + tone) % 12 for tone in SCALES["major"].tones}) for other in range(12)]
    assert fits[key] >= max(fits) - 1
    assert minor == SCALES[mode].minor
    if len(tones) == 7 and max(fits) == 7:
        assert fits[key] == 7
