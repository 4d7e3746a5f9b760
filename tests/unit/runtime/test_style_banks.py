"""A chain of generators that read the styles by different encoders: each gets its own bank, whatever happens."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from segue.contract import Request, Result, Samples, StyleBank, StyleBanks
from segue.runtime.fallback import FIRST_PATIENCE_S, Loop
from segue.runtime.messages import StatusOut
from segue.runtime.planner import RulesVersion
from segue.runtime.restore import make_restore_point
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.snapshot import Snapshot
from segue.runtime.styles import read_styles
from segue_rules.loading import load_text
from unit.runtime.rule_files import RULES, STYLES
from unit.runtime.simulated_service import SimulatedService
from unit.runtime.toy_generator import ToyGenerator, ToyState

WIDE, NARROW = 768, 3
PLAIN = """
segue: 1
title: Two styles
styles: {calm: {text: "a calm lake"}, fight: {blend: [{text: "battle", weight: 2}, {text: "drums"}]}}
layers: {place: {states: {lake: {default: true, mix: {calm: 1}}, war: {mix: {fight: 1}}}}}
"""


class EncodedGenerator(ToyGenerator):
    """A toy that reads embeddings of one width, as a model does, and remembers every bank that it got."""

    def __init__(self, name: str, encoder: str, width: int) -> None:
        super().__init__(name)
        self.encoder, self.width = encoder, width
        self.banks: list[StyleBank] = []

    def generate(self, requests: Sequence[Request[ToyState]]) -> list[Result[ToyState]]:
        for request in requests:
            self.banks.append(request.styles)
            if request.styles.embeddings.shape[1] != self.width:
                raise ValueError(f"embeddings: expected width {self.width}, got {request.styles.embeddings.shape[1]}")
            # Fails unless each frame weighs exactly the styles of its bank.
            _ = request.conditioning.weights @ request.styles.embeddings
        return super().generate(requests)


def banks(names: tuple[str, ...] = STYLES, scale: float = 1.0) -> StyleBanks:
    return StyleBanks(
        (
            StyleBank(names=names, embeddings=scale * np.eye(len(names), WIDE, dtype=np.float32), encoder="wide"),
            StyleBank(names=names, embeddings=scale * np.eye(len(names), NARROW, dtype=np.float32), encoder="narrow"),
        )
    )


def chain() -> tuple[EncodedGenerator, EncodedGenerator]:
    return EncodedGenerator("large", "wide", WIDE), EncodedGenerator("small", "narrow", NARROW)


def played(large: EncodedGenerator, small: EncodedGenerator) -> SimulatedService:
    version = RulesVersion(rules=RULES, styles=banks(), fingerprint="first")
    return SimulatedService(
        [large, small, Loop()], SessionConfig(seed=1, lookahead_s=1.0, chunk_frames=10), version=version
    )


def encoders_of(generator: EncodedGenerator) -> set[str]:
    return {bank.encoder for bank in generator.banks}


def test_a_fallback_to_another_encoder_plays_on_without_a_gap() -> None:
    large, small = chain()
    service = played(large, small)
    service.run(150)
    large.failing = True
    service.run(100)
    assert service.session.level == 1
    large.failing = False
    service.run(round(50 * (FIRST_PATIENCE_S + 2)))
    assert service.session.level == 0
    assert encoders_of(large) == {"wide"}
    assert encoders_of(small) == {"narrow"}
    assert service.client.underrun_samples == 0
    levels = [message.level for message in service.messages if isinstance(message, StatusOut)]
    # Never the loop: the safety generator understood its styles.
    assert levels == [1, 0]


@pytest.mark.parametrize("failing", [False, True])
def test_a_reload_gives_each_generator_the_new_styles_by_its_encoder(failing: bool) -> None:
    large, small = chain()
    service = played(large, small)
    large.failing = failing
    service.run(150)
    playing = small if failing else large
    before = len(playing.banks)
    service.reload(RulesVersion(rules=RULES, styles=banks(scale=0.5), fingerprint="second"))
    service.run(100)
    new = playing.banks[before:]
    assert encoders_of(playing) == {playing.encoder}
    # A chunk over the change has the styles of both versions side by side.
    assert max(len(bank.names) for bank in new) == 2 * len(STYLES)
    assert len(new[-1].names) == len(STYLES)
    assert new[-1].embeddings.max() == 0.5
    assert service.client.underrun_samples == 0


@pytest.mark.parametrize("failing", [False, True])
def test_a_cell_continues_on_the_chosen_generator_with_its_bank(failing: bool) -> None:
    large, small = chain()
    service = played(large, small)
    large.failing = failing
    service.run(150)
    cell = service.session.snapshot().to_cell()
    assert cell is not None
    snapshot = Snapshot.from_bytes(cell)
    again = chain()
    point, outcome = make_restore_point(snapshot, rules=RULES, generators=[*again, Loop()], primary=0, frame=0, seed=1)
    # Music of the safety generator starts anew on the chosen one.
    assert outcome == ("rules" if failing else "all")
    version = RulesVersion(rules=RULES, styles=banks(), fingerprint="first")
    continued = SimulatedService([*again, Loop()], service.config, opened=point, version=version)
    continued.run(50)
    assert [encoders_of(generator) for generator in again] == [{"wide"}, set()]
    assert continued.session.level == 0
    assert continued.client.underrun_samples == 0


def test_the_same_styles_again_change_no_music() -> None:
    large, small = chain()
    service = played(large, small)
    service.run(150)
    chunks = len(service.chunks)
    service.reload(RulesVersion(rules=dataclasses.replace(RULES, title="commented"), styles=banks(), fingerprint="x"))
    service.run(50)
    assert {chunk.take for chunk in service.chunks[chunks:]} == {service.chunks[0].take}


def test_a_missing_bank_is_refused_before_anything_plays() -> None:
    large, small = chain()
    narrow = StyleBanks(banks().banks[1:])
    with pytest.raises(ValueError, match="expected embeddings by the encoder 'wide', got those by 'narrow'"):
        Session(RULES, narrow, [small, large], SessionConfig())
    session = Session(RULES, banks(), [small, large], SessionConfig())
    with pytest.raises(ValueError, match="'wide'"):
        session.reload(RULES, narrow, 0.0)
    # A generator that reads no embeddings takes any bank.
    Session(RULES, narrow, [ToyGenerator()], SessionConfig())


def test_banks_of_one_session_have_the_same_styles() -> None:
    wide, narrow = banks().banks
    with pytest.raises(ValueError, match="at least one"):
        StyleBanks(())
    with pytest.raises(ValueError, match="'narrow' has other styles than 'wide'"):
        StyleBanks((wide, dataclasses.replace(narrow, names=("a", "b", "c"))))
    with pytest.raises(ValueError, match="expected one an encoder"):
        StyleBanks((wide, wide))


class AxisEncoder:
    """A StyleEncoder whose embedding of a text is an axis, by the text's first letter."""

    audio_warning = ""

    def __init__(self, name: str, dimension: int) -> None:
        self.name, self.dimension = name, dimension

    def embed_text(self, text: str) -> NDArray[np.float32]:
        return np.eye(self.dimension, dtype=np.float32)[ord(text[0]) % self.dimension]

    def embed_audio(self, samples: Samples) -> NDArray[np.float32]:
        raise NotImplementedError("expected a text")

    def unknown_words(self, text: str) -> tuple[str, ...]:
        return ()


