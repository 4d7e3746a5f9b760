"""Edited versions of the runtime's test rules, as a designer may save them while the music plays."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from segue.contract import StyleBank, StyleBanks
from segue.runtime.planner import RulesVersion
from segue_rules.model import Layer, LayerState, NumberInput, Rules, Transition
from unit.runtime.rule_files import BANK, RULES

FIRST = RulesVersion(rules=RULES, styles=BANK, fingerprint="first")


def _with_layers(*layers: Layer) -> Rules:
    return dataclasses.replace(RULES, layers=layers)


def _bank(names: tuple[str, ...], embeddings: NDArray[np.float32]) -> StyleBanks:
    return StyleBanks((StyleBank(names=names, embeddings=embeddings[: len(names)]),))


# Another file that sounds the same.
COMMENTED = RulesVersion(
    rules=dataclasses.replace(RULES, title="commented"),
    styles=_bank(BANK.names, np.eye(3, dtype=np.float32)),
    fingerprint="commented",
)
FASTER = RulesVersion(
    rules=dataclasses.replace(RULES, music=dataclasses.replace(RULES.music, tempo_bpm=180.0)),
    styles=BANK,
    fingerprint="faster",
)
SLOWER_THREAT = RulesVersion(
    rules=dataclasses.replace(
        RULES,
        inputs=(NumberInput(name="threat", low=0.0, high=0.6, default=0.1, rise=0.5, fall=0.5), *RULES.inputs[1:]),
        transitions=(Transition(ramp_frames=5),),
    ),
    styles=BANK,
    fingerprint="slower",
)
FEWER_STYLES = RulesVersion(
    rules=dataclasses.replace(
        _with_layers(
            RULES.layers[1], Layer(name="sky", states=(LayerState(name="day", default=True, mix={"fight": 1.0}),))
        ),
        styles=RULES.styles[1:2],
        stingers=(),
    ),
    styles=_bank(("fight",), np.eye(3, dtype=np.float32)),
    fingerprint="fewer",
)
OTHER_SOUND = RulesVersion(
    rules=RULES,
    styles=_bank(BANK.names, np.eye(3, dtype=np.float32)[::-1]),
    fingerprint="sound",
)
ALL = (FIRST, COMMENTED, FASTER, SLOWER_THREAT, FEWER_STYLES, OTHER_SOUND)
