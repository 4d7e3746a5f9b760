"""A generator that plays in processes of its own, so that a service uses more than one core.

Python runs one thread at a time, so threads cannot share the work. A process keeps nothing that is needed: each request
brings the state that it goes on from, and each reply the state after it. So any process can play for any session, and
one that ends or hangs is replaced: its request is played inside the service, and no session notices.

While there are few sessions, all is played inside the service, and no process is started.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from segue.contract import Generator, Request, Result, StyleBank
from segue.service.generator_process import (
    KEPT_BANKS,
    KEPT_STATES,
    Call,
    Failure,
    RecentValues,
    Reply,
    receive,
    send,
)
from segue.service.processor_time import scheduled
from segue.service.settings.configuration import SESSIONS_INSIDE

log = logging.getLogger(__name__)

# Of one call, that counts as waiting: while the service was suspended, so was the process.
_MOST_STEP_S: Final = 0.25
# After a process ended unasked: the first wait until another one starts, doubled each time, and the longest.
_FIRST_WAIT_S: Final = 1.0
_MOST_WAIT_S: Final = 60.0
# A process that has run for so long is a good one.
_GOOD_S: Final = 60.0
_END_S: Final = 1.0
_BANKS: Final = 256
_PIPE_BYTES: Final = 1 << 20
_PROTOCOL: Final = 5


@dataclass(kw_only=True, eq=False)
class ProcessState:
    """A state of the generator, as a value, pickled, or both; and packed, if a process made it.

    Attributes:
        made_by: Number of the process that made it, and of its call there; None if it was made inside the service.
    """

    value: Any = None
    pickled: bytes | None = None
    packed: bytes | None = None
    made_by: tuple[int, int] | None = None

    def as_value(self) -> Any:
        """Return the generator's own state."""
        if self.value is None and self.pickled is not None:
            self.value = pickle.loads(self.pickled)
        return self.value

    def as_bytes(self) -> bytes:
        """Return the state pickled."""
        if self.pickled is None:
            self.pickled = pickle.dumps(self.value, _PROTOCOL)
        return self.pickled


