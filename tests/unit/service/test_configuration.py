"""The configuration: every source, every mistake, what settings mean together, and the memory for notes."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from segue.service.auth import is_local
from segue.service.settings.configuration import (
    LEAST_MIB,
    ConfigError,
    ServiceConfig,
    add_arguments,
    configure,
    default_note_memory_mib,
    machine_memory_bytes,
)
from segue.service.settings.kinds import Endpoint, Milliseconds, endpoint, is_private
from segue.service.settings.table import Settings
from segue_yaml.document import read_text
from segue_yaml.report import Report
from segue_yaml.tables import Object

TOKEN = "correct-horse-battery"
BAD = Path(__file__).parent / "bad"
BAD_FILES = sorted(path.name for path in BAD.glob("*.bad.yaml"))


def run(*flags: str, environ: Mapping[str, str] | None = None) -> tuple[ServiceConfig, list[str]]:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return configure(parser.parse_args(flags), environ or {}, generators=("score", "segue-small"))


def refused(*flags: str, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        run(*flags, environ=environ)
    assert str(caught.value).splitlines() == list(caught.value.problems)
    return list(caught.value.problems)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_settings_the_defaults_apply() -> None:
    assert run() == (ServiceConfig(), [])


def test_settings_and_fields_of_the_configuration_correspond() -> None:
    fields = {field.name for field in dataclasses.fields(ServiceConfig)}
    settings = {f"{name}_ms" if isinstance(each.kind, Milliseconds) else name for name, each in Settings.fields.items()}
    # `rule_folders` follows from `rules`, the token from `token_file`. The field of `note_memory` names its unit.
    assert fields - {"rule_folders"} == (settings | {"note_memory_mib"}) - {"token_file", "note_memory"}


def test_the_memory_for_notes_is_in_mib() -> None:
    config, _ = run("--note-memory", "256")
    assert config.note_memory_mib == 256


@pytest.mark.parametrize("name", Settings.fields)
def test_examples_in_the_table_are_valid(name: str) -> None:
    report = Report()
    node = read_text(f"{name}: {Settings.fields[name].example}", report, name="example")
    record = Object(table=Settings).read(node, report.scope()) if node is not None else None
    assert report.problems == []
    assert record is not None
    assert record.values.keys() == {name}


SAME_IN_ALL = {
    "max_sessions": ("4", 4),
    "max_connections": ("200", 200),
    "max_handshakes": ("32", 32),
    "handshake": ("2s", 2_000),
    "lookahead": ("2.5s", 2_500),
    "paused_window": ("2h", 7_200_000),
    "chunk_frames": ("25", 25),
    "seed": ("4294967295", 4_294_967_295),
    "http_bind": ("127.0.0.1:0", Endpoint("127.0.0.1", 0)),
    "generator": ("segue-small", "segue-small"),
    "log_format": ("json", "json"),
    "bind": ("ipc:///tmp/segue.sock", ("ipc:///tmp/segue.sock",)),
    "record": ("kept", Path("kept")),
    "log_file": ("logs/segue.log", Path("logs/segue.log")),
}


@pytest.mark.parametrize("name", SAME_IN_ALL)
def test_every_source_gives_the_same_value(name: str) -> None:
    text, value = SAME_IN_ALL[name]
    Path("service.yaml").write_text(f"{name}: {text}\n", encoding="utf-8")
    field = f"{name}_ms" if isinstance(Settings.fields[name].kind, Milliseconds) else name
    flag = f"--{name.replace('_', '-')}"
    for config, warnings in (
        run("--config", "service.yaml"),
        run(environ={"SEGUE_CONFIG": "service.yaml"}),
        run(environ={f"SEGUE_{name.upper()}": text}),
        run(flag, text),
    ):
        assert getattr(config, field) == value
        assert warnings == []


def test_flags_win_over_environment_over_file_over_default() -> None:
    Path("service.yaml").write_text("max_sessions: 2\nmax_batch: 2\nchunk_frames: 2\nreload: false\n", encoding="utf-8")
    environ = {"SEGUE_CONFIG": "service.yaml", "SEGUE_MAX_SESSIONS": "3", "SEGUE_MAX_BATCH": "3"}
    config, _ = run("--max-sessions", "4", environ=environ)
    found = (config.max_sessions, config.max_batch, config.chunk_frames, config.max_prompts, config.reload)
    assert found == (4, 3, 2, 256, False)
    assert run("--reload", environ=environ)[0].reload
    assert run("--reload", environ={"SEGUE_RELOAD": "false"})[0].reload
    assert run("--no-reload")[0].reload is False


def test_a_list_replaces_the_list_of_another_source() -> None:
    Path("service.yaml").write_text("bind: [tcp://127.0.0.1:1, tcp://127.0.0.1:2]\n", encoding="utf-8")
    environ = {"SEGUE_BIND": "tcp://127.0.0.1:3, ipc://a"}
    assert run("--config", "service.yaml")[0].bind == ("tcp://127.0.0.1:1", "tcp://127.0.0.1:2")
    assert run("--config", "service.yaml", environ=environ)[0].bind == ("tcp://127.0.0.1:3", "ipc://a")
    flags = ("--bind", "tcp://[::1]:4", "--bind", "ipc://b")
    assert run("--config", "service.yaml", *flags, environ=environ)[0].bind == ("tcp://[::1]:4", "ipc://b")


def test_the_config_flag_wins_over_its_variable() -> None:
    Path("flag.yaml").write_text("max_sessions: 2\n", encoding="utf-8")
    Path("variable.yaml").write_text("max_sessions: broken\n", encoding="utf-8")
    assert run("--config", "flag.yaml", environ={"SEGUE_CONFIG": "variable.yaml"})[0].max_sessions == 2


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_file(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    expected = Path(name.replace(".bad.yaml", ".txt")).read_text(encoding="utf-8")
    assert "\n".join(refused("--config", name)) + "\n" == expected


def test_there_are_enough_bad_files() -> None:
    assert len(BAD_FILES) >= 10


def test_mistakes_in_all_sources_are_reported_at_once() -> None:
    Path("service.yaml").write_text("lookahed: 4s\nmax_batch: 0\n", encoding="utf-8")
    environ = {"SEGUE_CONFIG": "service.yaml", "SEGUE_STALL": "3", "SEGUE_MAX_BATCH": "4", "SEGUE_SEED": ".nan"}
    assert refused("--max-sessions", "many", "--generator", "scor", environ=environ) == [
        "--generator: unknown generator 'scor'; did you mean 'score'?",
        "--max-sessions: expected a whole number from 1 to 1024, got 'many'",
        "SEGUE_SEED: expected a finite number, got '.nan'",
        "SEGUE_STALL: expected a time of at least 100ms such as 300ms or 4s, got '3'; did you mean 3s?",
        "service.yaml:1:1: unknown field 'lookahed'; did you mean 'lookahead'?",
        "service.yaml:2:12: max_batch: expected a whole number from 1 to 64, got 0",
    ]


def test_a_missing_configuration_file_is_the_only_error() -> None:
    environ = {"SEGUE_BIND": "tcp://0.0.0.0:1", "SEGUE_SEED": "x"}
    assert refused("--config", "none.yaml", environ=environ) == [
        "SEGUE_SEED: expected a whole number from 0 to 4294967295, got 'x'",
        "none.yaml:1:1: no such file",
    ]


def test_unknown_variables_cause_warnings_and_empty_ones_are_ignored() -> None:
    environ = {"SEGUE_MAX_SESION": "4", "SEGUE_PORT_7723_TCP_ADDR": "10.0.0.7", "SEGUE_TOKEN": "", "HOME": "/root"}
    config, warnings = run(environ=environ)
    assert config == ServiceConfig()
    assert warnings == [
        "'SEGUE_MAX_SESION': no such setting; did you mean 'SEGUE_MAX_SESSIONS'?",
        "'SEGUE_PORT_7723_TCP_ADDR': no such setting",
    ]


# --- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("tcp://127.0.0.1:7723", True),
        ("tcp://127.8.9.10:0", True),
        ("tcp://localhost:7723", False),
        ("tcp://[::1]:7723", True),
        ("ipc:///run/segue.sock", True),
        ("127.0.0.1:443", True),
        ("tcp://0.0.0.0:7723", False),
        ("tcp://*:7723", False),
        ("tcp://[::]:7723", False),
        ("tcp://[::ffff:127.0.0.1]:7723", False),
        ("tcp://192.168.1.2:7723", False),
        ("tcp://lo:7723", False),
        ("tcp://localhost.example.org:7723", False),
        ("tcp://127.0.0.1.example.org:7723", False),
        ("tcp://127.1:7723", False),
    ],
)
def test_private_and_public_addresses(address: str, private: bool) -> None:
    assert is_private(address) is private
    if address.startswith(("tcp:", "ipc:")):
        assert is_local(address) is private, "the gate judges otherwise than the configuration"


@pytest.mark.parametrize("text", ["", ":1", "a:", "a:65536", "a:-1", "[::1]", "::1:5", "1.2.3.256:1", "a b:1", "[x]:1"])
def test_invalid_endpoints(text: str) -> None:
    assert endpoint(text) is None


@pytest.mark.parametrize("address", ["tcp://0.0.0.0:7723", "tcp://*:7723", "tcp://[::]:1", "tcp://eth0:7723"])
def test_a_public_address_needs_a_token(address: str) -> None:
    told = f"expected a token (token_file or token) for the public address {address}, got none"
    assert refused("--bind", "tcp://127.0.0.1:1", "--bind", address) == [f"--bind: {told}"]
    config, warnings = run("--bind", address, environ={"SEGUE_TOKEN": TOKEN})
    assert config.token == TOKEN
    assert warnings == [
        f"--bind: {address} is public and not encrypted: others can read the token and the music; use tls_bind"
    ]
    with pytest.raises(ValueError, match="expected a token for the public address"):
        ServiceConfig(bind=(address,))


def test_tls_needs_a_token_a_certificate_and_a_key() -> None:
    assert refused("--tls-bind", "0.0.0.0:7724") == [
        "--tls-bind: expected a token (token_file or token) with it, got none",
        "--tls-bind: expected tls_cert (the path of a certificate chain (PEM) such as cert.pem) with it, got none",
        "--tls-bind: expected tls_key (the path of a private key (PEM) such as key.pem) with it, got none",
    ]
    for name in ("cert.pem", "key.pem"):
        Path(name).touch()
    flags = ("--tls-bind", "0.0.0.0:7724", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
    config, warnings = run(*flags, environ={"SEGUE_TOKEN": TOKEN})
    assert (config.tls_bind, config.tls_cert, config.tls_key) == (
        Endpoint("0.0.0.0", 7724),
        Path("cert.pem"),
        Path("key.pem"),
    )
    assert warnings == []
    with pytest.raises(ValueError, match="tls_bind: expected a token"):
        ServiceConfig(tls_bind=Endpoint("127.0.0.1", 7724))


def test_the_number_of_connections_exceeds_the_sessions() -> None:
    assert run()[0].most_connections == 16 + 128
    assert run("--max-sessions", "1000")[0].most_connections == 1_128
    assert run("--max-sessions", "4", "--max-connections", "5")[0].most_connections == 5
    told = ["--max-connections: expected more than the 16 of max_sessions, got 16"]
    assert refused("--max-connections", "16") == told
    with pytest.raises(ValueError, match="workers: expected at most max_sessions, 3, got 4"):
        ServiceConfig(max_sessions=3, workers=4)
    with pytest.raises(ValueError, match="max_connections: expected more than max_sessions, got 3"):
        ServiceConfig(max_sessions=3, max_connections=3)


def test_web_addresses_and_origins() -> None:
    for name in ("cert.pem", "key.pem"):
        Path(name).touch()
    tls = ("--tls-cert", "cert.pem", "--tls-key", "key.pem", "--token-file", "segue.token")
    Path("segue.token").write_text(TOKEN)
    Path("segue.token").chmod(0o600)
    origins = ("null", "http://localhost:8080", "capacitor://localhost")
    flags = [flag for origin in origins for flag in ("--web-origin", origin)]
    config, warnings = run("--web-bind", "ws://127.0.0.1:0", "--web-bind", "wss://0.0.0.0:9465", *flags, *tls)
    assert warnings == []
    assert config.web_bind == ("ws://127.0.0.1:0", "wss://0.0.0.0:9465")
    assert config.web_origin == origins
    _, warnings = run("--web-origin", "https://play.example.com")
    assert warnings == ["--web-origin: has no effect without web_bind"]
    with pytest.raises(ValueError, match="web_bind: expected a token for the public address"):
        ServiceConfig(web_bind=("wss://0.0.0.0:9465",))
    with pytest.raises(ValueError, match="web_bind: expected wss for the public address ws://0"):
        ServiceConfig(web_bind=("ws://0.0.0.0:9465",), token=TOKEN)


def test_warnings() -> None:
    Path("cert.pem").touch()
    flags = ("--http-bind", "0.0.0.0:7725", "--tls-cert", "cert.pem", "--stall", "4s", "--token", TOKEN)
    _, warnings = run(*flags)
    assert warnings == [
        "--token: every user of this machine can read it in the list of processes; use token_file",
        "--tls-cert: has no effect without tls_bind, or web_bind with wss://",
        "--http-bind: is public: everyone who reaches it can read the metrics",
        "--stall: stall is not shorter than lookahead: when a generator stalls, the music stops",
    ]


# --- tokens ---------------------------------------------------------------------------------------------------------


def test_a_token_is_never_shown() -> None:
    config, _ = run("--token", TOKEN)
    assert config.token == TOKEN
    assert TOKEN not in repr(config)
    short = "hunter2"
    for told in (refused("--token", short), refused(environ={"SEGUE_TOKEN": f"{TOKEN} {TOKEN}"})):
        assert len(told) == 1
        assert short not in told[0].removeprefix("--token")
        assert TOKEN not in told[0]


def test_a_token_comes_from_a_file(folder: Path) -> None:
    (folder / "secret").write_text(f"{TOKEN}\n", encoding="ascii")
    (folder / "secret").chmod(0o600)
    (folder / "sub").mkdir()
    (folder / "sub" / "service.yaml").write_text("token_file: ../secret\nbind: tcp://*:1\n", encoding="utf-8")
    config, warnings = run("--config", "sub/service.yaml")
    assert config.token == TOKEN
    assert len(warnings) == 1
    assert warnings[0].startswith("sub/service.yaml:2:7: bind: tcp://*:1 is public")

    (folder / "secret").chmod(0o644)
    _, warnings = run("--token-file", "secret")
    assert warnings == ["--token-file: other users may read secret; chmod 600 prevents that"]


def test_a_token_wins_over_the_token_file_of_a_lower_source(folder: Path) -> None:
    (folder / "secret").write_text(TOKEN, encoding="ascii")
    (folder / "secret").chmod(0o600)
    other = "another-token-of-some-length"
    assert run("--token-file", "secret", environ={"SEGUE_TOKEN": other})[0].token == TOKEN
    assert run("--token", other, environ={"SEGUE_TOKEN_FILE": "secret"})[0].token == other
    assert refused(environ={"SEGUE_TOKEN": other, "SEGUE_TOKEN_FILE": "secret"}) == [
        "SEGUE_TOKEN_FILE: expected only one of token and token_file, got both"
    ]


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 20, f"{TOKEN}\n{TOKEN}".encode(), b"x" * 100_000])
def test_invalid_token_files(folder: Path, content: bytes) -> None:
    (folder / "secret").write_bytes(content)
    (folder / "secret").chmod(0o600)
    told = refused("--token-file", "secret")
    assert len(told) == 1
    assert told[0].startswith("--token-file: expected 16 to 255 ASCII characters without spaces, got ")
    assert TOKEN not in told[0]


GIB = 1 << 30


@pytest.mark.parametrize(
    ("sessions", "machine", "generators", "expected"),
    [
        (1, 64 * GIB, 1, 144),
        (16, 64 * GIB, 1, 384),
        (16, 64 * GIB, 3, 1_152),
        (16, 2 * GIB, 3, 256),
        (1, GIB // 4, 1, LEAST_MIB),
        (16, None, 1, 384),
    ],
)
def test_note_memory_grows_with_sessions_and_processes_up_to_a_share_of_the_machine(
    sessions: int, machine: int | None, generators: int, expected: int
) -> None:
    assert default_note_memory_mib(sessions, machine, generators) == expected


def test_the_limit_of_a_container_counts_if_it_is_lower(tmp_path: Path) -> None:
    limit, none, odd = tmp_path / "limit", tmp_path / "none", tmp_path / "odd"
    limit.write_text(f"{GIB // 8}\n")
    none.write_text("max\n")
    odd.write_text("")
    machine = machine_memory_bytes([none, odd, tmp_path / "missing"])
    assert machine is None or machine > GIB // 8
    assert machine_memory_bytes([none, limit]) == GIB // 8
