"""An event script of a long match of Emberwood: inputs several times a second, and occasional triggers and regions.

The same arguments give the same script. `python tests/match.py 30 > match.jsonl` writes half an hour: 10 000 events.
"""

from __future__ import annotations

import json
import math
import random
import sys
from collections.abc import Iterator
from typing import Any, Final

EVENTS_A_MINUTE: Final = 334
_INPUT_S: Final = 0.2
_FIGHT_S: Final = (35.0, 20.0)
"""Seconds of calm, then seconds of fight; every fourth fight is a boss."""


def match(minutes: float, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Yield events in time order, as lines of a script: five inputs a second, and the other events of the game."""
    chance = random.Random(seed)
    calm_s, fight_s = _FIGHT_S
    others = sorted(_game_events(minutes * 60, chance), key=lambda event: event[0])
    for n in range(round(minutes * 60 / _INPUT_S)):
        now_s = n * _INPUT_S
        while others and others[0][0] <= now_s:
            at_s, event = others.pop(0)
            yield {"at": f"{round(at_s * 1000)}ms", **event}
        phase = now_s % (calm_s + fight_s)
        fighting = phase >= calm_s
        heat = 0.7 + 0.3 * math.sin((phase - calm_s) / fight_s * math.pi) if fighting else 0.15
        threat = round(min(1.0, max(0.0, heat + chance.gauss(0, 0.08))), 3)
        health = round(1 - 0.7 * (phase - calm_s) / fight_s, 3) if fighting else 1.0
        values: dict[str, Any] = {"threat": threat} if n % 2 else {"threat": threat, "health": health}
        yield {"at": f"{round(now_s * 1000)}ms", "set": values}


def _game_events(end_s: float, chance: random.Random) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield regions, enemies, bosses, discoveries and nights: 34 events a minute."""
    calm_s, fight_s = _FIGHT_S
    # Each kind has its own millisecond, so that no two events have the same time.
    for n in range(round(end_s / 2.5)):
        at_s = n * 2.5 + 0.05
        yield at_s, {"set": {"enemies": chance.randrange(0, 9) if at_s % (calm_s + fight_s) >= calm_s else 0}}
    for n in range(1, round(end_s / 8.25)):
        yield n * 8.25 + 0.015, {"fire": "discovery"}
    for n in range(1, round(end_s / 40)):
        yield n * 40 + 0.025, {"set": {"region": chance.choice(["forest", "crypt", "town"])}}
    for n in range(1, round(end_s / 90)):
        yield n * 90 + 0.035, {"set": {"night": n % 2 == 1}}
    for n in range(3, round(end_s / (calm_s + fight_s)), 4):
        start_s = n * (calm_s + fight_s) + calm_s + 0.045
        yield start_s, {"set": {"boss": True, "boss_health": 1.0}}
        for hit in range(1, 15):
            yield start_s + hit, {"set": {"boss_health": round(1 - hit / 16, 3)}}
        yield start_s + 16, {"set": {"boss": False}, "fire": "boss_dead"}


if __name__ == "__main__":
    for line in match(float(sys.argv[1])):
        print(json.dumps(line))
