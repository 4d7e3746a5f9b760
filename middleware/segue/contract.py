"""The types that packages exchange: conditioning in, sound out, and the protocols of generators, encoders and codecs.

It imports NumPy and the style profile alone, so that `score`, `model` and `runtime` share types without importing each
other.

Dimensions: T frames, N styles, D embedding width, S samples (T * FRAME_SIZE), K codebooks, C channels (2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

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


class ThemeNote(NamedTuple):
    """A note of a theme.

    Attributes:
        start, beats: In beats.
        pitch, velocity: As in MIDI.
    """

    start: float
    beats: float
    pitch: int
    velocity: int


@dataclass(frozen=True, kw_only=True)
class ThemeNotes:
    """A short tune of the rules that music quotes.

    Attributes:
        name: As in the rule file.
        notes: By start, none overlapping the next; at least one.
        tonic: Pitch class of the key it is written in, -1 where it is to be found.
        mode: Index into MODES; unused without a tonic.
    """

    name: str
    notes: tuple[ThemeNote, ...]
    tonic: int = -1
    mode: int = 0


@dataclass(frozen=True, kw_only=True)
class StyleBank:
    """Styles as one encoder embeds them, in a fixed order: column n of a mix weighs row n here. And the themes.

    Attributes:
        names: N names, as in the rule file.
        embeddings: float32 [N, D], unit length, from one StyleEncoder.
        captions: N texts the embeddings came from ("" for audio prompts), for reports only.
        profiles: N profiles, for generators that read axes, the same whatever the encoder; () if none reads any.
        encoder: Name of the StyleEncoder; "" where no generator reads embeddings.
        themes: What `Conditioning.theme` counts, the same whatever the encoder.
    """

    names: tuple[str, ...]
    embeddings: NDArray[np.float32]
    captions: tuple[str, ...] = ()
    profiles: tuple[StyleProfile, ...] = ()
    encoder: str = ""
    themes: tuple[ThemeNotes, ...] = ()

    def __post_init__(self) -> None:
        if self.profiles and len(self.profiles) != len(self.names):
            raise ValueError(f"profiles: expected {len(self.names)}, got {len(self.profiles)}")
        if self.embeddings.ndim != 2 or len(self.embeddings) != len(self.names):
            raise ValueError(f"embeddings: expected [{len(self.names)}, D], got {self.embeddings.shape}")
        if not np.isfinite(self.embeddings).all():
            raise ValueError("embeddings: not finite")


@dataclass(frozen=True, eq=False)
class StyleBanks:
    """The styles of a session: a bank for each encoder that one of its generators needs.

    Attributes:
        banks: At least one, of different encoders. They agree in names, profiles and themes.
    """

    banks: tuple[StyleBank, ...]

    def __post_init__(self) -> None:
        if not self.banks:
            raise ValueError("banks: expected at least one")
        first = self.banks[0]
        for bank in self.banks[1:]:
            if (bank.names, bank.profiles, bank.themes) != (first.names, first.profiles, first.themes):
                raise ValueError(f"banks: {bank.encoder!r} has other styles than {first.encoder!r}")
        if len({bank.encoder for bank in self.banks}) < len(self.banks):
            raise ValueError(f"banks: expected one an encoder, got {', '.join(repr(b.encoder) for b in self.banks)}")

    @property
    def names(self) -> tuple[str, ...]:
        return self.banks[0].names

    def of(self, encoder: str) -> StyleBank:
        """Return the bank of an encoder; any one for "", the encoder of generators that read profiles alone.

        Raises:
            ValueError: There is none.
        """
        for bank in self.banks:
            if encoder in ("", bank.encoder):
                return bank
        there = ", ".join(repr(bank.encoder) for bank in self.banks)
        raise ValueError(f"styles: expected embeddings by the encoder {encoder!r}, got those by {there}")

    def same_as(self, other: StyleBanks) -> bool:
        """Return whether names, profiles, embeddings and themes are equal."""
        return len(self.banks) == len(other.banks) and all(
            one.encoder == two.encoder
            and one.names == two.names
            and one.profiles == two.profiles
            and one.themes == two.themes
            and np.array_equal(one.embeddings, two.embeddings)
            for one, two in zip(self.banks, other.banks, strict=True)
        )


_OPTIONAL_ROWS: Final = (
    "to_change",
    "next_weights",
    "ramp",
    "next_meter",
    "visit",
    "next_visit",
    "silent",
    "next_silent",
    "theme",
    "theme_strength",
    "next_theme",
)


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
        next_meter: int8, beats of the next bar if it begins in this frame; the bar's own meter where that is not known.
        ramp: int32, frames that the mix takes to move in the change that starts in this frame; -1 in other frames, and
            where it is not known.
        visit: int32 [T, 2], of the visit of the state that leads the music: its number, 0 for the first and for those
            that are to sound like it, and the bar from which its form is counted, before 0 where it goes on from an
            earlier one.
        next_visit: int32 [T, 2], of the visit that the change leads to; `visit` where no change is known.
        silent: bool, whether the rules have let the music fall silent: from the frame on in which that change starts.
        next_silent: bool, whether the change leads to silence; `silent` where no change is known. Music that will
            fall silent may close with its last chord on the first beat of the silence, which is faded out.
        theme: int16, index of the theme that tunes quote, -1 for none; music takes it up where a phrase begins.
        theme_strength: float32 in [0, 1], the share of phrases that are made of it.
        next_theme: int16, index of the theme after the change, -1 for none or for a strength of 0; `theme` where no
            change is known.
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
    ramp: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    next_meter: NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))
    visit: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 2), np.int32))
    next_visit: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 2), np.int32))
    silent: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    next_silent: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    theme: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    theme_strength: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    next_theme: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))

    def __post_init__(self) -> None:
        if len(self.to_change) == 0:
            object.__setattr__(self, "to_change", np.full(len(self.weights), -1, np.int32))
            object.__setattr__(self, "next_weights", self.weights)
        if len(self.ramp) == 0:
            object.__setattr__(self, "ramp", np.full(len(self.weights), -1, np.int32))
        if len(self.next_meter) == 0:
            object.__setattr__(self, "next_meter", self.meter)
        if len(self.visit) == 0:
            object.__setattr__(self, "visit", np.zeros((len(self.weights), 2), np.int32))
        if len(self.next_visit) == 0:
            object.__setattr__(self, "next_visit", self.visit)
        if len(self.theme) == 0:
            object.__setattr__(self, "theme", np.full(len(self.weights), -1, np.int16))
            object.__setattr__(self, "theme_strength", np.zeros(len(self.weights), np.float32))
        if len(self.next_theme) == 0:
            object.__setattr__(self, "next_theme", self.theme)
        if len(self.silent) == 0:
            object.__setattr__(self, "silent", np.zeros(len(self.weights), np.bool_))
        if len(self.next_silent) == 0:
            object.__setattr__(self, "next_silent", self.silent)
        for name in _OPTIONAL_ROWS:
            if len(getattr(self, name)) != len(self.weights):
                raise ValueError(f"{name}: expected {len(self.weights)} rows, got {len(getattr(self, name))}")

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
        role: What it plays: its family or, in the family melody, counter; "" where that is not known. It is not heard,
            so equal notes may differ in it.
        style: The key of the style profile that plays it, "" for what belongs to none, such as a fill.
        released: Sample position from which it fades out though it is written longer, None for most notes.
    """

    start: int
    duration: int
    program: int
    pitch: int
    velocity: int
    drums: bool
    family: str
    role: str = field(default="", compare=False)
    style: str = ""
    released: int | None = None


