"""The service: a listener, the sessions behind it, the generators' threads, health, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from segue.contract import Generator, GeneratorError, StyleEncoder
from segue.runtime.fallback import Loop
from segue.runtime.restore import make_restore_point
from segue.runtime.scheduler import Batch, Scheduler
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import straight
from segue.runtime.styles import read_styles
from segue.service.connection_handler import TICK_S, ConnectionHandler
from segue.service.front import open_front
from segue.service.generation import SUSPENDED_S, Generation, Worker, buffered_s
from segue.service.listener import Listener
from segue.service.monitoring import Health, Metrics
from segue.service.outgoing import Parts
from segue.service.process_generator import ProcessGenerator
from segue.service.rule_store import RuleEdit, RuleStore
from segue.service.server_session import ServerSession
from segue.service.sessions import Sessions
from segue.service.settings.configuration import ServiceConfig
from segue_rules.loading import load_text

log = logging.getLogger(__name__)

# How often the gauges of the metrics are set.
_MEASURE_S: Final = 0.5
_RELOAD_S: Final = 0.5
# How long the service waits for a generator's thread when it ends.
_THREAD_TIMEOUT_S: Final = 2.0
# How long preparing a restore may take: a language model reads all that it has to remember.
_MOST_RESTORE_S: Final = 20.0
# When clients of a service that stops are to connect again.
_RETRY_MS: Final = 500
# The share of the lookahead that counts as a full buffer: the rest of a chunk is always under way.
_FULL: Final = 0.85
# A process that ran used at least this share of the time.
_LEAST_USED: Final = 0.1
_WARM_UP: Final = """
segue: 1
styles: {calm: {text: "calm"}}
layers: {all: {states: {all: {default: true, mix: {calm: 1}}}}}
"""
# More than a language model reads at once when it continues from a saved state.
_WARM_UP_FRAMES: Final = 70


class Service:
    """Everything between a socket and a generator. Made, run until it is stopped; in one event loop.

    Attributes:
        metrics: The service's metrics.
        rule_store: The soundtracks that clients may ask for.
        sessions: The sessions.
        addresses: Where it listens, once it runs.
    """

    def __init__(
        self,
        config: ServiceConfig,
        encoders: Sequence[StyleEncoder],
        generators: Sequence[Generator[Any]],
        *,
        version: str,
        serving: Callable[[Sequence[str]], None] = lambda addresses: None,
        rule_store: RuleStore | None = None,
        key_prefix: bytes = b"",
    ) -> None:
        """Load the rule files.

        Args:
            config: What the service is configured to do.
            encoders: Encode the prompts of styles: one for each that a generator names, at least one.
            generators: The default generator first, then those to fall back on; a loop of the last bars is added.
            version: Version of Segue, for the welcome.
            serving: Called with the addresses once clients may connect.
            rule_store: The soundtracks, where they are loaded already.
            key_prefix: What the keys of sessions begin with.

        Raises:
            RuleError: Rule files have mistakes.
        """
        self._config = config
        self._encoders = encoders
        self._generators: tuple[Generator[Any], ...] = (*generators, Loop())
        self._serving = serving
        self.metrics = Metrics()
        self._health = Health(time.monotonic)
        self.rule_store = rule_store or RuleStore(config, encoders)
        # Preparing a restore may take a second; nobody's music waits for it.
        self._restorer = Worker("restores", most_s=_MOST_RESTORE_S)
        self._process_generators = [one for one in generators if isinstance(one, ProcessGenerator)]
        self._scheduler = Scheduler(self._generators, time.perf_counter, max_batch=config.max_batch)
        self.sessions = Sessions(
            config,
            f"segue {version}",
            self._generators,
            self.rule_store,
            self._scheduler,
            self._restorer,
            self.metrics,
            time.monotonic,
            key_prefix,
        )
        self._generation = Generation(
            self._scheduler,
            self._generators,
            time.monotonic,
            stall_s=config.stall_ms / 1000,
            on_batch_done=self._on_batch_done,
            on_session_failed=self._on_session_failed,
            metrics=self.metrics,
            guard=self.sessions.guard,
            has_unread=lambda: self._listener is not None and self._listener.has_unread,
        )
        self._handler = ConnectionHandler(
            self.sessions, self._send, time.monotonic, self.metrics, self._generation.wake
        )
        self._guard = self.sessions.guard
        self._listener: Listener | None = None
        # Messages of the listener that the metrics have counted.
        self._counted_messages = 0
        self._stopping = asyncio.Event()
        self.addresses: list[str] = []

    async def run(self) -> None:
        """Serve until `stop`.

        Raises:
            OSError: An address cannot be bound.
            InsecureBindError: An address is public and there is no token.
            CertificateError: The certificate or its key cannot be used.
            GeneratorError: A generator cannot play.
        """
        async with contextlib.AsyncExitStack() as stack:
            for one in self._process_generators:
                stack.callback(one.close)
            listener = self._listener = await self._open(stack)
            stopping = asyncio.ensure_future(self._stopping.wait())
            if not await self._warmed_up(stopping):
                return
            listener.start()
            self._health.ready()
            if self.addresses:
                note_serving(self.rule_store, self.addresses)
            self._serving(self.addresses)
            work = {"generation": self._generation.run, "tick": self._tick, "watch": self._watch}
            tasks = [asyncio.ensure_future(self._repeat(where, one)) for where, one in work.items()]
            await stopping
            self._health.unready("the service stops")
            with self._guard.task("drain"):
                await self._drain()
            self._handler.say_goodbye("drain", "the service stops", _RETRY_MS)
            # Cancelled again if it was lost: a wait that ends in the same moment may swallow a cancellation.
            while pending := [task for task in tasks if not task.done()]:
                for task in pending:
                    task.cancel()
                await asyncio.wait(pending, timeout=TICK_S)
            self.sessions.close_all("service stopped")
            self._generation.close(_THREAD_TIMEOUT_S)
            self._restorer.close(_THREAD_TIMEOUT_S)

    def stop(self) -> None:
        """Drain and end; to be called in the loop."""
        self._stopping.set()

    # --- the listener -----------------------------------------------------------------------------------------------

    async def _open(self, stack: contextlib.AsyncExitStack) -> Listener:
        """Open what clients come through; it is closed with the stack. Raises: as `open_front`."""
        listener, self.addresses = await open_front(
            stack,
            self._config,
            self.metrics,
            self._health,
            receive=self._handler.receive,
            closed=self._handler.closed,
            has_session=self._handler.has_session,
        )
        return listener

    def _send(self, identity: bytes, parts: Parts) -> bool:
        """Send a message; False if the connection is gone, or its client does not read."""
        assert self._listener is not None
        if not self._listener.send(identity, parts):
            return False
        self.metrics.sent(sum(map(len, parts)))
        return True

    # --- tasks ------------------------------------------------------------------------------------------------------

    def _on_batch_done(self, batch: Batch) -> None:
        """Send the sound that was generated for sessions."""
        for music, _ in batch:
            session = self.sessions.of(music)
            if session is not None:
                self._handler.flush(session)

    def _on_session_failed(self, music: Session) -> None:
        """End a session whose music a fault ended; its client may restore another from what it has."""
        with self._guard.task("generation"):
            self.metrics.fault("generation")
            session = self.sessions.of(music)
            if session is not None:
                self._handler.end_broken(session)

    async def _repeat(self, where: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run work that should never end, again if a fault ends it: the service cannot go on without it."""
        while True:
            with self._guard.task(where):
                await work()
            await asyncio.sleep(TICK_S)

    async def _tick(self) -> None:
        # skipped: whether the last tick was left out; a loop that is always late still has every other one.
        ticked_s, used_s, measured_s, skipped = time.monotonic(), time.process_time(), -math.inf, False
        while True:
            await asyncio.sleep(TICK_S)
            now_s, before_s, used_s = time.monotonic(), used_s, time.process_time()
            late_s, ticked_s = now_s - ticked_s - TICK_S, now_s
            if late_s > SUSPENDED_S:
                # What clients sent meanwhile is still to be read; until then nobody knows their playheads.
                fields = {"seconds": round(late_s, 3), "processor_seconds": round(used_s - before_s, 3)}
                log.warning(why_late(late_s, used_s - before_s), extra=fields)
                self._handler.extend_deadlines(late_s, suspended=was_suspended(late_s, used_s - before_s))
                if not skipped:
                    skipped = True
                    continue
            skipped = False
            with self._guard.task("processes"):
                self._tend(TICK_S + late_s)
            with self._guard.task("tick"):
                self._handler.tick()
            with self._guard.task("health"):
                self._health.tick()
            if now_s - measured_s >= _MEASURE_S:
                measured_s = now_s
                with self._guard.task("measure"):
                    self._measure()

    def _tend(self, step_s: float) -> None:
        """Look after the other processes. step_s: Seconds since the last time."""
        for one in self._process_generators:
            one.tend(len(self.sessions), step_s)

    async def _watch(self) -> None:
        """Reload edited rule files."""
        while self._config.reload:
            for edit in await asyncio.to_thread(self.rule_store.changed):
                note_edit(edit, self.metrics)
                self._apply(edit)
            await asyncio.sleep(_RELOAD_S)
        await asyncio.Event().wait()

    def _apply(self, edit: RuleEdit) -> None:
        """Let the sessions that play an edited rule file follow it."""
        for session in self.sessions:
            with self._guard.session(session, "reload"):
                if session.soundtrack.name == edit.name:
                    self.sessions.apply_edit(session, edit)
                    self._handler.flush(session)

    async def _drain(self) -> None:
        """Let every client's buffer fill, so that it plays on while the service is away."""
        self._handler.draining = True
        end = time.monotonic() + self._config.drain_ms / 1000
        while (now_s := time.monotonic()) < end:
            filling = []
            for session in self.sessions:
                with self._guard.session(session, "drain"):
                    filling.append(self._is_filling(session, now_s))
            if not any(filling):
                break
            await asyncio.sleep(TICK_S)

    def _is_filling(self, session: ServerSession, now_s: float) -> bool:
        """Return whether a client's buffer is not full yet."""
        lookahead_s = session.terms.lookahead_ms / 1000
        return session.playing and buffered_s(session.music, now_s) < _FULL * lookahead_s

    def _measure(self) -> None:
        sessions = list(self.sessions)
        connected = sum(one.connection is not None for one in sessions)
        self._measure_connections()
        levels, headrooms = [], []
        for one in sessions:
            with self._guard.session(one, "measure"):
                levels.append(one.fallback_level)
                headrooms.append(one.music.latency.headroom)
        self.metrics.set_sessions(
            connected=connected, waiting=len(sessions) - connected, levels=levels, headroom=min(headrooms, default=0.0)
        )

    def _measure_connections(self) -> None:
        if self._listener is not None:
            received = self._listener.received_messages
            self.metrics.set_connections(len(self._listener), received - self._counted_messages)
            self._counted_messages = received

    # --- warm-up ----------------------------------------------------------------------------------------------------

    async def _warmed_up(self, stopping: asyncio.Future[Any]) -> bool:
        """Warm up the generators; False if the service was stopped meanwhile. Raises: GeneratorError."""
        warming = asyncio.ensure_future(Worker("warm-up").call(self._warm_up))
        await asyncio.wait({warming, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not warming.done():
            warming.cancel()
            return False
        warming.result()
        return True

    def _warm_up(self) -> None:
        """Play and restore with the generators that compile, so that no client waits for it."""
        compiling = [generator for generator in self._generators if generator.compiles]
        if not compiling:
            return
        rules, styles, _ = read_styles(load_text(_WARM_UP), self._encoders)
        for generator in compiling:
            music = Session(rules, styles, [generator], SessionConfig())
            try:
                for _ in straight(music, [generator], (), _WARM_UP_FRAMES):
                    pass
                make_restore_point(
                    music.snapshot(), rules=rules, generators=[generator], primary=0, frame=music.head, seed=0
                )
            except Exception as error:
                log.exception("a generator cannot play", extra={"generator": generator.name})
                text = f"the generator {generator.name!r} cannot play: {type(error).__name__}: {error}"
                raise GeneratorError(text) from error


def note_serving(rule_store: RuleStore, addresses: Sequence[str]) -> None:
    """Log where a service listens, and what is doubtful in its rule files."""
    for name in rule_store.names:
        for warning in rule_store.named(name).warnings:
            log.warning(warning, extra={"rules": name})
    log.info("serving", extra={"addresses": ", ".join(addresses)})


def note_edit(edit: RuleEdit, metrics: Metrics) -> None:
    """Log and count an edited rule file."""
    log.info("rules edited", extra={"rules": edit.name, "errors": edit.errors})
    for warning in edit.soundtrack.warnings if edit.soundtrack is not None else ():
        log.warning(warning, extra={"rules": edit.name})
    metrics.reloaded(accepted=edit.soundtrack is not None)


def was_suspended(late_s: float, used_s: float) -> bool:
    """Return whether the service's loop had no turn because the process did not run at all.

    Args:
        late_s: Seconds without a turn.
        used_s: Seconds of processor time that the whole process used meanwhile; a suspended one uses none.
    """
    return used_s < _LEAST_USED * late_s


def why_late(late_s: float, used_s: float) -> str:
    """Return why the service's loop had no turn, for the log. Arguments as those of `was_suspended`."""
    if was_suspended(late_s, used_s):
        return "the process was suspended, or the machine had no time for it"
    return "the service was too busy to serve its clients"
