"""A generator in processes: the same sound, and nothing lost when a process ends, hangs or does not start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from processes import is_running
from segue.contract import FRAME_SIZE, Conditioning, Request, Result, StyleBank
from segue.service.generator_process import KEPT_STATES
from segue.service.process_generator import ProcessGenerator, ProcessState
from segue.service.settings.configuration import SESSIONS_INSIDE
from unit.runtime.toy_generator import ToyGenerator

PROGRAM = Path(__file__).with_name("toy_process.py")
STEP_S = 1 / 16


def bank(name: str = "calm") -> StyleBank:
    return StyleBank(names=(name,), embeddings=np.ones((1, 1), np.float32))


def request(state: Any, frame: int, styles: StyleBank, frames: int = 2) -> Request[Any]:
    ones = np.ones(frames)
    conditioning = Conditioning(
        frame=frame,
        weights=np.ones((frames, 1), np.float32),
        tempo_bpm=(100 * ones).astype(np.float32),
        ticks=ones.astype(np.int64),
        bar=ones.astype(np.int32),
        bar_ticks=ones.astype(np.int64),
        meter=ones.astype(np.int8),
        tonic=ones.astype(np.int8),
        mode=ones.astype(np.int8),
        drums=ones.astype(np.int8),
        intensity=ones.astype(np.float32),
        temperature=ones.astype(np.float32),
        guidance=ones.astype(np.float32),
    )
    return Request(state=state, styles=styles, conditioning=conditioning)


def play(generator: Any, state: Any, frame: int, styles: StyleBank) -> Result[Any]:
    (result,) = generator.generate([request(state, frame, styles)])
    return result


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process or thread does; a test that waits for ever is ended by its timeout."""
    while not condition():
        time.sleep(0.005)


def with_processes(generator: ProcessGenerator, count: int) -> None:
    generator.tend(SESSIONS_INSIDE + 1, STEP_S)
    until(lambda: generator.ready == count)


@pytest.fixture
def made() -> Iterator[Callable[[int], ProcessGenerator]]:
    generators = []

    def make(processes: int, program: Path = PROGRAM) -> ProcessGenerator:
        command = [sys.executable, str(program)]
        generators.append(ProcessGenerator(ToyGenerator(), command, processes=processes, silent_s=1.0))
        return generators[-1]

    yield make
    for generator in generators:
        generator.close()


def test_few_sessions_start_no_process(made: Callable[[int], ProcessGenerator]) -> None:
    generator = made(2)
    generator.tend(SESSIONS_INSIDE, STEP_S)
    assert (generator.ready, generator.threads) == (0, 1)
    inside = ToyGenerator()
    expected = play(inside, inside.start(seed=3), 0, bank())
    result = play(generator, generator.start(seed=3), 0, bank())
    assert result.chunk.samples.tobytes() == expected.chunk.samples.tobytes()
    assert generator.pack(result.state) == inside.pack(expected.state)


