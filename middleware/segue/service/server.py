"""The service: a listener, the sessions behind it, the generators' workers, health, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from segue.contract import Generator, StyleEncoder
from segue.runtime.fallback import Loop
from segue.runtime.restore import make_restore_point
from segue.runtime.scheduler import Batch, Scheduler
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import straight
from segue.runtime.styles import load_styles
from segue.service.auth import mechanism
from segue.service.backlog import Parts
from segue.service.config import ServiceConfig
from segue.service.generation import Generation, buffered_s
from segue.service.health import Health, HealthServer
from segue.service.listener import Limits, Listener
from segue.service.live import LiveSession
from segue.service.metrics import Metrics
from segue.service.reception import Reception
from segue.service.rulebook import RuleBook
from segue.service.sessions import Sessions
from segue.service.tls import tls_context
from segue.service.worker import Worker
from segue_rules.loading import load_text

log = logging.getLogger(__name__)

_TICK_S: Final = 0.05
# A tick that comes so much too late shows that the process stood still.
_AWAY_S: Final = 0.5
_RELOAD_S: Final = 0.5
# How long a generator may take to come back.
_PATIENCE_S: Final = 2.0
# How long it may take to get saved music ready: a language model reads all that it is to remember.
_MOST_RESTORE_S: Final = 20.0
# When clients of a service that stops are to try again.
_RETRY_MS: Final = 500
# A buffer as full as this is full: the rest of a chunk is always under way.
_FULL: Final = 0.85
_WARM_UP: Final = """
segue: 1
styles: {calm: {text: "calm"}}
layers: {all: {states: {all: {default: true, mix: {calm: 1}}}}}
"""
# More than a language model reads at once when it goes on from a saved state.
_WARM_UP_FRAMES: Final = 70


class GeneratorError(Exception):
    """A generator that cannot play: the service does not start with it."""


class Service:
    """Everything between a socket and a generator. Made, started, run until stopped, closed; in one event loop."""

    def __init__(
        self,
        config: ServiceConfig,
        encoder: StyleEncoder,
        generators: Sequence[Generator[Any]],
        *,
        version: str,
        serving: Callable[[Sequence[str]], None] = lambda addresses: None,
    ) -> None:
        """generators: the chosen one first, then what the fallback chain falls back on; the loop of last bars is added.

        serving: called with the addresses once clients are welcome.

        Raises: RuleError for rule files that do not load.
        """
        self._config = config
        self._encoder = encoder
        self._generators: tuple[Generator[Any], ...] = (*generators, Loop())
        self._serving = serving
        self.metrics = Metrics()
        self._health = Health(time.monotonic)
        self.rulebook = RuleBook(config, encoder)
        # What is restored may take a second to get ready; nobody's music waits for it.
        self._restorer = Worker("restores", most_s=_MOST_RESTORE_S)
        self._scheduler = Scheduler(self._generators, time.perf_counter, max_batch=config.max_batch)
        self.sessions = Sessions(
            config,
            f"segue {version}",
            self._generators,
            self.rulebook,
            self._scheduler,
            self._restorer,
            self.metrics,
            time.monotonic,
        )
        self._generation = Generation(
            self._scheduler,
            self._generators,
            time.monotonic,
            stall_s=config.stall_ms / 1000,
            landed=self._landed,
            broke=self._broke,
            metrics=self.metrics,
            guard=self.sessions.guard,
        )
        self._reception = Reception(self.sessions, self._send, time.monotonic, self.metrics, self._generation.wake)
        self._guard = self.sessions.guard
        self._listener: Listener | None = None
        self._taken = 0
        self._stopping = asyncio.Event()
        self.addresses: list[str] = []

    async def run(self) -> None:
        """Serve until `stop`.

        Raises: OSError, InsecureBindError where it cannot bind; CertificateError; GeneratorError.
        """
        async with contextlib.AsyncExitStack() as stack:
            listener = await self._bind(stack)
            stopping = asyncio.ensure_future(self._stopping.wait())
            if not await self._warmed_up(stopping):
                return
            listener.start()
            self._health.ready()
            for name in self.rulebook.names:
                for warning in self.rulebook.named(name).warnings:
                    log.warning(warning, extra={"rules": name})
            log.info("serving", extra={"addresses": ", ".join(self.addresses)})
            self._serving(self.addresses)
            work = {"generation": self._generation.run, "tick": self._tick, "watch": self._watch}
            tasks = [asyncio.ensure_future(self._keep_up(where, one)) for where, one in work.items()]
            await stopping
            self._health.unready("the service stops")
            with self._guard.turn("drain"):
                await self._drain()
            self._reception.farewell("drain", "the service stops", _RETRY_MS)
            # Again where it was swallowed: a wait that ends in the same moment may do that.
            while pending := [task for task in tasks if not task.done()]:
                for task in pending:
                    task.cancel()
                await asyncio.wait(pending, timeout=_TICK_S)
            self.sessions.close_all("the service stopped")
            self._generation.close(_PATIENCE_S)
            self._restorer.close(_PATIENCE_S)

    def stop(self) -> None:
        """Drain and end; to be called in the loop."""
        self._stopping.set()

    # --- the listener ------------------------------------------------------------------------------------------------

    async def _bind(self, stack: contextlib.AsyncExitStack) -> Listener:
        """Everything that listens, closed with the stack."""
        config = self._config
        # Raises where others could come in without a token.
        mechanism(config.bind, token=config.token or "", tls=config.tls_bind is not None)
        listener = Listener(
            token=config.token,
            receive=self._reception.receive,
            closed=self._reception.closed,
            has_session=self._reception.has_session,
            clock=time.monotonic,
            limits=Limits(
                connections=config.most_connections,
                handshakes=config.max_handshakes,
                handshake_s=config.handshake_ms / 1000,
            ),
            refused=self.metrics.refused_connection,
        )
        self._listener = await stack.enter_async_context(listener)
        self.addresses += [listener.bind(address) for address in config.bind]
        if config.tls_bind is not None and config.tls_cert is not None and config.tls_key is not None:
            self.addresses.append(listener.bind_tls(config.tls_bind, tls_context(config.tls_cert, config.tls_key)))
        if config.http_bind is not None:
            server = HealthServer(config.http_bind, self._health, self.metrics)
            server.start()
            stack.callback(server.close)
            self.addresses.append("http://{}:{}".format(*server.address))
        return listener

    def _send(self, identity: bytes, parts: Parts) -> bool:
        """Whether a peer could be given a message; not if it is gone, or reads nothing."""
        assert self._listener is not None
        if not self._listener.send(identity, parts):
            return False
        self.metrics.sent(sum(map(len, parts)))
        return True

    # --- what goes on besides ---------------------------------------------------------------------------------------

    def _landed(self, batch: Batch) -> None:
        """Sound for sessions: send it."""
        for session, _ in batch:
            live = self.sessions.of(session)
            if live is not None:
                self._reception.flush(live)

    def _broke(self, session: Session) -> None:
        """A session that a fault of ours ended: its client may begin another from what it has."""
        with self._guard.turn("generation"):
            self.metrics.fault("generation")
            live = self.sessions.of(session)
            if live is not None:
                self._reception.give_up(live)

    async def _keep_up(self, where: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do what never ends, again if it does: the service is not to go on without it."""
        while True:
            with self._guard.turn(where):
                await work()
            await asyncio.sleep(_TICK_S)

    async def _tick(self) -> None:
        # excused: whether the last turn was left out; a loop that is always late still has every other one.
        ticked_s, excused = time.monotonic(), False
        while True:
            await asyncio.sleep(_TICK_S)
            now_s = time.monotonic()
            away_s, ticked_s = now_s - ticked_s - _TICK_S, now_s
            if away_s > _AWAY_S:
                # What clients said meanwhile is still to be read; until then nobody knows where they are.
                log.warning("the service stood still", extra={"seconds": round(away_s, 3)})
                self._reception.excuse(away_s)
                if not excused:
                    excused = True
                    continue
            excused = False
            for where, act in (
                ("tick", self._reception.tick),
                ("health", self._health.tick),
                ("measure", self._measure),
            ):
                with self._guard.turn(where):
                    act()

    async def _watch(self) -> None:
        """Take edited rule files over."""
        while self._config.reload:
            for edit in await asyncio.to_thread(self.rulebook.changed):
                log.info("rules edited", extra={"rules": edit.name, "errors": edit.errors})
                self.metrics.reloaded(accepted=edit.soundtrack is not None)
                for live in self.sessions:
                    with self._guard.session(live, "reload"):
                        if live.soundtrack.name == edit.name:
                            self.sessions.take_edit(live, edit)
                            self._reception.flush(live)
            await asyncio.sleep(_RELOAD_S)
        await asyncio.Event().wait()

    async def _drain(self) -> None:
        """Let every client's buffer fill, so that it plays on while the service is away."""
        self._reception.draining = True
        end = time.monotonic() + self._config.drain_ms / 1000
        while (now_s := time.monotonic()) < end:
            filling = []
            for live in self.sessions:
                with self._guard.session(live, "drain"):
                    filling.append(self._is_filling(live, now_s))
            if not any(filling):
                break
            await asyncio.sleep(_TICK_S)

    def _is_filling(self, live: LiveSession, now_s: float) -> bool:
        """Whether a client's buffer is not full yet."""
        lookahead_s = live.terms.lookahead_ms / 1000
        return live.playing and buffered_s(live.session, now_s) < _FULL * lookahead_s

    async def _warmed_up(self, stopping: asyncio.Future[Any]) -> bool:
        """Whether the generators are ready to play; not if the service is stopped before. Raises: GeneratorError."""
        warming = asyncio.ensure_future(Worker("warm-up").call(self._warm_up))
        await asyncio.wait({warming, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not warming.done():
            warming.cancel()
            return False
        warming.result()
        return True

    def _warm_up(self) -> None:
        """Play and go on from a saved state with generators that compile, so that no client waits for it."""
        compiling = [generator for generator in self._generators if generator.compiles]
        if not compiling:
            return
        rules = load_text(_WARM_UP)
        styles, _ = load_styles(rules, self._encoder)
        for generator in compiling:
            session = Session(rules, styles, [generator], SessionConfig())
            try:
                for _ in straight(session, [generator], (), _WARM_UP_FRAMES):
                    pass
                make_restore_point(
                    session.snapshot(), rules=rules, generators=[generator], primary=0, frame=session.head, seed=0
                )
            except Exception as error:
                log.exception("a generator cannot play", extra={"generator": generator.name})
                text = f"the generator {generator.name!r} cannot play: {type(error).__name__}: {error}"
                raise GeneratorError(text) from error

    def _measure(self) -> None:
        live = list(self.sessions)
        connected = sum(one.connection is not None for one in live)
        if self._listener is not None:
            self.metrics.connections(len(self._listener), self._listener.taken - self._taken)
            self._taken = self._listener.taken
        levels, headrooms = [], []
        for one in live:
            with self._guard.session(one, "measure"):
                levels.append(one.level)
                headrooms.append(one.session.latency.headroom)
        self.metrics.surveyed(
            connected=connected, waiting=len(live) - connected, levels=levels, headroom=min(headrooms, default=0.0)
        )
