"""The service's configuration: flags over environment over a YAML file over defaults; all mistakes at once."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from segue.service.settings.checks import Checks
from segue.service.settings.kinds import (
    Endpoint,
    HostPort,
    Milliseconds,
    PathText,
    Token,
    WebAddress,
    WebOrigin,
    ZmqAddress,
    is_private,
)
from segue.service.settings.sources import CONFIG_VARIABLE, merge, problem_line, read_environment, read_file, read_flags
from segue.service.settings.table import Settings, default_of, flag_of
from segue_yaml.containers import OneOrMore
from segue_yaml.kinds import Boolean, Choice, Number
from segue_yaml.nodes import Mark
from segue_yaml.report import DocumentError, ProblemsError, Report
from segue_yaml.tables import Field, Record

_METAVARS: Final[Mapping[type, str]] = {
    Number: "N",
    Milliseconds: "TIME",
    PathText: "PATH",
    HostPort: "HOST:PORT",
    Token: "TOKEN",
    ZmqAddress: "ADDRESS",
    WebAddress: "ADDRESS",
    WebOrigin: "ORIGIN",
}


SESSIONS_INSIDE: Final = 4
"""So many sessions are played inside the service, unless there are more and processes have started."""
# Default number of connections beyond the sessions: for clients that are refused or have no session yet, and for old
# connections of resumed sessions.
_MORE_CONNECTIONS: Final = 128


class ConfigError(ProblemsError[str]):
    """A configuration cannot be used. problems: The mistakes in all sources, each with its place."""


@dataclass(frozen=True, kw_only=True)
class ServiceConfig:
    """The configuration of a service; CONFIG.md says what each setting means.

    Attributes:
        token: Never shown.
        weights: As in `segue.generators.BuildOptions`.
        tls_bind, http_bind: None if off.
        web_bind, web_origin: Empty if not set.
        rules: Rule files by name; each existed when the settings were read.
        rule_folders: Folders in which further rule files may appear.
        default_rules: A name in `rules`; None if there are none.
        seed, continue_from, soundfont, note_memory_mib, generation_processes, record, max_connections, log_file: None
            if not set.

    Raises:
        ValueError: A public address or TLS without a token, a public address for WebSocket without TLS, recordings
            of an audition, or fewer connections than sessions.
    """

    bind: tuple[str, ...] = default_of(Settings.bind)
    token: str | None = field(default=None, repr=False)
    tls_bind: Endpoint | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    web_bind: tuple[str, ...] = ()
    web_origin: tuple[str, ...] = ()
    http_bind: Endpoint | None = None
    rules: Mapping[str, Path] = field(default_factory=dict)
    rule_folders: tuple[Path, ...] = ()
    default_rules: str | None = None
    reload: bool = default_of(Settings.reload)
    audition: bool = default_of(Settings.audition)
    generator: str = default_of(Settings.generator)
    weights: str = ""
    continue_from: Path | None = None
    soundfont: Path | None = None
    seed: int | None = None
    lookahead_ms: int = default_of(Settings.lookahead)
    chunk_frames: int = int(default_of(Settings.chunk_frames))
    max_sessions: int = int(default_of(Settings.max_sessions))
    max_connections: int | None = None
    max_handshakes: int = int(default_of(Settings.max_handshakes))
    handshake_ms: int = default_of(Settings.handshake)
    max_batch: int = int(default_of(Settings.max_batch))
    note_memory_mib: int | None = None
    generation_processes: int | None = None
    events_per_second: int = int(default_of(Settings.events_per_second))
    resume_window_ms: int = default_of(Settings.resume_window)
    paused_window_ms: int = default_of(Settings.paused_window)
    stall_ms: int = default_of(Settings.stall)
    drain_ms: int = default_of(Settings.drain)
    max_rules_bytes: int = int(default_of(Settings.max_rules_bytes))
    max_rules_parts: int = int(default_of(Settings.max_rules_parts))
    max_prompts: int = int(default_of(Settings.max_prompts))
    max_prompt_audio_ms: int = default_of(Settings.max_prompt_audio)
    record: Path | None = None
    max_record_mib: int = int(default_of(Settings.max_record_mib))
    log_level: str = default_of(Settings.log_level)
    log_format: str = default_of(Settings.log_format)
    log_file: Path | None = None

    def __post_init__(self) -> None:
        for name, addresses in ((Settings.bind.name, self.bind), (Settings.web_bind.name, self.web_bind)):
            public = [address for address in addresses if not is_private(address)]
            if public and not self.token:
                raise ValueError(f"{name}: expected a token for the public address {public[0]}, got none")
        for address in self.web_bind:
            if address.startswith("ws://") and not is_private(address):
                raise ValueError(f"web_bind: expected wss for the public address {address}")
        if self.tls_bind is not None and not self.token:
            raise ValueError("tls_bind: expected a token with it, got none")
        if self.audition and self.record is not None:
            # A recording has the texts of the rules, without the switches.
            raise ValueError("audition: expected no record with it")
        if self.most_connections <= self.max_sessions:
            raise ValueError(f"max_connections: expected more than max_sessions, got {self.max_connections}")

    @property
    def most_connections(self) -> int:
        """Connections at a time: as many as are set, or by default some more than sessions."""
        return self.max_sessions + _MORE_CONNECTIONS if self.max_connections is None else self.max_connections


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a flag for every setting, the rule files as operands, and `--config`. `configure` checks their values."""
    parser.add_argument("--config", metavar="FILE", help=f"a YAML file of settings ({CONFIG_VARIABLE})")
    for setting in Settings.fields.values():
        help_text = setting.doc if setting.default_text is None else f"{setting.doc} ({setting.default_text})"
        if setting is Settings.rules:
            parser.add_argument(setting.name, metavar="RULES", nargs="*", help=f"{help_text} [NAME=]FILE or FOLDER")
        elif isinstance(setting.kind, Boolean):
            parser.add_argument(flag_of(setting), action=argparse.BooleanOptionalAction, default=None, help=help_text)
        else:
            action = "append" if isinstance(setting.kind, OneOrMore) else "store"
            parser.add_argument(flag_of(setting), action=action, metavar=_metavar(setting), help=help_text)


