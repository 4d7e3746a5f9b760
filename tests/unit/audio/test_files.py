"""Files of any origin are read or refused with a reason; written files are whole or absent."""

from __future__ import annotations

import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from segue.audio.files import AudioFileError, AudioWriter, read_audio, write_audio
from segue.audio.unknown_length import mp3_with_length
from segue.contract import SAMPLE_RATE
from unit.audio.signals import tone


def wav(path: Path, channels: int = 2, rate: int = SAMPLE_RATE, seconds: float = 0.5, subtype: str = "PCM_16") -> Path:
    wave = tone(-12, seconds * rate / SAMPLE_RATE)[:, :1]
    soundfile.write(path, np.repeat(wave, channels, axis=1), rate, subtype=subtype, format="WAV")
    return path


@pytest.mark.parametrize("channels", [1, 2, 4, 6, 8])
@pytest.mark.parametrize(("rate", "subtype"), [(8_000, "PCM_U8"), (44_100, "PCM_16"), (192_000, "FLOAT")])
def test_any_usual_file_becomes_stereo_at_48_khz(tmp_path: Path, channels: int, rate: int, subtype: str) -> None:
    samples = read_audio(wav(tmp_path / "a.wav", channels, rate, subtype=subtype))
    assert samples.dtype == np.float32
    assert samples.shape == (SAMPLE_RATE // 2, 2)
    np.testing.assert_array_equal(samples[:, 0], samples[:, 1])
    # The tone was written at -12 dBFS in every channel; a downmix is scaled so that full scale cannot clip.
    middle = samples[4_800:-4_800]
    assert np.abs(middle).max() == pytest.approx(10 ** (-12 / 20), abs=0.02)


def test_mono_and_surround_keep_sides_apart(tmp_path: Path) -> None:
    left_only = np.zeros((4_800, 6), np.float32)
    left_only[:, 0] = 0.5
    soundfile.write(tmp_path / "a.wav", left_only, SAMPLE_RATE, subtype="FLOAT")
    samples = read_audio(tmp_path / "a.wav")
    assert samples[100, 0] > 0.15
    assert samples[100, 1] == 0


def truncated(path: Path) -> Path:
    whole = wav(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def lying(path: Path) -> Path:
    whole = bytearray(wav(path).read_bytes())
    where = whole.index(b"data") + 4
    whole[where : where + 4] = struct.pack("<I", 2_000_000_000)
    path.write_bytes(whole)
    return path


def truncated_rf64(path: Path) -> Path:
    soundfile.write(path, tone(-12, 1), SAMPLE_RATE, format="RF64")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def truncated_mp3(path: Path) -> Path:
    soundfile.write(path, tone(-12, 3), SAMPLE_RATE, format="MP3")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def named_mp3(path: Path, body: bytes) -> Path:
    return raw(path.with_suffix(".mp3"), body)


def core_audio(path: Path) -> Path:
    soundfile.write(path, tone(-12, 1), SAMPLE_RATE, format="CAF")
    return path


def circle(path: Path) -> Path:
    path.symlink_to(path)
    return path


def truncated_flac(path: Path) -> Path:
    soundfile.write(path, tone(-12, 1), SAMPLE_RATE, format="FLAC")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def holding(path: Path, value: float) -> Path:
    samples = tone(-12, 0.1)
    samples[100] = value
    soundfile.write(path, samples, SAMPLE_RATE, subtype="FLOAT", format="WAV")
    return path


def raw(path: Path, body: bytes) -> Path:
    path.write_bytes(body)
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


HOSTILE = {
    "no samples": (lambda path: wav(path, seconds=0), "holds no samples"),
    "truncated": (truncated, "truncated: header promises 96000 bytes of sound"),
    "header lies": (lying, "header promises 2000000000 bytes"),
    "truncated flac": (truncated_flac, "not a sound file that can be read"),
    "truncated rf64": (truncated_rf64, "truncated: header promises 192000 bytes of sound"),
    "truncated mp3": (truncated_mp3, "truncated: header promises"),
    "page named mp3": (
        lambda path: named_mp3(path, b"<html>not found</html>"),
        "expected frames of an MP3, found none",
    ),
    "empty mp3": (lambda path: named_mp3(path, b""), "expected frames of an MP3, found none"),
    "another format": (core_audio, "expected WAV, FLAC, Ogg, AIFF or MP3"),
    "circle of links": (circle, "found a symbolic link that leads nowhere"),
    "nan": (lambda path: holding(path, np.nan), "sample 100 is not a number"),
    "infinite": (lambda path: holding(path, np.inf), "sample 100 is not a number"),
    "absurd level": (lambda path: holding(path, 1e9), "peaks at 1e"),
    "three channels": (lambda path: wav(path, channels=3), "has 3 channels"),
    "slow rate": (lambda path: wav(path, rate=1_000), "rate of 1000 Hz"),
    "text": (lambda path: raw(path, b"not audio at all, but a diary"), "not a sound file"),
    "empty": (lambda path: raw(path, b""), "not a sound file"),
    "bare header": (lambda path: raw(path, b"RIFF\x04\0\0\0WAVE"), "not a sound file"),
    "folder": (folder, "found a folder"),
    "absent": (lambda path: path, "found nothing"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused_with_a_reason(tmp_path: Path, case: str) -> None:
    make, message = HOSTILE[case]
    path = make(tmp_path / "a.wav")
    with pytest.raises(AudioFileError) as caught:
        read_audio(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_limits_of_size_and_length(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav")
    with pytest.raises(AudioFileError, match="at most 1000 are read"):
        read_audio(path, max_bytes=1_000)
    with pytest.raises(AudioFileError, match=r"longer than 0\.25 s"):
        read_audio(path, max_seconds=0.25)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_an_excerpt_is_the_middle_of_a_longer_file(tmp_path: Path, name: str) -> None:
    samples = tone(-12, 3) * np.linspace(0, 1, 3 * SAMPLE_RATE, dtype=np.float32)[:, None]
    write_audio(tmp_path / name, samples)
    excerpt = read_audio(tmp_path / name, max_seconds=1.0, excerpt=True)
    assert len(excerpt) == SAMPLE_RATE
    np.testing.assert_allclose(excerpt, samples[SAMPLE_RATE : 2 * SAMPLE_RATE], atol=0.05)
    whole = read_audio(tmp_path / name, max_seconds=3.0, excerpt=True)
    assert len(whole) == 3 * SAMPLE_RATE


@pytest.mark.parametrize(("name", "tolerance"), [("a.wav", 2**-23), ("a.flac", 2**-23), ("A.OGG", 0.05)])
def test_a_written_file_is_read_back(tmp_path: Path, name: str, tolerance: float) -> None:
    samples = tone(-12, 3)
    write_audio(tmp_path / name, samples)
    np.testing.assert_allclose(read_audio(tmp_path / name), samples, atol=tolerance)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_wav_is_24_bit(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", tone(-12, 0.1))
    assert soundfile.info(tmp_path / "a.wav").subtype == "PCM_24"


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")

    def interrupted() -> None:
        with AudioWriter(path) as writer:
            writer.write(tone(-12, 0.1))
            raise error

    with pytest.raises(error):
        interrupted()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_paths_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"unknown extension '\.mp5', expected one of \.wav, \.flac, \.ogg"):
        write_audio(tmp_path / "a.mp5", tone(-12, 0.1))
    with pytest.raises(AudioFileError, match="cannot be written"):
        write_audio(tmp_path / "missing" / "a.wav", tone(-12, 0.1))
    (tmp_path / "b.wav").mkdir()
    with pytest.raises(AudioFileError, match="got a folder"):
        write_audio(tmp_path / "b.wav", tone(-12, 0.1))


def test_a_wav_larger_than_its_header_allows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.audio.files.MAX_WAV_BYTES", 10_000)
    with pytest.raises(AudioFileError, match=r"write a \.flac instead"):
        write_audio(tmp_path / "a.wav", tone(-12, 0.1))
    write_audio(tmp_path / "a.flac", tone(-12, 0.1))
    assert [path.name for path in tmp_path.iterdir()] == ["a.flac"]


def _chunk(tag: bytes, content: bytes) -> bytes:
    return tag + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) & 1)


@pytest.mark.parametrize("case", ["odd chunks", "extensible", "of unknown length", "riff of none", "trailing", "8 kHz"])
def test_unusual_but_valid_wavs_are_read(tmp_path: Path, case: str) -> None:
    path = tmp_path / "a.wav"
    form, rate = ("WAVEX" if case == "extensible" else "WAV"), (8_000 if case == "8 kHz" else 48_000)
    soundfile.write(path, np.full((rate, 1 if rate == 8_000 else 2), 0.25), rate, subtype="PCM_24", format=form)
    data = bytearray(path.read_bytes())
    at = data.index(b"data")
    if case == "odd chunks":
        data[at:at] = _chunk(b"junk", b"12345") + _chunk(b"LIST", b"INFO")
        data += _chunk(b"id3 ", b"abc")
    elif case == "of unknown length":
        data[at + 4 : at + 8] = data[4:8] = b"\xff" * 4
    elif case == "riff of none":
        data[4:8] = bytes(4)
    elif case == "trailing":
        data += b"what some editors leave behind"
    path.write_bytes(data)
    samples = read_audio(path)
    assert samples.shape == (48_000, 2)
    assert samples[24_000] == pytest.approx([0.25, 0.25], abs=1e-3)


def test_an_mp3_without_a_xing_header_is_as_long_as_its_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    noise = np.random.default_rng(1).normal(0, 0.1, (96_000, 2))
    soundfile.write(path, noise, 48_000, format="MP3", bitrate_mode="CONSTANT", compression_level=0.5)
    data = path.read_bytes()
    assert b"Info" in data
    # Without the header, and cut off at the end, as a stream that was stored: more is promised than is there.
    path.write_bytes(data.replace(b"Info", bytes(4))[:-700])
    with soundfile.SoundFile(path) as file:
        promised = file.frames
        found = len(file.read())
    assert found < promised
    assert len(read_audio(path)) == found


def variable_mp3(path: Path, parts: str, channels: int, rate: int) -> int:
    """Write an MP3 of variable bit rate: "q" is a second of silence, "l" one of noise. Returns: its bytes of header."""
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (rate, channels))
    sound = np.concatenate([noise if part == "l" else np.zeros_like(noise) for part in parts])
    soundfile.write(path, sound, rate, format="MP3", bitrate_mode="VARIABLE", compression_level=0.5)
    data = path.read_bytes()
    assert b"Xing" in data[:64]
    return data.index(data[:2], 4)


@pytest.mark.parametrize("tag", [b"", b"ID3\3\0\0\0\0\1\0" + bytes(128), bytes(700)], ids=["none", "id3v2", "zeros"])
@pytest.mark.parametrize("parts", ["lq", "ql", "lqlq"])
@pytest.mark.parametrize(("channels", "rate", "frame"), [(2, 48_000, 1_152), (1, 44_100, 1_152), (2, 22_050, 576)])
def test_an_mp3_of_variable_bit_rate_without_a_xing_header_is_read_to_its_end(
    tmp_path: Path, parts: str, channels: int, rate: int, frame: int, tag: bytes
) -> None:
    path = tmp_path / "a.mp3"
    header = variable_mp3(path, parts, channels, rate)
    path.write_bytes(tag + path.read_bytes()[header:])
    with soundfile.SoundFile(path) as file:
        promised = file.frames
    seconds = len(read_audio(path)) / SAMPLE_RATE
    # The encoder's delay and its padding are not known without the header: up to three frames of both.
    assert len(parts) <= seconds <= len(parts) + 3 * frame / rate
    assert abs(promised / rate - len(parts)) > 0.5


def test_tags_before_an_mp3_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    variable_mp3(path, "lq", 2, 48_000)
    tag = b"ID3\3\0\0\0\0\1\0" + bytes(128)
    path.write_bytes(2 * tag + path.read_bytes())
    assert len(read_audio(path)) == 2 * 48_000


def test_eight_channels_of_a_high_rate_are_mixed_down_as_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (192_000, 8)).astype(np.float32)
    soundfile.write(path, np.tile(noise, (16, 1)), 192_000, subtype="FLOAT")
    tracemalloc.start()
    read_audio(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.75 * path.stat().st_size


def test_an_mp3_with_a_xing_header_has_the_length_that_it_says(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    variable_mp3(path, "lq", 2, 48_000)
    assert len(read_audio(path)) == 2 * 48_000


@given(st.binary(max_size=3_000), st.integers(0, 3_000))
def test_any_bytes_in_an_mp3_end_the_frame_walk(junk: bytes, at: int) -> None:
    stream = bytes([0xFF, 0xFB, 0x94, 0x44]) + bytes(380)
    known = mp3_with_length((stream * 8)[:at] + junk + stream * 8)
    assert known is None or known[1] >= 1_152


def streamed_flac(path: Path, samples: int, *, channels: int = 2, subtype: str = "PCM_16") -> bytes:
    """Write a FLAC as an encoder does that writes to a pipe: it counts 0 samples. Returns: what is in it."""
    noise = np.random.default_rng(1).normal(0, 0.1, (samples, channels))
    soundfile.write(path, noise, 48_000, format="FLAC", subtype=subtype)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    path.write_bytes(data)
    return bytes(data)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
@pytest.mark.parametrize(("samples", "channels"), [(1, 2), (4_096, 1), (4_097, 2), (300_000, 2), (700_000, 1)])
def test_a_flac_of_unknown_length_is_read_to_its_end(tmp_path: Path, samples: int, channels: int, subtype: str) -> None:
    path = tmp_path / "a.flac"
    data = streamed_flac(path, samples, channels=channels, subtype=subtype)
    sound = read_audio(path)
    assert sound.shape == (samples, 2)
    path.write_bytes(data + b"TAG" + bytes(125))
    np.testing.assert_array_equal(read_audio(path), sound)


def test_a_truncated_flac_of_unknown_length_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    data = streamed_flac(path, 96_000)
    for end in (len(data) - 1, len(data) // 2):
        path.write_bytes(data[:end])
        with pytest.raises(AudioFileError, match="truncated"):
            read_audio(path)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.aiff"])
def test_a_truncated_file_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    soundfile.write(path, np.random.default_rng(1).normal(0, 0.1, (96_000, 2)), 48_000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(AudioFileError, match=r"truncated|lost sync"):
        read_audio(path)


@pytest.mark.skipif(os.name == "nt", reason="names are text on Windows")
def test_file_names_that_are_not_utf8_work(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.wav")
    write_audio(path, tone(-12, 0.1))
    assert len(read_audio(path)) == 4_800


@pytest.mark.parametrize("when", ["writing", "closing"])
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_a_disk_error_is_reported_and_leaves_no_file(
    tmp_path: Path, name: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = soundfile.SoundFile

    class Failing(real):  # type: ignore[misc, valid-type]
        def write(self, data: object) -> None:
            if when == "writing":
                raise soundfile.LibsndfileError(2)
            # An encoder's last block that never arrives.

    monkeypatch.setattr("segue.audio.files.soundfile.SoundFile", Failing)
    with pytest.raises(AudioFileError, match="cannot be written"):
        write_audio(tmp_path / name, tone(-12, 0.1))
    assert list(tmp_path.iterdir()) == []
