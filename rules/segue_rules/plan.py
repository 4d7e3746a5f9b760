"""The director's plan of a frame, and the reasons for it. Tuples of plain values: equal plans are equal bytes.

Dimensions: N styles (in the order of Rules.styles), L layers (in the order of Rules.layers).
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from segue_rules.events import Receipt
from segue_rules.model import TICKS_PER_BEAT as TICKS_PER_BEAT
from segue_rules.model import Duck, InputValue

ChangeKind: TypeAlias = Literal["started", "scheduled", "withdrawn"]
CueKind: TypeAlias = Literal["started", "scheduled", "dropped"]


class Controls(NamedTuple):
    """The controls of the music in a frame.

    Attributes:
        tonic: 0 to 11, or -1 to leave the key to the generator.
        drums: 1 on, 0 off, -1 left to the generator.
        sources: For each control of the table (segue_rules.controls), the layer that decides it; "music" for the top
            level.
        groups: The beats of each group of the bar; empty in a meter that does not say them.
    """

    tempo_mbpm: int
    meter: int
    tonic: int
    mode: str
    drums: int
    intensity: float
    temperature: float
    guidance: float
    gain_db: float
    low_pass_hz: float
    high_pass_hz: float
    reverb: float
    width: float
    pan: float
    sources: tuple[str, ...]
    groups: tuple[int, ...] = ()


class MusicalClock(NamedTuple):
    """The musical position at the start of a frame.

    Attributes:
        ticks: TICKS_PER_BEAT a beat; a frame lasts tempo_mbpm ticks.
        bar: The index of the bar that the frame starts in.
        bar_ticks: Where that bar began.
        meter: Its beats.
        groups: The beats of each of its groups; empty in a meter that does not say them.
    """

    ticks: int
    bar: int
    bar_ticks: int
    meter: int
    groups: tuple[int, ...] = ()


class Visit(NamedTuple):
    """The stay of the music in the state that leads it (SEMANTICS 16).

    Attributes:
        number: 0 for the first and for one that is to sound like it; others are to sound different.
        bar: The bar from which its form is counted, which lies before its beginning where it resumes an earlier one.
    """

    number: int
    bar: int


class ThemeNow(NamedTuple):
    """The theme that the tune quotes in a frame.

    Attributes:
        name: "" for none.
        strength: 0 to 1.
    """

    name: str
    strength: float


class Cause(NamedTuple):
    """One reason for a change.

    Attributes:
        input: Its name, "" for a state.
        sequence: The event that set it, -1 for none.
    """

    input: str
    value: InputValue
    sequence: int
    text: str


class Candidate(NamedTuple):
    """A state that did not win, and why ("cooldown 3.2 s left")."""

    state: str
    reason: str


CONDITION_FALSE: Final = "condition false"
"""The reason of a candidate whose condition does not hold."""


Mover: TypeAlias = Literal["reset", "restored", "rules reloaded"]
MOVERS: Final = frozenset(get_args(Mover))
"""What moves layers to another state without a decision of the rules: the texts of causes."""


BRIDGE_ENDS: Final = "the bridge ends"
"""The text of the cause of a change from a bridge to its state."""


class Change(NamedTuple):
    """What happened to the change to a new winner. Started and withdrawn are final.

    Attributes:
        decided: The frame in which the state first won; of a change that no rule decided (MOVERS), the frame before its
            start.
        start: The frame in which the change starts, or was to start. Of a scheduled change, that at the present tempo.
        ramp_frames: Of its ramp; where the old mix fades out and the new one in by themselves, the longer of the two.
        at: The boundary of its row. A bridge ends at a bar line, whatever its row says: "bar".
        fades: The frames in which the old mix fades out and the new one in; None where one ramp leads over.
        clips: The names of the clips that the new state plays.
    """

    kind: ChangeKind
    layer: str
    from_state: str
    to_state: str
    decided: int
    start: int
    ramp_frames: int
    at: str
    causes: tuple[Cause, ...]
    candidates: tuple[Candidate, ...]
    fades: tuple[int, int] | None = None
    clips: tuple[str, ...] = ()

    @property
    def waited_frames(self) -> int:
        """Frames that it waits for its boundary.

        0 where no rule decided it, though it names the frame before, and at the end of a bridge, which plays meanwhile.
        """
        no_wait = {*MOVERS, BRIDGE_ENDS}
        return (
            0 if any(not cause.input and cause.text in no_wait for cause in self.causes) else self.start - self.decided
        )


class StingerCue(NamedTuple):
    """What happened to a stinger whose trigger was fired.

    Attributes:
        start: A sample position (48 kHz).
        reason: Why it was dropped; "" else.
        frames: Of a burst, how long it lasts, before its start at the present tempo; 0 for an audio stinger.
        cause: What fired its trigger, in the frame in which it was fired: "hit fired"; "" in later ones.
    """

    kind: CueKind
    stinger: str
    start: int
    gain_db: float
    if_late: str
    duck: Duck | None
    reason: str
    frames: int = 0
    cause: str = ""


class ClipSound(NamedTuple):
    """A clip that sounds in a frame, or begins in it. Positions are those of samples of the session, at 48 kHz.

    Attributes:
        layer: The index of the layer that plays it.
        clip: Its name.
        start: Where its beginning lies, or where that of its file would, of an outro.
        begin: From where on it is heard; behind `start` where it comes in later.
        end: Where it is cut off; NO_END for none.
        loops: Whether its loop repeats; in an outro the file goes on.
        gain_before, gain: At the beginning and the end of the frame, linear.
    """

    layer: int
    clip: str
    start: int
    begin: int
    end: int
    loops: bool
    gain_before: float
    gain: float


NO_END: Final = -1


class FramePlan(NamedTuple):
    """Everything that is to sound in a frame.

    Attributes:
        mix: N weights, summing to 1.
        states: The names of the L active states.
        layer_mixes: L rows of N, not normalised and before the weight of the layer (SEMANTICS 9). `mix` does not show
            them, so implementations of the director are compared by them.
        layer_weights: L.
        inputs: Values as moved by rise and fall.
        beat, bar_start: The sample offset (0 to 1 919) of the beat or bar line in this frame; -1 for none. bar_start
            opens clock.bar where clock.ticks == clock.bar_ticks, else clock.bar + 1.
        to_change: Frames until the next audible change; 0 where it starts in this frame, -1 for none.
        next_mix: The mix after it, else mix (SEMANTICS 15).
        visit, next_visit: Of the state that leads now, and after that change.
        silent, next_silent: Whether the rules let the music be silent, and whether they will after that change
            (SEMANTICS 18).
        theme, next_theme: The theme now, and after that change (SEMANTICS 17).
        warnings: Codes such as "empty_mix".
        clips: Those that sound, by layer.
        music_before, music: The level of the generated music beside them at the beginning and the end of the frame,
            0 to 1; 1 without clips.
    """

    frame: int
    mix: tuple[float, ...]
    states: tuple[str, ...]
    layer_mixes: tuple[tuple[float, ...], ...]
    layer_weights: tuple[float, ...]
    controls: Controls
    clock: MusicalClock
    beat: int
    bar_start: int
    to_change: int
    next_mix: tuple[float, ...]
    visit: Visit
    next_visit: Visit
    silent: bool
    next_silent: bool
    theme: ThemeNow
    next_theme: ThemeNow
    inputs: tuple[InputValue, ...]
    receipts: tuple[Receipt, ...]
    changes: tuple[Change, ...]
    stingers: tuple[StingerCue, ...]
    warnings: tuple[str, ...]
    clips: tuple[ClipSound, ...] = ()
    music_before: float = 1.0
    music: float = 1.0
