"""Rules and events to a sound file: the straight way, live on a virtual clock, or from a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from segue.audio.files import AudioWriter
from segue.cli.parts import Parts
from segue.cli.preview_request import FAMILIES, stem
from segue.contract import FRAME_SIZE, NoteEvent, Samples, StyleBank
from segue.runtime.config import SessionConfig
from segue.runtime.journal import Operation
from segue.runtime.listener import Listener
from segue.runtime.messages import ChunkOut, Message, StingerOut
from segue.runtime.mixdown import Mixdown
from segue.runtime.opening import Opening
from segue.runtime.replay import replay
from segue.runtime.session import Session
from segue.runtime.simulation import LiveConditions, LiveRun, live, straight
from segue_rules.events import ScriptedEvent
from segue_rules.model import Rules
from segue_rules.plan import StingerCue

# Told the number of frames done.
Progress: TypeAlias = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What is to be rendered. frames: how many. sounds: of the audio stingers."""

    rules: Rules
    styles: StyleBank
    sounds: Mapping[str, Samples]
    events: Sequence[ScriptedEvent]
    frames: int
    config: SessionConfig


@dataclass(frozen=True, kw_only=True)
class RecordedSession:
    """What a recording says of its session. home: rung of its generator. opening: what it went on from."""

    operations: Sequence[Operation]
    home: int
    opening: Opening | None


@dataclass(kw_only=True)
class Rendered:
    """What came of it. mix: what was written, stingers and all; journal: all that decided it.

    notes: as they stand in the end. run: of a live simulation alone. frames, end: of a recording, how many
    were heard and the first after them.
    """

    messages: list[Message] = field(default_factory=list)
    mix: list[Samples] = field(default_factory=list)
    notes: list[NoteEvent] = field(default_factory=list)
    journal: list[Operation] = field(default_factory=list)
    run: LiveRun | None = None
    frames: int = 0
    end: int = 0

    def take(self, message: Message) -> None:
        """Keep a message; a chunk's notes stand in place of those that were to follow its start."""
        self.messages.append(message)
        if isinstance(message, ChunkOut):
            self.notes = [note for note in self.notes if note.start < message.start] + list(message.notes)


def render_straight(piece: Piece, parts: Parts, output: Path, stems: Path | None, progress: Progress) -> Rendered:
    """Every event in its own frame; written as it is made. stems: a folder for one file a family."""
    rendered = Rendered()
    session = _session(piece, parts, rendered, stems=stems is not None)
    mixdown = Mixdown(piece.sounds, piece.frames * FRAME_SIZE)
    with ExitStack() as files:
        mix = files.enter_context(AudioWriter(output))
        tracks = {family: files.enter_context(AudioWriter(stem(stems, family, output))) for family in FAMILIES if stems}
        for message in straight(session, parts.generators, piece.events, piece.frames):
            rendered.take(message)
            if isinstance(message, StingerOut) and not message.cancelled:
                mixdown.overlay.cue(message.cue)
            elif isinstance(message, ChunkOut):
                left = piece.frames * FRAME_SIZE - message.start
                ready = mixdown.add(message.samples)
                mix.write(ready)
                rendered.mix.append(ready)
                for family, track in tracks.items():
                    track.write(message.stems[family][:left])
                progress(min(message.plans[-1].frame + 1, piece.frames))
    return rendered


def render_live(piece: Piece, parts: Parts, output: Path, conditions: LiveConditions, progress: Progress) -> Rendered:
    """As a game would hear it: buffered ahead, events sent when their time is heard, replacements crossfaded."""
    rendered = Rendered()
    session = _session(piece, parts, rendered)
    rendered.run = live(session, parts.generators, piece.events, piece.frames, conditions, progress)
    for _, message in rendered.run.messages:
        rendered.take(message)
    _write_heard(piece, rendered.run.listener.heard(), rendered, output)
    return rendered


def render_recording(
    piece: Piece, parts: Parts, recorded: RecordedSession, output: Path, progress: Progress
) -> Rendered:
    """What a recorded session sent, to the byte; all of it where piece.frames is 0."""
    rendered = Rendered()
    session = Session(
        piece.rules,
        piece.styles,
        parts.generators,
        piece.config,
        journal=rendered.journal.append,
        home=recorded.home,
        opening=recorded.opening,
    )
    listener = Listener()
    # A session that goes on from another one's music is heard from its own beginning.
    start = session.head * FRAME_SIZE
    for message in replay(session, parts.generators, recorded.operations):
        rendered.take(message)
        if isinstance(message, ChunkOut):
            listener.put(message)
            progress(listener.have // FRAME_SIZE)
    listener.commit(min(piece.frames * FRAME_SIZE or listener.have, listener.have))
    rendered.end = listener.committed // FRAME_SIZE
    rendered.frames = rendered.end - start // FRAME_SIZE
    _write_heard(piece, listener.heard(), rendered, output, start)
    return rendered


def _session(piece: Piece, parts: Parts, rendered: Rendered, *, stems: bool = False) -> Session:
    return Session(
        piece.rules, piece.styles, parts.generators, piece.config, stems=stems, journal=rendered.journal.append
    )


def _write_heard(piece: Piece, heard: Samples, rendered: Rendered, output: Path, start: int = 0) -> None:
    """start: the sample from which it is written."""
    mixdown = Mixdown(piece.sounds, len(heard) - start)
    for cue in _standing(rendered.messages):
        mixdown.overlay.cue(cue._replace(start=cue.start - start))
    rendered.mix.append(mixdown.add(heard[start:]))
    with AudioWriter(output) as writer:
        writer.write(rendered.mix[0])


def _standing(messages: Iterable[Message]) -> list[StingerCue]:
    """The cues that were not taken back."""
    standing: list[StingerCue] = []
    for message in messages:
        if isinstance(message, StingerOut):
            if message.cancelled:
                standing.remove(message.cue)
            else:
                standing.append(message.cue)
    return standing
