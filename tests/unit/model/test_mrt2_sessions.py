"""Sessions that Magenta RealTime 2 plays, at reduced size: saves, a generator that fails, and parts put together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from contract.generators import mrt2_model
from segue.contract import GeneratorError, Samples
from segue.model import checkpoint, mrt2_parts
from segue.model.checkpoint import CheckpointError
from segue.model.config import MRT2_TINY
from segue.model.mrt2_parts import noise_model, released_model
from segue.model.parts import NoiseEncoder, PlayableModel
from segue.model.spectrostream.checkpoint import write_decoder, write_encoder
from segue.model.spectrostream.codec import SpectroStream
from segue.model.spectrostream.config import SPECTROSTREAM, SPECTROSTREAM_TINY
from segue.model.spectrostream.weights import random_decoder, random_encoder
from segue.model.weights import random_weights
from segue.model_files import ENCODER_FILE, models_folder
from segue.runtime.fallback import FIRST_PATIENCE_S, Loop
from segue.runtime.messages import ChunkOut, StatusOut
from segue.runtime.planner import RulesVersion
from segue.runtime.restore import make_restore_point
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import straight
from segue.runtime.snapshot import CELL_BYTES, Snapshot
from segue.runtime.styles import StyledRules, read_styles
from segue.style.word_table import WordEncoder
from segue_rules.loading import load_text
from unit.runtime.simulated_service import SimulatedService
from unit.runtime.toy_generator import ToyGenerator

RULES = """
segue: 1
title: Two styles
inputs: {threat: {type: number, range: [0, 1]}}
styles: {calm: {text: "a calm lake"}, fight: {text: "battle drums"}}
layers: {place: {states: {lake: {default: true, mix: {calm: 1}}, war: {when: {threat: ">= 0.5"}, mix: {fight: 1}}}}}
"""
CODEC = replace(
    SPECTROSTREAM_TINY, hop=SPECTROSTREAM.hop, decoder_width=2, strides=((2, 6), (2, 8)), multipliers=(2, 2)
)


@pytest.fixture(autouse=True)
def no_cache_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mrt2_parts, "keep_compiled_code", lambda: None)


@pytest.fixture(scope="module")
def styled() -> StyledRules:
    return read_styles(load_text(RULES), [mrt2_model().encoder, WordEncoder()])


def played(session: Session, generator: Any, frames: int) -> Samples:
    chunks = [each for each in straight(session, [generator], [], frames) if isinstance(each, ChunkOut)]
    return np.concatenate([chunk.samples for chunk in chunks])


def test_a_saved_session_goes_on_from_its_cell(styled: StyledRules) -> None:
    generator = mrt2_model().generator
    config = SessionConfig(seed=2)
    session = Session(styled.rules, styled.styles, [generator], config)
    played(session, generator, 33)
    cell = session.snapshot().to_cell()
    assert cell is not None
    assert len(cell) <= CELL_BYTES
    head = session.head
    expected = played(session, generator, head + 40)
    point, outcome = make_restore_point(
        Snapshot.from_bytes(cell), rules=styled.rules, generators=[generator], primary=0, frame=head, seed=2
    )
    assert outcome == "all"
    again = Session(styled.rules, styled.styles, [generator], config, restore_point=point)
    np.testing.assert_allclose(played(again, generator, head + 40), expected, rtol=0, atol=1e-5)
    assert expected.std() > 0.001


def test_while_it_fails_another_generator_plays_the_same_plan(
    styled: StyledRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, safety = mrt2_model().generator, ToyGenerator("safety", amplitude=0.2)
    service = SimulatedService(
        [model, safety, Loop()],
        SessionConfig(seed=1, lookahead_s=1.0, chunk_frames=10),
        version=RulesVersion(rules=styled.rules, styles=styled.styles, fingerprint="first"),
    )
    service.run(100)

    def fail(requests: Any) -> Any:
        raise RuntimeError("told to fail")

    with monkeypatch.context() as failing:
        failing.setattr(model, "generate", fail)
        service.run(60, {10: [lambda each: each.set(threat=1.0)]})
    service.run(round((FIRST_PATIENCE_S + 2.0) * 50))
    changes = [message for message in service.messages if isinstance(message, StatusOut)]
    assert [(change.level, change.generator) for change in changes] == [(1, "safety"), (0, "mrt2_tiny")]
    assert service.client.underrun_samples == 0
    chunks = [message for message in service.messages if isinstance(message, ChunkOut)]
    plans = {plan.frame: plan for chunk in chunks for plan in chunk.plans}
    assert sorted(plans) == list(range(len(plans)))
    assert plans[0].mix != plans[len(plans) - 1].mix


def test_made_up_weights_are_called_noise() -> None:
    encoder, generator = noise_model("mrt2_tiny", codec=CODEC)
    assert (encoder.name, generator.name, generator.encoder) == ("noise", "mrt2_tiny-noise", "noise")
    assert generator.model.startswith("mrt2_tiny-noise-")
    assert "made up" in encoder.audio_warning


def test_made_up_embeddings_follow_from_the_prompt() -> None:
    encoder = NoiseEncoder(20)
    calm, war = encoder.embed_text("calm"), encoder.embed_text("war")
    assert np.array_equal(calm, encoder.embed_text("calm"))
    assert abs(float(calm @ war)) < 0.9
    sound = np.ones((100, 2), np.float32)
    for row in (calm, war, encoder.embed_audio(sound)):
        assert np.linalg.norm(row) == pytest.approx(1, abs=1e-6)


class FakeMusicCoCa(NoiseEncoder):
    """Made-up embeddings and tokens under the name of the real encoder."""

    name = "musiccoca"

    def quantise(self, embedding: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return (np.abs(embedding[:3]) * 1_000 % 11).astype(np.int32)


def written(folder: Path) -> Path:
    """Write a checkpoint as it is released: language model and decoder in one file."""
    path, decoder = folder / "mrt2_tiny.safetensors", folder / "decoder.safetensors"
    checkpoint.write(path, MRT2_TINY, random_weights(MRT2_TINY, 3))
    write_decoder(decoder, random_decoder(CODEC, 3))
    save_file({**load_file(path), **load_file(decoder)}, path)
    return path


def test_a_checkpoint_is_loaded_as_it_is_released(tmp_path: Path) -> None:
    style: Any = FakeMusicCoCa(20)
    encoder, generator = released_model("mrt2_tiny", written(tmp_path), codec=CODEC, style=style)
    assert encoder is style
    assert (generator.name, generator.encoder) == ("mrt2_tiny", "musiccoca")


def recordings() -> tuple[Samples, Samples]:
    """Return two recordings of two seconds."""
    random = np.random.default_rng(8)
    one, two = (random.uniform(-0.5, 0.5, (96_000, 2)).astype(np.float32) for _ in range(2))
    return one, two


def first_seconds(model: PlayableModel) -> Samples:
    styled = read_styles(load_text(RULES), [model.encoder, WordEncoder()])
    return played(Session(styled.rules, styled.styles, [model.generator], SessionConfig(seed=2)), model.generator, 25)


@pytest.mark.heavy
def test_what_a_session_begins_with_follows_from_the_recording_that_it_continues() -> None:
    one, two = recordings()
    plain = first_seconds(noise_model("mrt2_tiny", codec=CODEC))
    sounds = [first_seconds(noise_model("mrt2_tiny", codec=CODEC, recording=each)) for each in (one, two, one)]
    assert np.array_equal(sounds[0], sounds[2])
    assert not np.array_equal(sounds[0], sounds[1])
    assert not np.array_equal(sounds[0], plain)
    assert all(np.isfinite(sound).all() and sound.std() > 0.001 for sound in sounds)


def test_a_recording_is_encoded_by_the_released_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGENTA_HOME", str(tmp_path))
    style: Any = FakeMusicCoCa(20)
    recording, _ = recordings()
    weights = written(tmp_path)
    file = models_folder() / ENCODER_FILE.path
    with pytest.raises(CheckpointError, match=r"encoder\.safetensors: cannot be read: "):
        released_model("mrt2_tiny", weights, codec=CODEC, style=style, recording=recording)
    file.parent.mkdir(parents=True)
    write_encoder(file, random_encoder(CODEC, 3))
    _, generator = released_model("mrt2_tiny", weights, codec=CODEC, style=style, recording=recording)
    unread = generator.start(seed=1).unread
    codebooks = MRT2_TINY.codes.steps
    codec = SpectroStream(CODEC, random_decoder(CODEC, 3), random_encoder(CODEC, 3), num_codebooks=codebooks)
    assert unread is not None
    assert np.mean(unread == codec.encode(recording)) > 0.99
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    with pytest.raises(CheckpointError, match=r"encoder\.safetensors: expected a whole safetensors file: "):
        released_model("mrt2_tiny", weights, codec=CODEC, style=style, recording=recording)


def test_files_that_are_not_the_model_are_refused_by_name(tmp_path: Path) -> None:
    style: Any = FakeMusicCoCa(20)
    path = written(tmp_path)
    whole = path.read_bytes()
    for damaged in (b"", whole[:100], whole[:-1], b"\xff" * 100, b"version https://git-lfs.github.com/spec/v1\n"):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match=r"mrt2_tiny\.safetensors: expected a whole safetensors file: "):
            released_model("mrt2_tiny", path, codec=CODEC, style=style)
    path.write_bytes(whole)
    with pytest.raises(CheckpointError, match=r"mrt2_tiny\.safetensors is not a mrt2_small checkpoint"):
        released_model("mrt2_small", path, style=style)
    with pytest.raises(CheckpointError, match=r"nowhere\.safetensors: cannot be read: "):
        released_model("mrt2_tiny", tmp_path / "nowhere.safetensors", codec=CODEC, style=style)


def test_a_damaged_checkpoint_is_a_generator_that_cannot_play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from segue.generators import GENERATORS, BuildOptions

    monkeypatch.setattr(mrt2_parts, "load_musiccoca", lambda folder: FakeMusicCoCa(768))
    path = tmp_path / "small.safetensors"
    path.write_bytes(b"no weights")
    build = GENERATORS["mrt2_small"].build
    assert build is not None
    with pytest.raises(GeneratorError, match=r"generator 'mrt2_small' cannot play: .*small\.safetensors: expected"):
        build(BuildOptions(weights=str(path)))
