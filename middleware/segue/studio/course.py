"""The course of a session as rows for the page: events, states, mix, controls, beats and reasons, frame by frame.

The director is pure: the same rules and events give the session's own decisions, and other events from some frame on
give what would have come instead. States of the director are kept now and then, so a change costs what comes after it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Self

from segue_rules.director import Director, DirectorState, carry
from segue_rules.events import Event, Receipt
from segue_rules.model import FRAME_RATE, FlagInput, Rules, TriggerInput
from segue_rules.model import Input as RuleInput
from segue_rules.plan import Change, FramePlan, StingerCue
from segue_rules.timeline import bar_beat, control, plan_at, switch

ROWS: Final = (
    "rules",
    "events",
    "changes",
    "stingers",
    "states",
    "mix",
    "music",
    "inputs",
    "beats",
)
"""Kinds of rows. Every row begins with its frame, and the rows of a kind are in order.

rules: the number of the declaration that counts from there on. states, mix and inputs: a value for each layer, style
and input of the declaration, where they change. music: tempo, meter, key, drums, intensity and gain where they change.
beats: bar and beat, from 1.
"""
_KEPT_EVERY: Final = 10 * FRAME_RATE


class _Kept(NamedTuple):
    """The director's state before a frame."""

    frame: int
    state: DirectorState
    version: int


class Course:
    """Plans a session as far as it is asked to.

    Attributes:
        end: The first frame that is not planned yet.
        rows: By kind, as in ROWS.
    """

    def __init__(self, rules: Rules, seed: int) -> None:
        """Begin a session.

        Args:
            rules: What it plays first, with the tempo and meter of the styles.
            seed: Of the session.
        """
        self.rows: dict[str, list[list[Any]]] = {kind: [] for kind in ROWS}
        self._seed = seed
        self._versions: list[tuple[int, Rules]] = [(0, rules)]
        self._events: dict[int, list[Event]] = {}
        self._kept = [_Kept(0, Director(rules, seed).start(), 0)]
        self._now = self._kept[0]
        self._director = Director(rules, seed)
        # For each time that planned frames became void: the first of them.
        self._voided: list[int] = []

    @property
    def end(self) -> int:
        return self._now.frame

    @property
    def version(self) -> int:
        """Grows with every change to frames that were planned already."""
        return len(self._voided)

    @property
    def declarations(self) -> list[dict[str, Any]]:
        """What the rules declare, for each version of them."""
        return [declaration(rules) for _, rules in self._versions]

    def rules_at(self, frame: int) -> Rules:
        """The rules that count in a frame."""
        return self._versions[self._version_at(frame)][1]

    def events(self) -> Iterator[tuple[int, Event]]:
        """Yield every event with its frame, in order."""
        for frame in sorted(self._events):
            for event in self._events[frame]:
                yield frame, event

    def versions(self) -> Sequence[tuple[int, Rules]]:
        """The rules by the frame from which on they count; the first from 0."""
        return tuple(self._versions)

    def add_event(self, frame: int, event: Event) -> None:
        """Take in an event of a frame."""
        self._events[frame] = sorted([*self._events.get(frame, ()), event], key=lambda each: each.sequence)
        self._void(frame)

    def add_rules(self, frame: int, rules: Rules) -> None:
        """Take in rules that count from a frame on, which is not before that of the newest ones."""
        self._versions.append((frame, rules))
        self._void(frame)

    def extend(self, end: int) -> None:
        """Plan every frame before `end`."""
        while self._now.frame < end:
            self._carry_on()
            frame = self._now.frame
            events = self._events.get(frame)
            if events:
                state, plan = self._director.step(self._now.state, frame, events)
                self._take(plan, 1)
                self._now = _Kept(frame + 1, state, self._now.version)
                continue
            for span in self._director.spans(self._now.state, min(end, self._next_stop(frame))):
                self._take(span.plan, span.frames)
                self._now = _Kept(span.plan.frame + span.frames, span.state, self._now.version)

    def since(self, frame: int, version: int) -> tuple[int, dict[str, list[list[Any]]]]:
        """The rows that one needs who has those before `frame`, as they were in a version.

        Returns:
            The frame from which on rows are given, and these rows by kind.
        """
        start = min([frame, *self._voided[version:]])
        return start, {kind: rows[bisect_left(rows, start, key=_frame) :] for kind, rows in self.rows.items()}

    def fork(self, frame: int) -> Self:
        """A course of its own that goes on from a frame, with the rules of then and no later event."""
        self.extend(frame)
        fork = type(self)(self._versions[0][1], self._seed)
        fork._versions = self._versions[: self._version_at(frame) + 1]
        fork._events = {at: events for at, events in self._events.items() if at < frame}
        fork._kept = self._kept[: bisect_right(self._kept, frame, key=_frame)]
        fork.rows = {
            kind: rows[: bisect_left(rows, fork._kept[-1].frame, key=_frame)] for kind, rows in self.rows.items()
        }
        fork._resume()
        fork.extend(frame)
        return fork

    def _version_at(self, frame: int) -> int:
        return bisect_right(self._versions, frame, key=lambda version: version[0]) - 1

    def _next_stop(self, frame: int) -> int:
        """The first frame behind `frame` with an event, other rules or a state to keep."""
        stops = [at for at in self._events if at > frame]
        stops += [at for at, _ in self._versions if at > frame]
        return min([*stops, self._kept[-1].frame + _KEPT_EVERY])

    def _void(self, frame: int) -> None:
        """Forget what was planned from a frame on."""
        if self._now.frame <= frame:
            return
        self._voided.append(frame)
        del self._kept[max(1, bisect_right(self._kept, frame, key=_frame)) :]
        for rows in self.rows.values():
            del rows[bisect_left(rows, self._kept[-1].frame, key=_frame) :]
        self._resume()
        self.extend(frame)

    def _resume(self) -> None:
        self._now = self._kept[-1]
        self._director = Director(self._versions[self._now.version][1], self._seed)

    def _carry_on(self) -> None:
        """Keep the state if it is time to, and change to the rules of the present frame."""
        frame, state, version = self._now
        wanted = self._version_at(frame)
        while version < wanted:
            version += 1
            rules = self._versions[version][1]
            state = carry(state, self._versions[version - 1][1], rules)
            self._director = Director(rules, self._seed)
        self._now = _Kept(frame, state, version)
        if frame >= self._kept[-1].frame + _KEPT_EVERY:
            self._kept.append(self._now)

    def _take(self, plan: FramePlan, frames: int) -> None:
        """Note a plan that counts for some frames."""
        frame, rows, version = plan.frame, self.rows, self._version_at(plan.frame)
        anew = not rows["rules"] or rows["rules"][-1][1] != version
        if anew:
            rows["rules"].append([frame, version])
        sent = {event.sequence: event for event in self._events.get(frame, ())}
        rows["events"] += [[frame, _event(receipt, sent[receipt.sequence])] for receipt in plan.receipts]
        rows["changes"] += [[frame, _change(change)] for change in plan.changes]
        rows["stingers"] += [[frame, _stinger(cue)] for cue in plan.stingers]
        values = {
            "states": list(plan.states),
            "mix": [round(share, 3) for share in plan.mix],
            "music": _music(plan),
            "inputs": [round(value, 3) if isinstance(value, float) else value for value in plan.inputs],
        }
        for kind, value in values.items():
            # Equal values of other rules may mean other layers and styles.
            if anew or rows[kind][-1][1] != value:
                rows[kind].append([frame, value])
        for at in range(frame, frame + frames):
            now = plan_at(plan, at)
            if now.beat >= 0:
                place = bar_beat(now)
                rows["beats"].append([at, place.bar, place.beat])


