"""SoundFonts of any origin are read, cut and written, or refused with a reason."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue.contract import SAMPLE_RATE
from segue.score.sampler.kits import CHIP, KITS
from segue.score.sampler.orchestra import ORCHESTRA
from segue.score.sampler.sampler import BUNDLED_SOUNDFONT, Sampler
from segue.score.sampler.soundfont import TABLES, SoundFontError, parse_soundfont, read_soundfont
from segue.training.orchestra.cut import Wanted, cut, soundfont_bytes
from unit.sampler.material import note, tiny_font, written


def test_a_written_file_is_read_back() -> None:
    font = tiny_font()
    again = parse_soundfont(soundfont_bytes(font), "tiny")
    assert again.data == font.data
    assert again.info == font.info
    assert again.presets() == {(0, 0): "Sine", (128, 0): "Kit"}
    for table in TABLES:
        np.testing.assert_array_equal(again.tables[table], font.tables[table])


def test_odd_chunks_without_padding_are_read() -> None:
    raw = soundfont_bytes(tiny_font())
    at = raw.index(b"INAM")
    odd = raw[: at + 4] + struct.pack("<I", 5) + b"tiny\0" + raw[at + 14 :]
    size = struct.unpack_from("<I", odd, 16)[0] - 1
    odd = odd[:4] + struct.pack("<I", len(odd) - 8) + odd[8:16] + struct.pack("<I", size) + odd[20:]
    assert parse_soundfont(odd, "odd").info["INAM"] == b"tiny\0"


def test_a_users_pcm_font_plays_in_tune_and_in_stereo(tmp_path: Path) -> None:
    sampler = Sampler(written(tiny_font(stereo=True), tmp_path / "user.sf2"))
    _, samples, _ = sampler.render(sampler.start(), [note(pitch=83, duration=SAMPLE_RATE)], SAMPLE_RATE)
    spectrum = np.abs(np.fft.rfft(samples[:, 0] * np.hanning(SAMPLE_RATE)))
    assert np.argmax(spectrum) == 960
    assert np.abs(samples).max() > 0.05


def test_a_missing_programme_is_replaced_and_reported(tmp_path: Path, sampler: Sampler) -> None:
    user = Sampler(written(tiny_font(), tmp_path / "user.sf2"))
    assert user.substitute(0) == 0
    assert user.substitute(73) == 0
    assert sampler.substitute(73) == 73
    assert sampler.substitute(61) == 61
    _, samples, _ = user.render(user.start(), [note(program=73)], 4_800)
    assert samples.any()


def pointing_wrong(raw: bytearray, table: bytes, offset: int, value: int) -> bytes:
    at = raw.index(table) + 8 + offset
    raw[at : at + 2] = struct.pack("<H", value)
    return bytes(raw)


BAD: dict[str, tuple[Callable[[bytearray], bytes], str]] = {
    "empty": (lambda raw: b"", "expected a SoundFont"),
    "text": (lambda raw: b"RIFF is what this is not about", "expected a SoundFont"),
    "a wav": (lambda raw: bytes(raw[:8] + b"WAVE" + raw[12:]), "expected a SoundFont"),
    "truncated": (lambda raw: bytes(raw[: len(raw) // 2]), "truncated: the header promises"),
    "no tables": (lambda raw: bytes(raw.replace(b"pdta", b"qdta")), "expected a LIST pdta"),
    "no samples": (lambda raw: bytes(raw.replace(b"smpl", b"smpm")), "has no sample data"),
    "a table missing": (lambda raw: bytes(raw.replace(b"igen", b"jgen")), "table igen"),
    "bags past the end": (lambda raw: pointing_wrong(raw, b"phdr", 38 * 2 + 24, 999), "phdr.bag"),
    "an unknown instrument": (lambda raw: pointing_wrong(raw, b"pgen", 2, 77), "pgen names inst 77"),
    "an unknown sample": (lambda raw: pointing_wrong(raw, b"igen", 10, 55), "igen names shdr 55"),
    "a sample outside": (lambda raw: pointing_wrong(raw, b"shdr", 26, 9), "lies outside the sample data"),
    "no kit": (lambda raw: pointing_wrong(raw, b"phdr", 38 + 22, 3), "has no drum kit"),
    "no melody": (lambda raw: pointing_wrong(raw, b"phdr", 22, 3), "has no melodic presets"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_fonts_are_refused_with_a_reason(tmp_path: Path, case: str) -> None:
    spoil, message = BAD[case]
    path = tmp_path / "bad.sf2"
    path.write_bytes(spoil(bytearray(soundfont_bytes(tiny_font()))))
    with pytest.raises(SoundFontError) as caught:
        Sampler(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_absent_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path, why in ((tmp_path, "expected a file, got a folder"), (tmp_path / "absent.sf3", "cannot be read")):
        with pytest.raises(SoundFontError, match=why):
            Sampler(path)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_font_is_refused_or_playable(tmp_path: Path, data: st.DataObject) -> None:
    raw = bytearray(soundfont_bytes(tiny_font()))
    pdta = raw.index(b"pdta")
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(pdta, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.sf2"
    path.write_bytes(raw)
    try:
        sampler = Sampler(path)
        _, samples, _ = sampler.render(sampler.start(), [note(duration=4_800)], 4_800)
    except SoundFontError:
        return
    assert np.isfinite(samples).all()


@pytest.mark.parametrize("rate", [0, 1, 2**32 - 1])
def test_samples_of_any_rate_are_played_within_bounds(tmp_path: Path, rate: int) -> None:
    font = tiny_font()
    font.tables["shdr"]["rate"] = rate
    path = tmp_path / "rate.sf2"
    path.write_bytes(soundfont_bytes(font))
    sampler = Sampler(path)
    _, samples, _ = sampler.render(sampler.start(), [note(duration=4_800)], 4_800)
    assert np.isfinite(samples).all()


def test_a_cut_keeps_exactly_the_wanted_presets() -> None:
    source = read_soundfont(BUNDLED_SOUNDFONT)
    keys = frozenset(range(60, 73))
    small = cut(source, [Wanted(bank=0, program=73, keys=keys, spacing=0)], {"INAM": b"x\0"})
    assert set(small.presets()) == {(0, 73)}
    assert len(small.data) < 0.02 * len(source.data)
    assert parse_soundfont(soundfont_bytes(small), "cut").data == small.data
    sparse = cut(source, [Wanted(bank=0, program=73, keys=keys, spacing=12)], {"INAM": b"x\0"})
    assert len(sparse.tables["shdr"]) < len(small.tables["shdr"])
    with pytest.raises(ValueError, match=r"no presets \[\(1, 126\)\]"):
        cut(source, [Wanted(bank=1, program=126, keys=keys, spacing=0)], {})


def test_the_bundled_font_has_no_other_programmes() -> None:
    presets = read_soundfont(BUNDLED_SOUNDFONT).presets()
    assert set(presets) == {(0, program) for program in ORCHESTRA} | {(128, kit) for kit in KITS if kit != CHIP}
