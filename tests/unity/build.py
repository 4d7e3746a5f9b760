"""Compiles the Unity client and the probes of this folder, for every runtime they must work with.

The components are compiled against the stand-ins for Unity's engine in `engine/`: as in a player for .NET Core 3.1,
which is not run, and as in the editor for the others.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from unity.pages import pages, write_sources

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
CACHE: Final = ROOT / ".cache/clients"
PLACE: Final = CACHE / "csharp"
BUILD: Final = ROOT / "build/unity"
PACKAGE: Final = ROOT / "unity_client"
RUNTIMES: Final = ("coreclr", "mono")
_COMPILER: Final = ROOT / "tests/clients/csharp/csc.py"
_SURFACE: Final = ROOT / "tests/clients/csharp/surface.py"
# Without csc's own guess at references, and with no warning left.
_FLAGS: Final = (
    *("-nologo", "-noconfig", "-nostdlib", "-langversion:9", "-deterministic", "-optimize"),
    *("-warn:9", "-warnaserror"),
    # Libraries of one framework that name each other in different versions.
    "-nowarn:1701,1702",
)
_PROBES: Final = (*sorted((HERE / "csharp").glob("*.cs")), *(_COMPILER.with_name(n) for n in ("Json.cs", "Vector.cs")))
_ENGINE: Final = tuple(sorted((HERE / "engine").glob("*.cs")))
_MONO: Final = PLACE / "mono/usr/lib/mono/4.5"


def core_sources() -> list[Path]:
    """The files of the package's assembly Segue.Core."""
    return sorted((PACKAGE / "Runtime/Core").rglob("*.cs"))


def component_sources() -> list[Path]:
    """The files of the package's assembly Segue.Components."""
    return sorted((PACKAGE / "Runtime/Components").rglob("*.cs"))


def editor_core_sources() -> list[Path]:
    """The files of the package's assembly Segue.Editor.Core."""
    return sorted((PACKAGE / "Editor/Core").rglob("*.cs"))


def editor_sources() -> list[Path]:
    """The files of the package's assembly Segue.Editor."""
    return sorted((PACKAGE / "Editor/Tools").rglob("*.cs"))


def timeline_sources() -> list[Path]:
    """The files of the package's assembly Segue.Timeline, which Unity compiles where its package Timeline is."""
    return sorted((PACKAGE / "Runtime/Timeline").rglob("*.cs"))


def sample_sources() -> list[Path]:
    """The scripts of the package's samples, which become a project's own when they are imported."""
    return sorted((PACKAGE / "Samples~").rglob("*.cs"))


def _framework() -> Path:
    (found,) = (PLACE / "dotnet/shared/Microsoft.NETCore.App").glob("8.*")
    return found


def _managed(folder: Path) -> list[Path]:
    names = ("System.*.dll", "netstandard.dll", "mscorlib.dll", "Microsoft.Win32.Primitives.dll")
    return sorted(file for name in names for file in folder.glob(name) if "Native" not in file.name)


def _compilations(page_sources: list[Path]) -> list[list[str]]:
    references = {
        "netcore31": _managed(CACHE / "netcore31/libraries"),
        "coreclr": _managed(_framework()),
        "mono": [_MONO / name for name in ("mscorlib.dll", "System.dll", "System.Core.dll")],
    }
    wanted = []
    for target, libraries in references.items():
        flags = [*_FLAGS, *(f"-reference:{library}" for library in libraries)]
        folder = BUILD / target
        core, engine, components, timeline, editor_core, editor = (
            folder / f"{name}.dll"
            for name in (
                "Segue.Core",
                "UnityEngine",
                "Segue.Components",
                "Segue.Timeline",
                "Segue.Editor.Core",
                "Segue.Editor",
            )
        )
        # As in a player where it is not run.
        where = ["-define:UNITY_EDITOR"] if target in RUNTIMES else []
        parts: list[tuple[Path, list[Path], list[Path]]] = [
            (core, [], core_sources()),
            (engine, [], list(_ENGINE)),
            (components, [core, engine], component_sources()),
            (timeline, [core, engine, components], timeline_sources()),
            (editor_core, [core], editor_core_sources()),
        ]
        if target in RUNTIMES:
            parts.append((editor, [core, engine, components, editor_core], editor_sources()))
        for library, used, sources in parts:
            words = ["-target:library", *where, *(f"-reference:{each}" for each in used), f"-out:{library}"]
            wanted.append([*flags, *words, *map(str, sources)])
        if target in RUNTIMES:
            program = folder / ("probe.exe" if target == "mono" else "probe.dll")
            used = [core, engine, components, timeline, editor_core, editor]
            words = ["-target:exe", *where, *(f"-reference:{each}" for each in used), f"-out:{program}"]
            wanted.append([*flags, *words, *map(str, [*_PROBES, *sample_sources(), *page_sources])])
    return wanted


