"""A game against a real service: its rules, its calls, and what it heard."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

RULES: Final = Path(__file__).parents[2] / "service/calm.yaml"
BLOCK: Final = 480
# A recording is rendered as PCM of 24 bits.
QUANTUM: Final = 2.0**-23 + 1e-6


def receipts(result: Any) -> list[dict[str, Any]]:
    return [fields for kind, fields in result["told"] if kind == "receipt"]


def heard(folder: Path, result: Any) -> tuple[Any, Any]:
    """What was heard, and the sample of the session's clock at each, -1 in silence."""
    samples = np.fromfile(folder / "heard", dtype="<f4").reshape(-1, 2)
    positions = np.full(len(samples), -1)
    before = 0
    for index, committed in enumerate(result["committed"]):
        moved = committed - before
        # The music ends a block that begins the silence, and begins one that ends it.
        first = index * BLOCK if result["committed"][index - 1] != before or before else (index + 1) * BLOCK - moved
        positions[first : first + moved] = np.arange(before, committed)
        before = committed
    return samples, positions


def call(name: str, *arguments: Any) -> dict[str, Any]:
    return {"call": name, "with": list(arguments)}


def wait(kind: str, **fields: Any) -> dict[str, Any]:
    return {"wait": kind, "with": fields}


# All that a game can call. "$saved" stands for the last blob saved.
STEPS: Final[list[dict[str, Any]]] = [
    # Before the rules are known, and so found to be wrong later.
    call("set_input", "depe", True),
    call("set_input", "level", 0.5),
    call("end_frame"),
    wait("input_refused", name="depe"),
    wait("receipt", seq=1, accepted=True),
    call("set_input", "levle", 1.0),
    call("set_input", "level", "high"),
    call("fire", "deep"),
    call("end_frame"),
    # The rules may have come with values of their own, and so this is sent; then the value is known.
    call("set_input", "level", 0.5),
    call("end_frame"),
    wait("receipt", seq=2, code="accepted"),
    call("set_input", "level", 0.5),
    call("end_frame"),
    wait("receipt", seq=3, code="superseded"),
    call("fire", "ping"),
    call("end_frame"),
    wait("receipt", seq=4, accepted=True),
    wait("change_heard"),
    call("set_volume", -6.0, 100),
    call("set_muted", True),
    call("set_muted", False),
    call("save"),
    wait("saved", id=1),
    call("set_input", "deep", True),
    call("end_frame"),
    wait("receipt", seq=5, accepted=True),
    call("restore", "$saved"),
    wait("status", restore=2),
    # The save has another value, so this is sent.
    call("set_input", "deep", True),
    call("end_frame"),
    wait("receipt", seq=6, code="accepted"),
    call("reset"),
    call("set_input", "deep", True),
    call("end_frame"),
    wait("receipt", seq=7, code="accepted"),
    call("control", {"op": "generator", "generator": "no such"}),
    wait("error", code="unknown_generator"),
    call("control", {"op": "jump"}),
    call("set_paused", True),
    call("set_paused", False),
    wait("beat_heard"),
    wait("beat_heard"),
    # Beats are known ahead of time.
    {"beats": 3},
]
