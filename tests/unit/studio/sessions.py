"""A recorded session for the tests of the studio: rules, events at frames, edits, and how far its music is made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from segue.runtime.session_config import SessionConfig
from segue_rules.fingerprint import fingerprint_of

RULES: Final = """\
segue: 1
title: Meadow
inputs:
  danger: {type: number, range: [0, 1], default: 0, fall: 0.5/s}
  place: {type: choice, of: [meadow, cave], default: meadow}
  won: {type: trigger}
styles:
  calm: {text: "calm meadow, flute"}
  fight: {text: "battle drums"}
layers:
  ground:
    states:
      meadow: {default: true, mix: {calm: 1}}
      cave: {when: {place: cave}, mix: {calm: 1}, music: {tempo: 80bpm}}
  action:
    states:
      rest: {default: true}
      battle: {when: {danger: {enter: ">= 0.6", exit: "< 0.4"}}, mix: {fight: 1}, music: {tempo: 140bpm}}
transitions:
  - {from: any, to: battle, at: immediate, ramp: 400ms}
  - {from: battle, to: rest, at: bar, ramp: 1s}
stingers:
  fanfare: {trigger: won, mix: {fight: 1}, time: 2s}
"""
EDITED: Final = RULES.replace("tempo: 140bpm", "tempo: 160bpm").replace('">= 0.6"', '">= 0.9"')


def event(frame: int, sequence: int, **fields: Any) -> dict[str, Any]:
    """An event of the game as a recording has it."""
    return {"op": "event", "frame": frame, "seq": sequence, "set": {}, "fire": [], **fields}


def edit(frame: int, text: str = EDITED) -> dict[str, Any]:
    """An edit of the rules."""
    digest = fingerprint_of([text.encode()])
    return {"op": "reload", "frame": frame, "fingerprint": digest, "sources": {"meadow.yaml": text}}


def done(end: int) -> dict[str, Any]:
    """Music that is made up to a frame."""
    return {"op": "done", "reason": "extend", "origin": 0, "change": 0, "end": end, "rung": 0}


END: Final = {"op": "end"}


def header(**fields: Any) -> dict[str, Any]:
    """The first line of a recording."""
    return {
        "format": "segue-recording",
        "version": 3,
        "rules": fingerprint_of([RULES.encode()]),
        "generators": ["score", "loop"],
        "config": asdict(SessionConfig(seed=5)),
        "frames": 0,
        "home": 0,
        "sources": {"meadow.yaml": RULES},
        "opening": None,
        **fields,
    }


def write(path: Path, operations: Sequence[dict[str, Any]]) -> None:
    """Write a recording, or the next lines of one."""
    with path.open("a", encoding="utf-8") as file:
        if file.tell() == 0:
            operations = [header(), *operations]
        file.writelines(json.dumps(operation, separators=(",", ":")) + "\n" for operation in operations)


SESSION: Final = (
    event(25, 1, set={"danger": 0.8}),
    event(100, 2, set={"danger": 0}),
    event(150, 3, fire=["won"]),
    event(160, 4, set={"rain": 1}),
    done(250),
)
"""Ten seconds: a battle, a fanfare, and an event that is refused."""
