"""A client's session on the server, over any number of connections: protocol messages in, protocol messages out."""

from __future__ import annotations

import hmac
import logging
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from segue.contract import CHANNELS, FRAME_SIZE, SAMPLE_RATE
from segue.runtime.messages import ChunkOut
from segue.runtime.restore import RestoreOutcome
from segue.runtime.session import Session
from segue.runtime.snapshot import SnapshotError
from segue.runtime.stinger_placement import PlacedCue
from segue.service import wire
from segue.service.client_limits import PlayheadValidator
from segue.service.incoming_events import BoundedCache, IncomingEvents
from segue.service.monitoring import Metrics
from segue.service.outgoing import OutgoingQueue, Parts
from segue.service.resume_cells import ResumeCells, lasting_chunks
from segue.service.soundtrack import Soundtrack, parts_of
from segue.service.wire import Format, RequestRefusedError
from segue_sdk.limits import CAPACITY, HEADER_BYTES, VERSION
from segue_sdk.messages import (
    Control,
    Declaration,
    Error,
    EventItem,
    GeneratorInfo,
    Limits,
    Playhead,
    Rules,
    Save,
    Saved,
    ServiceMessage,
    Status,
    Welcome,
)

log = logging.getLogger(__name__)

# A client takes a connection for lost after 5 s of silence; it is sent a status this often.
_STATUS_S: Final = 1.0
# After this long without a playhead the music waits for the client: the game may be suspended.
_SILENT_PLAYHEAD_S: Final = 0.5
# Answers to saves and restores: a repeated request gets the same answer.
_ANSWERS_KEPT: Final = 16
# Microseconds that planning a frame takes, and what each part of its rules adds, on a machine of two slow cores.
_FRAME_US: Final = 60
_PART_US: Final = 1


@dataclass(frozen=True, kw_only=True)
class SessionTerms:
    """What the service grants a session.

    Attributes:
        service: Its name and version, as the welcome says it.
    """

    service: str
    lookahead_ms: int
    chunk_frames: int
    resume_window_ms: int
    paused_window_ms: int
    events_per_second: int
    sample_format: Format
    stingers: Literal["separate", "included"]
    seed: int


