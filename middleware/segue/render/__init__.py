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
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from segue.render.file_checks import OutputsError as OutputsError
    from segue.render.request import PreviewRequest as PreviewRequest
    from segue.render.request import RequestError as RequestError
    from segue.render.result import Frames as Frames
    from segue.render.result import Preview as Preview
    from segue.render.result import preview as preview
    from segue.render.result import replay as replay
    from segue.render.writing import PreviewSummary as PreviewSummary
    from segue.render.writing import write_preview as write_preview

_MODULES: Final = {
    "file_checks": "OutputsError",
    "request": "PreviewRequest RequestError",
    "result": "Frames Preview preview replay",
    "writing": "PreviewSummary write_preview",
}
_MODULE_OF: Final = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = list(_MODULE_OF)


def __getattr__(name: str) -> Any:
    # Imported when they are used: `segue check` needs neither sound nor generators.
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
