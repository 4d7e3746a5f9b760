"""The configuration of a Depthformer, checked at construction, and the three that ship."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final, Protocol

END_OF_FRAME: Final = 0
NO_CODE: Final = -1


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack of transformer layers.

    Attributes:
        width: Of the residual stream.
        hidden: Width of the feed-forward block. Attention has a width of heads * head_width.
    """

    layers: int
    width: int
    hidden: int
    heads: int
    head_width: int

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            _require(getattr(self, name) >= 1, f"{name}: expected at least 1, got {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True)
class Codes:
    """How a frame is spelled in codes.

    Attributes:
        cardinalities: The size of each codebook, in the order a frame goes through them.
        max_events: 0 where a frame is one pass through all codebooks (audio); otherwise a frame is up to that many
            passes (note events), closed by END_OF_FRAME, which is code 0 of the first codebook.
        reserved: Rows of the embedding table before the first code (row 0 stands for "before the music").
    """

    cardinalities: tuple[int, ...]
    max_events: int = 0
    reserved: int = 6

    def __post_init__(self) -> None:
        _require(len(self.cardinalities) >= 1, "cardinalities: expected at least one codebook")
        _require(min(self.cardinalities) >= 2, f"cardinalities: expected >= 2, got {self.cardinalities}")
        _require(self.max_events >= 0, f"max_events: expected >= 0, got {self.max_events}")
        _require(self.reserved >= 1, f"reserved: expected >= 1, got {self.reserved}")

    @property
    def ends_early(self) -> bool:
        return self.max_events > 0

    @property
    def num_codebooks(self) -> int:
        return len(self.cardinalities)

    @property
    def steps(self) -> int:
        """K, the most codes a frame can hold, its END_OF_FRAME included."""
        return self.max_events * self.num_codebooks + 1 if self.ends_early else self.num_codebooks

    @property
    def offsets(self) -> tuple[int, ...]:
        """Row of the embedding table where each codebook begins."""
        return tuple(accumulate(self.cardinalities[:-1], initial=self.reserved))

    @property
    def vocabulary(self) -> int:
        return self.reserved + sum(self.cardinalities)

    def codebook(self, step: int) -> int:
        """Return the codebook of the step-th code of a frame."""
        return step % self.num_codebooks


@dataclass(frozen=True, kw_only=True)
class TokenConditioning:
    """Magenta RealTime 2's conditioning: style tokens, note states, drums and guidance scales, all as tokens.

    The style enters as the sum of style_levels rows of a table of vectors (style_width wide); the other channels as the
    mean of one embedding each: 128 note states, drums, and the three guidance scales.

    Attributes:
        style_levels: Style tokens of a frame, one for each level of the quantiser.
        style_cardinality: Rows of each level in the table of style vectors.
        style_width: Width of a style vector.
        note_states, drum_states: How many states a note and the drums have.
        style_scales: How many values the guidance scales of style and notes have.
        drum_scales: How many values the guidance scale of drums has.

    Source: magenta-rt 2.0.3, configuration of the released checkpoints.
    """

    style_levels: int = 12
    style_cardinality: int = 1_024
    style_width: int = 768
    note_states: int = 4
    drum_states: int = 2
    style_scales: int = 41
    drum_scales: int = 9

    NOTES = 128
    # Six reserved ids and one for "not given" come before the first value of a channel.
    FIRST_VALUE = 7

    @property
    def style_rows_per_level(self) -> int:
        return self.style_cardinality + self.FIRST_VALUE

    @property
    def channel_sizes(self) -> tuple[int, ...]:
        """Embedding rows of each channel: 128 notes, drums, style scale, notes scale, drums scale.

        The scales have one row less than their values need: the released model shifts them by FIRST_VALUE too, so
        the largest scale of a channel shares a row with the next channel's first.
        """
        given = [self.note_states + self.FIRST_VALUE] * self.NOTES + [self.drum_states + self.FIRST_VALUE]
        scales = [self.style_scales, self.style_scales, self.drum_scales]
        return (*given, *(size + self.FIRST_VALUE - 1 for size in scales))

    @property
    def channel_rows(self) -> int:
        """Rows of the channels' common table, rounded up to a multiple of 128 as released."""
        return -(-sum(self.channel_sizes) // 128) * 128


@dataclass(frozen=True, kw_only=True)
class FeatureConditioning:
    """The bundled model's conditioning: a style vector, the musical clock and a few named controls.

    Attributes:
        style_width: Length of the style embedding.
        beat_harmonics, bar_harmonics: Sine/cosine pairs of each phase.
        modes: Number of key modes.
        max_meter: Largest number of beats in a bar.
    """

    style_width: int = 128
    beat_harmonics: int = 3
    bar_harmonics: int = 6
    modes: int = 6
    max_meter: int = 15

    @property
    def clock_width(self) -> int:
        """Sine and cosine of each harmonic, and the logarithm of the tempo."""
        return 2 * (self.beat_harmonics + self.bar_harmonics) + 1


@dataclass(frozen=True, kw_only=True)
class Depthformer:
    """One language model: a temporal stack over frames, a depth stack over the codes of a frame.

    Attributes:
        window: Frames a temporal layer sees, its own included.
        sinks: Learned keys every query may attend to.
        encoder_width: Width of a frame's encoded conditioning.
        cross_attention: Whether temporal layers attend to the window's conditioning (otherwise each frame's own is
            added to its input).
        streams: 2 where guidance needs a second, unconditioned stream beside each row, else 1.
        soft_cap: Bound of the logits.
    """

    name: str
    codes: Codes
    conditioning: TokenConditioning | FeatureConditioning
    encoder_width: int
    temporal: Stack
    depth: Stack
    window: int
    sinks: int = 1
    cross_attention: bool = True
    streams: int = 1
    soft_cap: float = 30.0

    def __post_init__(self) -> None:
        _require(self.window >= 2, f"window: expected at least 2 frames, got {self.window}")
        _require(self.sinks >= 1, f"sinks: expected at least 1, got {self.sinks}")
        _require(self.encoder_width >= 1, f"encoder_width: expected at least 1, got {self.encoder_width}")
        _require(self.soft_cap > 0, f"soft_cap: expected > 0, got {self.soft_cap}")
        _require(self.streams in (1, 2), f"streams: expected 1 or 2, got {self.streams}")

    @property
    def receptive_field(self) -> int:
        """Frames of the past that can reach a frame's logits, the frame before it included."""
        return self.temporal.layers * (self.window - 1) + 1


class Configuration(Protocol):
    """What a language model says of itself, whatever it is made of.

    Attributes:
        codes: How its frames are spelled.
        receptive_field: Frames of the past that can reach a frame's logits.
    """

    @property
    def name(self) -> str: ...

    @property
    def codes(self) -> Codes: ...

    @property
    def receptive_field(self) -> int: ...


MRT2_CODES: Final = Codes(cardinalities=(1_024,) * 12)

MRT2_SMALL: Final = Depthformer(
    name="mrt2_small",
    codes=MRT2_CODES,
    conditioning=TokenConditioning(),
    encoder_width=256,
    temporal=Stack(layers=12, width=1_024, hidden=4_096, heads=8, head_width=128),
    depth=Stack(layers=2, width=768, hidden=3_072, heads=6, head_width=128),
    window=42,
)

MRT2_BASE: Final = Depthformer(
    name="mrt2_base",
    codes=MRT2_CODES,
    conditioning=TokenConditioning(),
    encoder_width=1_024,
    temporal=Stack(layers=20, width=3_072, hidden=8_192, heads=24, head_width=128),
    depth=Stack(layers=6, width=1_024, hidden=4_096, heads=8, head_width=128),
    window=26,
)

# Instrument (128 programmes, drums, end of frame), pitch, attributes (velocity x duration x 10 ms sub-position).
NOTE_CODES: Final = Codes(cardinalities=(130, 128, 1_024), max_events=8, reserved=1)

SEGUE_SMALL: Final = Depthformer(
    name="segue_small",
    codes=NOTE_CODES,
    conditioning=FeatureConditioning(),
    encoder_width=192,
    temporal=Stack(layers=6, width=288, hidden=1_152, heads=6, head_width=48),
    depth=Stack(layers=2, width=192, hidden=768, heads=4, head_width=48),
    window=64,
    cross_attention=False,
    streams=2,
)

# The same mathematics small enough to prove in seconds; sizes are all different, so that no two can be swapped.
MRT2_TINY: Final = Depthformer(
    name="mrt2_tiny",
    codes=Codes(cardinalities=(16,) * 4),
    conditioning=TokenConditioning(style_levels=3, style_cardinality=11, style_width=20),
    encoder_width=24,
    temporal=Stack(layers=2, width=32, hidden=56, heads=4, head_width=10),
    depth=Stack(layers=2, width=28, hidden=44, heads=2, head_width=12),
    window=6,
)

SEGUE_TINY: Final = replace(
    SEGUE_SMALL,
    name="segue_tiny",
    codes=Codes(cardinalities=(7, 9, 12), max_events=3, reserved=1),
    conditioning=FeatureConditioning(style_width=16),
    encoder_width=20,
    temporal=Stack(layers=2, width=32, hidden=56, heads=4, head_width=10),
    depth=Stack(layers=2, width=28, hidden=44, heads=2, head_width=12),
    window=6,
)

CONFIGS: Final = {c.name: c for c in (MRT2_SMALL, MRT2_BASE, SEGUE_SMALL, MRT2_TINY, SEGUE_TINY)}
