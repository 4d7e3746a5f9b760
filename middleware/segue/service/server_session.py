"""A client's session on the server, over any number of connections: protocol messages in, protocol messages out."""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, Literal, TypeVar

from segue.contract import CHANNELS, FRAME_SIZE, SAMPLE_RATE
from segue.runtime.messages import ChunkOut
from segue.runtime.restore import RestoreOutcome
from segue.runtime.session import Session
from segue.runtime.snapshot import SnapshotError
from segue.runtime.stinger_placement import PlacedCue
from segue.service import wire
from segue.service.client_limits import PlayheadValidator, RepeatedEvents, TokenBucket
from segue.service.monitoring import Metrics
from segue.service.outgoing import OutgoingQueue, Parts
from segue.service.resume_cells import ResumeCells, lasting_chunks
from segue.service.soundtrack import Soundtrack, parts_of
from segue.service.wire import Format, RequestRefusedError
from segue_rules import events
from segue_sdk.limits import CAPACITY, HEADER_BYTES, VERSION
from segue_sdk.log import LogRateLimiter
from segue_sdk.messages import (
    Control,
    Declaration,
    Error,
    EventItem,
    GeneratorInfo,
    Limits,
    Playhead,
    Receipt,
    Rules,
    Save,
    Saved,
    ServiceMessage,
    Status,
    Welcome,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

# A client takes a connection for lost after 5 s of silence; it is sent a status this often.
_STATUS_S: Final = 1.0
# After this long without a playhead the music waits for the client: the game may be suspended.
_SILENT_PLAYHEAD_S: Final = 0.5
# Receipts that the music does not know, and answers to saves and restores: a repeated request gets the same answer.
_RECEIPTS_KEPT: Final = 4_096
_ANSWERS_KEPT: Final = 16
# Each reset has most of the buffered music generated again; games seldom need one.
_RESETS_PER_SECOND: Final = 2
_RESET_BURST: Final = 8
# Microseconds that planning a frame takes, and what each part of its rules adds, on a machine of two slow cores.
_FRAME_US: Final = 60
_PART_US: Final = 1


@dataclass(frozen=True, kw_only=True)
class SessionTerms:
    """What the service grants a session. service: its name and version, as the welcome says it."""

    service: str
    lookahead_ms: int
    chunk_frames: int
    resume_window_ms: int
    paused_window_ms: int
    events_per_second: int
    sample_format: Format
    stingers: Literal["separate", "included"]
    seed: int


class BoundedCache(Generic[T]):
    """The last values stored, by number; the oldest is dropped when there are more than `most`."""

    def __init__(self, most: int) -> None:
        self._values: dict[int, T] = {}
        self._most = most

    def put(self, number: int, value: T) -> T:
        """Store a value and return it."""
        self._values[number] = value
        if len(self._values) > self._most:
            del self._values[next(iter(self._values))]
        return value

    def get(self, number: int) -> T | None:
        """Return the value stored under a number; None if it was dropped, or never stored."""
        return self._values.get(number)


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
        self._event_tokens = TokenBucket(terms.events_per_second, terms.events_per_second, now_s)
        self._reset_tokens = TokenBucket(_RESETS_PER_SECOND, _RESET_BURST, now_s)
        self._repeated = RepeatedEvents(terms.events_per_second, now_s)
        self._held_events: list[EventItem] = []
        self._receipts = BoundedCache[Receipt](_RECEIPTS_KEPT)
        self._answers = BoundedCache[Saved | Status](_ANSWERS_KEPT)
        self._parts = parts_of(soundtrack.rules)
        # Planned frames that `planning_us` has returned.
        self._counted_frames = 0
        self._refusal_lines = LogRateLimiter()
        # Events up to this number are part of what the session was restored from.
        self._restored_events = 0
        # Where music that the client has from another service ends at the latest, in samples.
        self._buffered_until = 0
        self._status_s = now_s

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
        """Send events to the music; each is answered by a receipt.

        Each counts against the limit, whatever its number, but for one that was answered before.
        """
        for item in items:
            if self._is_answered(item.seq):
                self._repeated.add(item.seq)
            elif not self._event_tokens.take(now_s):
                self._refuse(item, f"more than {self.terms.events_per_second} events in a second", now_s)
            elif item.reset and not self._reset_tokens.take(now_s):
                self._refuse(item, f"more than {_RESETS_PER_SECOND} resets a second", now_s)
            elif self.restoring:
                # What is restored replaces the state of the rules, and the game has sent the event after it.
                self._held_events.append(item)
            else:
                self._send(item, now_s)
        self._answer_repeated(now_s)

    def restore_ended(self, number: int, now_s: float) -> None:
        """Note that a restore succeeded or was refused; after the last one, send the events that came meanwhile."""
        self.restoring.discard(number)
        if not self.restoring:
            held, self._held_events = self._held_events, []
            for item in held:
                self._send(item, now_s)

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
        self._restored_events = music.last_event
        self._cells = ResumeCells(self._outgoing.sounding, music.last_event)
        self.restored(outcome, restore_id, music.last_event)

    def restored(self, outcome: RestoreOutcome, restore_id: int, last_event: int = 0) -> None:
        """Answer a `restore`. last_event: the last event that is part of what was restored."""
        answer = replace(self._status(), restore=restore_id, restored=outcome, last_event=last_event)
        self._outgoing.add(self._answers.put(restore_id, answer))

    def reload(self, soundtrack: Soundtrack, declared: Declaration, now_s: float) -> None:
        """Play by new rules, and send their declaration."""
        self.soundtrack = soundtrack
        self._parts = parts_of(soundtrack.rules)
        self.music.reload(soundtrack.rules, soundtrack.styles, now_s, soundtrack.fingerprint)
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
        self._answer_repeated(now_s)
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
        headroom, lasting = self.music.latency.headroom, lasting_chunks(outputs)
        for output in outputs:
            cell = None
            if isinstance(output, ChunkOut) and output.sequence in lasting:
                cell = self._cells.of_chunk(self.music, output)
            self._outgoing.add_output(output, primary=self.primary, headroom=headroom, cell=cell)

    def _is_answered(self, number: int) -> bool:
        """Return whether an event was answered, or is part of what the session was restored from."""
        answered = self._receipts.get(number) is not None or self.music.has_answered(number)
        return answered or number <= self._restored_events

    def _answer_repeated(self, now_s: float) -> None:
        for number in self._repeated.due(now_s):
            receipt = self._receipts.get(number)
            if receipt is None and number <= self._restored_events and not self.music.has_answered(number):
                known = Receipt(seq=number, accepted=True, code="known", frame=self.music.head)
                receipt = self._receipts.put(number, known)
            if receipt is not None:
                self._outgoing.add(receipt)
            else:
                self.music.answer_again(number)

    def _send(self, item: EventItem, now_s: float) -> None:
        event = events.Event(sequence=item.seq, reset=item.reset, set=dict(item.set), fire=item.fire)
        receipt = self.music.send(event, position=item.at, now_s=now_s)
        self._metrics.event(receipt.code)
        if receipt.accepted:
            self._metrics.audible((receipt.frame * FRAME_SIZE - self.music.latency.played(now_s)) / SAMPLE_RATE)
        else:
            self._log_refusal(item.seq, receipt.code, receipt.text, now_s)

    def _refuse(self, item: EventItem, text: str, now_s: float) -> None:
        """Answer an event that comes too soon. text: what it exceeds."""
        frame = self.music.latency.committed(now_s) // FRAME_SIZE
        receipt = Receipt(seq=item.seq, accepted=False, code="rate_limited", frame=frame, text=text)
        self._metrics.event(receipt.code)
        self._log_refusal(item.seq, receipt.code, text, now_s)
        self._outgoing.add(self._receipts.put(item.seq, receipt))

    def _log_refusal(self, seq: int, code: str, text: str, now_s: float) -> None:
        left_out = self._refusal_lines.due(code, now_s)
        if left_out is not None:
            fields = {"session": self.name, "event": seq, "code": code, "text": text, "left_out": left_out}
            log.warning("event refused", extra=fields)

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
