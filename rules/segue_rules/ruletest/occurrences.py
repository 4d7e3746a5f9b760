"""What can be expected to happen in a frame: changes, stingers, receipts and warnings."""

from __future__ import annotations

from dataclasses import dataclass

from segue_rules.ruletest.checks import Base
from segue_rules.ruletest.expectation import Instant
from segue_rules.timeline import happenings, seconds


@dataclass(frozen=True, kw_only=True)
class ChangeIs(Base):
    """A layer's change was scheduled, started or withdrawn in this frame. None: whatever it is."""

    layer: str
    kind: str = "started"
    to_state: str | None = None
    from_state: str | None = None
    ramp_frames: int | None = None
    at: str | None = None
    because: str | None = None

    def holds(self, instant: Instant) -> bool:
        return any(
            change.layer == self.layer
            and change.kind == self.kind
            and self.to_state in (None, change.to_state)
            and self.from_state in (None, change.from_state)
            and self.ramp_frames in (None, change.ramp_frames)
            and self.at in (None, change.at)
            and (self.because is None or self.because in {cause.input for cause in change.causes})
            for change in instant.plan.changes
        )

    def came(self, instant: Instant) -> str:
        return _told(instant, "change", self.layer) or "no change"

    def __str__(self) -> str:
        ramp = None if self.ramp_frames is None else seconds(self.ramp_frames)
        named = {"from": self.from_state, "to": self.to_state, "ramp": ramp, "at": self.at, "because": self.because}
        parts = [f"{key} {value}" for key, value in named.items() if value is not None]
        return " ".join([f"change of {self.layer} {self.kind}", *parts])


@dataclass(frozen=True, kw_only=True)
class StingerIs(Base):
    """A stinger was scheduled, started or dropped in this frame."""

    stinger: str
    kind: str

    def holds(self, instant: Instant) -> bool:
        return any(cue.stinger == self.stinger and cue.kind == self.kind for cue in instant.plan.stingers)

    def came(self, instant: Instant) -> str:
        return _told(instant, "stinger", self.stinger) or "no stinger"

    def __str__(self) -> str:
        return f"stinger {self.stinger}: {self.kind}"


@dataclass(frozen=True, kw_only=True)
class ReceiptIs(Base):
    """An event of this frame got this answer: "accepted", "refused", or a receipt's code."""

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
class WarningIs(Base):
    """The director warned in this frame."""

    code: str

    def holds(self, instant: Instant) -> bool:
        return self.code in instant.plan.warnings

    def came(self, instant: Instant) -> str:
        return ", ".join(instant.plan.warnings) or "no warning"

    def __str__(self) -> str:
        return f"warning: {self.code}"


def _told(instant: Instant, kind: str, subject: str) -> str:
    """What the frame told of a layer's changes or of a stinger, "" if nothing."""
    return ", ".join(h.text for h in happenings(instant.plan) if h.kind == kind and h.subject == subject)
