"""Everything that a report shows of one run, gathered from the messages of its session, and its times as text.

Positions are in samples at 48 kHz.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from segue.contract import FRAME_SIZE, SAMPLE_RATE, ComposedBar, Samples
from segue.report.outcomes import (
    ChangeOutcome,
    EventOutcome,
    StingerOutcome,
    Take,
    TimedMessages,
    change_outcomes,
    event_outcomes,
    gather_takes,
    stinger_outcomes,
)
from segue.report.reactions import Reaction, reactions, replaced_share
from segue.report.sound import SoundMeasures
from segue.runtime.messages import ChunkOut, SessionMessage, StatusOut, replace_placed
from segue.runtime.simulation import LiveRun
from segue_rules.events import ScriptedEvent
from segue_rules.model import Rules
from segue_rules.plan import FramePlan
from segue_rules.timeline import bar_beat


@dataclass(frozen=True, kw_only=True)
class PlayedBeats:
    """Every beat that was played, in order.

    Attributes:
        samples: Positions.
        bars, beats: Counted from 1.
    """

    samples: tuple[int, ...]
    bars: tuple[int, ...]
    beats: tuple[int, ...]

    def at(self, sample: int) -> str:
        """Return the beat at a sample as "12:3" (bar 12, beat 3), "" before the first beat."""
        index = bisect_right(self.samples, sample) - 1
        return f"{self.bars[index]}:{self.beats[index]}" if index >= 0 else ""


@dataclass(frozen=True, kw_only=True)
class FallbackStep:
    """A change to another level of the chain of generators.

    Attributes:
        level: 0 is the generator that was chosen.
    """

    sample: int
    level: int
    generator: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class LiveFigures:
    """What only a live run has.

    Attributes:
        levels: Pairs of playhead and number of samples buffered then.
        replaced_share: Share of the generated frames that replaced others or were never used.
    """

    levels: tuple[tuple[int, int], ...]
    reactions: tuple[Reaction, ...]
    generated_frames: int
    replaced_share: float
    underrun_samples: int


@dataclass(frozen=True, kw_only=True, eq=False)
class ReportData:
    """One run.

    Attributes:
        sound: Measures of the audio that was played.
        plans: Plan of each played frame, None for an underrun.
        bars: What was composed, as far as the generator says.
        live: None for a straight run.
        real_time_factor: Seconds of music rendered in a second, None where it was not measured.
        warnings: Complete messages.
    """

    rules: Rules
    seed: int
    generator: str
    sound: SoundMeasures
    plans: tuple[FramePlan | None, ...]
    events: tuple[EventOutcome, ...]
    changes: tuple[ChangeOutcome, ...]
    stingers: tuple[StingerOutcome, ...]
    takes: tuple[Take, ...]
    fallbacks: tuple[FallbackStep, ...]
    bars: tuple[ComposedBar, ...] = ()
    live: LiveFigures | None = None
    real_time_factor: float | None = None
    warnings: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return self.sound.samples / SAMPLE_RATE

    def played(self, sample: int) -> bool:
        """Return whether there was music at a sample, and not an underrun or the end of the run."""
        frame = sample // FRAME_SIZE
        return frame < len(self.plans) and self.plans[frame] is not None

    @property
    def routine_events(self) -> int:
        """Number of events that only set continuous inputs."""
        return sum(event.routine for event in self.events)

    @cached_property
    def beats(self) -> PlayedBeats:
        """The beats that fall in the played frames."""
        found = []
        for frame, plan in enumerate(self.plans):
            if plan is not None and max(plan.beat, plan.bar_start) >= 0:
                place = bar_beat(plan)
                offset = plan.bar_start if plan.bar_start >= 0 else plan.beat
                found.append((frame * FRAME_SIZE + offset, place.bar, place.beat))
        return PlayedBeats(
            samples=tuple(sample for sample, _, _ in found),
            bars=tuple(bar for _, bar, _ in found),
            beats=tuple(beat for _, _, beat in found),
        )

    def latencies(self) -> list[tuple[EventOutcome, float]]:
        """Return each accepted event whose first frame was played, with the seconds from sending to that frame."""
        return [
            (event, (event.effective - event.sent) / SAMPLE_RATE)
            for event in self.events
            if event.accepted and self.played(event.effective)
        ]


def from_straight(
    rules: Rules,
    messages: Iterable[SessionMessage],
    sound: SoundMeasures,
    events: Sequence[ScriptedEvent],
    *,
    seed: int | None = None,
    sounds: Mapping[str, Samples] | None = None,
    real_time_factor: float | None = None,
    warnings: Sequence[str] = (),
) -> ReportData:
    """Gather the data of a straight run.

    Args:
        sound: Measures of the audio that was written, with its stingers.
        events: The event script.
        seed: The seed that was used, where it is not that of the rules.
        sounds: Samples of each audio stinger, for its length.
        warnings: Warnings other than those of the rules.

    Raises:
        ValueError: The messages contain no chunk.
    """
    timed = [(-1, message) for message in messages]
    frames = -(-sound.samples // FRAME_SIZE)
    plans: list[FramePlan | None] = [None] * frames
    for _, message in timed:
        if isinstance(message, ChunkOut):
            first = message.start // FRAME_SIZE
            plans[first : first + len(message.plans)] = message.plans[: max(0, frames - first)]
    sent = {scripted.event.sequence: scripted.frame * FRAME_SIZE for scripted in events}
    outcomes = event_outcomes(timed, events, sent, sound.samples)
    data = _gather(rules, timed, sound, plans, outcomes, sounds or {})
    return _completed(data, seed, real_time_factor, warnings)


def from_live(
    rules: Rules,
    run: LiveRun,
    sound: SoundMeasures,
    events: Sequence[ScriptedEvent],
    *,
    seed: int | None = None,
    sounds: Mapping[str, Samples] | None = None,
    real_time_factor: float | None = None,
    warnings: Sequence[str] = (),
) -> ReportData:
    """Gather the data of a live simulation.

    Args and errors are those of `from_straight`; `sound` is what was played, from sample 0.
    """
    live = LiveFigures(
        levels=tuple(run.levels),
        reactions=reactions(run, [layer.name for layer in rules.layers]),
        generated_frames=run.generated_frames,
        replaced_share=replaced_share(run),
        underrun_samples=run.client.underrun_samples,
    )
    sent = {sent.sequence: sent.position for sent in run.sent}
    outcomes = event_outcomes(run.messages, events, sent, sound.samples)
    data = _gather(rules, run.messages, sound, run.client.playback_plans(), outcomes, sounds or {})
    return replace(_completed(data, seed, real_time_factor, warnings), live=live)


def _gather(
    rules: Rules,
    messages: TimedMessages,
    sound: SoundMeasures,
    plans: Sequence[FramePlan | None],
    outcomes: tuple[EventOutcome, ...],
    sounds: Mapping[str, Samples],
) -> ReportData:
    generator = next((message.generator for _, message in messages if isinstance(message, ChunkOut)), None)
    if generator is None:
        raise ValueError("messages: expected at least one chunk of sound")
    return ReportData(
        rules=rules,
        seed=rules.seed,
        generator=generator,
        sound=sound,
        plans=tuple(plans),
        events=outcomes,
        changes=change_outcomes(messages, sound.samples),
        stingers=stinger_outcomes(rules, messages, sounds, sound.samples),
        takes=gather_takes(messages, sound.samples),
        fallbacks=tuple(
            FallbackStep(sample=m.frame * FRAME_SIZE, level=m.level, generator=m.generator, reason=m.reason)
            for _, m in messages
            if isinstance(m, StatusOut)
        ),
        bars=_played_bars(messages, sound.samples),
    )


def _played_bars(messages: TimedMessages, end: int) -> tuple[ComposedBar, ...]:
    """Return the composed bars as they were in the end: each chunk replaces those that were to follow its start."""
    kept: list[tuple[int, Sequence[ComposedBar]]] = []
    for _, message in messages:
        if isinstance(message, ChunkOut):
            replace_placed(kept, message.start, message.bars)
    return tuple(bar for _, bars in kept for bar in bars if bar.start < end)


def _completed(
    data: ReportData, seed: int | None, real_time_factor: float | None, warnings: Sequence[str]
) -> ReportData:
    """Add what the session's messages do not contain."""
    return replace(
        data,
        seed=data.seed if seed is None else seed,
        real_time_factor=real_time_factor,
        warnings=tuple(dict.fromkeys((*map(str, data.rules.warnings), *warnings))),
    )


def span_text(seconds: float) -> str:
    """Write a duration with three digits: "240 ms", "1.52 s", "2:18 min"."""
    if seconds >= 60:
        return f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"
    return f"{round(seconds * 1000)} ms" if abs(seconds) < 0.9995 else f"{seconds:.2f} s"
