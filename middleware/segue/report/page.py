"""A story as one HTML file that needs nothing else: plots, sound, table, style and script are all inside."""

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
from segue.report import live_rows, rows, sound_rows
from segue.report.axes import LEFT_PX, RIGHT_PX, Row, TimeAxis
from segue.report.ledger import KINDS, Entry, ledger
from segue.report.story import Story
from segue.report.summary import figures, hints

MOST_BYTES: Final = 20_000_000
"""Of a page; sound that does not fit any more stays in the file beside it."""
# Roughly what the page has besides scripts and data.
_MARKUP_BYTES: Final = 100_000
_SCRIPTS: Final = ("view.js", "detail.js", "player.js", "table.js", "main.js")
# The table's entries up to which those that were routine are shown at first.
_MANY_ENTRIES: Final = 400


@dataclass(frozen=True, kw_only=True)
class Playing:
    """Where the page's sound comes from. data: base64, "" where it is at the address `source`. note: what to know."""

    data: str
    source: str
    note: str


def write_report(story: Story, path: Path, sound: Path | None = None) -> None:
    """Write the page; it appears at `path` only when all of it is there.

    Args: sound: the file that the run was written to, for runs whose sound is too long for a page.
    Raises: OSError where it cannot be written.
    """
    page = render(story, _address(sound, path) if sound else "").encode()
    with replacing(path) as partial:
        partial.write_bytes(page)


def render(story: Story, source: str = "") -> str:
    """The page's HTML. source: the address of the run's sound file as seen from the page, "" where there is none."""
    axis = TimeAxis(story.duration_s)
    shown = _rows(story, axis)
    document = Document(title=story.rules.title)
    for row in shown:
        document.add_root(row.plot)
    described, items = standalone_docs_json_and_render_items(document, suppress_callback_warning=True)
    places = items[0].roots.to_json()
    assets = files("segue.report") / "assets"
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((assets / "page.html").read_text("utf-8"))
    entries = ledger(story)
    bokeh = "\n".join(Resources(mode="inline", components=["bokeh"], minified=True).js_raw)
    plots = _in_script(serialize_json(described, pretty=False))
    told = _in_script(json.dumps([_told(entry) for entry in entries], ensure_ascii=False, separators=(",", ":")))
    facts = _in_script(json.dumps(_facts(story, axis)))
    playing = playing_of(story, source, sum(len(part.encode()) for part in (bokeh, plots, told, facts)))
    return template.render(
        story=story,
        figures=list(figures(story)),
        hints=hints(story),
        rows=[(row, places[row.plot.id]) for row in shown],
        kinds=kinds_of(entries),
        entries=told,
        style=Markup((assets / "page.css").read_text("utf-8")),
        bokeh=Markup(bokeh),
        script=Markup("\n".join((assets / name).read_text("utf-8") for name in _SCRIPTS)),
        plots=plots,
        items=_in_script(serialize_json([item.to_json() for item in items], pretty=False)),
        facts=facts,
        playing=playing,
    )


def _address(sound: Path, page: Path) -> str:
    """Where the page finds a file: beside it where it can be, as pages and their sounds are moved together."""
    try:
        return quote(Path(os.path.relpath(sound.resolve(), page.resolve().parent)).as_posix())
    except ValueError:  # another drive
        return sound.resolve().as_uri()


def playing_of(story: Story, source: str, rest: int) -> Playing:
    """rest: bytes of the page beside the sound."""
    encoded, name = story.sound.encoded, unquote(source)
    if encoded is not None:
        data = base64.b64encode(encoded.data).decode()
        if len(data) + rest + _MARKUP_BYTES <= MOST_BYTES:
            where = f"; {name} has all of it" if name else ""
            return Playing(
                data=data, source="", note=f"The sound here is {encoded.note}{where}." if encoded.note else ""
            )
    if not source:
        return Playing(data="", source="", note="The run is too long for this page to hold its sound.")
    note = f"The run is too long for this page to hold its sound: it plays {name}, which has to stay where it is."
    return Playing(data="", source=source, note=note)


def kinds_of(entries: Sequence[Entry]) -> list[tuple[str, int, bool]]:
    """Each kind there is with its number, and whether it is shown at first: what is routine would hide the rest."""
    counts = Counter(entry.kind for entry in entries)
    return [(k, counts[k], k != "input" or len(entries) <= _MANY_ENTRIES) for k in KINDS if counts[k]]


def _told(entry: Entry) -> list[Any]:
    """An entry as the page's script reads it; the last fields are left out where they are empty."""
    told = [
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
    while not told[-1]:
        told.pop()
    return told


def _rows(story: Story, axis: TimeAxis) -> list[Row]:
    """From what is heard over why it is heard to how it was made."""
    found: list[Row | None] = [
        sound_rows.bars(axis),
        sound_rows.waveform(story, axis),
        sound_rows.spectrum(story.sound.spectrogram, axis),
        sound_rows.loudness(story, axis),
        rows.events(story, axis),
        rows.states(story, axis),
        rows.weights(story, axis),
        rows.inputs(story, axis),
        rows.tempo(story, axis),
        live_rows.stingers(story, axis),
        live_rows.takes(story, axis),
    ]
    if story.buffering is not None:
        found += [live_rows.buffer(story.buffering, axis), live_rows.reactions(story, axis)]
    shown = [row for row in found if row is not None]
    axis.show_times(shown[-1].plot, "below")
    shown[-1].plot.height += 24
    return shown


def _facts(story: Story, axis: TimeAxis) -> dict[str, Any]:
    """What the page's script needs beside the plots. Times in milliseconds; arrays as base64."""
    outline = story.sound.envelope
    beats = story.beats
    return {
        "end": axis.end_ms,
        "left": LEFT_PX,
        "right": RIGHT_PX,
        "beats": [round(sample / 48, 3) for sample in beats.samples],
        "bars": beats.bars,
        "beatsOfBar": beats.beats,
        "envelope": {
            "step": outline.bin_s * 1000,
            "low": _packed(outline.low),
            "high": _packed(outline.high),
            "rms": _packed(outline.rms),
        },
    }


def _packed(values: NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode()


def _in_script(text: str) -> Markup:
    """JSON that cannot end the script element it stands in."""
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
