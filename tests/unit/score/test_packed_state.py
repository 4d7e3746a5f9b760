"""Packed score states: every situation continues, the oldest notes are dropped first, invalid bytes are refused."""

from __future__ import annotations

import random
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.generators import bank, conditioning, score, steady
from heavy import sampled
from segue.contract import FRAME_SIZE, MODES, MOST_STATE_BYTES, SAMPLE_RATE, Conditioning, NoteEvent, Request, StyleBank
from segue.score import packed_state, production, record_codec
from segue.score.composer.form import Form
from segue.score.composer.moment import Cue
from segue.score.generator import ScoreGenerator, ScoreState
from segue.score.packed_state import PackedProduction
from segue.score.production_settings import ProductionSettings
from segue.score.sampler.kits import KITS
from segue.score.sampler.orchestra import ORCHESTRA
from segue.score.sampler.sampler import MEMORY, Sampler
from segue.style.situations import SITUATIONS
from unit.sampler.material import tiny_font, written

# 1.8e-7 measured: a few bits of what the reverb held.
TOLERANCE: Final = 1e-6
MODEL: Final = "score-of-a-test"


def performed(styles: StyleBank, asked: Conditioning, seed: int, frames: int) -> ScoreState:
    state = score().start(seed=seed, frame=asked.frame)
    for begin in range(0, frames, 10):
        part = asked[begin : begin + 10]
        (result,) = score().generate([Request(state=state, styles=styles, conditioning=part)])
        state = result.state
    return state


def assert_goes_on(styles: StyleBank, asked: Conditioning, seed: int, frames: int) -> bytes:
    """The bytes at `frames`, after a proof that they play on as the state itself does."""
    state = performed(styles, asked, seed, frames)
    data = score().pack(state)
    restored = score().unpack(data, frame=frames)
    onward = asked[frames:]
    unbroken, again = score().generate(
        [Request(state=which, styles=styles, conditioning=onward) for which in (state, restored)]
    )
    assert again.chunk.notes == unbroken.chunk.notes
    np.testing.assert_allclose(again.chunk.samples, unbroken.chunk.samples, rtol=0, atol=TOLERANCE)
    assert len(data) <= MOST_STATE_BYTES
    return data


@pytest.mark.parametrize("situation", sampled(SITUATIONS, 3))
def test_every_situation_continues_after_unpacking(situation: str) -> None:
    seed = 10 + SITUATIONS.index(situation)
    assert_goes_on(bank(situation), steady(170, tempo_bpm=92, intensity=0.8, drums=1), seed, 150)


def produced(name: str, **axes: float) -> StyleBank:
    styles = bank(name)
    return replace(styles, profiles=(replace(styles.profiles[0], **axes),))


TAPE: Final = {"room": 0.9, "width": 0.8, "low_pass_hz": 2_500.0, "wow": 0.7, "saturation": 0.6, "pump": 0.9}


def test_produced_music_continues_after_unpacking() -> None:
    assert_goes_on(produced("combat", **TAPE), steady(200, tempo_bpm=132, intensity=1.0, drums=1), 3, 180)


@pytest.mark.parametrize("frames", [90, 100, 150])
def test_music_whose_production_moves_continues_after_unpacking(frames: int) -> None:
    """At the begin of a change, in it, and while the room of before still echoes."""
    styles = bank("calm", "combat")
    profiles = (styles.profiles[0], replace(styles.profiles[1], **TAPE))
    weights = np.clip((np.arange(220) - 88) / 20, 0, 1)
    asked = conditioning(np.stack([1 - weights, weights], axis=1), intensity=1.0, drums=1)
    data = assert_goes_on(replace(styles, profiles=profiles), asked, 3, frames)
    assert len(data) < 6_000


def test_crushed_music_continues_after_unpacking_but_for_steps() -> None:
    """Where a sample lies between two steps, the last bits of a rebuilt reverb decide."""
    styles, asked = produced("tavern", bits=8.0), steady(200, intensity=1.0)
    state = performed(styles, asked, 3, 180)
    restored = score().unpack(score().pack(state), frame=180)
    assert restored.production.settings == state.production.settings
    one, other = score().generate(
        [Request(state=which, styles=styles, conditioning=asked[180:]) for which in (state, restored)]
    )
    differing = np.abs(one.chunk.samples - other.chunk.samples) > TOLERANCE
    assert differing.mean() < 1e-3


