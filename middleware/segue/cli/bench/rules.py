"""Measure how many frames a second the director makes of a rule file on one core, in CPU time.

A session needs 25 frames a second. The event script is played again and again in two ways: stepping every frame, and
skipping frames that only repeat the one before, as a session does while nothing happens.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segue.cli.console import BAD_INPUT, DONE, print_lines, print_problems
from segue.cli.timeline import AFTER_LAST_EVENT_S
from segue.file_kinds import library_folder, require_file, script_beside
from segue_yaml.report import ProblemsError

if TYPE_CHECKING:
    from segue_rules.director import Director
    from segue_rules.events import Event, ScriptedEvent

TARGET: Final = 25_000
"""Frames a second that serve a thousand sessions."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "rules", metavar="RULES", nargs="?", type=Path, help="a rule file (else emberwood of the library)"
    )
    parser.add_argument("--seconds", metavar="S", type=float, default=4.0, help="CPU time to spend on each way (4)")


def run(arguments: argparse.Namespace) -> int:
    from segue_rules.director import Director
    from segue_rules.loading import load, load_events
    from segue_rules.model import FRAME_RATE

    path = arguments.rules or library_folder() / "emberwood" / "emberwood.yaml"
    try:
        rules = load(require_file(path))
        script = script_beside(path)
        events = load_events(script, rules) if script else ()
    except ProblemsError as error:
        print_problems(error.problems)
        return BAD_INPUT
    frames = (max((scripted.frame for scripted in events), default=0) // FRAME_RATE + AFTER_LAST_EVENT_S) * FRAME_RATE
    director = Director(rules)
    print_lines(f"{rules.title}: {len(events)} events in {frames / FRAME_RATE:.0f} s, one core, CPU time")
    for what, play in (("every frame stepped", _step), ("skipping to the next change", _skip)):
        rate = _rate(partial(play, director, events, frames), frames, arguments.seconds)
        sessions, share = rate / FRAME_RATE, rate / TARGET
        print_lines(f"  {what:<28} {rate:>9,.0f} frames/s {sessions:>8,.0f} sessions {share:>7.2f} of the target")
    print_lines(f"  target: {TARGET:,} frames/s, a thousand sessions")
    return DONE


def _rate(play: Callable[[], None], frames: int, spend_s: float) -> float:
    """Frames a second of CPU time. The first run is not counted: it fills caches."""
    play()
    plays, spent, start = 0, 0.0, time.process_time()
    while plays == 0 or spent < spend_s:
        play()
        plays += 1
        spent = time.process_time() - start
    return plays * frames / spent


def _step(director: Director, events: Sequence[ScriptedEvent], frames: int) -> None:
    at: dict[int, list[Event]] = {}
    for scripted in events:
        at.setdefault(scripted.frame, []).append(scripted.event)
    state = director.start()
    for frame in range(frames):
        state, _ = director.step(state, frame, at.get(frame, ()), frame)


def _skip(director: Director, events: Sequence[ScriptedEvent], frames: int) -> None:
    from segue_rules.timeline import play_script

    for _ in play_script(director, events, frames):
        pass
