"""The soundtracks a service plays: its rule files by name, reloaded when edited, and rules that clients send.

Nothing that comes over the network is opened as a path. Files are loaded in the thread of the caller.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue.contract import StyleEncoder
from segue.service import wire
from segue.service.rule_files import FileWatch, FolderWatch, Stamps, contents_digest, main_files, reached_files, stamps
from segue.service.settings.configuration import ServiceConfig
from segue.service.settings.table import MOST_RULE_FILES
from segue.service.soundtrack import PARTS, Soundtrack, build_soundtrack, parts_of
from segue.service.wire import RequestRefusedError
from segue_rules.audition import with_mutes
from segue_rules.errors import RuleError
from segue_rules.fingerprint import fingerprint_of
from segue_rules.loading import load, load_text
from segue_rules.model import Rules
from segue_yaml.nodes import Mark
from segue_yaml.report import Problem, did_you_mean

log = logging.getLogger(__name__)

TEXT_NAME: Final = "<rules_text>"
"""The file name in messages about rules that a client sent."""
_TEXT_FILE: Final = "rules.yaml"
# Texts of clients whose result is kept.
_MOST_TEXTS: Final = 32
# How often a file is read that changes while it is read.
_ATTEMPTS: Final = 5
# Up to this lookahead a client's rules may have as many parts as is configured.
_PARTS_LOOKAHEAD_MS: Final = 4_000
# After loading a client's rules, the next ones wait this many times as long: loading takes the interpreter from the
# music.
_PAUSE_AFTER_TEXT: Final = 3.0


@dataclass(frozen=True, kw_only=True)
class RuleEdit:
    """The result of loading an edited rule file: a soundtrack, or every mistake in it."""

    name: str
    soundtrack: Soundtrack | None = None
    errors: tuple[str, ...] = ()


class UnknownRulesError(KeyError):
    """There is no rule file of that name."""


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """The result of one attempt to read a rule file.

    Attributes:
        paths: The file and all that it reaches.
        state: Stamps of `paths` before reading.
        digest: Of their contents before reading.
        soundtrack: None if the file has mistakes.
        problems: Its mistakes.
    """

    paths: tuple[Path, ...]
    state: Stamps
    digest: str
    soundtrack: Soundtrack | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def is_consistent(self) -> bool:
        """Whether none of the files changed while they were read."""
        return stamps(self.paths) == self.state


@dataclass(kw_only=True)
class _Entry:
    """A rule file in use.

    Attributes:
        path: The file.
        soundtrack: None until the file was right for the first time.
        digest: Of the contents that `soundtrack` was loaded from.
        watch: Watches the file and all that it reaches.
        refused: Whether the mistakes of what is on disk now were reported.
    """

    path: Path
    soundtrack: Soundtrack | None
    digest: str
    watch: FileWatch
    refused: bool = False


class RuleStore:
    """The rule files of a configuration, loaded, and the texts that clients sent lately.

    `from_text` may be called from any thread, `changed` from one at a time.
    """

    def __init__(
        self,
        config: ServiceConfig,
        encoders: Sequence[StyleEncoder],
        loaded: Mapping[str, Soundtrack] | None = None,
    ) -> None:
        """Load every file.

        Args:
            config: Names the files and the limits.
            encoders: Encode the prompts of their styles.
            loaded: Soundtracks that another process has loaded, by name: then no file is read, and edits come through
                `apply`.

        Raises:
            RuleError: With the mistakes of all files.
        """
        self._config = config
        self._encoders = encoders
        # By fingerprint; the text asked for last is at the end.
        self._texts: dict[str, Soundtrack | tuple[Problem, ...]] = {}
        # One text at a time: the loader is pure Python, and takes the interpreter from the music.
        self._one_text = threading.Lock()
        self._texts_lock = threading.Lock()
        problems: list[Problem] = []
        self._entries: dict[str, _Entry] = {}
        if loaded is not None:
            self._entries = {name: _loaded_entry(one) for name, one in loaded.items()}
            self._folders: list[FolderWatch] = []
            return
        for name, path in config.rules.items():
            reading = self._read_consistently(name, path)
            problems += reading.problems
            if reading.soundtrack is not None:
                watch = FileWatch(reading.paths, reading.state)
                self._entries[name] = _Entry(
                    path=path, soundtrack=reading.soundtrack, digest=reading.digest, watch=watch
                )
        if problems:
            raise RuleError(problems)
        self._folders = [FolderWatch(folder) for folder in config.rule_folders]

    @property
    def names(self) -> tuple[str, ...]:
        """What clients may ask for, in the order of the configuration."""
        return tuple(name for name, entry in self._entries.items() if entry.soundtrack is not None)

    def named(self, name: str | None = None) -> Soundtrack:
        """Return the soundtrack of that name, or the default one. Raises: UnknownRulesError."""
        wanted = self._config.default_rules if name is None else name
        entry = None if wanted is None else self._entries.get(wanted)
        if entry is None or entry.soundtrack is None:
            raise UnknownRulesError(wanted)
        return entry.soundtrack

    def apply(self, edit: RuleEdit) -> None:
        """Take an edited rule file that another process has loaded, or what is wrong with it."""
        if edit.soundtrack is not None:
            # Replaced, not changed, as by `changed`.
            self._entries = {**self._entries, edit.name: _loaded_entry(edit.soundtrack)}

    def from_text(self, text: str) -> Soundtrack:
        """Load rules that a client sent: without includes and sound files, within the configured limits.

        This may take seconds for a text that was made to be slow. The results of the last texts are kept.

        Raises:
            RuleError: With every mistake.
        """
        with self._one_text:
            key = self._key(text)
            result = self._cached(key) or self._load_text(text, key)
            with self._texts_lock:
                self._texts[key] = result
                while len(self._texts) > _MOST_TEXTS:
                    del self._texts[next(iter(self._texts))]
        return _soundtrack_or_error(result)

    def from_known_text(self, text: str) -> Soundtrack | None:
        """Return at once what `from_text` does for a text that was loaded lately; None for any other.

        Raises:
            RuleError: With every mistake.
        """
        result = self._cached(self._key(text))
        return None if result is None else _soundtrack_or_error(result)

    def _key(self, text: str) -> str:
        """Return the fingerprint of a text. Raises: RuleError for one that is too long."""
        content = text.encode(errors="surrogatepass")
        if len(content) > self._config.max_rules_bytes:
            limit = self._config.max_rules_bytes
            raise _file_error(Path(TEXT_NAME), f"expected at most {limit} bytes, got {len(content)}")
        return fingerprint_of([content])

    def _cached(self, key: str) -> Soundtrack | tuple[Problem, ...] | None:
        """Return the result of a text, and keep it longer."""
        with self._texts_lock:
            result = self._texts.pop(key, None)
            if result is not None:
                self._texts[key] = result
            return result

    def _load_text(self, text: str, key: str) -> Soundtrack | tuple[Problem, ...]:
        try:
            rules = load_text(text, TEXT_NAME)
            self._check_prompts(rules)
            self._check_parts(rules)
            return self._build("", rules, {_TEXT_FILE: text}, key)
        except RuleError as error:
            return error.problems

    def changed(self) -> list[RuleEdit]:
        """Load the rule files whose edits are finished; to be polled.

        An edit is finished when two polls in a row find the same files. Included files and sounds are parts of a rule
        file. After a refused edit the old soundtrack is played on; if the edit is undone, the old soundtrack is
        returned again. A rule file that appears in a folder is served. One that is removed counts as a refused edit.
        """
        due = [(name, entry) for name, entry in self._entries.items() if entry.watch.is_due()]
        due += [new for folder in self._folders if folder.is_due() for new in self._add_new(folder)]
        return [edit for name, entry in due if (edit := self._reload_safely(name, entry)) is not None]

    def _add_new(self, folder: FolderWatch) -> list[tuple[str, _Entry]]:
        """Add the rule files that are new in a folder, not loaded yet, and return them."""
        folder.mark_handled()
        known = {entry.path for entry in self._entries.values()}
        new: dict[str, _Entry] = {}
        for path in main_files(folder.paths)[0]:
            if path in known:
                continue
            name = path.stem
            taken = {**self._entries, **new}
            if name in taken:
                text = "not served: another rule file has the same name"
                log.warning("%s: %s", path, text, extra={"rules": name, "other": str(taken[name].path)})
            elif len(taken) >= MOST_RULE_FILES:
                log.warning("%s: not served: expected at most %d rule files", path, MOST_RULE_FILES)
            else:
                new[name] = _Entry(path=path, soundtrack=None, digest="", watch=FileWatch((path,), ()))
        # Replaced, not changed: the service's loop may be reading it.
        self._entries = {**self._entries, **new}
        return list(new.items())

    def _reload_safely(self, name: str, entry: _Entry) -> RuleEdit | None:
        """Reload one file; a fault of the service is a refused edit of this file alone."""
        try:
            return self._reload(name, entry)
        except Exception as error:
            log.exception("a rule file could not be loaded", extra={"rules": name})
            entry.refused = True
            entry.watch.mark_handled(entry.watch.paths, stamps(entry.watch.paths))
            text = f"{entry.path}: not loaded because of a fault of the service ({type(error).__name__}); see its log"
            return RuleEdit(name=name, errors=(text,))

    def _reload(self, name: str, entry: _Entry) -> RuleEdit | None:
        """Load what is on disk now, if it differs from what is in use."""
        # A link that was turned to another file may lead to the same contents.
        paths = reached_files(entry.path)
        state = stamps(paths)
        in_use = entry.soundtrack is not None and not entry.refused
        if in_use and contents_digest(paths) == entry.digest:
            entry.watch.mark_handled(paths, state)
            return None
        reading = self._read(name, entry.path)
        if not reading.is_consistent:
            return None
        entry.watch.mark_handled(reading.paths, reading.state)
        if reading.soundtrack is None:
            entry.refused = True
            return RuleEdit(name=name, errors=tuple(map(str, sorted(reading.problems))))
        entry.soundtrack, entry.digest, entry.refused = reading.soundtrack, reading.digest, False
        return RuleEdit(name=name, soundtrack=entry.soundtrack)

    def _read_consistently(self, name: str, path: Path) -> _Reading:
        """Read until nothing changes meanwhile, a few times."""
        for _ in range(_ATTEMPTS):
            reading = self._read(name, path)
            if reading.is_consistent:
                return reading
        problems = _file_error(path, "cannot be read: it changes all the time").problems
        return dataclasses.replace(reading, soundtrack=None, problems=problems)

    def _read(self, name: str, path: Path) -> _Reading:
        paths = reached_files(path)
        state, digest = stamps(paths), contents_digest(paths)
        try:
            rules = load(path)
            contents = _contents(rules.files)
            rules = with_mutes(rules) if self._config.audition else rules
            soundtrack = self._build(name, rules, _sources(contents), fingerprint_of(contents.values()))
        except RuleError as error:
            return _Reading(paths=paths, state=state, digest=digest, problems=error.problems)
        return _Reading(paths=paths, state=state, digest=digest, soundtrack=soundtrack)

    def _build(self, name: str, rules: Rules, sources: Mapping[str, str], fingerprint: str) -> Soundtrack:
        return build_soundtrack(
            name,
            rules,
            sources,
            fingerprint,
            encoders=self._encoders,
            max_prompt_audio_s=self._config.max_prompt_audio_ms / 1000,
        )

    def _check_prompts(self, rules: Rules) -> None:
        prompts = [prompt for style in rules.styles for prompt in style.prompts]
        most = self._config.max_prompts
        if len(prompts) > most:
            text = f"expected at most {most} prompts, got {len(prompts)}"
            raise RuleError([Problem(mark=prompts[most].mark, where="styles", text=text)])

    def _check_parts(self, rules: Rules) -> None:
        """Bound the parts of rules: planning each frame takes time for every part, in the loop of all sessions."""
        parts, most = parts_of(rules), self._config.max_rules_parts
        if parts > most:
            text = f"expected at most {most} parts ({PARTS}), got {parts}"
            raise RuleError([Problem(mark=rules.layers[0].mark, where="layers", text=text)])


class ClientRules:
    """Loads the rules that clients ask for: a rule file by name, or a text of their own."""

    def __init__(self, rule_store: RuleStore, config: ServiceConfig, clock: Callable[[], float]) -> None:
        """Serve the rules of a store, within the configured limits.

        Args:
            clock: Monotonic seconds.
        """
        self._rule_store = rule_store
        self._max_parts = config.max_rules_parts
        self._clock = clock
        self._loading = asyncio.Lock()
        self._next_s = -math.inf

    async def load(self, text: str | None, name: str | None, lookahead_ms: int) -> Soundtrack:
        """Return the soundtrack that a client asks for.

        Args:
            text: Rules of its own; None for a rule file of the service.
            name: Name of a rule file; None for the default one.
            lookahead_ms: Lookahead of its session.

        Raises:
            RequestRefusedError: The text has mistakes or too many parts, or the name is unknown.
        """
        try:
            if text is None:
                return self._rule_store.named(name)
            soundtrack = self._rule_store.from_known_text(text) or await self._load_text(text)
        except RuleError as error:
            problems = [str(problem) for problem in error.problems]
            raise RequestRefusedError("rules_refused", "\n".join(problems), problems=problems) from error
        except UnknownRulesError as error:
            raise self._unknown(name or "none") from error
        self._check_parts(soundtrack, lookahead_ms)
        return soundtrack

    def _unknown(self, name: str) -> RequestRefusedError:
        names = self._rule_store.names
        known = ", ".join(names) or "no name but rules_text, as the service has no rule files"
        bare = name.removesuffix(".yaml")
        hint = f"; names have no extension: did you mean {bare!r}?" if bare != name and bare in names else ""
        hint = hint or did_you_mean(name, names)
        text = f"rules_name: expected one of {known}, got {wire.clipped(name, 64)!r}{hint}"
        return RequestRefusedError("unknown_rules", text)

    def _check_parts(self, soundtrack: Soundtrack, lookahead_ms: int) -> None:
        """Bound the parts of a client's rules: each event makes the service plan the whole lookahead again."""
        parts, most = parts_of(soundtrack.rules), self._max_parts * _PARTS_LOOKAHEAD_MS // lookahead_ms
        if parts > most:
            text = f"expected at most {most} parts ({PARTS}) for a lookahead of {lookahead_ms / 1000:g} s, got {parts}"
            raise RequestRefusedError("rules_refused", text, problems=[f"{TEXT_NAME}:1:1: {text}"])

    async def _load_text(self, text: str) -> Soundtrack:
        """Load one text at a time and with pauses. Raises: RuleError."""
        async with self._loading:
            await asyncio.sleep(max(0.0, self._next_s - self._clock()))
            begun_s = self._clock()
            try:
                return await asyncio.to_thread(self._rule_store.from_text, text)
            finally:
                now_s = self._clock()
                self._next_s = now_s + _PAUSE_AFTER_TEXT * (now_s - begun_s)


