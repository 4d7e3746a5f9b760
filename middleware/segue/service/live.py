"""A client's session, over any number of connections: protocol messages in, protocol messages out. No socket."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.contract import CHANNELS, FRAME_SIZE, SAMPLE_RATE
from segue.runtime.messages import ChangeOut, ChunkOut, ClockOut, Message, ReceiptOut, StatusOut, StingerOut
from segue.runtime.opening import Outcome
from segue.runtime.session import Session
from segue.service import wire
from segue.service.allowance import Allowance
from segue.service.backlog import Backlog, Parts
from segue.service.metrics import Metrics
from segue.service.rulebook import Soundtrack
from segue.service.stingers import StingerDesk
from segue.service.wire import Format
from segue_rules import events
from segue_sdk.client_messages import Control, Playhead, Save
from segue_sdk.codec import encode
from segue_sdk.declarations import Declaration, EventItem, GeneratorInfo, Limits
from segue_sdk.limits import HEADER_BYTES, VERSION
from segue_sdk.messages import ServiceMessage
from segue_sdk.service_messages import Chunk, Clock, Receipt, Rules, Saved, Status, Stinger, Welcome

# The client must hear something at least every 2 s.
_STATUS_S: Final = 1.0
# Without a playhead for so long, the music waits for the client: its clock may stand.
_UNHEARD_S: Final = 0.5
# Sound on its way to a client that does not read; it gets no more until it does.
_MOST_UNRECEIVED_BYTES: Final = 16 << 20
# Samples that a client's clock may go on at once, and how much faster than ours it may be.
_MOST_ADVANCE: Final = 15 * SAMPLE_RATE
_FASTEST_CLOCK: Final = 1.1
# Refusals kept, so that an event sent again gets the answer it got.
_REFUSALS_KEPT: Final = 4_096
# Saves and restores answered lately, for the same reason.
_ANSWERS_KEPT: Final = 16


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the service grants a session. Times in milliseconds."""

    service: str
    lookahead_ms: int
    chunk_frames: int
    resume_window_ms: int
    paused_window_ms: int
    events_per_second: int
    sample_format: Format
    seed: int


