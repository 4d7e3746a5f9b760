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
    FRAME_SIZE,
    TICKS_PER_BEAT,
    Chunk,
    Codec,
    CodecRequest,
    Conditioning,
    Decoded,
    NoteEvent,
    Request,
    Result,
    Samples,
    StyleBank,
)
from segue.model import packed_history
from segue.model.conditioning import FeatureFrames
from segue.model.config import NO_CODE, Depthformer, FeatureConditioning
from segue.model.config import Codes as CodeLayout
from segue.model.engine import BLOCK, Codes, Engine, LanguageModel, Run
from segue.model.history import MOST_FRAMES, History, Played, frames_to_keep

OBEYED = frozenset({"tempo", "meter", "key", "drums", "intensity", "temperature", "guidance"})
# The encoder whose embeddings condition the bundled model.
STYLE_ENCODER = "words"
REFERENCE_TEMPO_BPM = 120.0
PITCHES_PER_OCTAVE = 12
# Styles that cancel each other out leave no direction to play in.
SILENT_STYLE = 1e-6
# Frames that the encoder hears before the first one that counts.
_ENCODER_FRAMES = 25


@dataclass(frozen=True, kw_only=True)
class GeneratorState:
    """A row between two frames: the language model's state, the codec decoder's, and the next frame.

    The noise goes by the model's own frame, which is another where saved music goes on. Once anything has been played,
    the model is ahead of the sound by the codec's delay.

    Attributes:
        history: What was played last.
        unread: Codes that come before the first frame, which the model reads once the first frame's styles are known.
    """

    model: Any
    codec: Any
    frame: int
    history: History = field(default_factory=History)
    unread: Codes | None = None


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


def _moved(note: NoteEvent, samples: int) -> NoteEvent:
    """Return the note so many samples later."""
    released = None if note.released is None else note.released + samples
    return replace(note, start=note.start + samples, released=released)


def _led(conditioning: Conditioning, lead: int) -> Conditioning:
    """Return conditioning with `lead` frames before the first, equal to it."""
    if lead == 0:
        return conditioning
    rows = np.maximum(np.arange(conditioning.num_frames + lead) - lead, 0)
    columns = {name: getattr(conditioning, name)[rows] for name in Conditioning.__dataclass_fields__ if name != "frame"}
    return Conditioning(frame=conditioning.frame - lead, **columns)


def _joined(first: Chunk, second: Chunk) -> Chunk:
    """Return two consecutive chunks as one."""
    return Chunk(
        frame=first.frame,
        samples=np.concatenate([first.samples, second.samples]),
        notes=(*first.notes, *second.notes),
        stems={family: np.concatenate([stem, second.stems[family]]) for family, stem in first.stems.items()},
    )