class ProcessGenerator:
    """Plays with a generator in processes, or inside the service where there are none."""

    def __init__(self, inside: Generator[Any], command: Sequence[str], *, processes: int, silent_s: float) -> None:
        """Start no process yet.

        Args:
            inside: The same generator that the processes have.
            command: Starts a process, whose main function is `play_requests` on its standard input and output.
            processes: How many are started.
            silent_s: A process that does not answer for so long is ended, and its request played inside.
        """
        self.name, self.controls, self.exact_beats = inside.name, inside.controls, inside.exact_beats
        self.encoder, self.rows, self.compiles = inside.encoder, inside.rows, inside.compiles
        self._inside = inside
        self._command = tuple(command)
        self._most = processes
        self._silent_s = silent_s
        self._lock = threading.Lock()
        # The processes that are ready, those of them that wait for a request, and those that start.
        self._ready: list[_Process] = []
        self._idle: list[_Process] = []
        self._starting = 0
        self._started = 0
        self._closed = False
        # Processes that ended unasked, one after the other; the wait until the next one starts.
        self._failures = 0
        self._wait_s = 0.0
        # By the identity of a bank that is held here: its number, and the bank pickled.
        self._banks: RecentValues[tuple[StyleBank, int, bytes]] = RecentValues(_BANKS)
        self._bank_count = 0

    @property
    def model(self) -> str:
        """What plays."""
        return self._inside.model

    @property
    def threads(self) -> int:
        """One for each process that is ready."""
        return max(self._inside.threads, len(self._ready))

    @property
    def ready(self) -> int:
        """How many processes can play."""
        return len(self._ready)

    @property
    def starting(self) -> int:
        """How many processes are being started."""
        return self._starting

    @property
    def playing(self) -> int:
        """How many processes play a request now."""
        return len(self._ready) - len(self._idle)

    @property
    def pids(self) -> list[int]:
        """The ids of the processes that can play."""
        return [process.pid for process in self._ready]

    def start(self, *, seed: int, frame: int = 0) -> ProcessState:
        """The state before `frame`, with nothing played yet."""
        return ProcessState(value=self._inside.start(seed=seed, frame=frame))

    def generate(self, requests: Sequence[Request[ProcessState]]) -> list[Result[ProcessState]]:
        """Play each request.

        Raises:
            ValueError: If a conditioning does not start where its state ends.
            RuntimeError: The generator raised something else in its process.
        """
        return [self._generate(request) for request in requests]

    def state_bytes(self, state: ProcessState) -> int:
        """Memory that keeping `state` costs, in bytes."""
        return len(state.pickled) if state.pickled is not None else self._inside.state_bytes(state.value)

    def pack(self, state: ProcessState) -> bytes:
        """What `unpack` needs to go on from `state`; a process has done that already."""
        if state.packed is None:
            state.packed = self._inside.pack(state.as_value())
        return state.packed

    def unpack(self, data: bytes, *, frame: int) -> ProcessState:
        """A state before `frame` from which the packed music goes on. Raises: ValueError."""
        return ProcessState(value=self._inside.unpack(data, frame=frame))

    # --- processes --------------------------------------------------------------------------------------------------

    def tend(self, sessions: int, step_s: float) -> None:
        """Start what is lacking and end what hangs; to be called several times a second, always by one thread.

        Args:
            sessions: How many sessions there are.
            step_s: Seconds since the last call.
        """
        step_s = min(step_s, _MOST_STEP_S)
        with self._lock:
            processes = list(self._ready)
            # What ends during a call is noticed by the caller.
            ended = [process for process in self._idle if process.ended]
            self._idle = [process for process in self._idle if process not in ended]
        for process in ended:
            self._lose(process, "it ended")
        for process in processes:
            process.age_s += step_s
            if process.age_s >= _GOOD_S:
                self._failures = 0
            if process.waited(step_s) > self._silent_s and not process.starved(self._silent_s):
                log.error("a generator process hangs", extra={"pid": process.pid})
                process.kill()
        with self._lock:
            self._wait_s = max(0.0, self._wait_s - step_s)
            wanted = self._most if sessions > SESSIONS_INSIDE or self._ready or self._starting else 0
            lacking = 0 if self._closed or self._wait_s else wanted - len(self._ready) - self._starting
            self._starting += max(0, lacking)
        for _ in range(lacking):
            threading.Thread(target=self._start_process, name="generator process", daemon=True).start()

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            self._closed = True
            busy = [process for process in self._ready if process not in self._idle]
            idle, self._ready, self._idle = self._idle, [], []
        for process in busy:
            # Its caller closes it.
            process.kill()
        for process in idle:
            process.close()

    def _start_process(self) -> None:
        """Start a process and wait until it is ready; while that lasts, others play."""
        process, failure = None, ""
        try:
            process = _Process(self._command)
            process.wait_until_ready()
        except (OSError, EOFError) as error:
            failure = f"{type(error).__name__}: {error}"
        with self._lock:
            self._starting -= 1
            if failure:
                self._wait_longer()
            if process is not None and not failure and not self._closed:
                self._started += 1
                process.number = self._started
                self._ready.append(process)
                self._idle.append(process)
                log.info("generator process ready", extra={"pid": process.pid, "processes": len(self._ready)})
                return
        if process is not None:
            process.close()
        if failure:
            self._log_failure(f"a generator process does not start: {failure}")

    def _lose(self, process: _Process, why: str) -> None:
        """Note that a process is gone; another one takes its place. Nobody else uses it now."""
        process.close()
        with self._lock:
            if process not in self._ready:
                # The service ends.
                return
            self._ready.remove(process)
            self._wait_longer()
        self._log_failure(f"a generator process is gone: {why}")

    def _wait_longer(self) -> None:
        """Put the next start off; the lock is held."""
        self._failures += 1
        self._wait_s = min(_MOST_WAIT_S, _FIRST_WAIT_S * 2 ** (self._failures - 1))

    def _log_failure(self, text: str) -> None:
        log.error(text, extra={"next_start_s": self._wait_s})

    # --- calls ------------------------------------------------------------------------------------------------------

    def _generate(self, request: Request[ProcessState]) -> Result[ProcessState]:
        process = self._take(request.state)
        if process is None:
            return self._generate_inside(request)
        try:
            reply = process.call(request, self._bank(request.styles))
        except (OSError, EOFError, ValueError) as error:
            self._lose(process, f"{type(error).__name__}: {error}")
            return self._generate_inside(request)
        except BaseException:
            # What is in its pipes now is of no use to the next call.
            self._lose(process, "a call was given up")
            raise
        with self._lock:
            closed = self._closed
            if not closed:
                self._idle.append(process)
        if closed:
            process.close()
        if isinstance(reply, Failure):
            raise ValueError(reply.text) if reply.refused else RuntimeError(reply.text)
        made_by = process.number, process.calls - 1
        return Result(state=ProcessState(pickled=reply.state, packed=reply.packed, made_by=made_by), chunk=reply.chunk)

    def _generate_inside(self, request: Request[ProcessState]) -> Result[ProcessState]:
        own = Request(
            state=request.state.as_value(),
            styles=request.styles,
            conditioning=request.conditioning,
            stems=request.stems,
        )
        (result,) = self._inside.generate([own])
        return Result(state=ProcessState(value=result.state), chunk=result.chunk)

    def _take(self, state: ProcessState) -> _Process | None:
        """Return an idle process, the one that made the state if it is; None if there is none."""
        with self._lock:
            if not self._idle:
                return None
            made_by = None if state.made_by is None else state.made_by[0]
            chosen = next((one for one in self._idle if one.number == made_by), self._idle[0])
            self._idle.remove(chosen)
            return chosen

    def _bank(self, bank: StyleBank) -> tuple[StyleBank, int, bytes]:
        """Return a style bank with its number and pickled."""
        with self._lock:
            # The identity is of a bank that is held, so no other one has it.
            if id(bank) in self._banks:
                return self._banks.use(id(bank))
            self._bank_count += 1
            return self._banks.put(id(bank), (bank, self._bank_count, pickle.dumps(bank, _PROTOCOL)))


