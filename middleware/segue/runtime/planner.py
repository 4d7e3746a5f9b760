"""The director run in advance: plans of all frames that may still be needed, and what a generator reads of them.

Array dimensions: T frames, K styles, S samples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from segue.contract import MODES, TICKS_PER_BEAT, Conditioning, StyleBank, StyleBanks, groups_code
from segue.runtime.clip_mixer import ClipPlayer
from segue_rules.controls import CONTROLS, GAIN, TEMPO, NumberControl
from segue_rules.director import Director, DirectorState, TakenEvents
from segue_rules.events import Event
from segue_rules.model import Rules
from segue_rules.plan import FramePlan

# The mode where the generator chooses the key: any index will do, because tonic -1 says that the mode is not read.
_AUTO_MODE: Final = 0
# Full scale of each continuous control, so that a change of one compares with a change of weights.
_SCALE: Final = {
    **{
        each.field: math.log(each.high / each.low) if each.logarithmic else each.high - each.low
        for each in CONTROLS
        if isinstance(each, NumberControl) and each.change == "ramp" and each is not TEMPO
    },
    # The range that is heard: lower down there is little but silence.
    GAIN.field: 24.0,
}
_LOGARITHMIC: Final = frozenset(each.field for each in CONTROLS if isinstance(each, NumberControl) and each.logarithmic)
# Taking so many events takes as long as planning a frame.
_EVENTS_AS_FRAME: Final = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class RulesVersion:
    """One version of a soundtrack's files; a reload replaces it by the next.

    Attributes:
        rules: The rules.
        styles: Their styles, in the order of rules.styles.
        fingerprint: Digest of the files, for saves.
        clips: Their clips, opened; None where they have none.

    Raises:
        ValueError: There are no opened clips of rules that have some.
    """

    rules: Rules
    styles: StyleBanks
    fingerprint: str = ""
    clips: ClipPlayer | None = None

    def __post_init__(self) -> None:
        if self.rules.clips and self.clips is None:
            raise ValueError("expected the clips of the rules, opened")


class PlannedFrame(NamedTuple):
    """The plan of one frame, and the rules it was planned under."""

    plan: FramePlan
    rules_version: RulesVersion


class Planner:
    """Plans frames in order and keeps the director's state before each, from `base` on.

    An event falls on a frame that can still change, so no plan before that frame ever changes: the client may have
    heard it. A straight run over the same events and frames gives the same plans. After `switch` the plans before the
    switch stay, and keep the rules they were made under.

    Attributes:
        rules_version: The rules that new frames are planned under.
        director: The director of these rules.
        base: The first frame that is kept.
        switched_at: The frame of the last switch; events before it are refused.
        revision: Number of times that plans became void.
        planned_count: Frames planned so far; a frame planned twice counts twice, and many events of a frame count as
            more frames.
    """

    def __init__(
        self, rules_version: RulesVersion, state: DirectorState | None = None, seed: int | None = None
    ) -> None:
        """Start before state.frame, or before frame 0 if `state` is None.

        Args:
            seed: Decides every draw by chance; None for the seed of the rules.
        """
        self.rules_version, self._seed = rules_version, seed
        self.director = Director(rules_version.rules, seed)
        self._states: list[DirectorState] = [state or self.director.start()]
        self._frames: list[PlannedFrame] = []
        self._events: dict[int, list[Event]] = {}
        # Of one frame that was planned last with events: the state before it, how many of its events were taken, and
        # what they did. All events of a paused game fall on one frame: each new one must not take all others again.
        self._taken: tuple[DirectorState, int, TakenEvents] | None = None
        self.base = self._states[0].frame
        self.switched_at = self.base
        self.revision = 0
        self.planned_count = 0

    @property
    def end(self) -> int:
        """The first frame that is not planned yet."""
        return self.base + len(self._frames)

    def frames(self, start: int, end: int) -> Sequence[PlannedFrame]:
        """Return the frames [start, end), and plan those that are not planned yet.

        Raises:
            IndexError: `start` lies before `base`.
        """
        if start < self.base:
            raise IndexError(f"frame {start} is forgotten; the first kept is {self.base}")
        while self.end < end:
            self.planned_count += 1
            before, events = self._states[-1], self._events.get(self.end)
            taken = self._take(before, events) if events else None
            state, plan = self.director.step(before, self.end, taken=taken)
            self._states.append(state)
            self._frames.append(PlannedFrame(plan, self.rules_version))
        return self._frames[start - self.base : end - self.base]

    def state_before(self, frame: int) -> DirectorState:
        """Return the director's state before `frame`, and plan up to it.

        Raises:
            IndexError: `frame` lies before `base`.
        """
        self.frames(min(frame, self.end), frame)
        return self._states[frame - self.base]

    def add(self, event: Event, frame: int) -> None:
        """Let `event` take effect in `frame`; the plans from there on become void.

        Raises:
            IndexError: The frame can no longer change.
        """
        if frame < max(self.base, self.switched_at):
            raise IndexError(f"frame {frame} is settled; the first open one is {max(self.base, self.switched_at)}")
        self._events.setdefault(frame, []).append(event)
        self._void(frame)

    def upcoming(self, frame: int) -> list[tuple[int, Event]]:
        """Return the events from `frame` on with their frames, in order."""
        return [(at, event) for at in sorted(self._events) if at >= frame for event in self._events[at]]

    def switch(self, rules_version: RulesVersion, state: DirectorState, events: Sequence[tuple[int, Event]]) -> None:
        """Continue from state.frame under other rules or in another state.

        Args:
            rules_version: The rules from there on.
            state: The director's state before state.frame.
            events: Events by frame, which replace all events from state.frame on.

        Raises:
            IndexError: state.frame lies before `base`.
        """
        frame = state.frame
        if frame < self.base:
            raise IndexError(f"frame {frame} is forgotten; the first kept is {self.base}")
        self.state_before(frame)
        self._void(frame)
        self._states[frame - self.base] = state
        if rules_version is not self.rules_version:
            self.rules_version, self.director = rules_version, Director(rules_version.rules, self._seed)
        self._events = {at: kept for at, kept in self._events.items() if at < frame}
        self._taken = None
        for at, event in events:
            self._events.setdefault(at, []).append(event)
        self.switched_at = frame

    def forget(self, frame: int) -> None:
        """Drop everything before `frame`; frames that are not planned yet are never dropped."""
        count = min(frame, self.end) - self.base
        if count <= 0:
            return
        del self._frames[:count]
        del self._states[:count]
        # No event lies before the base, so a script's thousands of later events need not be searched.
        for old in range(self.base, self.base + count):
            self._events.pop(old, None)
        self.base += count

    def _take(self, state: DirectorState, events: Sequence[Event]) -> TakenEvents:
        """Return what the events of frame state.frame do; those that were taken before are not taken again."""
        count, taken = 0, None
        if self._taken is not None and self._taken[0] is state:
            _, count, taken = self._taken
            if any(event.sequence < taken.receipts[-1].sequence for event in events[count:]):
                # A smaller number takes effect before the others.
                count, taken = 0, None
        self.planned_count += (len(events) - count) // _EVENTS_AS_FRAME
        taken = self.director.take(state, events[count:], taken)
        self._taken = state, len(events), taken
        return taken

    def _void(self, frame: int) -> None:
        """Drop the plans from `frame` on."""
        self.revision += 1
        if frame < self.end:
            del self._frames[frame - self.base :]
            del self._states[frame - self.base + 1 :]


def conditioning(
    plans: Sequence[FramePlan], themes: Sequence[int] = (), next_themes: Sequence[int] = ()
) -> Conditioning:
    """Return the plans of T consecutive frames as arrays of length T.

    Args:
        themes, next_themes: For each plan the indices of its themes in the bank, -1 for none; () where the bank has
            none.

    Raises:
        ValueError: There is no plan.
    """
    if not plans:
        raise ValueError("expected at least one plan")
    controls = [plan.controls for plan in plans]
    clocks = [plan.clock for plan in plans]
    return Conditioning(
        frame=plans[0].frame,
        weights=np.array([plan.mix for plan in plans], np.float32),
        tempo_bpm=np.array([c.tempo_mbpm for c in controls], np.float32) / np.float32(1000),
        ticks=np.array([c.ticks for c in clocks], np.int64),
        bar=np.array([c.bar for c in clocks], np.int32),
        bar_ticks=np.array([c.bar_ticks for c in clocks], np.int64),
        meter=np.array([c.meter for c in clocks], np.int8),
        tonic=np.array([c.tonic for c in controls], np.int8),
        mode=np.array([MODES.index(c.mode) if c.tonic >= 0 else _AUTO_MODE for c in controls], np.int8),
        drums=np.array([c.drums for c in controls], np.int8),
        intensity=np.array([c.intensity for c in controls], np.float32),
        temperature=np.array([c.temperature for c in controls], np.float32),
        guidance=np.array([c.guidance for c in controls], np.float32),
        to_change=np.array([plan.to_change for plan in plans], np.int32),
        next_weights=np.array([plan.next_mix for plan in plans], np.float32),
        next_meter=np.array([c.meter for c in controls], np.int8),
        groups=np.array([groups_code(c.groups) for c in clocks], np.int32),
        next_groups=np.array([groups_code(c.groups) for c in controls], np.int32),
        ramp=np.array([_ramp(plan) for plan in plans], np.int32),
        visit=np.array([plan.visit for plan in plans], np.int32),
        next_visit=np.array([plan.next_visit for plan in plans], np.int32),
        silent=np.array([plan.silent for plan in plans], np.bool_),
        next_silent=np.array([plan.next_silent for plan in plans], np.bool_),
        theme=np.array(themes or [-1] * len(plans), np.int16),
        theme_strength=np.array([plan.theme.strength for plan in plans], np.float32),
        next_theme=np.array(next_themes or [-1] * len(plans), np.int16),
    )


def _ramp(plan: FramePlan) -> int:
    """Return the longest ramp of the changes that start in a frame, in frames; -1 where the mix starts no change."""
    if plan.to_change != 0:
        return -1
    return max((change.ramp_frames for change in plan.changes if change.kind == "started"), default=-1)


def generator_input(frames: Sequence[PlannedFrame], encoder: str) -> tuple[StyleBank, Conditioning]:
    """Return what a generator reads of consecutive frames.

    Frames of several rules versions get one bank with the styles of all of them side by side; the mix of each frame
    weighs its own.

    Args:
        frames: The frames.
        encoder: The generator's, whose embeddings it reads.

    Raises:
        ValueError: A rules version has no bank of that encoder.
    """
    versions: list[StyleBanks] = []
    for frame in frames:
        if not any(styles is frame.rules_version.styles for styles in versions):
            versions.append(frame.rules_version.styles)
    banks = [styles.of(encoder) for styles in versions]
    if len(banks) == 1:
        return banks[0], conditioning([frame.plan for frame in frames], *_themes(frames, versions, banks))
    before, total, starts = 0, sum(len(bank.names) for bank in banks), {}
    for styles in versions:
        starts[id(styles)] = before
        before += len(styles.names)
    joined = StyleBank(
        names=tuple(name for bank in banks for name in bank.names),
        embeddings=np.concatenate([bank.embeddings for bank in banks]),
        captions=tuple(caption for bank in banks for caption in bank.captions or ("",) * len(bank.names)),
        profiles=tuple(profile for bank in banks for profile in bank.profiles),
        encoder=banks[0].encoder,
        themes=tuple(theme for bank in banks for theme in bank.themes),
    )
    plans = [_widened(plan, starts[id(version.styles)], total) for plan, version in frames]
    return joined, conditioning(plans, *_themes(frames, versions, banks))


def _themes(
    frames: Sequence[PlannedFrame], versions: Sequence[StyleBanks], banks: Sequence[StyleBank]
) -> tuple[list[int], list[int]]:
    """Return the indices of each frame's theme and next theme among those of all banks, -1 for none; empty where no
    bank has any.
    """
    indices: dict[tuple[int, str], int] = {}
    for styles, bank in zip(versions, banks, strict=True):
        for theme in bank.themes:
            indices[id(styles), theme.name] = len(indices)
    if not indices:
        return [], []
    return (
        [indices.get((id(version.styles), plan.theme.name), -1) for plan, version in frames],
        [
            indices.get((id(version.styles), plan.next_theme.name), -1) if plan.next_theme.strength else -1
            for plan, version in frames
        ],
    )


def _widened(plan: FramePlan, start: int, total: int) -> FramePlan:
    """Return the plan with its mixes among `total` styles, of which its own begin at `start`."""
    head, tail = (0.0,) * start, (0.0,) * (total - start - len(plan.mix))
    return plan._replace(mix=(*head, *plan.mix, *tail), next_mix=(*head, *plan.next_mix, *tail))


def is_significant(used: FramePlan, wanted: FramePlan, threshold: float, *, fills: bool = True) -> bool:
    """Return whether a frame generated under `used` must be replaced to follow `wanted`.

    Any difference in states, visits, themes, discrete controls, the musical clock and the places of clips counts,
    because beats must not jump where a replacement ends. Differences of weights, of the gains of clips and of
    continuous controls count when their sum, each scaled to 0-1, exceeds `threshold`. An upcoming change counts in the
    bar before it, where music may lead into it.

    Args:
        used: The plan that the frame was generated under.
        wanted: The newest plan of the same frame.
        threshold: Sum of scaled differences that is tolerated.
        fills: Whether the generator leads into changes.
    """
    if used is wanted:
        return False
    ours, theirs = used.controls, wanted.controls
    placed = (used.states, used.visit, used.theme, used.silent, used.clock) == (
        wanted.states,
        wanted.visit,
        wanted.theme,
        wanted.silent,
        wanted.clock,
    )
    if not placed or ours[:5] != theirs[:5] or ours.groups != theirs.groups:
        return True
    if fills and _leads_elsewhere(used, wanted, threshold):
        return True
    distance = _distance(used.mix, wanted.mix) + abs(used.music - wanted.music)
    if used.clips or wanted.clips:
        if [clip[:-2] for clip in used.clips] != [clip[:-2] for clip in wanted.clips]:
            return True
        distance += sum(abs(one.gain - other.gain) for one, other in zip(used.clips, wanted.clips, strict=True))
    for name, scale in _SCALE.items():
        one, other = getattr(ours, name), getattr(theirs, name)
        if one != other:
            distance += abs(math.log(one / other) if name in _LOGARITHMIC else one - other) / scale
    return distance > threshold


def _leads_elsewhere(used: FramePlan, wanted: FramePlan, threshold: float) -> bool:
    """Return whether two plans of a frame, of one tempo and meter, lead into different changes."""
    reach = wanted.clock.meter * TICKS_PER_BEAT // wanted.controls.tempo_mbpm
    ours, theirs = (plan.to_change if plan.to_change <= reach else -1 for plan in (used, wanted))
    if ours != theirs or ours < 0:
        return ours != theirs
    coming = wanted.next_visit, wanted.next_silent, wanted.next_theme
    if (used.next_visit, used.next_silent, used.next_theme) != coming:
        return True
    return _distance(used.next_mix, wanted.next_mix) > threshold


def _distance(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))
