"""A recording to a profile: the nearest style, and measurements where they are sure."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.generators import score
from segue.contract import Samples
from segue.style import audio_reader
from segue.style.audio_reader import read_recording
from segue.style.measures import Measures
from segue.style.points import POINTS
from segue.style.reader import StyleReader
from segue.style.tower import tower
from segue.style.word_table import WordEncoder
from segue.training.renders import rendered
from unit.style.sounds import clicks, drum_storm, stereo, tones

NOTHING = Measures(
    tempo_bpm=90.0,
    tempo_strength=0.0,
    other_tempos_bpm=(),
    threefold=0.0,
    tonic=2,
    majorness=0.0,
    centre=12.0,
    top_hz=9_000.0,
    side_db=-8.0,
    loudness_range_db=4.0,
)


@cache
def recording(style: str, seed: int = 77) -> Samples:
    """Return the composer's music of a named style, 8 s."""
    return rendered(score(), POINTS[style].profile, seed, seconds=8).samples


def read_over(style: str, *, drums: float = 0.0, octaves: float = 0.0, **measures: Any) -> dict[str, Any]:
    """Return the axes that measurements set over a style. octaves: notes a second over the style's."""
    base = POINTS[style]
    notes = float(np.log1p(tower().usual_notes(style) * 2.0**octaves))
    profile, sources = audio_reader._measured_over(
        base, base.profile, replace(NOTHING, **measures), {"drums": drums, "notes": notes}
    )
    changed = {
        axis: getattr(profile, axis)
        for axis in profile.__dataclass_fields__
        if getattr(profile, axis) != getattr(base.profile, axis)
    }
    # Every change says where it comes from.
    assert set(changed) <= {source.axis for source in sources}
    return changed


def test_a_render_is_read_as_its_style_with_its_tempo() -> None:
    reading = read_recording(recording("metal"))
    assert reading.nearest[0][0] == "metal"
    assert reading.profile.tempo_bpm == pytest.approx(POINTS["metal"].profile.tempo_bpm, rel=0.02)
    axes = [source.axis for source in reading.sources]
    assert axes[0] == "style"
    assert {"tempo_bpm", "key", "brightness", "dynamics"} <= set(axes)
    assert reading.warnings == ()


def test_equal_recordings_give_equal_readings() -> None:
    one, other = recording("calm"), recording("combat")
    first = read_recording(one)
    read_recording(other)
    again = read_recording(one.copy())
    assert again.profile == first.profile
    assert again.embedding.tobytes() == first.embedding.tobytes()


def test_what_is_not_sure_is_left_to_the_style() -> None:
    for style in ("combat", "calm", "waltz", "chiptune"):
        assert read_over(style) == {}


@pytest.mark.parametrize(
    ("style", "measures", "expected"),
    [
        ("town", {"tempo_bpm": 131.26, "tempo_strength": 0.6}, {"tempo_bpm": 131.3}),
        ("town", {"tempo_bpm": 131.26, "tempo_strength": 0.1}, {}),
        ("combat", {"tempo_strength": 0.6, "tempo_bpm": 90.0, "threefold": 0.3}, {"tempo_bpm": 90.0, "meter": 3}),
        ("waltz", {"tempo_strength": 0.6, "tempo_bpm": 90.0, "threefold": -0.3}, {"tempo_bpm": 90.0, "meter": 4}),
        ("combat", {"threefold": 0.3}, {}),
        # The mode is right too seldom to be set.
        ("combat", {"majorness": 0.3}, {}),
        ("combat", {"drums": -4.0}, {"groove": "none"}),
        ("combat", {"drums": 4.0}, {}),
        ("combat", {"side_db": -25.0}, {"width": 0.25}),
        ("combat", {"side_db": 0.0}, {"width": 0.75}),
        # A mono file says nothing of width.
        ("combat", {"side_db": -float("inf")}, {}),
    ],
)
def test_sure_measurements_outrank_the_style(style: str, measures: dict[str, Any], expected: dict[str, Any]) -> None:
    assert read_over(style, **measures) == expected