@pytest.mark.parametrize(
    ("settings", "beat"),
    [(ProductionSettings(bits=99.0), 0), (ProductionSettings(wow=float("nan")), 0), (None, -1), (None, 10**9)],
)
def test_production_that_no_style_has_is_refused(settings: ProductionSettings | None, beat: int) -> None:
    state = replace(production.start(settings), beat=beat)
    data = packed_state.pack(MODEL, Form(seed=1, frame=0), state, Sampler().start(0))
    with pytest.raises(ValueError, match="expected"):
        packed_state.unpack(MODEL, data, frame=0, position=0)


@pytest.mark.parametrize("seed", [1, 2])
def test_long_notes_at_slow_tempos_continue_after_unpacking(seed: int) -> None:
    assert_goes_on(bank("temple"), steady(330, tempo_bpm=48, intensity=1.0), seed, 300)


def test_the_densest_music_continues_from_a_few_kilobytes() -> None:
    data = assert_goes_on(bank("combat"), steady(220, tempo_bpm=180, intensity=1.0, drums=1), 1, 200)
    assert len(data) < 3_000
    blend = bank("chase", "tavern", "calm", "boss")
    asked = conditioning(np.full((160, 4), 0.25), tempo_bpm=240, intensity=1.0, drums=1)
    assert len(assert_goes_on(blend, asked, 1, 150)) < 6_000


@pytest.mark.parametrize("frames", [130, 160, 170])
def test_a_known_change_gets_the_same_lead_in_after_unpacking(frames: int) -> None:
    weights = np.repeat([[1.0, 0.0], [0.0, 1.0]], (160, 60), axis=0)
    asked = conditioning(weights, intensity=0.8, drums=1, known={160: 125})
    assert performed(bank("exploration", "combat"), asked, 5, frames).form.cue is not None
    assert_goes_on(bank("exploration", "combat"), asked, 5, frames)


def random_notes(count: int, before: int) -> list[NoteEvent]:
    chance = random.Random(count)
    return sorted(
        (
            NoteEvent(
                start=before - chance.randint(1, 9 * SAMPLE_RATE),
                duration=chance.randint(1, 3 * SAMPLE_RATE),
                program=chance.choice(list(ORCHESTRA)),
                pitch=chance.randint(30, 90),
                velocity=chance.randint(1, 127),
                drums=False,
                family="harmony",
            )
            for _ in range(count)
        ),
        key=lambda note: note.start,
    )


def test_drum_notes_keep_their_kit() -> None:
    drums = [
        replace(note, drums=True, pitch=36, program=kit, family="drums")
        for note, kit in zip(random_notes(len(KITS), 0), KITS, strict=True)
    ]
    state = replace(Sampler().start(0), sounding=tuple(drums))
    data = packed_state.pack(MODEL, Form(seed=1, frame=0), production.start(), state)
    assert packed_state.unpack(MODEL, data, frame=0, position=0).notes == drums
    unknown = replace(state, sounding=(replace(drums[0], program=77),))
    data = packed_state.pack(MODEL, Form(seed=1, frame=0), production.start(), unknown)
    with pytest.raises(ValueError, match="orchestra plays"):
        packed_state.unpack(MODEL, data, frame=0, position=0)


def test_the_oldest_notes_are_dropped_where_not_all_fit() -> None:
    start = Sampler().start(0)
    notes = random_notes(5_000, before=0)
    data = packed_state.pack(MODEL, Form(seed=1, frame=0), production.start(), replace(start, sounding=tuple(notes)))
    kept = packed_state.unpack(MODEL, data, frame=0, position=0).notes
    assert len(data) <= MOST_STATE_BYTES
    assert 50 < len(kept) < 5_000
    assert {note.start for note in kept} == {note.start for note in notes[-len(kept) :]}


def test_the_work_of_unpacking_is_bounded() -> None:
    """Notes of which no two sound alike, few enough bytes, but minutes of sound to make."""
    long = [replace(note, duration=29 * SAMPLE_RATE + 480 * place) for place, note in enumerate(random_notes(300, 0))]
    table = packed_state._table(long, ())
    raw = record_codec.write(Form, Form(seed=1, frame=0))
    raw += record_codec.write(PackedProduction, PackedProduction(None, 0, (), (), ()))
    raw += record_codec.write(packed_state.PackedStyles, packed_state.PackedStyles(())) + len(long).to_bytes(
        2, "little"
    )
    data = packed_state._sum(MODEL) + zlib.compress(raw + packed_state._columns(table, 0))
    assert len(data) <= MOST_STATE_BYTES
    with pytest.raises(ValueError, match="work"):
        packed_state.unpack(MODEL, data, frame=0, position=0)


