"""Compares what two rule files do under the same events: what happens, one by one, and when the plans differ.

    found = compare(before, after, events, frames)
    found.pairs      # receipts, changes, stingers and clips: in one alone, or in both at another time or otherwise
    found.intervals  # when layers are in other states, and when the mix, the clips and the controls are others

Layers, states, styles, stingers and clips are compared by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

from segue_rules.controls import CONTROLS, SILENCE_DB, NumberControl
from segue_rules.director import Director, Span
from segue_rules.events import Event, Receipt, ScriptedEvent
from segue_rules.model import FRAME_RATE, Rules
from segue_rules.plan import Change, ClipSound, FramePlan, StingerCue
from segue_rules.timeline import (
    TimelineEntry,
    by_sequence,
    clip_levels,
    clips_begun,
    control,
    play_script,
    switch,
    timeline_entries,
)

MIX_TOLERANCE: Final = 0.01
"""Shares of the mix that differ by less are equal, as in rule tests."""
CONTROL_TOLERANCE: Final = 0.002
"""Controls that differ by less than this part of their range are equal: 0.56 bpm, 0.002 of intensity, 0.2 dB."""
CLIP_TOLERANCE_DB: Final = 0.5
"""Levels of clips that differ by less are equal."""
PAIRED_WITHIN: Final = 10 * FRAME_RATE
"""The same change further apart in time is another one."""
_JOINED: Final = FRAME_RATE
"""Of mix and controls: intervals with less between them are one. Ramps that cross are equal for a moment."""

Occurrence: TypeAlias = Receipt | Change | StingerCue | ClipSound


class Happened(NamedTuple):
    """Something that happened: a receipt, a started change, a stinger that started or was dropped, a clip that began.

    Attributes:
        plan: That of the frame in which it happened.
        entry: What the timeline says of it.
    """

    plan: FramePlan
    what: Occurrence
    entry: TimelineEntry


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Something that happens otherwise before and after.

    Attributes:
        before, after: None where it does not happen.
    """

    before: Happened | None
    after: Happened | None

    @property
    def frame(self) -> int:
        """Where it happens first."""
        return min(each.plan.frame for each in (self.before, self.after) if each is not None)

    @property
    def shift(self) -> int:
        """By how many frames it is later after the edit; 0 if it happens in one alone."""
        if self.before is None or self.after is None:
            return 0
        return self.after.plan.frame - self.before.plan.frame


IntervalKind: TypeAlias = Literal["state", "mix", "clip", "control", "warning"]
Value: TypeAlias = str | float


class Values(NamedTuple):
    """What a layer, style, control or warning is before and after, where that differs most, or a clip's level in dB.

    None: there is no such.
    """

    name: str
    before: Value | None
    after: Value | None


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Frames in which the plans differ.

    Attributes:
        start, end: The first frame, and the first one behind.
        values: Of a state, a clip or a control, one; of the mix, one for each style that differs, the largest
            difference first.
    """

    kind: IntervalKind
    start: int
    end: int
    values: tuple[Values, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What differs, by time."""

    pairs: tuple[Pair, ...]
    intervals: tuple[Interval, ...]

    @property
    def equal(self) -> bool:
        return not (self.pairs or self.intervals)


def compare(before: Rules, after: Rules, events: Sequence[ScriptedEvent], frames: int) -> Comparison:
    """Play both under the events, and return what differs before frame `frames`.

    Events apply to both as they are; a rule file that does not know an input refuses them.
    """
    sent = by_sequence(events)
    happened: tuple[list[Happened], list[Happened]] = ([], [])
    names = _Names(before, after)
    trackers: dict[tuple[IntervalKind, str], _Tracker] = {}
    finished: list[Interval] = []
    plays = (play_script(Director(before), events, frames), play_script(Director(after), events, frames))
    for start, end, plans in _together(plays):
        for plan, into in zip(plans, happened, strict=True):
            if plan.frame == start:
                into.extend(_happened(plan, sent))
        for kind, name, values in names.differences(*plans):
            tracker = trackers.setdefault((kind, name), _Tracker(kind))
            finished += tracker.add(start, end, values)
    finished += [interval for tracker in trackers.values() for interval in tracker.close()]
    order: tuple[IntervalKind, ...] = ("state", "mix", "clip", "control", "warning")
    finished.sort(key=lambda interval: (interval.start, order.index(interval.kind), interval.values[0].name))
    return Comparison(pairs=tuple(_paired(*happened)), intervals=tuple(finished))


