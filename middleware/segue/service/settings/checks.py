"""Checks settings together: files that must exist, addresses that must be safe, names that must be known."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from segue.model_files import RANDOM
from segue.service.rule_files import find_rule_files
from segue.service.settings.kinds import Endpoint, Milliseconds, Token, endpoint, is_private, resolved
from segue.service.settings.sources import problem_line
from segue.service.settings.table import MOST_RULE_FILES, Settings, flag_of
from segue_yaml.kinds import Number, Word
from segue_yaml.nodes import Mark, Scalar, quote
from segue_yaml.report import Problem, Report, did_you_mean
from segue_yaml.tables import Field, Record

_MOST_TOKEN_FILE_BYTES: Final = 1_024
_OTHERS_MAY_READ: Final = stat.S_IRGRP | stat.S_IROTH

# Fields of ServiceConfig that have a unit in their name and their setting has none, beside those of times.
_FIELDS: Final = {Settings.note_memory.name: "note_memory_mib"}


class Checks:
    """Turns the settings as written into a configuration's values.

    Attributes:
        warnings: About what is allowed and probably not meant.
    """

    def __init__(self, record: Record, folder_of: Callable[[Mark], Path], report: Report) -> None:
        """Check a record.

        Args:
            record: All settings, merged.
            folder_of: Returns the folder that a path counts from, by where it was written.
            report: Takes the mistakes.
        """
        self.warnings: list[str] = []
        self._record = record
        self._folder_of = folder_of
        self._report = report

    def values(self, generators: Sequence[str]) -> dict[str, Any]:
        """Return the values by field of ServiceConfig; a setting with a mistake, or without any value, is left out.

        Args:
            generators: Names of the generators; empty if any name will do.
        """
        values: dict[str, Any] = {}
        for name, setting in Settings.fields.items():
            value = self._record.values.get(name, setting.default)
            if value is not None:
                key = f"{name}_ms" if isinstance(setting.kind, Milliseconds) else _FIELDS.get(name, name)
                values[key] = int(value) if isinstance(setting.kind, Number) else value
        self._find_files(values)
        self._take_token(values)
        self._find_rules(values)
        self._check_addresses(values)
        self._check_times(values)
        self._check_counts(values)
        self._check_audition(values)
        if generators and values["generator"] not in generators:
            hint = did_you_mean(values["generator"], generators)
            self._problem(Settings.generator, f"unknown generator {quote(values['generator'])}{hint}")
        return values

    def _find_files(self, values: dict[str, Any]) -> None:
        for setting in (
            Settings.tls_cert,
            Settings.tls_key,
            Settings.soundfont,
            Settings.continue_from,
            Settings.token_file,
        ):
            word = self._record.get(setting)
            if word is None:
                continue
            path = values[setting.name] = self._path(word)
            if not path.is_file():
                what = "a folder" if path.is_dir() else "none"
                self._problem(setting, f"expected a file at {quote(word.text)}, got {what}")
        weights = self._record.get(Settings.weights)
        if weights is not None:
            values["weights"] = RANDOM if weights.text == RANDOM else str(self._path(weights))
        folder = self._record.get(Settings.record)
        if folder is not None:
            values["record"] = self._path(folder)
            if values["record"].exists() and not values["record"].is_dir():
                self._problem(Settings.record, f"expected a folder, got the file {quote(folder.text)}")
        log_file = self._record.get(Settings.log_file)
        if log_file is not None:
            values["log_file"] = self._path(log_file)
            if values["log_file"].is_dir():
                self._problem(Settings.log_file, f"expected a file, got the folder {quote(log_file.text)}")

    def _path(self, word: Word) -> Path:
        return resolved(word, self._folder_of(word.mark))

    def _take_token(self, values: dict[str, Any]) -> None:
        """Read the token from its file, if there is one."""
        path: Path | None = values.pop("token_file", None)
        if self._record.has(Settings.token) and self._record.has(Settings.token_file):
            self._problem(Settings.token_file, "expected only one of token and token_file, got both")
        elif path is not None and path.is_file():
            values["token"] = self._token_in(path)
        if self._record.mark_of(Settings.token).file == flag_of(Settings.token):
            self._warn(
                Settings.token, "every user of this machine can read it in the list of processes; use token_file"
            )

    def _token_in(self, path: Path) -> str | None:
        setting = Settings.token_file
        try:
            with path.open("rb") as file:
                content = file.read(_MOST_TOKEN_FILE_BYTES).decode("ascii", errors="replace")
            if os.name == "posix" and path.stat().st_mode & _OTHERS_MAY_READ:
                self._warn(setting, f"other users may read {path}; chmod 600 prevents that")
        except OSError as error:
            self._problem(setting, f"{path} cannot be read: {error.strerror}")
            return None
        mark = self._record.mark_of(setting)
        text = content.strip()
        return Token().read(
            Scalar(mark=mark, value=text, text=text, quoted=True), self._record.scope.inside(setting.name)
        )

    def _find_rules(self, values: dict[str, Any]) -> None:
        sources = self._record.get(Settings.rules) or ()
        scope = self._record.scope.inside(Settings.rules.name)
        found = find_rule_files(sources, self._folder_of, MOST_RULE_FILES, scope)
        files = found.files
        self.warnings += found.warnings
        values["rules"], values["rule_folders"] = files, tuple(found.folders)
        name = self._record.get(Settings.default_rules)
        if name is None:
            values["default_rules"] = next(iter(files), None)
        elif name not in files and not self._report.problems:
            self._problem(Settings.default_rules, f"unknown rules {quote(name)}{did_you_mean(name, files)}")

    def _check_addresses(self, values: dict[str, Any]) -> None:
        """Check that public addresses and TLS have what they need, and warn about what is not encrypted."""
        guarded = self._record.has(Settings.token) or self._record.has(Settings.token_file)
        addresses: tuple[str, ...] = values["bind"]
        if len(set(addresses)) < len(addresses):
            self._problem(Settings.bind, "expected each address once, got one twice")
        for address in addresses:
            if is_private(address):
                continue
            if guarded:
                text = f"{address} is public and not encrypted: others can read the token and the music; use tls_bind"
                self._warn(Settings.bind, text)
            else:
                text = f"expected a token (token_file or token) for the public address {address}, got none"
                self._problem(Settings.bind, text)
        self._check_web(values, guarded=guarded)
        values["tls_bind"] = self._tls(values["tls_bind"], guarded=guarded)
        values["http_bind"] = endpoint(values["http_bind"])
        if values["http_bind"] is not None and not is_private(self._record.value(Settings.http_bind)):
            self._warn(Settings.http_bind, "is public: everyone who reaches it can read the metrics")

    def _check_web(self, values: dict[str, Any], *, guarded: bool) -> None:
        """Check the addresses for WebSocket, which other machines may reach only through TLS and with a token."""
        addresses: tuple[str, ...] = values.get("web_bind", ())
        if len(set(addresses)) < len(addresses):
            self._problem(Settings.web_bind, "expected each address once, got one twice")
        for address in addresses:
            if is_private(address):
                continue
            if address.startswith("ws://"):
                text = f"expected wss:// for the public address {address}: others could read the token and the music"
                self._problem(Settings.web_bind, text)
            if not guarded:
                text = f"expected a token (token_file or token) for the public address {address}, got none"
                self._problem(Settings.web_bind, text)
        if self._record.has(Settings.web_origin) and not self._record.has(Settings.web_bind):
            self._warn(Settings.web_origin, "has no effect without web_bind")

    def _tls(self, text: str, *, guarded: bool) -> Endpoint | None:
        """Return where to listen for TLS; None if that is off."""
        place = endpoint(text)
        encrypted: list[Field[Any]] = [Settings.tls_bind] if place is not None else []
        if any(address.startswith("wss://") for address in self._record.get(Settings.web_bind) or ()):
            encrypted.append(Settings.web_bind)
        for setting in (Settings.tls_cert, Settings.tls_key):
            if not self._record.has(setting):
                for user in encrypted:
                    self._problem(user, f"expected {setting.name} ({setting.kind.expected}) with it, got none")
            elif not encrypted:
                self._warn(setting, "has no effect without tls_bind, or web_bind with wss://")
        if place is not None and not guarded:
            self._problem(Settings.tls_bind, "expected a token (token_file or token) with it, got none")
        return place

    def _check_times(self, values: dict[str, Any]) -> None:
        if values["stall_ms"] >= values["lookahead_ms"]:
            setting = Settings.stall if self._record.has(Settings.stall) else Settings.lookahead
            self._warn(setting, "stall is not shorter than lookahead: when a generator stalls, the music stops")

    def _check_counts(self, values: dict[str, Any]) -> None:
        most = values.get("max_connections")
        if most is not None and most <= values["max_sessions"]:
            text = f"expected more than the {values['max_sessions']} of max_sessions, got {most}"
            self._problem(Settings.max_connections, text)

    def _check_audition(self, values: dict[str, Any]) -> None:
        if values["audition"] and values.get("record") is not None:
            text = "expected no record with it, since recordings lack the inputs that mute layers; got one"
            self._problem(Settings.audition, text)

    def _problem(self, setting: Field[Any], text: str) -> None:
        self._record.problem(setting, text)

    def _warn(self, setting: Field[Any], text: str) -> None:
        self.warnings.append(problem_line(Problem(mark=self._record.mark_of(setting), where=setting.name, text=text)))
