"""The soundtracks a service plays: its rule files by name, taken over anew when edited, and rules that clients send.

Nothing that comes from the wire is opened as a path. Loading happens in the thread that calls.
"""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue.contract import Samples, StyleBank, StyleEncoder
from segue.runtime.styles import load_stingers, load_styles
from segue.service.config import ServiceConfig
from segue.service.prompt_ration import Ration
from segue.service.rule_files import sorted_out
from segue.service.rule_watch import FolderWatch, Stamps, Watch, contents_digest, relied_on, stamps
from segue.service.settings import MOST_RULE_FILES
from segue_rules.errors import RuleError
from segue_rules.loading import load, load_text
from segue_rules.model import All, Any, Condition, Not, Rules
from segue_yaml.nodes import Mark
from segue_yaml.report import Problem

log = logging.getLogger(__name__)

TEXT_NAME: Final = "<rules_text>"
"""The file's name in messages about rules that a client sent."""
PARTS: Final = "states, comparisons, transitions, stingers, and 16 for each layer"
_PARTS_OF_A_LAYER: Final = 16
"""A layer takes as long in each frame as so many comparisons."""
_TEXT_FILE: Final = "rules.yaml"
_MOST_TEXTS: Final = 32
_ATTEMPTS: Final = 5


@dataclass(frozen=True, kw_only=True)
class Soundtrack:
    """Rules with all that playing them takes. Equal fingerprints: equal rule files.

    name: what clients call it; "" for rules that a client sent. styles: in the order of rules.styles. sounds: stinger
    to float32 [S, 2] at 48 kHz. fingerprint: as `runtime.recorder.fingerprint`. sources: the text of every file, the
    main one first, by its path from the main one's folder. warnings: of loader and style encoder, with their places.
    """

    name: str
    rules: Rules
    styles: StyleBank
    sounds: Mapping[str, Samples]
    fingerprint: str
    sources: Mapping[str, str]
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What came of an edited rule file. soundtrack: None if it was refused. errors: then every mistake."""

    name: str
    soundtrack: Soundtrack | None = None
    errors: tuple[str, ...] = ()


class UnknownRulesError(KeyError):
    """No rule file of that name."""


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """What one attempt at a rule file gave. state: of `paths` before it; digest: of their contents before it."""

    paths: tuple[Path, ...]
    state: Stamps
    digest: str
    soundtrack: Soundtrack | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nobody wrote to the files meanwhile."""
        return stamps(self.paths) == self.state


@dataclass(kw_only=True)
class _Entry:
    """A rule file in use. soundtrack: None until it was right for the first time.

    refused: whether what is on disk now was told to be wrong.
    """

    path: Path
    soundtrack: Soundtrack | None
    digest: str
    watch: Watch
    refused: bool = False


