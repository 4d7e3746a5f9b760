"""Where chunks of Magenta RealTime 1 begin, and that nothing else depends on how frames are cut or what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.generators import steady
from segue.contract import StyleBank
from segue.model.config import NO_CODE
from segue.model.engine import Run
from segue.model.mrt1.config import MRT1_CONFIGS, MRT1_TINY, EncoderDecoder
from segue.model.mrt1.engine import Mrt1Engine, State, StyleFrames
from segue.model.mrt1.fused import distance_buckets, positions
from segue.model.mrt1.generator import StyleTokens, mrt1_generator, style_frames
from segue.model.mrt1.weights import random_weights

FRAMES = 40
CONFIG = replace(
    MRT1_TINY,
    **{name: replace(getattr(MRT1_TINY, name), layers=1) for name in ("encoder", "temporal", "depth")},
    chunk_frames=12,
    context_frames=20,
    temporal_buckets=24,
)


@pytest.fixture(scope="module")
def engine() -> Mrt1Engine:
    return Mrt1Engine(CONFIG, random_weights(CONFIG, 3), top_k=5, least_frames=5)


@pytest.fixture
def opened(engine: Mrt1Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[NDArray[np.int32]]]:
    """Collect what the encoder reads, from an engine that has kept nothing."""
    forget(engine)
    read: list[NDArray[np.int32]] = []
    real = engine._open

    def counted(fused: Any, *, tokens: Any) -> Any:
        read.append(np.asarray(tokens))
        return real(fused, tokens=tokens)

    monkeypatch.setattr(engine, "_open", counted)
    yield read
    forget(engine)


def forget(engine: Mrt1Engine) -> None:
    engine._chunks.clear()
    engine._runs.clear()


def frames_of(styles: Sequence[int]) -> StyleFrames:
    """Return frames of styles that are numbered."""
    rows = [np.random.default_rng(style).integers(0, 11, CONFIG.style_levels) for style in styles]
    return StyleFrames(np.stack(rows).astype(np.int32), np.full(len(styles), 2.5, np.float32))


# A style that comes too early, one in the middle, and one for a single frame.
STYLES = [0] * 3 + [1] * 15 + [2] * 12 + [3] + [4] * 9


def played(
    engine: Mrt1Engine, state: State, sizes: Sequence[int], begin: int = 0, *, forgetful: bool = False
) -> tuple[State, NDArray[np.int32]]:
    """Play FRAMES frames from `begin` on, in runs of `sizes` in turn."""
    found, turn = [np.zeros((0, CONFIG.codes.steps), np.int32)], 0
    while begin < FRAMES:
        end = min(begin + sizes[turn % len(sizes)], FRAMES)
        if forgetful:
            forget(engine)
        ones = np.ones(end - begin, np.float32)
        run = Run(state=state, frames=frames_of(STYLES[begin:end]), temperature=ones, guidance=ones)
        (ran,) = engine.generate([run])
        state, begin, turn = ran.state, end, turn + 1
        found.append(ran.codes)
    return state, np.concatenate(found)


@pytest.mark.parametrize("sizes", [(1,), (3, 1, 7), (12,)])
def test_cuts_change_no_code(engine: Mrt1Engine, sizes: Sequence[int]) -> None:
    whole_state, whole = played(engine, engine.start(seed=7), (5,))
    state, codes = played(engine, engine.start(seed=7), sizes)
    np.testing.assert_array_equal(codes, whole)
    np.testing.assert_array_equal(state.codes, whole_state.codes)
    assert whole.min() >= 0
    assert len(np.unique(whole, axis=0)) > FRAMES // 2


def test_what_is_kept_changes_no_code(engine: Mrt1Engine) -> None:
    _, kept = played(engine, engine.start(seed=7), (4,))
    _, again = played(engine, engine.start(seed=7), (4,), forgetful=True)
    np.testing.assert_array_equal(again, kept)


def test_chunks_begin_by_number_and_for_another_style(engine: Mrt1Engine, opened: list[NDArray[np.int32]]) -> None:
    state, codes = played(engine, engine.start(seed=7), (1,))
    # Frames 12, 24 and 36 are multiples. At 5, 18 and 30 the style has changed, five frames or more from the chunks
    # before and after; 3 is too early, and 35, five frames after 30, too near to 36.
    begins = [0, 5, 12, 18, 24, 30, 36]
    assert len(opened) == len(begins)
    before = np.full((CONFIG.context_frames, CONFIG.codes.steps), NO_CODE)
    for tokens, begin in zip(opened, begins, strict=True):
        context = np.concatenate([before, codes[:begin]])[-CONFIG.context_frames :, : CONFIG.context_levels]
        wanted = np.where(context == NO_CODE, 1, context + np.array([2, 18]))
        np.testing.assert_array_equal(tokens[0, : -CONFIG.style_levels].reshape(wanted.shape), wanted)
        style = frames_of([STYLES[begin]]).style[0] + CONFIG.style_offset + 11 * np.arange(3)
        np.testing.assert_array_equal(tokens[0, -CONFIG.style_levels :], style)
        assert (tokens[1, -CONFIG.style_levels :] == 1).all()
        np.testing.assert_array_equal(tokens[1, : -CONFIG.style_levels], tokens[0, : -CONFIG.style_levels])
    assert state.frame == FRAMES


def test_the_encoder_is_run_once_a_chunk_for_sessions_in_turn(
    engine: Mrt1Engine, opened: list[NDArray[np.int32]]
) -> None:
    states = [engine.start(seed=seed) for seed in (1, 2)]
    for begin in range(0, 12, 4):
        for index, state in enumerate(states):
            ones = np.ones(4, np.float32)
            run = Run(state=state, frames=frames_of([index] * 4), temperature=ones, guidance=ones)
            states[index] = engine.generate([run])[0].state
        assert len(opened) == 2, begin


@pytest.mark.parametrize("frame", [1, 5, 12, 17, 24, 29, 35])
def test_a_state_made_again_from_codes_goes_on_as_the_unbroken_one(engine: Mrt1Engine, frame: int) -> None:
    state = engine.start(seed=7)
    ones = np.ones(frame, np.float32)
    codes = []
    for begin in range(0, frame, 6):
        part = slice(begin, min(begin + 6, frame))
        run = Run(state=state, frames=frames_of(STYLES[part]), temperature=ones[part], guidance=ones[part])
        (ran,) = engine.generate([run])
        state = ran.state
        codes.append(ran.codes)
    restored = engine.restore(np.concatenate(codes), frames_of(STYLES[:frame]), seed=7, frame=frame)
    assert (restored.frame, restored.seed) == (state.frame, state.seed)
    # What lies before the context may be there or not, where the next frame begins a chunk.
    np.testing.assert_array_equal(restored.codes[-CONFIG.context_frames :], state.codes[-CONFIG.context_frames :])
    forget(engine)
    np.testing.assert_array_equal(played(engine, restored, (3,), frame)[1], played(engine, state, (3,), frame)[1])


def test_a_state_is_never_changed(engine: Mrt1Engine) -> None:
    state = engine.start(seed=7)
    first = played(engine, state, (4,))[1]
    np.testing.assert_array_equal(played(engine, state, (4,))[1], first)
    assert not np.array_equal(played(engine, engine.start(seed=8), (4,))[1], first)


def test_forced_codes_come(engine: Mrt1Engine) -> None:
    forced = np.full((6, CONFIG.codes.steps), NO_CODE, np.int32)
    forced[2] = 9
    ones = np.ones(6, np.float32)
    run = Run(state=engine.start(seed=7), frames=frames_of([0] * 6), temperature=ones, guidance=ones, forced=forced)
    (ran,) = engine.generate([run])
    assert (ran.codes[2] == 9).all()
    assert not (ran.codes[3] == 9).all()


def test_sizes_that_do_not_fit_are_refused(engine: Mrt1Engine) -> None:
    ones = np.ones(13, np.float32)
    run = Run(state=engine.start(seed=1), frames=frames_of([0] * 13), temperature=ones, guidance=ones)
    with pytest.raises(ValueError, match=r"^frames in a run: expected at most 12, got 13$"):
        engine.generate([run])
    with pytest.raises(ValueError, match=r"^least_frames: expected 1 to 12, got 13$"):
        Mrt1Engine(CONFIG, random_weights(CONFIG, 3), least_frames=13)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depth": replace(CONFIG.depth, width=30)}, r"width: expected stacks of one width, got \[24, 30\]"),
        ({"context_levels": 5}, "context_levels: expected 1 to 4, got 5"),
        ({"rows": 100}, "rows: expected at least 115, got 100"),
        (
            {"codes": replace(CONFIG.codes, reserved=6)},
            "codes: expected audio frames of levels of one size after 2 reserved",
        ),
    ],
)
def test_configurations_that_cannot_be_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(CONFIG, **changes)


def test_distances_share_buckets_by_logarithm() -> None:
    # All distances of the released sizes: 50 frames of 128 buckets, 16 levels of 16.
    np.testing.assert_array_equal(distance_buckets(50, 128), np.arange(50))
    np.testing.assert_array_equal(distance_buckets(16, 16), np.arange(16))
    assert distance_buckets(130, 128)[[63, 64, 65, 96, 127, 128, 129]].tolist() == [63, 64, 65, 101, 127, 127, 127]


def test_places_are_sines_and_cosines() -> None:
    table = positions(5, 8)
    np.testing.assert_allclose(table[3, :4], np.sin(3.0 / 10_000 ** (np.arange(4) / 3)), atol=1e-6)
    np.testing.assert_allclose(table[3, 4:], np.cos(3.0 / 10_000 ** (np.arange(4) / 3)), atol=1e-6)


class _Quantiser:
    """Gives tokens that follow from an embedding, and counts how often it is asked."""

    def __init__(self, levels: int = 12, most: int = 11) -> None:
        self.asked = 0
        self._levels, self._most = levels, most

    def __call__(self, embedding: NDArray[np.float32]) -> NDArray[np.int32]:
        self.asked += 1
        return np.resize(np.abs(embedding * 1e4).astype(np.int32) % self._most, self._levels)


def test_a_blend_has_the_same_tokens_whatever_is_blended_beside_it() -> None:
    rng = np.random.default_rng(2)
    embeddings = rng.normal(size=(5, 16)).astype(np.float32)
    weights = rng.dirichlet(np.ones(5), 30).astype(np.float32)
    weights[:, 2] = 0
    quantise = _Quantiser()
    tokens = StyleTokens(CONFIG, quantise)
    whole = tokens.of(embeddings, weights)
    assert whole.shape == (30, CONFIG.style_levels)
    assert len(np.unique(whole, axis=0)) > 20
    alone = [StyleTokens(CONFIG, _Quantiser()).of(embeddings, weights[row : row + 1])[0] for row in range(30)]
    np.testing.assert_array_equal(alone, whole)
    # Without styles that do not sound, in another order, and in half precision.
    some = [4, 0, 1, 3]
    packed = StyleTokens(CONFIG, _Quantiser()).of(
        embeddings[some].astype(np.float16).astype(np.float32), weights[:, some].astype(np.float16).astype(np.float32)
    )
    np.testing.assert_array_equal(packed, whole)
    before = quantise.asked
    tokens.of(embeddings, weights)
    assert quantise.asked == before == 30


@pytest.mark.parametrize(("levels", "most"), [(2, 11), (12, 5_000)])
def test_tokens_of_another_quantiser_are_refused(levels: int, most: int) -> None:
    tokens = StyleTokens(CONFIG, _Quantiser(levels, most))
    with pytest.raises(ValueError, match=r"^style tokens: expected at least 3 from 0 to 10, got "):
        tokens.of(np.full((1, 16), 0.7, np.float32), np.ones((1, 1), np.float32))


def test_guidance_of_rules_is_google_s_from_none_to_its_default() -> None:
    bank = StyleBank(names=("one",), embeddings=np.eye(1, 16, dtype=np.float32))
    for rules, ours in ((0.0, 0.0), (1.0, 1.0), (3.0, 6.0), (10.0, 23.5)):
        frames = style_frames(StyleTokens(CONFIG, _Quantiser()), bank, steady(2, guidance=rules))
        np.testing.assert_allclose(frames.guidance, ours)


def test_a_codec_of_other_frames_is_refused(engine: Mrt1Engine) -> None:
    class Other:
        num_codebooks = 12

    codec: Any = Other()
    with pytest.raises(ValueError, match=r"^codec: expected frames of 4 codes, as mrt1_tiny makes them, got 12$"):
        mrt1_generator(engine, codec, encoder="noise", quantise=_Quantiser())


def test_the_names_of_configurations_are_theirs() -> None:
    for name, config in MRT1_CONFIGS.items():
        assert isinstance(config, EncoderDecoder)
        assert config.name == name
