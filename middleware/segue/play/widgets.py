"""Textual's widgets for the board: each draws one panel, and an input's line takes keys and the mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from segue.play import drawing
from segue.play.dials import Dial
from segue.play.game import Game

_FINE = 0.2


class Panel(Widget):
    """Text that is drawn only when it has changed: most of the board stands still most of the time."""

    def __init__(self, draw: Callable[[int], Text], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._draw = draw
        self._shown = Text()

    def renew(self) -> None:
        """Look whether there is something new to show."""
        new = self._draw(self.size.width)
        if new != self._shown:
            taller = _lines(new) != _lines(self._shown)
            self._shown = new
            self.refresh(layout=taller)

    def render(self) -> Text:
        return self._shown

    def on_resize(self) -> None:
        self.renew()

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return _lines(self._shown)


class DialRow(Panel, can_focus=True):
    """An input: arrow keys move it, enter presses it, a click does either."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "nudge(-1)", "less", show=False),
        Binding("right", "nudge(1)", "more", show=False),
        Binding("shift+left", "fine(-1)", "a little less", show=False),
        Binding("shift+right", "fine(1)", "a little more", show=False),
        Binding("up", "app.focus_previous", "previous", show=False),
        Binding("down", "app.focus_next", "next", show=False),
        Binding("enter", "press", "press", show=False),
    ]

    def __init__(self, game: Game, name: str) -> None:
        super().__init__(self._draw_dial)
        self._game, self.input = game, name

    @property
    def _dial(self) -> Dial | None:
        # A reload may have taken the input away before its row goes.
        return self._game.board.dials.get(self.input)

    def _draw_dial(self, width: int) -> Text:
        dial = self._dial
        return Text() if dial is None else drawing.dial(dial, width, focused=self.has_focus)

    def action_nudge(self, steps: int) -> None:
        self._move(float(steps))

    def action_fine(self, steps: int) -> None:
        self._move(steps * _FINE)

    def action_press(self) -> None:
        dial = self._dial
        if dial is not None:
            press(self._game, dial)

    def on_click(self, event: events.Click) -> None:
        dial = self._dial
        if dial is None:
            return
        if dial.slides:
            width = drawing.slider_width(self.size.width)
            self._game.turn(dial.at((event.x - drawing.slider_start()) / (width - 1)))
        else:
            self.action_press()

    def _move(self, steps: float) -> None:
        dial = self._dial
        if dial is None:
            return
        if dial.slides:
            self._game.turn(dial.nudged(steps))
        elif steps >= 1 or steps <= -1:
            press(self._game, dial)


class DialPanel(VerticalScroll, can_focus=False):
    """A row for every input the rules declare."""

    def __init__(self, game: Game) -> None:
        super().__init__(id="inputs")
        self._game = game
        self.border_title = "game"

    def compose(self) -> ComposeResult:
        for name in self._game.board.dials:
            yield DialRow(self._game, name)

    @property
    def rows(self) -> list[DialRow]:
        return list(self.query(DialRow))


def _lines(text: Text) -> int:
    return text.plain.rstrip("\n").count("\n") + 1


def press(game: Game, dial: Dial) -> None:
    """A trigger is fired, a flag switched, a choice moved on."""
    if dial.fires:
        game.fire(dial.spec.name)
    elif not dial.slides:
        game.turn(dial.pressed())
