"""The three ways to render a scenario block by block: straight, live on a virtual clock, and from a recording."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final, TypeAlias

import numpy as np

from segue.contract import CHANNELS, FRAME_SIZE, SAMPLE_RATE, GeneratorError, Samples
from segue.generators import GeneratorChain
from segue.render.collector import Collector
from segue.render.scenario import RecordedSession, Scenario
from segue.runtime.chunk_stingers import ChunkStingers
from segue.runtime.messages import ChunkOut, StingerOut
from segue.runtime.mixdown import Mixdown
from segue.runtime.replaying import replay
from segue.runtime.session import Session
from segue.runtime.simulation import LiveConditions, LiveRun, SimulatedClient, live, straight
from segue_rules.plan import StingerCue

Progress: TypeAlias = Callable[[int], None]
"""Given the number of frames done."""
Sink: TypeAlias = Callable[[Samples], None]
"""Given sound in order, float32 [S, 2] at 48 kHz."""

_BLOCK_SAMPLES: Final = SAMPLE_RATE
# A preview ends where its script does, in the middle of the music: it fades out, over a share of itself if it is short.
# What a game heard, live or recorded, is kept as it was heard.
_FADE_SAMPLES: Final = 2 * SAMPLE_RATE
_FADE_SHARE: Final = 8


def render_straight(
    scenario: Scenario,
    chain: GeneratorChain,
    sink: Sink,
    collector: Collector,
    *,
    stems: Mapping[str, Sink] | None = None,
    progress: Progress,
) -> None:
    """Render with every event in its own frame; sound goes to the sink as it is made.

    Args:
        stems: A sink for each family of instruments; None if no stems are wanted.
    """
    session = _session(scenario, chain, collector, stems=stems is not None)
    length = scenario.frames * FRAME_SIZE
    mixdown = Mixdown(scenario.sounds, length, fade_samples=min(_FADE_SAMPLES, length // _FADE_SHARE))
    for message in straight(session, chain.generators, scenario.events, scenario.frames):
        collector.take(message)
        if isinstance(message, StingerOut) and not message.cancelled:
            mixdown.overlay.cue(message.cue)
        elif isinstance(message, ChunkOut):
            left = scenario.frames * FRAME_SIZE - message.start
            if stems and not message.stems:
                raise GeneratorError(f"the generator {chain.generators[0].name} has no stems, only sound")
            sink(mixdown.add(message.samples))
            for family, write in (stems or {}).items():
                write(message.stems[family][:left])
            progress(min(message.plans[-1].frame + 1, scenario.frames))


def render_live(
    scenario: Scenario,
    chain: GeneratorChain,
    sink: Sink,
    collector: Collector,
    conditions: LiveConditions,
    *,
    spool_folder: Path | None = None,
    progress: Progress,
) -> LiveRun:
    """Render what a game would hear: buffered ahead, events sent when their time is heard, replacements crossfaded.

    Args:
        spool_folder: Where sound is kept until its stingers are known; None for the system's folder.
    """
    session = _session(scenario, chain, collector)
    # Which stingers are played is certain only in the end; until then the sound is kept in a temporary file.
    with TemporaryFile(dir=spool_folder) as spool:
        run = live(
            session,
            chain.generators,
            scenario.events,
            scenario.frames,
            conditions,
            progress,
            pass_on=lambda block: _write_spool(spool, block),
        )
        for _, message in run.messages:
            collector.take(message)
        spool.seek(0)
        sizes = _block_sizes(run.client.committed)
        _mix(scenario, (_read_spool(spool, size) for size in sizes), sum(sizes), collector.cues(), sink)
    return run


def render_recording(
    scenario: Scenario,
    recorded: RecordedSession,
    sink: Sink,
    collector: Collector,
    *,
    progress: Progress,
) -> range:
    """Render what a recorded session sent, to the byte.

    Returns:
        The frames that were heard.
    """
    session = Session(
        scenario.rules,
        scenario.styles,
        recorded.generators,
        scenario.config,
        journal=collector.operation,
        primary=recorded.primary,
        restore_point=recorded.restore_point,
        clips=scenario.clips,
    )
    client = SimulatedClient()
    # A stinger that came late, or was cancelled, is in the chunks as the client got them.
    included = ChunkStingers(scenario.sounds) if scenario.config.stingers == "included" else None
    # The sound of a session that continues another one begins where that session ended.
    start = session.head * FRAME_SIZE
    for message in replay(session, recorded.generators, recorded.operations):
        collector.take(message)
        if isinstance(message, ChunkOut):
            if included is not None and message.stingers:
                message = replace(message, samples=included.mix(message))
            client.put(message)
            progress(client.have // FRAME_SIZE)
    client.commit(min(scenario.frames * FRAME_SIZE or client.have, client.have))
    heard = client.playback()[start:]
    sizes = _block_sizes(len(heard))
    ends = np.cumsum(sizes).tolist()
    blocks = (heard[end - size : end] for end, size in zip(ends, sizes, strict=True))
    cues = collector.cues() if included is None else ()
    _mix(scenario, blocks, len(heard), cues, sink, start)
    return range(start // FRAME_SIZE, client.committed // FRAME_SIZE)


def _session(scenario: Scenario, chain: GeneratorChain, collector: Collector, *, stems: bool = False) -> Session:
    return Session(
        scenario.rules,
        scenario.styles,
        chain.generators,
        scenario.config,
        stems=stems,
        journal=collector.operation,
        clips=scenario.clips,
    )


def _write_spool(spool: IO[bytes], block: Samples) -> None:
    spool.write(block.astype(np.float32, copy=False).tobytes())


def _read_spool(spool: IO[bytes], size: int) -> Samples:
    return np.frombuffer(spool.read(size * CHANNELS * np.float32().nbytes), np.float32).reshape(-1, CHANNELS)


def _block_sizes(length: int) -> list[int]:
    """How many samples are mixed at a time."""
    sizes = [_BLOCK_SAMPLES] * (length // _BLOCK_SAMPLES) or [0]
    sizes[-1] += length - sum(sizes)
    return sizes


def _mix(
    scenario: Scenario, heard: Iterable[Samples], length: int, cues: Iterable[StingerCue], sink: Sink, start: int = 0
) -> None:
    """Mix stingers into what was heard.

    Args:
        heard: Blocks of `length` samples in all.
        cues: The stingers that are not in them.
        start: The position of the first sample.
    """
    mixdown = Mixdown(scenario.sounds, length)
    # Each stinger is placed when its time comes: all of them at once would take up memory.
    waiting = deque(sorted(cues, key=lambda cue: cue.start))
    end = start
    for block in heard:
        end += len(block)
        while waiting and waiting[0].start < end:
            cue = waiting.popleft()
            mixdown.overlay.cue(cue._replace(start=cue.start - start))
        sink(mixdown.add(block))