class LiveSession:
    """Takes what its client says and holds what it is to hear. connection: the client's, None while there is none."""

    def __init__(
        self,
        session: Session,
        soundtrack: Soundtrack,
        terms: Terms,
        generators: Sequence[GeneratorInfo],
        home: int,
        metrics: Metrics,
        now_s: float,
    ) -> None:
        """generators: every rung of the ladder. home: the rung of the one chosen."""
        self.name = secrets.token_hex(4)
        self.token = secrets.token_bytes(16)
        self.session, self.soundtrack, self.terms, self.home = session, soundtrack, terms, home
        session.held = True
        self.connection: bytes | None = None
        self.heard_s = now_s
        self.game_paused = False
        self.playing = False
        self._metrics = metrics
        # Underruns, late and dropped chunks that the client has counted.
        self._counts = np.zeros(3, np.int64)
        self._generators = tuple(generators)
        self._backlog = Backlog()
        self._desk = StingerDesk(soundtrack.sounds, terms.sample_format)
        self._allowance = Allowance(terms.events_per_second, now_s)
        self._refusals: dict[int, Receipt] = {}
        self._answers: dict[int, Saved | Status] = {}
        # Numbers up to this one are part of what the session was restored from.
        self._known_events = 0
        self._outbox: list[ServiceMessage] = []
        self._last_chunk: ChunkOut | None = None
        self._end = 0
        self._seamless = False
        self._reported_s = now_s
        self._committed = 0
        self._advance: float = _MOST_ADVANCE
        self._status_s = now_s
        self._last_event = 0

    # --- connections ------------------------------------------------------------------------------------------------

    def is_named(self, token: bytes) -> bool:
        """Whether the token is this session's, in constant time."""
        return hmac.compare_digest(self.token, token)

    def welcome(self, *, resumed: bool) -> Welcome:
        """All a client needs to know. Raises: ProtocolError if the rule file's declaration does not fit."""
        terms = self.terms
        return Welcome(
            version=VERSION,
            session=self.name,
            token=self.token,
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
            last_event=self._last_event,
            generator=self._generators[self.home],
            limits=Limits(events_per_second=terms.events_per_second, header_bytes=HEADER_BYTES),
            rules=self.declaration(),
        )

    def declaration(self) -> Declaration:
        """What its rules declare. Raises: ProtocolError if that does not fit a header."""
        return wire.declaration(self.soundtrack.rules, self.soundtrack.fingerprint)

    def take_up(self, connection: bytes, last_chunk: int, now_s: float) -> list[Parts]:
        """The client is back on a connection: what it missed."""
        self.connection, self.heard_s = connection, now_s
        return self._backlog.again(last_chunk)

    def lost(self, now_s: float) -> None:
        """The connection is gone; the music waits."""
        self.connection = None
        self._stand_still(now_s)

    def expired(self, now_s: float) -> bool:
        """Whether nobody will come back for it."""
        window_ms = self.terms.paused_window_ms if self.game_paused else self.terms.resume_window_ms
        return self.connection is None and now_s - self.heard_s > window_ms / 1000

    # --- what the client says ---------------------------------------------------------------------------------------

    def on_events(self, items: Sequence[EventItem], now_s: float) -> None:
        """Events, each answered by a receipt."""
        for item in items:
            if item.seq in self._refusals:
                self._outbox.append(self._refusals[item.seq])
            elif item.seq <= self._known_events:
                frame = self.session.head
                self._outbox.append(Receipt(seq=item.seq, accepted=True, code="known", frame=frame))
            elif item.seq > self._last_event and not self._allowance.take(now_s):
                self._refuse(item, now_s)
            else:
                self._send(item, now_s)
            self._last_event = max(self._last_event, item.seq)

    def on_playhead(self, said: Playhead, now_s: float) -> None:
        """Positions and credit.

        A client may be ahead of a session that was restored for it: it is met where the music is now. None gets music
        faster than a clock goes, whatever it says.
        """
        committed = min(said.committed, self.session.head * FRAME_SIZE)
        if self.playing:
            elapsed = (now_s - self._reported_s) * SAMPLE_RATE
            self._advance = min(_MOST_ADVANCE, self._advance + _FASTEST_CLOCK * elapsed)
            committed = min(committed, self._committed + int(self._advance))
            self._advance -= max(0, committed - self._committed)
        self._committed = max(self._committed, committed)
        self.playing = True
        self._reported_s = now_s
        self.session.playhead(
            played=min(said.played, committed), committed=committed, paused=said.paused, now_s=now_s, have=said.have
        )
        self._backlog.reported(said.committed, said.last_chunk)
        self._hold()
        self._desk.forget(said.committed)
        before = self._counts
        self._counts = np.maximum(before, (said.underruns, said.late, said.dropped))
        underruns, late, dropped = (self._counts - before).tolist()
        buffered_s = (said.have - said.committed) / SAMPLE_RATE
        self._metrics.reported(buffered_s=buffered_s, underruns=underruns, late=late, dropped=dropped)

    def on_save(self, said: Save) -> None:
        """The music as a blob; asked again under the same number, the same."""
        if not self.answered_again(said.id):
            snapshot = self.session.snapshot()
            position = snapshot.position * FRAME_SIZE
            self._answer(said.id, Saved(id=said.id, position=position, blob=snapshot.to_blob()))

    def answered_again(self, number: int) -> bool:
        """Whether a `save` or `restore` of this number was answered before, and is so again."""
        if number in self._answers:
            self._outbox.append(self._answers[number])
        return number in self._answers

    def on_control(self, said: Control, now_s: float) -> None:
        """What needs nothing from outside: pause, resume, reset, and the client's own volume, which is only noted."""
        if said.op in ("pause", "resume"):
            self.game_paused = said.op == "pause"
        elif said.op == "reset":
            self.session.reset(now_s)

    # --- what the service does --------------------------------------------------------------------------------------

    def replace(self, session: Session, fate: Outcome, restore_id: int) -> None:
        """Go on with a session that was opened from what the client kept, before any music of this one was sent."""
        self.session, self._seamless = session, fate == "all"
        session.held = True
        self._end = session.head * FRAME_SIZE
        self._last_event = self._known_events = session.last_event
        self.restored(fate, restore_id)

    def restored(self, fate: Outcome, restore_id: int) -> None:
        """Answer a `restore`."""
        self._answer(restore_id, self._status(restore=restore_id, restored=fate))

    def reload(self, soundtrack: Soundtrack, now_s: float) -> None:
        """Take new rules into force. Raises: ProtocolError if their declaration does not fit; the old ones stay."""
        declared = wire.declaration(soundtrack.rules, soundtrack.fingerprint)
        self.soundtrack = soundtrack
        self.session.reload(soundtrack.rules, soundtrack.styles, now_s, soundtrack.fingerprint)
        self._desk.sounds = soundtrack.sounds
        self._outbox.append(Rules(declaration=declared))

    def go_home(self, home: int, now_s: float) -> None:
        """Another generator is the chosen one."""
        self.home = home
        self.session.go_home(home)
        self._outbox.append(self._status())

    def say(self, message: ServiceMessage) -> None:
        """Something about the session that it does not know itself."""
        self._outbox.append(message)

    @property
    def rung(self) -> int:
        """Steps of the ladder below the chosen generator."""
        return max(0, self.session.rung - self.home)

    def tick(self, now_s: float) -> None:
        """Let time pass; at least every 100 ms."""
        if self.playing and now_s - self._reported_s > _UNHEARD_S:
            self._stand_still(now_s)
        if now_s - self._status_s >= _STATUS_S:
            self._status_s = now_s
            self._outbox.append(self._status())

    def outgoing(self) -> list[Parts]:
        """All that is to be sent now, in order; what nobody hears is kept for who comes back."""
        for message in self.session.messages():
            self._translate(message)
        said, self._outbox = self._outbox, []
        sending = []
        for saying in said:
            parts = encode(saying)
            self._keep(saying, parts)
            sending.append(parts)
        return sending if self.connection is not None else []

    # --- inside -----------------------------------------------------------------------------------------------------

    def _translate(self, message: Message) -> None:
        match message:
            case ChunkOut():
                self._outbox.append(self._chunk(message))
            case ClockOut() if self._last_chunk is not None:
                self._outbox.append(wire.clock(message, self._last_chunk))
            case ReceiptOut():
                self._outbox.append(wire.receipt(message))
            case ChangeOut():
                self._outbox.append(wire.change(message))
            case StingerOut():
                self._outbox += self._desk.messages(message)
            case StatusOut():
                self._metrics.stepped(message.rung)
                self._outbox.append(wire.status(message, home=self.home, headroom=self.session.pace.headroom))

    def _chunk(self, out: ChunkOut) -> Chunk:
        # Where it goes on from a saved state no crossfade is needed.
        mixed = out.mixed or self._seamless
        self._seamless = False
        self._last_chunk, self._end = out, out.start + len(out.samples)
        self._metrics.chunk(out.reason)
        newest = self._end == self.session.head * FRAME_SIZE
        cell = self.session.snapshot().to_cell() if newest else None
        return wire.chunk(out, out.rules, sample_format=self.terms.sample_format, mixed=mixed, cell=cell)

    def _keep(self, message: ServiceMessage, parts: Parts) -> None:
        match message:
            case Chunk():
                self._backlog.keep_chunk(message.seq, message.start + message.count, parts)
                self._hold()
            case Clock():
                self._backlog.keep(message.end, parts)
            case Stinger(kind="placed"):
                self._backlog.keep(message.start, parts)
            case Receipt() | Status():
                # A receipt is asked for again, and a status comes anew.
                pass
            case _ if self.connection is None:
                self._backlog.miss(parts)

    def _send(self, item: EventItem, now_s: float) -> None:
        event = events.Event(sequence=item.seq, set=dict(item.set), fire=item.fire)
        receipt = self.session.send(event, position=item.at, now_s=now_s)
        if item.seq > self._last_event:
            self._metrics.event(receipt.code)
            if receipt.accepted:
                self._metrics.audible((receipt.frame * FRAME_SIZE - self.session.pace.played(now_s)) / SAMPLE_RATE)

    def _refuse(self, item: EventItem, now_s: float) -> None:
        frame = self.session.pace.committed(now_s) // FRAME_SIZE
        text = f"more than {self.terms.events_per_second} events in a second"
        refusal = Receipt(seq=item.seq, accepted=False, code="rate_limited", frame=frame, text=text)
        self._metrics.event(refusal.code)
        self._refusals[item.seq] = refusal
        if len(self._refusals) > _REFUSALS_KEPT:
            del self._refusals[next(iter(self._refusals))]
        self._outbox.append(refusal)

    def _status(self, *, restore: int = 0, restored: str = "") -> Status:
        return Status(
            rung=self.rung,
            generator=self._generators[self.session.rung].name,
            headroom=min(self.session.pace.headroom, 1e6),
            restore=restore,
            restored=restored,
        )

    def _answer(self, number: int, answer: Saved | Status) -> None:
        self._answers[number] = answer
        if len(self._answers) > _ANSWERS_KEPT:
            del self._answers[next(iter(self._answers))]
        self._outbox.append(answer)

    def _hold(self) -> None:
        """Let it have music once its client has said where it is, and as long as it reads what it gets."""
        self.session.held = not self.playing or self._backlog.unreceived_bytes() > _MOST_UNRECEIVED_BYTES

    def _stand_still(self, now_s: float) -> None:
        """Reckon the client's clock as standing where it was last."""
        pace = self.session.pace
        self.session.playhead(played=pace.played(now_s), committed=pace.committed(now_s), paused=True, now_s=now_s)
