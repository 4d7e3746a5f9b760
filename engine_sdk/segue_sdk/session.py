"""A client's session without a socket or a clock: calls and received parts in, messages and client events out.

The caller owns the transport and the timeline. It calls `tick` at least every 50 ms and `end_frame` once per game
frame, sends what `to_send` returns, passes chunks from `client_events` to the timeline, and reconnects after `Lost`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from segue_sdk.client_events import ClientEvent, Closed, Live, Lost, MessageRefused, Underrun
from segue_sdk.codec import Part, decode, encode, type_of
from segue_sdk.errors import ProtocolError
from segue_sdk.handshake import TRANSITIONS, ClientState, Handshake, RefusalLimiter, Signal
from segue_sdk.limits import HELLO_AGAIN_S, MOST_REFUSED_HELLOS, REPORT_S, SILENCE_S, VERSION
from segue_sdk.messages import (
    RESET,
    Bye,
    Cell,
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
from segue_sdk.playback import BeatTracker, ChangeTracker, PlaybackPosition, ReceivedMusic, StingerTracker
from segue_sdk.send_queue import PendingRequests, QueueEntry, SendQueue, in_order

# Playheads are sent at half the interval allowed, so that an irregular caller keeps it all the same.
_REPORT_S: Final = REPORT_S / 2


class ClientSession:
    """A game's session over any number of connections."""

    def __init__(self, hello: Hello) -> None:
        self.state = ClientState.OFFLINE
        self.welcome: Welcome | None = None
        self._handshake = Handshake(hello)
        self._outbox = EventOutbox()
        self._requests = PendingRequests()
        self._queue = SendQueue(self._outbox.take, self._request)
        self._refusals = RefusalLimiter()
        self._beats = BeatTracker()
        self._changes = ChangeTracker()
        self._stingers = StingerTracker()
        self._position = PlaybackPosition()
        self._music = ReceivedMusic()
        self._sending: list[Message] = []
        self._client_events: list[ClientEvent] = []
        self._restoring: Restore | None = None
        self._refused_hello: Error | None = None
        self._hellos_refused = 0
        self._now_s = self._received_s = self._hello_sent_s = self._reported_s = 0.0

    # --- output -----------------------------------------------------------------------------------------------------

    def to_send(self) -> list[list[Part]]:
        """The messages since the last call, each as its ZeroMQ parts."""
        sending, self._sending = self._sending, []
        return [encode(message) for message in sending]

    def client_events(self) -> list[ClientEvent]:
        """The client events since the last call, in order."""
        events, self._client_events = self._client_events, []
        return events

    @property
    def waiting(self) -> int:
        """Events without a receipt."""
        return self._outbox.waiting

    @property
    def unconfirmed(self) -> int:
        """Events with a receipt that are kept in case the service is killed."""
        return self._outbox.unconfirmed

    # --- calls of the game ------------------------------------------------------------------------------------------

    def set(self, name: str, value: object) -> None:
        """Set an input; the last value of a game frame counts. Raises: InputError, ProtocolError, QueueFullError."""
        self._outbox.set(name, value)

    def fire(self, name: str) -> None:
        """Fire a trigger. Raises: InputError, ProtocolError, QueueFullError."""
        self._outbox.fire(name)

    def reset(self) -> None:
        """Return inputs and states to the start, as part of the game frame's event. Raises: QueueFullError."""
        self._outbox.reset()

    def end_frame(self, played: int = 0) -> int:
        """End a game frame: what was reset, set and fired in it becomes one event at the sample heard now.

        Args:
            played: That sample, where it is known to be later than at the last `tick`.

        Returns:
            The event's number; 0 if nothing changed, since a value that an input has already is not sent again.
        """
        framed = self._outbox.flush(max(self._position.played, played), self._queue.tail)
        if framed is None:
            return 0
        self._queue.put(framed.seq, replaced=framed.replaced)
        self._sending += self._queue.due(self._now_s)
        return framed.number

    def save(self) -> int:
        """Request the music as a blob; the id of the `Saved` or `Error` that answers."""
        return self._ask(Save(id=self._requests.number()))

    def restore(self, blob: bytes) -> int:
        """Continue from a saved blob; the id of the `Status` or `Error` that answers. Raises: ProtocolError."""
        # The message checks the blob, before anything changes.
        request = Restore(id=1, at=self._position.committed, take=self._music.take, blob=blob)
        self._outbox.restored()
        return self._ask(replace(request, id=self._requests.number()))

    def pause(self) -> None:
        """Tell the service that the game is paused. The timeline's owner pauses the timeline."""
        self._control(Control(op="pause"))

    def resume(self) -> None:
        """Tell the service that the game continues."""
        self._control(Control(op="resume"))

    def control(self, control: Control) -> bool:
        """Send any other control now, or not at all; whether it was sent.

        The op `reset`, which no message has, is the call `reset`.
        """
        if control.op == RESET:
            self.reset()
            return True
        return self._control(control)

    def close(self, reason: str = "quit") -> None:
        """End the session."""
        if self.state in (ClientState.LIVE, ClientState.RESTORING):
            self._sending.append(Bye(reason=reason))
        if self._move(Signal.ENDED):
            self._client_events.append(Closed(reason=reason))

    def fail(self, text: str) -> None:
        """End the session because of an error of this client.

        Args:
            text: What went wrong, for people.
        """
        if self._move(Signal.ENDED):
            self._client_events.append(Closed(reason="internal", text=text, code="internal"))

    # --- transport and time -----------------------------------------------------------------------------------------

    def connected(self, now_s: float) -> None:
        """Begin the handshake on a new connection."""
        if self._move(Signal.CONNECTED):
            self._now_s = now_s
            self._begin_handshake()

    def disconnected(self, reason: str = "the connection broke") -> None:
        """Report that the connection is gone."""
        self._disconnect(reason)

    def tick(self, now_s: float, position: PlaybackPosition) -> None:
        """Let time pass: send the playhead, report what was heard, notice a silent service."""
        self._now_s = now_s
        if position.underruns > self._position.underruns:
            self._client_events.append(Underrun(count=position.underruns))
        stood, self._position = self._position.standing, position
        self._release()
        if not position.standing:
            self._client_events += self._beats.reach(position.played)
            self._client_events += self._changes.reach(position.played)
            self._client_events += self._stingers.reach(position.played)
        if self.state not in (ClientState.OFFLINE, ClientState.CLOSED) and now_s - self._received_s >= SILENCE_S:
            self._disconnect(f"no message for {SILENCE_S:g} s")
        if self.state is ClientState.GREETING and now_s - self._hello_sent_s >= HELLO_AGAIN_S:
            self._send_hello()
        due = position.standing != stood or now_s - self._reported_s >= _REPORT_S
        if due and self.state in (ClientState.LIVE, ClientState.RESTORING):
            self._report()
        if self.state is ClientState.LIVE:
            self._sending += self._queue.due(now_s)

    def receive(self, parts: Sequence[Part], now_s: float) -> None:
        """Take the parts of one message. Nothing is raised, whatever they hold."""
        if self.state in (ClientState.OFFLINE, ClientState.CLOSED):
            return
        self._now_s = self._received_s = now_s
        try:
            message = decode(parts)
        except ProtocolError as error:
            if error.code == "unsupported_version" and self.state is ClientState.GREETING:
                self._end_for_version(f"the service speaks another version of the protocol: {error.text}")
                return
            self._refuse(error, *type_of(parts))
            return
        if self.state is ClientState.GREETING and not isinstance(message, (Welcome, Error, Bye)):
            return
        handler = _HANDLERS.get(type(message))
        if handler is None:
            self._refuse(ProtocolError("unexpected", f"not while {self.state.value}"), *type_of(parts))
            return
        handler(self, message)

    def refuse_samples(self, message: Chunk | Stinger, error: ProtocolError) -> None:
        """Answer a chunk or a part of a stinger whose samples cannot be played.

        Args:
            error: What is wrong with them.
        """
        if isinstance(message, Chunk):
            self._refuse(error, "chunk", message.seq)
        else:
            self._refuse(error, "stinger", message.id)

    # --- handlers of messages ---------------------------------------------------------------------------------------

    def _on_welcome(self, welcome: Welcome) -> None:
        before = self.welcome
        if self.state is not ClientState.GREETING:
            return
        if welcome.version != VERSION:
            self._end_for_version(f"the service chose version {welcome.version} of the protocol")
            return
        self.welcome = welcome
        if before is not None and not welcome.resumed:
            self._begin_restoring()
        self._move(Signal.WELCOMED if self._restoring is None else Signal.WELCOMED_NEW)
        self._refused_hello, self._hellos_refused = None, 0
        self._client_events.append(Live(welcome=welcome, resumed=welcome.resumed))
        self._client_events += self._outbox.declare(welcome.rules.inputs)
        if self._restoring is not None:
            self._sending.append(self._restoring)
        self._report()
        self._sending += self._handshake.changes()
        if self._restoring is None:
            self._send_waiting()

    def _on_receipt(self, receipt: Receipt) -> None:
        effect = self._outbox.receipted(receipt)
        self._queue.receipted(receipt.seq, taken=receipt.code != "rate_limited")
        self._client_events += effect.events
        if effect.resend:
            self._queue.refused(self._now_s)
            self._queue.put(effect.resend)

    def _on_chunk(self, chunk: Chunk) -> None:
        self._music.received(chunk)
        self._release()
        self._changes.chunk(chunk, self._position.committed)
        self._client_events.append(chunk)

    def _on_cell(self, cell: Cell) -> None:
        self._music.renewed(cell)
        self._release()

    def _on_clock(self, clock: Clock) -> None:
        self._beats.take(clock)

    def _on_rules(self, rules: Rules) -> None:
        self._handshake.rules(rules)
        self._client_events.append(rules)
        if rules.declaration is not None:
            self._client_events += self._outbox.declare(rules.declaration.inputs)

    def _on_change(self, change: Change) -> None:
        causes = tuple(replace(cause, seq=self._outbox.game_number(cause.seq)) for cause in change.causes)
        change = change if causes == change.causes else replace(change, causes=causes)
        self._changes.change(change)
        self._client_events.append(change)

    def _on_status(self, status: Status) -> None:
        if self._requests.answered(status.restore, self._music.take):
            self._changes.restored(self._music.take)
        self._handshake.status(status)
        self._client_events.append(status)
        if self._restoring is not None and status.restore == self._restoring.id:
            self._restored(status.last_event, rules_restored=status.restored in ("all", "rules"))

    def _on_saved(self, saved: Saved) -> None:
        if self._requests.answered(saved.id, self._music.take):
            self._client_events.append(saved)

    def _on_error(self, error: Error) -> None:
        if error.about in ("save", "restore"):
            self._requests.refused(error.seq)
        if error.code == "no_session":
            # After another handshake, further answers to what was under way mean nothing new.
            if self._move(Signal.UNKNOWN):
                self._begin_handshake()
            return
        self._handshake.refused(error)
        self._client_events.append(error)
        if error.about == "hello" and self.state is ClientState.GREETING:
            self._refused_hello = error
            self._hellos_refused += 1
            if self._hellos_refused == MOST_REFUSED_HELLOS:
                self._end_refused("refused", error.text)
        if self._restoring is not None and error.seq == self._restoring.id:
            self._restored(0, rules_restored=False)

    def _on_bye(self, bye: Bye) -> None:
        self._hellos_refused = 0
        if bye.retry_ms is not None:
            self._refused_hello = None
            self._disconnect(bye.reason, Signal.BYE, bye.retry_ms)
        else:
            self._end_refused(bye.reason, bye.text)

    def _on_stinger(self, stinger: Stinger) -> None:
        self._stingers.take(stinger, self._position.committed)
        self._client_events.append(stinger)

    # --- steps of several handlers ----------------------------------------------------------------------------------

    def _move(self, trigger: Signal) -> bool:
        """Follow the transition; false if the table has none."""
        if (self.state, trigger) not in TRANSITIONS:
            return False
        self.state = TRANSITIONS[self.state, trigger]
        return True

    def _disconnect(self, reason: str, trigger: Signal = Signal.LOST, retry_ms: int = 0) -> None:
        offline = self.state is ClientState.OFFLINE
        if self._move(trigger) and not offline:
            self._sending.clear()
            self._hold_back()
            self._client_events.append(Lost(reason=reason, retry_ms=retry_ms))

    def _begin_handshake(self) -> None:
        self._received_s = self._now_s
        self._sending.clear()
        self._hold_back()
        self._send_hello()

    def _send_hello(self) -> None:
        self._hello_sent_s = self._now_s
        key = self.welcome.key if self.welcome else None
        self._sending.append(self._handshake.hello(key, self._music.last_chunk))

    def _report(self) -> None:
        self._reported_s = self._now_s
        self._sending.append(self._position.playhead(self._music.last_chunk))

    def _begin_restoring(self) -> None:
        """Ask a restarted service to continue from a cell."""
        self._requests.restarted()
        self._restoring = self._music.restore(self._requests.number(), self._position.committed)
        self._changes.restarted(self._restoring.at)
        self._client_events += self._stingers.restarted(self._restoring.at)

    def _restored(self, last_event: int, *, rules_restored: bool) -> None:
        """Continue after the answer to a restore with what the restored session lacks.

        Args:
            last_event: The last event that it contains.
            rules_restored: Whether it knows the inputs' values.
        """
        if not self._move(Signal.RESTORED):
            return
        self._restoring = None
        self._outbox.restarted(last_event)
        if not rules_restored:
            self._music.forget_cells()
            self._outbox.send_all_values(self._position.played)
        self._send_waiting()

    def _release(self) -> None:
        """Forget cells that end too early to restore from, and what the first of the others contains."""
        self._music.reach(self._position.committed)
        self._outbox.contained(self._music.last_events)
        self._requests.contained(self._music.restored_take)

    def _send_waiting(self) -> None:
        """Send what has no answer yet, in the game's order, over a new connection."""
        assert self.welcome is not None
        self._queue.begin(self._unanswered(), self.welcome.limits.events_per_second, self._now_s)
        self._sending += self._queue.due(self._now_s)

    def _hold_back(self) -> None:
        """Without a session, keep all that has no answer, in the game's order."""
        self._queue.stop(self._unanswered())

    def _unanswered(self) -> list[QueueEntry]:
        return in_order(self._outbox.numbers(), self._requests.waiting())

    def _request(self, number: int) -> Save | Restore | None:
        return self._requests.message(number, self._position.committed, self._music.take)

    def _end_refused(self, reason: str, text: str) -> None:
        """End the session as the service asks, with the code of its last error about `hello` if there was one."""
        refused, self._refused_hello = self._refused_hello, None
        if refused is not None and refused.code == "unsupported_version":
            self._end_for_version(refused.text or text)
        elif self._move(Signal.ENDED):
            code, why = (refused.code, refused.text) if refused is not None else ("", "")
            self._client_events.append(Closed(reason=reason, text=text or why, code=code))

    def _end_for_version(self, text: str) -> None:
        """End the session because the two sides share no version of the protocol.

        Args:
            text: Of the service.
        """
        self._sending.append(Bye(reason="refused", text=f"this client speaks version {VERSION}"))
        if self._move(Signal.ENDED):
            text = self._handshake.version_mismatch(text)
            self._client_events.append(Closed(reason="unsupported_version", text=text, code="unsupported_version"))

    def _control(self, control: Control) -> bool:
        self._handshake.changed(control)
        live = self.state in (ClientState.LIVE, ClientState.RESTORING)
        if live:
            self._handshake.asked(control)
            self._sending.append(control)
        return live

    def _ask(self, request: Save | Restore) -> int:
        self._queue.put(self._requests.ask(request, self._outbox.last))
        self._sending += self._queue.due(self._now_s)
        return request.id

    def _refuse(self, error: ProtocolError, about: str, seq: int) -> None:
        """Report an invalid message to the game, and to the service unless too often."""
        self._client_events.append(MessageRefused(code=error.code, text=error.text))
        self._sending += self._refusals.answer(error, about, seq, self._now_s)


_HANDLERS: Final[dict[type, Callable[[ClientSession, Any], None]]] = {
    Welcome: ClientSession._on_welcome,
    Receipt: ClientSession._on_receipt,
    Chunk: ClientSession._on_chunk,
    Rules: ClientSession._on_rules,
    Cell: ClientSession._on_cell,
    Clock: ClientSession._on_clock,
    Status: ClientSession._on_status,
    Saved: ClientSession._on_saved,
    Error: ClientSession._on_error,
    Bye: ClientSession._on_bye,
    Change: ClientSession._on_change,
    Stinger: ClientSession._on_stinger,
}
