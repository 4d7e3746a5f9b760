"""The network's thread of a client: one socket for each try to connect, and what comes and goes over it."""

from __future__ import annotations

import atexit
import contextlib
import ipaddress
import logging
import os
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import zmq
from zmq.utils.monitor import recv_monitor_message

from segue_sdk.client_events import (
    CallbackFailed,
    ClientEvent,
    Closed,
    ConnectionFailed,
    EventDelayed,
    InputRefused,
    Live,
    Lost,
    MessageRefused,
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
    peer_mechanism,
    resolve,
)
from segue_sdk.errors import ProtocolError
from segue_sdk.handshake import ClientState
from segue_sdk.limits import SAMPLE_RATE, SILENCE_S
from segue_sdk.log import LogRateLimiter
from segue_sdk.messages import Chunk, Error, Receipt, Stinger
from segue_sdk.player import Player, ReceivedChunk, ReceivedStinger
from segue_sdk.session import ClientSession
from segue_sdk.take_buffer import Floats, floats
from segue_sdk.timeline import Timing

log = logging.getLogger("segue_sdk")

_POLL_MS: Final = 10
# Between a lost connection and the next try.
_RETRY_S: Final = 0.2
# Happenings kept for a game that does not call `update`; the oldest go first.
_MOST_HAPPENINGS: Final = 4_096
_MOST_AT_ONCE: Final = 64
# For a handshake whose first answer has not come, before another try is made.
_HANDSHAKE_S: Final = 20.0
# libzmq must not connect again by itself: every try has a socket of its own. It takes no "never" that keeps what was
# received before the connection broke.
_NEVER_MS: Final = 3_600_000
# For the last message to leave: `bye`.
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
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
)


class _WakeSocket:
    """Ends another thread's wait for a socket."""

    def __init__(self) -> None:
        self._near, self.far = socket.socketpair()
        self._near.setblocking(False)
        self.far.setblocking(False)

    def ring(self) -> None:
        """From any thread, any number of times."""
        # Full of rings, or closed: nobody has to be woken.
        with contextlib.suppress(OSError):
            self._near.send(b"!")

    def silence(self) -> None:
        """Forget the rings so far; from the thread that waits."""
        with contextlib.suppress(OSError):
            self.far.recv(4_096)

    def close(self) -> None:
        self._near.close()
        self.far.close()


