"""Rules and events to a sound file: the straight way, live on a virtual clock, or from a recording."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final, TypeAlias

import numpy as np

from segue.audio.files import AudioWriter
from segue.cli.parts import Parts
from segue.cli.preview_request import FAMILIES, stem
from segue.contract import CHANNELS, FRAME_SIZE, SAMPLE_RATE, NoteEvent, Samples, StyleBank
from segue.runtime.journal import Operation
from segue.runtime.messages import ChunkOut, SessionMessage, StingerOut
from segue.runtime.mixdown import Mixdown
from segue.runtime.recording import replay
from segue.runtime.restore import RestorePoint
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import LiveConditions, LiveRun, SimulatedClient, live, straight, without_sound
from segue_rules.events import Receipt, ScriptedEvent
from segue_rules.model import Rules
from segue_rules.plan import Change, FramePlan, StingerCue

# Told the number of frames done.
Progress: TypeAlias = Callable[[int], None]
# Given what is written, block by block; float32 [S, 2].
Hearing: TypeAlias = Callable[[Samples], None]

_BLOCK_SAMPLES: Final = SAMPLE_RATE


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
    """What a recording says of its session. primary: level of its generator. restore_point: what it continued from."""

    operations: Sequence[Operation]
    primary: int
    restore_point: RestorePoint | None


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What of a run is needed after it; the rest is let go as soon as it is written, so that length costs no memory.

    notes: the notes and every frame's plan. journal: what decided the run. chunks: all of every message but its sound.
    """

    notes: bool = False
    journal: bool = False
    chunks: bool = False


@dataclass(kw_only=True)
class Rendered:
    """What came of it, as far as it is kept. hearing: given what is written, stingers and all.

    messages: without sound, and of receipts only refusals, unless chunks are kept. notes: as they stand in the end, by
    the chunk they start in. run: of a live simulation alone. frames, end: of a recording, how many were heard and the
    first after them.
    """

    kept: Kept = Kept()
    hearing: Hearing | None = None
    messages: list[SessionMessage] = field(default_factory=list)
    plans: dict[int, FramePlan] = field(default_factory=dict)
    journal: list[Operation] = field(default_factory=list)
    run: LiveRun | None = None
    frames: int = 0
    end: int = 0
    _notes: list[tuple[int, Sequence[NoteEvent]]] = field(default_factory=list)

    @property
    def notes(self) -> list[NoteEvent]:
        return [note for _, notes in self._notes for note in notes]

    def take(self, message: SessionMessage) -> None:
        """Keep of a message what is needed; a chunk's notes stand in place of those that were to follow its start."""
        if isinstance(message, ChunkOut):
            if self.kept.notes:
                self._replace_notes(message)
                self.plans.update((plan.frame, plan) for plan in message.plans)
            if self.kept.chunks:
                self.messages.append(without_sound(message))
        elif self.kept.chunks or _worth_telling(message):
            self.messages.append(message)

    def note(self, operation: Operation) -> None:
        """Keep what decides the run, if it is asked for."""
        if self.kept.journal:
            self.journal.append(operation)

    def hear(self, written: Samples) -> None:
        """Pass on what was written."""
        if self.hearing is not None:
            self.hearing(written)

    def _replace_notes(self, chunk: ChunkOut) -> None:
        while self._notes and self._notes[-1][0] >= chunk.start:
            self._notes.pop()
        if self._notes:
            start, notes = self._notes[-1]
            self._notes[-1] = start, [note for note in notes if note.start < chunk.start]
        self._notes.append((chunk.start, chunk.notes))


def _worth_telling(message: SessionMessage) -> bool:
    """Whether it is a change, a stinger or a refused event."""
    if isinstance(message, Receipt):
        return not message.accepted
    return isinstance(message, Change | StingerOut)


def render_straight(
    piece: Piece, parts: Parts, output: Path, stems: Path | None, progress: Progress, rendered: Rendered
) -> Rendered:
    """Every event in its own frame; written as it is made. stems: a folder for one file a family."""
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
                rendered.hear(ready)
                for family, track in tracks.items():
                    track.write(message.stems[family][:left])
                progress(min(message.plans[-1].frame + 1, piece.frames))
    return rendered


