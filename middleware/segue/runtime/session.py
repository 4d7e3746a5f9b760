"""One game's music: events, positions and generated sound in; chunks, receipts and changes out. No clock, no socket.

The caller asks what the session wants, begins it, runs the job on its generator and hands the result to `complete`;
between, events may come at any time. Every operation that decides what is heard goes to `journal`, and
`segue.runtime.replay` does the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from segue.audio.fades import fade_in, fade_out
from segue.contract import FRAME_RATE, FRAME_SIZE, Generator, Request, Result, StyleBank
from segue.runtime.arrival import Arrival, arriving, planned
from segue.runtime.config import SessionConfig
from segue.runtime.deck import Boundary, Deck
from segue.runtime.edition import Edition, conditioned, same_styles
from segue.runtime.finishing import finish, joined
from segue.runtime.journal import Operation
from segue.runtime.loop import Loop
from segue.runtime.messages import Message, StatusOut
from segue.runtime.opening import Opening
from segue.runtime.opening import opening as make_opening
from segue.runtime.outbox import Outbox
from segue.runtime.pace import Pace
from segue.runtime.snapshot import Memory, Snapshot, taken
from segue.runtime.staleness import Staleness
from segue.runtime.wants import Job, Standing, Want, next_want
from segue_rules.director import DirectorState, carry, pack, reset, shift_state
from segue_rules.events import Event, Receipt
from segue_rules.model import Rules
from segue_rules.plan import FramePlan

# How far ahead of what is heard an event may be placed, in frames.
_MOST_AHEAD = 10 * FRAME_RATE


class Session:
    """A session over a ladder of generators, of which `home` is the chosen one."""

    def __init__(
        self,
        rules: Rules,
        styles: StyleBank,
        generators: Sequence[Generator[Any]],
        config: SessionConfig,
        *,
        stems: bool = False,
        journal: Callable[[Operation], None] | None = None,
        home: int = 0,
        opening: Opening | None = None,
        fingerprint: str = "",
    ) -> None:
        """opening: where it goes on from; frame 0 without one. fingerprint: of the rule files, for saves."""
        self.config, self.home = config, home
        # While it is held nothing is wanted: its client is not ready for more.
        self.held = False
        self.pace = Pace(config)
        self._generators = tuple(generators)
        self._stems = stems
        self._journal = journal or (lambda operation: None)
        self._outbox = Outbox()
        start, _ = make_opening(None, rules=rules, generators=generators, home=home, frame=0, seed=config.seed)
        start = opening or start
        edition = Edition(rules=rules, styles=styles, fingerprint=fingerprint)
        self._planner = planned(edition, start)
        first = Boundary(frame=start.frame, state=start.state, master=start.master, rung=start.rung)
        self._deck = Deck(first)
        self._arrival = Arrival(first, opening, self._planner.state_before(start.frame)) if opening else None
        # Numbers up to this one were taken before the session was opened.
        self._outbox.last_event = self._known_events = start.last_event
        self._in_flight: Job | None = None
        self._lasts = start.frame
        # What the job in flight makes heard; another one may have come in its place by the time it is done.
        self._taken_up: Arrival | None = None
        # Where the music was faded out at its end, for what begins there.
        self._faded: int | None = None
        self._stale = Staleness(config.significance, start.frame)
        self._last_effective = 0
        self._rung = start.rung
        # The first chunk of an opening counts as a new take, so it is one less until then.
        self._take = opening.take - 1 if opening else 0

    @property
    def head(self) -> int:
        """The first frame not generated yet."""
        return self._deck.head

    @property
    def lasts(self) -> int:
        """The first frame for which its client has no music at all, not even such as was replaced."""
        return max(self._lasts, self._deck.head)

    @property
    def rung(self) -> int:
        """The rung of the ladder the next frames come from."""
        return self._rung

    @property
    def rules(self) -> Rules:
        """The rules in force from the last reload on."""
        return self._planner.edition.rules

    @property
    def planned_frames(self) -> int:
        """Frames planned so far, each as often as it was: every event has what follows it planned anew."""
        return self._planner.steps

    @property
    def last_event(self) -> int:
        """The greatest event number taken, by this session or the one it was opened from; 0 for none."""
        return self._outbox.last_event

    @property
    def in_flight(self) -> Job | None:
        """The job begun and neither completed nor failed."""
        return self._in_flight

    def messages(self) -> list[Message]:
        """Everything said since the last call."""
        return self._outbox.take()

    def plans(self, start: int, end: int) -> Sequence[FramePlan]:
        """The newest plans of the frames [start, end), none of them forgotten, whether generated or not."""
        return [frame.plan for frame in self._planner.frames(start, end)]

    def snapshot(self) -> Snapshot:
        """The music at `head`, from which another session can go on; or as it was restored, until that is heard."""
        edition, planner, arrival = self._planner.edition, self._planner, self._arrival
        boundary = self._deck.last if arrival is None else arrival.boundary
        if arrival is not None and self._as_it_came(arrival):
            opening = arrival.opening
            director, rules = opening.director, opening.rules
            events = [(at, event) for at, event in opening.events if at < boundary.heard]
            events += planner.coming(boundary.heard)
        else:
            # A reset, a reload or a restore further ahead is not undone by a save: the rules go on from there.
            frame = max(boundary.heard, planner.turned)
            shift = boundary.frame - frame
            director, rules = shift_state(planner.state_before(frame), shift), edition.rules
            events = [(at + shift, event) for at, event in planner.coming(frame)]
        return taken(
            boundary,
            self._generators[boundary.rung],
            Memory(state=pack(director, rules), events=tuple(events), last_event=self.last_event),
            seed=self.config.seed,
            rules=edition.fingerprint,
        )

    # --- what comes in ----------------------------------------------------------------------------------------------

    def playhead(
        self,
        *,
        played: int,
        committed: int,
        paused: bool,
        now_s: float,
        have: int | None = None,
        received: int = 0,
        late: int = 0,
    ) -> None:
        """The client's positions, in samples. What lies before them is forgotten but for the ladder's history.

        have: the end of its music, at which its clock stands until more comes; None for a clock that runs on.
        received: number of the last chunk it has. late: chunks that it found late so far.
        """
        self.pace.report(
            played=played, committed=committed, paused=paused, now_s=now_s, have=have, received=received, late=late
        )
        # While a job is long in flight, plans that an event undid may lie behind the client: plan and tell them first.
        self._look_for_stale()
        frame = min(committed // FRAME_SIZE, self._deck.head)
        origin = min(self._in_flight.origin.heard, frame) if self._in_flight else frame
        self._deck.forget(origin, min(frame - self.config.history_frames, origin))
        known = self._known_from(frame)
        self._planner.forget(known)
        self._outbox.forget(known)

    def reachable(self, now_s: float) -> int:
        """The first frame that can still change: what events and all else that comes now may alter at the earliest."""
        end = self._in_flight.want.end if self._in_flight else self._deck.head
        # Behind the client, nothing before its position can be heard any more.
        end = max(end, self._committed_frame(now_s))
        reachable = self.pace.reachable(now_s, busy=self._in_flight is not None, unheard=self._deck.frames_before)
        return max(self._planner.base, self._planner.turned, end if reachable is None else min(reachable, end))

    def send(self, event: Event, *, position: int, now_s: float) -> Receipt:
        """An event the game sent at sample `position`; it takes effect in the first frame that can still obey it.

        A sequence number that was answered already is answered the same again and does nothing.
        """
        answered = self._outbox.answered(event.sequence)
        if answered is not None:
            return answered
        reachable = self.reachable(now_s)
        most = self.pace.played(now_s) // FRAME_SIZE + _MOST_AHEAD
        frame = max(reachable, self._last_effective, min(position // FRAME_SIZE, most))
        if 0 < event.sequence <= self._known_events:
            # It is part of what the session was opened from.
            receipt = self._planner.director.receipt(event, frame)
            self._outbox.answer(receipt, reachable)
            return receipt
        receipt = self.apply(event, frame, reachable)
        if receipt.accepted:
            self.pace.asked(frame, now_s, busy=self._in_flight is not None)
        return receipt

    def has_answered(self, number: int) -> bool:
        """Whether an event of this number was answered lately."""
        return self._outbox.has_answered(number)

    def answer_again(self, number: int) -> bool:
        """Say the answer to an event once more; False if it got none, or long ago."""
        return self._outbox.answered(number) is not None

    def restore(self, opening: Opening, *, at: int, take: int, now_s: float) -> int:
        """Replace the music by what the opening says, from the first reachable frame at or after sample `at`.

        Events already taken beyond that frame are dropped with it. Where the opening's frame is past by then, its music
        has gone on meanwhile. Takes that follow are greater than `take`. Returns: the frame.
        """
        end = max(self._in_flight.want.end if self._in_flight else self._deck.head, self._committed_frame(now_s))
        wanted = max(self.reachable(now_s), -(-at // FRAME_SIZE))
        # The end of what there is has to last for a crossfade.
        earliest = max(self._planner.base, self.pace.committed(now_s) // FRAME_SIZE)
        frame = max(min(wanted, end - self.config.crossfade_frames), opening.frame, earliest)
        self.take_over(opening, frame, take)
        return frame

    def reload(self, rules: Rules, styles: StyleBank, now_s: float, fingerprint: str = "") -> int:
        """Other rules from the first reachable frame on; the music there is made anew if that changes it.

        Events that were accepted and are still to come take effect under the new rules. Returns: the frame.
        """
        frame = self.reachable(now_s)
        self.take_up(Edition(rules=rules, styles=styles, fingerprint=fingerprint), frame)
        return frame

    def reset(self, now_s: float) -> int:
        """Inputs and states as at the start from the first reachable frame; the music goes on. Returns: the frame."""
        frame = self.reachable(now_s)
        self.start_over(frame)
        return frame

    def go_home(self, home: int) -> None:
        """Choose another generator; the music goes over to it from just before the end of what is generated."""
        self._journal(("home", home))
        self.home = self._rung = home

    def step_ladder(self, rung: int, reason: str) -> None:
        """Go on with another generator, from just before the end of what is generated."""
        self._rung = rung
        name = self._generators[rung].name
        self._outbox.say(StatusOut(rung=rung, generator=name, frame=self._deck.head, reason=reason))

    # --- the same in a frame that is known --------------------------------------------------------------------------

    def apply(self, event: Event, frame: int, reachable: int = -1) -> Receipt:
        """Let an event take effect in `frame`, which must not be settled yet."""
        receipt = self._planner.director.receipt(event, frame)
        if receipt.accepted:
            self._planner.add(event, frame)
            self._last_effective = max(self._last_effective, frame)
            self._stale.suspect(frame)
        self._journal(("event", event, frame))
        self._outbox.answer(receipt, reachable)
        return receipt

    def take_over(self, opening: Opening, frame: int, take: int) -> None:
        """Let the music of an opening be heard from `frame` on, which is not before the opening's."""
        self._journal(("restore", opening, frame, take))
        ahead = planned(self._planner.edition, opening)
        self._turn(self._planner.edition, ahead.state_before(frame), ahead.coming(frame))
        self._arrival = arriving(opening, ahead, frame, self._planner.state_before(frame))
        self._take = max(self._take, take)
        self._last_effective = frame
        self._stale.withdraw(frame)

    def take_up(self, edition: Edition, frame: int) -> None:
        """Plan by another edition from `frame` on."""
        self._journal(("reload", edition, frame))
        state = carry(self._planner.state_before(frame), self.rules, edition.rules)
        styles = self._planner.edition.styles
        if same_styles(styles, edition.styles):
            # The same bank: nothing is to be made anew for its sake.
            edition = replace(edition, styles=styles)
        self._turn(edition, state, self._planner.coming(frame))
        self._stale.suspect(frame)

    def start_over(self, frame: int) -> None:
        """Inputs and states as at the start from `frame` on."""
        self._journal(("reset", frame))
        self._turn(self._planner.edition, reset(self._planner.state_before(frame), self.rules), ())
        self._last_effective = frame
        self._stale.suspect(frame)

    # --- generation -------------------------------------------------------------------------------------------------

    def want(self, now_s: float) -> Want | None:
        """What to generate next, or nothing."""
        if self._in_flight is not None or self.held:
            return None
        committed = self._committed_frame(now_s)
        if self._deck.head >= committed:
            self._look_for_stale()
        self._stale.withdraw(self._deck.head if self._deck.head > committed else 0)
        return next_want(
            Standing(
                config=self.config,
                deck=self._deck,
                rung=self._rung,
                replace_at=self._stale.replace_at,
                coming=self._arrival.boundary if self._arrival else None,
                faded=self._faded == self._deck.head,
                floor=self._stale.floor,
                committed=committed,
                reachable=self.pace.reachable(now_s, busy=False),
                first_frames=self.pace.first_frames,
                credit=self.pace.committed(now_s) + self.config.lookahead_samples,
            )
        )

    def begin(self, want: Want, now_s: float) -> Job:
        """Take the want on: its job is in flight until `complete` or `fail`."""
        if self._in_flight is not None:
            raise ValueError("expected no job in flight")
        if want.reason in ("replace", "ladder", "skip"):
            self._stale.withdraw(0)
        origin = self._origin(want)
        replaces = want.change if want.reason == "replace" else None
        self.pace.begun(want.end - origin.frame, now_s, replaces=replaces)
        frames = (*self._deck.led(origin, want.change), *self._planner.frames(want.change, want.end))
        styles, asked = conditioned(frames)
        request = Request(state=origin.state, styles=styles, conditioning=asked, stems=self._stems)
        job = Job(want=want, origin=origin, frames=frames, request=request, version=self._planner.version)
        self._outbox.tell(job.heard)
        self._in_flight = job
        self._taken_up = self._arrival if want.reason == "restore" else None
        self._journal(("begun", want))
        return job

    def complete(self, job: Job, result: Result[Any], seconds: float, now_s: float | None = None) -> bool:
        """The sound of the job in flight, which took `seconds` to generate.

        now_s: when it came; None where it is known to have been taken, as in a replay.
        Returns: False if it came too late to be of use: the older music goes on, and the change is made further ahead.
        """
        if now_s is not None and (meets := self._outrun(job, now_s)) is not None:
            self.pace.generated(job.want.end - job.origin.frame, seconds, now_s)
            self.fail(job)
            self._stale.raise_floor(meets)
            return False
        self._land(job)
        want, head = job.want, self._deck.head
        self._lasts = self.lasts
        generator = self._generators[want.rung]
        self.pace.generated(want.end - job.origin.frame, seconds, now_s)
        self._journal(("done", want))
        samples, stems, master = finish(job, result.chunk, mastered=isinstance(generator, Loop))
        fade_end = min(want.change + self.config.crossfade_frames, head)
        old = self._deck.read(want.change, fade_end)[: self.config.crossfade_samples]
        samples = joined(old, samples)
        follows = self._deck.base < want.change <= head
        if want.reason != "extend":
            self._take += 1
        if want.reason == "restore":
            if self._arrival is self._taken_up:
                self._arrival = None
            self._stale.settle(want.change)
        self._faded = None
        if self._arrival is not None and want.end == self._arrival.boundary.heard:
            # What comes next begins where this ends: with nothing to crossfade from, both fade.
            samples = fade_out(samples, self.config.crossfade_samples)
            self._faded = want.end
        if want.reason == "skip" or want.change > head or (want.reason == "restore" and follows and not len(old)):
            samples = fade_in(samples, self.config.crossfade_samples)
        if want.reason == "skip" or want.change > head:
            self._deck = Deck(job.origin)
        elif want.reason in ("ladder", "restore"):
            self._deck.mark(job.origin)
        self._deck.write(
            want.change,
            samples,
            job.heard,
            Boundary(frame=want.end, state=result.state, master=master, rung=want.rung),
        )
        if self._planner.version != job.version:
            self._stale.suspect(want.change)
        number = self._outbox.chunk(
            job,
            self._take,
            samples,
            result.chunk.notes,
            stems,
            generator=generator.name,
            exact_beats=generator.exact_beats,
            mixed=want.reason != "extend" and follows,
        )
        if now_s is not None:
            self.pace.sent(number, now_s)
        return True

    def fail(self, job: Job) -> None:
        """The job in flight came to nothing; the caller decides about the ladder."""
        self._land(job)
        self._journal(("failed", job.want))
        if job.want.reason in ("replace", "ladder"):
            self._stale.suspect(job.want.change)

    def state_bytes(self) -> int:
        """Memory that the deck's generator states cost, in bytes."""
        return sum(self._generators[b.rung].state_bytes(b.state) for b in self._deck.boundaries)

    def sound_bytes(self) -> int:
        """Memory that the deck's sound costs, in bytes: the lookahead and the history of the ladder's loop."""
        return self._deck.sound_bytes()

    # --- inside -----------------------------------------------------------------------------------------------------

    def _committed_frame(self, now_s: float) -> int:
        """The first frame of which nothing has been handed to the engine."""
        return -(-self.pace.committed(now_s) // FRAME_SIZE)

    def _known_from(self, frame: int) -> int:
        """The first frame whose plans are still needed by a client that has come to `frame`.

        Plans are gone on with from `head`, or from the end of the job in flight, which may cut the music off before
        `head`, or from where restored music takes over; the client may be ahead of all but the first.
        """
        needed = [frame, self._deck.head]
        if self._in_flight is not None:
            needed.append(self._in_flight.want.end)
        if self._arrival is not None:
            needed.append(self._arrival.boundary.heard)
        return min(needed)

    def _as_it_came(self, arrival: Arrival) -> bool:
        """Whether no reset and no reload came since."""
        frame = arrival.boundary.heard
        return self._planner.turned == frame and self._planner.state_before(frame) is arrival.director

    def _outrun(self, job: Job, now_s: float) -> int | None:
        """The first frame that another try would reach, if taking this job would take music away from its client.

        A replacement cuts off the older music at its own end. Where its client has come to its start already, and would
        come to its end before more is made, the older music is the better one.
        """
        want, committed = job.want, self.pace.committed(now_s)
        if want.end >= self._deck.head or want.change > self._deck.head or committed <= want.change * FRAME_SIZE:
            return None
        meets = -(-(committed + self.pace.next_samples) // FRAME_SIZE)
        return meets if want.end < meets else None

    def _origin(self, want: Want) -> Boundary:
        """Where the want is generated from."""
        if want.reason in ("extend", "replace"):
            return self._deck.boundary_before(want.change)
        before = self._deck.last if want.reason == "skip" else self._deck.boundary_before(want.change)
        if want.reason == "restore" and self._arrival is not None:
            before = self._arrival.boundary
            if before.rung == want.rung:
                return replace(before, lead=(*before.lead, *self._planner.frames(before.heard, want.change)))
        return Boundary(frame=want.change, state=self._fresh(want), master=before.master, rung=want.rung)

    def _fresh(self, want: Want) -> Any:
        """The state from which another generator takes over."""
        generator = self._generators[want.rung]
        start = max(self._deck.base, want.change - self.config.history_frames)
        if isinstance(generator, Loop) and start < want.change <= self._deck.head:
            plans = [frame.plan for frame in self._deck.used_range(start, want.change)]
            return generator.capture(self._deck.read(start, want.change), plans)
        return generator.start(seed=self.config.seed, frame=want.change)

    def _land(self, job: Job) -> None:
        if job is not self._in_flight:
            raise ValueError("expected the job in flight")
        self._in_flight = None

    def _turn(self, edition: Edition, state: DirectorState, events: Sequence[tuple[int, Event]]) -> None:
        """Plan on from another state; what was promised and will not come is taken back."""
        frame, told = state.frame, self._outbox.told
        self._planner.turn(edition, state, events)
        waiting = [
            stinger.name for stinger, now in zip(edition.rules.stingers, state.stingers, strict=True) if now.waiting
        ]
        self._outbox.withdraw(frame, waiting)
        self._outbox.tell(self._planner.frames(frame, max(frame, told)))

    def _look_for_stale(self) -> None:
        """Look, and tell, what the newest plans want otherwise."""
        end = self._deck.head if self._arrival is None else min(self._deck.head, self._arrival.boundary.heard)
        fills = "fills" in self._generators[self._rung].controls
        self._outbox.tell(self._stale.look(self._deck, self._planner, end, fills=fills))
