"""`segue doctor`: what it looks at, what it advises, and its exit code."""

from __future__ import annotations

import json
import os
import socket
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import pytest

from segue.cli import doctor
from segue.cli.doctor import CheckResult
from segue.cli.main import main
from segue.extras import install_advice


def finding(name: str) -> CheckResult:
    return next(each for each in doctor.examine() if each.name == name)


def test_a_machine_that_runs_these_tests_has_no_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok       Python ")
    assert any(line.startswith("ok       numpy ") for line in lines)
    assert any(line.startswith("ok       orchestra ") for line in lines)
    assert any(line.startswith("note     generator language-model ") for line in lines)
    assert {line.split()[0] for line in lines} <= {"ok", "note"}


def test_json_has_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(record.keys() == {"status", "name", "text", "advice"} for record in records)
    assert {"Python", "segue", "orchestra", "audio device"} <= {record["name"] for record in records}


def without(*missing: str) -> Any:
    def versions(name: str) -> str:
        if name in missing:
            raise PackageNotFoundError(name)
        return version(name)

    return versions


def test_a_missing_package_is_a_problem_and_a_missing_extra_a_note(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "version", without("soxr"))
    monkeypatch.setattr("segue.extras.find_spec", lambda name: None if name == "textual" else find_spec(name))
    assert main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    (soxr,) = [line for line in lines if line.startswith("problem")]
    assert soxr.split()[1:] == [
        "soxr",
        "is",
        "not",
        "installed;",
        "run",
        "pip",
        "install",
        "--force-reinstall",
        "'soxr>=1.0'",
    ]
    assert finding("extra play") == CheckResult(
        status="note", name="extra play", text="lacks textual", advice=install_advice("play")
    )


def test_a_package_that_is_too_old_or_does_not_load_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> Any:
        raise OSError("libsndfile not found")

    monkeypatch.setattr(doctor, "version", lambda name: "1.9.9")
    old = doctor._package("numpy", ">=2.0")
    assert (old.status, old.text) == ("problem", "1.9.9, expected >=2.0")
    monkeypatch.setattr(doctor, "import_module", broken)
    unloadable = doctor._package("soundfile", ">=0.13")
    assert (unloadable.status, unloadable.text) == ("problem", "1.9.9 does not load: libsndfile not found")


def test_an_old_python_is_a_problem_and_an_untested_one_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    for present, status in (((3, 10), "problem"), ((3, 11), "ok"), ((3, 14), "ok"), ((3, 15), "note")):
        monkeypatch.setattr(doctor.sys, "version_info", (*present, 0, "final", 0))
        assert doctor._python().status == status


def test_a_damaged_orchestra_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.hashlib, "sha256", lambda data: type("Hash", (), {"hexdigest": lambda self: "0"})())
    assert doctor._orchestra().status == "problem"
    assert "is damaged" in doctor._orchestra().text


def test_the_arithmetic_of_the_live_model_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.model.native.compiler.find_compiler", lambda: "/bin/c++")
    name = "arithmetic of mrt2"
    expected = "integer kernels, compiled by /bin/c++ when first used"
    assert finding(name) == CheckResult(status="ok", name=name, text=expected)
    monkeypatch.setattr("segue.model.native.compiler.find_compiler", lambda: None)
    assert finding(name).status == "note"
    assert finding(name).advice.endswith("they need a C++ compiler (g++)")


def test_a_port_in_use_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setattr("segue.service.settings.table.default_of", lambda setting: (address,))
        port, _ = doctor._ports()
    assert (port.status, port.name) == ("note", address)
    assert port.advice == "a service may run already; choose another one with segue serve --bind"


@pytest.mark.skipif(os.name != "posix", reason="on Windows, a port with ended connections is free without an option")
def test_a_port_whose_connections_have_ended_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with socket.create_connection(address) as client:
            accepted, _ = server.accept()
            # The side that closes first keeps the port for a while.
            accepted.close()
            assert client.recv(1) == b""
    monkeypatch.setattr("segue.service.settings.table.default_of", lambda setting: (f"tcp://127.0.0.1:{address[1]}",))
    port, _ = doctor._ports()
    assert (port.status, port.text) == ("ok", "is free")


def test_the_address_for_browsers_is_named_with_its_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_bind_problem", lambda address: None)
    web = finding("ws://127.0.0.1:9465")
    assert web.status == "ok"
    assert "segue serve --web-bind ws://127.0.0.1:9465" in web.text
    monkeypatch.setattr(doctor, "_bind_problem", lambda address: "cannot be bound: as if")
    web = finding("ws://127.0.0.1:9465")
    assert (web.status, web.text) == ("note", "cannot be bound: as if")
    assert web.advice.endswith("segue serve --web-bind")
