"""Stingers: sound files over the music and bursts of style, from trigger to start (SEMANTICS 11)."""

from __future__ import annotations

from segue_rules.director.layers import FrameContext
from segue_rules.director.state import NEVER, InputNow, StingerNow, Vector
from segue_rules.director.timing import frames_until, line_in, next_line, sample_offset
from segue_rules.model import FRAME_RATE, FRAME_SIZE, AudioStinger, Burst, Rules
from segue_rules.plan import CueKind, StingerCue


class StingerDirector:
    """One stinger of a rule file."""

    def __init__(self, rules: Rules, index: int) -> None:
        self.stinger = rules.stingers[index]
        self.trigger = next(i for i, item in enumerate(rules.inputs) if item.name == self.stinger.trigger)
        weights = self.stinger.mix if isinstance(self.stinger, Burst) else {}
        self.mix: Vector = tuple(weights.get(style.name, 0.0) for style in rules.styles)

    def start(self) -> StingerNow:
        """Never triggered."""
        return StingerNow(False, NEVER, 0.0)

    def step(
        self, now: StingerNow, trigger: InputNow, context: FrameContext
    ) -> tuple[StingerNow, tuple[StingerCue, ...]]:
        """The stinger after a frame, and what happened to its trigger."""
        if trigger.since != context.frame and not now.waiting:
            return now, ()
        stinger, cues = self._step(now, context, fired=trigger.since == context.frame)
        if trigger.since != context.frame:
            return stinger, cues
        fired_by = f"{self.stinger.trigger} fired{' by its timer' if trigger.sequence < 0 else ''}"
        return stinger, tuple([cue._replace(cause=fired_by) for cue in cues if not now.waiting] or cues)

    def _step(
        self, now: StingerNow, context: FrameContext, *, fired: bool
    ) -> tuple[StingerNow, tuple[StingerCue, ...]]:
        frame, triggered = context.frame, fired and not now.waiting
        if triggered:
            ready = now.start + context.frames(self.stinger.cooldown_frames)
            if frame < ready:
                left = f"cooldown {(ready - frame) / FRAME_RATE:.1f} s left"
                return now, (self._cue("dropped", frame * FRAME_SIZE, left),)
            now = now._replace(waiting=True)
        if not now.waiting:
            return now, ()
        line = line_in(self.stinger.at, context.clock, context.tempo)
        if line >= 0 and frame >= context.earliest:
            cue = self._cue("started", self._sample(frame, line, context), frames=self._lengths(context)[0])
            return StingerNow(False, frame, self.envelope(now, frame), *self._lengths(context)), (cue,)
        return now, (self._predicted(context),) if triggered else ()

    def dropped(self, now: StingerNow, frame: int) -> tuple[StingerCue, ...]:
        """What a reset in `frame` drops: the stinger that waits for its boundary."""
        return (self._cue("dropped", frame * FRAME_SIZE, "reset"),) if now.waiting else ()

    def envelope(self, now: StingerNow, frame: int) -> float:
        """The weight of a burst in `frame`, 0 to 1; 0 for an audio stinger."""
        elapsed = frame - now.start
        if elapsed >= now.time:
            return 0.0
        if elapsed < now.ramp:
            return now.origin + (1.0 - now.origin) * elapsed / now.ramp
        return 1.0 if elapsed < now.time - now.ramp else (now.time - elapsed) / now.ramp

    def sounding(self, now: StingerNow, frame: int) -> bool:
        """Whether it is a burst that adds to the mix in `frame`."""
        return frame - now.start < now.time

    def _lengths(self, context: FrameContext) -> tuple[int, int]:
        """The time and the ramp of a burst that starts in a frame; 0 for an audio stinger."""
        if not isinstance(self.stinger, Burst):
            return 0, 0
        time = context.frames(self.stinger.time_frames)
        return time, min(context.frames(self.stinger.ramp_frames), time // 2)

    def _predicted(self, context: FrameContext) -> StingerCue:
        line = next_line(self.stinger.at, context.clock, context.tempo, max(0, context.earliest - context.frame))
        frame = max(context.earliest, context.frame + frames_until(line, context.clock, context.tempo))
        return self._cue("scheduled", self._sample(frame, line, context), frames=self._lengths(context)[0])

    def _sample(self, frame: int, line: int, context: FrameContext) -> int:
        """The start: the exact line for a sound file. A burst, and anything immediate, starts with its frame."""
        if isinstance(self.stinger, Burst) or self.stinger.at.unit == "immediate":
            return frame * FRAME_SIZE
        return context.frame * FRAME_SIZE + sample_offset(line, context.clock, context.tempo)

    def _cue(self, kind: CueKind, start: int, reason: str = "", frames: int = 0) -> StingerCue:
        stinger = self.stinger
        if isinstance(stinger, AudioStinger):
            return StingerCue(kind, stinger.name, start, stinger.gain_db, stinger.if_late, stinger.duck, reason)
        return StingerCue(kind, stinger.name, start, 0.0, "drop", None, reason, frames)
