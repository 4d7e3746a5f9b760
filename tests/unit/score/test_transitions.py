"""Transitions between styles: when they enter and leave, and that no hole opens between them."""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.generators import beat_samples, conditioning
from heavy import sampled
from segue.contract import FRAME_SIZE, SAMPLE_RATE, Conditioning, NoteEvent
from segue.score.composer.conductor import advance
from segue.score.composer.form import Form
from segue.score.composer.instruments import PLUCKED
from segue.score.generator import arranged, moments
from segue.style.points import POINTS

SPARSE: Final = ("calm", "solo cello", "koto", "ambient", "lullaby", "romantic piano", "dark ambient")
DENSE: Final = ("combat", "techno", "jazz", "polka", "drum and bass")
# Of the music at 100 bpm in 4, bars of 60 frames.
BAR: Final = 60
FRAMES: Final = 300
# How long notes are heard after their start or end: drums ring 0.2 s; plucked tones, of 1.5 s at most, and held ones
# fall below -50 dBFS within 50 ms and 150 ms of their release.
STROKE, STRUCK, DAMPED, RELEASE = 9_600, 72_000, 2_400, 7_200
STEP: Final = 480


def performed(styles: tuple[str, ...], asked: Conditioning, seed: int = 1) -> tuple[list[Form], list[NoteEvent]]:
    profiles = tuple(POINTS[style].profile for style in styles)
    form, forms, notes = Form(seed=seed, frame=asked.frame), [], []
    for moment in moments(asked, [profile.key for profile in profiles], arranged(profiles)):
        form, started = advance(form, moment)
        forms.append(form)
        notes.extend(started)
    return forms, notes


def turned(at: int, ramp: int, *, since: int | None = None, frames: int = FRAMES, **controls: object) -> Conditioning:
    """Make conditioning that turns from the first style to the second from frame `at` on, known from `since` on."""
    u = np.clip((np.arange(frames) - at) / ramp, 0, 1)
    second = u * u * (3 - 2 * u)
    return conditioning(
        np.stack([1 - second, second], axis=1),
        tempo_bpm=100,
        known={at: at if since is None else since},
        next_weights=np.tile([0.0, 1.0], (frames, 1)),
        ramp=ramp,
        **controls,  # type: ignore[arg-type]
    )