class Network:
    """Runs a session until it is closed. Holds nothing of the client that owns it, so that a forgotten client ends.

    lock: held around every use of `session`. happened: for the game, in order.
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
        self.happened: deque[ClientEvent] = deque(maxlen=_MOST_HAPPENINGS)
        self._address, self._token = address, token
        self._timing, self._wake = timing, wake
        self._failures = FailureClassifier(address.text, token=bool(token))
        self._retrying = RetrySchedule()
        self._lines = LogRateLimiter()
        self._wake_failed = self._overflowed = self._ended = False
        self._endpoint = 0
        self._closing = threading.Event()
        self._bell = _WakeSocket()
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="segue-client", daemon=True)
        _running.add(self)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether all that will ever be told is told."""
        return self._ended

    def send_soon(self) -> None:
        """There is something to send; from any thread."""
        self._bell.ring()

    def ask_to_stop(self) -> None:
        """Say goodbye soon; from any thread."""
        self._closing.set()
        self._bell.ring()

    def stop(self) -> None:
        """Say goodbye and wait for the thread to end; from any thread, its own included, any number of times."""
        self.ask_to_stop()
        # After a fork the thread is the parent's.
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
                happened = self.session.client_events()
            for happening in happened:
                self._tell(happening)
        finally:
            context.destroy(linger=0)
            self._bell.close()
            self._ended = True
            self._call_wake()

    def _try(self, context: zmq.Context[zmq.Socket[bytes]]) -> float:
        """One connection, from its first step to its end; seconds to wait before the next."""
        try:
            found = self._look_up()
        except OSError as error:
            return self._failed(self._failures.unknown_host(self._address.host, error))
        if not found:
            return 0.0
        endpoint = found[self._endpoint % len(found)]
        self._endpoint += 1
        dealer: zmq.Socket[bytes] | None = None
        monitor: zmq.Socket[bytes] | None = None
        try:
            dealer = context.socket(zmq.DEALER)
            monitor = dealer.get_monitor_socket(_WATCHED)
            self._configure(dealer, endpoint)
            dealer.connect(endpoint.text)
            return self._serve(dealer, monitor, endpoint)
        except zmq.ZMQError as error:
            with self.lock:
                self.session.disconnected(time.monotonic(), str(error))
            return self._failed(self._failures.unusable(error))
        finally:
            if dealer is not None:
                if monitor is not None:
                    dealer.disable_monitor()
                    monitor.close(0)
                dealer.close(_LINGER_MS if self.session.state is ClientState.CLOSED else 0)

    def _look_up(self) -> list[ResolvedAddress]:
        """The resolve to try; none if the client is closed meanwhile. Raises: OSError."""
        try:
            if self._address.host:
                ipaddress.ip_address(self._address.host.partition("%")[0])
            return resolve(self._address)
        except ValueError:
            lookup = BackgroundCall("segue-lookup", lambda: resolve(self._address))
        return lookup.result(self._closing, _POLL_MS / 1000) or []

    def _configure(self, dealer: zmq.Socket[bytes], endpoint: ResolvedAddress) -> None:
        dealer.linger = _LINGER_MS
        dealer.ipv6 = endpoint.ipv6
        dealer.reconnect_ivl = _NEVER_MS
        if self._token:
            dealer.plain_username = b"segue"
            dealer.plain_password = self._token.encode()

    def _serve(self, dealer: zmq.Socket[bytes], monitor: zmq.Socket[bytes], endpoint: ResolvedAddress) -> float:
        """Serve one connection until it is lost; seconds to wait before the next try."""
        begun_s, taken, stands = time.monotonic(), False, False
        poller = zmq.Poller()
        for waited_for in (dealer, monitor, self._bell.far):
            poller.register(waited_for, zmq.POLLIN)
        while not self._closing.is_set():
            poller.poll(_POLL_MS)
            self._bell.silence()
            for event, value in self._events(monitor):
                if event == zmq.EVENT_CONNECTED:
                    taken = True
                elif event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                    stands = True
                    self._retrying.connected()
                    with self.lock:
                        self.session.connected(time.monotonic())
                elif event in _HANDSHAKE_FAILED:
                    return self._failed(self._explained(self._failures.handshake(event, value), endpoint))
                elif event in (zmq.EVENT_CLOSED, zmq.EVENT_CONNECT_RETRIED) and not taken:
                    return self._failed(self._failures.unreachable())
                elif event == zmq.EVENT_DISCONNECTED and not stands:
                    return self._failed(self._failures.no_service())
                elif event == zmq.EVENT_DISCONNECTED:
                    return self._disconnected(dealer)
            wait_s = self._exchange(dealer) if stands else self._await_handshake(begun_s, taken)
            if wait_s is not None:
                return wait_s
        if stands:
            with self.lock:
                self.session.close()
            self._send(dealer)
        return 0.0

    def _events(self, monitor: zmq.Socket[bytes]) -> list[tuple[int, int]]:
        """What libzmq tells of the connection since the last look."""
        events: list[tuple[int, int]] = []
        while monitor.poll(0):
            told = recv_monitor_message(monitor)
            events.append((int(told["event"]), int(told["value"])))
        return events

    def _await_handshake(self, begun_s: float, taken: bool) -> float | None:
        """The connection does not stand yet: let time pass; seconds to wait if this try is given up."""
        now_s = time.monotonic()
        self._pass_time(now_s)
        if now_s - begun_s < SILENCE_S:
            return None
        if not taken:
            return self._failed(self._failures.no_route())
        if now_s - begun_s < _HANDSHAKE_S:
            self._tell_failure(self._failures.no_answer())
            return None
        return self._failed(self._failures.no_answer())

    def _explained(self, failure: ConnectFailure, endpoint: ResolvedAddress) -> ConnectFailure:
        """A failure without a reason: one that asks for another mechanism may close before libzmq knows that."""
        if failure.code != "broken_off":
            return failure
        try:
            mechanism = BackgroundCall("segue-probe", lambda: peer_mechanism(endpoint)).result(
                self._closing, _POLL_MS / 1000
            )
        except OSError:
            return failure
        if self._closing.is_set():
            return failure
        return self._failures.no_service() if mechanism is None else self._failures.asks_for(mechanism) or failure

    def _exchange(self, dealer: zmq.Socket[bytes]) -> float | None:
        """Take what came, send what is due; seconds to wait before the next try if the connection is over."""
        parts = self._received(dealer)
        now_s = time.monotonic()
        with self.lock:
            for message in parts:
                self.session.receive(message, now_s)
        self._pass_time(now_s, tell=False)
        self._send(dealer)
        return self._tell_all()

    def _disconnected(self, dealer: zmq.Socket[bytes]) -> float:
        """The connection broke: take what came before it did."""
        while parts := self._received(dealer):
            with self.lock:
                for message in parts:
                    self.session.receive(message, time.monotonic())
        with self.lock:
            self.session.disconnected(time.monotonic())
        wait_s = self._tell_all()
        return _RETRY_S if wait_s is None else wait_s

    def _pass_time(self, now_s: float, *, tell: bool = True) -> None:
        with self.lock:
            self.session.tick(now_s, self.player.position)
        if tell:
            self._tell_all()

    def _received(self, dealer: zmq.Socket[bytes]) -> list[list[Part]]:
        """What is there, but not so much that nothing else is done."""
        received: list[list[Part]] = []
        while len(received) < _MOST_AT_ONCE and dealer.poll(0):
            received.append([frame.buffer for frame in dealer.recv_multipart(copy=False)])
        return received

    def _send(self, dealer: zmq.Socket[bytes]) -> None:
        with self.lock:
            sending = self.session.to_send()
        try:
            for message in sending:
                dealer.send_multipart(message, flags=zmq.DONTWAIT, copy=False)
        except zmq.Again:
            # More than libzmq holds is under way to a service that takes nothing: the events come again with another
            # connection.
            with self.lock:
                self.session.disconnected(time.monotonic(), "the service takes nothing any more")

    # --- what the game is told --------------------------------------------------------------------------------------

    def _failed(self, failure: ConnectFailure) -> float:
        """A try failed; seconds to wait before the next."""
        wait_s, told = self._retrying.failed(failure)
        if told is not None:
            self._tell(told)
            self._call_wake()
        return wait_s

    def _tell_failure(self, failure: ConnectFailure) -> None:
        """A try seems to fail, and goes on."""
        _, told = self._retrying.failed(failure)
        if told is not None:
            self._tell(told)
            self._call_wake()

    def _tell_all(self) -> float | None:
        """Hand out what happened; seconds to wait before the next try if the connection is over."""
        with self.lock:
            happened = self.session.client_events()
        wait_s: float | None = None
        for happening in happened:
            self._tell(happening)
            if isinstance(happening, Lost):
                wait_s = max(_RETRY_S, happening.retry_ms / 1000)
            elif isinstance(happening, Closed):
                wait_s = 0.0
        if happened:
            self._call_wake()
        return wait_s

    def _tell(self, happening: ClientEvent) -> None:
        """Music to the player, everything to the game."""
        self._log(happening)
        if isinstance(happening, Live):
            lookahead = happening.welcome.lookahead_ms * SAMPLE_RATE // 1000
            self.player.order(replace(self._timing, pre_roll=min(self._timing.pre_roll, lookahead)))
        try:
            told = self._played(happening)
        except ProtocolError as error:
            told = MessageRefused(code=error.code, text=error.text)
        if isinstance(happening, Stinger) and happening.offset:
            return
        if len(self.happened) == _MOST_HAPPENINGS and not self._overflowed:
            self._overflowed = True
            log.warning("%d client_events wait and the oldest are lost: call update or poll", _MOST_HAPPENINGS)
        self.happened.append(told)

    def _log(self, happening: ClientEvent) -> None:
        match happening:
            case Receipt(accepted=False):
                self._log_refusal(f"event {happening.seq} was refused", happening.code, happening.text)
            case EventDelayed():
                self._log_refusal(
                    f"event {happening.seq} was refused and is sent again", happening.code, happening.text
                )
            case InputRefused():
                self._log_refusal("an input was refused", happening.code, happening.text)
            case Error():
                what = f"the service took no {happening.about or 'message'}"
                self._log_refusal(what, happening.code, happening.text)
            case MessageRefused():
                self._log_refusal("a message of the service was not understood", happening.code, happening.text)
            case ConnectionFailed():
                log.warning("%s: %s", happening.code, happening.text)
            case Closed() if happening.reason != "quit":
                log.warning("the session has ended: %s: %s", happening.code or happening.reason, happening.text)

    def _log_refusal(self, what: str, code: str, text: str) -> None:
        left_out = self._lines.due(code, time.monotonic())
        if left_out is not None:
            more = f" ({left_out} more since the last such line)" if left_out else ""
            log.warning("%s: %s: %s%s", what, code, text, more)

    def _played(self, happening: ClientEvent) -> ClientEvent:
        """Hand samples to the player; what the game is told instead of them, so that none pile up in its queue."""
        if isinstance(happening, Chunk):
            chunk, samples = happening, floats(happening.pcm, happening.format)
            self.player.order(ReceivedChunk(chunk.take, chunk.start, samples, chunk.mixed))
            return MusicArrived(
                start=chunk.start,
                count=chunk.count,
                take=chunk.take,
                generator=chunk.generator,
                reason=chunk.reason,
                states=chunk.states,
                mix=chunk.mix,
                loudness_lufs=chunk.loudness_lufs,
            )
        if isinstance(happening, Stinger):
            message = happening
            self.player.order(ReceivedStinger(message, _sound(message)))
            return StingerArrived(
                id=message.id, name=message.name, kind=message.kind, start=message.start, reason=message.reason
            )
        return happening

    def _call_wake(self) -> None:
        """Whatever it raises must not end the session; it is told once."""
        try:
            self._wake()
        except Exception as error:
            if not self._wake_failed:
                self._wake_failed = True
                log.exception("the callback `wake` raised; the session goes on")
                self.happened.append(CallbackFailed(code="callback", text=f"wake: {type(error).__name__}: {error}"))


def _sound(stinger: Stinger) -> Floats | None:
    return None if stinger.pcm is None else floats(stinger.pcm, stinger.format)


_running: Final[weakref.WeakSet[Network]] = weakref.WeakSet()


def _close_all() -> None:
    """Leave every session that the program did not close: threads of this kind end with the program, without a word."""
    running = list(_running)
    for network in running:
        network.ask_to_stop()
    for network in running:
        network.stop()


atexit.register(_close_all)
