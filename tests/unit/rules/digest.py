"""Sessions as bytes: plans and states of the director, to compare across calls and processes.

Run as a program it reads a pickled list of (rules, events by frame, earliest by frame) and prints the digest of each.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections.abc import Sequence
from dataclasses import asdict

import msgpack

from segue_rules.director import Director, pack
from segue_rules.events import Event
from segue_rules.model import Rules


def session_bytes(rules: Rules, events: Sequence[Sequence[Event]], earliest: Sequence[int]) -> bytes:
    """Every frame's plan and the state after it, packed."""
    director = Director(rules)
    state, packed = director.start(), []
    for frame, (now, first) in enumerate(zip(events, earliest, strict=True)):
        state, plan = director.step(state, frame, now, first)
        packed.append(msgpack.packb([plan, pack(state, rules)], default=asdict))
    return b"".join(packed)


if __name__ == "__main__":
    for session in pickle.load(sys.stdin.buffer):
        print(hashlib.sha256(session_bytes(*session)).hexdigest())