def test_the_music_is_the_same_whichever_process_plays_it(made: Callable[[int], ProcessGenerator]) -> None:
    generator, inside, styles = made(2), ToyGenerator(), bank()
    with_processes(generator, 2)
    assert generator.threads == 2
    states = [(generator.start(seed=seed), inside.start(seed=seed)) for seed in range(3)]
    # More calls than a process keeps states of, and an old state again.
    first = states[0]
    for number in range(2 * KEPT_STATES + 20):
        seed = number % 3
        frame = 2 * (number // 3)
        state, own = states[seed]
        result, expected = play(generator, state, frame, styles), play(inside, own, frame, styles)
        assert result.chunk.samples.tobytes() == expected.chunk.samples.tobytes()
        assert generator.pack(result.state) == inside.pack(expected.state)
        assert generator.unpack(generator.pack(result.state), frame=7).as_value() == expected.state._replace(frame=7)
        states[seed] = result.state, expected.state
        if number == 0:
            first = states[0]
    again, expected = play(generator, first[0], 2, styles), play(inside, first[1], 2, styles)
    assert again.chunk.samples.tobytes() == expected.chunk.samples.tobytes()
    assert isinstance(again.state, ProcessState)
    assert generator.state_bytes(again.state) > 0


def test_two_threads_play_at_once(made: Callable[[int], ProcessGenerator]) -> None:
    generator, inside, styles = made(2), ToyGenerator(), bank()
    with_processes(generator, 2)
    found: dict[int, list[bytes]] = {seed: [] for seed in range(4)}

    def play_all(seed: int) -> None:
        state = generator.start(seed=seed)
        for frame in range(0, 40, 2):
            result = play(generator, state, frame, styles)
            state = result.state
            found[seed].append(result.chunk.samples.tobytes())

    threads = [threading.Thread(target=play_all, args=(seed,)) for seed in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, sounds in found.items():
        state = inside.start(seed=seed)
        for number, sound in enumerate(sounds):
            expected = play(inside, state, 2 * number, styles)
            state = expected.state
            assert sound == expected.chunk.samples.tobytes()


def test_more_style_banks_than_are_kept_are_sent_again(made: Callable[[int], ProcessGenerator]) -> None:
    generator, inside = made(1), ToyGenerator()
    with_processes(generator, 1)
    banks = [bank(f"style {number}") for number in range(100)]
    for styles in [*banks, *banks]:
        sound = play(generator, generator.start(seed=1), 0, styles).chunk.samples
        assert sound.tobytes() == play(inside, inside.start(seed=1), 0, styles).chunk.samples.tobytes()


@pytest.mark.parametrize(("name", "error"), [("refused", ValueError), ("broken", RuntimeError)])
def test_what_a_generator_raises_is_raised_in_the_service(
    made: Callable[[int], ProcessGenerator], name: str, error: type[Exception]
) -> None:
    generator = made(1)
    with_processes(generator, 1)
    with pytest.raises(error, match=f"{name} as asked"):
        play(generator, generator.start(seed=1), 0, bank(name))
    # The process plays on.
    assert len(play(generator, generator.start(seed=1), 0, bank()).chunk.samples) == 2 * FRAME_SIZE
    assert generator.ready == 1


def test_the_request_of_a_process_that_ends_is_played_inside_and_another_process_starts(
    made: Callable[[int], ProcessGenerator],
) -> None:
    generator, inside, styles = made(1), ToyGenerator(), bank("ends")
    with_processes(generator, 1)
    calm = bank()
    before = play(generator, generator.start(seed=1), 0, calm)
    result = play(generator, before.state, 2, styles)
    expected = play(inside, play(inside, inside.start(seed=1), 0, calm).state, 2, styles)
    assert result.chunk.samples.tobytes() == expected.chunk.samples.tobytes()
    assert generator.ready == 0
    # Not at once: what ended one may end the next.
    generator.tend(SESSIONS_INSIDE + 1, STEP_S)
    assert (generator.ready, generator.starting) == (0, 0)
    for _ in range(20):
        generator.tend(SESSIONS_INSIDE + 1, STEP_S)
    until(lambda: generator.ready == 1)
    assert play(generator, result.state, 4, calm).state.made_by is not None


def test_a_process_that_is_killed_while_it_waits_is_replaced(made: Callable[[int], ProcessGenerator]) -> None:
    generator = made(2)
    with_processes(generator, 2)
    os.kill(generator.pids[0], signal.SIGKILL)

    def noticed() -> bool:
        generator.tend(SESSIONS_INSIDE + 1, STEP_S)
        return generator.ready < 2

    until(noticed)

    def replaced() -> bool:
        generator.tend(SESSIONS_INSIDE + 1, STEP_S)
        return generator.ready == 2

    until(replaced)
    assert len(play(generator, generator.start(seed=1), 0, bank()).chunk.samples) == 2 * FRAME_SIZE


@pytest.mark.parametrize("name", ["slow", "loops"])
def test_a_process_that_hangs_is_ended_and_its_request_played_inside(
    made: Callable[[int], ProcessGenerator], name: str
) -> None:
    generator = made(1)
    with_processes(generator, 1)
    played: list[Result[Any]] = []
    styles = bank(name)
    thread = threading.Thread(target=lambda: played.append(play(generator, generator.start(seed=1), 0, styles)))
    thread.start()
    (pid,) = generator.pids
    until(lambda: generator.playing == 1)
    # Time that passes in one step counts little: the whole machine may have been suspended.
    generator.tend(0, 3_600.0)
    assert generator.ready == 1
    while thread.is_alive():
        # One that takes time is ended when it has had enough, however long the machine takes to give it.
        generator.tend(0, STEP_S)
        time.sleep(0.005)
    inside = ToyGenerator()
    expected = play(inside, inside.start(seed=1), 0, styles)
    assert played[0].chunk.samples.tobytes() == expected.chunk.samples.tobytes()
    assert generator.ready == 0
    assert not is_running(pid)


def test_a_process_that_does_not_start_is_tried_again_ever_later(
    made: Callable[..., ProcessGenerator], tmp_path: Path
) -> None:
    program = tmp_path / "nothing.py"
    program.write_text("")
    generator = made(1, program)
    waited = []
    for _ in range(4):
        steps = 0
        while not generator.starting:
            generator.tend(SESSIONS_INSIDE + 1, STEP_S)
            steps += 1
        until(lambda: not generator.starting)
        waited.append(steps)
    assert waited[0] == 1
    assert waited[1:] == [16, 32, 64]


def test_no_process_outlives_a_service_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "service.py"
    script.write_text(f"""
import sys, threading, time
sys.path.insert(0, {str(PROGRAM.parents[2])!r})
from segue.service.process_generator import ProcessGenerator
from processes import is_running
from unit.runtime.toy_generator import ToyGenerator
from unit.service.test_process_generator import bank, play, with_processes

generator = ProcessGenerator(ToyGenerator(), [sys.executable, {str(PROGRAM)!r}], processes=2, silent_s=1.0)
with_processes(generator, 2)
threading.Thread(target=play, args=(generator, generator.start(seed=1), 0, bank("slow")), daemon=True).start()
while generator.playing < 1:
    time.sleep(0.005)
print(*generator.pids, flush=True)
threading.Event().wait()
""")
    service = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert service.stdout is not None
    pids = [int(word) for word in service.stdout.readline().split()]
    assert len(pids) == 2
    assert all(map(is_running, pids))
    service.kill()
    service.wait()
    until(lambda: not any(map(is_running, pids)))
    service.stdout.close()


def test_closing_ends_all_processes(made: Callable[[int], ProcessGenerator]) -> None:
    generator = made(2)
    with_processes(generator, 2)
    pids = generator.pids
    generator.close()
    assert not any(map(is_running, pids))
    generator.tend(SESSIONS_INSIDE + 1, STEP_S)
    assert (generator.ready, generator.starting) == (0, 0)
    assert len(play(generator, generator.start(seed=1), 0, bank()).chunk.samples) == 2 * FRAME_SIZE


def test_a_terminals_signals_do_not_end_a_process(made: Callable[[int], ProcessGenerator]) -> None:
    generator = made(1)
    with_processes(generator, 1)
    (pid,) = generator.pids
    os.kill(pid, signal.SIGINT)
    os.kill(pid, signal.SIGTERM)
    assert play(generator, generator.start(seed=1), 0, bank()).state.made_by is not None
    assert generator.pids == [pid]
