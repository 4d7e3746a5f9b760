"""Fonts that rely on modulators open their filters, follow key and velocity, and come out at their level."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from segue.score.sampler.modulators import DEFAULT_MODULATORS, Modulator, modulated
from segue.score.sampler.notes import NoteBank, velocity_gain
from segue.score.sampler.regions import Region, SampleBank
from segue.score.sampler.sampler import Sampler
from unit.sampler.material import note, tiny_font, written
from unit.sampler.test_orchestra import alone, loudest

# Sources: index, with flags for negative (0x100), bipolar (0x200), concave (0x400), convex (0x800) and switch (0xC00).
VELOCITY, SOFTNESS, KEY, CENTRED_KEY, LOUDNESS = 0x2, 0x102, 0x3, 0x203, 0x502
CUTOFF, RESONANCE, ATTENUATION, ATTACK = 8, 9, 48, 34
CLOSED = (CUTOFF, 6_000)


def region(pitch: int = 71, velocity: int = 64, **font: object) -> Region:
    (found,) = SampleBank(tiny_font(**font), "tiny").regions(0, pitch, velocity, drums=False)
    return found


def cents(hertz: float) -> float:
    return 1_200 * math.log2(hertz / 8.176)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (0x0, 1.0),
        (VELOCITY, 0.5),
        (SOFTNESS, 63 / 128),
        (0x202, 0.0),
        (0x402, -40 / 96 * math.log10(63 / 127)),
        (LOUDNESS, -40 / 96 * math.log10(64 / 127)),
        (0x802, 1 + 40 / 96 * math.log10(64 / 127)),
        (0xC02, 1.0),
        (0xD02, 0.0),
        (KEY, 71 / 128),
        (CENTRED_KEY, 71 / 64 - 1),
        # Controllers at rest: modulation wheel, pan, expression; channel pressure; the pitch wheel, bipolar.
        (0x81, 0.0),
        (0x28A, 0.0),
        (0x8B, 127 / 128),
        (0xD, 0.0),
        (0x20E, 0.0),
    ],
)
def test_a_source_has_its_value_on_its_curve(source: int, value: float) -> None:
    assert modulated([{Modulator(source, CUTOFF, 0, 0): 1_000}], 71, 64)[CUTOFF] == pytest.approx(1_000 * value)


def test_curves_run_from_one_end_to_the_other() -> None:
    for curve in (0x402, 0x802, 0xC02, 0x602, 0xA02, 0xE02):
        low, high = (modulated([{Modulator(curve, 8, 0, 0): 1}], 60, velocity)[8] for velocity in (0, 127))
        assert (low, high) == ((-1 if curve & 0x200 else 0), 1)
        values = [modulated([{Modulator(curve, 8, 0, 0): 1}], 60, velocity)[8] for velocity in range(128)]
        assert values == sorted(values)


def test_velocity_and_key_open_the_filter() -> None:
    assert cents(region(generators=[CLOSED]).cutoff_hz) == pytest.approx(6_000, abs=1)
    opened = region(generators=[CLOSED], modulators=[(VELOCITY, CUTOFF, 4_000, 0, 0)])
    assert cents(opened.cutoff_hz) == pytest.approx(8_000, abs=1)
    by_both = [(VELOCITY, CUTOFF, 4_000, 0, 0), (CENTRED_KEY, CUTOFF, 2_000, 0, 0)]
    assert cents(region(83, generators=[CLOSED], modulators=by_both).cutoff_hz) == pytest.approx(8_594, abs=1)
    product = region(96, 64, generators=[CLOSED], modulators=[(VELOCITY, CUTOFF, 4_000, KEY, 0)])
    assert cents(product.cutoff_hz) == pytest.approx(6_000 + 4_000 * 0.5 * 0.75, abs=1)


def test_modulators_of_the_preset_add_to_those_of_the_instrument() -> None:
    both = region(
        generators=[CLOSED],
        modulators=[(VELOCITY, CUTOFF, 4_000, 0, 0)],
        preset_modulators=[(VELOCITY, CUTOFF, -2_000, 0, 0)],
    )
    assert cents(both.cutoff_hz) == pytest.approx(7_000, abs=1)


def test_other_generators_are_modulated_too() -> None:
    assert region().attack_s == 0
    slow = region(generators=[(ATTACK, -6_000)], modulators=[(SOFTNESS, ATTACK, 3_000, 0, 0)])
    assert slow.attack_s == pytest.approx(2 ** ((-6_000 + 3_000 * 63 / 128) / 1_200), rel=1e-3)


def test_loudness_follows_velocity_as_the_font_says(tmp_path: Path) -> None:
    """With half the default's attenuation, the difference is half as many decibels, whatever the velocity layer."""
    halved = NoteBank(written(tiny_font(modulators=[(LOUDNESS, ATTENUATION, 480, 0, 0)]), tmp_path / "half.sf2"))
    plain = NoteBank(written(tiny_font(), tmp_path / "plain.sf2"))
    for bank, exponent in ((plain, 40.0), (halved, 20.0)):
        heard = []
        for velocity in (20, 40, 47, 48, 80, 127):
            sounding = bank.note(note(velocity=velocity))
            peak = np.abs(bank.read(sounding, 0, 9_600)).max() * velocity_gain(velocity)
            heard.append(20 * math.log10(peak) - exponent * math.log10(velocity / 127))
        assert np.ptp(heard) < 0.2


def test_the_default_curve_leaves_a_region_as_it_is() -> None:
    for velocity in (1, 64, 127):
        assert region(velocity=velocity).gain_db == pytest.approx(0, abs=1e-9)
        assert region(velocity=velocity, generators=[(ATTENUATION, 100)]).gain_db == pytest.approx(-4, abs=1e-9)
    assert list(DEFAULT_MODULATORS.values()) == [960]


def test_a_font_that_its_modulators_open_is_as_loud_as_an_open_one(tmp_path: Path) -> None:
    """Levels are measured through what is heard: filter, envelope, modulators."""
    opening = [(VELOCITY, CUTOFF, 9_000, 0, 0), (LOUDNESS, ATTENUATION, 700, 0, 0)]
    fonts = {
        "open": tiny_font(bright=True),
        "closed": tiny_font(bright=True, generators=[(CUTOFF, 5_000)]),
        "opened": tiny_font(bright=True, generators=[(CUTOFF, 5_000)], modulators=opening),
    }
    levels = {}
    for name, font in fonts.items():
        sampler = Sampler(written(font, tmp_path / f"{name}.sf2"))
        levels[name] = loudest(alone(sampler, 0, 64, 96))
    assert max(levels.values()) - min(levels.values()) < 0.5, levels