class NoteRelease(NamedTuple):
    """The release of all notes of a style that began before, drums excepted.

    Attributes:
        start: Sample position.
        style: Its key.
    """

    start: int
    style: str


class ComposedChord(NamedTuple):
    """A chord of a bar.

    Attributes:
        tick: Musical position from which it holds.
        name: As a musician writes it ("Dm7", "C/E").
    """

    tick: int
    name: str


@dataclass(frozen=True, kw_only=True)
class ComposedBar:
    """What a composer plays in one bar, for who reads the music: reports and scores.

    Attributes:
        start: Sample position (48 kHz, session clock) from which it holds: the bar line, or where music begins or ends
            within a bar.
        tick: The musical position of that, in ticks.
        ends: The musical position at which it ends, unless another one begins before.
        section: Its section of the form, such as "climax"; "ending" for the cadence before a silence.
        opens: Whether a section begins here.
        tonic: Pitch class of the key.
        mode: The key's scale by name, such as "dorian" or "blues".
        key, minor: The key signature that suits the scale best: the pitch class of its major key, and whether it is to
            be written as that key's relative minor.
        chords: In order; the first one holds from `tick` on.
        theme: The theme of the rules that the tune quotes here; "" for none.
    """

    start: int
    tick: int
    ends: int
    section: str
    opens: bool
    tonic: int
    mode: str
    key: int
    minor: bool
    chords: tuple[ComposedChord, ...]
    theme: str = ""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Sound for consecutive frames.

    Attributes:
        samples: float32 [S, 2] in [-1, 1].
        frame: Index of the first.
        notes: The notes that start in the chunk as they are written, where the generator knows them.
        bars: The bars that begin in the chunk, where the generator composes.
        releases: Of notes that are written longer, by start.
        stems: Family -> float32 [S, 2], summing to `samples` up to the loudness stage; empty unless asked for.
    """

    frame: int
    samples: Samples
    notes: tuple[NoteEvent, ...] = ()
    bars: tuple[ComposedBar, ...] = ()
    releases: tuple[NoteRelease, ...] = ()
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
        encoder: Name of the StyleEncoder whose embeddings it reads; "" if it reads profiles, or no style at all.
        controls: The fields of Conditioning it obeys, of {"tempo", "meter", "key", "drums", "intensity", "temperature",
            "guidance"}, and "fills" if it leads into changes that are known in advance.
        exact_beats: Whether beats sound where the tempo map says.
        rows: How many requests it plays in little more time than one; further ones are better requested one after the
            other.
        threads: How many threads may call `generate` at once with a gain; that may change while it plays. Whatever the
            number, `start`, `pack` and `unpack` may be called by other threads meanwhile.
        compiles: Whether its first calls take seconds longer than those that follow; call it once before the first
            session needs it.
    """

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def encoder(self) -> str: ...

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


