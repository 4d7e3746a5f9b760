"""Files read piece by piece: equal to the whole file, silent outside it, in bounded memory, whatever happens to it."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import soundfile

from segue.audio import streams as streams_module
from segue.audio.files import AudioFileError, open_audio, read_audio
from segue.audio.streams import AudioStreams, audio_facts
from segue.contract import SAMPLE_RATE, Samples


def noise(count: int, channels: int = 2) -> Samples:
    return np.random.default_rng(3).normal(0, 0.1, (count, channels)).astype(np.float32)


def written(path: Path, samples: Samples, rate: int = SAMPLE_RATE, **options: str) -> Path:
    with soundfile.SoundFile(path, "w", rate, samples.shape[1], **options) as file:
        # libsndfile's Vorbis encoder overflows its stack on very long blocks.
        for start in range(0, len(samples), rate):
            file.write(samples[start : start + rate])
    return path


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", {"subtype": "FLOAT"}),
        ("a.flac", {}),
        ("a.ogg", {"format": "OGG", "subtype": "VORBIS"}),
        ("a.mp3", {"format": "MP3"}),
    ],
)
def test_any_part_of_a_file_equals_that_of_the_whole(tmp_path: Path, name: str, options: dict[str, str]) -> None:
    path = written(tmp_path / name, noise(70_000), **options)
    whole = read_audio(path)
    streams = AudioStreams([path])
    assert streams.facts[0].samples == len(whole)
    for start, count in ((50_000, 20_000), (0, 10), (23_999, 2), (1, 69_000), (23_990, 24_100), (47_999, 1)):
        np.testing.assert_array_equal(streams.read(0, start, count), whole[start : start + count])


def test_a_part_beyond_the_file_is_silent(tmp_path: Path) -> None:
    sound = noise(1_000)
    streams = AudioStreams([written(tmp_path / "a.wav", sound, subtype="FLOAT")])
    part = streams.read(0, -500, 2_000)
    np.testing.assert_array_equal(part[500:1_500], sound)
    assert not part[:500].any()
    assert not part[1_500:].any()


@pytest.mark.parametrize("rate", [44_100, 22_050, 96_000, 11_025])
def test_a_file_of_another_rate_is_resampled_without_seams(tmp_path: Path, rate: int) -> None:
    seconds = np.arange(3 * rate) / rate
    tone = np.repeat(0.5 * np.sin(2 * np.pi * 997 * seconds)[:, None], 2, axis=1).astype(np.float32)
    streams = AudioStreams([written(tmp_path / "a.wav", tone, rate, subtype="FLOAT")])
    assert streams.facts[0].samples == 3 * SAMPLE_RATE
    expected = 0.5 * np.sin(2 * np.pi * 997 * np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE)
    inside = slice(4_000, 3 * SAMPLE_RATE - 4_000)
    np.testing.assert_allclose(streams.read(0, 0, 3 * SAMPLE_RATE)[inside, 0], expected[inside], atol=2e-5)
    whole = streams.read(0, 0, 3 * SAMPLE_RATE)
    parts = [AudioStreams([tmp_path / "a.wav"]).read(0, start, 7_000) for start in range(0, 140_000, 7_000)]
    np.testing.assert_array_equal(np.concatenate(parts), whole[:140_000])


def test_the_memory_of_many_reads_is_bounded(tmp_path: Path) -> None:
    sound = noise(60 * SAMPLE_RATE)
    paths = [written(tmp_path / f"{i}.wav", sound[: 12 * SAMPLE_RATE], subtype="PCM_16") for i in range(10)]
    streams = AudioStreams(paths)
    held = []
    for file in range(len(paths)):
        for start in range(0, 12 * SAMPLE_RATE, SAMPLE_RATE):
            streams.read(file, start, SAMPLE_RATE)
        held.append(streams.held_bytes())
    assert max(held) == held[-1] == held[4] <= 64 * SAMPLE_RATE // 2 * 8
    streams.close()
    assert streams.read(0, 100, 10).any()


def test_a_file_that_is_gone_or_another_one_is_silent(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", noise(4 * SAMPLE_RATE), subtype="PCM_16")
    streams = AudioStreams([path])
    assert streams.read(0, 0, 100).any()
    streams.close()
    written(path, noise(4 * 44_100, channels=1), 44_100, subtype="PCM_16")
    assert not streams.read(0, 2 * SAMPLE_RATE, 100).any()
    path.unlink()
    assert not streams.read(0, 3 * SAMPLE_RATE, 100).any()


def test_a_file_that_cannot_be_read_any_more_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path / "a.wav", noise(4 * SAMPLE_RATE), subtype="PCM_16")
    streams = AudioStreams([path])
    path.rename(tmp_path / "b.wav")
    for second in range(3):
        assert not streams.read(0, second * SAMPLE_RATE, 100).any()
    text = f"{path}: expected a sound file, found nothing; it is silent until it can be read again"
    assert [record.getMessage() for record in caplog.records] == [text]
    (tmp_path / "b.wav").rename(path)
    assert streams.read(0, 3 * SAMPLE_RATE, 100).any()
    streams.close()
    path.unlink()
    assert not streams.read(0, 3 * SAMPLE_RATE + SAMPLE_RATE // 2, 100).any()
    assert len(caplog.records) == 2


def test_samples_that_are_no_numbers_are_silent_and_too_loud_ones_are_limited(tmp_path: Path) -> None:
    sound = noise(1_000)
    sound[10], sound[20], sound[30] = np.nan, 1e9, -np.inf
    streams = AudioStreams([written(tmp_path / "a.wav", sound, subtype="FLOAT")])
    part = streams.read(0, 0, 1_000)
    assert np.isfinite(part).all()
    assert (part[10] == 0).all()
    assert (part[20] == 16).all()
    assert (part[30] == -16).all()


def test_a_file_that_is_no_sound_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"hello")
    with pytest.raises(AudioFileError, match=r"a\.wav: not a sound file that can be read"):
        AudioStreams([path])
    with pytest.raises(AudioFileError, match="expected a sound file, found nothing"):
        audio_facts(tmp_path / "b.wav")
    empty = written(tmp_path / "c.wav", noise(0), subtype="PCM_16")
    with pytest.raises(AudioFileError, match="holds no samples"):
        audio_facts(empty)


def test_another_process_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    written(path, noise(60_000))
    streams = AudioStreams([path])
    expected = streams.read(0, 100, 50_000)
    sent = pickle.loads(pickle.dumps(streams))
    assert sent.held_bytes() == 0
    assert np.array_equal(sent.read(0, 100, 50_000), expected)
    # A file that is gone meanwhile is silence, as for the process that opened it.
    path.unlink()
    gone = pickle.loads(pickle.dumps(streams))
    assert not gone.read(0, 100, 50_000).any()


def tone(count: int) -> Samples:
    """Return a tone with silences, of which encoders make little: bit rates vary, and decoders seek badly."""
    at = np.arange(count)
    loud = np.sin(2 * np.pi * 220 * at / SAMPLE_RATE) * (at % 96_000 < 60_000)
    return np.repeat(0.3 * loud[:, None], 2, axis=1).astype(np.float32)


@pytest.mark.parametrize("sound", [tone(430_000), noise(430_000)], ids=["tone", "noise"])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp3", {"format": "MP3"}),
        ("a.ogg", {"format": "OGG", "subtype": "VORBIS"}),
        ("a.opus", {"format": "OGG", "subtype": "OPUS"}),
    ],
)
def test_a_lossy_file_sounds_the_same_in_any_order(
    tmp_path: Path, name: str, options: dict[str, str], sound: Samples
) -> None:
    path = written(tmp_path / name, sound, **options)
    # Decoded at once: after a read in pieces python-soundfile seeks.
    whole, _ = soundfile.read(path, dtype="float32", always_2d=True)
    np.testing.assert_array_equal(read_audio(path), whole)
    streams = AudioStreams([path])
    for block in np.random.default_rng(6).permutation(len(whole) // 24_000 + 1):
        begin = int(block) * 24_000
        count = min(24_000, len(whole) - begin)
        np.testing.assert_array_equal(streams.read(0, begin, count), whole[begin : begin + count])


def test_a_lossy_file_of_another_rate_is_not_decoded_anew_for_each_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.mp3", tone(300_000), 44_100, format="MP3")
    opened = []
    monkeypatch.setattr(streams_module, "open_audio", lambda path: opened.append(path) or open_audio(path))
    streams = AudioStreams([path])
    opened.clear()
    for begin in range(0, 240_000, 24_000):
        streams.read(0, begin, 24_000)
    assert len(opened) == 1


def test_each_place_of_a_lossy_file_that_is_read_on_has_a_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.ogg", tone(430_000), format="OGG", subtype="VORBIS")
    whole = read_audio(path)
    opened = []
    monkeypatch.setattr(streams_module, "open_audio", lambda path: opened.append(path) or open_audio(path))
    streams = AudioStreams([path])
    opened.clear()
    for block in range(8):
        for place in (0, 200_000):
            begin = place + block * 24_000
            np.testing.assert_array_equal(streams.read(0, begin, 24_000), whole[begin : begin + 24_000])
    # The second one is opened, and again at the place that it begins to read from.
    assert len(opened) == 3