class ServerSession:
    """Handles what a session's client sends, and holds what the client is to be sent.

    Attributes:
        name: Its name in the log and on the wire.
        key: With it a client comes back to the session.
        music: The runtime's session, which plans and generates the music.
        primary: Level of the chosen generator in the fallback chain.
        connection: Identity of the client's connection; None while there is none.
        received_s: When the client's last message came.
        opened_s: When the session was opened.
        paused_since_s: When the game was paused; None while it runs.
        restoring: Numbers of the restores that are being prepared, or wait for that.
        ticked_s: When `tick` was called last.
        held_playhead: The newest playhead that came during a restore, before any music was sent, and when it came.
    """

    def __init__(
        self,
        music: Session,
        soundtrack: Soundtrack,
        terms: SessionTerms,
        generators: Sequence[GeneratorInfo],
        primary: int,
        metrics: Metrics,
        now_s: float,
    ) -> None:
        """Begin without a connection and without music.

        Args:
            music: The runtime's session.
            soundtrack: The rules that it plays.
            terms: What the service grants it.
            generators: Every level of the fallback chain.
            primary: Level of the chosen generator.
            metrics: Counts events and chunks.
            now_s: The time now.
        """
        self.name = secrets.token_hex(4)
        self.key = secrets.token_bytes(16)
        self.music, self.soundtrack, self.terms, self.primary = music, soundtrack, terms, primary
        music.held = True
        self.connection: bytes | None = None
        self.received_s = self.opened_s = now_s
        self.paused_since_s: float | None = None
        self.restoring: set[int] = set()
        self.held_playhead: tuple[Playhead, float] | None = None
        self._metrics = metrics
        self._playheads = PlayheadValidator(metrics, now_s)
        self._outgoing = OutgoingQueue(
            soundtrack,
            terms.sample_format,
            metrics,
            included=terms.stingers == "included",
            lookahead=terms.lookahead_ms * SAMPLE_RATE // 1000,
        )
        self._cells = ResumeCells(self._outgoing.sounding)
        self._generators = tuple(generators)
        self._events = IncomingEvents(
            self.name, music, terms.events_per_second, metrics, answer=self._outgoing.add, now_s=now_s
        )
        self._answers = BoundedCache[Saved | Status](_ANSWERS_KEPT)
        self._parts = parts_of(soundtrack.rules)
        # Planned frames that `planning_us` has returned.
        self._counted_frames = 0
        # Where music that the client has from another service ends at the latest, in samples.
        self._buffered_until = 0
        self._status_s = now_s
        self.ticked_s = -math.inf

    # --- connections ------------------------------------------------------------------------------------------------

    def has_key(self, key: bytes) -> bool:
        """Return whether the key is this session's, in constant time."""
        return hmac.compare_digest(self.key, key)

    def welcome(self, *, resumed: bool) -> Welcome:
        """Return the welcome. Raises: ProtocolError if the rules' declaration does not fit a header."""
        terms = self.terms
        return Welcome(
            version=VERSION,
            session=self.name,
            key=self.key,
            resumed=resumed,
            service=terms.service,
            format=terms.sample_format,
            sample_rate=SAMPLE_RATE,
            channels=CHANNELS,
            frame_size=FRAME_SIZE,
            lookahead_ms=terms.lookahead_ms,
            chunk_frames=terms.chunk_frames,
            resume_window_ms=terms.resume_window_ms,
            paused_window_ms=terms.paused_window_ms,
            seed=terms.seed,
            generator=self._generators[self.primary],
            limits=Limits(events_per_second=terms.events_per_second, header_bytes=HEADER_BYTES),
            rules=self.declaration(),
        )

    def declaration(self) -> Declaration:
        """Return what its rules declare. Raises: ProtocolError if that does not fit a header."""
        return wire.declaration(self.soundtrack.rules, self.soundtrack.fingerprint)

    def resume(self, connection: bytes, last_chunk: int, now_s: float) -> list[Parts]:
        """Take up a connection, and return what its client missed after chunk `last_chunk`."""
        self.connection, self.received_s = connection, now_s
        self._cells.resumed()
        return self._outgoing.resend(last_chunk)

    def lost(self, now_s: float) -> None:
        """Handle that the connection is gone; the music waits."""
        self.connection = None
        self._stop_playhead(now_s)

    def expired(self, now_s: float) -> bool:
        """Return whether the client has been away for longer than the session waits for it."""
        window_ms = self.terms.paused_window_ms if self.paused_since_s is not None else self.terms.resume_window_ms
        return self.connection is None and now_s - self.received_s > window_ms / 1000

    # --- messages of the client -------------------------------------------------------------------------------------

    def on_events(self, items: Sequence[EventItem], now_s: float) -> None:
        """Send events to the music, after a restore that is being prepared; each is answered by a receipt."""
        self._events.take(items, now_s, hold=bool(self.restoring))

    def restore_ended(self, number: int, now_s: float) -> None:
        """Note that a restore succeeded or was refused; after the last one, send the events that came meanwhile."""
        self.restoring.discard(number)
        if not self.restoring:
            self._events.send_held(now_s)

    def on_playhead(self, playhead: Playhead, now_s: float) -> None:
        """Take the client's position; music is generated up to the lookahead beyond it."""
        # Behind the newest music the client plays what was replaced further ahead.
        most = max(self.music.playable_end * FRAME_SIZE, self._buffered_until)
        committed, problem = self._playheads.validate(playhead, most, now_s)
        if problem:
            log.warning("playhead out of range", extra={"session": self.name, "text": problem})
            self._outgoing.add(Error(code="out_of_range", text=problem, about="playhead"))
        self.music.playhead(
            played=min(playhead.played, committed),
            committed=committed,
            paused=playhead.paused,
            now_s=now_s,
            have=playhead.have,
            received=playhead.last_chunk,
            late=playhead.late,
            underruns=playhead.underruns,
        )
        self._outgoing.acknowledge(playhead.committed, playhead.last_chunk)
        self._update_hold()

    def on_save(self, request: Save) -> None:
        """Answer with the music's state as a blob; a repeated request gets the same answer.

        Raises:
            RequestRefusedError: `too_large`: the state does not fit a blob.
        """
        if self.answered_again(request.id):
            return
        snapshot = self.music.snapshot()
        try:
            blob = snapshot.to_blob()
        except SnapshotError as error:
            raise RequestRefusedError("too_large", str(error)) from error
        saved = Saved(id=request.id, position=snapshot.position * FRAME_SIZE, blob=blob)
        self._outgoing.add(self._answers.put(request.id, saved))

    def answered_again(self, number: int) -> bool:
        """Answer a repeated `save` or `restore` as before; False if no request of this number was answered."""
        answer = self._answers.get(number)
        if answer is not None:
            self._outgoing.add(answer)
        return answer is not None

    def on_control(self, control: Control, now_s: float) -> None:
        """Pause or resume the music; `volume` needs nothing done here."""
        if control.op == "pause":
            self.paused_since_s = now_s if self.paused_since_s is None else self.paused_since_s
        elif control.op == "resume":
            self.paused_since_s = None

    # --- called by the service --------------------------------------------------------------------------------------

    @property
    def playing(self) -> bool:
        """Whether its client has reported a playhead: no music is generated before."""
        return self._playheads.has_reported

    @property
    def fallback_level(self) -> int:
        """Levels of the fallback chain below the chosen generator."""
        return max(0, self.music.level - self.primary)

    def planning_us(self) -> int:
        """Return an estimate of the processor time that planning took since the last call, in microseconds."""
        planned = self.music.planned_frames
        frames, self._counted_frames = planned - self._counted_frames, planned
        return max(0, frames) * (_FRAME_US + _PART_US * self._parts)

    def replace(
        self,
        music: Session,
        outcome: RestoreOutcome,
        restore_id: int,
        *,
        seamless: bool,
        untold: int | None,
        stingers: Sequence[PlacedCue],
    ) -> None:
        """Continue with restored music, before any music of this session was sent.

        Args:
            music: The restored music.
            outcome: What was restored.
            restore_id: The request.
            seamless: Whether it continues the client's music without a join.
            untold: Of a save, the first frame of which the client is told; None for music that the client knows.
            stingers: Those beside the music that the client is playing.
        """
        if untold is not None:
            music.tell_restored(self.music, max(untold, music.head))
        self.music = music
        self._counted_frames = 0
        music.held = True
        self._outgoing.begin_restored(music.head * FRAME_SIZE if seamless else None, stingers)
        # The client plays on from what the service before this one has sent it.
        self._buffered_until = music.head * FRAME_SIZE + CAPACITY
        self._events.continue_in(music)
        self._cells = ResumeCells(self._outgoing.sounding, music.last_event)
        self.restored(outcome, restore_id, music.last_event)

    def restored(self, outcome: RestoreOutcome, restore_id: int, last_event: int = 0) -> None:
        """Answer a `restore`.

        Args:
            last_event: The last event that is part of what was restored.
        """
        answer = replace(self._status(), restore=restore_id, restored=outcome, last_event=last_event)
        self._outgoing.add(self._answers.put(restore_id, answer))

    def reload(self, soundtrack: Soundtrack, declared: Declaration, now_s: float) -> None:
        """Play by new rules, and send their declaration."""
        self.soundtrack = soundtrack
        self._parts = parts_of(soundtrack.rules)
        self.music.reload(soundtrack.rules, soundtrack.styles, now_s, soundtrack.fingerprint, soundtrack.clips)
        self._outgoing.change_soundtrack(soundtrack)
        self._outgoing.add(Rules(declaration=declared))

    def choose_generator(self, primary: int) -> None:
        """Make the generator of another level the chosen one."""
        self.primary = primary
        self.music.set_primary(primary)
        self._outgoing.add(self._status())

    def add(self, message: ServiceMessage) -> None:
        """Queue a message for the client."""
        self._outgoing.add(message)

    def tick(self, now_s: float) -> None:
        """Let time pass; at least every 100 ms."""
        self.ticked_s = now_s
        self._events.answer_repeated(now_s)
        if self._playheads.silent_s(now_s) > _SILENT_PLAYHEAD_S:
            self._stop_playhead(now_s)
        if self.connection is not None:
            self.music.announce()
            self._collect()
            for cell in self._cells.renewed(self.music, now_s):
                self._outgoing.add(cell)
        if now_s - self._status_s >= _STATUS_S:
            self._status_s = now_s
            self._outgoing.add(self._status())

    def outgoing(self) -> list[Parts]:
        """Return all messages to send now, in order; none without a connection."""
        self._collect()
        encoded = self._outgoing.take(connected=self.connection is not None, music=self.music.sound)
        self._update_hold()
        return encoded

    # --- inside -----------------------------------------------------------------------------------------------------

    def _collect(self) -> None:
        """Queue what the music has produced."""
        outputs = self.music.messages()
        if not outputs:
            return
        headroom, lasting = self.music.latency.headroom, lasting_chunks(outputs)
        for output in outputs:
            cell = None
            if isinstance(output, ChunkOut) and output.sequence in lasting:
                cell = self._cells.of_chunk(self.music, output)
            self._outgoing.add_output(output, primary=self.primary, headroom=headroom, cell=cell)

    def _status(self) -> Status:
        return Status(
            level=self.fallback_level,
            generator=self._generators[self.music.level].name,
            headroom=min(self.music.latency.headroom, 1e6),
        )

    def _update_hold(self) -> None:
        """Let music be generated once the client has reported a playhead, while it reads what it is sent."""
        self.music.held = not self.playing or self._outgoing.congested

    def _stop_playhead(self, now_s: float) -> None:
        """Assume that the client's playhead has stopped where it is now."""
        latency = self.music.latency
        played, committed = latency.played(now_s), latency.committed(now_s)
        self.music.playhead(played=played, committed=committed, paused=True, now_s=now_s)
