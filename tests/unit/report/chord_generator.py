"""A generator for tests, and runs of it: it plays one chord for each style, with a pulse on every beat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from segue.contract import (
    FRAME_SIZE,
    SAMPLE_RATE,
    TICKS_PER_BEAT,
    Chunk,
    Conditioning,
    Request,
    Result,
    Samples,
    StyleBank,
    StyleBanks,
)
from segue.runtime.messages import ChunkOut, SessionMessage
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import LiveConditions, LiveRun, live, straight
from segue_rules.events import ScriptedEvent
from segue_rules.model import Rules

_LOWEST_HZ: Final = 110.0
_CHORD: Final = (1.0, 1.25, 1.5, 2.0, 3.0, 4.5)


class ChordGenerator:
    """Plays what depends on time and conditioning only; its state is the next frame."""

    name: Final = "chords"
    controls: Final = frozenset({"tempo", "intensity"})
    encoder: Final = ""
    exact_beats: Final = True
    rows: Final = 1
    compiles: Final = False

    def start(self, *, seed: int, frame: int = 0) -> int:
        return frame

    def generate(self, requests: Sequence[Request[int]]) -> list[Result[int]]:
        results = []
        for request in requests:
            samples = _chords(request.conditioning)
            after = request.state + request.conditioning.num_frames
            results.append(Result(state=after, chunk=Chunk(frame=request.state, samples=samples)))
        return results

    def state_bytes(self, state: int) -> int:
        return 8


def _chords(conditioning: Conditioning) -> Samples:
    S = conditioning.num_frames * FRAME_SIZE
    time_s = (conditioning.frame * FRAME_SIZE + np.arange(S)) / SAMPLE_RATE
    within = np.tile(np.arange(FRAME_SIZE) / FRAME_SIZE, conditioning.num_frames)
    ticks = np.repeat(conditioning.ticks, FRAME_SIZE) + within * np.repeat(conditioning.tempo_bpm * 1000, FRAME_SIZE)
    beat = ticks / TICKS_PER_BEAT % 1
    pulse = 0.25 + np.repeat(conditioning.intensity, FRAME_SIZE) * np.exp(-6 * beat)
    sides = np.zeros((S, 2))
    for n in range(conditioning.weights.shape[1]):
        weight = np.repeat(conditioning.weights[:, n], FRAME_SIZE)
        if not weight.any():
            continue
        for turn, ratio in enumerate(_CHORD):
            tone = np.sin(2 * np.pi * _LOWEST_HZ * 2 ** (n * 5 / 12 % 2) * ratio * time_s) / (turn + 1)
            sides[:, turn % 2] += weight * tone
            sides[:, 1 - turn % 2] += 0.6 * weight * tone
    return (0.16 * pulse[:, None] * sides).astype(np.float32)


def session(rules: Rules, lookahead_s: float = 4.0) -> Session:
    """Make a session of the generator with one axis of the style space for each style."""
    names = tuple(style.name for style in rules.styles)
    bank = StyleBank(names=names, embeddings=np.eye(len(names), dtype=np.float32))
    return Session(
        rules, StyleBanks((bank,)), [ChordGenerator()], SessionConfig(seed=rules.seed, lookahead_s=lookahead_s)
    )


def straight_run(rules: Rules, events: Sequence[ScriptedEvent], seconds: float) -> tuple[list[SessionMessage], Samples]:
    """Run straight. Returns: the session's messages, and the audio [S, 2]."""
    messages = list(straight(session(rules), [ChordGenerator()], events, round(seconds * 25)))
    sound = np.concatenate([message.samples for message in messages if isinstance(message, ChunkOut)])
    return messages, sound[: round(seconds * SAMPLE_RATE)]


def live_run(
    rules: Rules, events: Sequence[ScriptedEvent], seconds: float, conditions: LiveConditions | None = None
) -> LiveRun:
    return live(session(rules), [ChordGenerator()], events, round(seconds * 25), conditions or LiveConditions())
