"""Clips: where the recordings of the active states are, how loud, and what rings on of those before (SEMANTICS 21).

A *voice* is a clip that sounds. Its place is a sample position that stays as it is while the clip plays, so a state at
rest stays equal while time passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from segue_rules.controls import SILENCE_DB
from segue_rules.director.chance import chance
from segue_rules.director.layers import FrameContext, LayerDirector
from segue_rules.director.state import ClipsNow, ClipVoice, LayerNow, Vector
from segue_rules.director.timing import BoundValue, bar_in, later, progress, sample_offset, shape
from segue_rules.model import (
    BUILT_IN_TRANSITION,
    FRAME_SIZE,
    TICKS_PER_BEAT,
    Binding,
    Clip,
    InputValue,
    LayerState,
    Rules,
    Transition,
)
from segue_rules.plan import NO_END, ClipSound

NO_CLIPS: Final = ClipsNow((), 1.0)
EDGE_SAMPLES: Final = 240
"""Over which a clip that comes in behind its beginning, or is cut off, goes from or to silence: 5 ms, no click."""
# Where no change leads to other clips: by a reset, or by other rules.
_RAMP_FRAMES: Final = 5
_RAMP_CURVE: Final = "linear"
MOST_RELEASED: Final = 48
"""Voices of a layer that ring on at once. Where more would, the oldest ends."""


class Coming(NamedTuple):
    """The change of a layer that is decided and not made yet: the state, the row, and the frame if nothing moves it."""

    state: int
    row: int
    frame: int


class _Use(NamedTuple):
    """A clip of a state by index, and its level: linear, or one in dB that follows inputs."""

    clip: int
    gain: float
    bound: BoundValue | None


class _Ramp(NamedTuple):
    """How the clips of a layer change in a frame: in how many frames the old ones go and the new ones come."""

    out: int
    enter: int
    curve: str


_Uses: TypeAlias = tuple[_Use, ...]


class ClipDirector:
    """The clips of one rule file."""

    def __init__(self, rules: Rules, directors: Sequence[LayerDirector], seed: int) -> None:
        self.clips, self._seed = rules.clips, seed
        self._layers, self._directors = rules.layers, directors
        self._rows = (*rules.transitions, BUILT_IN_TRANSITION)
        indexes = {clip.name: i for i, clip in enumerate(rules.clips)}
        inputs = {item.name: i for i, item in enumerate(rules.inputs)}

        def use(clip: str, gain_db: float | Binding) -> _Use:
            if isinstance(gain_db, Binding):
                return _Use(indexes[clip], 0.0, BoundValue(gain_db, inputs))
            return _Use(indexes[clip], linear(gain_db, rules.clips[indexes[clip]].gain_db), None)

        self._uses: tuple[tuple[_Uses, ...], ...] = tuple(
            tuple(tuple(use(each.clip, each.gain_db) for each in state.clips) for state in layer.states)
            for layer in rules.layers
        )
        self.any = any(uses for states in self._uses for uses in states)
        self.early = any(rules.clips[use.clip].beginning for states in self._uses for uses in states for use in uses)
        """Whether a state plays a clip with a pre-entry."""
        self._leads = tuple(tuple(state.clip_leads for state in layer.states) for layer in rules.layers)

    def leads(self, layers: Sequence[LayerNow]) -> bool:
        """Whether a clip leads the music in one of the active states."""
        return self.any and any(leads[now.active] for leads, now in zip(self._leads, layers, strict=True))

    def leading_in(self, now: ClipsNow, layers: Sequence[LayerNow], frame: int) -> bool:
        """Whether a clip comes in in a frame, in a state whose clip leads the music."""
        return any(
            voice.part == "on"
            and max(voice.start, voice.begin) // FRAME_SIZE == frame
            and self._leads[voice.layer][layers[voice.layer].active]
            for voice in now.voices
        )

    def quiet(self, layers: Sequence[LayerNow], weights: Vector) -> bool:
        """Whether clips play instead of a mix: some active state has clips, and none has a mix."""
        heard = [
            layer.states[now.active]
            for layer, now, weight in zip(self._layers, layers, weights, strict=True)
            if weight > 0.0
        ]
        return self.any and any(state.clips for state in heard) and not any(state.mix for state in heard)

    def line(self, layers: Sequence[LayerNow], context: FrameContext) -> int:
        """Where the clips of states that begin in the frame come in, in ticks: at its bar line or else its boundary."""
        bar, _ = bar_in(context.clock, context.tempo)
        if bar >= 0:
            return bar
        lines = [
            director.line_in(self._rows[now.row], context)
            for director, now in zip(self._directors, layers, strict=True)
            if now.start == context.frame
        ]
        return max([context.clock.ticks, *lines])

    def step(
        self,
        now: ClipsNow,
        layers: Sequence[LayerNow],
        values: tuple[InputValue, ...],
        weights: Vector,
        context: FrameContext,
        coming: Sequence[Coming | None],
        *,
        begun: bool,
    ) -> ClipsNow:
        """The clips after the changes of a frame. The level of the generated music is that of the frame before.

        Args:
            layers: After its changes.
            values: Of the inputs.
            weights: Of the layers, muted.
            coming: What each layer will change to; () where no clip has a pre-entry.
            begun: Whether there was a frame before.
        """
        if not self.any and not now.voices:
            return now
        voices: list[ClipVoice] = []
        for i, layer in enumerate(layers):
            own = [voice for voice in now.voices if voice.layer == i]
            uses = self._uses[i][layer.active]
            if not own and not uses and not coming:
                continue
            if not self._plays(i, layer.active, own):
                own = self._change(i, layer, layers, own, context, begun=begun)
            if coming or any(voice.part == "pre" for voice in own):
                own = self._with_early(i, own, coming[i] if coming else None, context)
            share = min(1.0, weights[i])
            voices += [self._moved(voice, uses, values, share, context.frame) for voice in own]
        kept = tuple([voice for voice in voices if not _over(voice, context.frame)])
        return now if kept == now.voices else now._replace(voices=kept)

    def _plays(self, layer: int, active: int, voices: Sequence[ClipVoice]) -> bool:
        """Whether the voices of a layer are those of its active state."""
        playing = [voice for voice in voices if voice.part == "on"]
        if [voice.clip for voice in playing] != [use.clip for use in self._uses[layer][active]]:
            return False
        return all(self._goes_on(layer, voice.state, active) for voice in playing)

    def _goes_on(self, layer: int, before: int, active: int) -> bool:
        """Whether the clips of one state are those of another, which is another piece of the same state of the file."""
        if before == active:
            return True
        states = self._layers[layer].states
        same = before >= 0 and states[before].written == states[active].written
        return same and states[before].clips == states[active].clips

    def _change(
        self,
        i: int,
        layer: LayerNow,
        layers: Sequence[LayerNow],
        voices: Sequence[ClipVoice],
        context: FrameContext,
        *,
        begun: bool,
    ) -> list[ClipVoice]:
        """The voices of a layer once other clips than before come in."""
        frame, state = context.frame, self._layers[i].states[layer.active]
        line = self.line(layers, context)
        at = frame * FRAME_SIZE + sample_offset(line, context.clock, context.tempo)
        ramp = self._ramp(layer, frame, begun=begun)
        led = next((voice for voice in voices if voice.part == "on"), None)
        staying: dict[int, ClipVoice] = {}
        uses = self._uses[i][layer.active]
        if state.enter == "same" and led is not None:
            wanted = {use.clip for use in uses}
            fitting = [voice for voice in voices if voice.clip in wanted and voice.part in ("on", "off")]
            staying = {voice.clip: voice for voice in fitting if voice.part == "on" or voice.start == led.start}
        cue = self._cue(state, self._layers[i].name, line) if state.enter == "cue" else 0
        entered = []
        for use in uses:
            if use.clip in staying:
                voice = staying[use.clip]
                held = voice._replace(state=layer.active, part="on", origin=voice.level)
                held = held._replace(since=frame, frames=ramp.enter, curve=ramp.curve, shown=self._shown(voice, frame))
                entered.append(held)
                continue
            start = at - self._into(self.clips[use.clip], line, context) - cue
            if led is not None and state.enter == "same":
                start = led.start
            early = next((v for v in voices if v.part == "pre" and v[1:3] == (layer.active, use.clip)), None)
            if early is not None and early.start == start:
                staying[use.clip] = early
                held = early._replace(part="on", origin=early.level, since=frame, frames=ramp.enter, curve=ramp.curve)
                entered.append(held)
                continue
            entered.append(
                ClipVoice(i, layer.active, use.clip, "on", start, at, NO_END, 0.0, frame, ramp.enter, ramp.curve)
            )
        released: list[ClipVoice] = []
        for voice in voices:
            if staying.get(voice.clip) is not voice:
                released += self._released(voice, at, ramp, frame) if voice.part in ("on", "pre") else [voice]
        return [*released[-MOST_RELEASED:], *entered]

    def _ramp(self, layer: LayerNow, frame: int, *, begun: bool) -> _Ramp:
        if not begun:
            return _Ramp(0, 0, _RAMP_CURVE)
        if layer.start != frame:
            return _Ramp(_RAMP_FRAMES, _RAMP_FRAMES, _RAMP_CURVE)
        out, enter = (layer.ramp, layer.ramp) if layer.fades is None else layer.fades
        row: Transition = self._rows[layer.row]
        return _Ramp(out, enter, row.curve)

    def _into(self, clip: Clip, line: int, context: FrameContext) -> int:
        """How many samples behind its beginning a clip comes in, so that its bar lines fall on those of the music."""
        clock = context.clock
        end = clock.bar_ticks + clock.meter * TICKS_PER_BEAT
        if clip.tempo_mbpm is None or line in (clock.bar_ticks, end):
            return 0
        return clip.samples((line - end) % clip.bar_ticks)

    def _cue(self, state: LayerState, layer: str, line: int) -> int:
        """How many samples behind its beginning a cue lies: one of the first clip that has any of the state's name."""
        clips = {clip.name: clip for clip in self.clips}
        for use in state.clips:
            cues = [cue.place for cue in clips[use.clip].cues if state.cue in ("", cue.name)]
            if cues:
                return int(cues[int(chance(self._seed, layer, state.name, "cue", line) * len(cues))])
        return 0

    def _with_early(
        self, i: int, voices: Sequence[ClipVoice], coming: Coming | None, context: FrameContext
    ) -> list[ClipVoice]:
        """The voices of a layer with pre-entries of the change to come. Those of one that does not come fade out."""
        frame = context.frame
        starts = {} if coming is None else self._beginnings(i, voices, coming, context)
        kept: list[ClipVoice] = []
        early: dict[int, ClipVoice] = {}
        for voice in voices:
            if voice.part != "pre":
                kept.append(voice)
            elif (
                coming is not None
                and voice.state == coming.state
                and abs(voice.start - starts.get(voice.clip, NO_END)) <= FRAME_SIZE
            ):
                early[voice.clip] = voice
            elif voice.level > 0.0:
                gone = voice._replace(part="off", origin=voice.level, since=frame)
                kept.append(gone._replace(frames=_RAMP_FRAMES, curve=_RAMP_CURVE))
        for clip, start in starts.items() if frame >= context.earliest else ():
            begin = max(start - self.clips[clip].beginning, frame * FRAME_SIZE)
            if coming is not None and clip not in early and begin < (frame + 1) * FRAME_SIZE:
                early[clip] = ClipVoice(i, coming.state, clip, "pre", start, begin, NO_END, 0.0, frame, 0, _RAMP_CURVE)
        on = [voice for voice in kept if voice.part == "on"]
        released = [voice for voice in kept if voice.part != "on"]
        return [*released[-MOST_RELEASED:], *on, *early.values()]

    def _beginnings(self, i: int, voices: Sequence[ClipVoice], coming: Coming, context: FrameContext) -> dict[int, int]:
        """The sample at which each clip with a pre-entry begins in the state to come, if nothing moves its change."""
        state, uses = self._layers[i].states[coming.state], self._uses[i][coming.state]
        goes_on = state.enter == "same" and any(voice.part == "on" for voice in voices)
        if state.enter == "cue" or goes_on or self._plays(i, coming.state, voices):
            return {}
        ahead = coming.frame - context.frame
        then = context._replace(frame=coming.frame, clock=later(context.clock, context.tempo, ahead))
        bar, _ = bar_in(then.clock, then.tempo)
        line = bar if bar >= 0 else max(then.clock.ticks, self._directors[i].line_in(self._rows[coming.row], then))
        start = then.frame * FRAME_SIZE + sample_offset(line, then.clock, then.tempo)
        with_early = [use.clip for use in uses if self.clips[use.clip].beginning]
        return {clip: start for clip in with_early if not self._into(self.clips[clip], line, then)}

    def _released(self, voice: ClipVoice, at: int, ramp: _Ramp, frame: int) -> list[ClipVoice]:
        """What rings on of a voice whose state has ended: its outro, or its fade-out."""
        clip = self.clips[voice.clip]
        if voice.level <= 0.0:
            return []
        held = voice._replace(origin=voice.level, since=frame, curve=ramp.curve)
        cut = held._replace(part="cut", frames=0, end=at)
        if voice.part == "pre":
            return [cut]
        if clip.loop is not None and clip.outro is not None:
            end = at + int(clip.outro)
            outro = cut._replace(part="outro", start=at - clip.loop_end, begin=at, end=end, gain=0.0)
            return [cut, outro]
        if ramp.out == 0:
            return [cut]
        return [held._replace(part="off", frames=ramp.out, shown=self._shown(voice, frame))]

    @staticmethod
    def _shown(voice: ClipVoice, frame: int) -> float:
        """How far a voice stands in for a mix at the beginning of a frame, 0 to 1."""
        if voice.part == "on":
            g = _gone(voice, frame - 1)
            return voice.shown + g * (1.0 - voice.shown)
        return voice.shown * _left(voice, frame - 1) if voice.part == "off" else 0.0

    def _moved(
        self, voice: ClipVoice, uses: _Uses, values: tuple[InputValue, ...], share: float, frame: int
    ) -> ClipVoice:
        """A voice with its level at the end of a frame."""
        level = voice.origin
        if voice.part == "on":
            use = next(use for use in uses if use.clip == voice.clip)
            target = self._target(use, values)
            g = _gone(voice, frame)
            level = target if g >= 1.0 else level + g * (target - level)
        elif voice.part == "pre":
            early = next(use for use in self._uses[voice.layer][voice.state] if use.clip == voice.clip)
            level = self._target(early, values)
        elif voice.part == "off":
            level *= _left(voice, frame)
        if voice.level == level and voice.gain == share * level:
            return voice
        return voice._replace(level=level, gain=share * level)

    def _target(self, use: _Use, values: tuple[InputValue, ...]) -> float:
        return use.gain if use.bound is None else linear(use.bound(values), self.clips[use.clip].gain_db)

    def music(self, now: ClipsNow, whole: float, weights: Vector, frame: int) -> float:
        """The level of the generated music beside the clips at the end of a frame, 0 to 1.

        Args:
            whole: The sum of the weighted mixes.
            weights: Of the layers, muted.
        """
        shown = 0.0
        for i in {voice.layer for voice in now.voices}:
            parts = [(voice.part, self._shown(voice, frame + 1)) for voice in now.voices if voice.layer == i]
            on = max([part for name, part in parts if name == "on"], default=0.0)
            off = max([part for name, part in parts if name == "off"], default=0.0)
            shown = max(shown, min(1.0, weights[i]) * min(1.0, on + off))
        return 1.0 - shown * (1.0 - min(1.0, whole))

    def sounds(self, before: ClipsNow, now: ClipsNow) -> tuple[ClipSound, ...]:
        """The clips of a frame as its plan has them.

        Args:
            before: After the frame before.
            now: After this one.
        """
        if not now.voices:
            return ()
        gains = {_identity(voice): voice.gain for voice in before.voices}
        return tuple(
            [
                ClipSound(
                    layer=voice.layer,
                    clip=self.clips[voice.clip].name,
                    start=voice.start,
                    begin=voice.begin,
                    end=voice.end,
                    loops=voice.part != "outro",
                    gain_before=gains.get(_identity(voice), voice.gain if voice.frames == 0 else 0.0),
                    gain=voice.gain,
                )
                for voice in now.voices
            ]
        )

    def deadlines(self, now: ClipsNow) -> Iterator[int]:
        """Frames in which time alone ends a voice."""
        for voice in now.voices:
            if voice.end != NO_END:
                yield -(-(voice.end + EDGE_SAMPLES) // FRAME_SIZE)


def _identity(voice: ClipVoice) -> tuple[int, int, int, int, bool]:
    """What tells the sounds of voices apart from one frame to the next."""
    return voice.layer, voice.clip, voice.start, voice.begin, voice.part != "outro"


def _gone(voice: ClipVoice, frame: int) -> float:
    """How far the ramp of a voice is at the end of a frame, 0 to 1."""
    return progress(voice.curve, voice.since, voice.frames, frame + 1)


def _left(voice: ClipVoice, frame: int) -> float:
    """How much is left of a voice that fades out at the end of a frame, 1 to 0: what fades in as it does, backwards."""
    if voice.frames == 0:
        return 0.0
    return shape(voice.curve, min(1.0, max(0.0, (voice.since + voice.frames - frame - 1) / voice.frames)))


def _over(voice: ClipVoice, frame: int) -> bool:
    """Whether nothing of a voice is heard from a frame on."""
    if voice.end != NO_END:
        return frame * FRAME_SIZE >= voice.end + EDGE_SAMPLES
    return voice.part == "off" and frame >= voice.since + voice.frames


def linear(*gains_db: float) -> float:
    """The factor of levels in dB that add up. Silence stays silence, whatever is added."""
    return 0.0 if min(gains_db) <= SILENCE_DB else float(10.0 ** (sum(gains_db) / 20.0))