class LanguageModelGenerator:
    """Implements segue.contract.Generator over a LanguageModel and a Codec.

    Where the codec's sound lags behind its codes, the model goes ahead by as much: the codes that a frame of sound ends
    with are generated under that frame's conditioning. Before the first frame, it generates the lead under the first
    frame's conditioning, and the silence that the codec begins with is dropped.

    Where it continues a recording, the model reads the recording's last codes before the first frame, as if they had
    been generated under that frame's conditioning, and the codec's sound of them is dropped.

    Attributes:
        encoder: Name of the StyleEncoder of the styles that it was trained on.
        conditioned: A request's styles and conditioning as the model's frames.
        sounding: The model's codes as the codec's, under the same conditioning.
    """

    def __init__(
        self,
        *,
        name: str,
        encoder: str,
        controls: frozenset[str],
        exact_beats: bool,
        engine: LanguageModel,
        codec: Codec[Any],
        conditioned: Callable[[StyleBank, Conditioning], Any],
        sounding: Callable[[Codes, Conditioning], Codes],
        gain: float = 1.0,
        temperature: float = 1.0,
        most_kept: int = MOST_FRAMES,
        recording: Samples | None = None,
    ) -> None:
        """Join a language model and a codec.

        Args:
            name: As in `--generator`.
            codec: Lags by whole frames.
            conditioned: Returns styles and conditioning as the model reads them.
            sounding: Returns the model's codes as the codec's.
            gain: Factor of the codec's sound, which is clipped to [-1, 1] after it.
            temperature: What the model is sampled at where rules say 1.
            most_kept: Frames that a packed state holds at most.
            recording: Sound [S, 2] that each session continues which begins at frame 0; the end of it, as far as the
                model remembers. None: sessions begin with nothing before them.

        Raises:
            ValueError: If the codec lags by a part of a frame, or the recording is shorter than a frame.
            NotImplementedError: If the codec cannot encode the recording.
        """
        if codec.delay_samples % FRAME_SIZE:
            raise ValueError(f"codec: expected a delay of whole frames of {FRAME_SIZE}, got {codec.delay_samples}")
        self.name = name
        self.encoder = encoder
        self.controls = controls
        self.exact_beats = exact_beats
        self.rows = max(engine.batch_buckets)
        self.compiles = True
        self.threads = 1
        self.engine = engine
        self._codec = codec
        self._lead = codec.delay_samples // FRAME_SIZE
        self._gain = np.float32(gain)
        self._temperature = np.float32(temperature)
        self._keep = min(most_kept, frames_to_keep(engine.config, BLOCK))
        self._conditioned = conditioned
        self._sounding = sounding
        self._recorded = None if recording is None else self._last_codes(recording)

    @cached_property
    def model(self) -> str:
        """What plays: the hash of all weights, made when first asked."""
        return f"{self.name}-{packed_history.model_hash(self.engine)[:32]}"

    def start(self, *, seed: int, frame: int = 0) -> GeneratorState:
        # `unpack` finds the codec's blocks by the model's frame.
        first = -(-frame // self._codec.block_frames) * self._codec.block_frames
        return self._started(seed=seed, model_frame=first, frame=frame)

    def _started(self, *, seed: int, model_frame: int, frame: int) -> GeneratorState:
        model = self.engine.start(seed=seed, frame=model_frame)
        unread = self._recorded if model_frame == 0 else None
        return GeneratorState(model=model, codec=self._codec.start(), frame=frame, unread=unread)

    def _last_codes(self, recording: Samples) -> Codes:
        """Return the codes of the recording's last whole frames, at most as many as a packed state holds."""
        frames = min(len(recording) // FRAME_SIZE, self._keep + _ENCODER_FRAMES)
        if frames == 0:
            raise ValueError(f"recording: expected at least a frame of {FRAME_SIZE} samples, got {len(recording)}")
        return self._codec.encode(recording[len(recording) - frames * FRAME_SIZE :])[-self._keep :]

    def generate(self, requests: Sequence[Request[GeneratorState]]) -> list[Result[GeneratorState]]:
        """Play each request.

        Raises:
            ValueError: If a conditioning does not start where its state ends.
        """
        for request in requests:
            if request.conditioning.frame != request.state.frame:
                begins, ends = request.conditioning.frame, request.state.frame
                raise ValueError(f"conditioning begins at frame {begins}, its state ends before frame {ends}")
        longest = self.engine.longest_run - self._lead
        firsts = [replace(request, conditioning=request.conditioning[:longest]) for request in requests]
        batches = [firsts[begin : begin + self.rows] for begin in range(0, len(firsts), self.rows)]
        results = [result for batch in batches for result in self._generate(batch)]
        longer = [i for i, request in enumerate(requests) if request.conditioning.num_frames > longest]
        if longer:
            rest = [
                replace(requests[i], state=results[i].state, conditioning=requests[i].conditioning[longest:])
                for i in longer
            ]
            for i, more in zip(longer, self.generate(rest), strict=True):
                results[i] = Result(state=more.state, chunk=_joined(results[i].chunk, more.chunk))
        return results

    def _generate(self, requests: Sequence[Request[GeneratorState]]) -> list[Result[GeneratorState]]:
        """Play a batch of requests, none longer than the engine's longest run without the lead."""
        leads = [0 if request.state.history.num_frames else self._lead for request in requests]
        requests = [self._read(request) for request in requests]
        asked = [_led(request.conditioning, lead) for request, lead in zip(requests, leads, strict=True)]
        rans = self.engine.generate(
            [
                Run(
                    state=request.state.model,
                    frames=self._conditioned(request.styles, conditioning),
                    temperature=conditioning.temperature * self._temperature,
                    guidance=conditioning.guidance,
                )
                for request, conditioning in zip(requests, asked, strict=True)
            ]
        )
        pieces = [
            Played(request.styles, conditioning, ran.codes.astype(np.int16))
            for request, conditioning, ran in zip(requests, asked, rans, strict=True)
        ]
        decoded = self._codec.decode(
            [
                CodecRequest(
                    state=request.state.codec,
                    codes=self._sounding(ran.codes, piece.conditioning),
                    stems=request.stems,
                )
                for request, ran, piece in zip(requests, rans, pieces, strict=True)
            ]
        )
        return [
            self._result(request, ran.state, piece, sound, lead * FRAME_SIZE)
            for request, ran, piece, sound, lead in zip(requests, rans, pieces, decoded, leads, strict=True)
        ]

    def _read(self, request: Request[GeneratorState]) -> Request[GeneratorState]:
        """Return the request with the codes read that its state has yet to read."""
        state, codes = request.state, request.state.unread
        if codes is None:
            return request
        before = _led(request.conditioning[:1], len(codes))[: len(codes)]
        played = Played(request.styles, before, codes.astype(np.int16))
        position = packed_history.NoisePosition(int(state.model.seed), int(state.model.frame))
        return replace(request, state=self._after(position, played, frame=state.frame))

    def _result(
        self, request: Request[GeneratorState], model: Any, piece: Played, decoded: Decoded[Any], silence: int
    ) -> Result[GeneratorState]:
        """Return what a request is answered with.

        Args:
            piece: The frames generated.
            silence: Samples before the first frame's sound.
        """
        conditioning = request.conditioning
        after = GeneratorState(
            model=model,
            codec=decoded.state,
            frame=conditioning.frame + conditioning.num_frames,
            history=request.state.history.grown(piece, self._keep),
        )
        begin = conditioning.frame * FRAME_SIZE - silence
        return Result(
            state=after,
            chunk=Chunk(
                frame=conditioning.frame,
                samples=np.clip(decoded.samples[silence:] * self._gain, -1.0, 1.0),
                notes=tuple(_moved(note, begin) for note in decoded.notes),
                stems={name: stem[silence:] * self._gain for name, stem in decoded.stems.items()},
            ),
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
        """Return the packed state, moved to `frame`: the model reads its codes again, and the codec decodes those that
        its state depends on.

        The noise goes on where it was, so the codes that follow are those of the unbroken music but where two are
        equally likely to within the rounding of float32; sound is as much the same as the codec forgets what is older.

        Raises:
            ValueError: For bytes that are not of this model's packing.
        """
        position, played = packed_history.unpack(self.model, data, self.engine.config.codes)
        if played is None:
            return self._started(seed=position.seed, model_frame=position.frame, frame=frame)
        return self._after(position, played, frame=frame)

    def _after(self, position: packed_history.NoisePosition, played: Played, *, frame: int) -> GeneratorState:
        """Return the state at `position` after the frames of `played`; its sound is at `frame`."""
        audible = played.since(self._audible_from(len(played.codes), position.frame))
        sounding = self._sounding(audible.codes.astype(np.int32), audible.conditioning)
        (decoded,) = self._codec.decode([CodecRequest(state=self._codec.start(), codes=sounding)])
        return GeneratorState(
            model=self._read_again(position, played), codec=decoded.state, frame=frame, history=History((played,))
        )

    def _audible_from(self, length: int, frame: int) -> int:
        """Return the first of `length` packed frames that the codec decodes again to go on at the model's `frame`."""
        block = self._codec.block_frames
        frames = min(length, self._codec.memory_frames + block - 1)
        return length - frames + (frames - frame) % block

    def _read_again(self, position: packed_history.NoisePosition, played: Played) -> Any:
        """Return the model's state at `position`, after the frames of `played`."""
        frames = self._conditioned(played.styles, played.conditioning)
        return self.engine.restore(played.codes.astype(np.int32), frames, seed=position.seed, frame=position.frame)


def bundled_generator(engine: Engine, codec: Codec[Any]) -> LanguageModelGenerator:
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
        encoder=STYLE_ENCODER,
        controls=OBEYED,
        exact_beats=False,
        engine=engine,
        codec=codec,
        conditioned=lambda styles, conditioning: feature_frames(features, styles, conditioning),
        sounding=lambda codes, conditioning: sounding_pitches(config.codes, codes, conditioning.tonic),
    )
