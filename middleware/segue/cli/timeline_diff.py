"""`segue timeline --diff`: what an edit of a rule file changes over the same events, for people and for machines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from segue.cli import overview, timeline_json
from segue.cli.console import can_print, print_json, print_lines
from segue.cli.tempos import with_read_tempos
from segue.cli.versions import PREFIX, version_of
from segue.file_kinds import FilesError, require_file
from segue_rules.comparison import Comparison, Happened, Interval, Pair, Value, Values, compare, declared
from segue_rules.controls import CONTROLS, NumberControl
from segue_rules.director import Director
from segue_rules.errors import RuleError
from segue_rules.events import Receipt, ScriptedEvent
from segue_rules.loading import load, load_events
from segue_rules.model import FRAME_RATE, Rules
from segue_rules.plan import Change, ClipSound, FramePlan, StingerCue
from segue_rules.timeline import TimelineEntry, entry_lines, plan_at, play_script
from segue_rules.times import clock_text, duration_text

_MARKS: Final = {(True, False): "-", (False, True): "+", (True, True): "~"}
_INTERVALS: Final = {
    "state": "other states",
    "mix": "another mix",
    "clip": "other clips",
    "control": "other controls",
}
_MOST_STYLES: Final = 4
"""Styles named in a line about the mix."""
_LARGE: Final = 0.05
"""Shares that move by less are not named beside others."""
_UNITS: Final = {each.name: each.unit for each in CONTROLS if isinstance(each, NumberControl)}


def load_version(name: str, path: Path) -> Rules:
    """Load the rules to compare with.

    Args:
        name: A rule file, or a version of `path` as `versions` names it.
        path: The rule file after the edit.
    Raises:
        RuleError: It has mistakes; their places name the version.
        FilesError: There is no such file or version.
    """
    with contextlib.ExitStack() as stack:
        if not name.startswith(PREFIX):
            return with_read_tempos(load(_file(name)))
        found = stack.enter_context(version_of(path, name))
        try:
            return with_read_tempos(load(found))
        except RuleError as error:
            raise RuleError(
                replace(problem, mark=replace(problem.mark, file=_named(problem.mark.file, found.parent, name)))
                for problem in error.problems
            ) from None


def _file(name: str) -> Path:
    """The rule file to compare with."""
    try:
        return require_file(Path(name))
    except FilesError as error:
        if Path(name).suffix in (".yaml", ".yml"):
            raise
        raise FilesError(
            f"{problem}; a version of RULES is written {PREFIX}{name}" for problem in error.problems
        ) from None


def _named(file: str, place: Path, version: str) -> str:
    """A file of a version without the folder that it was put into."""
    path = Path(file)
    return f"{version}:{path.relative_to(place).as_posix()}" if path.is_relative_to(place) else file


def load_script_of_either(script: Path, before: Rules, after: Rules) -> tuple[ScriptedEvent, ...]:
    """Load an event script that one of the two rule files can be sent.

    Raises:
        RuleError: Neither can; it holds the mistakes against the edited one.
    """
    try:
        return load_events(script, after)
    except RuleError:
        with contextlib.suppress(RuleError):
            return load_events(script, before)
        raise


def only_layers(found: Comparison, layers: Sequence[str]) -> Comparison:
    """What differs in these layers; everything if there are none."""
    if not layers:
        return found
    return Comparison(
        pairs=tuple(pair for pair in found.pairs if _layer(pair) in layers),
        intervals=tuple(each for each in found.intervals if each.kind == "state" and each.values[0].name in layers),
    )


def _layer(pair: Pair) -> str:
    shown = pair.after or pair.before
    return shown.what.layer if shown is not None and isinstance(shown.what, Change) else ""


def print_diff(
    before: Rules,
    after: Rules,
    events: Sequence[ScriptedEvent],
    frames: int,
    *,
    names: tuple[str, str],
    layers: Sequence[str],
    as_json: bool,
) -> bool:
    """Compare two rule files, and print what differs.

    Args:
        names: How the two are called.
        layers: Shown alone, if there are any.
    Returns:
        Whether something differs.
    """
    found = only_layers(compare(before, after, events, frames), layers)
    if as_json:
        for record in _records(found, before, after, frames, names):
            print_json(record)
        return not found.equal
    arrow = "→" if can_print("→") else "->"
    for line in _lines(found, before, after, frames, names):
        print_lines(line.replace("->", arrow))
    if not found.equal and not layers:
        drawn = list(_overview(before, after, events, frames))
        print_lines(*([""] if drawn else []), *drawn)
    print_lines("", _summary(found, frames))
    return not found.equal


def _lines(found: Comparison, before: Rules, after: Rules, frames: int, names: tuple[str, str]) -> Iterator[str]:
    yield f"{names[0]} -> {names[1]}, {clock_text(frames / FRAME_RATE, 2)}, seed {_seeds(before, after)}"
    for side, only in zip(names, _declared_in_one(before, after), strict=True):
        if only:
            yield f"only in {side}: {'; '.join(only)}"
    if found.pairs:
        yield ""
        yield f"  {'time':>8} {'bar':>6}  {'what':<12}  happens (- before, + after, ~ in both, but otherwise)"
        yield ""
        for pair in found.pairs:
            yield from _pair_lines(pair)
    long = [each for each in found.intervals if each.end - each.start >= FRAME_RATE]
    if long:
        yield ""
        yield f"  {'from':>8} {'to':>8}  {'what':<12}  before -> after"
        yield ""
        for interval in long:
            yield _interval_line(interval)
    short = len(found.intervals) - len(long)
    if short:
        yield ""
        yield f"and {short} of less than a second, in which something begins or ends at another beat"


def _seeds(before: Rules, after: Rules) -> str:
    return str(after.seed) if before.seed == after.seed else f"{before.seed} -> {after.seed}"


def _declared_in_one(before: Rules, after: Rules) -> tuple[list[str], list[str]]:
    old, new = list(declared(before)), list(declared(after))
    return [name for name in old if name not in new], [name for name in new if name not in old]


def _pair_lines(pair: Pair) -> Iterator[str]:
    """A line for what happens, with its reasons; of what happens in both, only what differs."""
    mark = _MARKS[pair.before is not None, pair.after is not None]
    shown = pair.after or pair.before
    assert shown is not None
    if pair.before is None or pair.after is None:
        for number, line in enumerate(entry_lines(shown.entry._replace(why_not=()))):
            yield f"{mark if number == 0 else ' '} {line}"
        return
    old, new = pair.before.entry, pair.after.entry
    (head, *_) = entry_lines(new._replace(why=(), why_not=()))
    yield f"{mark} {head}{_shift_text(pair.shift)}"
    indent = " " * (len(head) - len(new.text))
    # How long something waited, and at which sample it starts, follow from the time.
    differs = _without_time(pair.before) != _without_time(pair.after)
    for sign, one, other in (("-", old, new), ("+", new, old)):
        if differs and one.text != other.text:
            yield f"{sign} {indent}{one.text}"
        for reason in one.why:
            if reason not in other.why:
                yield f"{sign} {indent}{reason}"


def _without_time(happened: Happened) -> object:
    match happened.what:
        case Change(ramp_frames=ramp, at=at, fades=fades):
            return ramp, at, fades
        case StingerCue():
            return happened.what._replace(start=0)
        case ClipSound(start=start, begin=begin):
            return begin - start
    return happened.entry.text


def _shift_text(frames: int) -> str:
    if not frames:
        return ""
    return f", {duration_text(abs(frames) / FRAME_RATE)} {'later' if frames > 0 else 'earlier'}"


def _interval_line(interval: Interval) -> str:
    times = [clock_text(frame / FRAME_RATE, 2) for frame in (interval.start, interval.end)]
    what = interval.kind if interval.kind in ("mix", "warning") else interval.values[0].name
    shown = [each for i, each in enumerate(interval.values) if i == 0 or _is_large(each)][:_MOST_STYLES]
    more = f", {len(interval.values) - len(shown)} more" if len(interval.values) > len(shown) else ""
    moved = ", ".join(
        f"{each.name + ' ' if interval.kind == 'mix' else ''}"
        f"{_value_text(interval, each, each.before)} -> {_value_text(interval, each, each.after)}"
        for each in shown
    )
    return f"  {times[0]:>8} {times[1]:>8}  {what:<12}  {moved}{more}"


def _is_large(share: Values) -> bool:
    return isinstance(share.before, float) and abs(share.before - float(share.after or 0)) >= _LARGE


def _value_text(interval: Interval, values: Values, value: Value | None) -> str:
    if value is None:
        return "none"
    if interval.kind == "mix":
        return f"{value:.2f}"
    unit = "dB" if interval.kind == "clip" else _UNITS.get(values.name, "")
    return value if isinstance(value, str) else f"{round(value, 2):g}{unit}"


def _overview(before: Rules, after: Rules, events: Sequence[ScriptedEvent], frames: int) -> Iterator[str]:
    """The rows of the overview that differ, before and after."""
    characters = overview.BLOCKS.levels + overview.BLOCKS.edge + overview.BLOCKS.rest
    ink = overview.BLOCKS if can_print(characters) else overview.ASCII
    return overview.draw_both((before, _seconds(before, events, frames)), (after, _seconds(after, events, frames)), ink)


def _seconds(rules: Rules, events: Sequence[ScriptedEvent], frames: int) -> list[FramePlan]:
    """The plan at each full second."""
    plans: list[FramePlan] = []
    for span in play_script(Director(rules), events, frames):
        while len(plans) * FRAME_RATE < span.plan.frame + span.frames:
            plans.append(plan_at(span.plan, len(plans) * FRAME_RATE))
    return plans


def _summary(found: Comparison, frames: int) -> str:
    if found.equal:
        return f"no difference in {clock_text(frames / FRAME_RATE, 2)}"
    counts = [(_count(kind, found.pairs), kind) for kind in ("event", "change", "stinger", "clip")]
    differences = [f"{count} {kind}{'' if count == 1 else 's'}" for count, kind in counts if count]
    for kind, what in _INTERVALS.items():
        long = _covered([each for each in found.intervals if each.kind == kind])
        if long:
            differences.append(f"{what} for {duration_text(long / FRAME_RATE)}")
    return f"different: {', '.join(differences) or 'warnings'}"


def _count(kind: str, pairs: Sequence[Pair]) -> int:
    return sum(_kind(pair.before or pair.after) == kind for pair in pairs)


def _kind(happened: Happened | None) -> str:
    what = happened.what if happened is not None else None
    match what:
        case Change():
            return "change"
        case StingerCue():
            return "stinger"
        case ClipSound():
            return "clip"
    return "event"


def _covered(intervals: Sequence[Interval]) -> int:
    """Frames in at least one of the intervals, which are in order of their starts."""
    covered, until = 0, 0
    for each in intervals:
        covered += max(0, each.end - max(each.start, until))
        until = max(until, each.end)
    return covered


def _records(
    found: Comparison, before: Rules, after: Rules, frames: int, names: tuple[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield a header, a record for each difference, and a summary."""
    only = _declared_in_one(before, after)
    yield {
        "kind": "diff",
        "before": names[0],
        "after": names[1],
        "frames": frames,
        "duration_s": frames / FRAME_RATE,
        "only_before": only[0],
        "only_after": only[1],
    }
    for pair in found.pairs:
        yield {
            "kind": _kind(pair.before or pair.after),
            "time_s": pair.frame / FRAME_RATE,
            "shift_s": pair.shift / FRAME_RATE,
            "before": _happened_record(pair.before),
            "after": _happened_record(pair.after),
        }
    for each in found.intervals:
        yield {
            "kind": "interval",
            "what": each.kind,
            "start_s": each.start / FRAME_RATE,
            "end_s": each.end / FRAME_RATE,
            "values": [value._asdict() for value in each.values],
        }
    yield {"kind": "summary", "equal": found.equal, "text": _summary(found, frames)}


def _happened_record(happened: Happened | None) -> dict[str, Any] | None:
    if happened is None:
        return None
    plan = happened.plan._replace(receipts=(), changes=(), stingers=(), clips=(), warnings=())
    match happened.what:
        case Change() as change:
            plan = plan._replace(changes=(change,))
        case StingerCue() as cue:
            plan = plan._replace(stingers=(cue,))
        case ClipSound() as clip:
            plan = plan._replace(clips=(clip,))
        case Receipt() as receipt:
            plan = plan._replace(receipts=(receipt,))
    (record,) = timeline_json.records(plan)
    return {**record, "text": _said(happened.entry)}


def _said(entry: TimelineEntry) -> str:
    return f"{entry.subject}: {entry.text}" if entry.subject else entry.text
