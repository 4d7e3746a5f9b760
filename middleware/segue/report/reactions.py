"""Reaction times of a live run: from an event to the first sample of the state change it caused, and what that costs.

A reaction starts at the playhead when the event was sent. It ends at the first played sample that was generated under a
plan in which the change has started. One part of it is latency (generation, safety margin, engine); the rules cause the
rest.
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

SyncPoint: TypeAlias = Literal["immediate", "eighth", "beat", "group", "bar"]
SYNC_POINTS: Final[tuple[SyncPoint, ...]] = ("immediate", "eighth", "beat", "group", "bar")


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """One event and a change that it caused; positions in samples.

    Attributes:
        sent: Playhead when the game sent the event.
        effective: First sample that the event could change.
        decided: When the new state won.
        audible: First sample of the change.
    """

    sequence: int
    layer: str
    to_state: str
    sync_point: SyncPoint
    sent: int
    effective: int
    decided: int
    audible: int

    @property
    def total_s(self) -> float:
        """Seconds from the event to the audible change."""
        return (self.audible - self.sent) / SAMPLE_RATE

    @property
    def latency_s(self) -> float:
        """Seconds until the event took effect: the part that the rules do not cause."""
        return (self.effective - self.sent) / SAMPLE_RATE

    @property
    def decided_at_once(self) -> bool:
        """Whether no attack, hold, cooldown or moving input delayed the decision."""
        return self.decided == self.effective


@dataclass(frozen=True, kw_only=True)
class TimeStatistics:
    """Number, median, 99th percentile and maximum of some times in seconds."""

    count: int
    p50_s: float
    p99_s: float
    worst_s: float


def time_statistics(seconds: Iterable[float]) -> TimeStatistics | None:
    """Return the statistics of some times, None if there are no times."""
    values = np.fromiter(seconds, np.float64)
    if len(values) == 0:
        return None
    p50, p99 = np.percentile(values, [50, 99])
    return TimeStatistics(count=len(values), p50_s=float(p50), p99_s=float(p99), worst_s=float(values.max()))


def reactions(run: LiveRun, layers: Sequence[str]) -> tuple[Reaction, ...]:
    """Find the reaction to each event that caused an audible change.

    A change with several causes is the reaction to the latest of their events.

    Args:
        layers: Names of the rules' layers, in their order.

    Returns:
        The reactions in the order played.
    """
    sent = {sent.sequence: sent.position for sent in run.sent}
    effective = _effective_samples(message for _, message in run.messages)
    announced = [m for _, m in run.messages if isinstance(m, Change) and m.kind == "started"]
    found = []
    for frame, change in played_changes(run.client.playback_plans(), layers, announced):
        sequence = max((cause.sequence for cause in change.causes if cause.sequence in sent), default=-1)
        if sequence not in effective:
            continue
        found.append(
            Reaction(
                sequence=sequence,
                layer=change.layer,
                to_state=change.to_state,
                sync_point=sync_point(change.at),
                sent=sent[sequence],
                effective=effective[sequence],
                decided=(change.start - change.waited_frames) * FRAME_SIZE,
                audible=frame * FRAME_SIZE,
            )
        )
    return tuple(found)


def reaction_statistics(found: Iterable[Reaction]) -> Mapping[SyncPoint, TimeStatistics]:
    """Return the statistics of the total times by sync point, over the reactions that were decided at once."""
    at_once = [reaction for reaction in found if reaction.decided_at_once]
    by_point = {point: time_statistics(r.total_s for r in at_once if r.sync_point == point) for point in SYNC_POINTS}
    return {point: value for point, value in by_point.items() if value is not None}


def replaced_share(run: LiveRun) -> float:
    """Return the share of generated frames that replaced others or were never used, 0 if none were generated."""
    return run.repeated_frames / run.generated_frames if run.generated_frames else 0.0


def played_changes(
    plans: Sequence[FramePlan | None], layers: Sequence[str], announced: Sequence[Change]
) -> list[tuple[int, Change]]:
    """Find each change of an active state that was played, with the first frame generated under it.

    Args:
        plans: Plan of each played frame, None for an underrun.
        layers: Names of the rules' layers, in their order.
        announced: Changes that the session reported as started. A take that arrived late may be played only after the
            frame in which its change started; the change is then found here.
    """
    found = []
    by_state: defaultdict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in announced:
        by_state[change.layer, change.to_state].append(change)
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
                known = (c for c in reversed(by_state[layers[n], plan.states[n]]) if c.start <= frame)
                found += [(frame, change) for change in islice(known, 1)]
        before = plan.states
    return found


def sync_point(at: str) -> SyncPoint:
    """Return the sync point of a change's `at`; "2 bars" waits for a bar."""
    return next((point for point in SYNC_POINTS if at == point), "bar")


def _effective_samples(messages: Iterable[SessionMessage]) -> dict[int, int]:
    """Return the first sample that each accepted event could change, by sequence."""
    receipts = (message for message in messages if isinstance(message, Receipt))
    return {receipt.sequence: receipt.frame * FRAME_SIZE for receipt in receipts if receipt.accepted}
