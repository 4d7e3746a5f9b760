"""What a session generates next: a pure choice from where its deck, its client and its generator stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from segue.contract import FRAME_SIZE, Request
from segue.runtime.config import SessionConfig
from segue.runtime.deck import Boundary, Deck
from segue.runtime.edition import Planned

# skip: go on further ahead, after the client has run dry. restore: go on from another state, of a save or a cell.
Reason: TypeAlias = Literal["extend", "replace", "ladder", "skip", "restore"]


class Want(NamedTuple):
    """Sound a session lacks: from frame `change` to `end`. origin: the frame it has to be generated from."""

    reason: Reason
    origin: int
    change: int
    end: int
    rung: int

    @property
    def deadline(self) -> int:
        """The sample by which the client needs it."""
        return self.change * FRAME_SIZE

    @property
    def shape(self) -> tuple[int, int]:
        """What jobs of one batch have in common: the rung and the number of frames."""
        return self.rung, self.end - self.origin


@dataclass(frozen=True, kw_only=True)
class Job:
    """A want being generated. Frames before want.change repeat what is there.

    frames: those of [origin, end). version: of the planner when they were planned.
    """

    want: Want
    origin: Boundary
    frames: tuple[Planned, ...]
    request: Request[Any]
    version: int

    @property
    def heard(self) -> tuple[Planned, ...]:
        """The frames from want.change on."""
        return self.frames[self.want.change - self.origin.frame :]


class Standing(NamedTuple):
    """Where a session stands. rung: the one to generate with. replace_at: first frame to be made anew, if any.

    coming: restored music that is to take over. faded: whether what there is was faded out at its end, for that.
    floor: no frame before it is made anew. committed: first frame of which nothing was handed to the engine. reachable:
    first frame that generation begun now reaches, None while nothing may be replaced. first_frames: of the first chunk
    of a replacement. credit: the sample up to which the client wants music.
    """

    config: SessionConfig
    deck: Deck
    rung: int
    replace_at: int | None
    coming: Boundary | None
    faded: bool
    floor: int
    committed: int
    reachable: int | None
    first_frames: int
    credit: int


def next_want(now: Standing) -> Want | None:
    """Restored music first, then what the client has run dry of, then replacements, the ladder, and more music."""
    head = now.deck.head
    if now.coming is not None:
        return _restored(now, now.coming)
    if head < now.committed:
        # Too late for all that lies between: go on where the client can be met.
        return _want(now, "skip", _met(now), now.rung)
    if now.replace_at is not None:
        # What was handed to the engine meanwhile stays as it is.
        change = max(now.replace_at, now.committed, now.deck.base)
        if change < head:
            return _anew(now, change)
    if now.rung != now.deck.last.rung:
        return _stepped(now)
    if head * FRAME_SIZE < now.credit:
        return _want(now, "extend", head, now.rung)
    return None


def _restored(now: Standing, coming: Boundary) -> Want | None:
    head, base = now.deck.head, now.deck.base
    # It may be too late for where it was to come, or for what can be kept before it.
    start = max(coming.heard, now.floor, base)
    if now.replace_at is not None and now.reachable is not None:
        sooner = max(now.replace_at, now.reachable, base)
        if sooner < min(coming.heard, head):
            again = _anew(now, sooner)
            return again._replace(end=min(again.end, coming.heard))
    # What there is has to last until then, and for a crossfade unless it was faded out there.
    if now.committed <= head and (head < start or (head == start and head > base and not now.faded)):
        # A generator that has been left for another one is not asked for more.
        more = _want(now, "extend", head, now.rung) if now.rung == now.deck.last.rung else _stepped(now)
        if head < coming.heard:
            more = more._replace(end=min(more.end, coming.heard))
        return more if head * FRAME_SIZE < now.credit else None
    if head < now.committed and _met(now) < coming.heard:
        more = _want(now, "skip", _met(now), now.rung)
        return more._replace(end=min(more.end, coming.heard))
    change = max(start, now.committed)
    if change > head:
        change = max(start, _met(now))
    if change >= head and change * FRAME_SIZE >= now.credit:
        return None
    want = _want(now, "restore", change, now.rung)
    return want._replace(origin=coming.frame) if coming.rung == now.rung else want


def _anew(now: Standing, change: int) -> Want:
    """Make anew from `change` on; a generator that has been left for another one is not asked for it again."""
    left = now.deck.boundary_before(change).rung != now.rung
    return _want(now, "ladder" if left else "replace", change, now.rung)


def _stepped(now: Standing) -> Want:
    """Go on with another generator, from just before the end of what there is."""
    change = max(now.deck.head - now.config.crossfade_frames, now.deck.base, now.committed)
    return _want(now, "ladder", min(change, now.deck.head), now.rung)


def _met(now: Standing) -> int:
    """The first frame where a client that has run dry can be met."""
    return now.reachable or now.committed + now.config.chunk_frames


def _want(now: Standing, reason: Reason, change: int, rung: int) -> Want:
    """The shortest want that makes `change` heard and ends with a chunk; of a replacement, what is needed at once."""
    if reason in ("ladder", "skip", "restore"):
        origin = change
    else:
        origin = now.deck.boundary_before(change).frame
    fade = now.config.crossfade_frames if change < now.deck.head else 1
    if reason == "replace":
        # What comes after it is made as any more music is, with time to spare.
        return Want(reason, origin, change, change + max(fade, now.first_frames), rung)
    chunk = now.config.chunk_frames
    return Want(reason, origin, change, -(-(change + fade) // chunk) * chunk, rung)
