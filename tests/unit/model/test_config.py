"""Configurations: invalid ones are refused, and the shipped ones have their documented sizes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.model.config import MRT2_BASE, MRT2_SMALL, NOTE_CODES, SEGUE_SMALL, Codes, Stack
from segue.model.state import state_bytes
from segue.model.weights import count, shapes

MEBIBYTE = 2**20


def test_released_models_have_the_released_number_of_parameters() -> None:
    # Counted in magenta-rt 2.0.3's own modules.
    assert count(MRT2_SMALL) == 229_732_614
    assert count(MRT2_BASE) == 2_406_701_830


def test_the_bundled_model_fits_its_size_limit() -> None:
    assert 2 * count(SEGUE_SMALL) <= 16 * MEBIBYTE
    assert SEGUE_SMALL.receptive_field >= 250
    assert SEGUE_SMALL.codes.steps <= 25


def test_state_bytes_is_two_rings_of_layers_window_and_width() -> None:
    stack = MRT2_SMALL.temporal
    ring = 2 * stack.layers * MRT2_SMALL.window * (stack.heads * stack.head_width) * 4
    codes_and_counters = 4 * (MRT2_SMALL.codes.steps + 3)
    assert state_bytes(MRT2_SMALL) == 2 * ring + codes_and_counters


def test_codes_of_a_frame_walk_through_the_codebooks() -> None:
    assert [NOTE_CODES.codebook(step) for step in range(5)] == [0, 1, 2, 0, 1]
    assert NOTE_CODES.offsets == (1, 131, 259)
    assert NOTE_CODES.vocabulary == 1 + 130 + 128 + 1_024


def test_no_adapter_between_stacks_of_one_width() -> None:
    even = replace(SEGUE_SMALL, depth=replace(SEGUE_SMALL.depth, width=SEGUE_SMALL.temporal.width))
    assert "decoder/depth_body/depth_input_adapter/kernel" in shapes(SEGUE_SMALL)
    assert "decoder/depth_body/depth_input_adapter/kernel" not in shapes(even)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window": 1}, "window: expected at least 2 frames, got 1"),
        ({"sinks": 0}, "sinks: expected at least 1, got 0"),
        ({"streams": 3}, "streams: expected 1 or 2, got 3"),
        ({"soft_cap": 0.0}, "soft_cap: expected > 0, got 0.0"),
        ({"encoder_width": 0}, "encoder_width: expected at least 1, got 0"),
    ],
)
def test_impossible_models_are_refused(change: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(SEGUE_SMALL, **change)


def test_impossible_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="heads: expected at least 1, got 0"):
        Stack(layers=1, width=8, hidden=8, heads=0, head_width=4)
    with pytest.raises(ValueError, match=r"cardinalities: expected >= 2, got \(1,\)"):
        Codes(cardinalities=(1,))