def _metavar(setting: Field[Any]) -> str:
    kind = setting.kind
    if isinstance(kind, Choice):
        return f"{{{','.join(kind.words)}}}"
    return _METAVARS.get(type(kind.of if isinstance(kind, OneOrMore) else kind), "NAME")


def configure(
    arguments: argparse.Namespace, environ: Mapping[str, str], generators: Sequence[str] = ()
) -> tuple[ServiceConfig, list[str]]:
    """Read the configuration from all sources.

    Args:
        arguments: From a parser with the flags of `add_arguments`.
        environ: The environment's variables.
        generators: Names of the generators; empty if any name will do.

    Returns:
        The configuration, and warnings about it.

    Raises:
        ConfigError: With the mistakes in all sources.
    """
    report = Report()
    try:
        record, file, warnings = _read(arguments, environ, report)
        checks = Checks(record, lambda mark: _folder(mark, file), report)
        values = checks.values(generators)
        report.raise_problems()
    except DocumentError as error:
        raise ConfigError([problem_line(problem) for problem in error.problems]) from None
    return ServiceConfig(**values), [*warnings, *checks.warnings]


def _read(
    arguments: argparse.Namespace, environ: Mapping[str, str], report: Report
) -> tuple[Record, Path | None, list[str]]:
    """Return all sources merged, the configuration file if there is one, and warnings."""
    named = getattr(arguments, "config", None) or environ.get(CONFIG_VARIABLE)
    file = Path(named) if named else None
    of_file = read_file(file, report) if file is not None else None
    of_environment, warnings = read_environment(environ, report)
    of_flags = read_flags(arguments, report)
    if file is not None and of_file is None:
        report.raise_problems()
    records = [record for record in (of_file, of_environment, of_flags) if record is not None]
    return merge(records, report), file, warnings


def _folder(mark: Mark, file: Path | None) -> Path:
    """Return the folder that a path is relative to: that of the configuration file, or the current one."""
    return file.parent if file is not None and mark.line else Path()


# Measured with sessions of one soundtrack, each with its own seed: the first needs some 120 MiB for sources and
# repeated notes, each further one 10 to 15 more. Sessions of different soundtracks share less.
_FIRST_MIB: Final = 128
_EACH_MIB: Final = 16
LEAST_MIB: Final = 64
# The share of the machine's memory, so that a small machine keeps memory for everything else.
_SHARE: Final = 8
# Where a container says how much memory it may use: cgroups of version 2 and 1.
_LIMITS: Final = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def default_generation_processes(max_sessions: int, cores: int) -> int:
    """Return the default of the setting generation_processes."""
    return min(cores, max_sessions // SESSIONS_INSIDE) if cores > 1 and max_sessions > SESSIONS_INSIDE else 0


def usable_cores() -> int:
    """Return how many cores the process may use."""
    with contextlib.suppress(AttributeError, OSError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_note_memory_mib(max_sessions: int, machine_bytes: int | None, generators: int = 1) -> int:
    """Return the default of the setting note_memory in MiB.

    Args:
        machine_bytes: None if it is not known.
        generators: How many keep sounds of their own: the service, and each process that generates. Any of them plays
            any session, so each needs what all sessions need.
    """
    wanted = generators * (_FIRST_MIB + _EACH_MIB * max_sessions)
    return wanted if machine_bytes is None else max(LEAST_MIB, min(wanted, (machine_bytes >> 20) // _SHARE))


def machine_memory_bytes(limits: Sequence[Path] = _LIMITS) -> int | None:
    """Return how much memory the process may use: the machine's, or its container's limit; None if neither is known.

    Args:
        limits: Files that hold a number of bytes each, or "max".
    """
    found = []
    with contextlib.suppress(AttributeError, ValueError, OSError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for path in limits:
        with contextlib.suppress(ValueError, OSError):
            found.append(int(path.read_text(encoding="ascii")))
    return min((number for number in found if number > 0), default=None)
