"""What a process of a `ProcessGenerator` does: it plays the requests that come through one pipe, one after the other.

It keeps nothing that the service could not send again: states and style banks are kept only to save their way.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import struct
import threading
import traceback
from collections import OrderedDict
from typing import IO, Any, Final, Generic, NamedTuple, TypeVar

from segue.contract import Chunk, Conditioning, Generator, Request, StyleBank
from segue.signals import ENDING_SIGNALS

Value = TypeVar("Value")

KEPT_STATES: Final = 64
"""The states after so many of the last calls need not be sent."""
KEPT_BANKS: Final = 64
"""So many of the style banks used last need not be sent."""
_LENGTH: Final = struct.Struct("<Q")
_PROTOCOL: Final = 5


class Call(NamedTuple):
    """A request of the service.

    Attributes:
        state: The state, pickled, or the number of the call that it came from, counted from 0.
        bank_number: Names the style bank.
        bank: The style bank, pickled; None where the process has it.
    """

    state: bytes | int
    bank_number: int
    bank: bytes | None
    conditioning: Conditioning
    stems: bool


class Reply(NamedTuple):
    """The answer to a call: the state after it, pickled and packed, and its sound."""

    state: bytes
    packed: bytes
    chunk: Chunk


class Failure(NamedTuple):
    """The answer to a call that raised.

    Attributes:
        refused: Whether it was a ValueError.
        text: With the traceback.
    """

    refused: bool
    text: str


class RecentValues(Generic[Value]):
    """The values of the keys used last. Two of them with the same history hold the same keys."""

    def __init__(self, capacity: int) -> None:
        """capacity: Most keys held."""
        self._capacity = capacity
        self._values: OrderedDict[int, Value] = OrderedDict()

    def __contains__(self, key: int) -> bool:
        return key in self._values

    def put(self, key: int, value: Value) -> Value:
        """Hold a value as the last used, and return it."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._capacity:
            self._values.popitem(last=False)
        return value

    def use(self, key: int) -> Value:
        """Return the value of a key that is held, which is the last used now."""
        self._values.move_to_end(key)
        return self._values[key]


def send(pipe: IO[bytes], message: object) -> None:
    """Write a message. Raises: OSError or ValueError if the pipe is closed."""
    data = pickle.dumps(message, _PROTOCOL)
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """Read a message. Raises: EOFError at the end of the pipe, OSError."""
    return pickle.loads(_exactly(pipe, _LENGTH.unpack(_exactly(pipe, _LENGTH.size))[0]))


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    data = pipe.read(count)
    if len(data) < count:
        raise EOFError("the pipe is closed")
    return data


class RequestPlayer:
    """Answers calls with a generator."""

    def __init__(self, generator: Generator[Any]) -> None:
        """generator: Plays the requests."""
        self._generator = generator
        # By the number of the call that made them.
        self._states: dict[int, Any] = {}
        self._banks: RecentValues[StyleBank] = RecentValues(KEPT_BANKS)
        self._calls = 0

    def answer(self, call: Call) -> Reply | Failure:
        """Play a request."""
        number, self._calls = self._calls, self._calls + 1
        self._states.pop(number - KEPT_STATES - 1, None)
        try:
            if call.bank is not None:
                bank = self._banks.put(call.bank_number, pickle.loads(call.bank))
            else:
                bank = self._banks.use(call.bank_number)
            state = pickle.loads(call.state) if isinstance(call.state, bytes) else self._states[call.state]
            request = Request(state=state, styles=bank, conditioning=call.conditioning, stems=call.stems)
            (result,) = self._generator.generate([request])
            self._states[number] = result.state
            return Reply(pickle.dumps(result.state, _PROTOCOL), self._generator.pack(result.state), result.chunk)
        # Whatever it is belongs to the caller.
        except Exception as error:
            return Failure(isinstance(error, ValueError), "".join(traceback.format_exception(error)))


def play_requests(generator: Generator[Any], requests: IO[bytes], replies: IO[bytes]) -> None:
    """Answer calls until the service closes the pipe, which ends the process, also in the midst of a call.

    The first message says that the process is ready.
    """
    for name in ENDING_SIGNALS:
        # The service ends it; a terminal sends Ctrl-C to both.
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    calls: queue.SimpleQueue[Call] = queue.SimpleQueue()

    def read() -> None:
        try:
            while True:
                calls.put(receive(requests))
        finally:
            os._exit(0)

    threading.Thread(target=read, name="requests", daemon=True).start()
    player = RequestPlayer(generator)
    send(replies, generator.name)
    while True:
        send(replies, player.answer(calls.get()))


def standard_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Return standard input and output as pipes; what else writes to standard output goes to standard error."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return requests, replies
