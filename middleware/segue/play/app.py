"""The terminal of `segue play`: lays the panels out, passes keys on, redraws twenty times a second."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from typing import ClassVar, Final

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import RichLog

from segue.play import drawing
from segue.play.game import Game
from segue.play.widgets import DialPanel, Panel, press

_FRAME_S: Final = 1 / 20


class PlayApp(App[None]):
    """output: name of where the sound goes. ended: the words of a service that died, asked once in a while."""

    TITLE = "segue play"
    CSS_PATH = "play.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "quit", "quit", priority=True),
        Binding("space", "pause", "pause"),
        Binding("ctrl+r", "reset", "reset"),
    ]

    def __init__(self, game: Game, output: Callable[[], str], ended: Callable[[], str | None] = lambda: None) -> None:
        super().__init__()
        self._game, self._output, self._ended = game, output, ended
        self._board = game.board
        self._written = 0
        self._rows: tuple[str, ...] = ()
        self._service_gone = False
        self._inputs = DialPanel(game)
        self._story = RichLog(id="log", wrap=True, min_width=0, max_lines=1_000)
        self._story.can_focus = False
        self._story.border_title = "what happened, and why"
        self._panels = (
            Panel(lambda width: drawing.header(self._board, width), id="header"),
            Panel(lambda width: drawing.layers(self._board), id="layers"),
            Panel(lambda width: drawing.mix(self._board, width), id="mix"),
            Panel(lambda width: drawing.meters(self._board, self._output()), id="meters"),
            Panel(lambda width: drawing.keys(), id="keys"),
        )

    def compose(self) -> ComposeResult:
        header, layers, mix, meters, keys = self._panels
        yield header
        with Horizontal(id="middle"):
            yield self._inputs
            with VerticalScroll(id="music", can_focus=False) as music:
                music.border_title = "music"
                yield layers
                yield mix
        with Vertical(id="bottom"):
            yield self._story
        yield meters
        yield keys

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            # Windows has neither, and closes a console in another way.
            with contextlib.suppress(AttributeError, NotImplementedError):
                loop.add_signal_handler(getattr(signal, name), self.exit)
        self.set_interval(_FRAME_S, self._frame)
        self.set_interval(1.0, self._look_after)

    def on_key(self, event: events.Key) -> None:
        """A letter is an input's: sliders are taken in hand, all else is pressed."""
        dial = next((dial for dial in self._board.dials.values() if dial.key == event.key), None)
        if dial is None:
            return
        event.stop()
        press(self._game, dial)
        for row in self._inputs.rows:
            if row.input == dial.spec.name:
                row.focus()

    def action_pause(self) -> None:
        self._game.pause()

    def action_reset(self) -> None:
        self._game.reset()

    async def _frame(self) -> None:
        self._game.tick()
        await self._renew_rows()
        for panel in (*self._panels, *self._inputs.rows):
            panel.renew()
        new = min(self._board.told - self._written, len(self._board.lines))
        for line in list(self._board.lines)[len(self._board.lines) - new :]:
            self._story.write(drawing.log_line(line), expand=True)
        self._written = self._board.told

    async def _renew_rows(self) -> None:
        """New rules have other inputs: rows for them, the hand staying where it was."""
        names = tuple(self._board.dials)
        if names == self._rows:
            return
        held = next((row.input for row in self._inputs.rows if row.has_focus), None)
        self._rows = names
        await self._inputs.recompose()
        for row in self._inputs.rows:
            if row.input == (held if held in names else names[0]):
                row.focus()

    def _look_after(self) -> None:
        words = None if self._service_gone else self._ended()
        if words is not None:
            self._service_gone = True
            self._game.complain(f"the service ended: {words}")