@dataclass(frozen=True, kw_only=True)
class CodecRequest(Generic[State]):
    """One row of a batch to decode: go on from `state` with codes, int32 [T, K], coarse codebook first."""

    state: State
    codes: NDArray[np.int32]
    stems: bool = False


@dataclass(frozen=True, kw_only=True)
class Decoded(Generic[State]):
    """The state after a request's last frame, and its sound.

    Attributes:
        samples: float32 [S, 2].
        notes: The notes that start in it, where the codec's codes are notes; positions from its first sample on.
        stems: Family -> float32 [S, 2], summing to `samples`; empty unless asked for, and where there are none.
    """

    state: State
    samples: Samples
    notes: tuple[NoteEvent, ...] = ()
    stems: Mapping[str, Samples] = field(default_factory=dict)


class Codec(Protocol[State]):
    """A streaming codec: codes to sound, and sound to codes where that can be done.

    A state is an immutable value: decoding from an old one again is always valid.

    Attributes:
        num_codebooks: K, codes of a frame.
        delay_samples: How far sound lags behind its codes: so many samples of silence come first.
        memory_frames: Frames of the past that a decoder's state depends on: decoding as many again from `start` leads
            to the same state.
        block_frames: Frames that are decoded at once. Where it is more than 1, cuts do not change a bit of the sound;
            decoding again then has to begin a multiple of so many frames after the start.
    """

    @property
    def num_codebooks(self) -> int: ...

    @property
    def delay_samples(self) -> int: ...

    @property
    def memory_frames(self) -> int: ...

    @property
    def block_frames(self) -> int: ...

    def encode(self, samples: Samples) -> NDArray[np.int32]:
        """Codes [T, K] of sound, float32 [S, 2], from its first sample on; what does not fill a frame is left out.

        Raises:
            NotImplementedError: If the codec only decodes.
        """
        ...

    def start(self) -> State:
        """The decoder's state before the first frame."""
        ...

    def decode(self, requests: Sequence[CodecRequest[State]]) -> list[Decoded[State]]:
        """Decode each request; rows are independent, and equal requests in batches of one size give equal bytes.

        However codes are cut into requests, the sound is the same but for rounding.

        Raises:
            ValueError: For codes of another shape or outside their codebooks.
        """
        ...
