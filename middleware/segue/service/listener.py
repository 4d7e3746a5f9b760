"""The service's network edge: accepts connections of TCP, TLS and unix sockets, and carries ZMTP messages to and from.

Every byte of every peer takes the same path. What a peer may cost is bounded: connections, time and bytes before it has
a session, bytes of a message, what is read of it before all others have their turn, what waits to be read by it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import ssl
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Final, Self

from segue.service import binding
from segue.service.auth import Mechanism, Password, RefusalReason, WrongTokens
from segue.service.peer import Peer
from segue.service.settings.kinds import Endpoint
from segue_sdk.codec import Part
from segue_sdk.limits import SILENCE_S

log = logging.getLogger(__name__)

# What connections may take of a turn of the loop before all else has its turn: the generators, the other sockets.
_TURN_S: Final = 0.004
_SWEEP_S: Final = 0.25
# After a failed accept (no descriptors left) the next one would fail as well.
_ACCEPT_PAUSE_S: Final = 0.2
_NONE_LEFT: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_IDENTITY_BYTES: Final = 8
# Refusals that whoever runs the service may want to know of, and how often they are logged at most.
_TOLD: Final = frozenset(
    {
        RefusalReason.TOKEN,
        RefusalReason.MECHANISM,
        RefusalReason.TLS,
        RefusalReason.TOO_LARGE,
        RefusalReason.FULL,
        RefusalReason.SLOW,
    }
)
_TELL_EVERY_S: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is granted.

    connections: at a time; beyond, the oldest without a session makes room. handshakes: of these, not through their
    handshake; beyond, the oldest of them makes room. handshake_s: for TLS, greeting and handshake, all in all.
    silence_s: without a byte. kept_bytes: of unfinished messages of all connections without a session. linger_s: for
    what was sent to leave, at the end.
    """

    connections: int = 144
    handshakes: int = 64
    handshake_s: float = 5.0
    silence_s: float = SILENCE_S + 1.0
    kept_bytes: int = 16 << 20
    linger_s: float = 0.5


