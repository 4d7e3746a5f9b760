"""What edge and worker say to each other beside the clients' messages, over one socket pair for each worker.

Both are the same program on the same machine, and nobody else has the sockets, so messages are pickled.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import pickle
import socket
import struct
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from segue.service.rule_store import RuleEdit
from segue.service.settings.configuration import ServiceConfig
from segue.service.soundtrack import Soundtrack
from segue.service.workers.figures import Figures

_LENGTH: Final = struct.Struct("<Q")
_PROTOCOL: Final = 5
_READ_BYTES: Final = 256 << 10
_INT_BYTES: Final = array.array("i").itemsize
# Linux ends a read behind the message that brought sockets; others may join some.
_ANCILLARY_BYTES: Final = socket.CMSG_SPACE(32 * _INT_BYTES) if hasattr(socket, "CMSG_SPACE") else 0


class Start(NamedTuple):
    """To a worker, first of all: what it is to play.

    Attributes:
        number: Of the worker; keys of its sessions begin with it.
        config: Its share of the service's configuration.
        soundtracks: By name, as the edge has loaded them.
    """

    number: int
    config: ServiceConfig
    soundtracks: Mapping[str, Soundtrack]
    version: str


class Places(NamedTuple):
    """To a worker: so many sessions it may have from now on."""

    sessions: int


class Accept(NamedTuple):
    """To a worker, with a socket: a client's connection.

    Attributes:
        number: Names the connection in `Playing`.
        address: IP address of the client.
    """

    number: int
    address: str


class Edited(NamedTuple):
    """To a worker: a rule file was edited."""

    edit: RuleEdit


class Ping(NamedTuple):
    """To a worker, which answers with the same: whether its loop runs."""

    number: int


class Stop(NamedTuple):
    """To a worker: fill the clients' buffers, say goodbye and end."""


class Ready(NamedTuple):
    """From a worker: it can play."""


class Failed(NamedTuple):
    """From a worker, before it ends: it cannot play."""

    text: str


class Playing(NamedTuple):
    """From a worker: whether a session is played over a connection."""

    number: int
    playing: bool


class Report(NamedTuple):
    """From a worker, regularly.

    Attributes:
        away: Sessions whose client is away.
        idle: Sessions that would be closed if others needed their place.
        figures: Its metrics.
    """

    away: int
    idle: int
    figures: Figures


ControlMessage: TypeAlias = Start | Places | Accept | Edited | Ping | Stop | Ready | Failed | Playing | Report


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Return two connected sockets, the first for the loop of this process. Raises: OSError."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.setblocking(False)
    return ours, theirs


class ControlChannel:
    """One end of a worker's control channel; messages arrive in the order in which they were sent."""

    def __init__(
        self,
        connected: socket.socket,
        received: Callable[[ControlMessage, socket.socket | None], None],
        lost: Callable[[], None],
    ) -> None:
        """Begin to read, in the running loop.

        Args:
            connected: It belongs to the channel from now on.
            received: Called with each message, and the socket that came with it.
            lost: Called once when the other end is closed, not after `close`.
        """
        connected.setblocking(False)
        self._socket = connected
        self._received, self._lost = received, lost
        self._loop = asyncio.get_running_loop()
        self._in = bytearray()
        self._sockets: deque[socket.socket] = deque()
        # What the kernel did not take yet: bytes, and the socket that goes with the first of them.
        self._out: deque[tuple[memoryview, socket.socket | None]] = deque()
        self._closed = False
        self._loop.add_reader(connected, self._read)

    def send(self, message: ControlMessage, passed: socket.socket | None = None) -> None:
        """Send a message; it is lost if the other end is closed.

        Args:
            passed: A socket that the other end gets; it is closed here once it was sent.
        """
        if self._closed:
            if passed is not None:
                passed.close()
            return
        data = pickle.dumps(message, _PROTOCOL)
        self._out.append((memoryview(_LENGTH.pack(len(data)) + data), passed))
        if len(self._out) == 1:
            self._write()

    def close(self) -> None:
        """Close it; nothing is called any more."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        for _, passed in self._out:
            if passed is not None:
                passed.close()
        for one in self._sockets:
            one.close()
        self._out.clear()

    def _write(self) -> None:
        while self._out:
            data, passed = self._out[0]
            try:
                sent = self._socket.sendmsg([data], _ancillary(passed))
            except (BlockingIOError, InterruptedError):
                self._loop.add_writer(self._socket, self._write)
                return
            except OSError:
                self._end()
                return
            if passed is not None:
                passed.close()
            self._out.popleft()
            if sent < len(data):
                self._out.appendleft((data[sent:], None))
        self._loop.remove_writer(self._socket)

    def _read(self) -> None:
        try:
            data, ancillary, flags, _ = self._socket.recvmsg(_READ_BYTES, _ANCILLARY_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, ancillary, flags = b"", [], 0
        self._sockets += _sockets_of(ancillary)
        if not data or flags & socket.MSG_CTRUNC:
            # Without its socket, a message could be taken for another client's: there are no descriptors left.
            self._end()
            return
        self._in += data
        while not self._closed and len(self._in) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._in)
            end = _LENGTH.size + size
            if len(self._in) < end:
                return
            message: ControlMessage = pickle.loads(bytes(self._in[_LENGTH.size : end]))
            del self._in[:end]
            # Sockets come with the first byte of their message.
            self._received(message, self._sockets.popleft() if isinstance(message, Accept) else None)

    def _end(self) -> None:
        if not self._closed:
            self.close()
            self._lost()


def receive_first(connected: socket.socket) -> ControlMessage:
    """Wait for the first message, before there is a loop. Raises: EOFError if the other end is closed."""
    (size,) = _LENGTH.unpack(_exactly(connected, _LENGTH.size))
    message: ControlMessage = pickle.loads(_exactly(connected, size))
    return message


def send_last(connected: socket.socket, message: ControlMessage) -> None:
    """Send a message without a loop; it is lost if the other end is closed."""
    data = pickle.dumps(message, _PROTOCOL)
    with contextlib.suppress(OSError):
        connected.setblocking(True)
        connected.sendall(_LENGTH.pack(len(data)) + data)


def _exactly(connected: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        more = connected.recv(count - len(data))
        if not more:
            raise EOFError("the control channel is closed")
        data += more
    return bytes(data)


def _ancillary(passed: socket.socket | None) -> list[tuple[int, int, array.array[int]]]:
    if passed is None:
        return []
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [passed.fileno()]))]


def _sockets_of(ancillary: Sequence[tuple[int, int, bytes]]) -> list[socket.socket]:
    numbers = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            numbers.frombytes(data[: len(data) - len(data) % _INT_BYTES])
    return [socket.socket(fileno=number) for number in numbers]
