"""What can be expected of a frame: states, shares, inputs and controls, and what happens in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from segue_rules.controls import SILENCE_DB
from segue_rules.model import COMPARISONS, FRAME_RATE, FRAME_SIZE, Comparison, InputValue, written_name
from segue_rules.plan import Change
from segue_rules.ruletest.expectation import Instant
from segue_rules.timeline import clip_levels, control, show_value, switch, timeline_entries
from segue_rules.times import duration_text
from segue_yaml.nodes import NOWHERE, Mark

WITHIN: Final = 0.01
"""How far a plain number may be off where a test does not say. A smaller difference in a mix is inaudible."""

NumberField: TypeAlias = Literal["mix", "input", "weight", "music"]
WordField: TypeAlias = Literal["input", "music"]
ClipStatus: TypeAlias = Literal["playing", "silent", "starts", "outro"]


@dataclass(frozen=True, kw_only=True)
class ExpectedNumber:
    """A number to compare with.

    Attributes:
        op: None for equal to within `within`.
        unit: As written after the number.
    """

    op: Comparison | None
    value: float
    within: float = WITHIN
    unit: str = ""

    def holds(self, value: float) -> bool:
        # A rounding error of floating point is not a difference: 0.1 + 0.2 is 0.3.
        if self.op is None:
            return abs(value - self.value) <= self.within + 1e-9
        return COMPARISONS[self.op](round(value, 9), self.value)

    def __str__(self) -> str:
        number = f"{self.value:.6g}{self.unit}"
        return f"{self.op} {number}" if self.op else f"{number} (within {self.within:g})"


@dataclass(frozen=True, kw_only=True)
class FrameCheck:
    """What all checks have.

    Attributes:
        keeps_time: Whether it depends on beats or bars.
    """

    mark: Mark = NOWHERE
    keeps_time: bool = False


def _named(state: str, name: str) -> bool:
    """Whether a name is that of a state, or of the state whose piece it is."""
    return name in (state, written_name(state))


@dataclass(frozen=True, kw_only=True)
class StateIs(FrameCheck):
    """The active state of a layer is one of some, or (unlike) none of them."""

    layer: str
    index: int
    states: tuple[str, ...]
    unlike: bool = False

    def holds(self, instant: Instant) -> bool:
        return any(_named(instant.plan.states[self.index], state) for state in self.states) != self.unlike

    def came(self, instant: Instant) -> str:
        return instant.plan.states[self.index]

    def __str__(self) -> str:
        return f"state {self.layer}: {'!= ' if self.unlike else ''}{' or '.join(self.states)}"


@dataclass(frozen=True, kw_only=True)
class PendingIs(FrameCheck):
    """A change to one of these states is decided and waits for its boundary."""

    layer: str
    index: int
    states: tuple[str, ...]

    def holds(self, instant: Instant) -> bool:
        return any(_named(instant.pending[self.index], state) for state in self.states)

    def came(self, instant: Instant) -> str:
        return instant.pending[self.index] or "nothing pending"

    def __str__(self) -> str:
        return f"pending {self.layer}: {' or '.join(self.states)}"


@dataclass(frozen=True, kw_only=True)
class LevelIs(FrameCheck):
    """A number of the frame: a style's share of the mix, a layer's weight, an input, or a control."""

    field: NumberField
    name: str
    index: int
    bound: ExpectedNumber

    def value(self, instant: Instant) -> float:
        plan = instant.plan
        if self.field == "mix":
            return plan.mix[self.index]
        if self.field == "weight":
            return plan.layer_weights[self.index]
        if self.field == "input":
            return float(plan.inputs[self.index])
        return control(plan.controls, self.name)

    def holds(self, instant: Instant) -> bool:
        return self.bound.holds(self.value(instant))

    def came(self, instant: Instant) -> str:
        return f"{self.value(instant):.6g}{self.bound.unit}"

    def __str__(self) -> str:
        return f"{self.field} {self.name}: {self.bound}"


@dataclass(frozen=True, kw_only=True)
class WordIs(FrameCheck):
    """A choice or flag input, or the meter, key or drums, has this value, or (unlike) another."""

    field: WordField
    name: str
    index: int
    value: InputValue
    unlike: bool = False

    def holds(self, instant: Instant) -> bool:
        return (self._value(instant) == self.value) != self.unlike

    def came(self, instant: Instant) -> str:
        return show_value(self._value(instant))

    def _value(self, instant: Instant) -> InputValue:
        if self.field == "input":
            return instant.plan.inputs[self.index]
        return switch(instant.plan.controls, self.name)

    def __str__(self) -> str:
        return f"{self.field} {self.name}: {'!= ' if self.unlike else ''}{show_value(self.value)}"


@dataclass(frozen=True, kw_only=True)
class SourceIs(FrameCheck):
    """The layer that decides a control, or "music" for the top level.

    Attributes:
        index: Of the control in Controls.sources.
    """

    control: str
    index: int
    source: str

    def holds(self, instant: Instant) -> bool:
        return instant.plan.controls.sources[self.index] == self.source

    def came(self, instant: Instant) -> str:
        return instant.plan.controls.sources[self.index]

    def __str__(self) -> str:
        return f"source {self.control}: {self.source}"


@dataclass(frozen=True, kw_only=True)
class LineIs(FrameCheck):
    """A beat or a bar line falls in this frame."""

    line: Literal["beat", "bar"]
    keeps_time: bool = True

    def holds(self, instant: Instant) -> bool:
        return (instant.plan.beat if self.line == "beat" else instant.plan.bar_start) >= 0

    def came(self, instant: Instant) -> str:
        return f"no {self.line} line" if not self.holds(instant) else f"a {self.line} line"

    def __str__(self) -> str:
        return f"on {self.line}"


@dataclass(frozen=True, kw_only=True)
class BarIs(FrameCheck):
    """The bar that the frame starts in; the first is 1."""

    bound: ExpectedNumber
    keeps_time: bool = True

    def holds(self, instant: Instant) -> bool:
        return self.bound.holds(instant.plan.clock.bar + 1)

    def came(self, instant: Instant) -> str:
        return str(instant.plan.clock.bar + 1)

    def __str__(self) -> str:
        return f"bar: {self.bound.value:g}" if self.bound.op == "==" else f"bar: {self.bound.op} {self.bound.value:g}"


@dataclass(frozen=True, kw_only=True)
class ChangeIs(FrameCheck):
    """A change of a layer was scheduled, started or withdrawn in this frame.

    Fields that are None may have any value.

    Attributes:
        from_states, to_states: Of which the state left and the state entered are one.
        fade_out_frames, fade_in_frames: Of the old and of the new mix; those of the ramp in a change without fades.
    """

    layer: str
    kind: str = "started"
    to_states: tuple[str, ...] | None = None
    from_states: tuple[str, ...] | None = None
    ramp_frames: int | None = None
    fade_out_frames: int | None = None
    fade_in_frames: int | None = None
    at: str | None = None
    because: str | None = None

    def holds(self, instant: Instant) -> bool:
        return any(
            change.layer == self.layer
            and change.kind == self.kind
            and (self.to_states is None or any(_named(change.to_state, each) for each in self.to_states))
            and (self.from_states is None or any(_named(change.from_state, each) for each in self.from_states))
            and self.ramp_frames in (None, change.ramp_frames)
            and self._fades_so(change)
            and self.at in (None, change.at)
            and (self.because is None or self.because in {cause.input for cause in change.causes})
            for change in instant.plan.changes
        )

    def _fades_so(self, change: Change) -> bool:
        out, enter = change.fades or (change.ramp_frames, change.ramp_frames)
        return self.fade_out_frames in (None, out) and self.fade_in_frames in (None, enter)

    def came(self, instant: Instant) -> str:
        return _reported(instant, "change", self.layer) or "no change"

    def __str__(self) -> str:
        ramp, out, enter = (
            frames if frames is None else duration_text(frames / FRAME_RATE)
            for frames in (self.ramp_frames, self.fade_out_frames, self.fade_in_frames)
        )
        left, entered = (each and " or ".join(each) for each in (self.from_states, self.to_states))
        named = {
            "from": left,
            "to": entered,
            "ramp": ramp,
            "fade_out": out,
            "fade_in": enter,
            "at": self.at,
            "because": self.because,
        }
        parts = [f"{key} {value}" for key, value in named.items() if value is not None]
        return " ".join([f"change of {self.layer} {self.kind}", *parts])


@dataclass(frozen=True, kw_only=True)
class StingerIs(FrameCheck):
    """A stinger was scheduled, started or dropped in this frame."""

    stinger: str
    kind: str

    def holds(self, instant: Instant) -> bool:
        return any(cue.stinger == self.stinger and cue.kind == self.kind for cue in instant.plan.stingers)

    def came(self, instant: Instant) -> str:
        return _reported(instant, "stinger", self.stinger) or "no stinger"

    def __str__(self) -> str:
        return f"stinger {self.stinger}: {self.kind}"


@dataclass(frozen=True, kw_only=True)
class ClipIs(FrameCheck):
    """A clip is heard or not, comes in in this frame, or plays its outro."""

    clip: str
    status: ClipStatus

    def holds(self, instant: Instant) -> bool:
        return self.status in _statuses(instant, self.clip)

    def came(self, instant: Instant) -> str:
        return ", ".join(_statuses(instant, self.clip))

    def __str__(self) -> str:
        return f"clip {self.clip}: {self.status}"


def _statuses(instant: Instant, clip: str) -> list[ClipStatus]:
    """All that a clip does in a frame."""
    plan = instant.plan
    sounds = [each for each in plan.clips if each.clip == clip]
    heard = [each for each in sounds if each.gain > 0.0 or each.gain_before > 0.0]
    statuses: list[ClipStatus] = ["playing"] if heard else ["silent"]
    begun = [each for each in sounds if each.begin // FRAME_SIZE == plan.frame]
    if any(each.loops for each in begun):
        statuses.append("starts")
    if any(not each.loops for each in heard):
        statuses.append("outro")
    return statuses


@dataclass(frozen=True, kw_only=True)
class ClipLevelIs(FrameCheck):
    """How loud a clip is at the end of the frame, in dB: SILENCE_DB where it is not heard."""

    clip: str
    bound: ExpectedNumber

    def value(self, instant: Instant) -> float:
        return clip_levels(instant.plan).get(self.clip, float(SILENCE_DB))

    def holds(self, instant: Instant) -> bool:
        return self.bound.holds(self.value(instant))

    def came(self, instant: Instant) -> str:
        return f"{self.value(instant):.6g}{self.bound.unit}"

    def __str__(self) -> str:
        return f"clip {self.clip}: {self.bound}"


@dataclass(frozen=True, kw_only=True)
class ReceiptIs(FrameCheck):
    """An event of this frame got this answer: "accepted", "refused", or the code of a receipt."""

    code: str

    def holds(self, instant: Instant) -> bool:
        return any(
            receipt.code == self.code
            or (self.code == "accepted" and receipt.accepted)
            or (self.code == "refused" and not receipt.accepted)
            for receipt in instant.plan.receipts
        )

    def came(self, instant: Instant) -> str:
        answers = [f"{r.code}: {r.text}" if r.text else r.code for r in instant.plan.receipts]
        return ", ".join(answers) or "no event"

    def __str__(self) -> str:
        return f"receipt: {self.code}"


@dataclass(frozen=True, kw_only=True)
class WarningIs(FrameCheck):
    """The director warned in this frame."""

    code: str

    def holds(self, instant: Instant) -> bool:
        return self.code in instant.plan.warnings

    def came(self, instant: Instant) -> str:
        return ", ".join(instant.plan.warnings) or "no warning"

    def __str__(self) -> str:
        return f"warning: {self.code}"


def _reported(instant: Instant, kind: str, subject: str) -> str:
    """What the frame reported of the changes of a layer or of a stinger; "" if nothing."""
    return ", ".join(h.text for h in timeline_entries(instant.plan) if h.kind == kind and h.subject == subject)
