"""Rules with stingers that have sounds: at once and on beats, long and short, dropped or played when they are late."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Final, Literal

import numpy as np

from segue.contract import SAMPLE_RATE, Samples
from segue.runtime.planner import RulesVersion
from segue_rules.model import At, AudioStinger, Duck, TriggerInput
from unit.runtime.rule_files import BANK, RULES

_DUCK: Final = Duck(depth_db=-9.0, fade_out_samples=2_400, recovery_samples=4_800, fade_in_samples=19_200)


def _stinger(name: str, *, gain_db: float = 0.0, duck: Duck | None = None, **fields: str) -> AudioStinger:
    if_late: Literal["drop", "play"] = "play" if fields.get("if_late") == "play" else "drop"
    at = At(unit="beat") if fields.get("at") == "beat" else At(unit="immediate")
    return AudioStinger(
        name=name, trigger=name, audio=Path(f"{name}.wav"), at=at, gain_db=gain_db, duck=duck, if_late=if_late
    )


STINGERS: Final = (
    _stinger("hit", gain_db=-6.0),
    _stinger("horn", gain_db=3.0, duck=_DUCK, if_late="play"),
    _stinger("toll", duck=dataclasses.replace(_DUCK, depth_db=-18.0, fade_out_samples=30_000), at="beat"),
)
STUNG: Final = RulesVersion(
    rules=dataclasses.replace(
        RULES,
        inputs=(*RULES.inputs, *(TriggerInput(name=each.trigger) for each in STINGERS)),
        stingers=(*RULES.stingers, *STINGERS),
    ),
    styles=BANK,
    fingerprint="stung",
)


def _tone(seconds: float, hertz: float) -> Samples:
    """A tone that begins and ends softly, with another phase in the right channel."""
    turns = np.arange(round(seconds * SAMPLE_RATE)) * (hertz / SAMPLE_RATE)
    shape = np.sin(np.pi * np.arange(len(turns)) / len(turns)) ** 0.5
    return (np.stack([np.sin(2 * np.pi * turns), np.cos(2 * np.pi * turns)], 1) * shape[:, None]).astype(np.float32)


SOUNDS: Final = {"hit": _tone(0.3, 700.0), "horn": _tone(1.1, 300.0), "toll": _tone(3.5, 150.0)}
"""Full scale; the tests make them quieter where nothing is to be limited."""
