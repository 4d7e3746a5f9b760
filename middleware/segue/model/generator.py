"""A language model and a codec as a Generator: conditioning to frames, frames to codes, codes to sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from segue.contract import (
    TICKS_PER_BEAT,
    Chunk,
    Codec,
    Conditioning,
    Request,
    Result,
    StyleBank,
)
from segue.model import packed_history
from segue.model.conditioning import FeatureFrames, Frames
from segue.model.config import NO_CODE, Depthformer, FeatureConditioning
from segue.model.config import Codes as CodeLayout
from segue.model.engine import Codes, Engine, Run
from segue.model.history import BLOCK, History, Played, frames_to_keep
from segue.model.state import State

OBEYED = frozenset({"tempo", "meter", "key", "drums", "intensity", "temperature", "guidance"})
REFERENCE_TEMPO_BPM = 120.0
PITCHES_PER_OCTAVE = 12
# Styles that cancel each other out leave no direction to play in.
SILENT_STYLE = 1e-6


@dataclass(frozen=True, kw_only=True)
class GeneratorState:
    """A row between two frames: the language model's state, the codec decoder's, and the next frame.

    The noise goes by the model's own frame, which is another where saved music goes on.

    Attributes:
        history: What was played last.
    """

    model: State
    codec: Any
    frame: int
    history: History = field(default_factory=History)


def feature_frames(config: FeatureConditioning, styles: StyleBank, conditioning: Conditioning) -> FeatureFrames:
    """Return conditioning as the bundled model reads it; a blend of styles is the direction of their weighted sum.

    Raises:
        ValueError: If the styles' embeddings are not as wide as the model's.
    """
    width = styles.embeddings.shape[1]
    if width != config.style_width:
        raise ValueError(f"style embeddings: expected width {config.style_width}, got {width}")
    blend = conditioning.weights @ styles.embeddings
    length = np.linalg.norm(blend, axis=1, keepdims=True)
    beats = conditioning.ticks / TICKS_PER_BEAT
    bars = (conditioning.ticks - conditioning.bar_ticks) / (TICKS_PER_BEAT * conditioning.meter.astype(np.int64))
    yes = np.ones(conditioning.num_frames, bool)
    # NumPy leaves, which the type checker takes for JAX's: the engine stacks rows before they go to the device.
    leaves: dict[str, Any] = {
        "style": (blend / np.maximum(length, SILENT_STYLE)).astype(np.float32),
        "style_given": length[:, 0] > SILENT_STYLE,
        "beat_phase": (beats % 1.0).astype(np.float32),
        "bar_phase": (bars % 1.0).astype(np.float32),
        "log_tempo": np.log(conditioning.tempo_bpm / REFERENCE_TEMPO_BPM).astype(np.float32),
        "clock_given": yes,
        "meter": conditioning.meter.astype(np.int32),
        "intensity": conditioning.intensity.astype(np.float32),
        "intensity_given": yes,
        "mode": conditioning.mode.astype(np.int32),
        "drums": conditioning.drums.astype(np.int32),
    }
    return FeatureFrames(**leaves)


def sounding_pitches(layout: CodeLayout, codes: Codes, tonic: NDArray[np.int8]) -> Codes:
    """Return codes [T, K] whose pitches, relative to a tonic of C, are moved to each frame's; drum keys stay.

    The model knows one key of twelve. A tonic moves the music by -6 to +5 semitones; a pitch that leaves the
    range comes back by an octave. Tonic -1 leaves C. Drums are the last code of the first codebook.
    """
    shift = np.where(tonic < 0, 0, (tonic.astype(np.int32) + 6) % PITCHES_PER_OCTAVE - 6)[:, None]
    events = codes[:, :-1].reshape(len(codes), layout.max_events, layout.num_codebooks)
    instrument, pitch = events[..., 0], events[..., 1]
    moved = pitch + shift
    moved = np.where(moved < 0, moved + PITCHES_PER_OCTAVE, moved)
    moved = np.where(moved >= layout.cardinalities[1], moved - PITCHES_PER_OCTAVE, moved)
    keeps = (pitch == NO_CODE) | (instrument == layout.cardinalities[0] - 1)
    sounding = codes.copy()
    sounding[:, 1 : -1 : layout.num_codebooks] = np.where(keeps, pitch, moved)
    return sounding


class LanguageModelGenerator:
    """Implements segue.contract.Generator over an Engine and a Codec.

    Attributes:
        conditioned: A request's styles and conditioning as the model's frames.
        sounding: The model's codes as the codec's, under the same conditioning.
    """

    def __init__(
        self,
        *,
        name: str,
        controls: frozenset[str],
        exact_beats: bool,
        engine: Engine,
        codec: Codec,
        conditioned: Callable[[StyleBank, Conditioning], Frames],
        sounding: Callable[[Codes, Conditioning], Codes],
    ) -> None:
        self.name = name
        self.controls = controls
        self.exact_beats = exact_beats
        self.rows = max(engine.batch_buckets)
        self.compiles = True
        self.threads = 1
        self.engine = engine
        self._codec = codec
        self._keep = frames_to_keep(engine.config)
        self._conditioned = conditioned
        self._sounding = sounding

    @cached_property
    def model(self) -> str:
        """What plays: the hash of all weights, made when first asked."""
        return f"{self.name}-{packed_history.model_hash(self.engine)[:32]}"

    def start(self, *, seed: int, frame: int = 0) -> GeneratorState:
        model = self.engine.start(seed=seed, frame=frame)
        return GeneratorState(model=model, codec=self._codec.start(), frame=frame)

    def generate(self, requests: Sequence[Request[GeneratorState]]) -> list[Result[GeneratorState]]:
        """Play each request.

        Raises:
            ValueError: If a conditioning does not start where its state ends.
        """
        for request in requests:
            if request.conditioning.frame != request.state.frame:
                begins, ends = request.conditioning.frame, request.state.frame
                raise ValueError(f"conditioning begins at frame {begins}, its state ends before frame {ends}")
        longest = self.engine.longest_run
        results = self._generate([replace(r, conditioning=r.conditioning[:longest]) for r in requests])
        longer = [i for i, request in enumerate(requests) if request.conditioning.num_frames > longest]
        if longer:
            rest = [
                replace(requests[i], state=results[i].state, conditioning=requests[i].conditioning[longest:])
                for i in longer
            ]
            for i, more in zip(longer, self.generate(rest), strict=True):
                samples = np.concatenate([results[i].chunk.samples, more.chunk.samples])
                results[i] = Result(state=more.state, chunk=replace(results[i].chunk, samples=samples))
        return results

    def _generate(self, requests: Sequence[Request[GeneratorState]]) -> list[Result[GeneratorState]]:
        """Play requests none of which is longer than the engine's longest run."""
        runs = [
            Run(
                state=request.state.model,
                frames=self._conditioned(request.styles, request.conditioning),
                temperature=request.conditioning.temperature,
                guidance=request.conditioning.guidance,
            )
            for request in requests
        ]
        return [
            self._result(request, ran.state, ran.codes)
            for request, ran in zip(requests, self.engine.generate(runs), strict=True)
        ]

    def _result(self, request: Request[GeneratorState], model: State, codes: Codes) -> Result[GeneratorState]:
        conditioning = request.conditioning
        codec, samples = self._codec.decode(request.state.codec, self._sounding(codes, conditioning))
        piece = Played(request.styles, conditioning, codes.astype(np.int16))
        after = GeneratorState(
            model=model,
            codec=codec,
            frame=conditioning.frame + conditioning.num_frames,
            history=request.state.history.grown(piece, self._keep),
        )
        return Result(
            state=after,
            chunk=Chunk(frame=conditioning.frame, samples=samples),
        )

    def state_bytes(self, state: GeneratorState) -> int:
        leaves = jax.tree.leaves((state.model, state.codec))
        return sum(leaf.nbytes for leaf in leaves if hasattr(leaf, "nbytes")) + state.history.nbytes

    def pack(self, state: GeneratorState) -> bytes:
        """Return what `unpack` needs to go on from `state`: the codes of all frames that can reach the next, and at
        least ten seconds, as far as MOST_STATE_BYTES hold them.
        """
        position = packed_history.NoisePosition(int(state.model.seed), int(state.model.frame))
        return packed_history.pack(self.model, position, state.history, self._keep)

    def unpack(self, data: bytes, *, frame: int) -> GeneratorState:
        """Return the packed state, moved to `frame`: the model reads its codes again, and the codec decodes them
        without output.

        The noise goes on where it was, so the codes that follow are those of the unbroken music but where two are
        equally likely to within the rounding of float32; sound is as much the same as the codec forgets what is older.

        Raises:
            ValueError: For bytes that are not of this model's packing.
        """
        position, played = packed_history.unpack(self.model, data, self.engine.config.codes)
        if played is None:
            model = self.engine.start(seed=position.seed, frame=position.frame)
            return GeneratorState(model=model, codec=self._codec.start(), frame=frame)
        sounding = self._sounding(played.codes.astype(np.int32), played.conditioning)
        codec, _ = self._codec.decode(self._codec.start(), sounding)
        return GeneratorState(
            model=self._read_again(position, played), codec=codec, frame=frame, history=History((played,))
        )

    def _read_again(self, position: packed_history.NoisePosition, played: Played) -> State:
        """Return the model's state at `position`, after the frames of `played`.

        What whole blocks leave over is generated with its codes forced, by the program that is there to play anyway.
        """
        length, codes = len(played.codes), played.codes.astype(np.int32)
        frames = self._conditioned(played.styles, played.conditioning)
        whole = length - length % BLOCK

        def part(begin: int, end: int) -> Frames:
            return jax.tree.map(lambda leaf: leaf[begin:end], frames)

        state = self.engine.start(seed=position.seed, frame=position.frame - length)
        state = self.engine.prefill(state, codes[:whole], part(0, whole))
        size = min(self.engine.chunk_buckets)
        for begin in range(whole, length, size):
            end = min(length, begin + size)
            ones = np.ones(end - begin, np.float32)
            run = Run(state=state, frames=part(begin, end), temperature=ones, guidance=ones, forced=codes[begin:end])
            state = self.engine.generate([run])[0].state
        return state


def bundled_generator(engine: Engine, codec: Codec) -> LanguageModelGenerator:
    """Return the bundled model's generator.

    Args:
        codec: Of note frames with absolute pitches.
    """
    config: Depthformer = engine.config
    features = config.conditioning
    if not isinstance(features, FeatureConditioning):
        raise ValueError(f"{config.name}: expected a model conditioned by features, got tokens")
    if codec.num_codebooks != config.codes.steps:
        raise ValueError(
            f"codec: expected frames of {config.codes.steps} codes, as {config.name} makes them, "
            f"got {codec.num_codebooks}"
        )
    return LanguageModelGenerator(
        name=config.name.replace("_", "-"),
        controls=OBEYED,
        exact_beats=False,
        engine=engine,
        codec=codec,
        conditioned=lambda styles, conditioning: feature_frames(features, styles, conditioning),
        sounding=lambda codes, conditioning: sounding_pitches(config.codes, codes, conditioning.tonic),
    )
