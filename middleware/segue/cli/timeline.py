"""Play an event script against a rule file without sound, and show what happens when, and why.

Each line is time, bar:beat and what happened; below it are the reasons. At the end comes an overview with a column a
second: states, shares of the mix (0 to 1), tempo; + an event, * a stinger, ! a refused event. --only, --layer and
--input leave out what was not asked for; then the overview comes with `--only seconds` alone.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segue.cli.arguments import MAX_DURATION_S, duration, names
from segue.cli.console import BAD_INPUT, DONE, FAILED, can_print, print_json, print_lines, print_problems
from segue.cli.tempos import with_read_tempos
from segue.file_kinds import require_file, script_beside
from segue.signals import exit_if_signalled
from segue_yaml.report import ProblemsError

if TYPE_CHECKING:
    from segue_rules.director import Span
    from segue_rules.events import Event, Receipt, ScriptedEvent
    from segue_rules.model import Rules
    from segue_rules.plan import Change, ClipSound, FramePlan, StingerCue

EXAMPLES: Final = """examples:
  segue timeline meadow.yaml
  segue timeline meadow.yaml --why-not --layer action
  segue timeline meadow.yaml --events fight.events.yaml --only changes,stingers --json
  segue timeline --diff old.yaml meadow.yaml
  segue timeline --diff git:HEAD meadow.yaml
  segue timeline meadow.yaml --follow recordings/session.jsonl
"""
AFTER_LAST_EVENT_S: Final = 20
_POLL_S: Final = 0.25
KINDS: Final = (
    "events",
    "inputs",
    "triggers",
    "refused",
    "clamped",
    "changes",
    "stingers",
    "clips",
    "warnings",
    "seconds",
)
"""inputs: events that set; triggers: events that fire; seconds: states, mix and controls at each full second."""
_SINGULAR: Final[Mapping[str, str]] = {kind.removesuffix("s"): kind for kind in KINDS}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", metavar="RULES", type=Path, help="a rule file")
    parser.add_argument(
        "--events",
        metavar="FILE",
        type=Path,
        help="an event script, YAML or JSON lines (else NAME.events.yaml)",
    )
    parser.add_argument("--no-events", action="store_true", help="play no events, even if NAME.events.yaml is there")
    parser.add_argument(
        "--duration",
        metavar="TIME",
        type=duration,
        help=f"how long, such as 90s or 2min (else {AFTER_LAST_EVENT_S}s more than the last event)",
    )
    parser.add_argument(
        "--diff",
        metavar="OLD",
        help="show what RULES do otherwise than OLD under the same events; OLD is a rule file, or git:REVISION for "
        "RULES as they were; exit code 1 if there is a difference",
    )
    parser.add_argument(
        "--follow",
        metavar="FILE",
        type=Path,
        help="show what happens in a session that plays now, from what `segue serve --record` writes of it",
    )
    parser.add_argument("--why-not", action="store_true", help="also say why every other state did not win")
    parser.add_argument("--json", action="store_true", help="one JSON object a line: what happens, and every second")
    chosen = parser.add_argument_group("show a part (several names with commas between them)")
    chosen.add_argument(
        "--only", metavar="KIND", type=kinds, default=frozenset(), help=f"what is of these kinds: {', '.join(KINDS)}"
    )
    chosen.add_argument("--layer", metavar="NAME", type=names, default=(), help="changes of these layers")
    chosen.add_argument(
        "--input",
        metavar="NAME",
        type=names,
        default=(),
        help="events that set or fire these inputs, and the changes and stingers they cause",
    )


def kinds(text: str) -> frozenset[str]:
    """Parse some of KINDS with commas between them, plural or not.

    Raises:
        argparse.ArgumentTypeError: A name is empty or not one of KINDS.
    """
    asked = [_SINGULAR.get(name, name) for name in names(text)]
    unknown = next((name for name in asked if name not in KINDS), None)
    if unknown is not None:
        known = ", ".join(KINDS)
        raise argparse.ArgumentTypeError(f"expected some of {known} with commas between them, got '{unknown}'")
    return frozenset(asked)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What is to be shown: what fulfils `only`, and `layers` or `inputs`; an empty field selects everything.

    Attributes:
        only: Kinds, of KINDS.
        layers: Layers whose changes are shown.
        inputs: Inputs whose events are shown, with the changes and stingers that they cause.
    """

    only: frozenset[str] = frozenset()
    layers: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        return not (self.only or self.layers or self.inputs)

    @property
    def seconds(self) -> bool:
        """Whether to show states, mix and controls at each full second."""
        return self.everything or "seconds" in self.only

    def unknown(self, rules: Rules, path: Path) -> Iterator[str]:
        """Yield a sentence for each name that the rules of the file `path` do not have."""
        from segue_yaml.report import did_you_mean

        declared = {"layer": [layer.name for layer in rules.layers], "input": [each.name for each in rules.inputs]}
        for what, asked in (("layer", self.layers), ("input", self.inputs)):
            for name in asked:
                if name not in declared[what]:
                    hint = did_you_mean(name, declared[what])
                    yield f"--{what}: {path} has no {what} '{name}'{hint}"

    def of(self, plan: FramePlan, events: Mapping[int, Event], triggers: Mapping[str, str], rules: Rules) -> FramePlan:
        """Return the plan with the selected receipts, changes, stingers, clips and warnings alone.

        Args:
            rules: Of the plan.
            events: By their sequence numbers.
            triggers: The triggers of stingers, by their names.
        """
        if self.everything:
            return plan
        return plan._replace(
            receipts=tuple(r for r in plan.receipts if self._receipt(r, events.get(r.sequence))),
            changes=tuple(change for change in plan.changes if self._change(change)),
            stingers=tuple(cue for cue in plan.stingers if self._stinger(cue, triggers)),
            clips=tuple(clip for clip in plan.clips if self._clip(clip, rules)),
            warnings=plan.warnings if self._kind("warnings") and not (self.layers or self.inputs) else (),
        )

    def _kind(self, *found: str) -> bool:
        return not self.only or not self.only.isdisjoint(found)

    def _receipt(self, receipt: Receipt, event: Event | None) -> bool:
        touched: Sequence[str] = (*event.set, *event.fire) if event else ()
        found = ["events", receipt.code if receipt.accepted else "refused"]
        found += ["inputs"] if event and event.set else []
        found += ["triggers"] if event and event.fire else []
        return self._kind(*found) and self._about("", touched)

    def _change(self, change: Change) -> bool:
        return self._kind("changes") and self._about(change.layer, [cause.input for cause in change.causes])

    def _stinger(self, cue: StingerCue, triggers: Mapping[str, str]) -> bool:
        return self._kind("stingers") and self._about("", [triggers[cue.stinger]])

    def _clip(self, clip: ClipSound, rules: Rules) -> bool:
        return self._kind("clips") and self._about(rules.layers[clip.layer].name, ())

    def _about(self, layer: str, inputs: Sequence[str]) -> bool:
        if not (self.layers or self.inputs):
            return True
        return layer in self.layers or any(name in self.inputs for name in inputs)


