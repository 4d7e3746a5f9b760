"""Renders a soundtrack offline: rules and events to frames, sound, notes and files.

    from segue import render

    piece = render.preview("meadow.yaml", events=[{"at": 2, "set": {"threat": 0.9}}])
    piece.audio                       # float32 [S, 2] at piece.sample_rate
    piece.frames.mix["battle"]        # a style's share of the mix, every 40 ms
    piece.save("meadow.wav")
    piece.what_if(inputs={"threat": 0}).save("calm.wav")

`write_preview(PreviewRequest(...), progress)` renders straight into files, in little memory, as `segue preview` does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segue.render.file_checks import OutputsError
    from segue.render.request import PreviewRequest, RequestError
    from segue.render.result import Frames, Preview, preview, replay
    from segue.render.writing import PreviewSummary, write_preview

__all__ = [
    "Frames",
    "OutputsError",
    "Preview",
    "PreviewRequest",
    "PreviewSummary",
    "RequestError",
    "preview",
    "replay",
    "write_preview",
]

_MODULES = {
    "OutputsError": "file_checks",
    "PreviewRequest": "request",
    "RequestError": "request",
    "PreviewSummary": "writing",
    "write_preview": "writing",
}


def __getattr__(name: str) -> Any:
    # Imported when they are used: `segue check` needs neither sound nor generators.
    if name not in __all__:
        raise AttributeError(f"module 'segue.render' has no attribute {name!r}")
    return getattr(import_module(f"segue.render.{_MODULES.get(name, 'result')}"), name)


def __dir__() -> list[str]:
    return __all__
