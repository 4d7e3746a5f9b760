"""Clips of the reference director (section 21 of rules/SEMANTICS.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from segue_rules.model import At, Clip, ClipUse, Layer, LayerState, Rules
from segue_rules.plan import TICKS_PER_BEAT, ClipSound
from unit.rules.reference_inputs import chance, written
from unit.rules.reference_mix import ramped, shape
from unit.rules.reference_stingers import ReferenceStingers

EDGE = 240


@dataclass(frozen=True)
class Turn:
    """What a clip does from a frame on: "pre", "in", "out", "cut" or "outro". state: Whose level it has."""

    frame: int
    what: str
    frames: int
    curve: str
    state: LayerState


@dataclass(eq=False)
class Play:
    """A clip that sounds, with all that happened to it. end: None while nothing cuts it off."""

    layer: Layer
    clip: Clip
    start: int
    begin: int
    end: int | None = None
    held: float = 0.0
    turns: list[Turn] = field(default_factory=list)

    @property
    def what(self) -> str:
        return self.turns[-1].what


class ReferenceClips(ReferenceStingers):
    """Which clips sound, where they are and how loud."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        self.named = {clip.name: clip for clip in rules.clips}
        self.plays: list[Play] = []
        # What played for each layer before this frame: clips, and where they begin.
        self.heard: dict[str, list[tuple[Clip, int]]] = {}
        self.earliest = 0
        # The bar line in this frame, in ticks.
        self.bar_line: int | None = None
        # The gain of each at the end of the frame before, and the level of the music then.
        self.gains: dict[int, float] = {}
        self.music_level = 1.0

    def _leads_now(self) -> bool:
        """Whether a clip comes in in this frame, in a state whose clip leads."""
        f = self.frame
        begun = [play for play in self.plays if play.what == "in" and max(play.start, play.begin) // 1920 == f]
        return any(self.active[f][play.layer.name].clip_leads for play in begun)

    def _remember_clips(self) -> None:
        self.heard = {layer.name: [] for layer in self.rules.layers}
        for play in self.plays:
            if play.what == "in":
                self.heard[play.layer.name].append((play.clip, play.start))

    def _cue_line(self, layer: Layer, at: At, frame: int, start: int, end: int) -> tuple[bool, int | None]:
        for clip, begin in self.heard[layer.name]:
            cues = [int(cue.place) for cue in clip.cues if at.cue in ("", cue.name)]
            samples = [begin + cue for cue in cues]
            again = [cue for cue in cues if clip.loop is not None and cue >= int(clip.intro)]
            number = 1
            while clip.loop is not None and again and samples[-1] < (frame + 2) * 1920:
                samples += [begin + int(clip.intro + number * clip.loop) + cue - int(clip.intro) for cue in again]
                number += 1
            lines = [line for line in map(self._line_at, samples) if line >= start]
            if lines or again:
                inside = [line for line in lines if line < end]
                return True, min(inside) if inside else None
        return False, None

    def _line_at(self, sample: int) -> int:
        """Where a sample lies, in ticks: at the bar line that is at most 240 samples away, if there is one."""
        f, clock = self.frame, self._clock()
        ticks = self.ticks[f] - (f * 1920 - sample) * self.tempo // 1920
        bar = clock.meter * TICKS_PER_BEAT
        behind = (ticks - clock.bar_ticks) % bar
        if behind * 1920 <= 240 * self.tempo:
            return ticks - behind
        return ticks + bar - behind if (bar - behind) * 1920 <= 240 * self.tempo else ticks

    def _entry(self, bar: int | None, beat: int | None) -> int:
        """Where clips come in, in ticks."""
        if bar is not None:
            return bar
        ticks, lines = self.ticks[self.frame], [self.ticks[self.frame]]
        for layer in self.rules.layers:
            if not self._started_in(layer, self.frame):
                continue
            at = self.started[layer.name][-1].row.at
            if at.unit == "eighth":
                lines.append(self._eighth() or ticks)
            elif at.unit == "cue":
                lines.append(self._cue_line(layer, at, self.frame, ticks, ticks + self.tempo)[1] or ticks)
            elif at.unit in ("beat", "group") and self._at_boundary(at, bar, beat):
                lines.append(beat or ticks)
        return max(lines)

    def _leading_tempo(self, bar: int | None, beat: int | None, coming: int) -> int:
        """The ticks of a frame in which a clip begins to lead: the old tempo up to there, then the new one."""
        line = self._entry(bar, beat) - self.ticks[self.frame]
        return line - int(-Fraction((self.tempo - line) * coming, self.tempo) // 1)

    def _play_clips(self, bar: int | None, beat: int | None) -> tuple[ClipSound, ...]:
        f, line, self.bar_line = self.frame, self._entry(bar, beat), bar
        at = f * 1920 + ((line - self.ticks[f]) * 1920 // self.tempo if f else 0)
        for layer in self.rules.layers:
            self._turn(layer, line, at)
            self._early(layer)
        for play in list(self.plays):
            gone = play.end is not None and f * 1920 >= play.end + EDGE
            if gone or (play.what == "out" and f >= play.turns[-1].frame + play.turns[-1].frames):
                self.plays.remove(play)
        sounds = []
        before, self.gains = self.gains, {}
        for play in sorted(self.plays, key=lambda each: self.rules.layers.index(each.layer)):
            gain = self._level(play, f) * min(1.0, self.weights[f][play.layer.name])
            self.gains[id(play)] = gain
            first = gain if play.turns[0].frames == 0 else 0.0
            sounds.append(
                ClipSound(
                    layer=self.rules.layers.index(play.layer),
                    clip=play.clip.name,
                    start=play.start,
                    begin=play.begin,
                    end=-1 if play.end is None else play.end,
                    loops=play.what != "outro",
                    gain_before=before.get(id(play), first),
                    gain=gain,
                )
            )
        return tuple(sounds)

    def _turn(self, layer: Layer, line: int, at: int) -> None:
        """Let other clips come in where the active state asks for others than those that play."""
        state = self.active[self.frame][layer.name]
        own = [play for play in self.plays if play.layer is layer]
        playing = [play for play in own if play.what == "in"]
        of = playing[0].turns[-1].state if playing else None
        same = of is not None and (of is state or (written(of) == written(state) and of.clips == state.clips))
        if [play.clip.name for play in playing] == [use.clip for use in state.clips] and (same or not playing):
            for play in playing:
                last = play.turns[-1]
                play.turns[-1] = Turn(last.frame, "in", last.frames, last.curve, state)
            return
        out, enter, curve = self._times(layer)
        released = [play for play in own if play.what not in ("in", "pre")]
        kept: list[Play] = []
        if state.enter == "same" and playing:
            names = [use.clip for use in state.clips]
            going = [play for play in released if play.what == "out" and play.start == playing[0].start]
            chosen = {play.clip.name: play for play in own if play in playing or play in going}
            kept = [play for name, play in chosen.items() if name in names]
        kept += [play for play in own if play.what == "pre" and play.turns[-1].state is state]
        entry = line, at
        begun = [self._begin(layer, state, use, entry, playing, kept, (enter, curve)) for use in state.clips]
        gone: list[Play] = []
        for play in own:
            if play not in begun:
                gone += [play] if play in released else self._let_go(play, at, out, curve)
        self.plays = [play for play in self.plays if play.layer is not layer] + gone[-48:] + begun

    def _early(self, layer: Layer) -> None:
        """Let pre-entries of a change to come begin, and those of one that does not come fade out."""
        f, own = self.frame, [play for play in self.plays if play.layer is layer]
        decided, new, starts = self._decided(layer, f), self.winners[f][layer.name], {}
        playing = [play for play in own if play.what == "in"]
        if decided is not None and not self._started_in(layer, f):
            starts = self._beginnings(layer, new, decided, playing)
        for play in own:
            if play.what == "pre" and not (
                play.turns[-1].state is new and abs(play.start - starts.get(play.clip.name, -9999)) <= 1920
            ):
                if self._level(play, f - 1) > 0:
                    play.turns.append(Turn(f, "out", 5, "linear", play.turns[-1].state))
                else:
                    self.plays.remove(play)
        waiting = [play.clip.name for play in own if play.what == "pre"]
        for name, start in starts.items() if f >= self.earliest else ():
            begin = max(start - int(self.named[name].pre_entry), f * 1920)
            if name not in waiting and begin < (f + 1) * 1920:
                turn = Turn(f, "pre", 0, "linear", new)
                self.plays.append(Play(layer, self.named[name], start, begin, None, 0.0, [turn]))

    def _beginnings(self, layer: Layer, new: LayerState, decided: int, playing: list[Play]) -> dict[str, int]:
        """Where each clip with a pre-entry begins in a state to come."""
        old, f = self.active_before(layer, self.frame), self.frame
        last = playing[0].turns[-1].state if playing else None
        goes_on = last is not None and (last is new or (written(last) == written(new) and last.clips == new.clips))
        unchanged = [play.clip.name for play in playing] == [use.clip for use in new.clips] and goes_on
        if new.enter == "cue" or (new.enter == "same" and playing) or unchanged:
            return {}
        frame = self._predicted_start(layer, old, new, decided, self.earliest)
        clock, start = self._clock(), self.ticks[f] + (frame - f) * self.tempo
        length, end = clock.meter * TICKS_PER_BEAT, start + self.tempo
        to_bar = (clock.bar_ticks - start) % length
        line = start + to_bar
        if line >= end:
            line, at = start, self.row(layer, old, new).at
            beat, eighth = (-(-start // part) * part for part in (TICKS_PER_BEAT, TICKS_PER_BEAT // 2))
            if at.unit == "eighth" and eighth < end:
                line = eighth
            elif at.unit == "cue":
                line = self._cue_line(layer, at, frame, start, end)[1] or start
            elif beat < end and at.unit in ("beat", "group"):
                into = (beat - clock.bar_ticks) % length // TICKS_PER_BEAT
                line = beat if at.unit == "beat" or self._begins_group(into, clock.groups) else start
        on_bar, found = (clock.bar_ticks - line) % length == 0, {}
        for use in new.clips:
            clip = self.named[use.clip]
            behind = 0
            if clip.tempo_mbpm is not None and not on_bar:
                to_next = (clock.bar_ticks - line) % length
                behind = (-to_next % clip.bar_ticks) * 1920 // clip.tempo_mbpm
            if int(clip.pre_entry) and not behind:
                found[use.clip] = frame * 1920 + (line - start) * 1920 // self.tempo
        return found

    def _times(self, layer: Layer) -> tuple[int, int, str]:
        """In how many frames old clips go and new ones come, and the curve."""
        if self.frame == 0:
            return 0, 0, "linear"
        if not self._started_in(layer, self.frame):
            return 5, 5, "linear"
        change = self.started[layer.name][-1]
        return *(change.fades or (change.ramp, change.ramp)), change.row.curve

    def _let_go(self, play: Play, at: int, out: int, curve: str) -> list[Play]:
        f, state = self.frame, play.turns[-1].state
        level = self._level(play, f - 1)
        if level <= 0:
            return []
        if play.clip.outro is None and out > 0 and play.what == "in":
            play.turns.append(Turn(f, "out", out, curve, state))
            return [play]
        early = play.what == "pre"
        play.held, play.end = level, at
        play.turns.append(Turn(f, "cut", 0, curve, state))
        if play.clip.outro is None or play.clip.loop is None or early:
            return [play]
        start, end = at - int(play.clip.intro + play.clip.loop), at + int(play.clip.outro)
        return [play, Play(play.layer, play.clip, start, at, end, level, [Turn(f, "outro", 0, curve, state)])]

    def _begin(
        self,
        layer: Layer,
        state: LayerState,
        use: ClipUse,
        entry: tuple[int, int],
        playing: list[Play],
        kept: list[Play],
        ramp: tuple[int, str],
    ) -> Play:
        f, clip, (line, at) = self.frame, self.named[use.clip], entry
        for play in kept:
            if play.clip is clip and play.what != "pre":
                play.turns.append(Turn(f, "in", *ramp, state))
                return play
        start = at
        if state.enter == "same" and playing:
            start = playing[0].start
        elif clip.tempo_mbpm is not None and line != self.bar_line:
            clock = self._clock()
            to_bar = (clock.bar_ticks - line) % (clock.meter * TICKS_PER_BEAT)
            start -= (-to_bar % clip.bar_ticks) * 1920 // clip.tempo_mbpm
        if state.enter == "cue":
            known = [self.named[each.clip].cues for each in state.clips]
            fitting = [[cue.place for cue in cues if state.cue in ("", cue.name)] for cues in known]
            cues = [each for each in fitting if each]
            if cues:
                drawn = chance(self.rules.seed, layer.name, state.name, "cue", line)
                start -= int(cues[0][int(drawn * len(cues[0]))])
        for play in kept:
            if play.clip is clip and play.what == "pre" and play.start == start:
                play.turns.append(Turn(f, "in", *ramp, state))
                return play
        return Play(layer, clip, start, at, None, 0.0, [Turn(f, "in", *ramp, state)])

    def _linear(self, clip: Clip, gain_db: float) -> float:
        return 0.0 if min(gain_db, clip.gain_db) <= -96 else 10 ** ((gain_db + clip.gain_db) / 20)

    def _level(self, play: Play, frame: int, count: int | None = None) -> float:
        """Its level at the end of a frame had there been no turns but the first `count`; without the layer's weight."""
        count = len(play.turns) if count is None else count
        if count == 0:
            return 0.0
        turn = play.turns[count - 1]
        if turn.what in ("cut", "outro"):
            return play.held
        before, gone = self._level(play, turn.frame - 1, count - 1), frame + 1 - turn.frame
        if turn.what == "out":
            return before * shape(max(0.0, turn.frames - gone) / turn.frames, turn.curve)
        use = next(use for use in turn.state.clips if use.clip == play.clip.name)
        goal = self._linear(play.clip, self._live(use.gain_db, frame))
        if turn.what == "pre":
            return goal
        return ramped(before, goal, gone, turn.frames, turn.curve)

    def _share(self, play: Play, frame: int, count: int | None = None) -> float:
        """How far it stands in for a mix at the end of a frame."""
        count = len(play.turns) if count is None else count
        if count == 0 or play.what in ("cut", "outro"):
            return 0.0
        turn = play.turns[count - 1]
        if turn.what == "pre":
            return 0.0
        before, gone = self._share(play, turn.frame - 1, count - 1), frame + 1 - turn.frame
        if turn.what == "out":
            return before * shape(max(0.0, turn.frames - gone) / turn.frames, turn.curve)
        return ramped(before, 1.0, gone, turn.frames, turn.curve)

    def _level_of_music(self, whole: float) -> float:
        """The level of the generated music at the end of the frame, where the weighted mixes sum to `whole`."""
        f, most = self.frame, 0.0
        for layer in self.rules.layers:
            own = [play for play in self.plays if play.layer is layer]
            coming = max([self._share(play, f) for play in own if play.what == "in"], default=0.0)
            going = max([self._share(play, f) for play in own if play.what == "out"], default=0.0)
            most = max(most, min(1.0, self.weights[f][layer.name]) * min(1.0, coming + going))
        return 1.0 - most * (1.0 - min(1.0, whole))