class RuleBook:
    """The rule files of a configuration, loaded, and the texts that clients sent lately.

    `from_text` may be called from any thread; `changed` from one at a time.
    """

    def __init__(self, config: ServiceConfig, encoder: StyleEncoder) -> None:
        """Loads every file. Raises: RuleError with the mistakes of all of them."""
        self._config = config
        self._encoder = encoder
        # By fingerprint, the one asked for last at the end.
        self._texts: dict[str, Soundtrack | tuple[Problem, ...]] = {}
        # One text at a time: reading is pure Python, and takes the interpreter from the music.
        self._one_text = threading.Lock()
        self._texts_lock = threading.Lock()
        problems: list[Problem] = []
        self._entries: dict[str, _Entry] = {}
        for name, path in config.rules.items():
            reading = self._read_whole(name, path)
            problems += reading.problems
            if reading.soundtrack is not None:
                watch = Watch(reading.paths, reading.state)
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
        """The soundtrack of that name, or the default one, as it is now. Raises: UnknownRulesError."""
        wanted = self._config.default_rules if name is None else name
        entry = None if wanted is None else self._entries.get(wanted)
        if entry is None or entry.soundtrack is None:
            raise UnknownRulesError(wanted)
        return entry.soundtrack

    def from_text(self, text: str) -> Soundtrack:
        """The soundtrack of rules that a client sent: no include, no sound files, within the configured limits.

        May take seconds for a text made to be slow; the verdicts on the last texts are kept, refusals too.
        Raises: RuleError with every mistake.
        """
        with self._one_text:
            key = self._key(text)
            found = self._known(key) or self._judge(text, key)
            with self._texts_lock:
                self._texts[key] = found
                while len(self._texts) > _MOST_TEXTS:
                    del self._texts[next(iter(self._texts))]
        return _accepted(found)

    def judged(self, text: str) -> Soundtrack | None:
        """The same at once, for a text that was loaded lately; None for any other. Raises: RuleError."""
        found = self._known(self._key(text))
        return None if found is None else _accepted(found)

    def _key(self, text: str) -> str:
        """What a text is kept by. Raises: RuleError for one that is too long."""
        content = text.encode(errors="surrogatepass")
        if len(content) > self._config.max_rules_bytes:
            limit = self._config.max_rules_bytes
            raise _refusal(Path(TEXT_NAME), f"expected at most {limit} bytes, got {len(content)}")
        return _fingerprint([content])

    def _known(self, key: str) -> Soundtrack | tuple[Problem, ...] | None:
        """The verdict on a text, which is kept longer for having been asked for."""
        with self._texts_lock:
            found = self._texts.pop(key, None)
            if found is not None:
                self._texts[key] = found
            return found

    def _judge(self, text: str, key: str) -> Soundtrack | tuple[Problem, ...]:
        try:
            rules = load_text(text, TEXT_NAME)
            self._check_prompts(rules)
            self._check_parts(rules)
            return self._furnish("", rules, {_TEXT_FILE: text}, key)
        except RuleError as error:
            return error.problems

    def changed(self) -> list[Edit]:
        """Poll: the rule files whose edits are finished, newly loaded or refused.

        A file is finished when two polls in a row find it the same. A refused edit keeps the old soundtrack; taken
        back, it is told as the old soundtrack again. Included files and sounds count as parts of the rule file. A rule
        file that appears in a folder is served; one that is removed is a refused edit, and served on as it was.
        """
        due = [(name, entry) for name, entry in self._entries.items() if entry.watch.is_due()]
        due += [new for folder in self._folders if folder.is_due() for new in self._appeared(folder)]
        return [edit for name, entry in due if (edit := self._taken_up(name, entry)) is not None]

    def _appeared(self, folder: FolderWatch) -> list[tuple[str, _Entry]]:
        """The rule files of a folder that are new there."""
        folder.dealt_with()
        known = {entry.path for entry in self._entries.values()}
        new: dict[str, _Entry] = {}
        for path in sorted_out(folder.paths)[0]:
            if path in known:
                continue
            name = path.stem
            taken = {**self._entries, **new}
            if name in taken:
                text = "not served: expected a name of its own, got that of another rule file"
                log.warning("%s: %s", path, text, extra={"rules": name, "other": str(taken[name].path)})
            elif len(taken) >= MOST_RULE_FILES:
                log.warning("%s: not served: expected at most %d rule files", path, MOST_RULE_FILES)
            else:
                new[name] = _Entry(path=path, soundtrack=None, digest="", watch=Watch((path,), ()))
        # The service's loop reads it meanwhile.
        self._entries = {**self._entries, **new}
        return list(new.items())

    def _taken_up(self, name: str, entry: _Entry) -> Edit | None:
        """What came of one file; a fault of ours is a refused edit of it, and the other files are taken up as ever."""
        try:
            return self._take_up(name, entry)
        except Exception as error:
            log.exception("a rule file could not be taken up", extra={"rules": name})
            entry.refused = True
            entry.watch.dealt_with(entry.watch.paths, stamps(entry.watch.paths))
            text = f"{entry.path}: not taken up for a fault of the service's ({type(error).__name__}); its log says why"
            return Edit(name=name, errors=(text,))

    def _take_up(self, name: str, entry: _Entry) -> Edit | None:
        """Load what is on disk now, if it differs from what is in use."""
        # A link that leads elsewhere now may lead to the same contents.
        paths = relied_on(entry.path)
        state = stamps(paths)
        in_use = entry.soundtrack is not None and not entry.refused
        if in_use and contents_digest(paths) == entry.digest:
            entry.watch.dealt_with(paths, state)
            return None
        reading = self._read(name, entry.path)
        if not reading.is_whole:
            return None
        entry.watch.dealt_with(reading.paths, reading.state)
        if reading.soundtrack is None:
            entry.refused = True
            return Edit(name=name, errors=tuple(map(str, sorted(reading.problems))))
        entry.soundtrack, entry.digest, entry.refused = reading.soundtrack, reading.digest, False
        return Edit(name=name, soundtrack=entry.soundtrack)

    def _read_whole(self, name: str, path: Path) -> _Reading:
        """Read until nobody writes meanwhile."""
        for _ in range(_ATTEMPTS):
            reading = self._read(name, path)
            if reading.is_whole:
                return reading
        problems = _refusal(path, "cannot be read: it changes all the time").problems
        return dataclasses.replace(reading, soundtrack=None, problems=problems)

    def _read(self, name: str, path: Path) -> _Reading:
        paths = relied_on(path)
        state, digest = stamps(paths), contents_digest(paths)
        try:
            rules = load(path)
            contents = _contents(rules.files)
            sources = _sources(contents)
            soundtrack = self._furnish(name, rules, sources, _fingerprint(contents.values()))
        except RuleError as error:
            return _Reading(paths=paths, state=state, digest=digest, problems=error.problems)
        return _Reading(paths=paths, state=state, digest=digest, soundtrack=soundtrack)

    def _furnish(self, name: str, rules: Rules, sources: Mapping[str, str], fingerprint: str) -> Soundtrack:
        """Rules with styles and sounds. Raises: RuleError."""
        styles, doubts = load_styles(rules, Ration(self._encoder, self._config.max_prompt_audio_ms / 1000))
        return Soundtrack(
            name=name,
            rules=rules,
            styles=styles,
            sounds=load_stingers(rules),
            fingerprint=fingerprint,
            sources=sources,
            warnings=(*rules.warnings, *doubts),
        )

    def _check_prompts(self, rules: Rules) -> None:
        prompts = [prompt for style in rules.styles for prompt in style.prompts]
        most = self._config.max_prompts
        if len(prompts) > most:
            text = f"expected at most {most} prompts, got {len(prompts)}"
            raise RuleError([Problem(mark=prompts[most].mark, where="styles", text=text)])

    def _check_parts(self, rules: Rules) -> None:
        """Every frame of the music costs what the rules' parts cost, in the loop that serves all sessions."""
        parts, most = parts_of(rules), self._config.max_rules_parts
        if parts > most:
            text = f"expected at most {most} parts ({PARTS}), got {parts}"
            raise RuleError([Problem(mark=rules.layers[0].mark, where="layers", text=text)])