def _loaded_entry(soundtrack: Soundtrack) -> _Entry:
    """Return the entry of a soundtrack whose files another process watches."""
    return _Entry(path=Path(soundtrack.name), soundtrack=soundtrack, digest="", watch=FileWatch((), ()))


def _soundtrack_or_error(result: Soundtrack | tuple[Problem, ...]) -> Soundtrack:
    """Return a soundtrack. Raises: RuleError with the problems of a text that was refused."""
    if isinstance(result, Soundtrack):
        return result
    raise RuleError(result)


def _file_error(path: Path, text: str) -> RuleError:
    """Return the error about a whole file."""
    return RuleError([Problem(mark=Mark(file=path.as_posix(), line=1, column=1), where="", text=text)])


def _contents(files: Sequence[Path]) -> dict[Path, bytes]:
    """Read files. Raises: RuleError for one that was removed since it was loaded."""
    contents = {}
    for path in files:
        try:
            contents[path] = path.read_bytes()
        except OSError as error:
            raise _file_error(path, f"cannot be read: {error.strerror}") from error
    return contents


def _sources(contents: Mapping[Path, bytes]) -> dict[str, str]:
    """Return texts by path from the first file's folder; includes lie below it."""
    folder = next(iter(contents)).parent
    return {path.relative_to(folder).as_posix(): data.decode() for path, data in contents.items()}
