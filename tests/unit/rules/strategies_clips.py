"""Hypothesis strategies: random rules whose states play clips. See `strategies`."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from hypothesis import strategies as st

from segue_rules.loading.clips import with_leader
from segue_rules.model import (
    ENTERS,
    FRAME_SIZE,
    TICKS_PER_BEAT,
    At,
    Binding,
    Clip,
    ClipUse,
    Cue,
    IntegerInput,
    Layer,
    LayerState,
    NumberInput,
    Rules,
    Transition,
)
from unit.rules.strategies import rules

CUE_NAMES = ("", "hit", "rest")
CLIP_NAMES = ("stem", "drone", "march")
levels = st.sampled_from((-96.0, -6.0, 0.0, 3.0))


@st.composite
def clips(draw: st.DrawFn, name: str) -> Clip:
    tempo = draw(st.sampled_from((None, 60_000, 96_700, 140_000, 299_999)))
    meter = None if tempo is None else draw(st.sampled_from((1, 3, 4, (2, 3))))
    beat = Fraction(7_000, 3) if tempo is None else Fraction(TICKS_PER_BEAT * FRAME_SIZE, tempo)
    loop = draw(st.sampled_from((None, beat, 3 * beat, Fraction(5_000))))
    outro = None if loop is None else draw(st.sampled_from((None, beat / 2, Fraction(100))))
    cues = () if tempo is None else draw(st.sampled_from(((), (Fraction(0), 2 * beat), (beat,), (beat / 3, 2 * beat))))
    names = draw(st.lists(st.sampled_from(CUE_NAMES), min_size=2, max_size=2))
    intro = Fraction(0) if loop is None else draw(st.sampled_from((Fraction(0), beat)))
    return Clip(
        name=name,
        audio=Path(f"{name}.wav"),
        tempo_mbpm=tempo,
        meter=meter,
        gain_db=draw(levels),
        pre_entry=draw(st.sampled_from((Fraction(0), beat / 2, 3 * beat))),
        intro=intro,
        loop=loop,
        outro=outro,
        cues=tuple(map(Cue, names, cues)),
    )


@st.composite
def with_clips(draw: st.DrawFn, soundtrack: Rules) -> Rules:
    """The rules with clips in some of their states."""
    known = {name: draw(clips(name)) for name in CLIP_NAMES[: draw(st.integers(1, 3))]}
    numbers = [item for item in soundtrack.inputs if isinstance(item, NumberInput | IntegerInput)]

    def state(each: LayerState) -> LayerState:
        if draw(st.booleans()) or (each.piece is not None and each.piece.bridge):
            return each
        names = draw(st.lists(st.sampled_from(sorted(known)), unique=True, max_size=2))
        uses = []
        for name in names:
            gain: float | Binding = draw(levels)
            if numbers and draw(st.integers(0, 3)) == 3:
                source = draw(st.sampled_from(numbers))
                gain = Binding(input=source.name, curve=((source.low, draw(levels)), (source.high, draw(levels))))
            uses.append(ClipUse(clip=name, gain_db=gain))
        mix = {} if draw(st.booleans()) else each.mix
        enter, cue = draw(st.sampled_from(ENTERS)), draw(st.sampled_from(CUE_NAMES))
        played = replace(each, clips=tuple(uses), enter=enter, cue=cue if enter == "cue" else "", mix=mix)
        return with_leader(played, known)

    def layer(each: Layer) -> Layer:
        return replace(each, states=tuple(map(state, each.states)))

    def row(each: Transition) -> Transition:
        if draw(st.booleans()):
            return each
        return replace(each, at=At(unit="cue", cue=draw(st.sampled_from(CUE_NAMES))))

    rows = tuple(map(row, soundtrack.transitions))
    layers = tuple(map(layer, soundtrack.layers))
    return replace(soundtrack, clips=tuple(known.values()), layers=layers, transitions=rows)


clip_rules = rules().flatmap(with_clips)
