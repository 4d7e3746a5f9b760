"""Layers, their states, and how a layer goes from one state to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from segue_rules.model.clips import ClipUse, Enter
from segue_rules.model.inputs import Condition
from segue_rules.model.music import Binding, Music, ThemeUse
from segue_rules.model.timing import AT_BEAT, At, Length, TimeRange
from segue_yaml.nodes import NOWHERE, Mark

_mark = field(default=NOWHERE, compare=False, repr=False)

# --- layers and states ----------------------------------------------------------------------------------------------

OnReturn: TypeAlias = Literal["vary", "resume", "restart"]
ON_RETURN: Final[tuple[OnReturn, ...]] = get_args(OnReturn)
"""What the music does where it comes back to a state: play the same theme another way, go on where it was, or begin
again."""


PlaylistOrder: TypeAlias = Literal["sequence", "shuffle", "random"]
PLAYLIST_ORDERS: Final[tuple[PlaylistOrder, ...]] = get_args(PlaylistOrder)
PIECE_SEPARATOR: Final = "/"
"""Between the names of a state and of its piece."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What makes a state one of several pieces of a playlist.

    Attributes:
        order, avoid_last: Of the whole playlist.
        weight: How often it is drawn, beside the weights of the others.
        length: How long it plays; None for as long as the playlist is on. A length in bars is a whole number of them.
        between: Whether it is not drawn, but plays after each of the others.
        bridge: Whether it is no piece of a playlist, but what plays first where a row with a bridge enters the state.
        state_mark: The place of the state that it is a piece of.
    """

    order: PlaylistOrder
    avoid_last: int
    weight: float = 1.0
    length: Length | TimeRange | None = None
    between: bool = False
    bridge: bool = False
    state_mark: Mark = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class LayerState:
    """One state of a layer. A default state has no condition, is always eligible and ranks below all others.

    A state of a file that has a playlist is several of these, one for each piece, which differ in name, mix, music,
    clips, theme and piece only.

    Attributes:
        mix: Weights above 0 by style, not normalised; empty for a state that adds nothing.
        groups: What transition rows and conditions may call it beside its name; no state of the layer has such a name.
        resist: Whether it also resists states of a higher priority for its min_time.
        mute: Names of the layers that are muted meanwhile.
        solo: Whether all other layers are.
        clips: The recordings that it plays.
        enter: Where these come in.
        cue: The name of the cue at which they do, where that is one; "" for any, drawn by chance.
        clip_leads: Whether the music has the tempo of the first of them that has one, from their beginning on.
    """

    name: str
    default: bool = False
    when: Condition | None = None
    unless: Condition | None = None
    priority: int = 0
    attack_frames: Length = 0
    hold_frames: Length = 0
    min_time_frames: Length = 0
    resist: bool = False
    cooldown_frames: Length = 0
    mix: Mapping[str, float] = field(default_factory=dict)
    music: Music = field(default_factory=Music)
    on_return: OnReturn = "vary"
    theme: ThemeUse | None = None
    mute: tuple[str, ...] = ()
    solo: bool = False
    clips: tuple[ClipUse, ...] = ()
    enter: Enter = "start"
    cue: str = ""
    clip_leads: bool = False
    piece: Piece | None = None
    groups: tuple[str, ...] = ()
    mark: Mark = _mark

    @property
    def written(self) -> str:
        """The name that the file gives the state, without that of the piece."""
        return written_name(self.name)


def written_name(name: str) -> str:
    """The name that a file gives a state, without that of the piece."""
    return name.partition(PIECE_SEPARATOR)[0]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """States of which exactly one is active.

    Attributes:
        weight: A constant, or a binding.
        theme: Of its states that name none.
        weight_ramp_frames: The shortest time in which a bound weight moves over the whole range of its curve.
    """

    name: str
    states: tuple[LayerState, ...]
    weight: float | Binding = 1.0
    weight_ramp_frames: int = 5
    theme: ThemeUse | None = None
    mark: Mark = _mark

    @property
    def default_index(self) -> int:
        """The index of the default state; of its first piece where it has a playlist."""
        return next(i for i, state in enumerate(self.states) if state.default)


# --- transitions ----------------------------------------------------------------------------------------------------

Curve: TypeAlias = Literal["linear", "smooth", "equal_power"]
CURVES: Final[tuple[Curve, ...]] = get_args(Curve)


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """What plays between the states of a change.

    Attributes:
        bars: Its length.
        mix, theme: None for those of the state entered.
    """

    bars: int
    mix: Mapping[str, float] | None = None
    music: Music = field(default_factory=Music)
    theme: ThemeUse | None = None


@dataclass(frozen=True, kw_only=True)
class Transition:
    """How a layer goes from one state to another.

    Attributes:
        layer: None for any.
        from_state, to_state: The name of a state or of a group; None for any.
        ramp_frames: Of what the layer does to controls and other layers, and of its mix where the fades are None.
        fade_out_frames, fade_in_frames: Of the old and of the new mix; None for ramp_frames.
        chance: How often a change that it fits takes it, 0 to 1; else the next row that fits is asked.
        place: Among the rows of the same layer and states, from 0 on.
    """

    layer: str | None = None
    from_state: str | None = None
    to_state: str | None = None
    at: At = AT_BEAT
    max_wait_frames: Length | None = None
    ramp_frames: Length = 50
    curve: Curve = "smooth"
    fade_out_frames: Length | None = None
    fade_in_frames: Length | None = None
    bridge: Bridge | None = None
    chance: float = 1.0
    place: int = 0
    mark: Mark = _mark

    @property
    def fades(self) -> tuple[Length, Length] | None:
        """How long the old mix fades out and the new one fades in; None where one ramp leads from one to the other."""
        out, enter = self.fade_out_frames, self.fade_in_frames
        if out is None and enter is None:
            return None
        return self.ramp_frames if out is None else out, self.ramp_frames if enter is None else enter


BUILT_IN_TRANSITION: Final = Transition()
