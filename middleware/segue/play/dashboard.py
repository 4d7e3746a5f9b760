"""All that `segue play` shows, as plain values made of client events and positions; no terminal, socket or clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from segue.play.audible import AudibleState
from segue.play.dials import Dial, make_dials
from segue_rules.audition import MUTE
from segue_rules.controls import CONTROLS, GAIN, INTENSITY, METER, TEMPO, NumberControl
from segue_rules.plan import FramePlan
from segue_rules.timeline import control, switch
from segue_rules.times import clock_text
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
from segue_sdk.messages import Change, Declaration, Error, InputValue, Receipt, Rules, Status
from segue_sdk.playback import PlaybackPosition

_MOST_LINES: Final = 500
_MOST_SENT: Final = 1_024
# Assumed before the first event is answered.
_REACTION_MS: Final = 250.0
# A bar line is near within this: a frame of the screen.
_NEAR: Final = SAMPLE_RATE // 20
# Controls that are shown at their default, too.
_ALWAYS: Final = (METER.name, GAIN.name)
# Samples within which an error of one kind is shown once.
_QUIET: Final = 5 * SAMPLE_RATE


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """A line of the log.

    Attributes:
        kind: change, event, stinger, rules, status, warning or error.
        at: The sample position that it belongs to.
        details: Lines below it.
    """

    kind: str
    at: int
    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class UnansweredEvent:
    """An event that is not answered yet.

    Attributes:
        at: The sample that was heard when it was sent, or that it is meant for.
        text: What it sets and fires; "" if the log has no line for it.
        ahead: Whether it was sent before the sample that it is meant for.
    """

    at: int
    text: str
    ahead: bool


class ShownLayer(NamedTuple):
    """A layer.

    Attributes:
        mode: "muted", "solo" or "".
        coming: Its next change.
    """

    name: str
    state: str
    mode: str
    coming: Change | None


class Dashboard:
    """What is shown. `lines` holds the newest 500 of `num_lines` lines in all.

    Args:
        doubts: Gives what is doubtful in the styles of the rules that play.

    Attributes:
        switches: The layers that the player can mute.
        modes: Those that are muted or solo.
        file, next_file: Where files are compared, the one that plays, and the one that plays from the next bar on.
        read_only: Whether a game's session is shown, which nothing that is done here changes.
    """

    def __init__(self, doubts: Callable[[], Sequence[str]] = tuple) -> None:
        self._doubts = doubts
        self.rules: Declaration | None = None
        self.dials: dict[str, Dial] = {}
        self.switches: tuple[str, ...] = ()
        self.modes: dict[str, str] = {}
        self.file = self.next_file = ""
        self.audible = AudibleState()
        self.position = PlaybackPosition()
        self.beat: BeatHeard | None = None
        self.plan: FramePlan | None = None
        self.connection = "waiting for the service"
        self.seed = 0
        self.service = ""
        self.generator, self.level, self.headroom = "", 0, 0.0
        self.lookahead_s = 0.0
        self.paused = False
        self.read_only = False
        self.reaction_ms: float | None = None
        self.lines: deque[LogLine] = deque(maxlen=_MOST_LINES)
        self.num_lines = 0
        self._sent: dict[int, UnansweredEvent] = {}
        self._quiet_until: dict[str, int] = {}

    # --- what is shown ----------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """The title of the rules that play; "" before the service has told it."""
        return plain(self.rules.title) if self.rules is not None else ""

    @property
    def buffer_s(self) -> float:
        """Seconds of music that are buffered ahead of what is heard."""
        return max(0, self.position.have - self.position.played) / SAMPLE_RATE

    @property
    def mix(self) -> list[tuple[str, float]]:
        """Every style and its present share, in the order of the rule file."""
        shares = self.audible.mix(self.position.played)
        return [(name, shares.get(name, 0.0)) for name in (self.rules.styles if self.rules else ())]

    @property
    def layers(self) -> list[ShownLayer]:
        """Every layer with its present state and its next change."""
        if self.rules is None:
            return []
        played = self.position.played
        states = self.audible.states(played)
        return [
            ShownLayer(
                layer.name,
                states.get(layer.name, layer.default),
                self.modes.get(layer.name, ""),
                self.audible.next_change(layer.name, played),
            )
            for layer in self.rules.layers
        ]

    def is_bar_near(self) -> bool:
        """Whether what is asked for now is heard at about the next bar line."""
        beat = self.beat
        if beat is None:
            return False
        bar = beat.at + (beat.meter - beat.beat) * 60 / beat.tempo_bpm * SAMPLE_RATE
        takes = (_REACTION_MS if self.reaction_ms is None else self.reaction_ms) / 1000 * SAMPLE_RATE
        return abs(bar - self.position.played - takes) <= _NEAR

    @property
    def intensity(self) -> float | None:
        """The intensity that the rules decide; None if that is not known here."""
        return None if self.plan is None else control(self.plan.controls, INTENSITY.name)

    @property
    def controls(self) -> list[tuple[str, str]]:
        """The other controls in words: meter, key, drums and gain, and those that are not at their default.

        The tempo is beside the beats.
        """
        if self.plan is None:
            return []
        found = []
        for each in CONTROLS:
            if each in (TEMPO, INTENSITY):
                continue
            if each is METER or not isinstance(each, NumberControl):
                found.append((each.name, switch(self.plan.controls, each.name)))
                continue
            value = control(self.plan.controls, each.name)
            if each.name in _ALWAYS or value != each.default:
                found.append((each.name, f"{round(value, 2):g}{each.unit}"))
        return found

    # --- what happens -----------------------------------------------------------------------------------------------

    def follow(self, rules: Declaration, *, generator: str, seed: int, lookahead_s: float) -> None:
        """Show a session that plays in a game."""
        self.connection, self.read_only = "follows a game", True
        self.generator, self.seed, self.lookahead_s = generator, seed, lookahead_s
        self._declare(rules)
        self._note_doubts()

    def generator_changed(self, generator: str, level: int) -> None:
        """Show what generates now."""
        self.generator, self.level = generator, level
        self._note("status", f"the generator {generator} plays now")

    def set_dial(self, dial: Dial) -> None:
        """Show another value of an input."""
        self.dials[dial.spec.name] = dial

    def reset_dials(self) -> None:
        """Set every input to its default."""
        self.dials = make_dials(self.rules.inputs if self.rules else (), {})

    def event_sent(self, seq: int, text: str, at: int = 0) -> None:
        """Note that event `seq` was sent.

        Args:
            text: What it resets, sets and fires, if it gets a line in the log; else "".
            at: The sample that it is meant for; 0 for the one that is heard.
        """
        self._sent[seq] = UnansweredEvent(at=max(at, self.position.played), text=text, ahead=at > self.position.played)
        while len(self._sent) > _MOST_SENT:
            del self._sent[next(iter(self._sent))]

    def move_to(self, position: PlaybackPosition) -> None:
        """Move on to a position of the music."""
        self.position = position
        for change in self.audible.move_to(position.played):
            self.add_line(change_line(change))

    def add_line(self, line: LogLine) -> None:
        """Append a line to the log."""
        details = tuple(plain(detail) for detail in line.details)
        self.lines.append(replace(line, text=plain(line.text), details=details))
        self.num_lines += 1

    def handle(self, event: ClientEvent) -> None:
        """Take in an event of the client."""
        match event:
            case MusicArrived():
                self.audible.add_music(event)
            case BeatHeard():
                self.beat = event
            case Change(layer=layer) if layer.startswith(MUTE):
                pass
            case Change():
                self.audible.add_change(event)
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
                self._note("error", "the buffer ran empty")
            case ConnectionFailed(text=text):
                self._note("error", text)
            case Error() | MessageRefused() | InputRefused() | EventDelayed():
                self._add_repeated_error(event.code, event.text)
            case Live() | Lost() | Closed():
                self._connection(event)

    def _connection(self, event: Live | Lost | Closed) -> None:
        match event:
            case Live(welcome=welcome, resumed=resumed):
                if self.connection != "live" and self.rules is not None:
                    self._note("status", "the service is back" if resumed else "another service continues the session")
                self.connection, self.service = "live", welcome.service
                self.generator, self.seed = welcome.generator.name, welcome.seed
                self.lookahead_s = welcome.lookahead_ms / 1000
                first = self.rules is None
                self._declare(welcome.rules)
                if first:
                    self._note_doubts()
            case Lost(reason=reason):
                self.connection = "lost"
                self._note("error", "the connection is lost; the buffered music plays on", reason)
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
        waited_ms = max(0, receipt.frame * FRAME_SIZE - sent.at) * 1000 / SAMPLE_RATE
        if not sent.ahead:
            self.reaction_ms = waited_ms
        if sent.text:
            self.add_line(event_line(sent.text, sent.at, waited_ms, receipt))

    def _status(self, status: Status) -> None:
        if (status.level, status.generator) != (self.level, self.generator) and (status.reason or status.level):
            self._note("status", f"the generator {status.generator} plays now", status.reason)
        self.level, self.generator, self.headroom = status.level, status.generator, status.headroom

    def _rules(self, rules: Rules) -> None:
        if rules.declaration is None:
            for error in rules.errors:
                self._note("error", error)
            return
        before = set(self.dials)
        self._declare(rules.declaration)
        new = [name for name in self.dials if name not in before]
        which = f"new rules are playing: {self.file}" if self.file else "new rules are playing"
        self._note("rules", which, f"new inputs: {', '.join(new)}" if new else "")
        self._note_doubts()

    def _note_doubts(self) -> None:
        for text in self._doubts():
            self._note("warning", f"warning: {text}")

    def _add_repeated_error(self, code: str, text: str) -> None:
        """An error between client and service; one of the same kind is shown again only after a while."""
        played = self.position.played
        if played >= self._quiet_until.get(code, 0):
            self._quiet_until[code] = played + _QUIET
            self._note("error", f"{code}: {text}")

    def _declare(self, rules: Declaration) -> None:
        """Take over what rules declare; the switches that mute layers are none of their own."""
        own = tuple(layer for layer in rules.layers if not layer.name.startswith(MUTE))
        inputs = tuple(each for each in rules.inputs if not each.name.startswith(MUTE))
        declared = {each.name for each in rules.inputs}
        self.switches = tuple(layer.name for layer in own if f"{MUTE}{layer.name}" in declared)
        self.rules = replace(rules, inputs=inputs, layers=own)
        self.dials = make_dials(inputs, self.dials)

    def _note(self, kind: str, text: str, detail: str = "") -> None:
        self.add_line(LogLine(kind=kind, at=self.position.played, text=text, details=(detail,) if detail else ()))


def change_line(change: Change) -> LogLine:
    """The line of a change that is heard now, with its causes and why other states did not win."""
    when = "" if change.at == "immediate" else f" at {change.at}"
    because = "; ".join(cause.text for cause in change.causes)
    others = "; ".join(f"{candidate.state}: {candidate.reason}" for candidate in change.candidates)
    details = [text for text, given in ((f"because {because}", because), (f"not {others}", others)) if given]
    text = f"{change.layer}: {change.from_state} → {change.to_state}{when}"
    return LogLine(kind="change", at=change.audible, text=text, details=tuple(details))


def event_line(text: str, at: int, reaction_ms: float, receipt: Receipt) -> LogLine:
    """The line of an event that took effect."""
    clamped = f" ({receipt.text})" if receipt.text else ""
    return LogLine(kind="event", at=at, text=f"{text}, heard after {reaction_ms:.0f} ms{clamped}")


def event_text(values: Mapping[str, InputValue], fired: tuple[str, ...], *, reset: bool = False) -> str:
    """What an event sets and fires, in words.

    Args:
        reset: Whether it resets first.
    """
    parts = [*(["reset"] if reset else []), *(f"{name} {_shown(value)}" for name, value in values.items())]
    return ", ".join([*parts, *(f"{name}!" for name in fired)])


def plain(text: str) -> str:
    """Text of a service without the characters that control a terminal."""
    return "".join(character for character in text if character.isprintable())


def played_text(position: int) -> str:
    """A sample position as minutes, seconds and the tenth that has begun."""
    return clock_text(position * 10 // SAMPLE_RATE / 10, 1)


def _shown(value: InputValue) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return value if isinstance(value, str) else f"{value:.4g}"