def test_more_notes_than_the_style_has_are_denser_music() -> None:
    usual = POINTS["town"].profile.density
    assert read_over("town", octaves=1.5)["density"] > usual
    assert read_over("town", octaves=-1.5)["density"] < usual
    assert read_over("town", octaves=0.3) == {}


def test_the_encoder_of_words_gives_the_towers_embedding() -> None:
    sound = recording("metal")
    embedding = WordEncoder().embed_audio(sound)
    assert embedding.tobytes() == read_recording(sound).embedding.tobytes()
    assert np.linalg.norm(embedding) == pytest.approx(1.0, abs=1e-5)


class OtherEncoder:
    """A StyleEncoder of another space."""

    name, dimension, audio_warning = "other", 4, "other sounds count little"

    def embed_text(self, text: str) -> NDArray[np.float32]:
        return np.eye(4, dtype=np.float32)[0]

    def embed_audio(self, samples: Samples) -> NDArray[np.float32]:
        return np.eye(4, dtype=np.float32)[1]

    def unknown_words(self, text: str) -> tuple[str, ...]:
        return ()


def test_a_profile_does_not_depend_on_the_encoders() -> None:
    sound = recording("metal")
    words, both = StyleReader([WordEncoder()]), StyleReader([OtherEncoder(), WordEncoder()])
    one, two = words.read_audio(sound), both.read_audio(sound)
    assert one.profile == two.profile
    assert [len(embedding) for embedding in two.embeddings] == [4, WordEncoder().dimension]
    assert [warning.text for warning in two.warnings] == ["other sounds count little"]


def test_what_resembles_no_style_is_warned_of() -> None:
    noise = np.random.default_rng(4).standard_normal((4 * 48_000, 2)).astype(np.float32)
    assert any("resembles no style well" in warning.text for warning in read_recording(0.1 * noise).warnings)


def test_the_only_channel_with_sound_is_read_as_mono() -> None:
    sound = drum_storm()[:96_000]
    left, right = sound.copy(), sound.copy()
    left[:, 1] = right[:, 0] = 0.0
    for samples, said in ((left, "only the left channel"), (right, "only the right channel")):
        reading = read_recording(samples)
        assert said in reading.warnings[0].text
        assert "width" not in {source.axis for source in reading.sources}


def test_channels_that_cancel_each_other_out_are_read_as_mono() -> None:
    mono = drum_storm()[:96_000, :1]
    wrong, right = read_recording(np.hstack([mono, -mono])), read_recording(np.hstack([mono, mono]))
    assert "wrong polarity" in wrong.warnings[0].text
    assert wrong.profile == right.profile


def test_a_dc_offset_changes_nothing() -> None:
    sound = 0.3 * drum_storm()[:96_000]
    assert read_recording(sound + np.float32(0.5)).profile == read_recording(sound).profile
    with pytest.raises(ValueError, match="got silence"):
        read_recording(np.full((96_000, 2), 0.5, np.float32))


def test_a_silent_middle_is_named() -> None:
    sound = np.zeros((70 * 48_000, 2), np.float32)
    sound[:96_000] = drum_storm()[:96_000]
    with pytest.raises(ValueError, match="expected sound in its middle 30 s, got silence"):
        read_recording(sound)


def test_a_recording_like_no_style_may_have_any_tempo() -> None:
    sources = read_recording(stereo(clicks(1.0))).sources
    tempo = next(source for source in sources if source.axis == "tempo_bpm")
    assert float(tempo.value) == pytest.approx(60.0, rel=0.005)
    assert tempo.words.startswith("measured from the onsets")


def test_synthetic_sounds_are_read_without_an_error() -> None:
    for sound in (drum_storm(), stereo(tones(220.0, 330.0)), drum_storm()[:24_000]):
        assert read_recording(sound).nearest
