"""`segue bench lm` for Magenta RealTime 1: what is counted, and a row of the reduced model."""

from __future__ import annotations

from itertools import count

import pytest

from segue.cli.main import main
from segue.model.mrt1.bench import frame_weights, reading_flops, row_line, run
from segue.model.mrt1.config import MRT1_BASE, MRT1_LARGE, MRT1_TINY


def test_work_is_that_of_the_released_sizes() -> None:
    # 1 006 tokens of both streams: 12 layers of 7.08 million weights, 2 x 1 006 x 768 for attention in each, and the
    # keys and values of 20 layers.
    assert reading_flops(MRT1_BASE) == pytest.approx(2 * 2 * 1_006 * (12 * (7_077_888 + 1_545_216) + 20 * 1_179_648))
    assert 1.5e12 < reading_flops(MRT1_LARGE) < 1.8e12
    # 20 layers of 8.26 million, 16 readings of 4 layers of 7.08 million, 16 matrices of logits.
    assert frame_weights(MRT1_BASE) == 20 * 8_257_536 + 16 * 4 * 7_077_888 + 16 * 1_024 * 768


def test_a_row_has_the_least_of_its_repeats() -> None:
    ticks = count(step=1)
    row = run(MRT1_TINY, "float32", repeats=2, clock=lambda: float(next(ticks)))
    assert (row.read_s, row.frame_ms) == (1.0, 1e3 / 6)
    assert row.whole_ms == pytest.approx(2e3 / 6)
    assert row_line(row).split()[:6] == ["mrt1_tiny", "float32", "1.00", "166.7", "333.3", "0.120"]


def test_the_command_has_a_table_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "lm", "--models", "mrt1_tiny"]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split()[:3] == ["model", "type", "read"]
    assert row.startswith("mrt1_tiny   float32")
    assert main(["bench", "lm", "--models", "mrt3"]) == 2
    assert "mrt1_base, mrt1_large, mrt1_tiny, got mrt3" in capsys.readouterr().err
