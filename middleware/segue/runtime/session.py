"""One game's music: events, positions and generated sound in; chunks, receipts and changes out. No clock, no socket.

The caller asks what the session wants, begins it, runs the job on its generator and hands the result to `complete`;
between, events may come at any time. Every operation that decides what is heard goes to `journal`, and
`segue.runtime.replay` does the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segue.audio.fades import crossfade, fade_in
from segue.contract import FRAME_RATE, FRAME_SIZE, Generator, NoteEvent, Request, Result, Samples, StyleBank
from segue.runtime import mastering
from segue.runtime.announcer import Announcer
from segue.runtime.beats import clock
from segue.runtime.conditioning import conditioning, significant
from segue.runtime.config import SessionConfig
from segue.runtime.deck import Boundary, Deck
from segue.runtime.loop import Loop
from segue.runtime.messages import ChunkOut, Message, ReceiptOut, StatusOut
from segue.runtime.pace import Pace
from segue.runtime.planner import Planner
from segue_rules.director import Director
from segue_rules.events import Event, Receipt
from segue_rules.model import Rules
from segue_rules.plan import FramePlan

# How far ahead of what is heard an event may be placed, in frames.
_MOST_AHEAD = 10 * FRAME_RATE
# Receipts kept, so that an event sent again gets the answer it got.
_RECEIPTS_KEPT = 1_024


# skip: go on further ahead, after the client has run dry.
Reason: TypeAlias = Literal["extend", "replace", "ladder", "skip"]


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
    """A want being generated. Frames before want.change repeat what is there. plans: of the frames [origin, end)."""

    want: Want
    origin: Boundary
    plans: tuple[FramePlan, ...]
    request: Request[Any]


Operation: TypeAlias = tuple[Literal["event"], Event, int] | tuple[Literal["begun", "done", "failed"], Want]


class Session:
    """A session over a ladder of generators, of which the first is the chosen one."""

    def __init__(
        self,
        rules: Rules,
        styles: StyleBank,
        generators: Sequence[Generator[Any]],
        config: SessionConfig,
        *,
        stems: bool = False,
        journal: Callable[[Operation], None] | None = None,
    ) -> None:
        self.rules, self.styles, self.config = rules, styles, config
        self._generators = tuple(generators)
        self._stems = stems
        self._journal = journal or (lambda operation: None)
        self._planner = Planner(Director(rules))
        first = self._planner.plans(0, 1)[0]
        state = self._generators[0].start(seed=config.seed)
        self._deck = Deck(Boundary(frame=0, state=state, master=mastering.start(first), rung=0))
        self._announcer = Announcer()
        self.pace = Pace(config)
        self._outbox: list[Message] = []
        self._receipts: dict[int, ReceiptOut] = {}
        self._in_flight: Job | None = None
        self._stale_from: int | None = None
        self._replace_at: int | None = None
        self._last_effective = 0
        self._rung = 0
        self._take = 0
        self._sequence = 0

    @property
    def head(self) -> int:
        """The first frame not generated yet."""
        return self._deck.head

    @property
    def rung(self) -> int:
        """The rung of the ladder the next frames come from; 0 is the chosen generator."""
        return self._rung

    def messages(self) -> list[Message]:
        """Everything said since the last call."""
        said, self._outbox = self._outbox, []
        return said

    def plans(self, start: int, end: int) -> Sequence[FramePlan]:
        """The newest plans of the frames [start, end), none of them forgotten, whether generated or not."""
        return self._planner.plans(start, end)

    # --- what comes in ----------------------------------------------------------------------------------------------

    def playhead(self, *, played: int, committed: int, paused: bool, now_s: float) -> None:
        """The client's positions, in samples. What lies before them is forgotten but for the ladder's history."""
        self.pace.report(played=played, committed=committed, paused=paused, now_s=now_s)
        # While a job is long in flight, plans that an event undid may lie behind the client: plan and tell them first.
        self._look_for_stale()
        frame = min(committed // FRAME_SIZE, self._deck.head)
        origin = self._in_flight.origin.frame if self._in_flight else frame
        self._deck.forget(min(frame, origin), min(frame - self.config.history_frames, origin))
        self._planner.forget(min(frame, self._deck.head))
        self._announcer.forget(frame)

    def send(self, event: Event, *, position: int, now_s: float) -> Receipt:
        """An event the game sent at sample `position`; it takes effect in the first frame that can still obey it.

        A sequence number that was answered already is answered the same again and does nothing.
        """
        if event.sequence in self._receipts:
            self._outbox.append(self._receipts[event.sequence])
            return self._receipts[event.sequence].receipt
        end = self._in_flight.want.end if self._in_flight else self._deck.head
        # Behind the client, nothing before its position can be heard any more.
        end = max(end, self._committed_frame(now_s))
        reachable = self.pace.reachable(now_s, busy=self._in_flight is not None)
        reachable = max(self._planner.base, end if reachable is None else min(reachable, end))
        most = self.pace.played(now_s) // FRAME_SIZE + _MOST_AHEAD
        frame = max(reachable, self._last_effective, min(position // FRAME_SIZE, most))
        return self.apply(event, frame, reachable)

    def apply(self, event: Event, frame: int, reachable: int = -1) -> Receipt:
        """Let an event take effect in `frame`, which must not be forgotten yet."""
        receipt = self._planner.director.receipt(event, frame)
        if receipt.accepted:
            self._planner.add(event, frame)
            self._last_effective = max(self._last_effective, frame)
            self._stale_from = frame if self._stale_from is None else min(frame, self._stale_from)
        self._journal(("event", event, frame))
        answer = ReceiptOut(receipt=receipt, reachable=reachable)
        self._receipts[event.sequence] = answer
        if len(self._receipts) > _RECEIPTS_KEPT:
            del self._receipts[next(iter(self._receipts))]
        self._outbox.append(answer)
        return receipt

    def step_ladder(self, rung: int, reason: str) -> None:
        """Go on with another generator, from just before the end of what is generated."""
        self._rung = rung
        name = self._generators[rung].name
        self._outbox.append(StatusOut(rung=rung, generator=name, frame=self._deck.head, reason=reason))

    # --- generation -------------------------------------------------------------------------------------------------

    def want(self, now_s: float) -> Want | None:
        """What to generate next: a replacement, a step of the ladder, more music within the credit, or nothing."""
        if self._in_flight is not None:
            return None
        head = self._deck.head
        committed = self._committed_frame(now_s)
        if head < committed:
            # Too late for all that lies between: go on where the client can be met.
            change = self.pace.reachable(now_s, busy=False) or committed + self.config.chunk_frames
            return self._want("skip", change, self._rung)
        self._look_for_stale()
        if self._replace_at is not None:
            # What was handed to the engine meanwhile stays as it is.
            change = max(self._replace_at, committed, self._deck.base)
            if change < head:
                return self._want("replace", change, self._deck.boundary_before(change).rung)
            self._replace_at = None
        if self._rung != self._deck.last.rung:
            change = max(head - self.config.crossfade_frames, self._deck.base, committed)
            return self._want("ladder", min(change, head), self._rung)
        if head * FRAME_SIZE < self.pace.committed(now_s) + self.config.lookahead_samples:
            return self._want("extend", head, self._rung)
        return None

    def begin(self, want: Want, now_s: float) -> Job:
        """Take the want on: its job is in flight until `complete` or `fail`."""
        if self._in_flight is not None:
            raise ValueError("expected no job in flight")
        if want.reason in ("replace", "skip"):
            self._replace_at = None
        if want.reason == "replace":
            self.pace.replaced(now_s)
        origin = self._deck.last if want.reason == "skip" else self._deck.boundary_before(want.change)
        if want.reason in ("ladder", "skip"):
            origin = Boundary(frame=want.change, state=self._fresh(want), master=origin.master, rung=want.rung)
        used = self._deck.used_range(origin.frame, want.change) if origin.frame < want.change else ()
        plans = (*used, *self._planner.plans(want.change, want.end))
        self._outbox += self._announcer.tell(plans[want.change - origin.frame :])
        request = Request(state=origin.state, styles=self.styles, conditioning=conditioning(plans), stems=self._stems)
        self._in_flight = Job(want=want, origin=origin, plans=plans, request=request)
        self._journal(("begun", want))
        return self._in_flight

    def complete(self, job: Job, result: Result[Any], seconds: float) -> None:
        """The sound of the job in flight, which took `seconds` to generate."""
        self._land(job)
        want, origin = job.want, job.origin
        self.pace.generated(want.end - origin.frame, seconds)
        self._journal(("done", want))
        skip = (want.change - origin.frame) * FRAME_SIZE
        master, samples, gain = self._mastered(job, result.chunk.samples)
        samples = samples[skip:]
        stems = {family: (stem * gain[:, None])[skip:] for family, stem in result.chunk.stems.items()}
        fade_end = min(want.change + self.config.crossfade_frames, self._deck.head)
        old = self._deck.read(want.change, fade_end)[: self.config.crossfade_samples]
        length = min(len(old), len(samples))
        if length:
            samples[:length] = crossfade(old[:length], samples[:length])
        if want.reason != "extend":
            self._take += 1
        if want.reason == "ladder":
            self._deck.mark(origin)
        elif want.reason == "skip":
            samples = fade_in(samples, self.config.crossfade_samples)
            self._deck = Deck(origin)
        plans = job.plans[want.change - origin.frame :]
        after = Boundary(frame=want.end, state=result.state, master=master, rung=want.rung)
        self._deck.write(want.change, samples, plans, after)
        notes = tuple(note for note in result.chunk.notes if note.start >= want.change * FRAME_SIZE)
        self._outbox.append(self._chunk(want, plans, notes, stems))
        self._outbox.append(clock(plans, exact=self._generators[want.rung].exact_beats))

    def fail(self, job: Job) -> None:
        """The job in flight came to nothing; the caller decides about the ladder."""
        self._land(job)
        self._journal(("failed", job.want))
        if job.want.reason == "replace":
            self._replace_at = job.want.change

    def state_bytes(self) -> int:
        """Memory that the deck's generator states cost, in bytes."""
        return sum(self._generators[b.rung].state_bytes(b.state) for b in self._deck.boundaries)

    def sound_bytes(self) -> int:
        """Memory that the deck's sound costs, in bytes: the lookahead and the history of the ladder's loop."""
        return self._deck.sound_bytes()

    def _committed_frame(self, now_s: float) -> int:
        """The first frame of which nothing has been handed to the engine."""
        return -(-self.pace.committed(now_s) // FRAME_SIZE)

    def _want(self, reason: Reason, change: int, rung: int) -> Want:
        """The shortest want that makes `change` heard and ends with a chunk."""
        origin = change if reason in ("ladder", "skip") else self._deck.boundary_before(change).frame
        fade = self.config.crossfade_frames if change < self._deck.head else 1
        chunk = self.config.chunk_frames
        return Want(reason, origin, change, -(-(change + fade) // chunk) * chunk, rung)

    def _mastered(self, job: Job, samples: Samples) -> tuple[mastering.MasterState, Samples, NDArray[np.float32]]:
        if isinstance(self._generators[job.want.rung], Loop):
            # It repeats what was mastered before.
            return job.origin.master, samples, np.ones(len(samples), np.float32)
        return mastering.process(job.origin.master, samples, job.plans)

    def _fresh(self, want: Want) -> Any:
        """The state from which another generator takes over."""
        generator = self._generators[want.rung]
        if isinstance(generator, Loop) and self._deck.base < want.change <= self._deck.head:
            plans = self._deck.used_range(self._deck.base, want.change)
            return generator.capture(self._deck.read(self._deck.base, want.change), plans)
        return generator.start(seed=self.config.seed, frame=want.change)

    def _land(self, job: Job) -> None:
        if job is not self._in_flight:
            raise ValueError("expected the job in flight")
        self._in_flight = None

    def _look_for_stale(self) -> None:
        """Find the first generated frame that the plans since the last look want otherwise."""
        if self._stale_from is None:
            return
        start, self._stale_from = max(self._stale_from, self._planner.base, self._deck.base), None
        wanted = self._planner.plans(start, max(start, self._deck.head))
        self._outbox += self._announcer.tell(wanted)
        # A change found before and not made yet is found again, or not wanted any more, if it lies in this range.
        if self._replace_at is None or self._replace_at >= start:
            stale = (p for p in wanted if significant(self._deck.used(p.frame), p, self.config.significance))
            self._replace_at = next((plan.frame for plan in stale), None)

    def _chunk(
        self, want: Want, plans: tuple[FramePlan, ...], notes: tuple[NoteEvent, ...], stems: dict[str, Samples]
    ) -> ChunkOut:
        self._sequence += 1
        return ChunkOut(
            sequence=self._sequence,
            take=self._take,
            start=want.change * FRAME_SIZE,
            samples=self._deck.read(want.change, want.end),
            plans=plans,
            generator=self._generators[want.rung].name,
            reason=want.reason,
            notes=notes,
            stems=stems,
        )
