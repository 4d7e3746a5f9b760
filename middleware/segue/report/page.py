"""A story as one HTML file that needs nothing else: plots, sound, table, style and script are all inside."""

from __future__ import annotations

import base64
import json
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

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
from segue.report.ledger import ledger
from segue.report.sound import envelope, spectrogram, vorbis
from segue.report.story import Story
from segue.report.summary import figures, hints

_SCRIPTS: Final = ("view.js", "detail.js", "player.js", "table.js", "main.js")


def write_report(story: Story, path: Path) -> None:
    """Write the page; it appears at `path` only when all of it is there. Raises: OSError where it cannot be written."""
    page = render(story).encode()
    with replacing(path) as partial:
        partial.write_bytes(page)


def render(story: Story) -> str:
    """The page's HTML."""
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
    bokeh = Resources(mode="inline", components=["bokeh"], minified=True)
    return template.render(
        story=story,
        figures=list(figures(story)),
        hints=hints(story),
        rows=[(row, places[row.plot.id]) for row in shown],
        entries=ledger(story),
        style=Markup((assets / "page.css").read_text("utf-8")),
        bokeh=Markup("\n".join(bokeh.js_raw)),
        script=Markup("\n".join((assets / name).read_text("utf-8") for name in _SCRIPTS)),
        plots=_in_script(serialize_json(described, pretty=False)),
        items=_in_script(serialize_json([item.to_json() for item in items], pretty=False)),
        facts=_in_script(json.dumps(_facts(story, axis))),
        sound=base64.b64encode(vorbis(story.audio)).decode(),
    )


def _rows(story: Story, axis: TimeAxis) -> list[Row]:
    """From what is heard over why it is heard to how it was made."""
    found: list[Row | None] = [
        sound_rows.bars(axis),
        sound_rows.waveform(story, axis),
        sound_rows.spectrum(spectrogram(story.audio), axis),
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
    outline = envelope(story.audio)
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
