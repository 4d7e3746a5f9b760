"""A client's session, over any number of connections: protocol messages in, protocol messages out. No socket."""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from segue.contract import CHANNELS, FRAME_SIZE, SAMPLE_RATE
from segue.runtime.messages import ChunkOut
from segue.runtime.opening import Outcome
from segue.runtime.session import Session
from segue.runtime.snapshot import SnapshotError
from segue.service import wire
from segue.service.backlog import Parts
from segue.service.credit import Credit
from segue.service.dispatch import Dispatch
from segue.service.metrics import Metrics
from segue.service.recent import Recent
from segue.service.refused import RefusedError
from segue.service.repeated_events import RepeatedEvents
from segue.service.rulebook import Soundtrack, parts_of
from segue.service.token_bucket import TokenBucket
from segue.service.wire import Format
from segue_rules import events
from segue_sdk.limits import HEADER_BYTES, VERSION
from segue_sdk.log import LogRateLimiter
from segue_sdk.messages import (
    Control,
    Declaration,
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

# The client must hear something at least every 2 s.
_STATUS_S: Final = 1.0
# Without a playhead for so long, the music waits for the client: its clock may stand.
_UNHEARD_S: Final = 0.5
# Answers that the session knows nothing of are kept here, so that an event sent again gets the answer it got.
_OWN_ANSWERS_KEPT: Final = 4_096
# Microseconds that planning a frame takes, and what each part of its rules adds, on a machine of two slow cores.
_FRAME_US: Final = 60
_PART_US: Final = 1
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
        self.heard_s = self.opened_s = now_s
        self.paused_since_s: float | None = None
        # Restores that are being made for it, and the newest playhead that came meanwhile.
        self.restoring = 0
        self.held: Playhead | None = None
        self._metrics = metrics
        self._credit = Credit(metrics, now_s)
        self._dispatch = Dispatch(soundtrack.sounds, terms.sample_format, metrics)
        self._generators = tuple(generators)
        self._event_tokens = TokenBucket(terms.events_per_second, terms.events_per_second, now_s)
        self._repeated = RepeatedEvents(terms.events_per_second, now_s)
        self._own_answers = Recent[Receipt](_OWN_ANSWERS_KEPT)
        self._answers = Recent[Saved | Status](_ANSWERS_KEPT)
        self._parts = parts_of(soundtrack.rules)
        # Of the session's planned frames, those that were accounted for.
        self._accounted = 0
        self._refusal_lines = LogRateLimiter()
        self._last_event = 0
        # Numbers up to this one are part of what the session was restored from.
        self._known_events = 0
        self._status_s = now_s

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
        return self._dispatch.again(last_chunk)

    def lost(self, now_s: float) -> None:
        """The connection is gone; the music waits."""
        self.connection = None
        self._stand_still(now_s)

    def expired(self, now_s: float) -> bool:
        """Whether nobody will come back for it."""
        window_ms = self.terms.paused_window_ms if self.paused_since_s is not None else self.terms.resume_window_ms
        return self.connection is None and now_s - self.heard_s > window_ms / 1000

    # --- what the client says ---------------------------------------------------------------------------------------

    def on_events(self, items: Sequence[EventItem], now_s: float) -> None:
        """Events, each answered by a receipt. What arrives is what counts against the limit, whatever its number."""
        for item in items:
            if self._has_answer(item.seq):
                self._repeated.ask(item.seq)
            elif self._event_tokens.take(now_s):
                self._send(item, now_s)
            else:
                self._refuse(item, now_s)
            self._last_event = max(self._last_event, item.seq)
        self._answer_repeated(now_s)

    def on_playhead(self, said: Playhead, now_s: float) -> None:
        """Positions and credit."""
        committed = self._credit.believed(said, self.session.head * FRAME_SIZE, now_s)
        self.session.playhead(
            played=min(said.played, committed),
            committed=committed,
            paused=said.paused,
            now_s=now_s,
            have=said.have,
            received=said.last_chunk,
            late=said.late,
        )
        self._dispatch.received(said.committed, said.last_chunk)
        self._hold()

    def on_save(self, said: Save) -> None:
        """The music as a blob; asked again under the same number, the same. Raises: RefusedError `too_large`."""
        if self.answered_again(said.id):
            return
        snapshot = self.session.snapshot()
        try:
            blob = snapshot.to_blob()
        except SnapshotError as error:
            raise RefusedError("too_large", str(error)) from error
        saved = Saved(id=said.id, position=snapshot.position * FRAME_SIZE, blob=blob)
        self._dispatch.say(self._answers.keep(said.id, saved))

    def answered_again(self, number: int) -> bool:
        """Whether a `save` or `restore` of this number was answered before, and is so again."""
        answer = self._answers.get(number)
        if answer is not None:
            self._dispatch.say(answer)
        return answer is not None

    def on_control(self, said: Control, now_s: float) -> None:
        """What needs nothing from outside: pause, resume, reset, and the client's own volume, which is only noted."""
        if said.op == "pause":
            self.paused_since_s = now_s if self.paused_since_s is None else self.paused_since_s
        elif said.op == "resume":
            self.paused_since_s = None
        elif said.op == "reset":
            self.session.reset(now_s)

    # --- what the service does --------------------------------------------------------------------------------------

    @property
    def playing(self) -> bool:
        """Whether its client has said where it is: no music is made before."""
        return self._credit.begun

    @property
    def rung(self) -> int:
        """Steps of the ladder below the chosen generator."""
        return max(0, self.session.rung - self.home)

    def planning_us(self) -> int:
        """Processor time that planning its music took since the last call, in microseconds, as reckoned."""
        planned = self.session.planned_frames
        frames, self._accounted = planned - self._accounted, planned
        return max(0, frames) * (_FRAME_US + _PART_US * self._parts)

    def replace(self, session: Session, outcome: Outcome, restore_id: int) -> None:
        """Go on with a session that was opened from what the client kept, before any music of this one was sent."""
        self.session = session
        self._accounted = 0
        session.held = True
        self._dispatch.follow_on(seamless=outcome == "all")
        self._last_event = self._known_events = session.last_event
        self.restored(outcome, restore_id)

    def restored(self, outcome: Outcome, restore_id: int) -> None:
        """Answer a `restore`."""
        answer = replace(self._status(), restore=restore_id, restored=outcome)
        self._dispatch.say(self._answers.keep(restore_id, answer))

    def reload(self, soundtrack: Soundtrack, declared: Declaration, now_s: float) -> None:
        """Take new rules into force, and say what they declare."""
        self.soundtrack = soundtrack
        self._parts = parts_of(soundtrack.rules)
        self.session.reload(soundtrack.rules, soundtrack.styles, now_s, soundtrack.fingerprint)
        self._dispatch.change_sounds(soundtrack.sounds)
        self._dispatch.say(Rules(declaration=declared))

    def go_home(self, home: int, now_s: float) -> None:
        """Another generator is the chosen one."""
        self.home = home
        self.session.go_home(home)
        self._dispatch.say(self._status())

    def say(self, message: ServiceMessage) -> None:
        """Something about the session that it does not know itself."""
        self._dispatch.say(message)

    def tick(self, now_s: float) -> None:
        """Let time pass; at least every 100 ms."""
        self._answer_repeated(now_s)
        if self._credit.silent_s(now_s) > _UNHEARD_S:
            self._stand_still(now_s)
        if now_s - self._status_s >= _STATUS_S:
            self._status_s = now_s
            self._dispatch.say(self._status())

    def outgoing(self) -> list[Parts]:
        """All that is to be sent now, in order; what nobody hears is kept for who comes back."""
        for message in self.session.messages():
            self._dispatch.tell(message, home=self.home, headroom=self.session.pace.headroom, cell=self._cell)
        sending = self._dispatch.outgoing(heard=self.connection is not None)
        self._hold()
        return sending

    # --- inside -----------------------------------------------------------------------------------------------------

    def _cell(self, out: ChunkOut) -> bytes | None:
        """What another service needs to go on from a chunk's end; None where the music has been taken back since."""
        newest = out.start + len(out.samples) == self.session.head * FRAME_SIZE
        return self.session.snapshot().to_cell() if newest else None

    def _has_answer(self, number: int) -> bool:
        """Whether an event of this number was answered, or is part of what the session was restored from."""
        answered = self._own_answers.get(number) is not None or self.session.has_answered(number)
        return answered or number <= self._known_events

    def _answer_repeated(self, now_s: float) -> None:
        for number in self._repeated.due(now_s):
            own = self._own_answers.get(number)
            if own is None and number <= self._known_events and not self.session.has_answered(number):
                known = Receipt(seq=number, accepted=True, code="known", frame=self.session.head)
                own = self._own_answers.keep(number, known)
            if own is not None:
                self._dispatch.say(own)
            else:
                self.session.answer_again(number)

    def _send(self, item: EventItem, now_s: float) -> None:
        event = events.Event(sequence=item.seq, set=dict(item.set), fire=item.fire)
        receipt = self.session.send(event, position=item.at, now_s=now_s)
        self._metrics.event(receipt.code)
        if receipt.accepted:
            self._metrics.audible((receipt.frame * FRAME_SIZE - self.session.pace.played(now_s)) / SAMPLE_RATE)
        else:
            self._log_refusal(item.seq, receipt.code, receipt.text, now_s)

    def _refuse(self, item: EventItem, now_s: float) -> None:
        frame = self.session.pace.committed(now_s) // FRAME_SIZE
        text = f"more than {self.terms.events_per_second} events in a second"
        refusal = Receipt(seq=item.seq, accepted=False, code="rate_limited", frame=frame, text=text)
        self._metrics.event(refusal.code)
        self._log_refusal(item.seq, refusal.code, text, now_s)
        self._dispatch.say(self._own_answers.keep(item.seq, refusal))

    def _log_refusal(self, seq: int, code: str, text: str, now_s: float) -> None:
        left_out = self._refusal_lines.due(code, now_s)
        if left_out is not None:
            fields = {"session": self.name, "event": seq, "code": code, "text": text, "left_out": left_out}
            log.warning("event refused", extra=fields)

    def _status(self) -> Status:
        return Status(
            rung=self.rung,
            generator=self._generators[self.session.rung].name,
            headroom=min(self.session.pace.headroom, 1e6),
        )

    def _hold(self) -> None:
        """Let it have music once its client has said where it is, and as long as it reads what it gets."""
        self.session.held = not self.playing or self._dispatch.clogged

    def _stand_still(self, now_s: float) -> None:
        """Reckon the client's clock as standing where it was last."""
        pace = self.session.pace
        self.session.playhead(played=pace.played(now_s), committed=pace.committed(now_s), paused=True, now_s=now_s)
