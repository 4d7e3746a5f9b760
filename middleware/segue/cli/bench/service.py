"""Measure reaction times over real sockets, with many sessions: a service and its clients, each a process.

The clients keep a clock and read headers, but play no sound. Each has a seed of its own, so that sessions share no
music. A reaction time runs from an event sent to the moment its sound is handed to the engine.
"""

from __future__ import annotations

import argparse
import io
import math
import multiprocessing
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from segue.cli.console import BAD_INPUT, DONE, print_lines, print_problems
from segue.generators import PLAYABLE

if TYPE_CHECKING:
    from segue.cli.bench.thin_client import Measured


_FLAG: Final = "fight"
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
# Before anything is measured: buffers fill, and each style is played once.
_WARM_UP_S: Final = 8.0
_START_S: Final = 60.0
# No event is sent in the last seconds: its sound has to be there before the end.
_QUIET_S: Final = 2.0
_END_S: Final = 10.0
_MOST_AT_ONCE: Final = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--generator", choices=PLAYABLE, default=PLAYABLE[0])
    parser.add_argument(
        "--sessions", metavar="N", type=int, nargs="+", default=[1, 2, 4, 8, 12], help="rows (1 2 4 8 12)"
    )
    parser.add_argument("--seconds", metavar="S", type=float, default=60.0, help="measured for each row (60)")
    parser.add_argument(
        "--every",
        metavar="SECONDS",
        type=float,
        default=1.5,
        help="mean time between a session's events; 0: none (1.5)",
    )
    parser.add_argument("--lookahead", metavar="SECONDS", type=float, default=4.0)
    parser.add_argument(
        "--workers", metavar="N", type=int, default=0, help="worker processes of the service (0: it is one process)"
    )
    parser.add_argument(
        "--burn", metavar="CORES", type=int, default=0, help="other processes that each take a core (0)"
    )


def run(arguments: argparse.Namespace) -> int:
    from segue.contract import GeneratorError
    from segue.generators import check_playable

    try:
        check_playable(arguments.generator)
    except GeneratorError as error:
        print_problems([error])
        return BAD_INPUT
    print_lines(
        f"{arguments.generator}, lookahead {arguments.lookahead:g} s, an event every {arguments.every:g} s, "
        f"{arguments.seconds:g} s a row, {arguments.workers or 'no'} workers, "
        f"{arguments.burn} cores burnt of {os.cpu_count()}, load {_load()}",
        "thin clients, each a process and a seed of its own; milliseconds from an event sent to its sound handed over",
        f"{'sessions':>8}{'events':>8}{'p50':>9}{'p99':>9}{'worst':>9}{'buffered':>10}{'underruns':>11}{'silence':>9}"
        f"{'fallbacks':>11}{'late':>6}{'unanswered':>12}{'cpu/session':>13}{'in main':>9}{'music':>8}{'memory':>10}",
    )
    for sessions in arguments.sessions:
        print_lines(_row(arguments, sessions))
    return DONE


def _row(arguments: argparse.Namespace, sessions: int) -> str:
    with ExitStack() as stack:
        for _ in range(arguments.burn):
            stack.enter_context(_child(_burn))
        service, pipe = stack.enter_context(_child(_serve, arguments.generator, sessions, arguments.workers))
        address = _receive(pipe, "the service")
        clients = [
            stack.enter_context(_child(_play, address, seed, arguments.lookahead, arguments.every))
            for seed in range(1, sessions + 1)
        ]
        for _, client in clients:
            _receive(client, "a client")
        time.sleep(_WARM_UP_S)
        for _, client in clients:
            client.send(arguments.seconds)
        cpu_s, main_s = _cpu_s(service.pid), _cpu_s(service.pid, alone=True)
        time.sleep(arguments.seconds)
        cpu_s, main_s = _cpu_s(service.pid) - cpu_s, _cpu_s(service.pid, alone=True) - main_s
        memory_mib = _memory_mib(service.pid)
        measured: list[Measured] = [_receive(client, "a client") for _, client in clients]
    reactions = sorted(value for one in measured for value in one.reactions)
    least = min((value for one in measured for value in one.buffered), default=math.nan)
    music_s = sum(one.music_s for one in measured)
    return (
        f"{sessions:>8}{len(reactions):>8}"
        f"{_quantile(reactions, 0.5):>6.0f} ms{_quantile(reactions, 0.99):>6.0f} ms{_quantile(reactions, 1.0):>6.0f} ms"
        f"{least:>8.2f} s{sum(one.underruns for one in measured):>11}{sum(one.silence_s for one in measured):>7.2f} s"
        f"{sum(one.fallbacks for one in measured):>11}{sum(one.late for one in measured):>6}"
        f"{sum(one.unanswered + one.refused for one in measured):>12}"
        f"{cpu_s / arguments.seconds / sessions:>13.1%}{main_s / arguments.seconds / sessions:>9.1%}"
        f"{music_s / arguments.seconds / sessions:>7.1f}x{memory_mib:>6.0f} MiB"
    )