def parts_of(rules: Rules) -> int:
    """What a frame has to be planned by: states, comparisons, transitions, stingers, and sixteen for each layer."""
    states = [state for layer in rules.layers for state in layer.states]
    conditions = [each for state in states for each in (state.when, state.unless) if each is not None]
    return (
        _PARTS_OF_A_LAYER * len(rules.layers)
        + len(states)
        + sum(map(_comparisons, conditions))
        + len(rules.transitions)
        + len(rules.stingers)
    )


def _comparisons(condition: Condition) -> int:
    match condition:
        case All(of=of) | Any(of=of):
            return sum(map(_comparisons, of))
        case Not(of=inside):
            return _comparisons(inside)
    return 1


def _accepted(verdict: Soundtrack | tuple[Problem, ...]) -> Soundtrack:
    """Raises: RuleError if the text was refused."""
    if isinstance(verdict, Soundtrack):
        return verdict
    raise RuleError(verdict)


def _refusal(path: Path, text: str) -> RuleError:
    """A mistake of a whole file."""
    return RuleError([Problem(mark=Mark(file=path.as_posix(), line=1, column=1), where="", text=text)])


def _contents(files: Sequence[Path]) -> dict[Path, bytes]:
    """Raises: RuleError for a file that has gone since it was loaded."""
    contents = {}
    for path in files:
        try:
            contents[path] = path.read_bytes()
        except OSError as error:
            raise _refusal(path, f"cannot be read: {error.strerror}") from error
    return contents


def _sources(contents: Mapping[Path, bytes]) -> dict[str, str]:
    """Texts by path from the first file's folder. Includes lie below it."""
    folder = next(iter(contents)).parent
    return {path.relative_to(folder).as_posix(): data.decode() for path, data in contents.items()}


def _fingerprint(contents: Iterable[bytes]) -> str:
    """As `runtime.recorder.fingerprint`, of contents that are at hand."""
    digest = hashlib.sha256()
    for content in contents:
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()
