"""A session of `segue play` without its terminal: sends what the player does and shows what the service answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from segue.play.course import Course
from segue.play.dashboard import Dashboard, LogLine, event_text
from segue.play.dials import Dial
from segue.play.performance import Performance
from segue_rules.audition import MUTE, muted_layers
from segue_rules.events import Event, ScriptedEvent
from segue_rules.model import Rules
from segue_sdk.client import SegueClient
from segue_sdk.errors import ProtocolError
from segue_sdk.limits import FRAME_SIZE, SAMPLE_RATE
from segue_sdk.messages import InputValue, Receipt
from segue_sdk.messages import Rules as NewRules
from segue_sdk.outbox import QueueFullError

_LEAD: Final = SAMPLE_RATE
"""Events of a script are sent so many samples ahead, so that they take effect in their own frames."""


@dataclass(frozen=True, kw_only=True)
class PlayedFile:
    """A rule file of this machine that the service plays.

    Attributes:
        name: By which the service knows it.
        label: How it is shown.
        read: Reads the rules as they are now; None where they have mistakes.
        doubts: Gives what is doubtful in its styles.
    """

    name: str
    label: str
    read: Callable[[], Rules | None]
    doubts: Callable[[], Sequence[str]] = tuple


class PlaySession:
    """Connects a client with a dashboard.

    Args:
        client: Plays the music.
        script: Events that take effect when the music reaches their time.
        files: The rule file that plays, and others to compare it with; none where a service plays its own.

    Attributes:
        performance: What the player did, with the frames in which it took effect.
    """

    def __init__(
        self, client: SegueClient, script: Sequence[ScriptedEvent] = (), files: Sequence[PlayedFile] = ()
    ) -> None:
        self._files = tuple(files)
        self._file = 0
        self._wanted_file: int | None = None
        self.dashboard = Dashboard(lambda: self._files[self._file].doubts() if self._files else ())
        self.dashboard.file = self._files[0].label if len(self._files) > 1 else ""
        self.performance = Performance()
        first = self._files[0].read() if self._files else None
        self._course = None if first is None else Course(first)
        self._client = client
        self._script = list(script)
        self._values: dict[str, InputValue] = {}
        self._switched: dict[str, bool] = {}
        self._fired: list[str] = []
        self._reset = False
        self._logged = False
        self._errors: deque[str] = deque()

    def turn(self, dial: Dial) -> None:
        """Set an input as the player does."""
        if dial != self.dashboard.dials.get(dial.spec.name):
            self._logged |= not dial.slides
            self._set(dial.spec.name, dial.value)

    def fire(self, name: str) -> None:
        """Fire a trigger as the player does."""
        self._logged = True
        try:
            self._client.fire(name)
            self._fired.append(name)
        except (ProtocolError, QueueFullError) as error:
            self._show(error)

    def pause(self) -> None:
        """Pause the music, or resume it."""
        self.dashboard.paused = not self.dashboard.paused
        if self.dashboard.paused:
            self._client.pause()
        else:
            self._client.resume()

    def reset(self) -> None:
        """Reset inputs and states to their start; the music plays on."""
        try:
            self._client.reset()
        except QueueFullError as error:
            self._show(error)
            return
        self._values, self._fired, self._reset, self._logged = {}, [], True, True
        self.dashboard.modes.clear()
        self._switched.clear()
        if self.dashboard.rules is not None:
            self.dashboard.reset_dials()

    def cycle_layer(self, index: int) -> None:
        """Mute a layer, then play it alone, then as the rules say again. Only a service started here can do so."""
        layers = self.dashboard.layers
        if index >= len(layers) or layers[index].name not in self.dashboard.switches:
            return
        name = layers[index].name
        modes = self.dashboard.modes
        after = {"": "muted", "muted": "solo", "solo": ""}[modes.pop(name, "")]
        if after:
            modes[name] = after
        self._set_switches()

    def _set_switches(self) -> None:
        modes = self.dashboard.modes
        muted = [name for name, mode in modes.items() if mode == "muted"]
        solo = [name for name, mode in modes.items() if mode == "solo"]
        for name, value in muted_layers(self.dashboard.switches, muted, solo).items():
            if value != self._switched.get(name, False):
                self._set(name, value)
                self._switched[name] = value

    def compare(self) -> None:
        """Change to the other rule file at the next bar line; asked again before that, stay."""
        if len(self._files) < 2:
            return
        other = (self._file + 1) % len(self._files)
        self._wanted_file = other if self._wanted_file is None else None
        self.dashboard.next_file = "" if self._wanted_file is None else self._files[other].label

    def _change_file(self) -> None:
        """Ask for the other file when its music will be heard at a bar line."""
        if self._wanted_file is None or not self.dashboard.is_bar_near():
            return
        file = self._files[self._wanted_file]
        self._file, self._wanted_file = self._wanted_file, None
        self.dashboard.file, self.dashboard.next_file = file.label, ""
        self._client.control("rules", rules_name=file.name)

    def show_error(self, text: str) -> None:
        """Show an error from outside the session. Any thread may call this."""
        self._errors.append(text)

    def tick(self) -> None:
        """Run one frame: take in client events, move on with the music, send what changed."""
        for event in self._client.poll():
            self.dashboard.handle(event)
            if isinstance(event, Receipt):
                self._answered(event)
            elif isinstance(event, NewRules) and event.declaration is not None:
                self._follow_edit()
        self.dashboard.move_to(self._client.player.position)
        if self._course is not None:
            self.dashboard.plan = self._course.plan(self.dashboard.position.played // FRAME_SIZE)
        while self._errors:
            self.dashboard.add_line(
                LogLine(kind="error", at=self.dashboard.position.played, text=self._errors.popleft())
            )
        self._end_frame()
        self._play_script()
        self._change_file()

    def _end_frame(self, at: int = 0) -> None:
        """Send what was done as one event.

        Args:
            at: The sample at which it is to take effect; 0 for now.
        """
        seq = self._client.end_frame(at)
        if seq:
            values = {name: value for name, value in self._values.items() if not name.startswith(MUTE)}
            text = event_text(values, tuple(self._fired), reset=self._reset)
            self.dashboard.event_sent(seq, text if self._logged else "", at)
            self.performance.sent(
                Event(sequence=seq, reset=self._reset, set=self._values, fire=tuple(self._fired)),
            )
        self._values, self._fired, self._reset, self._logged = {}, [], False, False

    def _answered(self, receipt: Receipt) -> None:
        taken = self.performance.answered(receipt)
        if taken is not None and self._course is not None:
            self._course.add(taken)

    def _follow_edit(self) -> None:
        if self._course is None:
            return
        rules = self._files[self._file].read()
        if rules is not None:
            self._course.switch(rules)

    def _play_script(self) -> None:
        if self.dashboard.rules is None:
            return
        played = self.dashboard.position.played
        while self._script and self._script[0].frame * FRAME_SIZE <= played + _LEAD:
            scripted = self._script.pop(0)
            event = scripted.event
            self._logged = True
            if event.reset:
                self.reset()
            for name, value in event.set.items():
                self._set(name, value)
            for name in event.fire:
                self.fire(name)
            self._end_frame(scripted.frame * FRAME_SIZE)

    def _set(self, name: str, value: InputValue) -> None:
        try:
            self._client.set(name, value)
        except (ProtocolError, QueueFullError) as error:
            self._show(error)
            return
        self._values[name] = value
        if name in self.dashboard.dials:
            self.dashboard.set_dial(self.dashboard.dials[name].set_to(value))

    def _show(self, error: Exception) -> None:
        self.show_error(str(error))
