"""All that the page shows of one run, gathered from what its session said. Positions in samples at 48 kHz."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from segue.contract import FRAME_SIZE, SAMPLE_RATE, Samples
from segue.report.measures import Reaction, reactions, repeated_share
from segue.report.musical import Beats, beats_of
from segue.report.sound import Sound
from segue.report.takes import Replaced, Take, gather_takes
from segue.report.told import Answered, Decision, Said, Sting, answered, decisions, stings
from segue.runtime.messages import ChunkOut, SessionMessage, StatusOut
from segue.runtime.simulation import LiveRun
from segue_rules.events import ScriptedEvent
from segue_rules.model import Rules
from segue_rules.plan import FramePlan


@dataclass(frozen=True, kw_only=True)
class Step:
    """A change of the fallback level."""

    sample: int
    level: int
    generator: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Buffering:
    """What only a live run has. levels: (heard sample, samples buffered). repeated_share: of all frames generated."""

    levels: tuple[tuple[int, int], ...]
    reactions: tuple[Reaction, ...]
    generated_frames: int
    repeated_share: float
    late_chunks: int
    underrun_samples: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Story:
    """One run. sound: measures of what was heard. plans: of each heard frame; None where nothing was there.

    real_time_factor: seconds of music made in a second, where it was measured. warnings: finished messages.
    """

    rules: Rules
    seed: int
    generator: str
    sound: Sound
    plans: tuple[FramePlan | None, ...]
    events: tuple[Answered, ...]
    decisions: tuple[Decision, ...]
    stings: tuple[Sting, ...]
    takes: tuple[Take, ...]
    replaced: tuple[Replaced, ...]
    steps: tuple[Step, ...]
    buffering: Buffering | None = None
    real_time_factor: float | None = None
    warnings: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return self.sound.samples / SAMPLE_RATE

    def heard(self, sample: int) -> bool:
        """Whether there was music at a sample position, not the silence of a dry buffer or the end."""
        frame = sample // FRAME_SIZE
        return frame < len(self.plans) and self.plans[frame] is not None

    @property
    def routine(self) -> int:
        """How many events only set what is set all the time."""
        return sum(event.routine for event in self.events)

    @cached_property
    def beats(self) -> Beats:
        return beats_of(self.plans)


def from_straight(
    rules: Rules,
    messages: Iterable[SessionMessage],
    sound: Sound,
    events: Sequence[ScriptedEvent],
    *,
    seed: int | None = None,
    sounds: Mapping[str, Samples] | None = None,
    real_time_factor: float | None = None,
    warnings: Sequence[str] = (),
) -> Story:
    """The story of a straight run. sound: what was written, stingers and all; events: the script.

    seed: where it is not the rules'. sounds: of the audio stingers, for their lengths. warnings: beside the rules' own.
    Raises: ValueError if the messages hold no sound.
    """
    said = [(-1, message) for message in messages]
    frames = -(-sound.samples // FRAME_SIZE)
    plans: list[FramePlan | None] = [None] * frames
    for _, message in said:
        if isinstance(message, ChunkOut):
            first = message.start // FRAME_SIZE
            plans[first : first + len(message.plans)] = message.plans[: max(0, frames - first)]
    sent = {scripted.event.sequence: scripted.frame * FRAME_SIZE for scripted in events}
    story = _gather(rules, said, sound, plans, answered(said, events, sent, sound.samples), sounds or {})
    return _with(story, seed, real_time_factor, warnings)


def from_live(
    rules: Rules,
    run: LiveRun,
    sound: Sound,
    events: Sequence[ScriptedEvent],
    *,
    seed: int | None = None,
    sounds: Mapping[str, Samples] | None = None,
    real_time_factor: float | None = None,
    warnings: Sequence[str] = (),
) -> Story:
    """The story of a live simulation. Arguments as in `from_straight`; sound begins at sample 0 of what was heard."""
    buffering = Buffering(
        levels=tuple(run.levels),
        reactions=reactions(run, [layer.name for layer in rules.layers]),
        generated_frames=run.generated_frames,
        repeated_share=repeated_share(run),
        late_chunks=run.client.late,
        underrun_samples=run.client.underrun_samples,
    )
    sent = {sent.sequence: sent.position for sent in run.sent}
    answers = answered(run.messages, events, sent, sound.samples)
    story = _gather(rules, run.messages, sound, run.client.playback_plans(), answers, sounds or {})
    return replace(_with(story, seed, real_time_factor, warnings), buffering=buffering)


def _gather(
    rules: Rules,
    said: Said,
    sound: Sound,
    plans: Sequence[FramePlan | None],
    answers: tuple[Answered, ...],
    sounds: Mapping[str, Samples],
) -> Story:
    chunks = [(at, message) for at, message in said if isinstance(message, ChunkOut)]
    if not chunks:
        raise ValueError("messages: expected at least one chunk of sound")
    takes, replaced = gather_takes(chunks, sound.samples)
    return Story(
        rules=rules,
        seed=rules.seed,
        generator=chunks[0][1].generator,
        sound=sound,
        plans=tuple(plans),
        events=answers,
        decisions=decisions(said, sound.samples),
        stings=stings(rules, said, sounds, sound.samples),
        takes=takes,
        replaced=replaced,
        steps=tuple(
            Step(sample=m.frame * FRAME_SIZE, level=m.level, generator=m.generator, reason=m.reason)
            for _, m in said
            if isinstance(m, StatusOut)
        ),
    )


def _with(story: Story, seed: int | None, real_time_factor: float | None, warnings: Sequence[str]) -> Story:
    """What the session did not say."""
    return replace(
        story,
        seed=story.seed if seed is None else seed,
        real_time_factor=real_time_factor,
        warnings=tuple(dict.fromkeys((*story.rules.warnings, *warnings))),
    )


def latencies(story: Story) -> list[tuple[Answered, float]]:
    """Each accepted event whose first frame was heard, and the seconds from sending it to that frame."""
    return [
        (event, (event.effective - event.sent) / SAMPLE_RATE)
        for event in story.events
        if event.accepted and story.heard(event.effective)
    ]
