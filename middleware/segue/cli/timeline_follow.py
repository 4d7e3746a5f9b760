"""`segue timeline --follow`: what the rules decide in a session that plays now, from the recording that it writes.

The journal of a session has every event with its frame, so the director gives the session's own plans. It says how far
music is made, which is the lookahead before what is heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from segue.cli import timeline_json
from segue.cli.console import can_print, flush, print_json, print_lines
from segue.cli.tempos import with_read_tempos
from segue.cli.timeline import Selection
from segue.file_kinds import FilesError
from segue.play.course import Course
from segue.play.performance import TakenEvent
from segue.runtime.recording import Header, RecordedOperation, RecordingError, RecordingReader
from segue_rules.errors import RuleError
from segue_rules.events import Event
from segue_rules.fingerprint import fingerprint_of
from segue_rules.loading import load
from segue_rules.model import FRAME_RATE, Rules
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
    loaded = with_read_tempos(load(rules))
    show = _Printer(selection, why_not=why_not, as_json=as_json)
    session: _Followed | None = None
    try:
        with RecordingReader(recording) as reader:
            while True:
                operations = reader.read()
                if session is None and reader.header is not None:
                    _require_rules_of(reader.header, operations, loaded, recording, rules)
                    session = _Followed(reader.header, loaded, recording, rules)
                if session is not None:
                    for operation in operations:
                        session.take(operation)
                    for plan in session.heard(to_end=reader.ended):
                        show.plan(plan, session.course.rules, session.sent)
                if reader.ended:
                    return
                flush()
                wait()
    except RecordingError as error:
        raise FilesError([str(error)]) from error


def _require_rules_of(
    header: Header, operations: Iterable[RecordedOperation], loaded: Rules, recording: Path, rules: Path
) -> None:
    """Refuse a rule file that the session never played.

    Args:
        operations: What is recorded by now: an edit among them may have brought the file as it is.
        loaded: The rule file as it is.
    Raises:
        FilesError: The session never played it.
    """
    played = {header.rules, *(operation[1].fingerprint for operation in operations if operation[0] == "reload")}
    if fingerprint_of(path.read_bytes() for path in loaded.files) in played:
        return
    name = next(iter(header.sources), "")
    if name == rules.name:
        text = f"the session plays {name} as it was before it was edited; start the session anew, or undo the edit"
    else:
        of = f" ({name})" if name else ""
        text = f"the recording was made with other rules{of} than {rules}; name the rule file that the session plays"
    raise FilesError([f"{recording}: {text}"])


class _Followed:
    """A session by its journal.

    Attributes:
        course: Its plans.
        sent: Its events, by number.
    """

    def __init__(self, header: Header, loaded: Rules, recording: Path, rules: Path) -> None:
        if header.restore_point is not None:
            raise FilesError([f"{recording}: expected a session that begins anew, got one that continues other music"])
        self.course = Course(replace(loaded, seed=header.config.seed))
        self.sent: dict[int, Event] = {}
        self._recording, self._rules = recording, rules
        self._lookahead = round(header.config.lookahead_s * FRAME_RATE)
        self._made = self._shown = 0
        self._edits: list[int] = []

    def take(self, operation: RecordedOperation) -> None:
        """Take in an operation of the journal."""
        match operation:
            case ("event", event, frame):
                self.sent[event.sequence] = event
                self.course.add(TakenEvent(frame, event))
            case ("reload", _, frame):
                self._edits.append(frame)
            case ("restore", _, frame, _):
                text = f"the session continues other music from frame {frame} on, which cannot be followed"
                raise FilesError([f"{self._recording}: {text}"])
            case ("done", spec):
                self._made = max(self._made, spec.end)

    def heard(self, *, to_end: bool) -> Iterator[FramePlan]:
        """Yield the plans of the frames that are heard since the last call.

        Args:
            to_end: Whether to yield the plans of all music that was made, too.
        """
        end = self._made if to_end else self._made - self._lookahead
        for frame in range(self._shown, end):
            if frame in self._edits:
                self._follow_edit()
            plan = self.course.plan(frame)
            if plan is not None:
                yield plan
        self._shown = max(self._shown, end)

    def _follow_edit(self) -> None:
        try:
            rules = with_read_tempos(load(self._rules))
        except RuleError:
            # The file has been edited again since: what the session was given is not there any more.
            return
        self.course.switch(replace(rules, seed=self.course.rules.seed))


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
        shown = self._selection.of(begun, sent, triggers)
        if self._as_json:
            for record in timeline_json.records(shown):
                print_json(record)
            return
        for entry in timeline_entries(shown, sent):
            if self._why_not or not (entry.kind == "stinger" and entry.starts_later):
                lines = entry_lines(entry if self._why_not else brief(entry))
                print_lines(*(line.replace("->", self._arrow) for line in lines))
