"""A session of `segue play` without its terminal: sends what the player does and shows what the service answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from segue.play.dashboard import Dashboard, LogLine, event_text
from segue.play.dials import Dial
from segue_rules.events import ScriptedEvent
from segue_sdk.client import SegueClient
from segue_sdk.errors import ProtocolError
from segue_sdk.limits import SAMPLE_RATE
from segue_sdk.messages import InputValue
from segue_sdk.outbox import QueueFullError


class PlaySession:
    """Connects a client with a dashboard.

    Args:
        client: Plays the music.
        script: Events that are sent when the music reaches their time.
        doubts: Gives what is doubtful in the styles of the rules that play.
    """

    def __init__(
        self,
        client: SegueClient,
        script: Sequence[ScriptedEvent] = (),
        doubts: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self.dashboard = Dashboard(doubts)
        self._client = client
        self._script = list(script)
        self._values: dict[str, InputValue] = {}
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
        if self.dashboard.rules is not None:
            self.dashboard.reset_dials()

    def show_error(self, text: str) -> None:
        """Show an error from outside the session. Any thread may call this."""
        self._errors.append(text)

    def tick(self) -> None:
        """Run one frame: take in client events, move on with the music, send what changed."""
        for event in self._client.poll():
            self.dashboard.handle(event)
        self.dashboard.move_to(self._client.player.position)
        while self._errors:
            self.dashboard.add_line(
                LogLine(kind="error", at=self.dashboard.position.played, text=self._errors.popleft())
            )
        self._play_script()
        seq = self._client.end_frame()
        if seq:
            text = event_text(self._values, tuple(self._fired), reset=self._reset)
            self.dashboard.event_sent(seq, text if self._logged else "")
        self._values, self._fired, self._reset, self._logged = {}, [], False, False

    def _play_script(self) -> None:
        if self.dashboard.rules is None:
            return
        while self._script and self._script[0].at_s * SAMPLE_RATE <= self.dashboard.position.played:
            event = self._script.pop(0).event
            self._logged = True
            if event.reset:
                self.reset()
            for name, value in event.set.items():
                self._set(name, value)
            for name in event.fire:
                self.fire(name)

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
