"""A session at play, without a terminal: what the player of `segue play` does goes out, what happens comes in."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from segue.play.board import Board
from segue.play.dials import Dial
from segue.play.telling import Line, tell_said
from segue_rules.events import ScriptedEvent
from segue_sdk.client import SegueClient
from segue_sdk.errors import ProtocolError
from segue_sdk.limits import SAMPLE_RATE
from segue_sdk.messages import Control, InputValue
from segue_sdk.outbox import QueueFullError


class Game:
    """Joins a client and a board. script: events at positions of the music, fired when it gets there."""

    def __init__(self, client: SegueClient, script: Sequence[ScriptedEvent] = ()) -> None:
        self.board = Board()
        self._client = client
        self._script = list(script)
        self._values: dict[str, InputValue] = {}
        self._fired: list[str] = []
        self._worth_a_line = False
        self._complaints: deque[str] = deque()

    def turn(self, dial: Dial) -> None:
        """The player moves, switches or cycles an input."""
        if dial != self.board.dials.get(dial.spec.name):
            self._worth_a_line |= not dial.slides
            self._set(dial.spec.name, dial.value)

    def fire(self, name: str) -> None:
        """The player fires a trigger."""
        self._worth_a_line = True
        try:
            self._client.fire(name)
            self._fired.append(name)
        except (ProtocolError, QueueFullError) as error:
            self._complain(error)

    def pause(self) -> None:
        """Stop the music's time, or let it go on."""
        self.board.paused = not self.board.paused
        if self.board.paused:
            self._client.pause()
        else:
            self._client.resume()

    def reset(self) -> None:
        """Inputs and states as at the start; the music goes on."""
        if self._client.control(Control(op="reset")) and self.board.rules is not None:
            self.board.reset_dials()

    def complain(self, text: str) -> None:
        """Something outside the session that the player should know; from any thread."""
        self._complaints.append(text)

    def tick(self) -> None:
        """One frame of the game: take what happened, move on, send what was said."""
        for event in self._client.poll():
            self.board.take(event)
        self.board.moved(self._client.player.position)
        while self._complaints:
            self.board.say(Line(kind="error", at=self.board.position.played, text=self._complaints.popleft()))
        self._play_script()
        seq = self._client.end_frame()
        if seq:
            self.board.sent(seq, tell_said(self._values, tuple(self._fired)) if self._worth_a_line else "")
        self._values, self._fired, self._worth_a_line = {}, [], False

    def _play_script(self) -> None:
        if self.board.rules is None:
            return
        while self._script and self._script[0].at_s * SAMPLE_RATE <= self.board.position.played:
            event = self._script.pop(0).event
            self._worth_a_line = True
            for name, value in event.set.items():
                self._set(name, value)
            for name in event.fire:
                self.fire(name)

    def _set(self, name: str, value: InputValue) -> None:
        try:
            self._client.set(name, value)
        except (ProtocolError, QueueFullError) as error:
            self._complain(error)
            return
        self._values[name] = value
        if name in self.board.dials:
            self.board.turn(self.board.dials[name].set_to(value))

    def _complain(self, error: Exception) -> None:
        self.complain(str(error))