def heard(notes: list[NoteEvent]) -> NDArray[np.bool_]:
    """Return for each 10 ms whether any note is heard."""
    steps = np.zeros(FRAMES * FRAME_SIZE // STEP, bool)
    for note in notes:
        if note.drums:
            lasts = STROKE
        elif note.program in PLUCKED:
            lasts = min(note.duration + DAMPED, STRUCK)
        else:
            lasts = note.duration + RELEASE
        steps[note.start // STEP : (note.start + lasts) // STEP] = True
    return steps


def longest_hole(sounding: NDArray[np.bool_], begin: int) -> float:
    """Return the longest silence from frame `begin` on, in seconds."""
    longest = run = 0
    for sounds in sounding[begin * FRAME_SIZE // STEP :]:
        run = 0 if sounds else run + 1
        longest = max(longest, run)
    return longest * STEP / SAMPLE_RATE


@lru_cache
def longest_hole_alone(style: str) -> float:
    """Return the longest silence of a style's own music after its first bar, in seconds."""
    _, notes = performed((style,), conditioning(np.ones((FRAMES, 1)), tempo_bpm=100))
    return longest_hole(heard(notes), BAR)


@pytest.mark.parametrize("since", [BAR - 10, None])
@pytest.mark.parametrize("first", sampled([*SPARSE, *DENSE], 3))
def test_no_hole_opens_at_a_change(first: str, since: int | None) -> None:
    """Announced on the bar over 2 s, and immediate within a bar over 0.4 s, to each of the other styles."""
    at, ramp = (2 * BAR, 50) if since is not None else (2 * BAR + 23, 10)
    for second in (*SPARSE, *DENSE):
        own = max(longest_hole_alone(first), longest_hole_alone(second))
        _, notes = performed((first, second), turned(at, ramp, since=since))
        assert longest_hole(heard(notes), at - 10) <= max(0.3, own), second


def programs_of(style: str) -> set[int]:
    return {
        program
        for voice in arranged((POINTS[style].profile,))[POINTS[style].profile.key].voices
        for program in voice.programs
    }


@pytest.mark.parametrize(("first", "second"), list(permutations(("solo cello", "koto", "techno", "jazz"), 2)))
def test_a_style_enters_with_its_bar(first: str, second: str) -> None:
    """From the bar line on the tune, the bass and the drums are the second style's, and it plays as it does alone."""
    asked = turned(2 * BAR, 50, since=BAR, intensity=0.5)
    line = beat_samples(asked, bars_only=True)[2]
    forms, notes = performed((first, second), asked)
    assert {form.leader for form in forms[2 * BAR :]} == {POINTS[second].profile.key}
    assert {name for form in forms[2 * BAR + 1 :] for name in form.holders} <= {POINTS[second].profile.key, ""}
    own = programs_of(second) - programs_of(first)
    bar = [note for note in notes if line <= note.start < line + BAR * FRAME_SIZE and not note.drums]
    entered = [note for note in bar if note.program in own]
    alone = performed((second,), conditioning(np.ones((BAR, 1)), tempo_bpm=100, intensity=0.5))[1]
    assert len(entered) >= 0.6 * sum(note.program in own and not note.drums for note in alone)
    assert min(note.start for note in entered) < line + BAR * FRAME_SIZE // 8


@pytest.mark.parametrize("second", ["ambient", "solo cello", "dark ambient", "techno"])
def test_a_style_enters_at_once_where_the_change_is_immediate(second: str) -> None:
    """Within a frame and a sixteenth, also with the notes that it would hold there already."""
    at = 2 * BAR + 23
    _, notes = performed(("koto", second), turned(at, 5))
    own = programs_of(second) - programs_of("koto")
    first = min(note.start for note in notes if note.drums or note.program in own)
    sixteenth = BAR * FRAME_SIZE // 16
    assert at * FRAME_SIZE <= first <= (at + 1) * FRAME_SIZE + sixteenth


def test_a_long_ramp_hands_over_on_its_way() -> None:
    """Over 20 s the first style leads for the first half, and the second plays from a small share on."""
    forms, notes = performed(("koto", "ambient"), turned(BAR, 500, frames=BAR + 500))
    leads = [form.leader == POINTS["ambient"].profile.key for form in forms]
    assert 0.4 * 500 < leads.index(True) - BAR < 0.7 * 500
    own = programs_of("ambient") - programs_of("koto")
    assert min(note.start for note in notes if note.program in own) < (BAR + 200) * FRAME_SIZE


def test_a_style_that_returns_after_its_release_has_drums() -> None:
    """A burst of combat, which calm has just taken over from, covers calm."""
    frames, at, burst = 6 * BAR, BAR, 2 * BAR
    asked = turned(at, 20, since=BAR - 50, frames=frames)
    second = asked.weights[:, 1].copy()
    second[burst : burst + 2 * BAR] = 0.02
    weights = np.stack([1 - second, second], axis=1)
    known = asked.to_change
    asked = conditioning(
        weights, tempo_bpm=100, known={at: BAR - 50}, next_weights=np.tile([0.0, 1.0], (frames, 1)), ramp=20
    )
    assert (asked.to_change == known).all()
    _, notes = performed(("combat", "calm"), asked)

    def drums(begin: int, end: int) -> int:
        return sum(note.drums and begin * FRAME_SIZE <= note.start < end * FRAME_SIZE for note in notes)

    assert drums(at + 5, burst) == 0
    assert drums(burst, burst + BAR) >= 4
    assert drums(burst + BAR, burst + 2 * BAR) >= 4


@pytest.mark.parametrize(
    ("style", "mode", "scale"),
    [
        ("desert", "major", "phrygian dominant"),
        ("desert", "minor", "minor"),
        ("gamelan", "major", "slendro"),
        ("koto", "minor", "in-sen"),
        ("jazz", "minor", "dorian"),
        ("jazz", "phrygian", "phrygian"),
        ("calm", "minor", "minor"),
    ],
)
def test_plain_keys_keep_a_scale_with_their_third(style: str, mode: str, scale: str) -> None:
    forms, _ = performed((style,), conditioning(np.ones((3, 1)), tonic=2, mode=mode))
    assert (forms[-1].tonic, forms[-1].mode) == (2, scale)
