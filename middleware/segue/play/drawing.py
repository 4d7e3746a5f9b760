"""The dashboard as text: every panel is a pure function of the dashboard and the width."""

from __future__ import annotations

from typing import Final

from rich.table import Table
from rich.text import Text

from segue.play.dashboard import Dashboard, LogLine, plain, played_text
from segue.play.dials import Dial
from segue_sdk.limits import SAMPLE_RATE
from segue_sdk.messages import Change

# Twelve hues that differ clearly on dark and light terminals; styles take them in the order of the rule file.
_HUES: Final = (
    "#e0af68", "#7aa2f7", "#9ece6a", "#f7768e", "#bb9af7", "#2ac3de",
    "#ff9e64", "#73daca", "#c0caf5", "#db4b4b", "#b4f9f8", "#e879c9",
)  # fmt: skip
_BLOCKS: Final = " ▏▎▍▌▋▊▉█"
_FAINT: Final = "#565f89"
_PLAIN: Final = "#a9b1d6"
_GOOD: Final = "#9ece6a"
_WARN: Final = "#e0af68"
_BAD: Final = "#f7768e"
_NAME_WIDTH: Final = 16
FUNCTION_KEYS: Final = 12
"""Layers that a function key mutes."""
_KEYS: Final = (
    ("letter", "press"),
    ("← →", "move"),
    ("shift", "finely"),
    ("↑ ↓", "next"),
    ("space", "pause"),
    ("^r", "reset"),
    ("^c", "quit"),
)
_LINE_HUES: Final = {
    "change": "#7aa2f7",
    "event": _FAINT,
    "stinger": "#bb9af7",
    "rules": _GOOD,
    "status": _WARN,
    "warning": _WARN,
    "error": _BAD,
}


def header(dashboard: Dashboard, width: int) -> Text:
    """Title and connection; beat, bar and tempo; generator."""
    title = plain(dashboard.rules.title) if dashboard.rules else "…"
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f" {title} ", style="bold reverse")
    hue = (
        _GOOD
        if dashboard.connection in ("live", "follows a game")
        else _BAD
        if dashboard.connection in ("lost", "closed")
        else _WARN
    )
    text.append("  ●", style=hue)
    text.append(f" {'paused' if dashboard.paused else dashboard.connection}", style=_PLAIN)
    if dashboard.file:
        text.append(f"   {plain(dashboard.file)}", style="bold")
        if dashboard.next_file:
            text.append(f" → {plain(dashboard.next_file)}", style=_WARN)
    text.append_text(_beats(dashboard))
    played = Text(f"{played_text(dashboard.position.played)[:-2]} ", style=_FAINT)
    text.append(" " * max(2, width - text.cell_len - played.cell_len))
    text.append_text(played)
    return text


def _beats(dashboard: Dashboard) -> Text:
    """Tempo, the beats of the bar with the present one lit, and the bar."""
    text, beat = Text("   "), dashboard.beat
    if beat is None:
        return text
    text.append(f"{beat.tempo_bpm:.0f} bpm  ", style="bold" if beat.exact else _FAINT)
    heads = [sum(beat.groups[:i]) for i in range(1, len(beat.groups))]
    for index in range(beat.meter):
        text.append(" " if index in heads else "")
        lit = index == beat.beat
        text.append("● " if lit else "○ ", style=(_WARN if index == 0 else _GOOD) if lit else _FAINT)
    text.append(f" bar {beat.bar + 1}", style=_PLAIN)
    return text.append("" if beat.exact else " (nominal)", style=_FAINT)


def meters(dashboard: Dashboard, output: str) -> Text:
    """Buffer, reaction time, generator with its fallback level, underruns, and where the sound goes."""
    text = Text(no_wrap=True, overflow="ellipsis")
    wanted = dashboard.lookahead_s or 1.0
    full = dashboard.buffer_s / wanted
    text.append(" buffer ", style=_FAINT)
    text.append_text(bar(min(1.0, full), 8, _GOOD if full > 0.5 else _WARN if full > 0.15 else _BAD))
    text.append(f" {dashboard.buffer_s:.1f} s", style=_PLAIN)
    text.append("   reaction ", style=_FAINT)
    text.append("–" if dashboard.reaction_ms is None else f"{dashboard.reaction_ms:.0f} ms", style="bold")
    text.append("   plays ", style=_FAINT)
    text.append(plain(dashboard.generator) or "–", style=_WARN if dashboard.level else _PLAIN)
    if dashboard.level:
        text.append(f" (fallback level {dashboard.level})", style=_WARN)
    if dashboard.headroom:
        text.append(f" {dashboard.headroom:.0f}×", style=_FAINT)
    underruns = dashboard.position.underruns
    text.append("   underruns ", style=_FAINT)
    text.append(f"{underruns}", style=_BAD if underruns else _PLAIN)
    text.append("   to ", style=_FAINT)
    return text.append(output, style=_PLAIN)


def mix(dashboard: Dashboard, width: int) -> Text:
    """A bar for every style."""
    text = Text()
    room = max(8, width - _NAME_WIDTH - 7)
    for index, (name, share) in enumerate(dashboard.mix):
        hue = _HUES[index % len(_HUES)]
        text.append(_named(name), style=_PLAIN if share > 1e-3 else _FAINT)
        text.append_text(bar(share, room, hue))
        text.append(f" {share:4.0%}\n" if share > 1e-3 else "\n", style=_PLAIN)
    return text


