"""The C++ compiler of this machine, and the folder where what it makes is kept. Knows nothing of JAX.

What is compiled depends on the sources, JAX's headers and the processor's family alone; which instructions are used is
chosen when it is loaded. So a folder of compiled kernels can be shared by machines.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

VARIABLE: Final = "SEGUE_ARITHMETIC"
"""Chooses what computes Magenta RealTime 2: one of CHOICES."""
AUTO: Final = "auto"
INTEGER: Final = "integer"
FLOAT32: Final = "float32"
CHOICES: Final = (AUTO, INTEGER, FLOAT32)
COMPILER_VARIABLE: Final = "CXX"
_SOURCES: Final = ("kernels.h", "threads.h", "kernels.cc", "native.cc")
_FLAGS: Final = (
    *("-std=c++17", "-fPIC", "-fno-math-errno", "-fno-trapping-math", "-ffinite-math-only", "-fno-signed-zeros"),
)
# The sets of instructions of each family of processors, with the compiler's flags. The processor's own are chosen when
# the library is loaded.
_SETS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "x86_64": {
        "portable": (),
        "avx2": ("-mavx2", "-mfma"),
        "avx512vnni": ("-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512vnni"),
    },
    "aarch64": {"portable": (), "neon": ()},
}
_FAMILIES: Final = {"AMD64": "x86_64", "arm64": "aarch64"}
# One compilation took 12 s of processor time.
_COMPILER_PATIENCE_S: Final = 300.0


class NativeError(Exception):
    """The kernels cannot be compiled or loaded here; the text says why and what to do."""


def compiled(headers: Path, version: str) -> Path:
    """Return the compiled library in the user's cache, made if it is not there.

    Args:
        headers: JAX's folder of headers.
        version: JAX's.

    Raises:
        NativeError: There is no compiler, it fails, or the cache cannot be written.
    """
    family = _FAMILIES.get(platform.machine(), platform.machine())
    if family not in _SETS:
        raise NativeError(f"there are no kernels for processors of the family {family}")
    texts = {name: files(__package__).joinpath(name).read_bytes() for name in _SOURCES}
    compiler = find_compiler()
    key = hashlib.sha256(repr((sorted(texts.items()), family, sys.platform, version)).encode()).hexdigest()
    target = cache_folder() / "native" / f"{key[:24]}.so"
    if target.is_file():
        return target
    if compiler is None:
        raise NativeError(f"no C++ compiler is found; install g++ or clang++, or name one in {COMPILER_VARIABLE}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with as_file(files(__package__)) as sources, tempfile.TemporaryDirectory(dir=target.parent) as folder:
            made = _compile(compiler, Path(sources), headers, Path(folder), _SETS[family])
            # Several processes may compile at once: each replaces the file by an equal one.
            os.replace(made, target)
    except OSError as error:
        raise NativeError(f"the kernels cannot be written to {target.parent}: {error}") from error
    return target


def find_compiler() -> str | None:
    """Return the path of a C++ compiler that knows GCC's options; None if there is none."""
    named = os.environ.get(COMPILER_VARIABLE)
    names = [named] if named else ["g++", "clang++", "c++"]
    return next((path for name in names if (path := shutil.which(name))), None)


def cache_folder() -> Path:
    """Return Segue's folder for what it can make again, below the system's."""
    if sys.platform == "win32":
        system = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        system = Path.home() / "Library" / "Caches"
    else:
        system = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return system / "segue"


def choice_text(choice: str) -> str:
    """Say what is wrong with a value of SEGUE_ARITHMETIC."""
    return f"{VARIABLE}: expected one of {', '.join(CHOICES)}, got {choice!r}"


def prospect(environ: Mapping[str, str] = os.environ) -> tuple[bool, str]:
    """Say which arithmetic would be used, without compiling anything.

    Returns:
        Whether it is the fastest that Segue has, and a text for people.
    """
    choice = environ.get(VARIABLE) or AUTO
    if choice not in CHOICES:
        return False, choice_text(choice)
    if choice == FLOAT32:
        return False, f"float32 by XLA, as {VARIABLE} says"
    compiler = find_compiler()
    if compiler is None:
        return False, "float32 by XLA: no C++ compiler is found for the integer kernels"
    return True, f"integer kernels, compiled by {compiler} when first used"


def _compile(compiler: str, sources: Path, headers: Path, folder: Path, sets: dict[str, tuple[str, ...]]) -> Path:
    """Compile the sources into a library in `folder`, and return its path."""
    parts = [folder / f"{name}.o" for name in (*sets, "native")]
    for part, (name, flags) in zip(parts, sets.items(), strict=False):
        kernel_flags = (*_FLAGS, "-O3", *flags, f"-DSEGUE_KERNELS={name}")
        _run([compiler, *kernel_flags, "-c", str(sources / "kernels.cc"), "-o", str(part)])
    _run([compiler, *_FLAGS, "-O2", "-isystem", str(headers), "-c", str(sources / "native.cc"), "-o", str(parts[-1])])
    made = folder / "library.so"
    _run([compiler, "-shared", "-pthread", *map(str, parts), "-o", str(made)])
    return made


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_COMPILER_PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NativeError(f"{command[0]} cannot compile the kernels: {error}") from error
    if done.returncode:
        first = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr[:200])
        raise NativeError(f"{command[0]} cannot compile the kernels: {first}")
