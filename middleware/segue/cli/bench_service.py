"""How fast music answers a game over real sockets: a service in a process of its own, games that are real clients.

A reaction runs from the sample heard when the event was sent to the first sample generated under the change it caused,
or to where the client could take it, if that is later. Beside it: the least buffered, underruns, processor time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segue.cli.output import say
from segue.cli.parts import GENERATORS

if TYPE_CHECKING:
    from segue.cli.load import Game, Measured
    from segue_sdk.client_messages import Hello

HELP: Final = "from an event to the sound it causes over real sockets, with several sessions"

_RULES: Final = """
segue: 1
music: {tempo: 110bpm, key: A minor}
inputs: {fight: {type: flag}}
styles: {walk: {text: "calm forest walk, harp"}, battle: {text: "epic battle drums and brass"}}
layers:
  ground:
    states:
      walk: {default: true, mix: {walk: 1}}
      fight: {when: {fight: true}, mix: {battle: 1}}
transitions: [{from: ground.any, to: ground.any, at: immediate, ramp: 400ms}]
"""
# Before anything is measured: buffers fill, caches warm.
_WARM_UP_S: Final = 8.0
_START_S: Final = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--generator", choices=GENERATORS, default=GENERATORS[0])
    parser.add_argument("--sessions", metavar="N", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--seconds", metavar="S", type=float, default=60.0, help="measured for each row (60)")
    parser.add_argument("--lookahead", metavar="SECONDS", type=float, default=4.0)


def run(arguments: argparse.Namespace) -> int:
    say(
        f"{arguments.generator}, lookahead {arguments.lookahead:g} s, {arguments.seconds:g} s a row",
        f"{'sessions':>8}{'other load':>14}{'events':>8}{'p50':>9}{'p99':>9}{'worst':>9}"
        f"{'buffered':>10}{'underruns':>11}{'late':>6}{'cpu/session':>13}",
    )
    for burnt in (False, True):
        for sessions in arguments.sessions:
            with _burning(burnt):
                say(_row(arguments, sessions, burnt))
    return 0


def _row(arguments: argparse.Namespace, sessions: int, burnt: bool) -> str:
    from segue_sdk.client_messages import Hello

    hello = Hello(
        versions=(1,), client="bench", rules_text=_RULES, seed=1, lookahead_ms=round(arguments.lookahead * 1000)
    )
    with _service(arguments.generator) as (process, address):
        measured, cpu_s = _play(address, hello, sessions, arguments.seconds, process.pid)
    reactions = sorted(value for one in measured for value in one.reactions)
    least = min(value for one in measured for value in one.buffered)
    return (
        f"{sessions:>8}{'a burnt core' if burnt else 'none':>14}{len(reactions):>8}"
        f"{_quantile(reactions, 0.5):>6.0f} ms{_quantile(reactions, 0.99):>6.0f} ms{reactions[-1]:>6.0f} ms"
        f"{least:>8.2f} s{sum(one.underruns for one in measured):>11}{sum(one.late for one in measured):>6}"
        f"{cpu_s / arguments.seconds / sessions:>12.1%}"
    )


def _play(address: str, hello: Hello, sessions: int, seconds: float, pid: int) -> tuple[list[Measured], float]:
    """What the games saw, and the processor seconds that the service took meanwhile."""
    from segue.cli.load import Game, SoundCard

    games = [Game(address, hello) for _ in range(sessions)]
    dice = random.Random(1)
    with SoundCard(games):
        _wait(games)
        begun, cpu_s = time.monotonic(), _cpu_s(pid)
        for game in games:
            game.measured.buffered.clear()
        due = [begun + dice.uniform(0.0, 1.5) for _ in games]
        fights = [False] * sessions
        # The last events must still be heard.
        while (now := time.monotonic()) < begun + seconds:
            for index, game in enumerate(games):
                game.update()
                if due[index] <= now < begun + seconds - 3.0:
                    fights[index] = not fights[index]
                    game.send("fight", fights[index])
                    due[index] = now + dice.uniform(0.8, 2.2)
            time.sleep(0.005)
        cpu_s = _cpu_s(pid) - cpu_s
        return [game.finish() for game in games], cpu_s


def _wait(games: list[Game]) -> None:
    deadline = time.monotonic() + _START_S
    while not all(game.playing for game in games):
        if time.monotonic() > deadline:
            raise TimeoutError("the service gave no music")
        time.sleep(0.05)
    time.sleep(_WARM_UP_S)
    for game in games:
        game.update()


@contextmanager
def _service(generator: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A service of its own on a free port of this machine."""
    command = [sys.executable, "-m", "segue.cli.main", "serve", "--generator", generator]
    command += ["--bind", "tcp://127.0.0.1:0", "--log-level", "error"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            yield process, line.split()[-1]
        finally:
            process.terminate()


@contextmanager
def _burning(wanted: bool) -> Iterator[None]:
    """Another process takes all it can get of a core."""
    if not wanted:
        yield
        return
    process = multiprocessing.get_context("spawn").Process(target=_burn, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def _burn() -> None:
    while True:
        pass


def _cpu_s(pid: int) -> float:
    """Processor seconds of a process so far; NaN where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    except OSError:
        return float("nan")
    import os

    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _quantile(values: list[float], share: float) -> float:
    """The value that so great a share of the sorted values does not exceed."""
    return values[min(len(values) - 1, round(share * (len(values) - 1)))]
