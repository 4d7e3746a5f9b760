"""How fast a live session answers: from an event to the sound of what it caused, and what that costs.

A reaction runs from the sample heard when the event was sent to the first heard sample generated under a plan in which
the change it caused has started. Part of it is the system's (generation, safety, the engine), part the rules asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal, TypeAlias

import numpy as np

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.runtime.messages import SessionMessage
from segue.runtime.simulation import LiveRun
from segue_rules.events import Receipt
from segue_rules.plan import Change, FramePlan

Unit: TypeAlias = Literal["immediate", "beat", "bar"]
UNITS: Final[tuple[Unit, ...]] = ("immediate", "beat", "bar")


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """One event and a change it caused; positions in samples.

    sent: what was heard when the game sent it. effective: the first sample it could change. decided: when the new state
    won. heard: the first sample of the change.
    """

    sequence: int
    layer: str
    to_state: str
    unit: Unit
    sent: int
    effective: int
    decided: int
    heard: int

    @property
    def total_s(self) -> float:
        """From the event to the change in the ear."""
        return (self.heard - self.sent) / SAMPLE_RATE

    @property
    def latency_s(self) -> float:
        """The system's part: until the event took effect."""
        return (self.effective - self.sent) / SAMPLE_RATE

    @property
    def prompt(self) -> bool:
        """Whether the rules decided at once: no attack, hold, cooldown or moving input came between."""
        return self.decided == self.effective


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Of some times in seconds: how many, the middle one, the 99th percentile and the worst."""

    count: int
    p50_s: float
    p99_s: float
    worst_s: float


def spread(seconds: Iterable[float]) -> Spread | None:
    """None where there is nothing to spread."""
    values = np.fromiter(seconds, np.float64)
    if len(values) == 0:
        return None
    p50, p99 = np.percentile(values, [50, 99])
    return Spread(count=len(values), p50_s=float(p50), p99_s=float(p99), worst_s=float(values.max()))


def reactions(run: LiveRun, layers: Sequence[str]) -> tuple[Reaction, ...]:
    """One for each heard change that an event of the run set off, in the order heard. layers: names, as in the rules.

    A change with several causes is the reaction to the latest of their events.
    """
    sent = {sent.sequence: sent.position for sent in run.sent}
    effective = _effective(message for _, message in run.messages)
    announced = [m for _, m in run.messages if isinstance(m, Change) and m.kind == "started"]
    found = []
    for frame, change in heard_changes(run.client.playback_plans(), layers, announced):
        sequence = max((cause.sequence for cause in change.causes if cause.sequence in sent), default=-1)
        if sequence not in effective:
            continue
        found.append(
            Reaction(
                sequence=sequence,
                layer=change.layer,
                to_state=change.to_state,
                unit=unit_of(change.at),
                sent=sent[sequence],
                effective=effective[sequence],
                decided=change.decided * FRAME_SIZE,
                heard=frame * FRAME_SIZE,
            )
        )
    return tuple(found)


def reaction_spreads(found: Iterable[Reaction]) -> Mapping[Unit, Spread]:
    """Spread of the total time by the boundary waited for, over those the rules decided at once."""
    prompt = [reaction for reaction in found if reaction.prompt]
    by_unit = {unit: spread(r.total_s for r in prompt if r.unit == unit) for unit in UNITS}
    return {unit: value for unit, value in by_unit.items() if value is not None}


def repeated_share(run: LiveRun) -> float:
    """Frames generated again or in vain for replacements, as a share of all generated; 0 for none."""
    return run.repeated_frames / run.generated_frames if run.generated_frames else 0.0


def heard_changes(
    plans: Sequence[FramePlan | None], layers: Sequence[str], announced: Sequence[Change]
) -> list[tuple[int, Change]]:
    """Each change of an active state that was heard, with the first frame generated under it.

    A take that arrived late may be heard only after the frame its change started in; its record is then found among
    `announced`.
    """
    found = []
    told: defaultdict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in announced:
        told[change.layer, change.to_state].append(change)
    before: tuple[str, ...] | None = None
    for frame, plan in enumerate(plans):
        if plan is None:
            continue
        for change in plan.changes:
            if change.kind == "started":
                found.append((frame, change))
        if before is not None:
            recorded = {change.layer for change in plan.changes if change.kind == "started"}
            moved = [n for n, layer in enumerate(layers) if before[n] != plan.states[n] and layer not in recorded]
            for n in moved:
                known = (c for c in reversed(told[layers[n], plan.states[n]]) if c.start <= frame)
                found += [(frame, change) for change in islice(known, 1)]
        before = plan.states
    return found


def unit_of(at: str) -> Unit:
    """The boundary of a change's `at`: "2 bars" waits for a bar."""
    return "immediate" if at == "immediate" else "beat" if at == "beat" else "bar"


def _effective(messages: Iterable[SessionMessage]) -> dict[int, int]:
    """Sequence of each accepted event -> the first sample it could change."""
    answers = (message for message in messages if isinstance(message, Receipt))
    return {receipt.sequence: receipt.frame * FRAME_SIZE for receipt in answers if receipt.accepted}