class _Process:
    """One process, and its pipes. It is called by one thread at a time.

    Attributes:
        number: Its number, from 1; 0 before it is ready.
        calls: Calls so far.
        age_s: Seconds for which it has been ready.
    """

    def __init__(self, command: Sequence[str]) -> None:
        """Start it. Raises: OSError."""
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        self._popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, creationflags=flags)
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._requests, self._replies = self._popen.stdin, self._popen.stdout
        _enlarge(self._requests)
        _enlarge(self._replies)
        self.number = 0
        self.calls = 0
        self.age_s = 0.0
        self._banks: RecentValues[None] = RecentValues(KEPT_BANKS)
        # Seconds of processor time before the present call, and for which it has lasted; None without one.
        self._used_s = 0.0
        self._waited_s: float | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self._popen.poll() is not None

    def wait_until_ready(self) -> None:
        """Wait for its first message. Raises: EOFError if it ends instead."""
        receive(self._replies)

    def waited(self, step_s: float) -> float:
        """Let time pass, and return for how many seconds the present call has lasted; 0 without one."""
        if self._waited_s is None:
            return 0.0
        self._waited_s += step_s
        return self._waited_s

    def starved(self, seconds: float) -> bool:
        """Return whether it would play but gets no time from the machine: it has had less than so many seconds.

        False where the system does not say. A new process takes time as well, and would be no quicker.
        """
        state, used_s = scheduled(self.pid)
        return state == "R" and used_s - self._used_s < seconds

    def call(self, request: Request[ProcessState], bank: tuple[StyleBank, int, bytes]) -> Reply | Failure:
        """Let it play a request.

        Raises:
            EOFError, OSError, ValueError: It is gone.
        """
        number, self.calls = self.calls, self.calls + 1
        _, bank_number, pickled = bank
        state = request.state
        made_by, state_call = state.made_by or (0, 0)
        known = made_by == self.number and number - state_call <= KEPT_STATES
        has_bank = bank_number in self._banks
        if has_bank:
            self._banks.use(bank_number)
        else:
            self._banks.put(bank_number, None)
        _, self._used_s = scheduled(self.pid)
        self._waited_s = 0.0
        try:
            call = Call(
                state=state_call if known else state.as_bytes(),
                bank_number=bank_number,
                bank=None if has_bank else pickled,
                conditioning=request.conditioning,
                stems=request.stems,
            )
            send(self._requests, call)
            reply: Reply | Failure = receive(self._replies)
            return reply
        finally:
            self._waited_s = None

    def kill(self) -> None:
        """End it at once."""
        self._popen.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(_END_S)

    def close(self) -> None:
        """Close the pipes, at which it ends; if it does not, end it. Nobody may be calling it."""
        with contextlib.suppress(OSError):
            self._requests.close()
        try:
            self._popen.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._replies.close()


def _enlarge(pipe: IO[bytes]) -> None:
    """Let a pipe hold a whole message, where the system can, so that neither side waits in the midst of one."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