def declared(rules: Rules) -> Iterator[str]:
    """Yield the inputs, styles, layers, states, stingers and clips of a rule file, as messages name them."""
    for item in rules.inputs:
        yield f'input "{item.name}"'
    for style in rules.styles:
        yield f'style "{style.name}"'
    for layer in rules.layers:
        yield f'layer "{layer.name}"'
        for state in layer.states:
            yield f'layer "{layer.name}", state "{state.name}"'
    for stinger in rules.stingers:
        yield f'stinger "{stinger.name}"'
    for clip in rules.clips:
        yield f'clip "{clip.name}"'


def _together(
    plays: tuple[Iterator[Span], Iterator[Span]],
) -> Iterator[tuple[int, int, tuple[FramePlan, FramePlan]]]:
    """Runs of frames in which neither plan changes. Receipts and changes belong to a plan's first frame alone."""
    first, second = (next(play, None) for play in plays)
    frame = 0
    while first is not None and second is not None:
        ends = (first.plan.frame + first.frames, second.plan.frame + second.frames)
        yield frame, min(ends), (first.plan, second.plan)
        frame = min(ends)
        if ends[0] == frame:
            first = next(plays[0], None)
        if ends[1] == frame:
            second = next(plays[1], None)


def _happened(plan: FramePlan, sent: Mapping[int, Event]) -> Iterator[Happened]:
    """What happens in a frame, without what is only decided and starts later, or is withdrawn."""
    shown = plan._replace(
        changes=tuple(change for change in plan.changes if change.kind == "started"),
        stingers=tuple(cue for cue in plan.stingers if cue.kind != "scheduled"),
        warnings=(),
    )
    what: list[Occurrence] = [*shown.receipts, *shown.changes, *shown.stingers, *clips_begun(plan)]
    for each, entry in zip(what, timeline_entries(shown, sent), strict=True):
        yield Happened(plan, each, entry)


def _subject(what: Occurrence) -> tuple[str, ...]:
    """What is compared with each other: answers to one event, changes of one layer, one stinger, one clip."""
    match what:
        case Receipt():
            return "event", str(what.sequence)
        case Change():
            return "change", what.layer
        case ClipSound():
            return "clip", what.clip
    return "stinger", what.stinger


def _key(what: Occurrence) -> tuple[str, ...]:
    """What makes two of one subject the same thing, at whatever time."""
    match what:
        case Receipt():
            return ()
        case Change():
            return what.from_state, what.to_state
        case ClipSound():
            return ("in" if what.loops else "outro",)
    return (what.kind,)


def _paired(before: Iterable[Happened], after: Iterable[Happened]) -> list[Pair]:
    """Pair what happens in both, subject by subject and in order, and return what is not the same in both."""
    subjects: dict[tuple[str, ...], tuple[list[Happened], list[Happened]]] = {}
    for side, each in enumerate((before, after)):
        for happened in each:
            subjects.setdefault(_subject(happened.what), ([], []))[side].append(happened)
    pairs = [pair for olds, news in subjects.values() for pair in _of_subject(olds, news)]
    pairs = [pair for pair in pairs if not _same(pair)]
    # In one frame events come first, then changes, then stingers, then clips.
    kinds = {Receipt: 0, Change: 1, StingerCue: 2, ClipSound: 3}
    return sorted(pairs, key=lambda pair: (pair.frame, kinds[type((pair.before or pair.after).what)]))  # type: ignore[union-attr]


def _of_subject(olds: Sequence[Happened], news: Sequence[Happened]) -> Iterator[Pair]:
    """Pair each with the nearest in time of the same key. No pair crosses the pair before it."""
    free = 0
    for old in olds:
        best: int | None = None
        for index in range(free, len(news)):
            apart = news[index].plan.frame - old.plan.frame
            if apart > PAIRED_WITHIN:
                break
            if _key(news[index].what) != _key(old.what) or apart < -PAIRED_WITHIN:
                continue
            if best is None or abs(apart) < abs(news[best].plan.frame - old.plan.frame):
                best = index
        if best is None:
            yield Pair(before=old, after=None)
            continue
        yield from (Pair(before=None, after=new) for new in news[free:best])
        yield Pair(before=old, after=news[best])
        free = best + 1
    yield from (Pair(before=None, after=new) for new in news[free:])


def _same(pair: Pair) -> bool:
    if pair.before is None or pair.after is None:
        return False
    old, new = pair.before.entry, pair.after.entry
    return (old.frame, old.text, old.why) == (new.frame, new.text, new.why)


