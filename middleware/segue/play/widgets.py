"""Textual's widgets for the dashboard: each draws one panel; the line of an input takes keys and the mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Protocol

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from segue.play import drawing
from segue.play.dashboard import Dashboard
from segue.play.dials import Dial

_FINE = 0.2


class ShownSession(Protocol):
    """What the screen shows, and what it asks of a session."""

    dashboard: Dashboard

    def turn(self, dial: Dial) -> None: ...

    def fire(self, name: str) -> None: ...

    def pause(self) -> None: ...

    def reset(self) -> None: ...

    def cycle_layer(self, index: int) -> None: ...

    def compare(self) -> None: ...

    def show_error(self, text: str) -> None: ...

    def tick(self) -> None: ...


class Panel(Widget):
    """Text that is drawn only when it has changed: most of the screen stays the same most of the time."""

    def __init__(self, draw: Callable[[int], Text], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._draw = draw
        self._shown = Text()

    def renew(self) -> None:
        """Draw again if the text has changed."""
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
    """An input: arrow keys move it, Enter presses it, a click does either."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "nudge(-1)", "less", show=False),
        Binding("right", "nudge(1)", "more", show=False),
        Binding("shift+left", "fine(-1)", "a little less", show=False),
        Binding("shift+right", "fine(1)", "a little more", show=False),
        Binding("up", "app.focus_previous", "previous", show=False),
        Binding("down", "app.focus_next", "next", show=False),
        Binding("enter", "press", "press", show=False),
    ]

    def __init__(self, session: ShownSession, name: str) -> None:
        super().__init__(self._draw_dial)
        self._session, self.input = session, name

    @property
    def _dial(self) -> Dial | None:
        # A reload may have taken the input away before its row goes.
        return self._session.dashboard.dials.get(self.input)

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
            press(self._session, dial)

    def on_click(self, event: events.Click) -> None:
        dial = self._dial
        if dial is None:
            return
        if dial.slides:
            width = drawing.slider_width(self.size.width)
            self._session.turn(dial.at((event.x - drawing.slider_start()) / (width - 1)))
        else:
            self.action_press()

    def _move(self, steps: float) -> None:
        dial = self._dial
        if dial is None:
            return
        if dial.slides:
            self._session.turn(dial.nudged(steps))
        elif steps >= 1 or steps <= -1:
            press(self._session, dial)


class DialPanel(VerticalScroll, can_focus=False):
    """A row for every input the rules declare."""

    def __init__(self, session: ShownSession) -> None:
        super().__init__(id="inputs")
        self._session = session
        self.border_title = "game"

    def compose(self) -> ComposeResult:
        for name in self._session.dashboard.dials:
            yield DialRow(self._session, name)

    @property
    def rows(self) -> list[DialRow]:
        return list(self.query(DialRow))


def _lines(text: Text) -> int:
    return text.plain.rstrip("\n").count("\n") + 1


def press(session: ShownSession, dial: Dial) -> None:
    """Fire a trigger, switch a flag, or move a choice to its next name."""
    if dial.fires:
        session.fire(dial.spec.name)
    elif not dial.slides:
        session.turn(dial.pressed())
