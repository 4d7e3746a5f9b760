"""Look for what is missing or wrong on this machine: Python, packages, sound files, audio device, ports.

Each line is `ok`, `note` (an optional part is not there) or `problem`, and says what to do. The exit code is 1 if there
is a problem.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import files
from typing import Any, Final, Literal

from segue.cli.console import DONE, FAILED, print_json, print_lines
from segue.extras import EXTRAS, install_advice, missing_modules
from segue.generators import GENERATORS

EXAMPLES: Final = """examples:
  segue doctor
  segue doctor --json
"""
_OLDEST: Final = (3, 11)
_NEWEST: Final = (3, 14)
"""Versions of Python that Segue is tested with."""
# Packages that bring compiled code: installed is not enough, they have to load.
_NATIVE: Final = {"numpy": "numpy", "scipy": "scipy", "soundfile": "soundfile", "soxr": "soxr", "pyzmq": "zmq"}
# A requirement of every installation; those of extras and of some systems have a marker behind a semicolon.
_REQUIREMENT: Final = re.compile(r"([\w.-]+)\s*([^;]*)")


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """One line of the report.

    Attributes:
        status: ok; note: an optional part is not there; problem: Segue will not work as it should.
        name: What was looked at.
        text: What was found.
        advice: What to do; "" if nothing.
    """

    status: Literal["ok", "note", "problem"]
    name: str
    text: str
    advice: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    failed = False
    for finding in examine():
        failed |= finding.status == "problem"
        if arguments.json:
            print_json(asdict(finding))
        else:
            advice = f"; {finding.advice}" if finding.advice else ""
            print_lines(f"{finding.status:<7}  {finding.name:<24}  {finding.text}{advice}")
    return FAILED if failed else DONE


def examine() -> Iterator[CheckResult]:
    """Examine every part, with one result or more for each."""
    yield _python()
    yield from _packages()
    yield from _generators()
    if not missing_modules("models"):
        yield _arithmetic()
    yield _orchestra()
    yield _audio_device()
    yield from _ports()


def _python() -> CheckResult:
    present = sys.version_info[:2]
    text = f"{platform.python_version()} ({platform.python_implementation()}, {platform.system()} {platform.machine()})"
    tested = f"Segue is tested with {_OLDEST[0]}.{_OLDEST[1]} to {_NEWEST[0]}.{_NEWEST[1]}"
    if present < _OLDEST:
        return CheckResult(status="problem", name="Python", text=text, advice=f"install a newer one; {tested}")
    if present > _NEWEST:
        return CheckResult(status="note", name="Python", text=text, advice=tested)
    return CheckResult(status="ok", name="Python", text=text)


def _packages() -> Iterator[CheckResult]:
    """Segue's own version, what it requires, and its extras."""
    try:
        required = [match for text in requires("segue") or () if (match := _REQUIREMENT.fullmatch(text))]
        yield CheckResult(status="ok", name="segue", text=version("segue"))
    except PackageNotFoundError:
        text = "not installed: it runs from its sources"
        yield CheckResult(status="note", name="segue", text=text, advice="run pip install -e . in the checkout")
        return
    for name, bounds in (match.groups() for match in required):
        yield _package(name, bounds.strip())
    yield from map(_extra, EXTRAS)


def _package(name: str, bounds: str) -> CheckResult:
    advice = f"run pip install --force-reinstall '{name}{bounds}'"
    try:
        found = version(name)
    except PackageNotFoundError:
        return CheckResult(status="problem", name=name, text="is not installed", advice=advice)
    least = re.search(r"[>=]=\s*([\d.]+)", bounds)
    if least and _numbers(found) < _numbers(least[1]):
        return CheckResult(status="problem", name=name, text=f"{found}, expected {bounds}", advice=advice)
    if name in _NATIVE:
        try:
            import_module(_NATIVE[name])
        except (ImportError, OSError) as error:
            return CheckResult(status="problem", name=name, text=f"{found} does not load: {error}", advice=advice)
    return CheckResult(status="ok", name=name, text=found)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text.partition("+")[0])[:3])


