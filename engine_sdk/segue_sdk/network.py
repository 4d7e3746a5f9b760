"""The network thread of a client: one socket for each attempt to connect, and the messages over it."""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import zmq
from zmq.utils.monitor import recv_monitor_message

from segue_sdk.client_events import (
    CallbackFailed,
    ClientEvent,
    Closed,
    Live,
    Lost,
    MusicArrived,
    StingerArrived,
)
from segue_sdk.codec import Part
from segue_sdk.connecting import (
    Address,
    BackgroundCall,
    ConnectFailure,
    FailureClassifier,
    ResolvedAddress,
    RetrySchedule,
    look_up,
    peer_mechanism,
)
from segue_sdk.errors import ProtocolError
from segue_sdk.handshake import ClientState
from segue_sdk.limits import SAMPLE_RATE, SILENCE_S
from segue_sdk.log import ClientLog, log
from segue_sdk.messages import Chunk, Stinger
from segue_sdk.player import Player
from segue_sdk.session import ClientSession
from segue_sdk.timeline import Timing

_POLL_MS: Final = 10
# From a lost connection to the next attempt.
_RETRY_S: Final = 0.2
# Client events kept for a game that does not call `update`; the oldest are dropped first.
_MOST_WAITING: Final = 4_096
_MOST_RECEIVED: Final = 64
# How long a handshake may stay without an answer before another attempt.
_HANDSHAKE_S: Final = 20.0
# libzmq must not reconnect by itself, since every attempt has a socket of its own. Its value for "never" discards what
# was received before the connection broke.
_NEVER_MS: Final = 3_600_000
# For the last message, `bye`, to leave.
_LINGER_MS: Final = 200
_CLOSE_S: Final = 2.0
_HANDSHAKE_FAILED: Final = (
    zmq.EVENT_HANDSHAKE_FAILED_AUTH,
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL,
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL,
)
_WATCHED: Final = (
    zmq.EVENT_CONNECTED
    | zmq.EVENT_CLOSED
    | zmq.EVENT_CONNECT_RETRIED
    | zmq.EVENT_DISCONNECTED
    | zmq.EVENT_HANDSHAKE_SUCCEEDED
    | sum(_HANDSHAKE_FAILED)
)


class _WakeSocket:
    """Ends the network thread's wait for its sockets.

    Attributes:
        reader: To be polled along with them.
    """

    def __init__(self) -> None:
        self._writer, self.reader = socket.socketpair()
        self._writer.setblocking(False)
        self.reader.setblocking(False)

    def wake(self) -> None:
        """End the wait; from any thread, any number of times."""
        # A full or closed socket means that the thread is awake or gone.
        with contextlib.suppress(OSError):
            self._writer.send(b"!")

    def drain(self) -> None:
        """Forget the calls of `wake` so far; from the thread that waits."""
        with contextlib.suppress(OSError):
            self.reader.recv(4_096)

    def close(self) -> None:
        self._writer.close()
        self.reader.close()