# --- processes -------------------------------------------------------------------------------------------------------


@contextmanager
def _child(body: Callable[..., None], *values: Any) -> Iterator[tuple[BaseProcess, Connection]]:
    """A process and a pipe to it. It ends with the context, and when this process ends in any way."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_in_child, args=(body, theirs, values), daemon=True)
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        process.terminate()
        process.join(_END_S)
        process.kill()
        process.join()
        ours.close()


def _in_child(body: Callable[..., None], pipe: Connection, values: Sequence[Any]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    body(pipe, *values)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _receive(pipe: Connection, who: str) -> Any:
    """Return the next message of a process.

    Raises:
        RuntimeError: It ended, or sends nothing for too long.
    """
    try:
        if pipe.poll(_START_S):
            return pipe.recv()
    except EOFError:
        raise RuntimeError(f"{who} ended; its output is above") from None
    raise RuntimeError(f"{who} sent nothing for {_START_S:g} s")


def _burn(pipe: Connection) -> None:
    while True:
        pass


class _Addresses(io.TextIOBase):
    """The stdout of a service; passes its address on."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def write(self, text: str) -> int:
        if text.startswith("serving on "):
            self._pipe.send(text.split()[-1])
        return len(text)


def _serve(pipe: Connection, generator: str, sessions: int, workers: int) -> None:
    """A service on a free port of this machine."""
    import sys

    from segue.cli.main import main

    sys.stdout = _Addresses(pipe)
    flags = ["--bind", "tcp://127.0.0.1:0", "--log-level", "error", "--max-sessions", str(max(sessions, workers))]
    flags += ["--workers", str(workers)]
    sys.exit(main(["serve", "--generator", generator, *flags]))


def _play(pipe: Connection, address: str, seed: int, lookahead_s: float, every_s: float) -> None:
    """One client: sends "plays" when it does, receives for how long to measure, and sends what it measured."""
    import zmq

    from segue.cli.bench.thin_client import ThinClient
    from segue_sdk.codec import decode, encode
    from segue_sdk.messages import Hello

    hello = Hello(versions=(1,), client="bench", rules_text=_RULES, seed=seed, lookahead_ms=round(lookahead_s * 1000))
    client = ThinClient(hello, flag=_FLAG, every_s=every_s, rng=random.Random(seed))
    end_s, announced = math.inf, False
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        socket.connect(address)
        while (now_s := time.monotonic()) < end_s:
            for message in client.tick(now_s):
                socket.send_multipart(encode(message))
            if not announced and not client.stopped:
                announced = True
                pipe.send("plays")
                client.begin(now_s, now_s + _WARM_UP_S)
            if end_s == math.inf and pipe.poll():
                end_s = now_s + pipe.recv()
                client.begin(now_s, end_s - _QUIET_S)
            for _ in range(_MOST_AT_ONCE):
                if not socket.poll(0):
                    break
                client.receive(decode(socket.recv_multipart()), time.monotonic())
            else:
                continue
            socket.poll(max(0, math.ceil((min(client.due_s, end_s) - time.monotonic()) * 1000)))
    pipe.send(client.finish())


# --- figures ---------------------------------------------------------------------------------------------------------


def _cpu_s(pid: int | None, *, alone: bool = False) -> float:
    """Processor seconds of a process, so far; NaN where the system has no figure.

    Args:
        alone: Without the processes that it started.
    """
    ticks, found = 0, False
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text("utf-8", "replace").rsplit(")", 1)[1].split()
        except OSError:
            # It ended meanwhile.
            continue
        if alone and int(path.parent.name) == pid:
            ticks, found = ticks + sum(map(int, fields[11:13])), True
        elif not alone and (int(path.parent.name) == pid or int(fields[1]) == pid):
            # With the processes that it has waited for.
            ticks, found = ticks + sum(map(int, fields[11:15])), True
    return ticks / os.sysconf("SC_CLK_TCK") if found else math.nan


def _memory_mib(pid: int | None) -> float:
    """Memory of a process and the processes that it started, what they share once; NaN where the system has no figure.

    That is the proportional set size.
    """
    kib, found = 0, False
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text("utf-8", "replace").rsplit(")", 1)[1].split()[1])
            if int(folder.name) == pid or parent == pid:
                lines = (folder / "smaps_rollup").read_text("utf-8").splitlines()
                kib, found = kib + sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")), True
        except OSError:
            # It ended meanwhile.
            continue
    return kib / 1_024 if found else math.nan


def _load() -> str:
    """The load of the machine; other work makes every figure worse."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _quantile(values: list[float], share: float) -> float:
    """The quantile of sorted values; NaN if there are none."""
    return values[min(len(values) - 1, round(share * (len(values) - 1)))] if values else math.nan