def _extra(extra: str) -> CheckResult:
    missing = missing_modules(extra)
    if missing:
        text = f"lacks {' and '.join(missing)}"
        return CheckResult(status="note", name=f"extra {extra}", text=text, advice=install_advice(extra))
    text = ", ".join(f"{name} {version(name)}" for name in EXTRAS[extra])
    return CheckResult(status="ok", name=f"extra {extra}", text=text)


def _generators() -> Iterator[CheckResult]:
    for name, spec in GENERATORS.items():
        problems = spec.problems()
        # A generator that cannot be chosen anyway, or whose files do not come with Segue, is no fault of this machine.
        bad: Literal["note", "problem"] = "note" if spec.build is None or spec.model else "problem"
        text = "; ".join(problems) if problems else f"{spec.summary}; obeys {', '.join(sorted(spec.controls))}"
        yield CheckResult(status=bad if problems else "ok", name=f"generator {name}", text=text)


def _arithmetic() -> CheckResult:
    """What Magenta RealTime 2 is computed with, for which a compiler is needed."""
    from segue.model.native.compiler import prospect

    fast, text = prospect()
    advice = "" if fast else "with integer kernels, mrt2_small is several times faster: they need a C++ compiler (g++)"
    return CheckResult(status="ok" if fast else "note", name="arithmetic of mrt2", text=text, advice=advice)


def _orchestra() -> CheckResult:
    """The bundled SoundFont, whole to the byte: a checkout without Git LFS has a stand-in."""
    folder = files("segue") / "weights" / "orchestra"
    try:
        expected = (folder / "orchestra.sf3.sha256").read_text("ascii").split()[0]
        data = (folder / "orchestra.sf3").read_bytes()
    except OSError as error:
        return CheckResult(status="problem", name="orchestra", text=str(error), advice="install segue again")
    if hashlib.sha256(data).hexdigest() != expected:
        text = f"{folder / 'orchestra.sf3'} is damaged"
        return CheckResult(status="problem", name="orchestra", text=text, advice="install segue again")
    return CheckResult(status="ok", name="orchestra", text=f"{len(data) / 1e6:.1f} MB, checksum as expected")


def _audio_device() -> CheckResult:
    try:
        sounddevice: Any = import_module("sounddevice")
    except ImportError:
        text = "needs the package sounddevice"
        return CheckResult(status="note", name="audio device", text=text, advice=install_advice("play"))
    except OSError as error:
        advice = "install PortAudio (on Debian: apt install libportaudio2)"
        return CheckResult(status="note", name="audio device", text=str(error), advice=advice)
    try:
        device = sounddevice.query_devices(kind="output")
    except (sounddevice.PortAudioError, ValueError):
        advice = "segue preview and segue play --output FILE need none"
        return CheckResult(status="note", name="audio device", text="there is none", advice=advice)
    return CheckResult(
        status="ok", name="audio device", text=f"{device['name']}, {device['default_samplerate']:.0f} Hz"
    )


def _ports() -> Iterator[CheckResult]:
    """Whether the addresses that `segue serve` binds to without settings are free, and the usual one for browsers."""
    from segue.service.settings.table import Settings, default_of

    for address in default_of(Settings.bind):
        problem = _bind_problem(address)
        if problem is None:
            yield CheckResult(status="ok", name=address, text="is free")
        else:
            advice = "a service may run already; choose another one with segue serve --bind"
            yield CheckResult(status="note", name=address, text=problem, advice=advice)
    web = Settings.web_bind.example
    problem = _bind_problem(web)
    if problem is None:
        text = f"is free; for browsers, a service listens there with segue serve --web-bind {web}"
        yield CheckResult(status="ok", name=web, text=text)
    else:
        advice = "a service may run already; choose another one with segue serve --web-bind"
        yield CheckResult(status="note", name=web, text=problem, advice=advice)


def _bind_problem(address: str) -> str | None:
    """Return why a TCP address cannot be bound; None if it is free."""
    host, _, port = address.partition("://")[2].rpartition(":")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        if os.name == "posix":
            # As the service binds: connections that ended a moment ago do not count. On Windows the option would
            # share a port that is in use.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            return f"cannot be bound: {error.strerror or error}"
    return None
