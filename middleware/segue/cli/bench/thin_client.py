"""A client without sound, for measuring a service: it keeps a real-time clock and reads the headers of messages.

It plays no samples, so that many clients cost little, but it follows the timeline of the protocol: it knows which take
is played, when the buffer is empty, and when the sound of an event is handed to the engine. Time is an argument.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

from segue_sdk.limits import PRE_ROLL, REPORT_S, SAMPLE_RATE
from segue_sdk.messages import Change, Chunk, Error, Event, EventItem, Hello, Message, Playhead, Receipt, Welcome

# Samples that the engine's audio callback takes at once.
BLOCK: Final = 480
_REPORT_S: Final = REPORT_S / 2


@dataclass(kw_only=True)
class Measured:
    """What one client measured.

    Attributes:
        reactions: Milliseconds from an event sent to its sound handed to the engine.
        buffered: Seconds that it could play without a gap, at each report.
        underruns: How often the buffer was empty.
        silence_s: Seconds in which there was nothing to play.
        fallbacks: How often it had to go back to an older take.
        late: Takes that arrived after their start had been handed over.
        unanswered: Events without a change.
        music_s: Seconds of music received.
    """

    reactions: list[float] = field(default_factory=list)
    buffered: list[float] = field(default_factory=list)
    underruns: int = 0
    silence_s: float = 0.0
    fallbacks: int = 0
    late: int = 0
    refused: int = 0
    unanswered: int = 0
    music_s: float = 0.0


@dataclass(kw_only=True)
class _TakeRange:
    """The music of one take: the samples [start, end)."""

    start: int
    end: int


class ThinClient:
    """One session with a flag that is switched again and again.

    Args:
        hello: The first message.
        flag: The name of the flag.
        every_s: Mean time between two events, each 0.5 to 1.5 times as much; 0 for no events.
        rng: Draws the times.
    """

    def __init__(self, hello: Hello, *, flag: str, every_s: float, rng: random.Random) -> None:
        self.measured = Measured()
        self.welcomed = False
        self.stopped = True
        self.committed = 0
        self._hello = hello
        self._flag, self._every_s, self._rng = flag, every_s, rng
        self._value = False
        self._takes: dict[int, _TakeRange] = {}
        self._take = 0
        # When the clock started last, and where.
        self._started_s, self._started_at = 0.0, 0
        self._now_s: float | None = None
        self._report_due_s = self._event_due_s = 0.0
        self._quiet_from_s = float("inf")
        self._last_chunk = self._last_event = 0
        self._sent: dict[int, float] = {}
        self._audible: dict[int, int] = {}

    def begin(self, now_s: float, until_s: float) -> None:
        """Start measuring; no event is sent after `until_s`."""
        self.measured = Measured()
        self._sent, self._audible = {}, {}
        self._event_due_s, self._quiet_from_s = now_s + self._rng.uniform(0.0, self._every_s), until_s

    def finish(self) -> Measured:
        """Stop measuring and return the result."""
        self.measured.unanswered = len(self._sent)
        return self.measured

    @property
    def due_s(self) -> float:
        """When `tick` is to be called next, at the latest."""
        return min(self._report_due_s, self._event_due_s) if self._events_flow else self._report_due_s

    def receive(self, message: Message, now_s: float) -> None:
        """Take in a message of the service."""
        self._advance(now_s)
        match message:
            case Welcome():
                self.welcomed = True
            case Chunk():
                self._write(message, now_s)
            case Change(kind="rendered"):
                for cause in message.causes:
                    if cause.seq in self._sent:
                        self._audible[cause.seq] = message.audible
            case Receipt(accepted=False):
                self.measured.refused += 1
                self._sent.pop(message.seq, None)
            case Error():
                raise ConnectionError(f"the service refused: {message.code}: {message.text}")
            case _:
                pass

    def tick(self, now_s: float) -> list[Message]:
        """Advance to a time.

        Returns:
            The messages to send now.
        """
        if self._now_s is None:
            self._now_s, self._report_due_s = now_s, now_s
            return [self._hello]
        self._advance(now_s)
        sending: list[Message] = []
        if self.welcomed and now_s >= self._report_due_s:
            self._report_due_s = now_s + _REPORT_S
            sending.append(self._playhead())
        if self._events_flow and now_s >= self._event_due_s:
            self._event_due_s = now_s + self._every_s * self._rng.uniform(0.5, 1.5)
            if now_s < self._quiet_from_s and not self.stopped:
                sending.append(self._event(now_s))
        return sending

    @property
    def _events_flow(self) -> bool:
        return self._every_s > 0 and self._quiet_from_s < float("inf")

    def _playhead(self) -> Playhead:
        have = self._reach()
        if not self.stopped:
            self.measured.buffered.append((have - self.committed) / SAMPLE_RATE)
        return Playhead(
            played=self.committed,
            committed=self.committed,
            have=have,
            paused=self.stopped,
            last_chunk=self._last_chunk,
            underruns=self.measured.underruns,
            late=self.measured.late,
        )

    def _event(self, now_s: float) -> Event:
        self._last_event += 1
        self._value = not self._value
        self._sent[self._last_event] = now_s
        item = EventItem(seq=self._last_event, at=self.committed, set={self._flag: self._value})
        return Event(events=(item,))

    def _write(self, chunk: Chunk, now_s: float) -> None:
        end = chunk.start + chunk.count
        self.measured.music_s += chunk.count / SAMPLE_RATE
        self._last_chunk = max(self._last_chunk, chunk.seq)
        if chunk.take in self._takes:
            music = self._takes[chunk.take]
            music.end = max(music.end, end)
        else:
            self._takes[chunk.take] = _TakeRange(start=chunk.start, end=end)
            self.measured.late += chunk.start < self.committed
        if chunk.reason == "extend":
            return
        for seq, audible in list(self._audible.items()):
            if chunk.start <= audible and seq in self._sent:
                handed_s = self._handed_s(max(audible, self.committed), now_s)
                self.measured.reactions.append((handed_s - self._sent.pop(seq)) * 1000)
                del self._audible[seq]

    def _handed_s(self, sample: int, now_s: float) -> float:
        """When the engine takes the block that holds a sample."""
        if self.stopped:
            return now_s
        blocks = (sample - self._started_at) // BLOCK
        return max(now_s, self._started_s + blocks * BLOCK / SAMPLE_RATE)

    def _advance(self, now_s: float) -> None:
        """Let the engine take its blocks up to now."""
        passed, self._now_s = now_s - (self._now_s if self._now_s is not None else now_s), now_s
        if self.stopped:
            if self._reach() >= self.committed + PRE_ROLL:
                self.stopped, self._started_s, self._started_at = False, now_s, self.committed
                # This is reported at once.
                self._report_due_s = now_s
            elif self.committed:
                self.measured.silence_s += passed
        if not self.stopped:
            blocks = int((now_s - self._started_s) * SAMPLE_RATE / BLOCK) + 1
            self._commit(self._started_at + blocks * BLOCK)
        self._takes = {take: music for take, music in self._takes.items() if music.end > self.committed}

    def _commit(self, end: int) -> None:
        """Hand samples to the engine up to `end`, or as far as there are any."""
        while self.committed < end:
            covering = [take for take, music in self._takes.items() if music.start <= self.committed < music.end]
            if not covering:
                self.stopped = True
                self.measured.underruns += 1
                self._report_due_s = self._now_s or 0.0
                return
            take = max(covering)
            self.measured.fallbacks += take < self._take
            self._take = take
            later = [music.start for other, music in self._takes.items() if other > take]
            newer = [start for start in later if start > self.committed]
            self.committed = min([end, self._takes[take].end, *newer])

    def _reach(self) -> int:
        """The end of what can be played without a gap and without going back to an older take."""
        at, take = self.committed, -1
        while True:
            covering = [other for other, music in self._takes.items() if music.start <= at < music.end]
            covering = [other for other in covering if other > take]
            if not covering:
                return at
            take = max(covering)
            newer = [music.start for other, music in self._takes.items() if other > take and music.start > at]
            at = min([self._takes[take].end, *newer])
