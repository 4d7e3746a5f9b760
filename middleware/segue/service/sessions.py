"""The sessions a service has: opened, found again, restored, given other rules, closed. No socket."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

from segue.contract import FRAME_RATE, FRAME_SIZE, Generator
from segue.runtime.config import SessionConfig
from segue.runtime.opening import Opening, Outcome, opening
from segue.runtime.scheduler import Scheduler
from segue.runtime.session import Session
from segue.runtime.snapshot import Snapshot, SnapshotError
from segue.service import wire
from segue.service.config import ServiceConfig
from segue.service.guard import Guard
from segue.service.live import LiveSession, Terms
from segue.service.metrics import Metrics
from segue.service.recordings import Recording, Recordings
from segue.service.refused import RefusedError
from segue.service.rulebook import PARTS, TEXT_NAME, Edit, RuleBook, Soundtrack, UnknownRulesError, parts_of
from segue.service.token_bucket import TokenBucket
from segue.service.worker import Worker
from segue_rules.errors import RuleError
from segue_sdk.errors import ProtocolError
from segue_sdk.messages import Control, Hello, Restore

log = logging.getLogger(__name__)

# How far beyond what is generated music may be restored, in frames.
_MOST_AHEAD: Final = 60 * FRAME_RATE
# Positions and takes that a client brings are counted on from here: 23 years of samples, far below what the wire, a
# saved state and the director can hold.
_LARGEST_BROUGHT: Final = 1 << 45
# How long it takes to get ready what was saved.
_READY_FRAMES: Final = FRAME_RATE // 2
# When a client may ask again for a place.
_RETRY_MS: Final = 5_000
# A client reports where it is as soon as it is welcome. A session without a report for so long makes room for others.
_MOST_UNBEGUN_S: Final = 10.0
# How long one whose game is paused keeps its place from those who play.
_MOST_PAUSED_S: Final = 10.0
# New sessions in a second, at the least, and how many seconds' worth at once: opening one takes a millisecond and more.
_OPENED_PER_SECOND: Final = 20
_OPENED_AT_ONCE_S: Final = 4
# Up to this lookahead a client's rules may have as many parts as is set.
_PARTS_LOOKAHEAD_MS: Final = 4_000
# After a text of rules took its time to load, the next waits so many times as long: loading takes the interpreter
# from the music.
_PAUSE_AFTER_TEXT: Final = 3.0


class Sessions:
    """generators: the ladder, of which the last rung cannot be chosen."""

    def __init__(
        self,
        config: ServiceConfig,
        service: str,
        generators: Sequence[Generator[Any]],
        rulebook: RuleBook,
        scheduler: Scheduler,
        restorer: Worker,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        """service: its name and version. restorer: gets saved music ready. clock: seconds."""
        self.config = self._config = config
        self._service = service
        self._generators = tuple(generators)
        self._rulebook = rulebook
        self._scheduler = scheduler
        self._restorer = restorer
        self._metrics = metrics
        self.guard = Guard(metrics)
        self._clock = clock
        self._recordings = Recordings(
            config.record, [generator.name for generator in generators], config.max_record_mib
        )
        self._infos = [wire.generator_info(generator) for generator in generators]
        self._live: dict[Session, LiveSession] = {}
        self._recorded: dict[Session, Recording] = {}
        opened = max(_OPENED_PER_SECOND, config.max_sessions)
        self._openings = TokenBucket(opened, opened * _OPENED_AT_ONCE_S, clock())
        self._loading_text = asyncio.Lock()
        self._next_text_s = -math.inf

    def __iter__(self) -> Iterator[LiveSession]:
        return iter(list(self._live.values()))

    def __len__(self) -> int:
        return len(self._live)

    def __contains__(self, live: LiveSession) -> bool:
        return self._live.get(live.session) is live

    def of(self, session: Session) -> LiveSession | None:
        """Whose session it is; None once that is closed."""
        return self._live.get(session)

    def find(self, token: bytes | None) -> LiveSession | None:
        """The session with this token. It takes as long whichever it is, and whether there is one."""
        found = None
        for live in self:
            with self.guard.session(live, "find"):
                if token is not None and live.is_named(token):
                    found = live
        return found

    async def open(self, hello: Hello) -> LiveSession:
        """A new session. Raises: RefusedError."""
        # Before anything is loaded for who cannot stay; and afterwards, for much may have happened meanwhile.
        self._check_room()
        if not self._openings.take(self._clock()):
            raise RefusedError("too_many_sessions", "too many sessions were opened in the last seconds", _RETRY_MS)
        soundtrack = await self._soundtrack(hello.rules_text, hello.rules_name)
        self._check_lookahead(soundtrack, hello.lookahead_ms or self._config.lookahead_ms)
        home = self._home(hello.generator or self._config.generator)
        terms = self._terms(hello, soundtrack)
        live = LiveSession(
            self._session(soundtrack, terms, home, None),
            soundtrack,
            terms,
            self._infos,
            home,
            self._metrics,
            self._clock(),
        )
        self._check_declaration(live)
        self._make_room()
        self._live[live.session] = live
        self._scheduler.add(live.session, home=home)
        self._metrics.opened()
        log.info("session opened", extra={"session": live.name, "client": wire.clipped(hello.client, 128)})
        return live

    def close(self, live: LiveSession, reason: str) -> None:
        """Its client will not come back."""
        sessions = [session for session, whose in self._live.items() if whose is live]
        for session in sessions:
            del self._live[session]
        if not sessions:
            return
        with ExitStack() as steps:
            # From the last to the first, and each whatever the others raise.
            steps.callback(log.info, "session closed", extra={"session": live.name, "reason": reason})
            steps.callback(self._metrics.closed, reason)
            for session in sessions:
                steps.callback(self._close_recording, session)
                steps.callback(self._scheduler.remove, session)

    def close_all(self, reason: str) -> None:
        """The service stops."""
        for live in self:
            with self.guard.session(live, "close"):
                self.close(live, reason)
        self._recordings.close()

    async def restore(self, live: LiveSession, said: Restore) -> Outcome:
        """Go on from what the client kept. Raises: RefusedError for a blob that is none, and numbers out of range."""
        for name, value in (("at", said.at), ("take", said.take)):
            if value > _LARGEST_BROUGHT:
                text = f"restore.{name}: expected 0 to {_LARGEST_BROUGHT}, got {value}"
                raise RefusedError("out_of_range", text)
        snapshot = self._snapshot(said)
        frame = said.at // FRAME_SIZE
        if live.playing:
            # Where it can be heard by when it is ready, as near as can be told: the music is not to run on unheard.
            frame = max(frame, live.session.reachable(self._clock()) + _READY_FRAMES)
            self._check_ahead(live, frame)
        opened, fate = await self._opening(live, snapshot, frame, said.take + 1)
        if live not in self:
            return "nothing"
        if live.playing:
            # It may play since, by another restore: all frames up to the opening's are planned then.
            self._check_ahead(live, frame)
            live.session.restore(opened, at=frame * FRAME_SIZE, take=said.take, now_s=self._clock())
            live.restored(fate, said.id)
            return fate
        if fate != "all" and frame:
            # It cannot follow what the client has without a seam: begin earlier, for a crossfade.
            opened, _ = await self._opening(live, snapshot, frame - 1, said.take + 1)
            if live not in self:
                return "nothing"
        fresh = self._session(live.soundtrack, live.terms, live.home, opened)
        self._live[fresh] = live
        del self._live[live.session]
        self._scheduler.remove(live.session)
        self._close_recording(live.session)
        self._scheduler.add(fresh, home=live.home)
        live.replace(fresh, fate, said.id)
        return fate

    def _check_ahead(self, live: LiveSession, frame: int) -> None:
        """Raises: RefusedError for a frame that a session which plays could only reach by planning minutes ahead."""
        if frame > live.session.head + _MOST_AHEAD:
            most = (live.session.head + _MOST_AHEAD) * FRAME_SIZE
            raise RefusedError("out_of_range", f"restore.at: expected at most {most}, got {frame * FRAME_SIZE}")

    async def change_rules(self, live: LiveSession, said: Control) -> None:
        """Other rules, as the client asks; word of why they are refused. Raises: RefusedError for an unknown name."""
        try:
            soundtrack = await self._soundtrack(said.rules_text, said.rules_name)
            self._check_lookahead(soundtrack, live.terms.lookahead_ms)
            self.reload(live, soundtrack)
        except RefusedError as error:
            if not error.problems:
                raise
            live.say(wire.refused(error.problems))

    def reload(self, live: LiveSession, soundtrack: Soundtrack) -> None:
        """Other rules for a session; it keeps the old ones where the new ones cannot be declared."""
        if live.session in self._recorded:
            self._recorded[live.session].learn(soundtrack)
        try:
            declared = wire.declaration(soundtrack.rules, soundtrack.fingerprint)
        except ProtocolError as error:
            live.say(wire.refused([error.text]))
        else:
            live.reload(soundtrack, declared, self._clock())

    def take_edit(self, live: LiveSession, edit: Edit) -> None:
        """The rule file of a session was edited: the new rules, or word of why they are refused."""
        if edit.soundtrack is None:
            live.say(wire.refused(edit.errors))
        else:
            self.reload(live, edit.soundtrack)

    def change_generator(self, live: LiveSession, name: str) -> None:
        """Another generator for a session. Raises: RefusedError."""
        home = self._home(name)
        live.go_home(home, self._clock())
        self._scheduler.go_home(live.session, home)

    # --- inside -----------------------------------------------------------------------------------------------------

    def _check_room(self) -> None:
        """Raises: RefusedError if all sessions are in use."""
        if len(self._live) >= self._config.max_sessions and self._least_needed() is None:
            text = f"the service has its {self._config.max_sessions} sessions"
            raise RefusedError("too_many_sessions", text, _RETRY_MS)

    def _make_room(self) -> None:
        """End a session that nobody uses, should there be no room. Its client can go on from its last chunk's cell.

        Raises: RefusedError if all sessions are in use.
        """
        self._check_room()
        if len(self._live) >= self._config.max_sessions and (least := self._least_needed()) is not None:
            self.close(least, "made room")

    def _least_needed(self) -> LiveSession | None:
        """The session to end first when others want its place; None if each has a client that plays.

        That is the one whose client is away the longest, else the oldest whose client never said where it is, else the
        one that is paused the longest.
        """
        away, unbegun, paused = [], [], []
        begun_by_s, paused_by_s = self._clock() - _MOST_UNBEGUN_S, self._clock() - _MOST_PAUSED_S
        for live in self:
            with self.guard.session(live, "room"):
                if live.connection is None:
                    away.append(live)
                elif not live.playing and live.opened_s <= begun_by_s:
                    unbegun.append(live)
                elif live.paused_since_s is not None and live.paused_since_s <= paused_by_s:
                    paused.append((live.paused_since_s, live))
        if away:
            return min(away, key=lambda live: live.heard_s)
        if unbegun:
            return min(unbegun, key=lambda live: live.opened_s)
        return min(paused, key=lambda entry: entry[0])[1] if paused else None

    async def _soundtrack(self, text: str | None, name: str | None) -> Soundtrack:
        try:
            if text is not None:
                return self._rulebook.judged(text) or await self._load_text(text)
            return self._rulebook.named(name)
        except RuleError as error:
            problems = [str(problem) for problem in error.problems]
            raise RefusedError("rules_refused", "\n".join(problems), problems=problems) from error
        except UnknownRulesError as error:
            known = ", ".join(self._rulebook.names) or "no names, but rules_text: there are no rule files here"
            bare = (name or "").removesuffix(".yaml")
            hint = (
                f"; names have no extension: did you mean {bare!r}?"
                if bare != name and bare in self._rulebook.names
                else ""
            )
            text = f"rules_name: expected one of {known}, got {wire.clipped(name or 'none', 64)!r}{hint}"
            raise RefusedError("unknown_rules", text) from error

    def _check_lookahead(self, soundtrack: Soundtrack, lookahead_ms: int) -> None:
        """An event has the whole lookahead planned anew: the longer that is, the simpler a client's rules have to be.

        Raises: RefusedError.
        """
        parts, most = parts_of(soundtrack.rules), self._config.max_rules_parts * _PARTS_LOOKAHEAD_MS // lookahead_ms
        if not soundtrack.name and parts > most:
            text = f"expected at most {most} parts ({PARTS}) for a lookahead of {lookahead_ms / 1000:g} s, got {parts}"
            raise RefusedError("rules_refused", text, problems=[f"{TEXT_NAME}:1:1: {text}"])

    async def _load_text(self, text: str) -> Soundtrack:
        """Rules that a client sent, one at a time and with pauses. Raises: RuleError."""
        async with self._loading_text:
            await asyncio.sleep(max(0.0, self._next_text_s - self._clock()))
            begun_s = self._clock()
            try:
                return await asyncio.to_thread(self._rulebook.from_text, text)
            finally:
                now_s = self._clock()
                self._next_text_s = now_s + _PAUSE_AFTER_TEXT * (now_s - begun_s)

    def _home(self, name: str) -> int:
        names = [generator.name for generator in self._generators[:-1]]
        if name not in names:
            raise RefusedError("unknown_generator", f"expected one of {', '.join(names)}, got {wire.clipped(name, 64)}")
        return names.index(name)

    def _terms(self, hello: Hello, soundtrack: Soundtrack) -> Terms:
        seed = self._config.seed if self._config.seed is not None else soundtrack.rules.seed
        return Terms(
            service=self._service,
            lookahead_ms=hello.lookahead_ms or self._config.lookahead_ms,
            chunk_frames=self._config.chunk_frames,
            resume_window_ms=self._config.resume_window_ms,
            paused_window_ms=self._config.paused_window_ms,
            events_per_second=self._config.events_per_second,
            sample_format="s16le" if hello.format == "s16le" else "f32le",
            seed=seed if hello.seed is None else hello.seed,
        )

    def _session(self, soundtrack: Soundtrack, terms: Terms, home: int, opened: Opening | None) -> Session:
        config = SessionConfig(seed=terms.seed, chunk_frames=terms.chunk_frames, lookahead_s=terms.lookahead_ms / 1000)
        recording = self._recordings.begin(soundtrack, config, home, opened)
        session = Session(
            soundtrack.rules,
            soundtrack.styles,
            self._generators,
            config,
            journal=None if recording is None else recording.operation,
            home=home,
            opening=opened,
            fingerprint=soundtrack.fingerprint,
        )
        if recording is not None:
            self._recorded[session] = recording
        return session

    def _close_recording(self, session: Session) -> None:
        if session in self._recorded:
            self._recorded.pop(session).close()

    def _check_declaration(self, live: LiveSession) -> None:
        try:
            live.declaration()
        except ProtocolError as error:
            raise RefusedError("rules_refused", error.text) from error

    def _snapshot(self, said: Restore) -> Snapshot | None:
        try:
            data = said.blob or said.cell
            return Snapshot.from_bytes(data) if data else None
        except SnapshotError as error:
            log.warning("a saved state was refused", extra={"reason": str(error)})
            if said.blob:
                raise RefusedError("restore_refused", str(error)) from error
            return None

    async def _opening(
        self, live: LiveSession, snapshot: Snapshot | None, frame: int, take: int
    ) -> tuple[Opening, Outcome]:
        make = partial(
            opening,
            snapshot,
            rules=live.soundtrack.rules,
            generators=self._generators,
            home=live.home,
            frame=frame,
            seed=live.terms.seed,
            take=take,
        )
        try:
            return await self._restorer.call(make)
        except TimeoutError as error:
            log.error("a restore hangs", extra={"session": live.name})
            raise RefusedError("restore_refused", "it took too long to get the saved music ready") from error
