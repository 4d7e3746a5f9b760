"""All that `segue play` shows, as plain values: client events and positions in; no terminal, no socket, no clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from segue.play.dials import Dial, make_dials
from segue.play.heard import Heard
from segue.play.telling import Line, plain, tell_change, tell_event
from segue_sdk.client_events import (
    BeatHeard,
    ClientEvent,
    Closed,
    ConnectionFailed,
    EventDelayed,
    InputRefused,
    Live,
    Lost,
    MessageRefused,
    MusicArrived,
    StingerArrived,
    Underrun,
)
from segue_sdk.limits import FRAME_SIZE, SAMPLE_RATE
from segue_sdk.messages import Change, Declaration, Error, Receipt, Rules, Status
from segue_sdk.playback import PlaybackPosition

_MOST_LINES: Final = 500
_MOST_SENT: Final = 1_024
# Samples in which a mistake is told once.
_QUIET: Final = 5 * SAMPLE_RATE


@dataclass(frozen=True, kw_only=True)
class Sent:
    """An event on its way. at: sample heard when it was sent. text: what it said; "" for what is not worth a line."""

    at: int
    text: str


class Board:
    """What is shown. `lines` holds the newest 500 of `told` lines ever told."""

    def __init__(self) -> None:
        self.rules: Declaration | None = None
        self.dials: dict[str, Dial] = {}
        self.heard = Heard()
        self.position = PlaybackPosition()
        self.beat: BeatHeard | None = None
        self.connection = "waiting for the service"
        self.service = ""
        self.generator, self.rung, self.headroom = "", 0, 0.0
        self.lookahead_s = 0.0
        self.paused = False
        self.reaction_ms: float | None = None
        self.lines: deque[Line] = deque(maxlen=_MOST_LINES)
        self.told = 0
        self._sent: dict[int, Sent] = {}
        self._quiet_until: dict[str, int] = {}

    # --- what is shown ----------------------------------------------------------------------------------------------

    @property
    def buffer_s(self) -> float:
        """Music ahead of what is heard."""
        return max(0, self.position.have - self.position.played) / SAMPLE_RATE

    @property
    def mix(self) -> list[tuple[str, float]]:
        """Every style and its share now, in the rule file's order."""
        shares = self.heard.mix(self.position.played)
        return [(name, shares.get(name, 0.0)) for name in (self.rules.styles if self.rules else ())]

    @property
    def layers(self) -> list[tuple[str, str, Change | None]]:
        """Every layer, its state now, and what is coming."""
        if self.rules is None:
            return []
        played = self.position.played
        states = self.heard.states(played)
        return [
            (layer.name, states.get(layer.name, layer.default), self.heard.coming(layer.name, played))
            for layer in self.rules.layers
        ]

    # --- what happens -----------------------------------------------------------------------------------------------

    def turn(self, dial: Dial) -> None:
        """An input has another value."""
        self.dials[dial.spec.name] = dial

    def reset_dials(self) -> None:
        """Every input as the rules say it begins."""
        self.dials = make_dials(self.rules.inputs if self.rules else (), {})

    def sent(self, seq: int, text: str) -> None:
        """Event `seq` has left. text: what it said, for people, if it is worth a line."""
        self._sent[seq] = Sent(at=self.position.played, text=text)
        while len(self._sent) > _MOST_SENT:
            del self._sent[next(iter(self._sent))]

    def moved(self, position: PlaybackPosition) -> None:
        """The music has moved on."""
        self.position = position
        for change in self.heard.reach(position.played):
            self.say(tell_change(change))

    def say(self, line: Line) -> None:
        """A line of the log."""
        details = tuple(plain(detail) for detail in line.details)
        self.lines.append(replace(line, text=plain(line.text), details=details))
        self.told += 1

    def take(self, event: ClientEvent) -> None:
        """What the session tells."""
        match event:
            case MusicArrived():
                self.heard.music(event)
            case BeatHeard():
                self.beat = event
            case Change():
                self.heard.change(event)
            case Receipt():
                self._receipt(event)
            case Status():
                self._status(event)
            case Rules():
                self._rules(event)
            case StingerArrived(kind="placed"):
                self._note("stinger", f"♪ {event.name}")
            case StingerArrived(kind="dropped" | "cancelled"):
                self._note("stinger", f"♪ {event.name} {event.kind}", event.reason)
            case Underrun():
                self._note("error", "the music ran dry")
            case ConnectionFailed(text=text):
                self._note("error", text)
            case Error() | MessageRefused() | InputRefused() | EventDelayed():
                self._complain(event.code, event.text)
            case Live() | Lost() | Closed():
                self._connection(event)

    def _connection(self, event: Live | Lost | Closed) -> None:
        match event:
            case Live(welcome=welcome, resumed=resumed):
                if self.connection != "live" and self.rules is not None:
                    self._note("status", "the service is back" if resumed else "another service goes on")
                self.connection, self.service = "live", welcome.service
                self.generator = welcome.generator.name
                self.lookahead_s = welcome.lookahead_ms / 1000
                self._declare(welcome.rules)
            case Lost(reason=reason):
                self.connection = "lost"
                self._note("error", "the service is gone, the music goes on from the buffer", reason)
            case Closed(reason=reason, text=text):
                self.connection = "closed"
                self._note("error", f"the session has ended: {reason}", text)

    def _receipt(self, receipt: Receipt) -> None:
        sent = self._sent.pop(receipt.seq, None)
        if not receipt.accepted:
            self._note("error", f"refused: {receipt.text or receipt.code}")
            return
        if sent is None:
            return
        self.reaction_ms = max(0, receipt.frame * FRAME_SIZE - sent.at) * 1000 / SAMPLE_RATE
        if sent.text:
            self.say(tell_event(sent.text, sent.at, self.reaction_ms, receipt))

    def _status(self, status: Status) -> None:
        if (status.rung, status.generator) != (self.rung, self.generator) and (status.reason or status.rung):
            self._note("status", f"{status.generator} plays now", status.reason)
        self.rung, self.generator, self.headroom = status.rung, status.generator, status.headroom

    def _rules(self, rules: Rules) -> None:
        if rules.declaration is None:
            for error in rules.errors:
                self._note("error", error)
            return
        before = set(self.dials)
        self._declare(rules.declaration)
        new = [name for name in self.dials if name not in before]
        self._note("rules", "new rules are playing", f"new inputs: {', '.join(new)}" if new else "")

    def _complain(self, code: str, text: str) -> None:
        """A mistake between client and service; the same kind again only after a while."""
        played = self.position.played
        if played >= self._quiet_until.get(code, 0):
            self._quiet_until[code] = played + _QUIET
            self._note("error", f"{code}: {text}")

    def _declare(self, rules: Declaration) -> None:
        self.rules = rules
        self.dials = make_dials(rules.inputs, self.dials)

    def _note(self, kind: str, text: str, detail: str = "") -> None:
        self.say(Line(kind=kind, at=self.position.played, text=text, details=(detail,) if detail else ()))
