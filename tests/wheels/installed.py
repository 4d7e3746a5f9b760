"""Tries what the wheels install, run by the environment's own Python in an empty folder outside the checkout.

`installed.py segue` tries Segue and its SDK: version, check, tests, preview, a service and a client that it plays to.
`installed.py sdk` tries the SDK alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
import sysconfig
import wave
from array import array
from pathlib import Path

SITE = Path(sysconfig.get_path("purelib"))
SEGUE = Path(sysconfig.get_path("scripts")) / ("segue.exe" if sys.platform == "win32" else "segue")
# Megabytes (10^6 bytes) that the packages take, without pip.
MOST_MB = {"segue": 300, "sdk": 30}
EXTRAS = ("jax", "jaxlib", "jaxtyping", "symusic", "bokeh", "textual", "sounddevice", "starlette", "uvicorn")


def installed_in_the_environment(*packages: str) -> None:
    for name in packages:
        package = importlib.import_module(name)
        assert package.__file__ is not None
        folder = Path(package.__file__).parent
        assert SITE in folder.parents, f"{name} comes from {folder}"
        assert (folder / "py.typed").is_file(), f"{name} has no py.typed"


def size(part: str) -> float:
    """Megabytes of the environment's packages, checked against the most allowed."""
    tools = {"pip", "setuptools", "pkg_resources", "_distutils_hack"}
    files = [file for file in SITE.rglob("*") if file.is_file() and file.relative_to(SITE).parts[0] not in tools]
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    assert megabytes <= MOST_MB[part], f"{megabytes:.0f} MB installed, expected at most {MOST_MB[part]}"
    return megabytes


def segue(*arguments: str) -> str:
    """The output of the command, which must succeed."""
    ran = subprocess.run([SEGUE, *arguments], capture_output=True, text=True)
    assert ran.returncode == 0, f"segue {' '.join(arguments)}: exit code {ran.returncode}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def try_commands(rules: Path) -> None:
    assert segue("--version").startswith("segue ")
    assert (SITE / "segue" / "studio" / "page" / "studio.js").is_file()
    segue("check", str(SITE / "segue_rules" / "library"))
    segue("test", str(SITE / "segue_rules" / "library"))
    segue("init", "meadow")
    segue("check", "--strict", "meadow.yaml")
    segue("preview", str(rules), "--duration", "6s", "--quiet", "-o", "short.wav", "--midi", "short.mid")
    assert Path("short.mid").read_bytes().startswith(b"MThd")
    with wave.open("short.wav") as sound:
        assert sound.getframerate() == 48_000
        assert sound.getnframes() == 6 * 48_000
        assert any(sound.readframes(sound.getnframes()))


def try_service(rules: Path) -> None:
    """A service plays to a client of the SDK."""
    import segue_sdk

    with subprocess.Popen(
        [SEGUE, "serve", str(rules), "--bind", "tcp://127.0.0.1:0"], stdout=subprocess.PIPE, text=True
    ) as service:
        try:
            assert service.stdout is not None
            line = service.stdout.readline()
            assert line.startswith("serving on tcp://"), line
            block = array("f", bytes(4 * 2 * 480))
            with segue_sdk.connect(line.split()[2], rules.stem) as client:
                client.threat = 0.9
                while not any(block):
                    client.update()
                    client.player.read(memoryview(block))
        finally:
            service.terminate()


def main(part: str) -> None:
    if part == "segue":
        installed_in_the_environment("segue", "segue_rules", "segue_sdk")
        found = [name for name in EXTRAS if importlib.util.find_spec(name)]
        assert not found, f"the default installation has {', '.join(found)}"
        rules = SITE / "segue_rules" / "library" / "emberwood" / "emberwood.yaml"
        try_commands(rules)
        try_service(rules)
    else:
        installed_in_the_environment("segue_sdk")
        importlib.import_module("segue_sdk.client")
        found = [name for name in ("segue", "segue_rules", "numpy") if importlib.util.find_spec(name)]
        assert not found, f"the SDK's installation has {', '.join(found)}"
    print(f"Python {sys.version.split()[0]}, {part}: {size(part):.0f} MB, works", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