def run(arguments: argparse.Namespace) -> int:
    if arguments.follow is not None:
        return _run_follow(arguments)
    return _run(arguments) if arguments.diff is None else _run_diff(arguments)


def _run(arguments: argparse.Namespace) -> int:
    from segue_rules.director import Director
    from segue_rules.loading import load, load_events
    from segue_rules.timeline import play_script

    try:
        rules = with_read_tempos(load(require_file(arguments.rules)))
        script = None if arguments.no_events else arguments.events or script_beside(arguments.rules)
        events = load_events(require_file(script), rules) if script else ()
    except ProblemsError as error:
        print_problems(error.problems)
        return BAD_INPUT
    selection = Selection(only=arguments.only, layers=arguments.layer, inputs=arguments.input)
    unknown = list(selection.unknown(rules, arguments.rules))
    if unknown:
        print_problems(unknown)
        return BAD_INPUT
    frames = _frames(arguments.duration, events)
    selected = _selected(rules, events, play_script(Director(rules), events, frames), selection)
    if arguments.json:
        _print_as_json(rules, events, selected, frames, every_second=selection.seconds)
    else:
        _print_text(rules, events, selected, frames, why_not=arguments.why_not, with_overview=selection.seconds)
    return DONE


def _run_diff(arguments: argparse.Namespace) -> int:
    from segue.cli.timeline_diff import load_script_of_either, load_version, print_diff
    from segue_rules.loading import load

    unused = [("--only", arguments.only), ("--input", arguments.input), ("--why-not", arguments.why_not)]
    if any(given for _, given in unused):
        print_problems([f"{name} has no effect with --diff; leave it out" for name, given in unused if given])
        return BAD_INPUT
    try:
        rules = with_read_tempos(load(require_file(arguments.rules)))
        before = load_version(arguments.diff, arguments.rules)
        beside = script_beside(arguments.rules) or script_beside(Path(arguments.diff))
        script = None if arguments.no_events else arguments.events or beside
        events = load_script_of_either(require_file(script), before, rules) if script else ()
    except ProblemsError as error:
        print_problems(error.problems)
        return BAD_INPUT
    unknown = list(Selection(layers=arguments.layer).unknown(rules, arguments.rules))
    if unknown:
        print_problems(unknown)
        return BAD_INPUT
    differs = print_diff(
        before,
        rules,
        events,
        _frames(arguments.duration, events),
        names=(arguments.diff, str(arguments.rules)),
        layers=arguments.layer,
        as_json=arguments.json,
    )
    return FAILED if differs else DONE


