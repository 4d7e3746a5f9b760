"""The terminal of `segue play`: lays the panels out, passes keys on, redraws twenty times a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Footer, RichLog

from segue.cli.playing import drawing
from segue.cli.playing.game import Game
from segue.cli.playing.widgets import DialPanel, Panel, press

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
        Binding("tab", "app.focus_next", "next"),
        Binding("left", "nothing", "less", key_display="←"),
        Binding("right", "nothing", "more", key_display="→"),
        Binding("enter", "nothing", "press"),
    ]

    def __init__(self, game: Game, output: Callable[[], str], ended: Callable[[], str | None] = lambda: None) -> None:
        super().__init__()
        self._game, self._output, self._ended = game, output, ended
        self._board = game.board
        self._written = 0
        self._rows: tuple[str, ...] = ()
        self._service_gone = False

    def compose(self) -> ComposeResult:
        yield Panel(lambda width: drawing.header(self._board, width), id="header")
        with Horizontal(id="middle"):
            yield DialPanel(self._game)
            with VerticalScroll(id="music", can_focus=False) as music:
                music.border_title = "music"
                yield Panel(lambda width: drawing.layers(self._board), id="layers")
                yield Panel(lambda width: drawing.mix(self._board, width), id="mix")
        with Vertical(id="bottom"):
            log = RichLog(id="log", wrap=True, max_lines=1_000)
            log.can_focus = False
            log.border_title = "what happened, and why"
            yield log
        yield Panel(lambda width: drawing.meters(self._board, self._output()), id="meters")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        self.set_interval(_FRAME_S, self._frame)
        self.set_interval(1.0, self._look_after)

    def on_key(self, event: events.Key) -> None:
        """A letter is an input's: sliders are taken in hand, all else is pressed."""
        dial = next((dial for dial in self._board.dials.values() if dial.key == event.character), None)
        if dial is None:
            return
        event.stop()
        press(self._game, dial)
        for row in self.query_one(DialPanel).rows:
            if row.input == dial.spec.name:
                row.focus()

    def action_pause(self) -> None:
        self._game.pause()

    def action_reset(self) -> None:
        self._game.reset()

    def action_nothing(self) -> None:
        """Named in the footer; the row that has the focus does it."""

    async def _frame(self) -> None:
        self._game.tick()
        await self._renew_rows()
        for panel in self.query(Panel):
            panel.refresh(layout=panel.id in ("layers", "mix"))
        for row in self.query_one(DialPanel).rows:
            row.refresh()
        log = self.query_one(RichLog)
        new = min(self._board.told - self._written, len(self._board.lines))
        for line in list(self._board.lines)[len(self._board.lines) - new :]:
            log.write(drawing.log_line(line))
        self._written = self._board.told

    async def _renew_rows(self) -> None:
        """New rules have other inputs: rows for them, the hand staying where it was."""
        names = tuple(self._board.dials)
        if names == self._rows:
            return
        panel = self.query_one(DialPanel)
        held = next((row.input for row in panel.rows if row.has_focus), None)
        self._rows = names
        await panel.recompose()
        for row in panel.rows:
            if row.input == held or (held not in names and row is panel.rows[0]):
                row.focus()

    def _look_after(self) -> None:
        words = None if self._service_gone else self._ended()
        if words is not None:
            self._service_gone = True
            self._game.complain(f"the service ended: {words}")