def render_live(
    piece: Piece, parts: Parts, output: Path, conditions: LiveConditions, progress: Progress, rendered: Rendered
) -> Rendered:
    """As a game would hear it: buffered ahead, events sent when their time is heard, replacements crossfaded."""
    session = _session(piece, parts, rendered)
    # Which stingers stand is known for certain only in the end; what was heard waits for it in a file without a name.
    with AudioWriter(output) as writer, TemporaryFile(dir=output.parent) as spool:
        rendered.run = live(
            session,
            parts.generators,
            piece.events,
            piece.frames,
            conditions,
            progress,
            pass_on=lambda block: _spool(spool, block),
        )
        for _, message in rendered.run.messages:
            rendered.take(message)
        spool.seek(0)
        sizes = _block_sizes(rendered.run.client.committed)
        _write_heard(piece, (_spooled(spool, size) for size in sizes), sum(sizes), rendered, writer)
    return rendered


def _spool(spool: IO[bytes], block: Samples) -> None:
    spool.write(block.astype(np.float32, copy=False).tobytes())


def _spooled(spool: IO[bytes], size: int) -> Samples:
    return np.frombuffer(spool.read(size * CHANNELS * np.float32().nbytes), np.float32).reshape(-1, CHANNELS)


def render_recording(
    piece: Piece, parts: Parts, recorded: RecordedSession, output: Path, progress: Progress, rendered: Rendered
) -> Rendered:
    """What a recorded session sent, to the byte; all of it where piece.frames is 0."""
    session = Session(
        piece.rules,
        piece.styles,
        parts.generators,
        piece.config,
        journal=rendered.note,
        primary=recorded.primary,
        restore_point=recorded.restore_point,
    )
    client = SimulatedClient()
    # A session that goes on from another one's music is heard from its own beginning.
    start = session.head * FRAME_SIZE
    for message in replay(session, parts.generators, recorded.operations):
        rendered.take(message)
        if isinstance(message, ChunkOut):
            client.put(message)
            progress(client.have // FRAME_SIZE)
    client.commit(min(piece.frames * FRAME_SIZE or client.have, client.have))
    rendered.end = client.committed // FRAME_SIZE
    rendered.frames = rendered.end - start // FRAME_SIZE
    heard = client.playback()[start:]
    sizes = _block_sizes(len(heard))
    ends = np.cumsum(sizes).tolist()
    blocks = (heard[end - size : end] for end, size in zip(ends, sizes, strict=True))
    with AudioWriter(output) as writer:
        _write_heard(piece, blocks, len(heard), rendered, writer, start)
    return rendered


def _session(piece: Piece, parts: Parts, rendered: Rendered, *, stems: bool = False) -> Session:
    return Session(piece.rules, piece.styles, parts.generators, piece.config, stems=stems, journal=rendered.note)


def _block_sizes(length: int) -> list[int]:
    """How many samples are mixed at a time. The last are not few: the mix fades out within one block."""
    sizes = [_BLOCK_SAMPLES] * (length // _BLOCK_SAMPLES) or [0]
    sizes[-1] += length - sum(sizes)
    return sizes


def _write_heard(
    piece: Piece, heard: Iterable[Samples], length: int, rendered: Rendered, writer: AudioWriter, start: int = 0
) -> None:
    """heard: blocks of `length` samples in all. start: the position of the first."""
    mixdown = Mixdown(piece.sounds, length)
    # Each is placed when its time comes: all of them at once would take up memory.
    cues = deque(sorted(_standing(rendered.messages), key=lambda cue: cue.start))
    end = start
    for block in heard:
        end += len(block)
        while cues and cues[0].start < end:
            cue = cues.popleft()
            mixdown.overlay.cue(cue._replace(start=cue.start - start))
        ready = mixdown.add(block)
        writer.write(ready)
        rendered.hear(ready)


def _standing(messages: Iterable[SessionMessage]) -> list[StingerCue]:
    """The cues that were not taken back."""
    standing: dict[int, StingerCue] = {}
    places: defaultdict[StingerCue, deque[int]] = defaultdict(deque)
    for place, message in enumerate(messages):
        if isinstance(message, StingerOut):
            if message.cancelled:
                del standing[places[message.cue].popleft()]
            else:
                places[message.cue].append(place)
                standing[place] = message.cue
    return list(standing.values())
