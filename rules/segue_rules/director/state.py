"""The director's state: everything that a frame needs to know of the frames before it.

It consists of named tuples of plain values. Times are absolute frames, so a state at rest stays equal while time
passes.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

from segue_rules.model import FRAME_SIZE, InputValue
from segue_rules.plan import NO_END, Cause, MusicalClock

# A frame before all others, for what has never happened.
NEVER: Final = -(1 << 40)
# A frame after all others, for what has not ended.
STILL: Final = 1 << 40

Vector: TypeAlias = tuple[float, ...]


class InputNow(NamedTuple):
    """An input. Of a trigger only `since` counts: the frame in which it was fired last.

    Attributes:
        origin: Its value in frame `since`, in which the target was set.
        sequence: The event that set it, -1 for none.
    """

    origin: InputValue
    target: InputValue
    since: int
    sequence: int


class TimerNow(NamedTuple):
    """A trigger with a timer.

    Attributes:
        since: Its last firing, or the start.
        fired: How often it was fired since the start.
    """

    since: int
    fired: int


class ConditionRun(NamedTuple):
    """The present unbroken run of a condition being true or false.

    Attributes:
        since: Its first frame.
    """

    holds: bool
    since: int


class Pending(NamedTuple):
    """A decided change that waits for its boundary.

    Attributes:
        state: Index in the layer.
        row: Index of its transition row.
        predicted: The start as predicted when it was decided.
    """

    state: int
    decided: int
    row: int
    predicted: int
    causes: tuple[Cause, ...]


class ControlPart(NamedTuple):
    """What a layer does to a continuous control: the level becomes (1 - share) level + value.

    Attributes:
        share: 0 to 1.
        value: In the unit of the control. To the gain, the value is added alone.
    """

    share: float
    value: float


class PieceStart(NamedTuple):
    """Where the present piece of a playlist began: frame, first beat (in ticks) and first bar at or after it."""

    frame: int
    ticks: int
    bar: int


class PlaylistHistory(NamedTuple):
    """What a playlist has played.

    Attributes:
        draws: How many pieces so far.
        last: The latest of them by index, the newest last.
    """

    draws: int
    last: tuple[int, ...]


class LayerNow(NamedTuple):
    """A layer.

    Attributes:
        active: Index of the active state, since frame `start`.
        origin: The mix in which its ramp began.
        row: The transition row of that ramp.
        ramp: Its length in frames.
        runs, cooldowns: For each state of the file, the run of its condition and the end of its cooldown.
        fades: The frames in which the origin fades out and the state's mix fades in; None where the ramp leads from one
            to the other.
        entered: The frame in which the state of the file became active, with whichever piece.
        playing, courses: The present piece of a playlist, and what each playlist of the layer has played; empty without
            a playlist.
        parts, muted: What the layer did to each continuous control, and how far it muted each layer, where its ramp
            began; empty before its first change.
        changes: How many changes of it have started since the start, where chance decides transition rows; else 0.
    """

    active: int
    start: int
    origin: Vector
    row: int
    pending: Pending | None
    runs: tuple[ConditionRun, ...]
    cooldowns: tuple[int, ...]
    ramp: int = 0
    parts: tuple[ControlPart, ...] = ()
    muted: Vector = ()
    fades: tuple[int, int] | None = None
    entered: int = NEVER
    playing: PieceStart | None = None
    courses: tuple[PlaylistHistory | None, ...] = ()
    changes: int = 0


class StingerNow(NamedTuple):
    """A stinger.

    Attributes:
        waiting: Whether it waits for its boundary.
        start: Of the last one, or NEVER.
        origin: The envelope of a burst at its start.
        time, ramp: How long that burst lasts and takes to come and to go, in frames; 0 for an audio stinger.
    """

    waiting: bool
    start: int
    origin: float
    time: int = 0
    ramp: int = 0


class StylesTempo(NamedTuple):
    """The tempo of the styles, which `auto` leads to. A ramp leads to it from an earlier tempo.

    Attributes:
        source, active: The layer whose styles give it (-1 for none), and its active state.
        origin: The tempo in which the ramp began, in bpm.
        since, frames: The frame in which the ramp began, and its length.
        curve: The shape of the ramp.
    """

    source: int
    active: int
    origin: float
    since: int
    frames: int
    curve: str


class Glide(NamedTuple):
    """The way of a continuous control to where the layers lead it, from the value before a reset or a reload.

    It leads from `origin` in frame `since` over `frames` along `curve`; over 0 frames it is over.
    """

    origin: float
    since: int
    frames: int
    curve: str


class SwitchNow(NamedTuple):
    """Meter, key or drums.

    Attributes:
        value: In force.
        source: The layer that decided it.
    """

    value: int | str | tuple[int, ...]
    source: int


class Led(NamedTuple):
    """The state that leads the music since a bar. layer: -1 before the first."""

    layer: int
    state: int
    bar: int


class Visited(NamedTuple):
    """How often a state has begun to lead, the present visit included, and the bars of its visits before."""

    layer: int
    state: int
    begun: int
    bars: int


class ClipVoice(NamedTuple):
    """A clip that sounds.

    Attributes:
        layer, state, clip: By index. state: That which plays it, or played it last; -1 for one that is gone.
        part: Played before its state by its pre-entry, played by the active state, fading out, cut off, or its outro.
        start: The sample of the session at which its beginning lies; of an outro, that of its file.
        begin, end: From where on and how long it is heard; end: NO_END where nothing cuts it off.
        origin: Its level where its ramp began.
        since, frames, curve: That ramp.
        level, gain: Linear, at the end of the last frame, without and with the weight of the layer.
        shown: How far it stood in for a mix where its ramp began, 0 to 1.
    """

    layer: int
    state: int
    clip: int
    part: Literal["pre", "on", "off", "cut", "outro"]
    start: int
    begin: int
    end: int
    origin: float
    since: int
    frames: int
    curve: str
    level: float = 0.0
    gain: float = 0.0
    shown: float = 0.0


class ClipsNow(NamedTuple):
    """The clips.

    Attributes:
        voices: By layer, the oldest first.
        music: The level of the generated music beside them, at the end of the last frame.
    """

    voices: tuple[ClipVoice, ...]
    music: float


class DirectorState(NamedTuple):
    """The state before `frame`.

    Attributes:
        weights: Of the layers, as moved, before other layers mute them.
        last_mix: The last mix that was not empty.
        visits: Of the states that have led, by layer and state.
        timers: Of the triggers that have one, in file order.
        counts: Of the counters.
        left: Of the stays, the first frame in which the layer was no longer there; STILL while it is, or NEVER.
    """

    frame: int
    clock: MusicalClock
    inputs: tuple[InputNow, ...]
    latches: tuple[bool, ...]
    layers: tuple[LayerNow, ...]
    weights: Vector
    stingers: tuple[StingerNow, ...]
    styles_tempo: StylesTempo
    glides: tuple[Glide, ...]
    switches: tuple[SwitchNow, ...]
    last_mix: Vector
    led: Led
    visits: tuple[Visited, ...]
    timers: tuple[TimerNow, ...] = ()
    counts: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    clips: ClipsNow = ClipsNow((), 1.0)


def drop_pending(state: DirectorState) -> DirectorState:
    """The state with no change waiting for its boundary: the next frame decides anew."""
    return state._replace(layers=tuple(now._replace(pending=None) for now in state.layers))


def shift_state(state: DirectorState, frames: int) -> DirectorState:
    """The same state `frames` later, or earlier if negative. The plans that follow are equal but for their frames."""

    def at(time: int) -> int:
        return NEVER if time == NEVER else time + frames

    def layer(now: LayerNow) -> LayerNow:
        pending = now.pending
        return now._replace(
            start=at(now.start),
            entered=at(now.entered),
            playing=now.playing and now.playing._replace(frame=now.playing.frame + frames),
            pending=pending
            and pending._replace(decided=pending.decided + frames, predicted=pending.predicted + frames),
            runs=tuple(run._replace(since=at(run.since)) for run in now.runs),
            cooldowns=tuple(at(end) for end in now.cooldowns),
        )

    def voice(now: ClipVoice) -> ClipVoice:
        moved = frames * FRAME_SIZE
        end = now.end if now.end == NO_END else now.end + moved
        return now._replace(start=now.start + moved, begin=now.begin + moved, end=end, since=at(now.since))

    return state._replace(
        frame=state.frame + frames,
        clips=state.clips._replace(voices=tuple(map(voice, state.clips.voices))),
        inputs=tuple(now._replace(since=at(now.since)) for now in state.inputs),
        layers=tuple(map(layer, state.layers)),
        stingers=tuple(now._replace(start=at(now.start)) for now in state.stingers),
        timers=tuple(now._replace(since=now.since + frames) for now in state.timers),
        left=tuple(end if end == STILL else at(end) for end in state.left),
        styles_tempo=state.styles_tempo._replace(since=state.styles_tempo.since + frames),
        glides=tuple(now._replace(since=now.since + frames) for now in state.glides),
    )
