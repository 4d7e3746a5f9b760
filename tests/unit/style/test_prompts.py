"""What listeners expect of texts, as far as a profile decides it (prompts.yaml)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from segue.instruments import PROGRAMS
from segue.style.reader import StyleReader
from segue.style.word_table import WordEncoder
from segue.style_profile import StyleProfile

DATA: Final = yaml.safe_load(Path(__file__).with_name("prompts.yaml").read_text(encoding="utf-8"))
GROUPS: Final = DATA.pop("groups")
READER: Final = StyleReader([WordEncoder()])
# Which scales a listener hears as a mode, and which grooves as a rhythm.
MODES: Final = {
    "major": {"major", "lydian", "mixolydian", "major pentatonic"},
    "minor": {"minor", "harmonic minor", "dorian", "phrygian", "minor pentatonic", "blues", "chromatic"},
    "hijaz": {"phrygian dominant"},
    "in": {"in-sen"},
}
GROOVES: Final = {
    "swing": {"swing", "shuffle"},
    "four": {"four on the floor"},
    "backbeat": {"rock", "breakbeat", "boom bap", "half-time", "funk", "surf", "trap", "shuffle", "blast", "driving"},
}
# The least share of expectations that is met: as measured when the list was last changed, less two expectations.
LEAST: Final = {"dev": 0.98, "test": 0.98, "later": 0.97, "last": 0.97}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def instruments(words: list[str]) -> set[str]:
    names = {name for word in words for name in GROUPS.get(word, [word])}
    assert names <= set(PROGRAMS), names - set(PROGRAMS)
    return names


def met(profile: StyleProfile, wanted: dict[str, Any]) -> dict[str, bool]:
    """Each expectation, and whether the profile meets it."""
    have = profile.ensemble.instruments
    results: dict[str, bool] = {}
    for kind, value in wanted.items():
        match kind:
            case "tempo":
                bands = value if isinstance(value[0], list) else [value]
                results[kind] = any(low <= profile.tempo_bpm <= high for low, high in bands)
            case "meter":
                results[kind] = profile.meter in listed(value)
            case "drums":
                results[kind] = (profile.groove != "none") in listed(value)
            case "mode":
                results[kind] = any(profile.scale in MODES.get(mode, {mode}) for mode in listed(value))
            case "lead":
                results[kind] = bool(set(profile.ensemble.melody[:1]) & instruments(value))
            case "each":
                for index, group in enumerate(value):
                    results[f"{kind} {index}"] = bool(have & instruments(group))
            case "without":
                results[kind] = not have & instruments(value)
            case "most":
                results[kind] = len(have) <= value
            case "swing" | "four" | "backbeat":
                results[kind] = profile.groove in GROOVES[kind]
            case _:
                raise AssertionError(f"{kind}: no such expectation")
    return results


@pytest.mark.parametrize("split", LEAST)
def test_profiles_are_what_listeners_expect(split: str) -> None:
    missed, count = [], 0
    for row in DATA[split]:
        wanted = {kind: value for kind, value in row.items() if kind != "text"}
        results = met(READER.read_text(row["text"]).profile, wanted)
        count += len(results)
        missed += [f"{row['text']}: {kind}" for kind, good in results.items() if not good]
    assert 1 - len(missed) / count >= LEAST[split], missed