class Network:
    """Runs a session until it is closed.

    It holds no reference to the client that owns it, so that a client without references is collected and ends.

    Attributes:
        lock: Held around every use of `session`.
        client_events: For the game, in order.
        handled: Kinds of client events for which the game has a callback; their failures are not logged.
    """

    def __init__(
        self,
        address: Address,
        token: str,
        session: ClientSession,
        player: Player,
        timing: Timing,
        wake: Callable[[], object],
    ) -> None:
        self.session, self.player = session, player
        self.lock = threading.Lock()
        self.client_events: deque[ClientEvent] = deque(maxlen=_MOST_WAITING)
        self.handled: tuple[type[Any], ...] = ()
        self._address, self._token = address, token
        self._timing, self._wake = timing, wake
        self._failures = FailureClassifier(address.text, token=bool(token))
        self._retries = RetrySchedule()
        self._log = ClientLog()
        self._wake_failed = self._overflowed = self._ended = False
        self._attempts = 0
        self._closing = threading.Event()
        self._wake_socket = _WakeSocket()
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="segue-client", daemon=True)
        _running.add(self)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether no further client event will come."""
        return self._ended

    def send_soon(self) -> None:
        """Send what the session holds; from any thread."""
        self._wake_socket.wake()

    def ask_to_stop(self) -> None:
        """Ask the thread to end the session; from any thread."""
        self._closing.set()
        self._wake_socket.wake()

    def stop(self) -> None:
        """End the session and wait for the thread; from any thread, its own included, any number of times."""
        self.ask_to_stop()
        # After a fork the thread belongs to the parent process.
        if threading.current_thread() is not self._thread and os.getpid() == self._process:
            self._thread.join(_CLOSE_S)

    # --- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        context = zmq.Context()
        try:
            while not self._closing.is_set() and self.session.state is not ClientState.CLOSED:
                self._closing.wait(self._try(context))
        except Exception as error:
            log.exception("the client's network thread failed; the session is over")
            with self.lock:
                self.session.fail(f"{type(error).__name__}: {error}; the log of `segue_sdk` has the traceback")
        finally:
            self._end(context)

    def _end(self, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        try:
            with self.lock:
                self.session.close()
                events = self.session.client_events()
            for event in events:
                self._report(event)
        finally:
            context.destroy(linger=0)
            self._wake_socket.close()
            self._ended = True
            self._call_wake()

    def _try(self, context: zmq.Context[zmq.Socket[bytes]]) -> float:
        """One attempt to connect, and the connection until it ends; seconds to wait before the next attempt."""
        try:
            found = look_up(self._address, self._closing, _POLL_MS / 1000)
        except OSError as error:
            return self._failed(self._failures.unknown_host(self._address.host, error))
        if not found:
            return 0.0
        address = found[self._attempts % len(found)]
        self._attempts += 1
        dealer: zmq.Socket[bytes] | None = None
        monitor: zmq.Socket[bytes] | None = None
        try:
            dealer = context.socket(zmq.DEALER)
            monitor = dealer.get_monitor_socket(_WATCHED)
            self._configure(dealer, address)
            dealer.connect(address.text)
            return self._serve(dealer, monitor, address)
        except zmq.ZMQError as error:
            with self.lock:
                self.session.disconnected(str(error))
            return self._failed(self._failures.unusable(error))
        finally:
            if dealer is not None:
                if monitor is not None:
                    dealer.disable_monitor()
                    monitor.close(0)
                dealer.close(_LINGER_MS if self.session.state is ClientState.CLOSED else 0)

    def _configure(self, dealer: zmq.Socket[bytes], address: ResolvedAddress) -> None:
        dealer.linger = _LINGER_MS
        dealer.ipv6 = address.ipv6
        dealer.reconnect_ivl = _NEVER_MS
        if self._token:
            dealer.plain_username = b"segue"
            dealer.plain_password = self._token.encode()

    def _serve(self, dealer: zmq.Socket[bytes], monitor: zmq.Socket[bytes], address: ResolvedAddress) -> float:
        """Run one connection until it is lost; seconds to wait before the next attempt."""
        begun_s, accepted, ready = time.monotonic(), False, False
        poller = zmq.Poller()
        for waited_for in (dealer, monitor, self._wake_socket.reader):
            poller.register(waited_for, zmq.POLLIN)
        while not self._closing.is_set():
            poller.poll(_POLL_MS)
            self._wake_socket.drain()
            for event, value in self._events(monitor):
                if event == zmq.EVENT_CONNECTED:
                    accepted = True
                elif event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                    ready = True
                    self._retries.connected()
                    with self.lock:
                        self.session.connected(time.monotonic())
                elif event in _HANDSHAKE_FAILED:
                    return self._failed(self._explained(self._failures.handshake(event, value), address))
                elif event in (zmq.EVENT_CLOSED, zmq.EVENT_CONNECT_RETRIED) and not accepted:
                    return self._failed(self._failures.unreachable())
                elif event == zmq.EVENT_DISCONNECTED and not ready:
                    return self._failed(self._failures.no_service())
                elif event == zmq.EVENT_DISCONNECTED:
                    return self._disconnected(dealer)
            wait_s = self._exchange(dealer) if ready else self._await_handshake(begun_s, accepted)
            if wait_s is not None:
                return wait_s
        if ready:
            with self.lock:
                self.session.close()
            self._send(dealer)
        return 0.0

    def _events(self, monitor: zmq.Socket[bytes]) -> list[tuple[int, int]]:
        """What libzmq reported of the connection since the last call."""
        events: list[tuple[int, int]] = []
        while monitor.poll(0):
            report = recv_monitor_message(monitor)
            events.append((int(report["event"]), int(report["value"])))
        return events

    def _await_handshake(self, begun_s: float, accepted: bool) -> float | None:
        """Let time pass before the connection is ready; seconds to wait if this attempt is given up."""
        now_s = time.monotonic()
        self._pass_time(now_s)
        if now_s - begun_s < SILENCE_S:
            return None
        if not accepted:
            return self._failed(self._failures.no_route())
        if now_s - begun_s < _HANDSHAKE_S:
            self._failed(self._failures.no_answer())
            return None
        return self._failed(self._failures.no_answer())

    def _explained(self, failure: ConnectFailure, address: ResolvedAddress) -> ConnectFailure:
        """The failure, or a better one: a peer with another mechanism may close before libzmq knows the reason."""
        if failure.code != "broken_off":
            return failure
        try:
            probe = BackgroundCall("segue-probe", lambda: peer_mechanism(address))
            mechanism = probe.result(self._closing, _POLL_MS / 1000)
        except OSError:
            return failure
        if self._closing.is_set():
            return failure
        return self._failures.no_service() if mechanism is None else self._failures.asks_for(mechanism) or failure

    def _exchange(self, dealer: zmq.Socket[bytes]) -> float | None:
        """Receive and send; seconds to wait before the next attempt if the connection is over."""
        parts = self._received(dealer)
        now_s = time.monotonic()
        with self.lock:
            for message in parts:
                self.session.receive(message, now_s)
        self._pass_time(now_s, report=False)
        self._send(dealer)
        return self._report_all()

    def _disconnected(self, dealer: zmq.Socket[bytes]) -> float:
        """The connection broke: receive what came before that."""
        while parts := self._received(dealer):
            with self.lock:
                for message in parts:
                    self.session.receive(message, time.monotonic())
        with self.lock:
            self.session.disconnected()
        wait_s = self._report_all()
        return _RETRY_S if wait_s is None else wait_s

    def _pass_time(self, now_s: float, *, report: bool = True) -> None:
        with self.lock:
            self.session.tick(now_s, self.player.position)
        if report:
            self._report_all()

    def _received(self, dealer: zmq.Socket[bytes]) -> list[list[Part]]:
        """The messages that are there, but not so many that nothing else is done."""
        received: list[list[Part]] = []
        while len(received) < _MOST_RECEIVED and dealer.poll(0):
            received.append([frame.buffer for frame in dealer.recv_multipart(copy=False)])
        return received

    def _send(self, dealer: zmq.Socket[bytes]) -> None:
        with self.lock:
            sending = self.session.to_send()
        try:
            for message in sending:
                dealer.send_multipart(message, flags=zmq.DONTWAIT, copy=False)
        except zmq.Again:
            # libzmq's buffers are full and the service reads nothing. Another connection sends the events again.
            with self.lock:
                self.session.disconnected("the service takes nothing any more")

    # --- client events ----------------------------------------------------------------------------------------------

    def _failed(self, failure: ConnectFailure) -> float:
        """An attempt failed; seconds to wait before the next."""
        wait_s, event = self._retries.failed(failure)
        if event is not None:
            self._report(event)
            self._call_wake()
        return wait_s

    def _report_all(self) -> float | None:
        """Report what happened; seconds to wait before the next attempt if the connection is over."""
        with self.lock:
            events = self.session.client_events()
        wait_s: float | None = None
        for event in events:
            self._report(event)
            if isinstance(event, Lost):
                wait_s = max(_RETRY_S, event.retry_ms / 1000)
            elif isinstance(event, Closed):
                wait_s = 0.0
        if events:
            self._call_wake()
        return wait_s

    def _report(self, event: ClientEvent) -> None:
        """Give samples to the player, and the event to the game."""
        if isinstance(event, Live):
            lookahead = event.welcome.lookahead_ms * SAMPLE_RATE // 1000
            self.player.enqueue(replace(self._timing, pre_roll_samples=min(self._timing.pre_roll_samples, lookahead)))
        reported: ClientEvent = event
        if isinstance(event, (Chunk, Stinger)):
            try:
                self.player.deliver(event)
                # Without the samples, so that none pile up in the game's queue.
                reported = MusicArrived.of(event) if isinstance(event, Chunk) else StingerArrived.of(event)
            except ProtocolError as error:
                with self.lock:
                    self.session.refuse_samples(event, error)
                return
        if not isinstance(reported, self.handled):
            self._log.write(reported, time.monotonic())
        # The game gets one event for a stinger, with its first part.
        if isinstance(reported, StingerArrived) and isinstance(event, Stinger) and event.offset:
            return
        if len(self.client_events) == _MOST_WAITING and not self._overflowed:
            self._overflowed = True
            log.warning("%d client events wait and the oldest are lost: call update or poll", _MOST_WAITING)
        self.client_events.append(reported)

    def _call_wake(self) -> None:
        """What it raises must not end the session and is reported once."""
        try:
            self._wake()
        except Exception as error:
            if not self._wake_failed:
                self._wake_failed = True
                event = CallbackFailed(code="callback", text=f"wake: {type(error).__name__}: {error}")
                if not isinstance(event, self.handled):
                    log.exception("the callback `wake` raised; the session goes on")
                self.client_events.append(event)


_running: Final[weakref.WeakSet[Network]] = weakref.WeakSet()


def _close_all() -> None:
    """End every session that the program did not close: daemon threads stop with the program and send no `bye`."""
    running = list(_running)
    for network in running:
        network.ask_to_stop()
    for network in running:
        network.stop()


atexit.register(_close_all)