class Listener:
    """Used as `async with`, in one event loop: `bind` and then `start` inside. All callbacks come from that loop.

    taken: messages handed on so far. refused: connections refused or ended by the listener so far, by reason.
    """

    def __init__(
        self,
        *,
        token: str | None,
        receive: Callable[[bytes, list[bytes]], float],
        closed: Callable[[bytes], None],
        has_session: Callable[[bytes], bool],
        clock: Callable[[], float],
        limits: Limits | None = None,
        refused: Callable[[RefusalReason], None] = lambda reason: None,
    ) -> None:
        """token: PLAIN with it, else NULL. receive: takes a message of an identity, and says for how many seconds no
        more is to be read of it. closed: an identity is gone.

        has_session: whether an identity is not to make room for others. clock: seconds. refused: told of each.
        """
        self.limits = limits or Limits()
        self.received_messages = 0
        self.refused: Counter[RefusalReason] = Counter()
        self._password = Password(token) if token else None
        self._wrong = WrongTokens()
        self._receive = receive
        self._closed = closed
        self._has_session = has_session
        self._clock = clock
        self._count_refused = refused
        self._untold: Counter[RefusalReason] = Counter()
        self._told_s = float("-inf")
        self._names = count(1)
        # By identity, the oldest first; those not through their handshake are in both.
        self._peers: dict[bytes, Peer] = {}
        self._new: dict[bytes, Peer] = {}
        # Who waits for a turn: those with a session, and those without.
        self._waiting: tuple[deque[Peer], deque[Peer]] = (deque(), deque())
        self._turn_set = False
        self._bound: list[tuple[binding.Bound, ssl.SSLContext | None]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = asyncio.Event()
        self._ending = False

    def __len__(self) -> int:
        """Connections at this moment."""
        return len(self._peers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take no more connections and messages, let what was sent leave, close. Raises: what broke a task."""
        self._ending = True
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        for bound, _ in self._bound:
            bound.close()
        for peer in list(self._peers.values()):
            peer.finish()
        self._check_ended()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.limits.linger_s):
                await self._ended.wait()
        for peer in list(self._peers.values()):
            peer.abort()
        await self._ended.wait()
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    def bind(self, address: str) -> str:
        """Listen at `tcp://…` or `ipc://…`; the address clients connect to. Raises: OSError."""
        bound = binding.bind(address)
        self._bound.append((bound, None))
        return bound.address

    def bind_tls(self, place: Endpoint, tls: ssl.SSLContext) -> str:
        """Listen for TLS; the address as `tls://…`. Raises: OSError."""
        bound = binding.bind_tcp(*place)
        self._bound.append((bound, tls))
        return bound.address.replace("tcp://", "tls://", 1)

    def start(self) -> None:
        """Take connections; who came since `bind` has waited in the kernel."""
        binding.allow_descriptors(self.limits.connections)
        self._tasks.append(asyncio.create_task(self._sweep(), name="listener"))
        for bound, tls in self._bound:
            self._tasks.append(asyncio.create_task(self._accept(bound, tls), name=f"accepting {bound.address}"))

    def send(self, identity: bytes, parts: Sequence[Part]) -> bool:
        """Whether a message could be given to a peer; not if it is gone, or does not read."""
        peer = self._peers.get(identity)
        return peer is not None and peer.send(parts)

    # --- for the connections ----------------------------------------------------------------------------------------

    def opened(self, peer: Peer) -> None:
        """It is through its handshake."""
        self._new.pop(peer.identity, None)

    def enqueue(self, peer: Peer) -> None:
        """There is something of it to be taken."""
        self._waiting[not self.has_session(peer)].append(peer)
        if not self._turn_set:
            self._turn_set = True
            asyncio.get_running_loop().call_soon(self._turn)

    def received(self, peer: Peer, parts: list[bytes]) -> float:
        """A message. Returns: for how many seconds no more is to be read of the peer."""
        if self._ending:
            return 0.0
        self.received_messages += 1
        return self._receive(peer.identity, parts)

    def judged(self, peer: Peer, user: bytes, token: bytes) -> tuple[bool, float]:
        """Whether credentials are right, and how many seconds the answer has to wait."""
        assert self._password is not None
        now_s = self._clock()
        right = self._password.matches(user, token)
        if not right:
            self._wrong.add(peer.address, now_s)
            self.count(RefusalReason.TOKEN)
        return right, self._wrong.delay_s(peer.address, now_s)

    def count(self, reason: RefusalReason) -> None:
        """A connection was refused."""
        self.refused[reason] += 1
        self._untold[reason] += 1
        self._count_refused(reason)

    def has_session(self, peer: Peer) -> bool:
        """Whether it plays."""
        return self._has_session(peer.identity)

    def check_kept(self) -> None:
        """Unfinished messages of strangers may not fill the memory, however many strangers there are."""
        strangers = [peer for peer in self._peers.values() if peer.kept_bytes and not self.has_session(peer)]
        if sum(peer.kept_bytes for peer in strangers) > self.limits.kept_bytes:
            max(strangers, key=lambda peer: peer.kept_bytes).end(RefusalReason.TOO_LARGE)

    def gone(self, peer: Peer) -> None:
        """It is closed."""
        if self._peers.pop(peer.identity, None) is None:
            return
        self._new.pop(peer.identity, None)
        if peer.was_open and not self._ending:
            self._closed(peer.identity)
        self._check_ended()

    # --- inside -----------------------------------------------------------------------------------------------------

    async def _accept(self, bound: binding.Bound, tls: ssl.SSLContext | None) -> None:
        """Take connections. By hand: asyncio's servers tell of a connection only once its TLS handshake is over."""
        loop = asyncio.get_running_loop()
        while True:
            # Accepting may never wait while connections stream in; everything else has to have its turn.
            await asyncio.sleep(0)
            try:
                accepted, remote = await loop.sock_accept(bound.socket)
            except OSError as error:
                if error.errno in _NONE_LEFT:
                    self._make_room(self._without_session())
                await asyncio.sleep(_ACCEPT_PAUSE_S)
                continue
            if not self._has_room():
                accepted.close()
                continue
            address = str(remote[0]) if isinstance(remote, tuple) else "ipc"
            peer = Peer(self, next(self._names).to_bytes(_IDENTITY_BYTES), address, self._mechanism)
            self._peers[peer.identity] = self._new[peer.identity] = peer
            peer.begin(accepted, tls)

    @property
    def _mechanism(self) -> Mechanism:
        return Mechanism.NULL if self._password is None else Mechanism.PLAIN

    def _has_room(self) -> bool:
        """Whether one more may be taken, once one that may has made room for it."""
        if len(self._new) >= self.limits.handshakes:
            self._make_room(self._new.values())
        if len(self._peers) < self.limits.connections or self._make_room(self._without_session()):
            return True
        self.count(RefusalReason.FULL)
        return False

    def _without_session(self) -> list[Peer]:
        return [peer for peer in self._peers.values() if not self.has_session(peer)]

    def _make_room(self, peers: Iterable[Peer]) -> bool:
        """End one of these, if there is one: the oldest of those whose address has the most of them."""
        peers = list(peers)
        if not peers:
            return False
        most, _ = Counter(peer.address for peer in peers).most_common(1)[0]
        oldest = next(peer for peer in peers if peer.address == most)
        oldest.end(RefusalReason.FULL)
        self.gone(oldest)
        return True

    def _turn(self) -> None:
        """Let connections work in turn, those with a session and those without by turns.

        Where more is left than a turn allows, the next is as far away as this one was long: whoever floods has at most
        half of the loop's time.
        """
        self._turn_set = False
        begun_s = self._clock()
        while any(self._waiting):
            for queue in self._waiting:
                if queue:
                    self._let_work(queue.popleft())
            took_s = self._clock() - begun_s
            if took_s >= _TURN_S and any(self._waiting):
                self._turn_set = True
                asyncio.get_running_loop().call_later(took_s, self._turn)
                return

    def _let_work(self, peer: Peer) -> None:
        try:
            peer.work()
        except Exception:
            log.exception("a connection broke")
            peer.abort()
            self.gone(peer)

    async def _sweep(self) -> None:
        """Let time pass for the connections; not the time in which this process stood still, and could hear nobody."""
        before_s = self._clock()
        while True:
            await asyncio.sleep(_SWEEP_S)
            now_s = self._clock()
            step_s, before_s = min(now_s - before_s, 2 * _SWEEP_S), now_s
            for peer in list(self._peers.values()):
                peer.pass_time(step_s)
            self._tell(now_s)

    def _tell(self, now_s: float) -> None:
        """One line of the log for many refusals."""
        told = {reason: number for reason, number in self._untold.items() if reason in _TOLD}
        if told and now_s - self._told_s >= _TELL_EVERY_S:
            log.warning("connections refused", extra={reason.value: number for reason, number in told.items()})
            self._untold.clear()
            self._told_s = now_s

    def _check_ended(self) -> None:
        if self._ending and not self._peers:
            self._ended.set()
