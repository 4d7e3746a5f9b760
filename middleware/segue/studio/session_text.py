"""A session as an event script, and as a rule test that expects what it decided."""

from __future__ import annotations

from collections.abc import Iterator

from segue.play.performance import Performance, TakenEvent, yaml_word
from segue.studio.course import Course
from segue_rules.model import FRAME_RATE, Rules


def event_script(course: Course, rules: Rules, seed: int) -> str:
    """The events of a session that took effect, as `segue timeline` and `segue preview` play them."""
    performance = Performance()
    performance.taken += _taken(course)
    return performance.script(rules.title, seed)


def rule_test(course: Course, rules: Rules, file: str, seed: int, end: int) -> str:
    """A file of one rule test: the events of a session, and each change of state that they make under rules.

    Args:
        course: The session.
        rules: What is to be tested, with the tempo and meter of the styles. A session that was given an edit is played
            with these from its start.
        file: The name of the rule file.
        seed: Of the session.
        end: Frames of the session.
    """
    tested = Course(rules, seed)
    for frame, event in _taken(course):
        tested.add_event(frame, event)
    tested.extend(end)
    performance = Performance()
    performance.taken += _taken(course)
    events = [line for line in performance.script(rules.title, seed).splitlines() if line.startswith("-")]
    return "\n".join(
        [
            f"# A session of {rules.title!r}, and what the rules decided in it.",
            f"rules: {yaml_word(file)}",
            "tests:",
            f"  - name: {yaml_word(f'a session of {end / FRAME_RATE:.0f} seconds')}",
            f"    seed: {seed}",
            *(["    events:"] if events else ["    events: []"]),
            *(f"      {line}" for line in events),
            "    expect:",
            *_expectations(tested, end),
            "",
        ]
    )


def _taken(course: Course) -> list[TakenEvent]:
    accepted = {row[1]["sequence"] for row in course.rows["events"] if row[1]["accepted"]}
    return [TakenEvent(frame, event) for frame, event in course.events() if event.sequence in accepted]


def _expectations(course: Course, end: int) -> Iterator[str]:
    """Yield what is expected: each state where it begins, and all states at the end."""
    for frame, change in course.rows["changes"]:
        if change["kind"] == "started" and frame < end:
            yield f"      - {{at: {_time(frame)}, state: {{{yaml_word(change['layer'])}: {yaml_word(change['to'])}}}}}"
    layers = course.rules_at(end - 1).layers
    states = course.rows["states"][-1][1]
    last = ", ".join(
        f"{yaml_word(layer.name)}: {yaml_word(state)}" for layer, state in zip(layers, states, strict=True)
    )
    yield f"      - {{at: {_time(end - 1)}, state: {{{last}}}}}"


def _time(frame: int) -> str:
    # A frame lasts 40 ms: two digits say its beginning exactly.
    return f"{frame / FRAME_RATE:.2f}s"
