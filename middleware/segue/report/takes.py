"""Takes of a session: which part of each was heard, and what a later one threw away. Positions in samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from segue.runtime.messages import ChunkOut


@dataclass(frozen=True, kw_only=True)
class Take:
    """Sound in one go, from its first sample heard to where the next take begins. reason: "extend" for the first."""

    number: int
    start: int
    end: int
    generator: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Replaced:
    """Sound that was buffered and never heard. by: the take in its place. said: what was heard when that came."""

    start: int
    end: int
    by: int
    said: int


def gather_takes(chunks: Iterable[tuple[int, ChunkOut]], end: int) -> tuple[tuple[Take, ...], tuple[Replaced, ...]]:
    """Takes and replaced spans before sample `end`. chunks: each with what was heard when it came, in that order."""
    takes: list[Take] = []
    replaced = []
    for said, chunk in chunks:
        stop = chunk.start + len(chunk.samples)
        if takes and takes[-1].number == chunk.take:
            takes[-1] = replace(takes[-1], end=stop)
            continue
        have = takes[-1].end if takes else 0
        if chunk.start < have:
            replaced.append(Replaced(start=chunk.start, end=have, by=chunk.take, said=said))
        # Takes lie end to end: a chunk reaches back over the last ones alone.
        while takes and takes[-1].start >= chunk.start:
            takes.pop()
        if takes:
            takes[-1] = replace(takes[-1], end=min(takes[-1].end, chunk.start))
        takes.append(
            Take(number=chunk.take, start=chunk.start, end=stop, generator=chunk.generator, reason=chunk.reason)
        )
    heard = tuple(replace(take, end=min(take.end, end)) for take in takes if take.start < end)
    return heard, tuple(replaced)
