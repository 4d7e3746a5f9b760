"""The sessions of a service: opened, resumed, restored, given other rules, closed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

from segue.contract import FRAME_RATE, FRAME_SIZE, Generator
from segue.runtime.restore import RestoreOutcome, RestorePoint, make_restore_point
from segue.runtime.scheduler import Scheduler
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.snapshot import Snapshot, SnapshotError
from segue.service import wire
from segue.service.client_limits import TokenBucket
from segue.service.faults import FaultGuard
from segue.service.generation import Worker
from segue.service.monitoring import Metrics
from segue.service.recordings import Recording, Recordings
from segue.service.rule_store import ClientRules, RuleEdit, RuleStore
from segue.service.server_session import ServerSession, SessionTerms
from segue.service.settings.configuration import ServiceConfig
from segue.service.soundtrack import Soundtrack
from segue.service.wire import RequestRefusedError
from segue_sdk.errors import ProtocolError
from segue_sdk.messages import Control, Hello, Restore

log = logging.getLogger(__name__)

# How far beyond the generated music a restore may go, in frames.
_MOST_AHEAD: Final = 60 * FRAME_RATE
# The largest position and take that a client may restore to: 23 years of samples, far below what the protocol, a saved
# state and the director can hold.
_LARGEST_RESTORED: Final = 1 << 45
# Time allowed for preparing a restore, in frames.
_RESTORE_FRAMES: Final = FRAME_RATE // 2
# Music from a cell to the client's position that is generated and not sent, in frames: it takes about half a second.
_MOST_LEAD: Final = 10 * FRAME_RATE
# When a client may ask again for a session.
_RETRY_MS: Final = 5_000
# A client reports its playhead as soon as it is welcome. A session without a report for this long may be closed when
# others need its place, and so may a paused one.
_MOST_UNREPORTED_S: Final = 10.0
_MOST_PAUSED_S: Final = 10.0
# New sessions in a second, at the least, and the burst in seconds of that rate: opening one takes a millisecond
# or more.
_OPENED_PER_SECOND: Final = 20
_OPENED_BURST_S: Final = 4


class Sessions:
    """All sessions of a service.

    Attributes:
        config: The service's configuration.
        guard: Contains the faults of one session.
    """

    def __init__(
        self,
        config: ServiceConfig,
        service: str,
        generators: Sequence[Generator[Any]],
        rule_store: RuleStore,
        scheduler: Scheduler,
        restorer: Worker,
        metrics: Metrics,
        clock: Callable[[], float],
        key_prefix: bytes = b"",
    ) -> None:
        """Begin without sessions.

        Args:
            config: The service's configuration.
            service: Its name and version.
            generators: The fallback chain; clients may choose any level but the last.
            rule_store: The soundtracks that clients may ask for.
            scheduler: Schedules the generation of music.
            restorer: Prepares restores.
            metrics: Counts sessions.
            clock: Monotonic seconds.
            key_prefix: What the keys of its sessions begin with.
        """
        self.config = config
        self.guard = FaultGuard(metrics)
        self._service = service
        self._generators = tuple(generators)
        self._client_rules = ClientRules(rule_store, config, clock)
        self._scheduler = scheduler
        self._restorer = restorer
        self._metrics = metrics
        self._clock = clock
        self._key_prefix = key_prefix
        self._most = config.max_sessions
        self._recordings = Recordings(
            config.record, [generator.name for generator in generators], config.max_record_mib
        )
        self._infos = [wire.generator_info(generator) for generator in generators]
        self._by_music: dict[Session, ServerSession] = {}
        self._recorded: dict[Session, Recording] = {}
        opened = max(_OPENED_PER_SECOND, config.max_sessions)
        self._opened = TokenBucket(opened, opened * _OPENED_BURST_S, clock())

    def __iter__(self) -> Iterator[ServerSession]:
        return iter(list(self._by_music.values()))

    def __len__(self) -> int:
        return len(self._by_music)

    def __contains__(self, session: ServerSession) -> bool:
        return self._by_music.get(session.music) is session

    def of(self, music: Session) -> ServerSession | None:
        """Return the session that plays this music; None once it is closed."""
        return self._by_music.get(music)

    def find(self, key: bytes | None) -> ServerSession | None:
        """Return the session with this key; it takes equally long whether and wherever there is one."""
        found = None
        for session in self:
            with self.guard.session(session, "find"):
                if key is not None and session.has_key(key):
                    found = session
        return found

    @property
    def away(self) -> int:
        """The number of sessions whose client is away."""
        return sum(session.connection is None for session in self)

    @property
    def idle(self) -> int:
        """The number of sessions that would be closed if others needed their place."""
        return sum(map(len, self._idle_sessions()))

    def set_places(self, sessions: int) -> None:
        """Set how many of the configured sessions may be opened here."""
        self._most = sessions

    # --- opening and closing ----------------------------------------------------------------------------------------

    async def open(self, hello: Hello) -> ServerSession:
        """Open a session.

        Raises:
            RequestRefusedError: There is no place, or what the client asks for is not to be had.
        """
        # Checked before anything is loaded for a client that cannot stay, and again when it is loaded.
        self._check_capacity()
        if not self._opened.take(self._clock()):
            text = "too many sessions were opened in the last seconds"
            raise RequestRefusedError("too_many_sessions", text, _RETRY_MS)
        lookahead_ms = hello.lookahead_ms or self.config.lookahead_ms
        soundtrack = await self._client_rules.load(hello.rules_text, hello.rules_name, lookahead_ms)
        primary = self._level_of(hello.generator or self.config.generator)
        terms = self._terms(hello, soundtrack)
        session = ServerSession(
            self._new_music(soundtrack, terms, primary),
            soundtrack,
            terms,
            self._infos,
            primary,
            self._metrics,
            self._clock(),
        )
        session.key = self._key_prefix + session.key
        self._check_declaration(session)
        self._check_capacity()
        if len(self) >= self._most and (idle := self._idle_session()) is not None:
            # Its client can restore from the last chunk that it has.
            self.close(idle, "evicted")
        self._by_music[session.music] = session
        self._scheduler.add(session.music, primary=primary)
        self._metrics.opened()
        log.info("session opened", extra={"session": session.name, "client": wire.clipped(hello.client, 128)})
        return session

    def close(self, session: ServerSession, reason: str) -> None:
        """Close a session.

        Args:
            reason: For the log and the metrics, one of a fixed few.
        """
        owned = [music for music, owner in self._by_music.items() if owner is session]
        for music in owned:
            del self._by_music[music]
        if not owned:
            return
        with ExitStack() as steps:
            # Run from the last to the first, each even if another raises.
            steps.callback(log.info, "session closed", extra={"session": session.name, "reason": reason})
            steps.callback(self._metrics.closed, reason)
            for music in owned:
                steps.callback(self._close_recording, music)
                steps.callback(self._scheduler.remove, music)

    def close_all(self, reason: str) -> None:
        """Close all sessions, and finish their recordings."""
        for session in self:
            with self.guard.session(session, "close"):
                self.close(session, reason)
        self._recordings.close()

    def _check_capacity(self) -> None:
        """Check that there is a place for a session. Raises: RequestRefusedError."""
        if len(self) >= self._most and self._idle_session() is None:
            text = f"the service has its {self.config.max_sessions} sessions"
            raise RequestRefusedError("too_many_sessions", text, _RETRY_MS)

    def _idle_session(self) -> ServerSession | None:
        """Return the session to close first when others need its place; None if all are playing.

        That is the session whose client is away the longest, else the oldest whose client never reported a playhead,
        else the one that is paused the longest.
        """
        away, unreported, paused = self._idle_sessions()
        if away:
            return min(away, key=lambda session: session.received_s)
        if unreported:
            return min(unreported, key=lambda session: session.opened_s)
        return min(paused, key=lambda session: session.paused_since_s or 0.0) if paused else None

    def _idle_sessions(self) -> tuple[list[ServerSession], list[ServerSession], list[ServerSession]]:
        """Return the sessions whose client is away, those never reported, and those paused, long enough to close."""
        away: list[ServerSession] = []
        unreported: list[ServerSession] = []
        paused: list[ServerSession] = []
        opened_by_s, paused_by_s = self._clock() - _MOST_UNREPORTED_S, self._clock() - _MOST_PAUSED_S
        for session in self:
            with self.guard.session(session, "capacity"):
                if session.connection is None:
                    away.append(session)
                elif not session.playing and session.opened_s <= opened_by_s:
                    unreported.append(session)
                elif session.paused_since_s is not None and session.paused_since_s <= paused_by_s:
                    paused.append(session)
        return away, unreported, paused

    def _level_of(self, generator: str) -> int:
        """Return a generator's level in the fallback chain. Raises: RequestRefusedError for one not to be chosen."""
        names = [one.name for one in self._generators[:-1]]
        if generator not in names:
            text = f"expected one of {', '.join(names)}, got {wire.clipped(generator, 64)}"
            raise RequestRefusedError("unknown_generator", text)
        return names.index(generator)

    def _terms(self, hello: Hello, soundtrack: Soundtrack) -> SessionTerms:
        seed = self.config.seed if self.config.seed is not None else soundtrack.rules.seed
        return SessionTerms(
            service=self._service,
            lookahead_ms=hello.lookahead_ms or self.config.lookahead_ms,
            chunk_frames=self.config.chunk_frames,
            resume_window_ms=self.config.resume_window_ms,
            paused_window_ms=self.config.paused_window_ms,
            events_per_second=self.config.events_per_second,
            sample_format="s16le" if hello.format == "s16le" else "f32le",
            stingers="included" if hello.stingers == "included" else "separate",
            seed=seed if hello.seed is None else hello.seed,
        )

    def _new_music(
        self,
        soundtrack: Soundtrack,
        terms: SessionTerms,
        primary: int,
        restored: RestorePoint | None = None,
        untold: int | None = None,
    ) -> Session:
        config = SessionConfig(
            seed=terms.seed,
            chunk_frames=terms.chunk_frames,
            lookahead_s=terms.lookahead_ms / 1000,
            stingers=terms.stingers,
        )
        recording = self._recordings.begin(soundtrack, config, primary, restored)
        music = Session(
            soundtrack.rules,
            soundtrack.styles,
            self._generators,
            config,
            journal=None if recording is None else recording.operation,
            primary=primary,
            restore_point=restored,
            untold=untold,
            fingerprint=soundtrack.fingerprint,
            clips=soundtrack.clips,
        )
        if recording is not None:
            self._recorded[music] = recording
        return music

    def _close_recording(self, music: Session) -> None:
        if music in self._recorded:
            self._recorded.pop(music).close()

    def _check_declaration(self, session: ServerSession) -> None:
        try:
            session.declaration()
        except ProtocolError as error:
            raise RequestRefusedError("rules_refused", error.text) from error

    # --- restoring --------------------------------------------------------------------------------------------------

    async def restore(self, session: ServerSession, request: Restore) -> RestoreOutcome:
        """Continue a session from what its client kept.

        Raises:
            RequestRefusedError: The blob is not a saved state, or a number is out of range.
        """
        for name, value in (("at", request.at), ("take", request.take)):
            if value > _LARGEST_RESTORED:
                text = f"restore.{name}: expected 0 to {_LARGEST_RESTORED}, got {value}"
                raise RequestRefusedError("out_of_range", text)
        snapshot = self._snapshot(request)
        # The client forgets what was announced of the music from there on.
        untold = frame = request.at // FRAME_SIZE
        if session.playing:
            # Where the restored music can begin when it is ready, so that it does not begin before it is heard.
            frame = max(frame, session.music.reachable(self._clock()) + _RESTORE_FRAMES)
            self._check_distance(session, frame)
        elif snapshot is not None and request.cell and 0 < frame - snapshot.position <= _MOST_LEAD:
            # The client is a little further: from the cell on, its music goes on as it would have. What the cell has
            # for later is heard from where the client is at the earliest.
            frame, snapshot = snapshot.position, snapshot.with_events_from(untold)
        restored, outcome = await self._prepare(session, snapshot, frame, request.take + 1)
        if session not in self:
            return "nothing"
        if session.playing:
            # Another restore may have begun the music meanwhile: all frames up to this one are planned then.
            self._check_distance(session, frame)
            session.music.restore(restored, at=frame * FRAME_SIZE, take=request.take, now_s=self._clock())
            session.restored(outcome, request.id)
            return outcome
        seamless = outcome == "all" and snapshot is not None and snapshot.position == frame
        if not seamless and frame:
            # It cannot follow the client's music without a seam: begin a frame earlier, for a crossfade.
            restored, _ = await self._prepare(session, snapshot, frame - 1, request.take + 1)
            if session not in self:
                return "nothing"
        music = self._new_music(session.soundtrack, session.terms, session.primary, restored, untold)
        self._by_music[music] = session
        del self._by_music[session.music]
        self._scheduler.remove(session.music)
        self._close_recording(session.music)
        self._scheduler.add(music, primary=session.primary)
        session.replace(
            music,
            outcome,
            request.id,
            seamless=seamless,
            untold=untold if request.blob is not None else None,
            stingers=restored.stingers,
        )
        return outcome

    def _check_distance(self, session: ServerSession, frame: int) -> None:
        """Check that a playing session can reach a frame without planning minutes. Raises: RequestRefusedError."""
        if frame > session.music.head + _MOST_AHEAD:
            most = (session.music.head + _MOST_AHEAD) * FRAME_SIZE
            raise RequestRefusedError("out_of_range", f"restore.at: expected at most {most}, got {frame * FRAME_SIZE}")

    def _snapshot(self, request: Restore) -> Snapshot | None:
        try:
            data = request.blob or request.cell
            snapshot = Snapshot.from_bytes(data) if data else None
            # The events of a save had numbers of another session.
            return snapshot.without_numbers() if snapshot is not None and request.blob else snapshot
        except SnapshotError as error:
            log.warning("a saved state was refused", extra={"reason": str(error)})
            if request.blob:
                raise RequestRefusedError("restore_refused", str(error)) from error
            return None

    async def _prepare(
        self, session: ServerSession, snapshot: Snapshot | None, frame: int, take: int
    ) -> tuple[RestorePoint, RestoreOutcome]:
        """Prepare music that continues at a frame, in the restorer's thread. Raises: RequestRefusedError."""
        prepare = partial(
            make_restore_point,
            snapshot,
            rules=session.soundtrack.rules,
            generators=self._generators,
            primary=session.primary,
            frame=frame,
            seed=session.terms.seed,
            take=take,
        )
        try:
            return await self._restorer.call(prepare)
        except TimeoutError as error:
            log.error("a restore hangs", extra={"session": session.name})
            raise RequestRefusedError("restore_refused", "preparing the saved music took too long") from error

    # --- rules and generators ---------------------------------------------------------------------------------------

    async def change_rules(self, session: ServerSession, request: Control) -> None:
        """Give a session the rules that its client asks for, or tell the client why they are refused.

        Raises:
            RequestRefusedError: There are no rules of that name.
        """
        try:
            lookahead_ms = session.terms.lookahead_ms
            soundtrack = await self._client_rules.load(request.rules_text, request.rules_name, lookahead_ms)
        except RequestRefusedError as error:
            if not error.problems:
                raise
            session.add(wire.refused_rules(error.problems))
        else:
            self.reload(session, soundtrack)

    def reload(self, session: ServerSession, soundtrack: Soundtrack) -> None:
        """Give a session other rules; it keeps the old ones if the new declaration exceeds the protocol's limits."""
        if session.music in self._recorded:
            self._recorded[session.music].add_soundtrack(soundtrack)
        try:
            declared = wire.declaration(soundtrack.rules, soundtrack.fingerprint)
        except ProtocolError as error:
            session.add(wire.refused_rules([error.text]))
        else:
            session.reload(soundtrack, declared, self._clock())

    def apply_edit(self, session: ServerSession, edit: RuleEdit) -> None:
        """Give a session its edited rule file, or tell its client the mistakes in it."""
        if edit.soundtrack is None:
            session.add(wire.refused_rules(edit.errors))
        else:
            self.reload(session, edit.soundtrack)

    def change_generator(self, session: ServerSession, name: str) -> None:
        """Give a session another generator. Raises: RequestRefusedError for an unknown one."""
        primary = self._level_of(name)
        session.choose_generator(primary)
        self._scheduler.set_primary(session.music, primary)
