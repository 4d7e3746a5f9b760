"""The score generator: styles to arrangements, bounds of sound. Tests for all generators are in tests/contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.generators import bank, conditioning, score
from segue.contract import FRAME_SIZE, Chunk, Request, StyleBank
from segue.score import generator
from segue.score.composer.arrange import arrange
from segue.score.composer.playing import FLOOR
from segue.score.composer.vocabulary import Arrangement
from segue.score.generator import MOST_MIXED, arranged, bounded, moments
from segue.score.production_settings import NEUTRAL
from segue.style.points import POINTS
from segue.style.situations import SITUATIONS
from segue.style_profile import StyleProfile


def test_styles_that_are_arranged_alike_share_an_arrangement() -> None:
    profiles = (POINTS["combat"].profile, POINTS["snow"].profile, POINTS["combat"].profile)
    names = [profile.key for profile in profiles]
    (moment,) = moments(conditioning([[0.25, 0.25, 0.5]], tempo_bpm=99.5), names, arranged(profiles))
    assert dict(moment.mix) == {POINTS["combat"].profile.key: 0.75, POINTS["snow"].profile.key: 0.25}
    assert set(moment.arrangements) == set(dict(moment.mix))
    assert moment.tempo == 99_500


def test_only_styles_that_are_heard_are_arranged(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noted(profile: StyleProfile) -> Arrangement:
        asked.append(profile.key)
        return arrange(profile)

    monkeypatch.setattr(generator, "arrange", noted)
    arranged.cache_clear()
    weights = np.zeros((30, len(SITUATIONS)))
    weights[:, 3] = 1.0
    styles = bank(*SITUATIONS)
    score().generate([Request(state=score().start(seed=1), styles=styles, conditioning=conditioning(weights))])
    assert asked == [styles.profiles[3].key]


@pytest.mark.parametrize("count", [1, 2, MOST_MIXED, MOST_MIXED + 1, len(SITUATIONS)])
def test_an_even_mix_of_any_number_of_styles_is_heard(count: int) -> None:
    styles = bank(*SITUATIONS[:count])
    asked = conditioning(np.full((100, count), 1 / count), intensity=0.8, drums=1)
    (result,) = score().generate([Request(state=score().start(seed=1), styles=styles, conditioning=asked)])
    assert len(result.chunk.notes) > 20
    names = [profile.key for profile in styles.profiles]
    for moment in moments(asked, names, arranged(styles.profiles)):
        assert len(moment.mix) == min(count, MOST_MIXED)
        assert sum(weight for _, weight in moment.mix) == pytest.approx(1.0, abs=1e-4)
        assert max(weight for _, weight in moment.mix) > FLOOR


def test_a_bank_without_profiles_is_refused() -> None:
    styles = replace(bank("calm"), profiles=())
    state = score().start(seed=1)
    with pytest.raises(ValueError, match="expected 1 style profiles, got 0"):
        score().generate([Request(state=state, styles=styles, conditioning=conditioning([[1.0]]))])


def test_the_music_goes_on_when_a_style_is_taken_out() -> None:
    """New rules may lack the style that leads; another leads then, and nothing is lost of the rest."""
    asked, start = conditioning(np.tile([1.0, 0.0], (60, 1))), score().start(seed=1)
    (first,) = score().generate([Request(state=start, styles=bank("town", "calm"), conditioning=asked)])
    onward = conditioning(np.ones((120, 1)))[60:]
    (second,) = score().generate([Request(state=first.state, styles=bank("calm"), conditioning=onward)])
    assert second.chunk.notes
    assert second.state.form.leader == second.state.form.plan == POINTS["calm"].profile.key


@given(st.lists(st.floats(-8, 8, width=32), min_size=2, max_size=40))
def test_bounded_leaves_quiet_sound_alone_and_keeps_the_order(values: list[float]) -> None:
    samples = np.sort(np.array(values, np.float32))[:, None].repeat(2, axis=1)
    result = bounded(samples)
    assert result.dtype == np.float32
    assert np.abs(result).max() <= 1
    assert (np.diff(result[:, 0]) >= 0).all()
    quiet = np.abs(samples) <= 0.8
    assert np.array_equal(result[quiet], samples[quiet])


TAPED = {"room": 0.9, "width": 0.8, "low_pass_hz": 2_500.0, "wow": 0.7, "saturation": 0.6, "pump": 0.9, "bits": 10.0}


def two_styles() -> StyleBank:
    """One style as it is and one on a worn tape."""
    styles = bank("calm", "combat")
    plain, other = styles.profiles
    return replace(
        styles, profiles=(replace(plain, **{axis: getattr(NEUTRAL, axis) for axis in TAPED}), replace(other, **TAPED))
    )


def played(sizes: Sequence[int], *, stems: bool = False) -> list[Chunk]:
    """A change from one of `two_styles` to the other, in chunks."""
    weights = np.clip((np.arange(120) - 40) / 40, 0, 1)
    asked = conditioning(np.stack([1 - weights, weights], axis=1), intensity=1.0, drums=1)
    state, chunks, at = score().start(seed=4), [], 0
    for size in sizes:
        request = Request(state=state, styles=two_styles(), conditioning=asked[at : at + size], stems=stems)
        (result,) = score().generate([request])
        state, at = result.state, at + size
        chunks.append(result.chunk)
    return chunks


def test_produced_music_is_the_same_in_any_chunks() -> None:
    whole = np.concatenate([chunk.samples for chunk in played([120])])
    for sizes in ([1] * 120, [7, 30, 3, 50, 30]):
        np.testing.assert_array_equal(np.concatenate([chunk.samples for chunk in played(sizes)]), whole)


def test_produced_stems_sum_to_the_music() -> None:
    for chunk, plain in zip(played([60, 60], stems=True), played([60, 60]), strict=True):
        np.testing.assert_array_equal(chunk.samples, plain.samples)
        total = np.add.reduce(list(chunk.stems.values()), axis=0)
        np.testing.assert_allclose(bounded(total), chunk.samples, atol=1e-5)


def test_a_plain_style_is_played_as_the_sampler_plays_it() -> None:
    (chunk,) = played([40])
    sampler = score()._sampler
    _, samples, _ = sampler.render(sampler.start(), chunk.notes, 40 * FRAME_SIZE)
    np.testing.assert_array_equal(chunk.samples, bounded(samples))


def test_states_are_small() -> None:
    generator = score()
    assert generator.state_bytes(generator.start(seed=1)) < 4_000_000
