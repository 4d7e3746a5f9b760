"""Timers: triggers that are fired by themselves (SEMANTICS 2)."""

from __future__ import annotations

from segue_rules.director.chance import chance
from segue_rules.director.state import InputNow, TimerNow
from segue_rules.model import Input, TimeRange, TriggerInput


def timed(inputs: tuple[Input, ...]) -> tuple[tuple[int, str, int | TimeRange], ...]:
    """The triggers that have a timer: index, name and interval."""
    triggers = ((i, item) for i, item in enumerate(inputs) if isinstance(item, TriggerInput))
    return tuple((i, item.name, item.every) for i, item in triggers if item.every is not None)


class Timers:
    """The timers of one rule file. seed: Of the intervals that are drawn."""

    def __init__(self, inputs: tuple[Input, ...], seed: int) -> None:
        self._timed, self._seed = timed(inputs), seed

    def start(self, frame: int = 0) -> tuple[TimerNow, ...]:
        """Every timer as it begins in a frame."""
        return (TimerNow(frame, 0),) * len(self._timed)

    def step(
        self, inputs: tuple[InputNow, ...], timers: tuple[TimerNow, ...], frame: int
    ) -> tuple[tuple[InputNow, ...], tuple[TimerNow, ...]]:
        """Fire what is due in a frame.

        Args:
            inputs: After the events of the frame.
        """
        if not timers:
            return inputs, timers
        now, after = list(inputs), []
        for (i, _, _), timer, due in zip(self._timed, timers, self.due(timers), strict=True):
            fired = now[i].since == frame
            if not fired and frame >= due:
                now[i] = InputNow(False, False, frame, -1)
                fired = True
            after.append(TimerNow(frame, timer.fired + 1) if fired else timer)
        return (tuple(now), tuple(after)) if tuple(after) != timers else (inputs, timers)

    def due(self, timers: tuple[TimerNow, ...]) -> list[int]:
        """The frame in which each timer fires its trigger next, if no event does before."""
        frames = []
        for (_, name, every), timer in zip(self._timed, timers, strict=True):
            if isinstance(every, TimeRange):
                number = chance(self._seed, name, "every", timer.fired)
                frames.append(timer.since + every.low + int(number * (every.high - every.low + 1)))
            else:
                frames.append(timer.since + every)
        return frames
