"""The score generator: styles to situations, bounds of sound. Tests for all generators are in tests/contract."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.generators import CaptionEncoder, bank, conditioning, score
from segue.contract import StyleBank
from segue.score.composer.table import NAMES
from segue.score.generator import bounded, moments


def test_a_style_is_played_as_the_situation_it_names() -> None:
    found = score().situations(bank("combat", "snow"))
    assert max(found["combat"], key=found["combat"].__getitem__) == "combat"
    assert found["snow"]["snow"] > 0.99


def test_a_blend_of_two_captions_has_both_situations() -> None:
    encoder = CaptionEncoder()
    both = bank("combat", "snow").embeddings.sum(axis=0)
    found = score().situations(StyleBank(names=("both",), embeddings=(both / np.linalg.norm(both))[None]))
    assert found["both"]["combat"] == pytest.approx(found["both"]["snow"])
    assert found["both"]["combat"] > 0.45
    assert encoder.dimension == len(NAMES)


def test_mixes_are_summed_over_styles() -> None:
    shares = np.zeros((2, len(NAMES)))
    shares[0, 0], shares[0, 1], shares[1, 1] = 0.75, 0.25, 1.0
    (moment,) = moments(conditioning([[0.5, 0.5]], tempo_bpm=99.5), shares)
    assert dict(moment.mix) == {NAMES[0]: 0.375, NAMES[1]: 0.625}
    assert moment.tempo == 99_500


@given(st.lists(st.floats(-8, 8, width=32), min_size=2, max_size=40))
def test_bounded_leaves_quiet_sound_alone_and_keeps_the_order(values: list[float]) -> None:
    samples = np.sort(np.array(values, np.float32))[:, None].repeat(2, axis=1)
    result = bounded(samples)
    assert result.dtype == np.float32
    assert np.abs(result).max() <= 1
    assert (np.diff(result[:, 0]) >= 0).all()
    quiet = np.abs(samples) <= 0.8
    assert np.array_equal(result[quiet], samples[quiet])


def test_states_are_small() -> None:
    generator = score()
    assert generator.state_bytes(generator.start(seed=1)) < 4_000_000
