"""The files of Magenta RealTime 1 and 2 on this machine: fetched, checked, and compared with what they once were.

No hashes are published. A file's hash is kept when it is verified for the first time; later it must be the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from segue.atomic import replacing
from segue.model_files import MODELS, ModelFile

HASHES: Final = "segue-hashes.json"
"""In the models' folder: the SHA-256 of each file when it was first verified."""
_TFLITE: Final = b"TFL3"
_BLOCK: Final = 1 << 20

Download = Callable[[ModelFile, Path], object]
"""Fetches a file of its repository, by its path there, to that path below a folder."""
CheckWeights = Callable[[str, Path], None]
"""Checks that a file holds a model's weights. Raises: ValueError, naming the file and what is wrong."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was found of a file.

    Attributes:
        status: ok; pinned: the same, and its hash is kept now; missing; wrong.
        text: What is wrong, naming the file; its hash if nothing is.
    """

    file: ModelFile
    status: Literal["ok", "pinned", "missing", "wrong"]
    text: str


class HashesError(ValueError):
    """The file of hashes cannot be used."""


def verify(name: str, folder: Path, check_weights: CheckWeights) -> Iterator[Verdict]:
    """Check the files of a model that are there, and keep the hashes of those that are verified for the first time.

    Args:
        name: Of MODELS.
        folder: Of all files.
        check_weights: Checks the first file of the model.
    Raises:
        HashesError: The file of hashes cannot be read.
        OSError: A file cannot be read, or the hashes cannot be written.
    """
    kept = _kept(folder / HASHES)
    weights = MODELS[name][0]
    for file in MODELS[name]:
        path = folder / file.path
        if not path.is_file():
            yield Verdict(file=file, status="missing", text=f"{path}: is not there")
            continue
        try:
            if file is weights:
                check_weights(name, path)
            else:
                _check_form(path)
        except ValueError as error:
            yield Verdict(file=file, status="wrong", text=str(error))
            continue
        found, expected = _hash(path), kept.get(file.path)
        if expected is None:
            kept[file.path] = found
            with replacing(folder / HASHES) as new:
                new.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", "utf-8")
            yield Verdict(file=file, status="pinned", text=found)
        elif found != expected:
            text = (
                f"{path}: expected the SHA-256 {expected} of its first verification, got {found}; fetch it again, or "
                f"delete its line in {folder / HASHES} if it was replaced on purpose"
            )
            yield Verdict(file=file, status="wrong", text=text)
        else:
            yield Verdict(file=file, status="ok", text=found)


def fetch(name: str, folder: Path, download: Download) -> Iterator[ModelFile]:
    """Fetch the files of a model that are not there, and tell each before it begins.

    Args:
        name: Of MODELS.
        folder: Of all files; made where it is not there.
        download: Raises whatever it does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in MODELS[name]:
        if not (folder / file.path).is_file():
            yield file
            download(file, folder)


def from_hub(file: ModelFile, folder: Path) -> object:
    """Fetch a file from its repository on Hugging Face; a transfer that broke off is resumed.

    Raises:
        Exception: Whatever huggingface_hub raises: no network, no access, no such file.
    """
    import huggingface_hub

    return huggingface_hub.hf_hub_download(repo_id=file.repository, filename=file.path, local_dir=folder)


def _kept(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text("utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise HashesError(f"{path}: expected JSON: {error}; delete it to verify anew") from error
    if not isinstance(kept, Mapping) or not all(isinstance(value, str) for value in kept.values()):
        raise HashesError(f"{path}: expected an object of hashes by file; delete it to verify anew")
    return dict(kept)


def _check_form(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(8)
    if path.suffix == ".tflite" and head[4:8] != _TFLITE:
        raise ValueError(f"{path}: expected a TFLite model, got a file that begins with {head!r}; fetch it again")
    # The first field of a SentencePiece model is its first piece.
    if path.suffix == ".model" and head[:1] != b"\n":
        raise ValueError(
            f"{path}: expected a SentencePiece model, got a file that begins with {head!r}; fetch it again"
        )


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
