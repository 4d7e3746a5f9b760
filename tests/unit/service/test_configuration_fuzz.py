"""Any contents of file, environment and flags give a configuration or a ConfigError, and nothing else."""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from segue.service.settings.configuration import ConfigError, ServiceConfig, add_arguments, configure
from segue.service.settings.kinds import is_private
from segue.service.settings.table import Settings, variable_of

VALID = """\
bind: [tcp://127.0.0.1:7723, "ipc:///run/segue.sock"]
token: correct-horse-battery
tls_bind: off
http_bind: 127.0.0.1:7725
lookahead: 4s
max_sessions: 16   # at a time
reload: true
log_level: info
"""
SIGNS = [
    ":",
    ":",
    "",
    "[",
    "]",
    "{",
    "}",
    ",",
    "-",
    "'",
    '"',
    "&",
    "*",
    "!!",
    "#",
    "tcp://",
    "ipc://",
    "off",
    "0.0.0.0:1",
    "*:1",
    "4s",
    "-1",
    "1e999",
    ".nan",
    "~",
    "true",
    "|",
    ">",
    "?",
    "%",
]
PIECES = [*Settings.fields, *SIGNS, ": ", "- ", "\n", "  ", "\t", "\x00", "\ud800"]


def attempt(environ: dict[str, str], *flags: str) -> ServiceConfig | None:
    """Return the configuration; None if it was refused with messages."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    try:
        config, _ = configure(parser.parse_args(flags), environ)
    except ConfigError as error:
        problems = error.problems
    else:
        return config
    assert problems
    assert all(problem.isprintable() for problem in problems)
    return None


def is_safe(config: ServiceConfig) -> bool:
    return config.token is not None or all(map(is_private, config.bind))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_mutated_files() -> None:
    chance = random.Random(7)
    accepted = refused = 0
    for _ in range(500):
        text = VALID
        for _ in range(chance.randint(1, 3)):
            start = chance.randrange(len(text) + 1)
            end = min(len(text), start + chance.choice((0, 0, 1, 3, 12)))
            text = text[:start] + chance.choice(PIECES) + text[end:]
        Path("service.yaml").write_bytes(text.encode(errors="surrogatepass"))
        config = attempt({"SEGUE_CONFIG": "service.yaml"})
        assert config is None or is_safe(config)
        accepted, refused = accepted + (config is not None), refused + (config is None)
    assert accepted >= 25
    assert refused >= 100


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 100_000, b"- " * 50_000, b"a: &a [*a]", b"x" * (1 << 21)])
def test_files_that_are_not_yaml(content: bytes) -> None:
    Path("service.yaml").write_bytes(content)
    assert attempt({}, "--config", "service.yaml") is None


def test_paths_that_are_not_files() -> None:
    assert attempt({}, "--config", ".") is None
    assert attempt({}, "--config", "none/service.yaml") is None
    assert attempt({}, "--config", "/dev/zero") is None


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from([variable_of(setting) for setting in Settings.fields.values()]),
        st.text(st.characters(exclude_characters="\x00"), max_size=40)
        | st.sampled_from([each for each in PIECES if "\x00" not in each]),
        max_size=6,
    )
)
# What looks like a space beside what cannot be shown.
@example({"SEGUE_HTTP_BIND": "\xa0\ud7fc"})
def test_any_environment(environ: dict[str, str]) -> None:
    config = attempt(environ)
    assert config is None or is_safe(config)
