"""Play an event script against a rule file without sound, and tell what happens when, and why.

Each line is time, bar:beat, what happened; below it the reasons. At the end the whole timeline at a glance, a column a
second: states, shares of the mix (0 to 1), tempo; + an event, * a stinger, ! a refused event. --only, --layer and
--input leave out what was not asked for; then the overview at the end comes with `--only seconds` alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segue.cli.files import Kind, sibling
from segue.cli.output import can_write, complain, complain_of, say, say_json
from segue.cli.selection import KINDS, Selection, kinds, names
from segue_rules.errors import RuleError

if TYPE_CHECKING:
    from segue_rules.director import Span
    from segue_rules.events import ScriptedEvent
    from segue_rules.model import Rules
    from segue_rules.plan import FramePlan

HELP: Final = "tell what an event script makes of a rule file, in text"
AFTER_LAST_EVENT_S: Final = 20
LONGEST_S: Final = 4 * 3600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", metavar="RULES", type=Path, help="a rule file")
    parser.add_argument(
        "--events",
        metavar="FILE",
        type=Path,
        help="an event script, YAML or JSON lines (else NAME.events.yaml)",
    )
    parser.add_argument(
        "--duration",
        metavar="TIME",
        type=duration,
        help=f"how long, such as 90s or 2min (else {AFTER_LAST_EVENT_S}s more than the last event)",
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


def duration(text: str) -> float:
    """Seconds of a time as in a rule file. Raises: argparse.ArgumentTypeError."""
    from segue_yaml.nodes import NOWHERE, Scalar
    from segue_yaml.quantities import Duration
    from segue_yaml.report import Report

    report = Report()
    read = Duration(moment=True).read(Scalar(mark=NOWHERE, value=text, text=text), report.scope())
    if read is None or read == 0:
        raise argparse.ArgumentTypeError(f"expected a time such as 90s or 2min, got '{text}'")
    return float(read)


def run(arguments: argparse.Namespace) -> int:
    from segue_rules.director import Director
    from segue_rules.loading import load, load_events
    from segue_rules.timeline import play_script

    try:
        rules = load(arguments.rules)
        script = arguments.events or _beside(arguments.rules)
        events = load_events(script, rules) if script else ()
    except RuleError as error:
        complain_of(error)
        return 2
    selection = Selection(only=arguments.only, layers=arguments.layer, inputs=arguments.input)
    unknown = list(selection.unknown(rules, arguments.rules))
    if unknown:
        complain(unknown)
        return 2
    frames = _frames(arguments.duration, events)
    told = _told(rules, events, play_script(Director(rules), events, frames), selection)
    if arguments.json:
        _say_json(rules, events, told, frames, every_second=selection.seconds)
    else:
        _say_text(rules, events, told, frames, why_not=arguments.why_not, overview=selection.seconds)
    return 0


def _beside(rules: Path) -> Path | None:
    script = sibling(rules, Kind.EVENTS)
    return script if script.exists() else None


def _frames(duration_s: float | None, events: Sequence[ScriptedEvent]) -> int:
    from segue_rules.model import FRAME_RATE

    if duration_s is None:
        duration_s = max((event.at_s for event in events), default=0.0) + AFTER_LAST_EVENT_S
    return round(min(duration_s, LONGEST_S) * FRAME_RATE)


class _Seconds:
    """Gathers the plan at each full second, and a mark of what happened within it."""

    def __init__(self, frames: int) -> None:
        from segue_rules.model import FRAME_RATE

        self._rate = FRAME_RATE
        self.plans: list[FramePlan] = []
        self.marks = [" "] * -(-frames // FRAME_RATE)

    def add(self, span: Span) -> list[FramePlan]:
        """Take in a run of equal plans; returns the seconds that begin in it."""
        from segue.cli import strip
        from segue_rules.timeline import plan_at

        second = strip.second_of(span.plan.frame)
        self.marks[second] = strip.stronger(self.marks[second], strip.mark_of(span.plan))
        end = span.plan.frame + span.frames
        new = []
        while len(self.plans) * self._rate < end:
            new.append(plan_at(span.plan, len(self.plans) * self._rate))
            self.plans.append(new[-1])
        return new


def _told(
    rules: Rules, events: Sequence[ScriptedEvent], spans: Iterable[Span], selection: Selection
) -> Iterator[tuple[Span, FramePlan]]:
    """Each run of equal plans, and the plan with what is to be told of it."""
    from segue_rules.timeline import by_sequence

    sent = by_sequence(events)
    triggers = {stinger.name: stinger.trigger for stinger in rules.stingers}
    for span in spans:
        yield span, selection.of(span.plan, sent, triggers)


def _say_text(
    rules: Rules,
    events: Sequence[ScriptedEvent],
    told: Iterable[tuple[Span, FramePlan]],
    frames: int,
    *,
    why_not: bool,
    overview: bool,
) -> None:
    from segue.cli import strip
    from segue_rules.timeline import brief, by_sequence, clock_time, entry_lines, timeline_entries

    arrow = "→" if can_write("→") else "->"
    sent = by_sequence(events)
    seconds = _Seconds(frames)
    say(
        f"{rules.title}, {clock_time(frames)}, seed {rules.seed}",
        "",
        f"{'time':>8} {'bar':>6}  {'what':<12}  happens",
        "",
    )
    for span, plan in told:
        seconds.add(span)
        for entry in timeline_entries(plan, sent):
            if why_not:
                say(*(line.replace("->", arrow) for line in entry_lines(entry)))
            elif not (entry.kind == "stinger" and entry.foretold):
                say(*(line.replace("->", arrow) for line in entry_lines(brief(entry))))
    if overview:
        ink = strip.BLOCKS if can_write(strip.BLOCKS.levels + strip.BLOCKS.edge + strip.BLOCKS.rest) else strip.ASCII
        say("", *strip.draw(rules, seconds.plans, seconds.marks, ink))


def _say_json(
    rules: Rules,
    events: Sequence[ScriptedEvent],
    told: Iterable[tuple[Span, FramePlan]],
    frames: int,
    *,
    every_second: bool,
) -> None:
    from segue.cli import timeline_json

    say_json(timeline_json.header(rules, events, frames))
    seconds = _Seconds(frames)
    for span, plan in told:
        for record in timeline_json.records(plan):
            say_json(record)
        begun = seconds.add(span)
        if every_second:
            for whole in begun:
                say_json(timeline_json.second(rules, whole))
