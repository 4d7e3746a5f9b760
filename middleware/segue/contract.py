"""The types that packages exchange: conditioning in, sound out, and the protocols of generators, encoders and codecs.

It imports NumPy and the style profile alone, so that `score`, `model` and `runtime` share types without importing each
other.

Dimensions: T frames, N styles, D embedding width, S samples (T * FRAME_SIZE), K codebooks, C channels (2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from segue.style_profile import StyleProfile

SAMPLE_RATE: Final = 48_000
FRAME_SIZE: Final = 1_920
FRAME_RATE: Final = SAMPLE_RATE // FRAME_SIZE
CHANNELS: Final = 2
# One frame at b milli-bpm lasts exactly b ticks, so the musical clock adds integers and never drifts.
TICKS_PER_BEAT: Final = 1_500_000
# A packed state travels in a resume cell of 16 KiB, beside the director's.
MOST_STATE_BYTES: Final = 12_288

# Bounds of a session's lookahead and of its chunks.
SHORTEST_LOOKAHEAD_S: Final = 0.2
LONGEST_LOOKAHEAD_S: Final = 30.0
LONGEST_CHUNK_FRAMES: Final = 250
# A client's crossfade from one take to another and its fade-out of a cancelled stinger, in samples, and the music it
# waits for before it starts.
JOIN_SAMPLES: Final = SAMPLE_RATE * 20 // 1000
FADE_SAMPLES: Final = SAMPLE_RATE * 30 // 1000
PRE_ROLL_S: Final = 0.3

FAMILIES: Final = ("drums", "bass", "harmony", "melody", "texture")
"""The families of instruments, each a stem."""
MODES: Final = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian")

Samples = NDArray[np.float32]
State = TypeVar("State")


class GeneratorError(Exception):
    """A generator cannot play on this machine; the message says why."""


@dataclass(frozen=True, kw_only=True)
class StyleBank:
    """The styles of a session, in a fixed order: column n of a mix weighs row n here.

    Attributes:
        names: N names, as in the rule file.
        embeddings: float32 [N, D], unit length, from one StyleEncoder.
        captions: N texts the embeddings came from ("" for audio prompts), for reports only.
        profiles: N profiles, for generators that read axes; () where the encoder reads none.
    """

    names: tuple[str, ...]
    embeddings: NDArray[np.float32]
    captions: tuple[str, ...] = ()
    profiles: tuple[StyleProfile, ...] = ()

    def __post_init__(self) -> None:
        if self.profiles and len(self.profiles) != len(self.names):
            raise ValueError(f"profiles: expected {len(self.names)}, got {len(self.profiles)}")
        if self.embeddings.ndim != 2 or len(self.embeddings) != len(self.names):
            raise ValueError(f"embeddings: expected [{len(self.names)}, D], got {self.embeddings.shape}")
        if not np.isfinite(self.embeddings).all():
            raise ValueError("embeddings: not finite")


@dataclass(frozen=True, kw_only=True)
class Conditioning:
    """The input of a generator for T consecutive frames. All arrays have length T; row t is frame + t.

    Where a bar line falls inside a frame, tonic, mode and drums are those of the bar that begins there. What leads into
    a change begins at most a bar (`meter` beats) before it, so a change that is further off never makes a generator
    play again what it has played. Without `to_change` and `next_weights`, no change is known.

    Attributes:
        frame: Index of the first frame.
        weights: float32 [T, N], each row finite, >= 0, summing to 1.
        tempo_bpm: float32, beats a minute.
        ticks: int64, musical position at the frame's start, TICKS_PER_BEAT a beat.
        bar: int32, index of the bar the frame starts in.
        bar_ticks: int64, musical position where that bar began.
        meter: int8, beats in the bar.
        tonic: int8, pitch class 0 (C) to 11, or -1 for the generator's choice.
        mode: int8, index into MODES.
        drums: int8, 1 on, 0 off, -1 the generator's choice.
        intensity: float32 in [0, 1].
        temperature: float32 > 0.
        guidance: float32 >= 0.
        to_change: int32, frames until the next change of the music that is known in this frame: 0 where it starts, -1
            for none. A change that is known may still be withdrawn.
        next_weights: float32 [T, N], the mix that the change leads to; the weights where no change is known.
    """

    frame: int
    weights: NDArray[np.float32]
    tempo_bpm: NDArray[np.float32]
    ticks: NDArray[np.int64]
    bar: NDArray[np.int32]
    bar_ticks: NDArray[np.int64]
    meter: NDArray[np.int8]
    tonic: NDArray[np.int8]
    mode: NDArray[np.int8]
    drums: NDArray[np.int8]
    intensity: NDArray[np.float32]
    temperature: NDArray[np.float32]
    guidance: NDArray[np.float32]
    to_change: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    next_weights: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    def __post_init__(self) -> None:
        if len(self.to_change) == 0:
            object.__setattr__(self, "to_change", np.full(len(self.weights), -1, np.int32))
            object.__setattr__(self, "next_weights", self.weights)
        if not len(self.weights) == len(self.to_change) == len(self.next_weights):
            raise ValueError(f"to_change, next_weights: expected {len(self.weights)} rows")

    @property
    def num_frames(self) -> int:
        return len(self.weights)

    def __getitem__(self, frames: slice) -> Conditioning:
        """Rows `frames` (a step of 1) as a Conditioning of their own."""
        start, stop, step = frames.indices(self.num_frames)
        if step != 1 or stop <= start:
            raise ValueError(f"expected a non-empty slice with step 1, got {frames}")
        rows = {name: getattr(self, name)[start:stop] for name in self.__dataclass_fields__ if name != "frame"}
        return Conditioning(frame=self.frame + start, **rows)


@dataclass(frozen=True, kw_only=True)
class NoteEvent:
    """One note as played.

    Attributes:
        start: Sample position (48 kHz, session clock).
        duration: Samples.
        program: General MIDI programme 0-127; when drums, the number of the kit (0 the standard kit).
        pitch: MIDI key (a drum key when drums).
        velocity: 1-127.
        family: The stem it belongs to: drums, bass, harmony, melody or texture.
    """

    start: int
    duration: int
    program: int
    pitch: int
    velocity: int
    drums: bool
    family: str


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Sound for consecutive frames.

    Attributes:
        samples: float32 [S, 2] in [-1, 1].
        frame: Index of the first.
        notes: The notes that start in the chunk, where the generator knows them.
        stems: Family -> float32 [S, 2], summing to `samples` up to the loudness stage; empty unless asked for.
    """

    frame: int
    samples: Samples
    notes: tuple[NoteEvent, ...] = ()
    stems: Mapping[str, Samples] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Request(Generic[State]):
    """One row of a generation batch: go on from `state` under `conditioning`."""

    state: State
    styles: StyleBank
    conditioning: Conditioning
    stems: bool = False