def test_styles_are_read_once_and_embedded_by_every_encoder() -> None:
    encoders = [AxisEncoder("wide", WIDE), AxisEncoder("narrow", NARROW)]
    _, styles, _ = read_styles(load_text(PLAIN), encoders)
    wide, narrow = styles.of("wide"), styles.of("narrow")
    assert wide.names == narrow.names == ("calm", "fight")
    assert wide.profiles == narrow.profiles
    assert wide.embeddings.shape == (2, WIDE)
    assert narrow.embeddings.shape == (2, NARROW)
    for bank in (wide, narrow):
        np.testing.assert_allclose(np.linalg.norm(bank.embeddings, axis=1), 1.0, rtol=1e-6)
    # Two thirds "battle", a third "drums".
    weights = wide.embeddings[1][[ord("b") % WIDE, ord("d") % WIDE]]
    assert weights == pytest.approx(np.array([2.0, 1.0]) / np.sqrt(5.0))


def test_the_sound_of_a_frame_is_that_of_one_version() -> None:
    """The joined bank of two rules versions weighs each frame's own styles, by either encoder."""
    large, small = chain()
    service = played(large, small)
    service.run(100)
    service.reload(RulesVersion(rules=RULES, styles=banks(scale=0.5), fingerprint="second"))
    service.run(60)
    joined = [bank for bank in large.banks if len(bank.names) == 2 * len(STYLES)]
    assert joined
    for bank in joined:
        np.testing.assert_array_equal(bank.embeddings[: len(STYLES)], 2 * bank.embeddings[len(STYLES) :])
        assert bank.encoder == "wide"
