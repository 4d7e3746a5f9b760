"""The report as one self-contained HTML file: plots, sound, table, style and script are all inside."""

from __future__ import annotations

import base64
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from bokeh.core.json_encoder import serialize_json
from bokeh.document import Document
from bokeh.embed.util import standalone_docs_json_and_render_items
from bokeh.resources import Resources
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray

from segue.atomic import replacing
from segue.contract import SAMPLE_RATE
from segue.report import audio_rows, clip_rows, composition_rows, music_rows
from segue.report.decision_log import ENTRY_KINDS, LogEntry, decision_log
from segue.report.plots import LEFT_PX, RIGHT_PX, PlotRow, TimeAxis
from segue.report.report_data import ReportData
from segue.report.summary import figures, hints

MOST_BYTES: Final = 20_000_000
"""Limit of a page. Sound that does not fit stays in the file beside it."""
# Estimate of the page without scripts and data.
_MARKUP_BYTES: Final = 100_000
_SCRIPTS: Final = ("view.js", "detail.js", "player.js", "table.js", "main.js")
# With more entries than this the table hides routine events at first.
_MANY_ENTRIES: Final = 400


@dataclass(frozen=True, kw_only=True)
class SoundSource:
    """Where the page's sound comes from.

    Attributes:
        data: Base64, "" where the sound is at the address `source`.
        note: What the reader should know about it.
    """

    data: str
    source: str
    note: str


def write_report(report: ReportData, path: Path, sound: Path | None = None) -> None:
    """Write the page; it appears at `path` only when it is complete.

    Args:
        sound: The file that the run was written to, for runs whose sound is too long for a page.

    Raises:
        OSError: The page cannot be written.
    """
    page = render(report, _address(sound, path) if sound else "").encode()
    with replacing(path) as partial:
        partial.write_bytes(page)


def render(report: ReportData, source: str = "") -> str:
    """Return the page's HTML.

    Args:
        source: Address of the run's sound file relative to the page, "" if there is none.
    """
    axis = TimeAxis(report.duration_s)
    shown = _rows(report, axis)
    document = Document(title=report.rules.title)
    # Otherwise each root makes Bokeh visit all models again.
    with document.models.freeze():
        for row in shown:
            document.add_root(row.plot)
    described, items = standalone_docs_json_and_render_items(document, suppress_callback_warning=True)
    places = items[0].roots.to_json()
    assets = files("segue.report") / "assets"
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((assets / "page.html").read_text("utf-8"))
    log = decision_log(report)
    bokeh = "\n".join(Resources(mode="inline", components=["bokeh"], minified=True).js_raw)
    plots = _in_script(serialize_json(described, pretty=False))
    entries = _in_script(json.dumps([_fields(entry) for entry in log], ensure_ascii=False, separators=(",", ":")))
    facts = _in_script(json.dumps(_facts(report, axis)))
    size = sum(len(part.encode()) for part in (bokeh, plots, entries, facts))
    return template.render(
        report=report,
        figures=list(figures(report)),
        hints=hints(report),
        rows=[(row, places[row.plot.id]) for row in shown],
        kinds=kind_filters(log),
        entries=entries,
        style=Markup((assets / "page.css").read_text("utf-8")),
        bokeh=Markup(bokeh),
        script=Markup("\n".join((assets / name).read_text("utf-8") for name in _SCRIPTS)),
        plots=plots,
        items=_in_script(serialize_json([item.to_json() for item in items], pretty=False)),
        facts=facts,
        sound=sound_source(report, source, size),
    )


def _address(sound: Path, page: Path) -> str:
    """Return the address of a file relative to the page, so that both can be moved together."""
    try:
        return quote(Path(os.path.relpath(sound.resolve(), page.resolve().parent)).as_posix())
    except ValueError:  # another drive of Windows
        return sound.resolve().as_uri()


def sound_source(report: ReportData, source: str, rest: int) -> SoundSource:
    """Decide whether the page contains its sound or plays it from a file.

    Args:
        source: Address of the run's sound file relative to the page, "" if there is none.
        rest: Bytes of the page without its sound.
    """
    encoded, name = report.sound.encoded, unquote(source)
    if encoded is not None:
        data = base64.b64encode(encoded.data).decode()
        if len(data) + rest + _MARKUP_BYTES <= MOST_BYTES:
            original = f"; {name} has the original" if name else ""
            note = f"The sound in this page is {encoded.note}{original}." if encoded.note else ""
            return SoundSource(data=data, source="", note=note)
    if not source:
        return SoundSource(data="", source="", note="The run is too long for this page to contain its sound.")
    note = f"The run is too long for this page to contain its sound: it plays {name}, which must stay where it is."
    return SoundSource(data="", source=source, note=note)


def kind_filters(log: Sequence[LogEntry]) -> list[tuple[str, int, bool]]:
    """Return each kind of entry that occurs, its number, and whether the table shows it at first."""
    counts = Counter(entry.kind for entry in log)
    return [(k, counts[k], k != "input" or len(log) <= _MANY_ENTRIES) for k in ENTRY_KINDS if counts[k]]


def _fields(entry: LogEntry) -> list[Any]:
    """Return the fields of an entry as the page's script reads them; empty fields at the end are left out."""
    fields = [
        round(entry.time_ms, 3),
        entry.kind,
        entry.place,
        entry.what,
        entry.status,
        entry.tone,
        list(entry.why),
        list(entry.moved or ()),
        [list(lost) for lost in entry.why_not],
    ]
    while not fields[-1]:
        fields.pop()
    return fields


def _rows(report: ReportData, axis: TimeAxis) -> list[PlotRow]:
    """Return the rows in the order of the page: what was played, why, and how it was delivered."""
    found: list[PlotRow | None] = [
        audio_rows.bars(axis),
        audio_rows.waveform(report, axis),
        audio_rows.spectrogram(report.sound.spectrogram, axis),
        audio_rows.loudness(report, axis),
        music_rows.events(report, axis),
        music_rows.states(report, axis),
        music_rows.weights(report, axis),
        clip_rows.clips(report, axis),
        music_rows.inputs(report, axis),
        music_rows.tempo(report, axis),
        composition_rows.gain(report, axis),
        composition_rows.effects(report, axis),
        composition_rows.composition(report, axis),
        music_rows.stingers(report, axis),
        audio_rows.takes(report, axis),
    ]
    if report.live is not None:
        found += [audio_rows.buffer(report.live, axis), audio_rows.latency(report, axis)]
    shown = [row for row in found if row is not None]
    axis.show_times(shown[-1].plot, "below")
    shown[-1].plot.height += 24
    return shown


def _facts(report: ReportData, axis: TimeAxis) -> dict[str, Any]:
    """Return what the page's script needs besides the plots. Times in milliseconds; arrays as base64."""
    waveform = report.sound.waveform
    beats = report.beats
    return {
        "end": axis.end_ms,
        "left": LEFT_PX,
        "right": RIGHT_PX,
        "beats": [round(sample * 1000 / SAMPLE_RATE, 3) for sample in beats.samples],
        "bars": beats.bars,
        "beatsOfBar": beats.beats,
        "waveform": {
            "step": waveform.bin_s * 1000,
            "low": _base64(waveform.low),
            "high": _base64(waveform.high),
            "rms": _base64(waveform.rms),
        },
    }


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode()


def _in_script(text: str) -> Markup:
    """Escape JSON so that it cannot end the script element around it."""
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
