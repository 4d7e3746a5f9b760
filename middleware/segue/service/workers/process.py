"""A worker process as the edge sees it: started, asked whether it runs, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from enum import Enum
from typing import IO, Any, Final

from segue.service.processor_time import scheduled
from segue.service.workers.control import (
    ControlChannel,
    ControlMessage,
    Failed,
    Ping,
    Playing,
    Ready,
    Report,
    Start,
    socket_pair,
)

log = logging.getLogger(__name__)

# A worker that says nothing for so long hangs: far more than its loop ever takes, and less than a client's buffer.
_MOST_SILENT_S: Final = 2.0
# How long a worker may take to start. A language model compiles and reads its weights first.
_MOST_START_S: Final = 300.0
# Of one step, that counts as silence: while the edge was suspended, so was the worker.
_MOST_STEP_S: Final = 0.25
_END_S: Final = 5.0
_STANDARD_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "worker"}


class State(Enum):
    """What a worker does. SPARE: it is ready and has no places. ENDING: it says goodbye to its clients."""

    STARTING = "starting"
    SPARE = "spare"
    SERVING = "serving"
    ENDING = "ending"
    GONE = "gone"


class WorkerProcess:
    """A worker.

    Attributes:
        number: Its number, from 1; never used again.
        pid: Its process id.
        state: What it does.
        places: Sessions that it may have.
        connections: The edge's numbers of connections that it has.
        playing: Those of them over which a session is played.
        away: Sessions whose client is away, as far as is known.
        idle: Sessions that would be closed if others needed their place.
        age_s: Seconds since it could play.
        failure: Why it cannot play; "" if it did not say so.
    """

    def __init__(
        self,
        command: Sequence[str],
        start: Start,
        *,
        ready: Callable[[WorkerProcess], None],
        reported: Callable[[WorkerProcess, Report], None],
        lost: Callable[[WorkerProcess, str], None],
    ) -> None:
        """Start it, in the running loop.

        Args:
            command: The program.
            start: What it is to play.
            ready: Called when it can play.
            reported: Called with each of its reports.
            lost: Called once when it is gone, with the reason, one of a fixed few.

        Raises:
            OSError: It cannot be started.
        """
        ours, theirs = socket_pair()
        with theirs:
            try:
                self._popen = subprocess.Popen(
                    command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
                )
            except OSError:
                ours.close()
                raise
        assert self._popen.stderr is not None
        self.number = start.number
        self.state = State.STARTING
        self.places = 0
        self.connections: set[int] = set()
        self.playing: set[int] = set()
        self.away = self.idle = 0
        self.age_s = 0.0
        self.failure = ""
        self._ready, self._reported, self._lost = ready, reported, lost
        self._pings = 0
        self._answered = True
        # Since its last answer, and its processor time then.
        self._silent_s = self._used_s = 0.0
        self._reason = "died"
        self._channel = ControlChannel(ours, self._on_message, self._on_lost)
        self._channel.send(start)
        log_reader = threading.Thread(
            target=_pass_log_on,
            args=(self._popen.stderr, self.number),
            name=f"log of worker {self.number}",
            daemon=True,
        )
        log_reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    @property
    def load(self) -> int:
        """Sessions that it has or is about to have."""
        return len(self.connections) + self.away

    def send(self, message: ControlMessage, passed: socket.socket | None = None) -> None:
        """Send it a message, and a socket that belongs to it from now on."""
        self._channel.send(message, passed)

    def tend(self, step_s: float) -> None:
        """Ask whether it runs, and end it if it does not answer. step_s: Seconds since the last call."""
        step_s = min(step_s, _MOST_STEP_S)
        self._silent_s += step_s
        if self.state is State.STARTING:
            if self._silent_s > _MOST_START_S:
                self.end("hung")
            return
        self.age_s += step_s
        if self._answered:
            self._answered = False
            self._silent_s = 0.0
            _, self._used_s = scheduled(self.pid)
            self._pings += 1
            self.send(Ping(self._pings))
        elif self._silent_s > _MOST_SILENT_S and not self._starved():
            log.error("a worker hangs", extra={"worker": self.number, "pid": self.pid})
            self.end("hung")

    def end(self, reason: str) -> None:
        """End it at once. `lost` is called soon.

        Args:
            reason: For the metrics and the log.
        """
        self._reason = reason
        with contextlib.suppress(OSError):
            self._popen.kill()

    def _starved(self) -> bool:
        """Return whether it would run but gets no time from the machine; a new one would be no quicker."""
        state, used_s = scheduled(self.pid)
        return state == "R" and used_s - self._used_s < _MOST_SILENT_S / 2

    # --- called by its channel --------------------------------------------------------------------------------------

    def _on_message(self, message: ControlMessage, passed: socket.socket | None) -> None:
        match message:
            case Ready():
                self._silent_s = 0.0
                self._ready(self)
            case Ping():
                self._answered = True
            case Playing(number=number, playing=playing):
                if playing and number in self.connections:
                    self.playing.add(number)
                else:
                    self.playing.discard(number)
            case Report():
                self.away, self.idle = message.away, message.idle
                self._reported(self, message)
            case Failed(text=text):
                self.failure = text

    def _on_lost(self) -> None:
        """End what is left of it: it has closed its channel, or has ended."""
        ended = self.state is State.ENDING
        self.state = State.GONE

        def reap() -> None:
            if not ended:
                self._popen.kill()
            try:
                self._popen.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()

        threading.Thread(target=reap, name="reap", daemon=True).start()
        self._lost(self, "stopped" if ended else self._reason)

    async def ended(self) -> None:
        """Wait until the process has ended."""
        while self._popen.poll() is None:
            await asyncio.sleep(0.01)


def _pass_log_on(lines: IO[bytes], number: int) -> None:
    """Log what a worker logs, and what it writes to standard error, with its number."""
    with lines:
        for line in lines:
            log_line(line.decode("utf-8", "replace").rstrip("\n"), number)


def log_line(line: str, number: int) -> None:
    """Log a line of a worker's log as if it were of this process."""
    try:
        entry: dict[str, Any] = json.loads(line)
        level = logging.getLevelNamesMapping()[entry["level"].upper()]
        record = logging.makeLogRecord(
            {
                "name": str(entry["logger"]),
                "levelno": level,
                "levelname": entry["level"].upper(),
                "msg": "%s",
                "args": (entry["message"],),
                # One place in the code for each message: how often it may be logged is counted by place.
                "pathname": f"{entry['logger']}: {entry['message']}",
                "exc_text": "\n".join(entry["trace"]) if "trace" in entry else None,
            }
        )
        fields = {**entry.get("fields", {}), "worker": number}
        if "session" in entry:
            fields["session"] = entry["session"]
        for key, value in fields.items():
            if key == "worker" or key not in _STANDARD_FIELDS:
                setattr(record, key, value)
    except (ValueError, KeyError, TypeError, AttributeError):
        if line:
            log.error("a worker wrote to standard error", extra={"worker": number, "text": line})
        return
    logging.getLogger(record.name).handle(record)
