"""A second, slow director, written from rules/SEMANTICS.md alone, to compare the real one with.

It keeps the whole past of a session as lists, one entry a frame, and answers every question by looking back through
them; numbers in section headings are the page's. Causes, candidates and the texts of receipts are left empty.

Each file has the sections of one concept and builds on the one before: inputs and conditions (`reference_inputs`),
playlists, mixes and weights (`reference_mix`), controls, the clock, states, stingers, clips; here are resets, the mix
of the frame, what comes next, visits, themes, silence and the frame as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from segue_rules.events import Event
from segue_rules.model import (
    FRAME_SIZE,
    Binding,
    Burst,
    LayerState,
    Rules,
    TriggerInput,
)
from segue_rules.plan import Change, FramePlan, StingerCue, ThemeNow, Visit
from unit.rules.reference_clips import ReferenceClips
from unit.rules.reference_controls import CONTINUOUS
from unit.rules.reference_mix import bound_value


class ReferenceDirector(ReferenceClips):
    """One session. `step` takes the frames in order and cannot go back."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        # One entry a frame.
        self.mixes: list[tuple[float, ...]] = []
        # One entry a visit: the state that leads and the bar in which it began to.
        self.visits: list[tuple[LayerState, int]] = []
        # What a reset in this frame has withdrawn and dropped.
        self.undone: list[Change] = []
        self.dropped: list[StingerCue] = []

    def step(self, events: Iterable[Event], earliest: int) -> FramePlan:
        self.undone, self.dropped = [], []
        self.earliest = earliest
        self._remember_clips()
        receipts = self.listen(events)
        f = self.frame
        self.conditions.append(
            {(layer.name, s.name): self._condition(s, f) for layer in self.rules.layers for s in layer.states}
        )
        self.raw_weights.append({layer.name: self._weight(layer) for layer in self.rules.layers})
        self.weights.append(self._muted(self.raw_weights[f], f))
        tempo = self._tempo_mbpm() if f > 0 else 0
        # In frame 0 they are known only after its changes; no time that counts beats is over by then.
        self.tempo, self.meter = (tempo, self.in_force[f - 1]["meter"]) if f > 0 else (1, 1)
        self.ends = {layer.name: self.ends_in(layer) for layer in self.rules.layers}
        self.winners.append({layer.name: self._target(layer, self._winner(layer)) for layer in self.rules.layers})
        bar, beat = self._lines(tempo)
        self.active.append({layer.name: self.active_before(layer, f) for layer in self.rules.layers})
        changed = {layer.name: self._change(layer, earliest, bar, beat) for layer in self.rules.layers}
        self.weights[f] = self._muted(self.raw_weights[f], f)
        self._follow_styles()
        self._settle_controls(bar)
        tempo = self._tempo_mbpm()
        if f == 0:
            self.tempo, self.meter = tempo, self.in_force[0]["meter"]
            self.started = {
                name: [replace(change, tempo=tempo, meter=self.meter) for change in changes]
                for name, changes in self.started.items()
            }
        if bar is not None:
            self.bars.append((bar, self.in_force[f]["meter"]))
            self.bar_groups.append(self.in_force[f]["groups"])
        clips, music_before = self._play_clips(bar, beat), self.music_level
        if f > 0 and self._leads_now():
            tempo = self._leading_tempo(bar, beat, self._coming_tempo())
        self.ticks.append(self.ticks[f] + tempo)
        cues = [*self.dropped, *self._cues(earliest, bar, beat)]
        self.music_level = self._level_of_music(sum(self._sum())) if clips else 1.0
        self.mixes.append(self._mix())
        to_change, next_mix, taken = self._ahead(changed, earliest)
        self.visits = self._visits_with({})
        return FramePlan(
            frame=f,
            mix=self.mixes[f],
            states=tuple(self.active[f][layer.name].name for layer in self.rules.layers),
            layer_mixes=tuple(tuple(self._layer_mix(layer, f)) for layer in self.rules.layers),
            layer_weights=tuple(self.weights[f][layer.name] for layer in self.rules.layers),
            controls=self._controls()._replace(tempo_mbpm=tempo),
            clock=self._clock(),
            # A clip that begins to lead makes the frame longer or shorter in ticks, after all that is decided in it.
            beat=self._sample(self._lines(tempo)[1], tempo),
            bar_start=self._sample(bar, tempo),
            to_change=to_change,
            next_mix=next_mix,
            visit=self._visit(self.visits),
            next_visit=self._visit(self._visits_with(taken)),
            silent=self._silent({}),
            next_silent=self._silent(taken),
            theme=self._theme({}),
            next_theme=self._theme(taken),
            inputs=tuple(self.values[f][i.name] for i in self.rules.inputs),
            receipts=tuple(receipts),
            changes=(
                *self.undone,
                *(
                    record
                    for layer in self.rules.layers
                    for record in self._changes(layer, changed[layer.name], earliest)
                ),
            ),
            stingers=tuple(cues),
            warnings=("empty_mix",) if sum(self._sum()) <= 1e-9 and not (self._silent({}) or clips) else (),
            clips=clips,
            music_before=music_before,
            music=self.music_level,
        )

    def _coming_tempo(self) -> int:
        """The tempo of the next frame, if nothing but time moves it."""
        f = self.frame
        self.values.append(self.values[f])
        self.weights.append(self.weights[f])
        tempo = round(self._continuous("tempo_bpm", f + 1) * 1000)
        self.values.pop()
        self.weights.pop()
        return tempo

    # --- reset ------------------------------------------------------------------------------------------------------

    def start_over(self) -> None:
        f, layers = self.frame, self.rules.layers
        self.glide = f, {control: self._continuous(control, f - 1) for control in CONTINUOUS}
        self.tempo, self.meter = self.ticks[f] - self.ticks[f - 1], self.in_force[f - 1]["meter"]
        self.undone = [record for layer in layers for record in self._withdrawn(layer, None)]
        changes, self.started = self.started, {layer.name: [] for layer in layers}
        firsts = {layer.name: self.first_state(layer) for layer in layers}
        self.started = changes
        for layer in layers:
            old, new = self.active_before(layer, f), firsts[layer.name]
            if old is not new:
                names = old.name, new.name
                clips = tuple(use.clip for use in new.clips)
                self.undone.append(Change("started", layer.name, *names, f - 1, f, 0, "immediate", (), (), clips=clips))
        waiting = [stinger for stinger in self.rules.stingers if stinger.name in self.waiting[f - 1]]
        self.dropped = [self._cue("dropped", stinger, f * FRAME_SIZE) for stinger in waiting]
        self.tempo_glide = 1 if any(state.clip_leads for state in firsts.values()) else 50
        default = firsts
        self.active, self.winners = [default] * f, [default] * f
        self.conditions = [dict.fromkeys(each, False) for each in self.conditions]
        self.started = {layer.name: [] for layer in layers}
        self.stinger_starts = {stinger.name: [] for stinger in self.rules.stingers}
        self.waiting = [set()] * f
        self.visits = []
        defaults = {i.name: i.default for i in self.rules.inputs if not isinstance(i, TriggerInput)}
        bound = {layer.name: layer.weight for layer in layers}
        self.raw_weights[f - 1] = {
            name: bound_value(weight, defaults) if isinstance(weight, Binding) else weight
            for name, weight in bound.items()
        }
        # The values of this frame are not there yet, and where the tempo of the styles comes from depends on none.
        self.segments = []
        self.active.append(default)
        self.weights.append(self._muted(self.raw_weights[f - 1], f))
        self._follow_styles()
        self.active.pop()
        self.weights.pop()

    # --- 12. mix ------------------------------------------------------------------------------------------------------

    def _sum(self, taken: Mapping[str, LayerState] | None = None) -> list[float]:
        """The weighted mixes of a frame; layers in `taken` are wholly at the mix of the state given."""
        total = [0.0] * len(self.rules.styles)
        parts = []
        weights = self._muted(self.raw_weights[self.frame], self.frame, taken)
        for layer in self.rules.layers:
            state = (taken or {}).get(layer.name)
            mix = self._layer_mix(layer, self.frame) if state is None else self._vector(state.mix)
            parts.append((weights[layer.name], mix))
        for burst in self.rules.stingers:
            if isinstance(burst, Burst):
                envelope = self._envelope(burst, self.stinger_starts[burst.name], self.frame)
                parts.append((envelope, self._vector(burst.mix)))
        for weight, mix in parts:
            total = [t + weight * m for t, m in zip(total, mix, strict=True)]
        return total

    def _mix(self) -> tuple[float, ...]:
        total = self._sum()
        if sum(total) > 1e-9:
            return tuple(value / sum(total) for value in total)
        return self.mixes[-1] if self.mixes else tuple(1 / len(total) for _ in total)

    # --- 15. the change ahead ---------------------------------------------------------------------------------------

    def _ahead(
        self, changed: Mapping[str, bool], earliest: int
    ) -> tuple[int, tuple[float, ...], dict[str, LayerState]]:
        f = self.frame
        starts: dict[str, tuple[int, LayerState]] = {}
        for layer in self.rules.layers:
            decided = self._decided(layer, f)
            if decided is None or self.weights[f][layer.name] <= 0:
                continue
            old, new = self.active_before(layer, f), self.winners[f][layer.name]
            equal_mutes = (old.mute, old.solo) == (new.mute, new.solo)
            equal_clips = (old.clips, old.enter) == (new.clips, new.enter)
            equal = self._vector(old.mix) == self._vector(new.mix) and old.music == new.music
            if equal and equal_clips and equal_mutes:
                continue
            start = f if changed[layer.name] else self._predicted_start(layer, old, new, decided, earliest)
            starts[layer.name] = (start, new)
        if not starts:
            return -1, self.mixes[f], {}
        nearest = min(start for start, _ in starts.values())
        taken = {name: state for name, (start, state) in starts.items() if start == nearest}
        total = self._sum(taken)
        whole = sum(total)
        return nearest - f, tuple(value / whole for value in total) if whole > 1e-9 else self.mixes[f], taken

    # --- 16. visits -------------------------------------------------------------------------------------------------

    def _visits_with(self, taken: Mapping[str, LayerState]) -> list[tuple[LayerState, int]]:
        """All visits up to this frame, were the layers in `taken` in the state given."""
        f = self.frame
        states = [taken.get(layer.name, self.active[f][layer.name]) for layer in self.rules.layers]
        weights = self._muted(self.raw_weights[f], f, taken)
        shares = [
            weights[layer.name] * sum(state.mix.values())
            for layer, state in zip(self.rules.layers, states, strict=True)
        ]
        if not any(shares):
            return self.visits
        leading = [state for state, share in zip(states, shares, strict=True) if share == max(shares)][-1]
        if self.visits and self.visits[-1][0] is leading:
            return self.visits
        return [*self.visits, (leading, self._clock().bar)]

    def _visit(self, visits: Sequence[tuple[LayerState, int]]) -> Visit:
        if not visits:
            return Visit(0, 0)
        state, bar = visits[-1]
        earlier = [i for i, (other, _) in enumerate(visits[:-1]) if other is state]
        if state.on_return == "resume":
            return Visit(0, bar - sum(visits[i + 1][1] - visits[i][1] for i in earlier))
        return Visit(len(earlier) if state.on_return == "vary" else 0, bar)

    # --- 18. silence ------------------------------------------------------------------------------------------------

    def _silent(self, taken: Mapping[str, LayerState]) -> bool:
        weights = self._muted(self.raw_weights[self.frame], self.frame, taken)
        states = {**self.active[self.frame], **taken}
        gains = [self.rules.music.gain_db]
        for layer in self.rules.layers:
            named = states[layer.name].music.gain_db
            gains.append(0.0 if named is None else min(1.0, weights[layer.name]) * self._live(named, self.frame))
        if self._added([self._live(gain, self.frame) for gain in gains if gain is not None]) <= -60:
            return True
        heard = [states[layer.name] for layer in self.rules.layers if weights[layer.name] > 0]
        bursts = [burst for burst in self.rules.stingers if isinstance(burst, Burst) and self._bursts_now(burst)]
        return any(state.clips for state in heard) and not any(state.mix for state in heard) and not bursts

    def _bursts_now(self, burst: Burst) -> bool:
        starts = self.stinger_starts[burst.name]
        return bool(starts) and self.frame - starts[-1] < self.lengths[burst.name, starts[-1]][0]

    # --- 17. themes -------------------------------------------------------------------------------------------------

    def _theme(self, taken: Mapping[str, LayerState]) -> ThemeNow:
        f = self.frame
        weights = self._muted(self.raw_weights[f], f, taken)
        named = [
            taken.get(layer.name, self.active[f][layer.name]).theme or layer.theme
            for layer in self.rules.layers
            if weights[layer.name] > 0
        ]
        for burst in self.rules.stingers:
            if isinstance(burst, Burst):
                named.append(burst.theme if self._bursts_now(burst) else None)
        used = [use for use in named if use is not None]
        return ThemeNow(used[-1].name, used[-1].strength) if used else ThemeNow("", 0.0)
