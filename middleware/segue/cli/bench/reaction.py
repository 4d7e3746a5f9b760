"""Measure reaction times, simulated with this machine's own generation time: they must not grow with the buffer.

A reaction time runs from the sample that was heard when the event was sent to the first sound that obeys. A change at a
beat or bar also waits for that beat or bar, as its rule says.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from segue.cli.console import BAD_INPUT, DONE, print_lines, print_problems
from segue.generators import PLAYABLE
from segue_rules.model import FRAME_RATE

if TYPE_CHECKING:
    from segue.contract import StyleBanks
    from segue.generators import GeneratorChain
    from segue.report.reactions import SyncPoint
    from segue.runtime.simulation import LiveRun
    from segue_rules.events import ScriptedEvent
    from segue_rules.model import Rules

UNITS: Final[tuple[SyncPoint, ...]] = ("immediate", "eighth", "beat", "group", "bar")

# One layer a kind of boundary, each with a flag of its own.
_LAYERS: Final = (
    f"""
segue: 1
music: {{tempo: 110bpm, key: A minor}}
inputs: {{{", ".join(f"{unit}: {{type: flag}}" for unit in UNITS)}}}
"""
    + """\
styles: {walk: {text: "calm forest walk, harp"}, battle: {text: "epic battle drums and brass"}}
layers:
  ground: {states: {walk: {default: true, mix: {walk: 1}}}}
"""
    + "".join(
        f"  on_{unit}: {{states: {{no_{unit}: {{default: true}}, yes_{unit}: "
        f"{{when: {{{unit}: true}}, mix: {{battle: 2}}}}}}}}\n"
        for unit in UNITS
    )
)
RULES: Final = (
    _LAYERS
    + "transitions:\n"
    + "".join(f"  - {{from: on_{unit}.any, to: on_{unit}.any, at: {unit}, ramp: 400ms}}\n" for unit in UNITS)
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--generator", choices=PLAYABLE, default=PLAYABLE[0])
    parser.add_argument("--lookahead", metavar="SECONDS", type=float, nargs="+", default=[1.0, 4.0, 10.0])
    parser.add_argument("--seconds", metavar="S", type=float, default=120.0, help="of music at each depth (120)")


def run(arguments: argparse.Namespace) -> int:
    from segue.contract import GeneratorError
    from segue.generators import build
    from segue.report.reactions import reaction_statistics, reactions, replaced_share
    from segue.runtime.styles import read_styles
    from segue_rules.loading import load_text

    try:
        chain = build(arguments.generator)
    except GeneratorError as error:
        print_problems([error])
        return BAD_INPUT
    rules = load_text(RULES)
    rules, styles, _ = read_styles(rules, chain.encoders)
    pace = _pace(rules, styles, chain)
    events = _events(arguments.seconds)
    print_lines(
        f"{arguments.generator}: {pace:.3f} s to generate a second; {len(events)} events in {arguments.seconds:.0f} s",
        f"{'lookahead':>9}  "
        + "".join(f"{unit + ' p50':>14}{'p99':>7}" for unit in UNITS)
        + f"{'repeated':>10}{'late':>6}{'states':>11}{'sound':>11}",
    )
    for lookahead_s in arguments.lookahead:
        live, states, sound = _play(rules, styles, chain, events, arguments.seconds, lookahead_s, pace)
        statistics = reaction_statistics(reactions(live, [layer.name for layer in rules.layers]))
        cells = "".join(f"{statistics[u].p50_s * 1000:>11.0f} ms{statistics[u].p99_s * 1000:>7.0f}" for u in UNITS)
        print_lines(
            f"{lookahead_s:>7.1f} s  {cells}{replaced_share(live):>9.0%} {live.client.late:>5}"
            f"{states / 1024:>7.0f} KiB{sound / 2**20:>7.1f} MiB"
        )
    return DONE


def _events(seconds: float) -> list[ScriptedEvent]:
    """Flags turned on and off, one event every 1.1 to 2.3 s, the same every time."""
    from segue_rules.events import Event, ScriptedEvent
    from segue_rules.model import FRAME_RATE
    from segue_yaml.nodes import NOWHERE

    times, at_s, events = random.Random(1), 2.0, list[ScriptedEvent]()
    state = dict.fromkeys(UNITS, False)
    while at_s < seconds - 3.0:
        unit = UNITS[len(events) % len(UNITS)]
        state[unit] = not state[unit]
        event = Event(sequence=len(events), set={unit: state[unit]})
        events.append(ScriptedEvent(at_s=at_s, frame=int(at_s * FRAME_RATE), event=event, mark=NOWHERE))
        at_s += times.uniform(1.1, 2.3)
    return events


def _pace(rules: Rules, styles: StyleBanks, chain: GeneratorChain) -> float:
    """Wall-clock seconds that generating a second of music takes here, once warm."""
    from segue.runtime.session import Session
    from segue.runtime.session_config import SessionConfig
    from segue.runtime.simulation import straight

    for _ in range(2):
        started = time.perf_counter()
        session = Session(rules, styles, chain.generators, SessionConfig(seed=1))
        for _ in straight(session, chain.generators, _events(20.0), 20 * FRAME_RATE):
            pass
    return (time.perf_counter() - started) / 20.0


def _play(
    rules: Rules,
    styles: StyleBanks,
    chain: GeneratorChain,
    events: Sequence[ScriptedEvent],
    seconds: float,
    lookahead_s: float,
    pace: float,
) -> tuple[LiveRun, int, int]:
    """Play one live run.

    Returns:
        The run, and at its end the bytes of the buffered generator states and of the sound.
    """
    from segue.runtime.session import Session
    from segue.runtime.session_config import SessionConfig
    from segue.runtime.simulation import LiveConditions, live

    session = Session(rules, styles, chain.generators, SessionConfig(seed=1, lookahead_s=lookahead_s))
    conditions = LiveConditions(generation_s=pace, overhead_s=0.005)
    run = live(session, chain.generators, events, round(seconds * FRAME_RATE), conditions)
    return run, session.state_bytes(), session.sound_bytes()
