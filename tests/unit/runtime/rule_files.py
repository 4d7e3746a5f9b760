"""Rules for the runtime's tests, built directly: a change at once, one at beats, effects, a bound weight, a burst."""

from __future__ import annotations

import dataclasses

import numpy as np

from segue.contract import StyleBank, StyleBanks
from segue_rules.model import (
    DEFAULT_MUSIC,
    At,
    Binding,
    Burst,
    ChoiceInput,
    Compare,
    Layer,
    LayerState,
    Music,
    NumberInput,
    Prompt,
    Rules,
    Style,
    Transition,
    TriggerInput,
)

STYLES = ("calm", "fight", "cave")


def _prompted(name: str) -> Style:
    return Style(name=name, prompts=(Prompt(text=name),))


RULES = Rules(
    title="runtime",
    seed=3,
    music=dataclasses.replace(DEFAULT_MUSIC, tempo_bpm=120.0),
    inputs=(
        NumberInput(name="threat", low=0.0, high=1.0, default=0.0, rise=2.0, fall=0.5),
        ChoiceInput(name="region", of=("field", "cave"), default="field"),
        TriggerInput(name="win"),
    ),
    styles=tuple(map(_prompted, STYLES)),
    layers=(
        Layer(
            name="place",
            states=(
                LayerState(name="field", default=True, mix={"calm": 1.0}),
                LayerState(
                    name="cave",
                    when=Compare(input="region", op="==", value="cave"),
                    mix={"cave": 1.0},
                    music=Music(low_pass_hz=900.0, high_pass_hz=60.0, width=0.5, pan=-0.25),
                ),
            ),
        ),
        Layer(
            name="action",
            weight=Binding(input="threat", curve=((0.0, 1.0), (1.0, 3.0))),
            states=(
                LayerState(name="peace", default=True),
                LayerState(
                    name="fight",
                    when=Compare(input="threat", op=">=", value=0.5),
                    hold_frames=25,
                    mix={"fight": 1.0},
                    music=Music(tempo_bpm=150.0, intensity=Binding(input="threat", curve=((0.0, 0.2), (1.0, 1.0)))),
                ),
            ),
        ),
    ),
    transitions=(
        Transition(to_state="fight", layer="action", at=At(unit="immediate"), ramp_frames=10, curve="equal_power"),
        Transition(layer="place", at=At(unit="beat"), ramp_frames=20),
    ),
    stingers=(Burst(name="cheer", trigger="win", mix={"fight": 1.0}, time_frames=40, ramp_frames=5),),
)

BANK = StyleBanks((StyleBank(names=STYLES, embeddings=np.eye(3, dtype=np.float32)),))
