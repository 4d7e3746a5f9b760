"""The Textual app of `segue play`: lays out the panels, handles keys, redraws twenty times a second."""

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
from segue.play.widgets import DialPanel, Panel, ShownSession, press

_FRAME_S: Final = 1 / 20


class PlayApp(App[None]):
    """The app.

    Args:
        session: Sends what the player does.
        output: Names where the sound goes.
        ended: Gives the last output of a service that died; None while it runs.
    """

    TITLE = "segue play"
    CSS_PATH = "play.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "quit", "quit", priority=True),
        Binding("space", "pause", "pause"),
        Binding("ctrl+r", "reset", "reset"),
        Binding("ctrl+b", "compare", "A/B"),
        *(Binding(f"f{i + 1}", f"cycle_layer({i})", "mute") for i in range(drawing.FUNCTION_KEYS)),
    ]

    def __init__(
        self, session: ShownSession, output: Callable[[], str], ended: Callable[[], str | None] = lambda: None
    ) -> None:
        super().__init__()
        self._session, self._output, self._ended = session, output, ended
        self._dashboard = session.dashboard
        self._written = 0
        self._rows: tuple[str, ...] = ()
        self._service_gone = False
        self._inputs = DialPanel(session)
        self._log_view = RichLog(id="log", wrap=True, min_width=0, max_lines=1_000)
        self._log_view.can_focus = False
        self._log_view.border_title = "what happened, and why"
        self._panels = (
            Panel(lambda width: drawing.header(self._dashboard, width), id="header"),
            Panel(lambda width: drawing.layers(self._dashboard), id="layers"),
            Panel(lambda width: drawing.mix(self._dashboard, width), id="mix"),
            Panel(lambda width: drawing.controls(self._dashboard, width), id="controls"),
            Panel(lambda width: drawing.meters(self._dashboard, self._output()), id="meters"),
            Panel(lambda width: drawing.keys(self._dashboard), id="keys"),
        )

    def compose(self) -> ComposeResult:
        header, layers, mix, controls, meters, keys = self._panels
        yield header
        with Horizontal(id="middle"):
            yield self._inputs
            with VerticalScroll(id="music", can_focus=False) as music:
                music.border_title = "music"
                yield layers
                yield mix
                yield controls
        with Vertical(id="bottom"):
            yield self._log_view
        yield meters
        yield keys

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP"):
            # Windows has neither signal.
            with contextlib.suppress(AttributeError, NotImplementedError):
                loop.add_signal_handler(getattr(signal, name), self.exit)
        self.set_interval(_FRAME_S, self._frame)
        self.set_interval(1.0, self._check_service)

    def on_key(self, event: events.Key) -> None:
        """A letter belongs to an input: it focuses a slider, and presses everything else."""
        dial = next((dial for dial in self._dashboard.dials.values() if dial.key == event.key), None)
        if dial is None:
            return
        event.stop()
        press(self._session, dial)
        for row in self._inputs.rows:
            if row.input == dial.spec.name:
                row.focus()

    def action_pause(self) -> None:
        self._session.pause()

    def action_reset(self) -> None:
        self._session.reset()

    def action_compare(self) -> None:
        self._session.compare()

    def action_cycle_layer(self, index: int) -> None:
        self._session.cycle_layer(index)

    async def _frame(self) -> None:
        self._session.tick()
        await self._renew_rows()
        for panel in (*self._panels, *self._inputs.rows):
            panel.renew()
        new = min(self._dashboard.num_lines - self._written, len(self._dashboard.lines))
        for line in list(self._dashboard.lines)[len(self._dashboard.lines) - new :]:
            self._log_view.write(drawing.log_line(line), expand=True)
        self._written = self._dashboard.num_lines

    async def _renew_rows(self) -> None:
        """Show the inputs of new rules; the focus stays on its input if that is still there."""
        names = tuple(self._dashboard.dials)
        if names == self._rows:
            return
        focused = next((row.input for row in self._inputs.rows if row.has_focus), None)
        self._rows = names
        await self._inputs.recompose()
        for row in self._inputs.rows:
            if row.input == (focused if focused in names else names[0]):
                row.focus()

    def _check_service(self) -> None:
        text = None if self._service_gone else self._ended()
        if text is not None:
            self._service_gone = True
            self._session.show_error(f"the service ended: {text}")
