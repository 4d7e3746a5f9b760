"""Plays one style prompt: a rule file with that style alone, rendered as `segue preview` renders."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from segue.render.file_checks import NamedFile, check_outputs
from segue.render.request import PreviewRequest
from segue.render.writing import PreviewSummary, write_preview


def _nothing(frames: int) -> None:
    pass


def write_style(
    text: str | None,
    sound: Path | None,
    output: Path,
    *,
    duration_s: float,
    seed: int,
    progress: Callable[[int], None] = _nothing,
) -> PreviewSummary:
    """Render a style prompt into a sound file.

    Args:
        text: Its text; None for a recording.
        sound: The recording.
        output: WAV, FLAC or OGG by extension.
        duration_s: How long, > 0.
        seed: Of the music.
        progress: Called with the number of frames done.

    Raises:
        RequestError, RuleError, OutputsError, OSError: As of `write_preview`.
    """
    name = "prompt" if sound is None else f"prompt{sound.suffix}"
    prompt = {"text": text} if sound is None else {"audio": name}
    states = {"on": {"default": True, "mix": {"prompt": 1}}}
    rules = {
        "segue": 1,
        "title": "Style",
        "seed": seed,
        "styles": {"prompt": prompt},
        "layers": {"sound": {"states": states}},
    }
    if sound is not None:
        check_outputs([NamedFile(what="the prompt", path=sound)], [NamedFile(what="--output", path=output)])
    with TemporaryDirectory() as folder:
        if sound is not None:
            # Rules name sounds by paths within their folder.
            copyfile(sound, Path(folder) / name)
        path = Path(folder) / "style.yaml"
        # JSON is YAML.
        path.write_text(json.dumps(rules, ensure_ascii=False), encoding="utf-8")
        request = PreviewRequest(rules=path, output=output.absolute(), duration_s=duration_s, no_events=True)
        return write_preview(request, progress)
