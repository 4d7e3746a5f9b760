"""What a game sends, given as a script's path, as Python data, or as loaded events."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from segue_rules.errors import rule_report
from segue_rules.events import ScriptedEvent
from segue_rules.loading.scripts import EVENTS, Script, build_events, check_events, load_script
from segue_rules.model import InputValue, Rules
from segue_yaml.document import read_text
from segue_yaml.report import Problem

Events: TypeAlias = str | Path | Sequence[ScriptedEvent] | Sequence[Mapping[str, Any]]
"""A script's path, loaded events, or data such as `[{"at": 1.5, "set": {"threat": 0.9}}, {"at": "4s", "fire": "won"}]`.

`at` is a time as in a rule file, or a number of seconds.
"""


def read_events(events: Events, rules: Rules) -> Script:
    """Load and check events.

    Args:
        events: A path, data or loaded events.
        rules: Declare the inputs.
    Returns:
        The events by time, and warnings about them.
    Raises:
        RuleError: Every mistake; one of data is named by the line of its event, from 1.
    """
    if isinstance(events, str | Path):
        return load_script(events, rules)
    loaded = [event for event in events if isinstance(event, ScriptedEvent)]
    data = [event for event in events if not isinstance(event, ScriptedEvent)]
    if loaded and data:
        raise TypeError("events: expected either loaded events or data, got both")
    if loaded:
        return Script(events=_numbered(loaded), warnings=check_events(loaded, rules))
    report = rule_report()
    # YAML with one event a line, so that the line of a message is the number of the event.
    text = "".join(f"- {json.dumps(_with_unit(event), ensure_ascii=False)}\n" for event in data)
    node = read_text(text, report, name="events") if text else None
    records = EVENTS.read(node, report.scope("events")) if node is not None else None
    built = build_events(records or (), rules)
    report.raise_problems()
    warnings: tuple[Problem, ...] = tuple(report.warnings)
    return Script(events=built, warnings=warnings)


def hold_inputs(events: Sequence[ScriptedEvent], inputs: Mapping[str, InputValue], rules: Rules) -> Script:
    """Events in which inputs have one value from the start to the end.

    Args:
        events: All that sets one of the inputs is left out of them; a reset sets them to these values again.
        inputs: The values to hold, by the names of the inputs.
        rules: Declare the inputs.
    Raises:
        RuleError: There is no such input, or it does not take the value.
    """
    held = read_events([{"at": 0, "set": dict(inputs)}], rules)
    kept = []
    for scripted in events:
        values = {name: value for name, value in scripted.event.set.items() if name not in inputs}
        if scripted.event.reset:
            values |= held.events[0].event.set
        if values or scripted.event.fire or scripted.event.reset:
            kept.append(replace(scripted, event=replace(scripted.event, set=values)))
    return Script(events=_numbered([*held.events, *kept]), warnings=held.warnings)


def _numbered(events: Sequence[ScriptedEvent]) -> tuple[ScriptedEvent, ...]:
    """The events by time, with their places in that order as sequence numbers."""
    by_time = sorted(events, key=lambda scripted: scripted.at_s)
    return tuple(
        replace(scripted, event=replace(scripted.event, sequence=sequence)) for sequence, scripted in enumerate(by_time)
    )


def _with_unit(event: object) -> object:
    """The event with the unit that a number of seconds lacks; what is no map as it is, for the reader to report."""
    if not isinstance(event, Mapping):
        return event
    at = event.get("at")
    if isinstance(at, bool) or not isinstance(at, int | float):
        return dict(event)
    return {**event, "at": f"{at:.9f}".rstrip("0").rstrip(".") + "s"}