def declaration(rules: Rules) -> dict[str, Any]:
    """What a page needs to know of rules to show their course."""
    return {
        "title": rules.title,
        "inputs": [_input(each) for each in rules.inputs],
        "styles": [style.name for style in rules.styles],
        "layers": [_layer(rules, index) for index in range(len(rules.layers))],
    }


def _layer(rules: Rules, index: int) -> dict[str, Any]:
    layer = rules.layers[index]
    states = [state.name for state in layer.states]
    rows = [
        [row.from_state, row.to_state]
        for row in rules.transitions
        if row.layer in (None, layer.name) and row.from_state in states and row.to_state in states
    ]
    default = next((state.name for state in layer.states if state.default), states[0])
    return {"name": layer.name, "states": states, "default": default, "rows": rows}


def _input(source: RuleInput) -> dict[str, Any]:
    if isinstance(source, TriggerInput):
        return {"name": source.name, "type": "trigger"}
    if isinstance(source, FlagInput):
        return {"name": source.name, "type": "flag", "default": source.default}
    words: Mapping[str, Any] = {
        name: getattr(source, name) for name in ("low", "high", "of", "default") if hasattr(source, name)
    }
    kind = "choice" if "of" in words else "integer" if isinstance(words["default"], int) else "number"
    return {"name": source.name, "type": kind, **words}


def _event(receipt: Receipt, event: Event) -> dict[str, Any]:
    return {
        "sequence": event.sequence,
        "reset": event.reset,
        "set": dict(event.set),
        "fire": list(event.fire),
        "accepted": receipt.accepted,
        "text": receipt.text,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "layer": change.layer,
        "from": change.from_state,
        "to": change.to_state,
        "start": change.start,
        "at": change.at,
        "ramp": change.ramp_frames,
        "because": [cause.text for cause in change.causes],
        "why_not": [[candidate.state, candidate.reason] for candidate in change.candidates],
    }


def _stinger(cue: StingerCue) -> dict[str, Any]:
    return {"kind": cue.kind, "name": cue.stinger, "cause": cue.cause, "reason": cue.reason}


def _music(plan: FramePlan) -> list[Any]:
    controls = plan.controls
    return [
        round(control(controls, "tempo"), 1),
        switch(controls, "meter"),
        switch(controls, "key"),
        switch(controls, "drums"),
        round(control(controls, "intensity"), 2),
        round(control(controls, "gain"), 1),
    ]


def _frame(row: Sequence[Any]) -> int:
    return int(row[0])