def _run_follow(arguments: argparse.Namespace) -> int:
    from segue.cli.timeline_follow import follow
    from segue.follow.followed import newest_recording
    from segue_rules.loading import load

    unused = [
        ("--diff", arguments.diff),
        ("--events", arguments.events),
        ("--no-events", arguments.no_events),
        ("--duration", arguments.duration),
    ]
    if any(given for _, given in unused):
        print_problems([f"{name} has no effect with --follow; leave it out" for name, given in unused if given])
        return BAD_INPUT
    selection = Selection(only=arguments.only, layers=arguments.layer, inputs=arguments.input)
    try:
        unknown = list(selection.unknown(load(require_file(arguments.rules)), arguments.rules))
        if unknown:
            print_problems(unknown)
            return BAD_INPUT
        recording = require_file(newest_recording(arguments.follow))
        follow(recording, arguments.rules, selection, _wait, why_not=arguments.why_not, as_json=arguments.json)
    except ProblemsError as error:
        print_problems(error.problems)
        return BAD_INPUT
    return DONE


def _wait() -> None:
    """Wait for more of a recording. Raises: KeyboardInterrupt, SystemExit: A signal came."""
    exit_if_signalled()
    time.sleep(_POLL_S)


def _frames(duration_s: float | None, events: Sequence[ScriptedEvent]) -> int:
    from segue_rules.model import FRAME_RATE

    if duration_s is None:
        duration_s = max((event.at_s for event in events), default=0.0) + AFTER_LAST_EVENT_S
    return round(min(duration_s, MAX_DURATION_S) * FRAME_RATE)


class _Seconds:
    """Collects the plan at each full second, and a mark of what happened in that second."""

    def __init__(self, frames: int) -> None:
        from segue_rules.model import FRAME_RATE

        self._rate = FRAME_RATE
        self.plans: list[FramePlan] = []
        self.marks = [" "] * -(-frames // FRAME_RATE)

    def add(self, span: Span) -> list[FramePlan]:
        """Add a run of equal plans.

        Returns:
            The plans of the seconds that begin in it.
        """
        from segue.cli import overview
        from segue_rules.timeline import plan_at

        second = overview.second_of(span.plan.frame)
        self.marks[second] = overview.stronger(self.marks[second], overview.mark_of(span.plan))
        end = span.plan.frame + span.frames
        new = []
        while len(self.plans) * self._rate < end:
            new.append(plan_at(span.plan, len(self.plans) * self._rate))
            self.plans.append(new[-1])
        return new


def _selected(
    rules: Rules, events: Sequence[ScriptedEvent], spans: Iterable[Span], selection: Selection
) -> Iterator[tuple[Span, FramePlan]]:
    """Each run of equal plans, and the plan with what is to be shown of it."""
    from segue_rules.timeline import by_sequence

    sent = by_sequence(events)
    triggers = {stinger.name: stinger.trigger for stinger in rules.stingers}
    for span in spans:
        yield span, selection.of(span.plan, sent, triggers, rules)


def _print_text(
    rules: Rules,
    events: Sequence[ScriptedEvent],
    selected: Iterable[tuple[Span, FramePlan]],
    frames: int,
    *,
    why_not: bool,
    with_overview: bool,
) -> None:
    from segue.cli import overview
    from segue_rules.model import FRAME_RATE
    from segue_rules.timeline import brief, by_sequence, entry_lines, timeline_entries
    from segue_rules.times import clock_text

    arrow = "→" if can_print("→") else "->"
    sent = by_sequence(events)
    seconds = _Seconds(frames)
    print_lines(
        f"{rules.title}, {clock_text(frames / FRAME_RATE, 2)}, seed {rules.seed}",
        "",
        f"{'time':>8} {'bar':>6}  {'what':<12}  happens",
        "",
    )
    warned: tuple[str, ...] = ()
    for span, plan in selected:
        seconds.add(span)
        # A warning stands in every frame that it is true of: one line where it begins says it.
        begun = plan._replace(warnings=tuple(code for code in plan.warnings if code not in warned))
        warned = span.plan.warnings
        for entry in timeline_entries(begun, sent):
            if why_not:
                print_lines(*(line.replace("->", arrow) for line in entry_lines(entry)))
            elif not (entry.kind == "stinger" and entry.starts_later):
                print_lines(*(line.replace("->", arrow) for line in entry_lines(brief(entry))))
    if with_overview:
        characters = overview.BLOCKS.levels + overview.BLOCKS.edge + overview.BLOCKS.rest
        ink = overview.BLOCKS if can_print(characters) else overview.ASCII
        print_lines("", *overview.draw(rules, seconds.plans, seconds.marks, ink))


def _print_as_json(
    rules: Rules,
    events: Sequence[ScriptedEvent],
    selected: Iterable[tuple[Span, FramePlan]],
    frames: int,
    *,
    every_second: bool,
) -> None:
    from segue.cli import timeline_json

    print_json(timeline_json.header(rules, events, frames))
    seconds = _Seconds(frames)
    for span, plan in selected:
        for record in timeline_json.records(plan):
            print_json(record)
        begun = seconds.add(span)
        if every_second:
            for whole in begun:
                print_json(timeline_json.second(rules, whole))
