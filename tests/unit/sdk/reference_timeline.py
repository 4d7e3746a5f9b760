"""A second implementation of the client's timeline, sample by sample, written from PROTOCOL.md alone."""

from __future__ import annotations

from segue_sdk.timeline import Timing


class ReferenceTimeline:
    """Mono. `takes` maps a take to positions to samples; nothing is ever freed."""

    def __init__(self, timing: Timing) -> None:
        self.timing = timing
        self.takes: dict[int, dict[int, float]] = {}
        self.openings: dict[int, int] = {}
        self.committed = 0
        self.underruns = self.late = self.dropped = 0
        self.follows: int | None = None
        self.joins: int | None = None
        self.join_done = 0
        self.rise_done = 0
        self.fall: tuple[int, int] | None = None
        self.halted = False

    def write(self, take: int, start: int, samples: list[float], mixed: bool) -> None:
        end = start + len(samples)
        if end <= self.committed or end > self.committed + self.timing.capacity_samples:
            self.dropped += 1
            return
        received = self.takes.setdefault(take, {})
        new = [at for at in range(max(start, self.committed), end) if at not in received]
        if not new:
            return
        received.update({at: samples[at - start] for at in new})
        if mixed:
            self.openings[take] = start
        if start < self.committed:
            self.late += 1

    def pause(self) -> None:
        if self.follows is not None and not self.halted and self.fall is None:
            ahead = (
                self.timing.fade_samples
                if self.joins is not None
                else self.reach(self.follows, self.committed) - self.committed
            )
            self.fall = (0, min(self.timing.fade_samples, ahead))
        self.halted = True

    def resume(self) -> None:
        self.halted = False

    def end(self, take: int, at: int) -> int:
        while at in self.takes[take]:
            at += 1
        return at

    def lasts(self, take: int, at: int) -> bool:
        return self.end(take, at) >= at + self.timing.join_samples + self.timing.fade_samples

    def newest(self) -> list[int]:
        return sorted(self.takes, reverse=True)

    def entry_at(self, take: int, at: int) -> int | None:
        """The take entered from `take` at exactly `at`."""
        if at - 1 not in self.takes[take]:
            return None
        for new in self.newest():
            between = [old for old in self.takes if take < old < new]
            if new > take and self.openings.get(new) == at and not any(at - 1 in self.takes[old] for old in between):
                return new
        return None

    def reach(self, take: int, at: int) -> int:
        entered = self.entry_at(take, at)
        return self.last(take if entered is None else entered, at)

    def last(self, take: int, at: int) -> int:
        if at not in self.takes[take]:
            return at
        while at in self.takes[take]:
            at += 1
            entered = self.entry_at(take, at)
            take = take if entered is None else entered
        return at

    def have(self) -> int:
        take = self.joins if self.joins is not None else self.follows
        takes = self.takes if take is None else [take]
        return max((self.played_until(take, self.committed) for take in takes), default=self.committed)

    def played_until(self, take: int, at: int) -> int:
        while True:
            entered = self.entry_at(take, at)
            take = take if entered is None else entered
            if at not in self.takes[take]:
                return at
            joined = self.joined_at(take, at)
            take, at = (take, at + 1) if joined is None else (joined, at + self.timing.join_samples)

    def joined_at(self, take: int, at: int) -> int | None:
        """The take joined from `take` at exactly `at`."""
        if self.end(take, at) < at + self.timing.join_samples:
            return None
        return next((new for new in self.newest() if new > take and self.lasts(new, at)), None)

    def read(self, count: int) -> list[float]:
        return [self.sample() for _ in range(count)]

    def sample(self) -> float:
        if self.follows is None and not self.begin():
            return 0.0
        self.decide()
        assert self.follows is not None
        at = self.committed
        value = self.takes[self.follows][at]
        if self.joins is not None:
            value += (self.takes[self.joins][at] - value) * rising(self.join_done, self.timing.join_samples)
        if self.rise_done < self.timing.fade_samples:
            value *= rising(self.rise_done, self.timing.fade_samples)
        if self.fall is not None:
            value *= 1 - rising(*self.fall)
        self.advance()
        return value

    def begin(self) -> bool:
        if self.halted:
            return False
        for take in self.newest():
            if self.reach(take, self.committed) >= self.committed + self.timing.pre_roll_samples:
                self.follows, self.rise_done = take, 0
                return True
        return False

    def decide(self) -> None:
        at = self.committed
        if self.joins is not None:
            return
        assert self.follows is not None
        entered = self.entry_at(self.follows, at)
        if entered is not None:
            self.follows = entered
        if self.fall is not None:
            done, length = self.fall
            self.fall = (done, min(length, done + self.last(self.follows, at) - at))
            return
        end = self.end(self.follows, at)
        joined = self.joined_at(self.follows, at)
        if joined is not None:
            self.joins, self.join_done = joined, 0
            return
        if any(self.entry_at(self.follows, later) is not None for later in range(at + 1, end + 1)):
            return
        if end - at > self.timing.fade_samples:
            return
        leave = end - self.timing.join_samples
        bed = next((old for old in self.newest() if old != self.follows and self.lasts(old, leave)), None)
        if bed is not None and at < leave:
            return
        if bed is not None and at == leave:
            self.joins, self.join_done = bed, 0
            return
        self.underruns += 1
        self.fall = (0, end - at)

    def advance(self) -> None:
        self.committed += 1
        self.rise_done = min(self.rise_done + 1, self.timing.fade_samples)
        if self.joins is not None:
            self.join_done += 1
            if self.join_done == self.timing.join_samples:
                self.follows, self.joins = self.joins, None
        if self.fall is not None:
            self.fall = (self.fall[0] + 1, self.fall[1])
            assert self.follows is not None
            over = self.joins is None and self.last(self.follows, self.committed - 1) == self.committed
            if over or self.fall[0] == self.fall[1]:
                self.follows = self.joins = self.fall = None


def rising(done: int, length: int) -> float:
    u = (done + 0.5) / length
    return u * u * (3 - 2 * u)
