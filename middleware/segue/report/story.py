"""All that the page shows of one run, gathered from what its session said. Positions in samples at 48 kHz."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segue.audio.loudness import integrated_loudness, short_term_loudness, true_peak_db
from segue.contract import FRAME_SIZE, SAMPLE_RATE, Samples
from segue.report.measures import Reaction, reactions, repeated_share
from segue.report.musical import Beats, beats_of
from segue.report.takes import Replaced, Take, gather_takes
from segue.runtime.messages import ChangeOut, ChunkOut, Message, ReceiptOut, StatusOut, StingerOut
from segue.runtime.simulation import LiveRun
from segue_rules.events import ScriptedEvent
from segue_rules.model import Burst, Rules
from segue_rules.plan import Candidate, Cause, Duck, FramePlan, StingerCue
from segue_rules.timeline import show_event


@dataclass(frozen=True, kw_only=True)
class Answered:
    """An event and the receipt it got. sent: what was heard when it was sent. effective: the first sample it changed.

    note: the refusal, or what was clamped.
    """

    sequence: int
    text: str
    sent: int
    effective: int
    accepted: bool
    code: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A new winner of a layer, from its decision to its end. said: what was heard when it was first told, -1 unknown."""

    layer: str
    from_state: str
    to_state: str
    status: Literal["scheduled", "started", "withdrawn"]
    decided: int
    start: int
    ramp: int
    at: str
    said: int
    causes: tuple[Cause, ...]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, kw_only=True)
class Sting:
    """A stinger or burst. end: of its sound; `start` where its length is not known. reason: why it was dropped."""

    name: str
    status: Literal["scheduled", "started", "dropped", "cancelled"]
    burst: bool
    start: int
    end: int
    gain_db: float
    duck: Duck | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step on the generators' ladder."""

    sample: int
    rung: int
    generator: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Loudness:
    """integrated_lufs, true_peak_db: of the whole; -inf for silence. short_term_lufs: each 3 s window, 10 a second."""

    integrated_lufs: float
    true_peak_db: float
    short_term_lufs: NDArray[np.float64]


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
    """One run. audio: float32 [S, 2], as it was heard. plans: of each heard frame; None where nothing was there.

    real_time_factor: seconds of music made in a second, where it was measured. warnings: finished messages.
    """

    rules: Rules
    seed: int
    generator: str
    audio: Samples
    plans: tuple[FramePlan | None, ...]
    events: tuple[Answered, ...]
    decisions: tuple[Decision, ...]
    stings: tuple[Sting, ...]
    takes: tuple[Take, ...]
    replaced: tuple[Replaced, ...]
    steps: tuple[Step, ...]
    loudness: Loudness
    buffering: Buffering | None = None
    real_time_factor: float | None = None
    warnings: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return len(self.audio) / SAMPLE_RATE

    @cached_property
    def beats(self) -> Beats:
        return beats_of(self.plans)


