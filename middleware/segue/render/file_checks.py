"""Checks before anything is written: no output is an input, another output or a device; the files that rules name."""

from __future__ import annotations

import os
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from segue.atomic import replaceable
from segue_rules.model import AudioStinger, Clip, Rules
from segue_yaml.nodes import Mark
from segue_yaml.report import ProblemsError


class OutputsError(ProblemsError[str], ValueError):
    """Outputs that would cost the user a file. problems: a sentence for each."""


@dataclass(frozen=True, kw_only=True)
class NamedFile:
    """A file, and what it is to the command: "--output", "the rule file"."""

    what: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class NamedSound:
    """A place of a rule file that names a sound.

    Attributes:
        prompt: It is a style's.
        clip: The clip that it is the sound of; otherwise it is a style's or a stinger's.
    """

    mark: Mark
    where: str
    path: Path
    prompt: bool = False
    clip: Clip | None = None


def named_sounds(rules: Rules) -> Iterator[NamedSound]:
    """Every place that names a sound file: the prompts of styles, then the stingers, then the clips."""
    for style in rules.styles:
        for prompt in style.prompts:
            if prompt.audio is not None:
                yield NamedSound(mark=prompt.mark, where=f'style "{style.name}"', path=prompt.audio, prompt=True)
    for stinger in rules.stingers:
        if isinstance(stinger, AudioStinger):
            yield NamedSound(mark=stinger.mark, where=f'stinger "{stinger.name}"', path=stinger.audio)
    for clip in rules.clips:
        yield NamedSound(mark=clip.mark, where=f'clip "{clip.name}"', path=clip.audio, clip=clip)


def files_of(rules: Rules) -> Iterator[NamedFile]:
    """Every file that rules were loaded from or name."""
    for path in rules.files:
        yield NamedFile(what="a rule file", path=path)
    for sound in named_sounds(rules):
        yield NamedFile(what=f"the sound of {sound.where}", path=sound.path)


def check_outputs(inputs: Iterable[NamedFile], outputs: Iterable[NamedFile], *, folder: Path | None = None) -> None:
    """Refuse outputs that are inputs, each other, one of the command's own streams, or no regular files.

    Links are followed, hard links are one file, and names that differ in case alone are one, as on Windows and macOS.

    Args:
        inputs: What is read.
        outputs: What is to be written.
        folder: A folder that will be made for outputs within it, if it is not there yet.
    Raises:
        OutputsError: One sentence for every output that is refused.
    """
    problems: list[str] = []
    read: dict[object, NamedFile] = {}
    for each in inputs:
        for key in _keys(each.path):
            read.setdefault(key, each)
    written: dict[object, NamedFile] = {}
    for each in outputs:
        keys = _keys(each.path)
        own = next((read[key] for key in keys if key in read), None)
        other = next((written[key] for key in keys if key in written), None)
        if own is not None:
            problems.append(_same(each, own.what, own))
        elif other is not None:
            problems.append(_same(each, f"{other.what}, too", other))
        else:
            problems += _unwritable(each, folder)
        written.update(dict.fromkeys(keys, each))
    if problems:
        raise OutputsError(problems)


def _same(output: NamedFile, what: str, other: NamedFile) -> str:
    name = f" ({other.path})" if other.path != output.path else ""
    return f"{output.what}: {output.path} is {what}{name}; choose another name"


def _keys(path: Path) -> list[object]:
    """Keys that are equal for the same file: its number on its disk if it is there, and its name in lower case."""
    real = os.path.realpath(path)
    keys: list[object] = [unicodedata.normalize("NFC", real).casefold()]
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return keys
    return [(found.st_dev, found.st_ino), *keys]


def _unwritable(output: NamedFile, folder: Path | None) -> list[str]:
    """Why a file cannot be put there."""
    if _is_own_stream(output.path):
        return [f"{output.what}: {output.path} is the command's own input or output; choose a file"]
    if (
        folder is not None
        and not folder.exists()
        and Path(os.path.realpath(output.path)).is_relative_to(os.path.realpath(folder))
    ):
        return []
    try:
        # Only an attempt shows whether a folder takes files: its permissions are not all that counts.
        with tempfile.TemporaryFile(dir=replaceable(output.path).parent):
            pass
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        text = reason if str(reason).startswith("cannot be written") else f"cannot be written: {reason}"
        return [f"{output.what}: {output.path}: {text}"]
    return []


def _is_own_stream(path: Path) -> bool:
    """Whether this is a file that stdin, stdout or stderr lead to: > song.mid and --midi song.mid."""
    if not path.is_file():
        return False
    for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__):
        try:
            if stream is not None and os.path.samestat(os.stat(path), os.fstat(stream.fileno())):
                return True
        except (OSError, ValueError):
            continue
    return False