@pytest.mark.parametrize("seconds", [0.5, 1.5, 2.5, 29.0])
@pytest.mark.parametrize("count", [0, 1, 100, 300])
def test_little_work_is_told_as_by_counting_it(count: int, seconds: float) -> None:
    notes = [replace(note, duration=round(seconds * SAMPLE_RATE)) for note in random_notes(count, 0)]
    for table in (packed_state._table(notes, ()), packed_state._table([*notes, *notes], ())):
        assert packed_state._is_little_work(table) == (packed_state._work(table) <= packed_state._MOST_WORK)


def test_runs_of_the_reverb_are_those_of_equal_settings_whether_they_are_one_object() -> None:
    one, other = (replace(ProductionSettings(), room=room) for room in (0.25, 0.5))
    past = (one, one, replace(one), other, other, replace(other, width=0.5), one)
    found = packed_state._packed_production(replace(production.start(), settings=one, past=past), 0)
    assert [(run.frames, run.room) for run in found.runs] == [(3, 0.25), (3, 0.5), (1, 0.25)]
    assert packed_state._packed_production(production.start(), 0).runs == ()


def test_a_compression_bomb_is_not_inflated() -> None:
    bomb = packed_state._sum(MODEL) + zlib.compress(bytes(11_000_000))
    assert len(bomb) <= MOST_STATE_BYTES
    tracemalloc.start()
    with pytest.raises(ValueError, match="whole"):
        packed_state.unpack(MODEL, bomb, frame=0, position=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500_000


names = st.sampled_from((*SITUATIONS[:12], "", "polka"))
places = st.integers(-9, 9) | st.integers(0, 10**8) | st.integers(-(2**63), 2**63)
forms = st.builds(
    Form,
    seed=places,
    frame=places,
    bar=st.none() | places,
    leader=names,
    plan=names,
    origin=places,
    tonic=st.integers(-1, 12),
    mode=st.sampled_from((*MODES, "", "loud")),
    holders=st.tuples(names, names, names),
    arrival=places,
    cue=st.none() | st.builds(Cue, arrival=places, since=places, out_of=names, into=names, certain=st.booleans()),
    awaited=names | st.sampled_from(MODES),
    awaited_until=places,
)


@settings(max_examples=120)
@given(forms)
def test_any_form_is_refused_or_can_continue(form: Form) -> None:
    state = replace(score().start(seed=0), form=form)
    try:
        restored = score().unpack(score().pack(state), frame=0)
    except ValueError:
        return
    assert restored.form == replace(form, frame=0)
    asked = steady(12, tempo_bpm=240)
    (result,) = score().generate([Request(state=restored, styles=bank("combat"), conditioning=asked)])
    assert result.state.form.leader


@settings(max_examples=120)
@given(st.binary(max_size=60), st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 255)), max_size=3))
def test_invalid_notes_are_refused_or_playable(tail: bytes, edits: list[tuple[int, int]]) -> None:
    """Bytes changed before they are deflated, so that no checksum gives them away."""
    raw = bytearray(zlib.decompress(PACKED[4:]) + tail)
    for place, value in edits:
        raw[place % len(raw)] = value
    try:
        form, _, _, beat, notes = packed_state.unpack(
            MODEL, packed_state._sum(MODEL) + zlib.compress(bytes(raw)), frame=5, position=9_600
        )
    except ValueError:
        return
    assert form.frame == 5
    assert beat >= 0
    assert all(note.start < 9_600 for note in notes)
    score()._sampler.resumed(notes[-8:], 9_600)


PACKED: Final = packed_state.pack(
    MODEL, Form(seed=1, frame=0), production.start(), replace(Sampler().start(0), sounding=tuple(random_notes(120, 0)))
)


def test_another_soundfont_is_another_model(tmp_path: Path) -> None:
    other = ScoreGenerator(Sampler(written(tiny_font(), tmp_path / "tiny.sf2")))
    assert other.model != score().model
    with pytest.raises(ValueError, match="packed by"):
        other.unpack(score().pack(score().start(seed=1)), frame=0)


def test_notes_that_ended_long_ago_are_not_packed() -> None:
    state = performed(bank("combat"), steady(200, intensity=1.0), 1, 200)
    assert state.sampler.over
    assert min(heard.end for heard in state.sampler.over) > 200 * FRAME_SIZE - MEMORY
