"""Notes of a style that has left the mix are released, at one sample however the music is cut into chunks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
import pytest

from contract.generators import bank, conditioning, score
from segue.contract import FRAME_SIZE, Conditioning, NoteEvent, NoteRelease, Request, Samples, StyleBank
from segue.score.generator import ScoreState
from segue.score.sampler.sampler import RELEASE_FADE, Sampler, SamplerState

# The change starts in the middle of a bar of 100 frames, in which both styles hold chords.
CHANGE, END = 130, 200
STYLES: Final = ("temple", "desert")


def asked(ramp: int = 0) -> Conditioning:
    arrived = np.clip((np.arange(END) - CHANGE + 1) / max(1, ramp), 0, 1)
    return conditioning(np.stack([1 - arrived, arrived], axis=1), tempo_bpm=60, intensity=0.8, ramp=ramp)


def played(styles: StyleBank, plan: Conditioning, cuts: list[int]) -> tuple[ScoreState, Samples, list[NoteEvent]]:
    state, samples, notes = score().start(seed=3), [], []
    for begin, end in pairwise([0, *cuts]):
        (result,) = score().generate([Request(state=state, styles=styles, conditioning=plan[begin:end])])
        state = result.state
        samples.append(result.chunk.samples)
        notes.extend(result.chunk.notes)
    return state, np.concatenate(samples), notes


def told(styles: StyleBank, plan: Conditioning, cuts: list[int]) -> list[NoteRelease]:
    state, releases = score().start(seed=3), []
    for begin, end in pairwise([0, *cuts]):
        (result,) = score().generate([Request(state=state, styles=styles, conditioning=plan[begin:end])])
        state = result.state
        releases += result.chunk.releases
    return releases


def sounding_of(sampler: SamplerState, key: str) -> list[NoteEvent]:
    return [note for note in sampler.sounding if note.style == key and not note.drums]


@pytest.mark.parametrize("ramp", [0, 10])
def test_no_note_of_a_style_that_has_left_sounds_on(ramp: int) -> None:
    styles, plan = bank(*STYLES), asked(ramp)
    left = styles.profiles[0].key
    before, _, _ = played(styles, plan, [CHANGE])
    held = sounding_of(before.sampler, left)
    # Without a release these would go on for a second and more.
    assert any(note.start + note.duration > (CHANGE + 30) * FRAME_SIZE for note in held)
    gone = CHANGE + ramp
    # What has left plays to the next sixteenth.
    after, _, _ = played(styles, plan, [gone + 10 + RELEASE_FADE // FRAME_SIZE])
    assert sounding_of(after.sampler, left) == []
    released = [ended for ended in after.sampler.over if ended.note.style == left and ended.note.released is not None]
    assert released
    assert {ended.note.released for ended in released} <= set(range(gone * FRAME_SIZE, (gone + 10) * FRAME_SIZE))
    assert sounding_of(after.sampler, styles.profiles[1].key)


@pytest.mark.parametrize("cuts", [[END], [7, CHANGE, CHANGE + 5, END]])
def test_chunks_tell_what_they_release(cuts: list[int]) -> None:
    styles, plan = bank(*STYLES), asked()
    state, _, _ = played(styles, plan, cuts)
    left = styles.profiles[0].key
    released = {ended.note.released for ended in state.sampler.over if ended.note.style == left} - {None}
    assert released
    assert [(release.start, release.style) for release in told(styles, plan, cuts)] == [(at, left) for at in released]


def test_drums_that_ring_out_are_told_as_no_release() -> None:
    """The drums of combat still ring in the chunks after the change."""
    styles, plan = bank("combat", "calm"), asked()
    whole, cut = (told(styles, plan, cuts) for cuts in ([END], [*range(3, END, 3), END]))
    assert whole
    assert cut == whole


def test_a_release_is_the_same_however_the_music_is_cut() -> None:
    styles, plan = bank(*STYLES), asked(10)
    _, whole, notes = played(styles, plan, [END])
    for cuts in ([*range(7, END, 7), END], [CHANGE + 9, CHANGE + 10, CHANGE + 11, CHANGE + 12, CHANGE + 14, END]):
        _, samples, again = played(styles, plan, cuts)
        np.testing.assert_array_equal(samples, whole)
        assert again == notes


@pytest.mark.parametrize("frames", [CHANGE + 11, CHANGE + 15, CHANGE + 24, CHANGE + 40])
def test_music_continues_from_a_packed_state_while_notes_fade(frames: int) -> None:
    styles, plan = bank(*STYLES), asked(10)
    state, _, _ = played(styles, plan, [frames])
    restored = score().unpack(score().pack(state), frame=frames)
    assert [note for note in restored.sampler.sounding if note.released is not None] == [
        note for note in state.sampler.sounding if note.released is not None
    ]
    unbroken, again = score().generate(
        [Request(state=which, styles=styles, conditioning=plan[frames:]) for which in (state, restored)]
    )
    np.testing.assert_allclose(again.chunk.samples, unbroken.chunk.samples, rtol=0, atol=1e-6)


def test_a_released_note_is_the_written_one_until_then_and_silent_after_the_fade() -> None:
    sampler = Sampler()
    note = NoteEvent(
        start=0, duration=5 * 48_000, program=48, pitch=60, velocity=90, drums=False, family="harmony", style="left"
    )
    at, end = 48_000, 4 * 48_000
    _, written, _ = sampler.render(sampler.start(), [note], end)
    state, released, _ = sampler.render(sampler.start(), [note], end, releases={"left": [at]})
    np.testing.assert_array_equal(released[:at], written[:at])
    assert state.sounding == ()
    assert [ended.note.released for ended in state.over] == [at]
    tail = released[at + RELEASE_FADE + 48_000 :]
    # What is left is the room's echo.
    assert np.abs(tail).max() < 0.05 * np.abs(written[at + RELEASE_FADE + 48_000 :]).max()


def test_a_drum_rings_out() -> None:
    sampler = Sampler()
    crash = NoteEvent(start=0, duration=480, program=0, pitch=49, velocity=90, drums=True, family="drums", style="left")
    _, written, _ = sampler.render(sampler.start(), [crash], 48_000)
    _, released, _ = sampler.render(sampler.start(), [crash], 48_000, releases={"left": [9_600]})
    np.testing.assert_array_equal(released, written)


def test_only_notes_that_still_sound_are_released() -> None:
    sampler = Sampler()
    short = NoteEvent(
        start=0, duration=4_800, program=0, pitch=72, velocity=60, drums=False, family="melody", style="left"
    )
    late = replace(short, start=96_000)
    state, _, _ = sampler.render(sampler.start(), [short, late], 480_000, releases={"left": [480_000 - 1_920]})
    assert [ended.note.released for ended in state.over] == [None] * len(state.over)