def _stamp() -> str:
    """What is compiled, and with what, as a text that changes with it."""
    ours = [*core_sources(), *component_sources(), *timeline_sources(), *editor_core_sources(), *editor_sources()]
    sources = [*ours, *sample_sources(), *_ENGINE, *_PROBES]
    inputs = [*sources, *pages(), *(HERE / name for name in ("build.py", "pages.py")), _COMPILER, _SURFACE]
    installed = [place / "installed" for place in (PLACE, CACHE / "netcore31")]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in [*inputs, *installed])).hexdigest()


def build() -> None:
    """Compile everything, unless nothing has changed since.

    Raises:
        AssertionError: The compiler gave an error or a warning, or a library needs more than .NET Standard 2.1 has.
    """
    stamp = BUILD / "stamp"
    if stamp.exists() and stamp.read_text() == _stamp():
        return
    shutil.rmtree(BUILD, ignore_errors=True)
    for target in ("netcore31", *RUNTIMES):
        (BUILD / target).mkdir(parents=True)
    words: list[str] = []
    for compilation in _compilations(write_sources(BUILD / "pages")):
        words += ["//", *compilation] if words else compilation
    python = str(PLACE / "venv/bin/python")
    tools = [str(PLACE / "roslyn"), str(PLACE / "dotnet")]
    _run([python, str(_COMPILER), *tools, *words])
    core, engine, components, timeline, editor_core = (
        str(BUILD / f"netcore31/{name}.dll")
        for name in ("Segue.Core", "UnityEngine", "Segue.Components", "Segue.Timeline", "Segue.Editor.Core")
    )
    for checked in ([core], [components, core, engine], [timeline, core, engine, components], [editor_core, core]):
        _run([python, str(_SURFACE), *tools, *checked])
    shutil.copy(
        PLACE / "roslyn/Microsoft.TypeSpec.Generator.runtimeconfig.json",
        BUILD / "coreclr/probe.runtimeconfig.json",
    )
    # Mono looks for its own libraries in the system; it is told where these are.
    (BUILD / "etc/mono").mkdir(parents=True)
    settings = (PLACE / "mono/etc/mono/config").read_text()
    (BUILD / "etc/mono/config").write_text(settings.replace("$mono_libdir", str(PLACE / "mono/usr/lib")))
    stamp.write_text(_stamp())


def _run(words: list[str]) -> None:
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout


def command(runtime: str, *arguments: str) -> list[str]:
    """The command line that runs the probes.

    Args:
        runtime: One of `RUNTIMES`.
        arguments: The probe's name and its own arguments.
    """
    if runtime == "mono":
        return [str(PLACE / "mono/start"), "mono", str(BUILD / "mono/probe.exe"), *arguments]
    return [str(PLACE / "dotnet/dotnet"), str(BUILD / "coreclr/probe.dll"), *arguments]


def environment(runtime: str) -> dict[str, str]:
    """The environment of `command`."""
    if runtime == "mono":
        return {**os.environ, "MONO_PATH": str(_MONO), "MONO_CFG_DIR": str(BUILD / "etc")}
    # A concurrent collection makes .NET's count of a thread's allocated bytes jump.
    return {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "DOTNET_gcConcurrent": "0"}


if __name__ == "__main__":
    build()
