"""The files of Magenta RealTime 1 and 2: their names, where they are looked for, and what to do where they are missing.

Google's own tool (`mrt`, of the package magenta-rt) keeps them in the same folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HOME_VARIABLE: Final = "MAGENTA_HOME"
REPOSITORY: Final = "google/magenta-realtime-2"
"""Where the files are published on Hugging Face, under the same names."""
FIRST_REPOSITORY: Final = "google/magenta-realtime"
"""The same for the language models of Magenta RealTime 1."""
RANDOM: Final = "random"
"""Instead of a file: weights that are made up, which play noise."""
_FOLDER: Final = "magenta-rt-v2"


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """A file that is published.

    Attributes:
        path: Below the folder of all files, and in the repository.
        what: What it holds.
        needed: Whether the model does not play without it.
        repository: Where it is published.
    """

    path: str
    what: str
    needed: bool = True
    repository: str = REPOSITORY


STYLE_FOLDER: Final = "resources/musiccoca"
STYLE_FILES: Final = tuple(
    ModelFile(path=f"{STYLE_FOLDER}/{name}", what=what, needed=needed)
    for name, what, needed in (
        ("spm.model", "MusicCoCa's words", True),
        ("text_encoder.tflite", "MusicCoCa: texts to embeddings", True),
        ("mapper.tflite", "MusicCoCa: embeddings of texts to those of sound", True),
        ("pretrained_vector_quantizer.tflite", "MusicCoCa: embeddings to tokens", True),
        ("audio_preprocessor.tflite", "MusicCoCa: sound to spectra, for audio prompts", False),
        ("music_encoder.tflite", "MusicCoCa: spectra to embeddings, for audio prompts", False),
    )
)
ENCODER_FILE: Final = ModelFile(
    path="resources/spectrostream/encoder.safetensors",
    what="SpectroStream: sound to codes, to continue a recording",
    needed=False,
)
CODEC_FILE: Final = ModelFile(
    path="checkpoints/mrt2_small.safetensors", what="of it SpectroStream's decoder: codes to sound"
)
MODELS: Final[Mapping[str, tuple[ModelFile, ...]]] = {
    **{
        name: (
            ModelFile(path=f"checkpoints/{name}.safetensors", what="language model and decoder"),
            *STYLE_FILES,
            ENCODER_FILE,
        )
        for name in ("mrt2_small", "mrt2_base")
    },
    **{
        name: (
            ModelFile(path=f"checkpoints/{archive}.tar", what="language model", repository=FIRST_REPOSITORY),
            CODEC_FILE,
            *STYLE_FILES,
            ENCODER_FILE,
        )
        for name, archive in (("mrt1_base", "llm_base_x4286_c1860k"), ("mrt1_large", "llm_large_x3047_c1860k"))
    },
}
"""The files of each model, its weights first."""


def models_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of all files: in MAGENTA_HOME, or else in Documents/Magenta of the home folder."""
    home = environ.get(HOME_VARIABLE)
    return (Path(home) if home else Path.home() / "Documents" / "Magenta") / _FOLDER


def folder_problem(environ: Mapping[str, str] = os.environ) -> str:
    """Say why `models_folder()` can hold no files: it, or MAGENTA_HOME, is a file; "" if nothing is wrong."""
    folder = models_folder(environ)
    for path, name in ((folder.parent, HOME_VARIABLE if environ.get(HOME_VARIABLE) else ""), (folder, "")):
        if path.exists() and not path.is_dir():
            return f"{name + ': ' if name else ''}expected a folder, got the file {path}"
    return ""


def weights_problem(weights: str) -> str:
    """Say why a path of weights is no file; "" for one that is, for RANDOM, and for the usual place, ""."""
    if weights in ("", RANDOM) or Path(weights).is_file():
        return ""
    got = "a folder" if Path(weights).is_dir() else "which does not exist"
    return f"weights: expected {RANDOM} or a file of weights, got {weights!r}, {got}"


def missing_files(name: str, weights: str = "", folder: Path | None = None, *, continues: bool = False) -> list[Path]:
    """Return the files without which a model does not play and that are not there.

    Args:
        name: Of MODELS.
        weights: The weights' own path, which `weights_problem` looks at; RANDOM for a model that needs no file; "" for
            the usual place.
        folder: Of all files; None for `models_folder()`.
        continues: Whether it is to continue a recording, for which it needs the encoder of sound.
    """
    if weights == RANDOM:
        return []
    place = models_folder() if folder is None else folder
    files = [place / file.path for file in MODELS[name] if file.needed or (continues and file is ENCODER_FILE)]
    return [path for path in files[1 if weights else 0 :] if not path.is_file()]


def missing_text(name: str, missing: Sequence[Path]) -> str:
    """Return what is missing and how to get it, as a sentence without its capital."""
    folder = models_folder()
    names = [str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path) for path in missing]
    # Google's tool knows its second model alone.
    tool = f", or with Google's tool 'mrt models init' and 'mrt checkpoints download {name}'"
    fetched = tool if MODELS[name][0].repository == REPOSITORY else ""
    return (
        f"lacks {', '.join(names)} in {folder}; run 'segue models fetch {name}'{fetched}; '--weights {RANDOM}' plays "
        "noise without any file"
    )