def from_straight(
    rules: Rules,
    messages: Iterable[Message],
    audio: Samples,
    events: Sequence[ScriptedEvent],
    *,
    seed: int | None = None,
    sounds: Mapping[str, Samples] | None = None,
    real_time_factor: float | None = None,
    warnings: Sequence[str] = (),
) -> Story:
    """The story of a straight run. audio: what was written, stingers and all; events: the script.

    seed: where it is not the rules'. sounds: of the audio stingers, for their lengths. warnings: beside the rules' own.
    """
    said = [(-1, message) for message in messages]
    frames = -(-len(audio) // FRAME_SIZE)
    plans: list[FramePlan | None] = [None] * frames
    for _, message in said:
        if isinstance(message, ChunkOut):
            first = message.start // FRAME_SIZE
            plans[first : first + len(message.plans)] = message.plans[: max(0, frames - first)]
    sent = {scripted.event.sequence: scripted.frame * FRAME_SIZE for scripted in events}
    return _story(rules, said, audio, events, sent, plans, sounds or {}, None, seed, real_time_factor, warnings)


def from_live(
    rules: Rules,
    run: LiveRun,
    audio: Samples,
    events: Sequence[ScriptedEvent],
    *,
    seed: int | None = None,
    sounds: Mapping[str, Samples] | None = None,
    real_time_factor: float | None = None,
    warnings: Sequence[str] = (),
) -> Story:
    """The story of a live simulation. Arguments as in `from_straight`; audio begins at sample 0 of what was heard."""
    buffering = Buffering(
        levels=tuple(run.levels),
        reactions=reactions(run, [layer.name for layer in rules.layers]),
        generated_frames=run.generated_frames,
        repeated_share=repeated_share(run),
        late_chunks=run.listener.late,
        underrun_samples=run.listener.underrun_samples,
    )
    sent = {sent.sequence: sent.position for sent in run.sent}
    plans = run.listener.heard_plans()
    return _story(
        rules, run.messages, audio, events, sent, plans, sounds or {}, buffering, seed, real_time_factor, warnings
    )


def _story(
    rules: Rules,
    said: Sequence[tuple[int, Message]],
    audio: Samples,
    events: Sequence[ScriptedEvent],
    sent: Mapping[int, int],
    plans: Sequence[FramePlan | None],
    sounds: Mapping[str, Samples],
    buffering: Buffering | None,
    seed: int | None,
    real_time_factor: float | None,
    warnings: Sequence[str],
) -> Story:
    chunks = [(at, message) for at, message in said if isinstance(message, ChunkOut)]
    if not chunks:
        raise ValueError("messages: expected at least one chunk of sound")
    takes, replaced = gather_takes(chunks, len(audio))
    return Story(
        rules=rules,
        seed=rules.seed if seed is None else seed,
        generator=chunks[0][1].generator,
        audio=audio,
        plans=tuple(plans),
        events=_answered(said, events, sent),
        decisions=_decisions(said, len(audio)),
        stings=_stings(rules, said, sounds, len(audio)),
        takes=takes,
        replaced=replaced,
        steps=tuple(
            Step(sample=m.frame * FRAME_SIZE, rung=m.rung, generator=m.generator, reason=m.reason)
            for _, m in said
            if isinstance(m, StatusOut)
        ),
        loudness=Loudness(
            integrated_lufs=integrated_loudness(audio),
            true_peak_db=true_peak_db(audio),
            short_term_lufs=short_term_loudness(audio),
        ),
        buffering=buffering,
        real_time_factor=real_time_factor,
        warnings=tuple(dict.fromkeys((*rules.warnings, *warnings))),
    )


def _answered(
    said: Iterable[tuple[int, Message]], events: Iterable[ScriptedEvent], sent: Mapping[int, int]
) -> tuple[Answered, ...]:
    """Each event once, in the order sent: an event sent again is answered again."""
    texts = {scripted.event.sequence: show_event(scripted.event) for scripted in events}
    answers: dict[int, Answered] = {}
    for _, message in said:
        if isinstance(message, ReceiptOut):
            receipt = message.receipt
            effective = receipt.frame * FRAME_SIZE
            answers.setdefault(
                receipt.sequence,
                Answered(
                    sequence=receipt.sequence,
                    text=texts.get(receipt.sequence, f"event {receipt.sequence}"),
                    sent=sent.get(receipt.sequence, effective),
                    effective=effective,
                    accepted=receipt.accepted,
                    code=receipt.code,
                    note=receipt.text,
                ),
            )
    return tuple(sorted(answers.values(), key=lambda answer: (answer.sent, answer.sequence)))


def _decisions(said: Iterable[tuple[int, Message]], end: int) -> tuple[Decision, ...]:
    """What became of each decision in the end; one that would have started after `end` stays scheduled."""
    latest: dict[tuple[str, str, int], Decision] = {}
    for at, message in said:
        if not isinstance(message, ChangeOut):
            continue
        change = message.change
        key = (change.layer, change.to_state, change.decided)
        start = change.start * FRAME_SIZE
        latest[key] = Decision(
            layer=change.layer,
            from_state=change.from_state,
            to_state=change.to_state,
            status="scheduled" if change.kind == "started" and start >= end else change.kind,
            decided=change.decided * FRAME_SIZE,
            start=start,
            ramp=change.ramp_frames * FRAME_SIZE,
            at=change.at,
            said=latest[key].said if key in latest else at,
            causes=change.causes,
            candidates=change.candidates,
        )
    # What was only foretold for after the end has no place on the page's time axis.
    shown = (decision for decision in latest.values() if decision.decided < end)
    return tuple(sorted(shown, key=lambda decision: (decision.start, decision.layer)))


def _stings(
    rules: Rules, said: Iterable[tuple[int, Message]], sounds: Mapping[str, Samples], end: int
) -> tuple[Sting, ...]:
    """What became of each cue: a scheduled one is followed by its start, a few samples off where the tempo moves."""
    bursts = {stinger.name: stinger.time_frames for stinger in rules.stingers if isinstance(stinger, Burst)}
    told: list[Sting] = []
    for _, message in said:
        if not isinstance(message, StingerOut):
            continue
        cue = message.cue
        length = bursts[cue.stinger] * FRAME_SIZE if cue.stinger in bursts else len(sounds.get(cue.stinger, ()))
        sting = Sting(
            name=cue.stinger,
            status="cancelled" if message.cancelled else cue.kind,
            burst=cue.stinger in bursts,
            start=cue.start,
            end=cue.start + length,
            gain_db=cue.gain_db,
            duck=cue.duck,
            reason=cue.reason,
        )
        before = _announcement(told, cue, cancelled=message.cancelled)
        if before is not None:
            told[before] = sting
        elif not message.cancelled:
            told.append(sting)
    shown = (sting for sting in told if sting.start < end)
    return tuple(sorted(shown, key=lambda sting: (sting.start, sting.name)))


def _announcement(told: Sequence[Sting], cue: StingerCue, *, cancelled: bool) -> int | None:
    """The place among `told` of what the cue fulfils or takes back."""
    for index in range(len(told) - 1, -1, -1):
        sting = told[index]
        if sting.name != cue.stinger:
            continue
        if cancelled and (sting.status, sting.start) == (cue.kind, cue.start):
            return index
        if not cancelled and sting.status == "scheduled":
            return index
    return None