def controls(dashboard: Dashboard, width: int) -> Text:
    """What the rules decide beside the mix: intensity, key, meter, drums, gain."""
    text, intensity = Text(), dashboard.intensity
    if intensity is None:
        return text
    text.append(_named("intensity"), style=_FAINT)
    text.append_text(bar(intensity, max(8, width - _NAME_WIDTH - 7), _PLAIN))
    text.append(f" {intensity:4.2f}\n", style=_PLAIN)
    line = 0
    for name, value in dashboard.controls:
        length = len(name) + len(value) + 4
        if line and line + length > width:
            text.append("\n")
            line = 0
        text.append(f"{name} ", style=_FAINT).append(f"{plain(value)}   ", style="bold")
        line += length
    return text


def layers(dashboard: Dashboard) -> Text:
    """Every layer with its state and its next change."""
    text = Text()
    for number, layer in enumerate(dashboard.layers, start=1):
        text.append(_named(layer.name), style=_FAINT)
        text.append(plain(layer.state), style="strike" if layer.mode == "muted" else "bold")
        if layer.mode:
            text.append(f"  {layer.mode}", style=_WARN)
        if layer.coming is not None:
            text.append_text(_coming(layer.coming, dashboard.position.played))
        if layer.name in dashboard.switches and number <= FUNCTION_KEYS:
            text.append(f"  F{number}", style=_FAINT)
        text.append("\n")
    return text


def _coming(change: Change, played: int) -> Text:
    when = "" if change.at == "immediate" else f" at {change.at}"
    seconds = max(0.0, (change.audible - played) / SAMPLE_RATE)
    return Text(f"  → {plain(change.to_state + when)}, {seconds:.1f} s", style=_WARN)


def dial(shown: Dial, width: int, *, focused: bool) -> Text:
    """The line of an input: key, name, slider or button, value."""
    text = Text(no_wrap=True, overflow="ellipsis", style="bold" if focused else "")
    text.append("▸" if focused else " ", style=_WARN)
    text.append(f"{shown.key or ' '} ", style=_WARN if shown.key else "")
    text.append(_named(shown.spec.name))
    room = slider_width(width)
    if shown.slides:
        at = round(shown.fraction * (room - 1))
        text.append("━" * at, style=_HUES[1])
        text.append("●", style="bold" if focused else _PLAIN)
        text.append("─" * (room - 1 - at), style=_FAINT)
        text.append(f" {shown.text}")
    elif shown.fires:
        text.append("[ fire ]", style=_HUES[4])
    elif shown.spec.type == "flag":
        text.append("━━●" if shown.value else "●──", style=_GOOD if shown.value else _FAINT)
        text.append(f" {shown.text}", style=_PLAIN)
    else:
        text.append_text(_choice(shown, width - slider_start()))
    return text


def slider_start() -> int:
    """The column where sliders begin."""
    return 3 + _NAME_WIDTH


def slider_width(width: int) -> int:
    """The width of a slider in a line of that width."""
    return max(8, min(30, width - slider_start() - 8))


def _choice(shown: Dial, room: int) -> Text:
    """All choices with the chosen one marked; the chosen one alone where they do not fit."""
    text, names = Text(), [plain(name) for name in shown.spec.of]
    if sum(len(name) + 2 for name in names) > room:
        at = names.index(shown.text) + 1 if shown.text in names else 0
        return text.append(f" {shown.text} ", style="reverse bold").append(f" {at} of {len(names)}", style=_FAINT)
    for name in names:
        chosen = name == shown.value
        text.append(f" {name} ", style="reverse bold" if chosen else _FAINT)
    return text


def log_line(line: LogLine) -> Table:
    """A line of the log with its details; long lines are wrapped under their beginning."""
    text = Text(line.text, style=_LINE_HUES.get(line.kind, _PLAIN))
    for detail in line.details:
        text.append(f"\n{detail}", style=_FAINT)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=7, justify="right")
    grid.add_column(ratio=1)
    grid.add_row(Text(played_text(line.at), style=_FAINT), text)
    return grid


def keys(dashboard: Dashboard) -> Text:
    """The keys and what they do."""
    text = Text(" ", no_wrap=True, overflow="ellipsis")
    if dashboard.read_only:
        text.append(_KEYS[-1][0], style=_WARN).append(f" {_KEYS[-1][1]}", style=_FAINT)
        return text
    layers = (("F1…", "mute"),) if dashboard.switches else ()
    files = (("^b", "A/B"),) if dashboard.file else ()
    for key, does in (*_KEYS[:-1], *layers, *files, _KEYS[-1]):
        text.append(key, style=_WARN).append(f" {does}   ", style=_FAINT)
    return text


def bar(share: float, width: int, hue: str) -> Text:
    """A bar of block characters, filled up to `share` of its width to an eighth of a character."""
    eighths = round(share * width * 8)
    full, rest = divmod(eighths, 8)
    filled = "█" * full + (_BLOCKS[rest] if rest else "")
    return Text(filled, style=hue).append("·" * (width - len(filled)), style="#292e42")


def _named(name: str) -> str:
    """A name, padded or cut to the width of names."""
    name = plain(name)
    return f"{name if len(name) < _NAME_WIDTH else name[: _NAME_WIDTH - 2] + '…':<{_NAME_WIDTH}}"
