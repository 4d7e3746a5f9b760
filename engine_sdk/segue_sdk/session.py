"""A client's session without a socket or a clock: calls and received parts in, messages and client_events out.

The caller owns the transport and the timeline. It calls `tick` at least every 50 ms and `end_frame` once per game
frame, sends what `to_send` gives, hands chunks from `client_events` to the timeline, and connects again after `Lost`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from segue_sdk.client_events import ClientEvent, Closed, Live, Lost, MessageRefused, Underrun
from segue_sdk.codec import Part, decode, encode
from segue_sdk.errors import ProtocolError
from segue_sdk.handshake import TRANSITIONS, ClientState, Handshake, RefusalLimiter, Signal
from segue_sdk.limits import HELLO_AGAIN_S, REPORT_S, SILENCE_S, VERSION
from segue_sdk.messages import (
    Bye,
    Change,
    Chunk,
    Clock,
    Control,
    Error,
    Hello,
    Message,
    Receipt,
    Restore,
    Rules,
    Save,
    Saved,
    Status,
    Stinger,
    Welcome,
)
from segue_sdk.outbox import EventOutbox
from segue_sdk.playback import BeatTracker, ChangeTracker, PlaybackPosition
from segue_sdk.send_queue import PendingRequests, QueuedControl, QueueEntry, SendQueue, in_order

# Reports go out at half the time allowed, so that an irregular caller still keeps it.
_REPORT_S: Final = REPORT_S / 2


class ClientSession:
    """One game's session, over any number of connections."""

    def __init__(self, hello: Hello) -> None:
        self.state = ClientState.OFFLINE
        self.welcome: Welcome | None = None
        self._handshake = Handshake(hello)
        self._outbox = EventOutbox()
        self._requests = PendingRequests()
        self._queue = SendQueue(self._outbox.take, self._request)
        self._refusals = RefusalLimiter()
        self._beats = BeatTracker()
        self._heard = ChangeTracker()
        self._position = PlaybackPosition()
        self._sending: list[Message] = []
        self._happened: list[ClientEvent] = []
        self._restoring: Restore | None = None
        self._last_chunk = 0
        self._take = 0
        self._end = 0
        self._cell: bytes | None = None
        self._paused = False
        self._refused_hello: Error | None = None
        self._now_s = self._heard_s = self._greeted_s = self._reported_s = 0.0

    # --- what comes out ---------------------------------------------------------------------------------------------

    def to_send(self) -> list[list[Part]]:
        """The messages since the last call, each as its ZeroMQ parts."""
        sending, self._sending = self._sending, []
        return [encode(message) for message in sending]

    def client_events(self) -> list[ClientEvent]:
        """What the game is to know since the last call, in order."""
        happened, self._happened = self._happened, []
        return happened

    @property
    def waiting(self) -> int:
        """Events without a receipt."""
        return self._outbox.waiting

    @property
    def kept(self) -> int:
        """Events with a receipt that are kept in case the service is killed."""
        return self._outbox.kept

    # --- what the game does -----------------------------------------------------------------------------------------

    def set_input(self, name: str, value: object) -> None:
        """Set an input; the last of a game frame stands. Raises: InputError, ProtocolError, QueueFullError."""
        self._outbox.set(name, value)

    def fire(self, name: str) -> None:
        """Fire a trigger. Raises: InputError, ProtocolError, QueueFullError."""
        self._outbox.fire(name)

    def end_frame(self) -> int:
        """A game frame is over: what was set and fired in it becomes one event at the sample heard now; its number.

        0 if nothing new was said: a value an input has already is not sent again.
        """
        framed = self._outbox.flush(self._position.played, self._queue.tail)
        if framed is None:
            return 0
        self._queue.put(framed.seq, replaced=framed.replaced)
        self._sending += self._queue.due(self._now_s)
        return framed.number

    def save(self) -> int:
        """Ask for the music as a blob; the number that `Saved` or `Error` will bear."""
        return self._ask(Save(id=self._requests.number()))

    def restore(self, blob: bytes) -> int:
        """Go on from a saved blob; the number that `Status` or `Error` will bear. Raises: ProtocolError."""
        at = self._position.committed
        # The inputs become those of the save.
        self._outbox.doubt_values()
        return self._ask(Restore(id=self._requests.number(), at=at, take=self._take, blob=blob))

    def pause(self) -> None:
        """The game paused. The timeline's owner pauses the timeline."""
        self._paused = True
        self._control(Control(op="pause"))

    def resume(self) -> None:
        """The game goes on."""
        self._paused = False
        self._control(Control(op="resume"))

    def control(self, control: Control) -> bool:
        """Any other control, now or not at all; whether it was sent.

        `reset` keeps its place among the events: those before it are sent before it.
        """
        self._handshake.gained(control)
        if control.op != "reset":
            return self._control(control)
        if self.state is not ClientState.LIVE:
            return False
        self._outbox.forget_values()
        self._queue.put(QueuedControl(control, self._outbox.last))
        self._sending += self._queue.due(self._now_s)
        return True

    def close(self, reason: str = "quit") -> None:
        """End the session."""
        if self.state in (ClientState.LIVE, ClientState.RESTORING):
            self._sending.append(Bye(reason=reason))
        if self._move(Signal.ENDED):
            self._happened.append(Closed(reason=reason))

    def fail(self, text: str) -> None:
        """End the session for a fault on this side. text: what is wrong, for people."""
        if self._move(Signal.ENDED):
            self._happened.append(Closed(reason="internal", text=text, code="internal"))

    # --- what the transport and the time do -------------------------------------------------------------------------

    def connected(self, now_s: float) -> None:
        """A new connection stands."""
        if self._move(Signal.CONNECTED):
            self._greet(now_s)

    def disconnected(self, now_s: float, reason: str = "the connection broke") -> None:
        """The connection is gone."""
        self._lose(reason)

    def tick(self, now_s: float, position: PlaybackPosition) -> None:
        """Let time pass: report the position, tell beats, notice silence."""
        self._now_s = now_s
        if position.underruns > self._position.underruns:
            self._happened.append(Underrun(count=position.underruns))
        stood, self._position = self._position.standing, position
        self._outbox.reach(position.committed)
        self._happened += self._beats.reach(position.played)
        self._happened += self._heard.reach(position.played)
        if self.state not in (ClientState.OFFLINE, ClientState.CLOSED) and now_s - self._heard_s >= SILENCE_S:
            self._lose(f"no message for {SILENCE_S:g} s")
        if self.state is ClientState.GREETING and now_s - self._greeted_s >= HELLO_AGAIN_S:
            self._send_hello(now_s)
        due = position.standing != stood or now_s - self._reported_s >= _REPORT_S
        if due and self.state in (ClientState.LIVE, ClientState.RESTORING):
            self._report(now_s)
        if self.state is ClientState.LIVE:
            self._sending += self._queue.due(now_s)

    def receive(self, parts: Sequence[Part], now_s: float) -> None:
        """The parts of one message. Whatever they hold, nothing is raised."""
        if self.state in (ClientState.OFFLINE, ClientState.CLOSED):
            return
        self._now_s = self._heard_s = now_s
        try:
            message = decode(parts)
        except ProtocolError as error:
            if error.code == "unsupported_version" and self.state is ClientState.GREETING:
                self._end_for_version(f"the service speaks another version of the protocol: {error.text}")
                return
            self._refuse(error, parts, now_s)
            return
        take = _HANDLERS.get(type(message))
        expected = isinstance(message, (Welcome, Error, Bye)) or self.state is not ClientState.GREETING
        if take is None or not expected:
            self._refuse(ProtocolError("unexpected", f"not while {self.state.value}"), parts, now_s)
            return
        take(self, message, now_s)

    # --- how each message is taken ----------------------------------------------------------------------------------

    def _on_welcome(self, welcome: Welcome, now_s: float) -> None:
        before = self.welcome
        if self.state is not ClientState.GREETING:
            return
        if welcome.version != VERSION:
            self._end_for_version(f"the service chose version {welcome.version} of the protocol")
            return
        self.welcome = welcome
        if before is not None and not welcome.resumed:
            self._begin_restoring()
        self._move(Signal.WELCOMED if self._restoring is None else Signal.WELCOMED_ANEW)
        self._refused_hello = None
        self._happened.append(Live(welcome=welcome, resumed=welcome.resumed))
        self._happened += self._outbox.declare(welcome.rules.inputs)
        if self._restoring is not None:
            self._sending.append(self._restoring)
            self._report(now_s)
            return
        self._report(now_s)
        self._send_waiting(now_s)

    def _on_receipt(self, receipt: Receipt, now_s: float) -> None:
        answered = self._outbox.receipted(receipt)
        self._queue.receipted(receipt.seq, taken=receipt.code != "rate_limited")
        self._happened += answered.told
        if answered.again:
            self._queue.refused(now_s)
            self._queue.put(answered.again)

    def _on_chunk(self, chunk: Chunk, now_s: float) -> None:
        self._last_chunk = max(self._last_chunk, chunk.seq)
        self._take = max(self._take, chunk.take)
        self._heard.chunk(chunk, self._position.committed)
        if self.state is ClientState.LIVE:
            # Until the restore is answered, no chunk follows from the cell that was sent with it.
            self._end, self._cell = chunk.start + chunk.count, chunk.cell
            self._outbox.chunk(self._end)
            self._requests.chunk(chunk.take)
        self._happened.append(chunk)

    def _on_clock(self, clock: Clock, now_s: float) -> None:
        self._beats.take(clock)

    def _on_rules(self, rules: Rules, now_s: float) -> None:
        self._handshake.rules(rules)
        self._happened.append(rules)
        if rules.declaration is not None:
            self._happened += self._outbox.declare(rules.declaration.inputs)

    def _on_change(self, change: Change, now_s: float) -> None:
        causes = tuple(replace(cause, seq=self._outbox.game_number(cause.seq)) for cause in change.causes)
        change = change if causes == change.causes else replace(change, causes=causes)
        self._heard.change(change)
        self._happened.append(change)

    def _on_status(self, status: Status, now_s: float) -> None:
        if self._requests.answered(status.restore, self._take):
            self._heard.restored(self._take)
        self._handshake.status(status)
        self._happened.append(status)
        if self._restoring is not None and status.restore == self._restoring.id:
            self._go_on(status.restored in ("all", "rules"), now_s)

    def _on_saved(self, saved: Saved, now_s: float) -> None:
        if self._requests.answered(saved.id, self._take):
            self._happened.append(saved)

    def _on_error(self, error: Error, now_s: float) -> None:
        if error.about in ("save", "restore"):
            self._requests.refused(error.seq)
        if error.code == "no_session":
            # Once greeted again, the answers to what was on its way mean nothing new.
            if self._move(Signal.UNKNOWN):
                self._greet(now_s)
            return
        self._happened.append(error)
        if error.about == "hello" and self.state is ClientState.GREETING:
            self._refused_hello = error
        if self._restoring is not None and error.seq == self._restoring.id:
            self._go_on(False, now_s)

    def _on_bye(self, bye: Bye, now_s: float) -> None:
        refused, self._refused_hello = self._refused_hello, None
        if bye.retry_ms is not None:
            self._lose(bye.reason, Signal.PARTED, bye.retry_ms)
        elif refused is not None and refused.code == "unsupported_version":
            self._end_for_version(refused.text or bye.text)
        elif self._move(Signal.ENDED):
            code, text = (refused.code, refused.text) if refused is not None else ("", "")
            self._happened.append(Closed(reason=bye.reason, text=bye.text or text, code=code))

    def _on_telling(self, message: Any, now_s: float) -> None:
        self._happened.append(message)

    # --- the ways in common -----------------------------------------------------------------------------------------

    def _move(self, trigger: Signal) -> bool:
        """Take the transition, if the table has one."""
        if (self.state, trigger) not in TRANSITIONS:
            return False
        self.state = TRANSITIONS[self.state, trigger]
        return True

    def _lose(self, reason: str, trigger: Signal = Signal.LOST, retry_ms: int = 0) -> None:
        offline = self.state is ClientState.OFFLINE
        if self._move(trigger) and not offline:
            self._sending.clear()
            self._hold_back()
            self._happened.append(Lost(reason=reason, retry_ms=retry_ms))

    def _greet(self, now_s: float) -> None:
        self._heard_s = now_s
        self._sending.clear()
        self._hold_back()
        self._send_hello(now_s)

    def _send_hello(self, now_s: float) -> None:
        self._greeted_s = now_s
        token = self.welcome.token if self.welcome else None
        self._sending.append(self._handshake.hello(token, self._last_chunk))

    def _report(self, now_s: float) -> None:
        self._reported_s = now_s
        self._sending.append(self._position.playhead(self._last_chunk))

    def _begin_restoring(self) -> None:
        """Another service is there: it is to go on from the last chunk's cell, and hear what that does not hold."""
        self._outbox.restarted()
        self._requests.restarted()
        self._last_chunk = 0
        at = max(self._end, self._position.committed)
        self._heard.restarted(at)
        self._restoring = Restore(id=self._requests.number(), at=at, take=self._take, cell=self._cell)

    def _go_on(self, rules_restored: bool, now_s: float) -> None:
        """The restore is answered. rules_restored: whether the service knows what the game said before."""
        if not self._move(Signal.RESTORED):
            return
        self._restoring = None
        if not rules_restored:
            self._outbox.say_all(self._position.played)
        self._send_waiting(now_s)

    def _send_waiting(self, now_s: float) -> None:
        """What has no answer yet, in the game's order, after a connection or a session was lost."""
        if self._paused:
            self._sending.append(Control(op="pause"))
        assert self.welcome is not None
        if not self.welcome.resumed:
            self._sending += self._handshake.gain()
        self._queue.begin(self._unsaid(), self.welcome.limits.events_per_second, now_s)
        self._sending += self._queue.due(now_s)

    def _hold_back(self) -> None:
        """There is nobody to send to: all that has no answer waits, in the game's order."""
        self._queue.stop(self._unsaid())

    def _unsaid(self) -> list[QueueEntry]:
        return in_order(self._outbox.numbers(), [*self._requests.waiting(), *self._queue.controls])

    def _request(self, number: int) -> Save | Restore | None:
        return self._requests.message(number, self._position.committed, self._take)

    def _end_for_version(self, text: str) -> None:
        """There is no version of the protocol that both sides speak. text: what the service said."""
        self._sending.append(Bye(reason="refused", text=f"this client speaks version {VERSION}"))
        if self._move(Signal.ENDED):
            offered = self._handshake.versions
            told = f"{text}; this SDK speaks version {VERSION}: install the one that belongs to the service"
            if VERSION not in offered:
                told = (
                    f"Hello offers versions {offered} and this SDK speaks {VERSION}: give Hello(versions=({VERSION},))"
                )
            self._happened.append(Closed(reason="unsupported_version", text=told, code="unsupported_version"))

    def _control(self, control: Control) -> bool:
        live = self.state in (ClientState.LIVE, ClientState.RESTORING)
        if live:
            self._handshake.asked(control)
            self._sending.append(control)
        return live

    def _ask(self, request: Save | Restore) -> int:
        self._queue.put(self._requests.ask(request, self._outbox.last))
        self._sending += self._queue.due(self._now_s)
        return request.id

    def _refuse(self, error: ProtocolError, parts: Sequence[Part], now_s: float) -> None:
        """Tell the game, and the service unless too often."""
        self._happened.append(MessageRefused(code=error.code, text=error.text))
        self._sending += self._refusals.answer(error, parts, now_s)


_HANDLERS: Final[dict[type, Callable[[ClientSession, Any, float], None]]] = {
    Welcome: ClientSession._on_welcome,
    Receipt: ClientSession._on_receipt,
    Chunk: ClientSession._on_chunk,
    Rules: ClientSession._on_rules,
    Clock: ClientSession._on_clock,
    Status: ClientSession._on_status,
    Saved: ClientSession._on_saved,
    Error: ClientSession._on_error,
    Bye: ClientSession._on_bye,
    Change: ClientSession._on_change,
    Stinger: ClientSession._on_telling,
}
