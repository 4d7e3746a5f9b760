"""What would have come: a session that goes on otherwise from some frame on, as a course and as sound."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from segue.audio.files import write_audio
from segue.contract import FRAME_RATE, FRAME_SIZE, Samples
from segue.generators import PLAYABLE, GeneratorChain, build
from segue.render.scenario import LoadedRules
from segue.runtime.messages import ChunkOut, StingerOut
from segue.runtime.mixdown import Mixdown
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import straight
from segue.studio.course import Course
from segue.studio.journal import Journal
from segue_rules.events import Event, ScriptedEvent
from segue_rules.model import InputValue
from segue_yaml.nodes import NOWHERE

MOST_S: Final = 600
"""Seconds of a session that are rendered at most."""
MOST_AHEAD_S: Final = 600
"""Seconds that a what-if goes on at most behind what is played."""
BEFORE_S: Final = 4
"""Seconds before the fork that are heard, too."""


class WhatIfError(ValueError):
    """A what-if cannot be played; the message says what was expected."""


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """What is to be otherwise.

    Attributes:
        frame: From which on.
        end: The first frame that is not asked for.
        set: Inputs that have a value from then on, whatever later events of the session set.
        fire: Triggers that are fired in that frame.
        text: Another text of the main rule file; None for the rules of the session.
    """

    frame: int
    end: int
    set: Mapping[str, InputValue] = field(default_factory=dict)
    fire: tuple[str, ...] = ()
    text: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.frame < self.end:
            raise WhatIfError(f"expected 0 <= frame < end, got frame {self.frame} and end {self.end}")


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A session, or what it would have been.

    Attributes:
        course: What the rules decide.
        versions: Its rules by the frame from which on they count.
        end: The first frame that it does not have.
    """

    course: Course
    versions: Sequence[tuple[int, LoadedRules]]
    end: int


def branch(journal: Journal, asked: WhatIf) -> Branch:
    """Return what would have come.

    Raises:
        WhatIfError: The session has not begun, or does not take what is to be set.
        RuleError: The rules have mistakes.
        JournalError: The session cannot be read.
    """
    session = _session(journal, asked)
    course = session.fork(asked.frame)
    versions = [version for version in journal.versions if version[0] <= asked.frame]
    seed = _config(journal).seed
    if asked.text is not None:
        loaded = journal.with_text(asked.frame, asked.text)
        versions.append((asked.frame, loaded))
        course.add_rules(asked.frame, replace(loaded.rules_version.rules, seed=seed))
    last = 0
    for frame, event in session.events():
        last = max(last, event.sequence)
        if frame >= asked.frame:
            kept = {name: value for name, value in event.set.items() if name not in asked.set}
            if kept or event.fire or event.reset:
                course.add_event(frame, replace(event, set=kept))
    if asked.set or asked.fire:
        event = Event(sequence=last + 1, set=dict(asked.set), fire=asked.fire)
        course.add_event(asked.frame, event)
    course.extend(asked.end)
    for row in course.rows["events"]:
        if row[1]["sequence"] == last + 1 and not row[1]["accepted"]:
            raise WhatIfError(row[1]["text"])
    return Branch(course=course, versions=versions, end=asked.end)


def as_it_was(journal: Journal, asked: WhatIf) -> Branch:
    """Return the session itself up to the end of a what-if. Raises: as `branch`."""
    course = _session(journal, asked)
    return Branch(course=course, versions=[each for each in journal.versions if each[0] < asked.end], end=asked.end)


class Renderer:
    """Renders branches with the composer, one at a time."""

    def __init__(self) -> None:
        self._chain: GeneratorChain | None = None
        self._lock = threading.Lock()
        self._is_closed = threading.Event()

    @property
    def chain(self) -> GeneratorChain:
        """The generators, built when they are first used."""
        if self._chain is None:
            self._chain = build(PLAYABLE[0])
        return self._chain

    def close(self) -> None:
        """End what is being rendered."""
        self._is_closed.set()

    def sound(self, played: Branch, config: SessionConfig, start: int) -> bytes:
        """Render a branch from its beginning, and return what is heard from a frame on as a FLAC file.

        Raises:
            WhatIfError: It is too long, or the studio has ended.
        """
        if played.end > MOST_S * FRAME_RATE:
            raise WhatIfError(
                f"expected an end within the first {MOST_S // 60} minutes, which are rendered to be heard, "
                f"got {played.end / FRAME_RATE:.0f} s; choose an earlier moment, or begin a new session"
            )
        with self._lock, TemporaryDirectory(prefix="segue-") as folder:
            samples = self._render(played, config)
            path = Path(folder) / "branch.flac"
            write_audio(path, samples[start * FRAME_SIZE :])
            return path.read_bytes()

    def _render(self, played: Branch, config: SessionConfig) -> Samples:
        (_, first), *later = played.versions
        version = first.rules_version
        rules = replace(version.rules, seed=config.seed)
        session = Session(rules, version.styles, self.chain.generators, config, clips=version.clips)
        events = [
            ScriptedEvent(at_s=frame / FRAME_RATE, frame=frame, event=event, mark=NOWHERE)
            for frame, event in played.course.events()
            if frame < played.end
        ]
        edits = [
            (at, replace(each.rules_version, rules=replace(each.rules_version.rules, seed=config.seed)))
            for at, each in later
        ]
        sounds = {name: sound for _, each in played.versions for name, sound in each.sounds.items()}
        mixdown = Mixdown(sounds, played.end * FRAME_SIZE)
        blocks: list[Samples] = []
        for message in straight(session, self.chain.generators, events, played.end, edits):
            if self._is_closed.is_set():
                raise WhatIfError("the studio has ended")
            if isinstance(message, StingerOut) and not message.cancelled:
                mixdown.overlay.cue(message.cue)
            elif isinstance(message, ChunkOut):
                blocks.append(mixdown.add(message.samples))
        return np.concatenate(blocks)


def config_of(journal: Journal) -> SessionConfig:
    """The numbers of a session that decide its rendering. Raises: WhatIfError: It has not begun."""
    return SessionConfig(seed=_config(journal).seed)


def _config(journal: Journal) -> SessionConfig:
    if journal.header is None:
        raise WhatIfError("expected a session that has begun; play first")
    return journal.header.config


def _session(journal: Journal, asked: WhatIf) -> Course:
    course = journal.course()
    if course is None or journal.made <= asked.frame:
        raise WhatIfError(f"expected a frame that is played, up to {journal.made}, got {asked.frame}")
    if asked.end > journal.made + MOST_AHEAD_S * FRAME_RATE:
        most = journal.made + MOST_AHEAD_S * FRAME_RATE
        raise WhatIfError(f"expected an end up to {most}, {MOST_AHEAD_S} s behind what is played, got {asked.end}")
    return course
