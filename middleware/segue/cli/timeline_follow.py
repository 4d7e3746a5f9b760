"""`segue timeline --follow`: what the rules decide in a session that plays now, from the recording that it writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from segue.cli import timeline_json
from segue.cli.console import can_print, flush, print_json, print_lines
from segue.cli.tempos import with_read_tempos
from segue.cli.timeline import Selection
from segue.follow.followed import FollowedSession
from segue_rules.events import Event
from segue_rules.loading import load
from segue_rules.model import Rules
from segue_rules.plan import FramePlan
from segue_rules.timeline import brief, entry_lines, timeline_entries


def follow(
    recording: Path, rules: Path, selection: Selection, wait: Callable[[], None], *, why_not: bool, as_json: bool
) -> None:
    """Print what is decided as it is heard, until the recording ends.

    Args:
        recording: What a service writes of a session.
        rules: The rule file that the session plays; it is read again where the session was given an edit.
        wait: Waits until there may be more, and raises to stop.
    Raises:
        RuleError: The rules have mistakes.
        FilesError: The recording cannot be read, is one of other rules, or its session continues music that is not
            known here.
    """
    show = _Printer(selection, why_not=why_not, as_json=as_json)
    with FollowedSession(recording, rules, lambda: with_read_tempos(load(rules))) as session:
        while True:
            session.read()
            for plan in session.plans(session.heard):
                show.plan(plan, session.rules, session.sent)
            if session.ended:
                return
            flush()
            wait()


class _Printer:
    def __init__(self, selection: Selection, *, why_not: bool, as_json: bool) -> None:
        self._selection, self._why_not, self._as_json = selection, why_not, as_json
        self._arrow = "→" if can_print("→") else "->"
        self._warned: tuple[str, ...] = ()

    def plan(self, plan: FramePlan, rules: Rules, sent: dict[int, Event]) -> None:
        """Print what happens in a frame."""
        triggers = {stinger.name: stinger.trigger for stinger in rules.stingers}
        begun = plan._replace(warnings=tuple(code for code in plan.warnings if code not in self._warned))
        self._warned = plan.warnings
        shown = self._selection.of(begun, sent, triggers, rules)
        if self._as_json:
            for record in timeline_json.records(shown):
                print_json(record)
            return
        for entry in timeline_entries(shown, sent):
            if self._why_not or not (entry.kind == "stinger" and entry.starts_later):
                lines = entry_lines(entry if self._why_not else brief(entry))
                print_lines(*(line.replace("->", self._arrow) for line in lines))