@dataclass(frozen=True, kw_only=True)
class Result(Generic[State]):
    """The state after a request's last frame, and its sound."""

    state: State
    chunk: Chunk


class Generator(Protocol[State]):
    """Plays conditioning as sound. A state is an immutable value: generating from an old one again is always valid.

    Attributes:
        name: As in `--generator`.
        model: What plays, its content hashed, at most 128 bytes: packed states are good for generators of the same
            model alone.
        controls: The fields of Conditioning it obeys, of {"tempo", "meter", "key", "drums", "intensity", "temperature",
            "guidance"}, and "fills" if it leads into changes that are known in advance.
        exact_beats: Whether beats sound where the tempo map says.
        rows: How many requests it plays in little more time than one; further ones are better requested one after the
            other.
        threads: How many threads may call `generate` at once with a gain. Whatever the number, `start`, `pack` and
            `unpack` may be called by other threads meanwhile.
        compiles: Whether its first calls take seconds longer than those that follow; call it once before the first
            session needs it.
    """

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def controls(self) -> frozenset[str]: ...

    @property
    def exact_beats(self) -> bool: ...

    @property
    def rows(self) -> int: ...

    @property
    def threads(self) -> int: ...

    @property
    def compiles(self) -> bool: ...

    def start(self, *, seed: int, frame: int = 0) -> State:
        """The state before `frame`, with nothing played yet."""
        ...

    def generate(self, requests: Sequence[Request[State]]) -> list[Result[State]]:
        """Play each request; rows are independent, and equal requests give equal bytes.

        Raises:
            ValueError: If a conditioning does not start where its state ends.
        """
        ...

    def state_bytes(self, state: State) -> int:
        """Memory that keeping `state` costs, in bytes."""
        ...

    def pack(self, state: State) -> bytes:
        """What `unpack` needs to go on from `state`, at most MOST_STATE_BYTES; equal states give equal bytes.

        Cheap enough to be called for every chunk.
        """
        ...

    def unpack(self, data: bytes, *, frame: int) -> State:
        """A state before `frame` from which the packed music goes on, whatever frame it was packed at.

        It sounds as if it had never stopped, within what the generator documents; it may take a second to make.

        Raises:
            ValueError: For bytes that are not of this model's packing. No bytes raise anything else.
        """
        ...


@runtime_checkable
class StyleEncoder(Protocol):
    """Text and audio to one style embedding (float32 [D], unit length).

    Attributes:
        audio_warning: What its users must know of its audio prompts; "" where they are as good as its texts.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def audio_warning(self) -> str: ...

    def embed_text(self, text: str) -> NDArray[np.float32]:
        """Embedding of a phrase.

        Raises:
            ValueError: For one with no known word.
        """
        ...

    def embed_audio(self, samples: Samples) -> NDArray[np.float32]:
        """Embedding of sound, float32 [S, 2] at 48 kHz.

        Raises:
            NotImplementedError: If the encoder takes text alone.
        """
        ...

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The words of `text` that do not count, for a warning."""
        ...


class Codec(Protocol):
    """A streaming neural codec: sound to codes and back. codes: int32 [T, K], coarse codebook first."""

    num_codebooks: int

    def encode(self, samples: Samples) -> NDArray[np.int32]: ...

    def start(self) -> Any:
        """The decoder's state before the first frame."""
        ...

    def decode(self, state: Any, codes: NDArray[np.int32]) -> tuple[Any, Samples]: ...