class _Names:
    """Which layers and styles of two rule files are to be compared: by name, those of either."""

    def __init__(self, before: Rules, after: Rules) -> None:
        self._layers = _places([layer.name for layer in before.layers], [layer.name for layer in after.layers])
        self._styles = _places([style.name for style in before.styles], [style.name for style in after.styles])

    def differences(self, old: FramePlan, new: FramePlan) -> Iterator[tuple[IntervalKind, str, tuple[Values, ...]]]:
        """Yield what differs between two plans of one frame."""
        if old.states != new.states or self._layers.differ:
            for name, i, j in self._layers.pairs:
                states = _at(old.states, i), _at(new.states, j)
                if states[0] != states[1]:
                    yield "state", name, (Values(name, *states),)
        if old.mix != new.mix or self._styles.differ:
            shares = [
                Values(name, 0.0 if i is None else old.mix[i], 0.0 if j is None else new.mix[j])
                for name, i, j in self._styles.pairs
            ]
            moved = tuple(share for share in shares if _apart(share) >= MIX_TOLERANCE)
            if moved:
                yield "mix", "", moved
        if old.clips or new.clips:
            yield from _clips(old, new)
        if old.controls != new.controls:
            yield from _controls(old, new)
        for code in sorted({*old.warnings} ^ {*new.warnings}):
            yield "warning", code, (Values(code, *(code if code in plan.warnings else None for plan in (old, new))),)


def _clips(old: FramePlan, new: FramePlan) -> Iterator[tuple[IntervalKind, str, tuple[Values, ...]]]:
    levels = clip_levels(old), clip_levels(new)
    for name in dict.fromkeys((*levels[0], *levels[1])):
        values = Values(name, *(each.get(name, float(SILENCE_DB)) for each in levels))
        if _apart(values) >= CLIP_TOLERANCE_DB:
            yield "clip", name, (values,)


def _controls(old: FramePlan, new: FramePlan) -> Iterator[tuple[IntervalKind, str, tuple[Values, ...]]]:
    for each in CONTROLS:
        if isinstance(each, NumberControl):
            values = Values(each.name, control(old.controls, each.name), control(new.controls, each.name))
            if _apart(values) >= CONTROL_TOLERANCE * (each.high - each.low):
                yield "control", each.name, (values,)
        else:
            words = Values(each.name, switch(old.controls, each.name), switch(new.controls, each.name))
            if words.before != words.after:
                yield "control", each.name, (words,)


class _Places(NamedTuple):
    """Each name with its index in two lists, None where it is not in one.

    Attributes:
        differ: Whether the lists do.
    """

    pairs: tuple[tuple[str, int | None, int | None], ...]
    differ: bool


def _places(old: Sequence[str], new: Sequence[str]) -> _Places:
    first, second = ({name: i for i, name in enumerate(names)} for names in (old, new))
    both = dict.fromkeys([*old, *new])
    return _Places(tuple((name, first.get(name), second.get(name)) for name in both), tuple(old) != tuple(new))


def _at(values: Sequence[str], index: int | None) -> str | None:
    return None if index is None else values[index]


def _apart(values: Values) -> float:
    """How far two numbers are apart; 0 for words."""
    if isinstance(values.before, float) and isinstance(values.after, float):
        return abs(values.after - values.before)
    return 0.0


@dataclass(kw_only=True)
class _Open:
    """An interval that may go on."""

    start: int
    end: int
    most: dict[str, Values] = field(default_factory=dict)


class _Tracker:
    """Joins runs of frames in which one thing differs to intervals."""

    def __init__(self, kind: IntervalKind) -> None:
        self._kind = kind
        self._open: _Open | None = None

    def add(self, start: int, end: int, values: tuple[Values, ...]) -> Iterator[Interval]:
        """Add a run of frames. Yield the interval before, if it is over."""
        now = self._open
        if now is not None and not self._goes_on(now, start, values):
            yield from self.close()
            now = None
        if now is None:
            now = self._open = _Open(start=start, end=end)
        now.end = end
        for each in values:
            most = now.most.get(each.name)
            if most is None or _apart(each) > _apart(most):
                now.most[each.name] = each

    def close(self) -> Iterator[Interval]:
        """Yield the interval that is open, if there is one."""
        now, self._open = self._open, None
        if now is not None:
            values = tuple(sorted(now.most.values(), key=_apart, reverse=True))
            yield Interval(kind=self._kind, start=now.start, end=now.end, values=values)

    def _goes_on(self, now: _Open, start: int, values: tuple[Values, ...]) -> bool:
        numbers = self._kind == "mix" or isinstance(values[0].before, float)
        if numbers:
            return start - now.end < _JOINED
        return start == now.end and now.most.get(values[0].name) == values[0]
