"""Chunks, stingers and calls at random for every client's timeline, and the Python SDK that plays them."""

from __future__ import annotations

import random
from array import array
from typing import Any, Final

from segue_sdk.limits import FRAME_SIZE, PRE_ROLL, SAMPLE_RATE
from segue_sdk.messages import DuckInfo, Stinger
from segue_sdk.player import GainChange, Volume
from segue_sdk.take_buffer import floats
from segue_sdk.timeline import Timeline

POOL_S: Final = 30
# Of PROTOCOL.md, section 7: single precision.
TOLERANCE: Final = 1e-6
SEEDS: Final = 24


class Traffic:
    """A service's chunks and stingers over a network that delays, repeats, reorders and loses, and a game's calls."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._head = self._take = self._clock = self._stinger = 0
        self._held: list[dict[str, Any]] = []
        self._playing: list[dict[str, Any]] = []
        # How well the network works, from a seed to another.
        self._loss = self._draw.choice([0.0, 0.0, 0.05, 0.2])
        self._delay = self._draw.choice([0.0, 0.1, 0.4])

    def operations(self, count: int) -> list[dict[str, Any]]:
        return [operation for _ in range(count) for operation in self._next()]

    def _next(self) -> list[dict[str, Any]]:
        draw, action = self._draw, self._draw.random()
        if action < 0.35:
            return self._sent(self._chunk(mixed=False)) if self._head < self._clock + 4 * SAMPLE_RATE else []
        if action < 0.42 and self._head > 0:
            self._take += draw.choice([1, 1, 2])
            ahead = draw.randint(-2, 20)
            self._head = max(0, min(self._head, (self._clock // FRAME_SIZE + ahead) * FRAME_SIZE))
            return self._sent(self._chunk(mixed=draw.random() < 0.8))
        if action < 0.47:
            return [{"do": draw.choice(["pause", "resume", "resume", "resume"])}]
        if action < 0.53:
            return self._stinger_parts()
        if action < 0.55:
            gain_db, ramp_ms = draw.choice([-96.0, -20.0, -3.0, 0.0, 6.0]), draw.choice([0, 20, 500])
            op = draw.choice(["volume", "volume", "mute", "unmute", "unmute"])
            return [{"do": op, "gain_db": gain_db, "ramp_ms": ramp_ms}]
        if action < 0.58:
            draw.shuffle(self._held)
            released, self._held = self._held, []
            return released
        count = draw.choice([1, 7, 64, 480, 512, 1_024, 2_048, 4_095, draw.randint(1, 20_000)])
        self._clock += count if self._head > self._clock + PRE_ROLL else 0
        return [{"do": "read", "count": count}]

    def _chunk(self, *, mixed: bool) -> dict[str, Any]:
        count = FRAME_SIZE * self._draw.randint(1, 12)
        start, self._head = self._head, self._head + count
        return {"do": "chunk", "take": self._take, "start": start, "mixed": mixed, **self._samples(count)}

    def _sent(self, operation: dict[str, Any]) -> list[dict[str, Any]]:
        if self._draw.random() < self._loss:
            return []
        if self._draw.random() < self._delay:
            self._held.append(operation)
            return []
        return [operation] * self._draw.choice([1, 1, 1, 2])

    def _samples(self, count: int) -> dict[str, Any]:
        return {"from": self._draw.randrange(POOL_S * SAMPLE_RATE - count), "count": count}

    def _stinger_parts(self) -> list[dict[str, Any]]:
        draw = self._draw
        if self._playing and draw.random() < 0.3:
            fields = dict(draw.choice(self._playing), kind=draw.choice(["cancelled", "dropped"]), count=0)
            return [{"do": "stinger", "fields": fields}]
        self._stinger += 1
        total = draw.randint(1, SAMPLE_RATE)
        ramps = [draw.choice([0, 1, 500, 9_600]) for _ in range(3)]
        duck = dict(zip(("fade_out", "recovery", "fade_in"), ramps, strict=True), depth_db=draw.uniform(-24.0, 0.0))
        whole = {
            "id": self._stinger,
            "name": "hit",
            "kind": "placed",
            "start": max(0, self._clock + draw.randint(-4_000, 30_000)),
            "total": total,
            "gain_db": draw.choice([0.0, -6.0, 6.0]),
            "duck": draw.choice([None, duck]),
            "if_late": draw.choice(["drop", "play"]),
        }
        self._playing.append({**whole, "offset": 0})
        cut = draw.choice([total, draw.randint(1, total)])
        parts = [(0, cut), *([(cut, total - cut)] if cut < total else [])]
        return [
            {"do": "stinger", "fields": {**whole, "offset": offset, "count": count}, **self._samples(count)}
            for offset, count in parts
        ]


class Played:
    """The same traffic through the Python SDK. heard: interleaved samples. states: as the probe gives them."""

    def __init__(self, operations: list[dict[str, Any]], pool: bytes) -> None:
        self._timeline, self._volume, self._pool = Timeline(), Volume(), pool
        self.heard = array("f")
        self.states: list[list[int]] = []
        for operation in operations:
            self._apply(operation)
            timeline = self._timeline
            counts = [timeline.underruns, timeline.late, timeline.dropped, int(timeline.standing)]
            self.states.append([timeline.committed, timeline.have, *counts])

    def _apply(self, operation: dict[str, Any]) -> None:
        timeline = self._timeline
        match operation["do"]:
            case "chunk":
                take, start, mixed = operation["take"], operation["start"], operation["mixed"]
                timeline.write(take=take, start=start, samples=floats(self._pcm(operation), "f32le"), mixed=mixed)
            case "stinger":
                fields = dict(operation["fields"])
                fields["duck"] = DuckInfo(**fields["duck"]) if fields["duck"] else None
                pcm = self._pcm(operation) if fields["count"] else None
                samples = None if pcm is None else floats(pcm, "f32le")
                timeline.stingers.take(Stinger(**fields, pcm=pcm), samples, timeline.committed)
            case "read":
                block = memoryview(array("f", bytes(8 * operation["count"])))
                timeline.read(block)
                self._volume.apply(block)
                self.heard.frombytes(block.tobytes())
            case "pause":
                timeline.pause()
            case "resume":
                timeline.resume()
            case op:
                ramp = operation["ramp_ms"] * SAMPLE_RATE // 1000
                self._volume.take(GainChange(op, operation["gain_db"], ramp))

    def _pcm(self, operation: dict[str, Any]) -> bytes:
        at = 8 * operation["from"]
        return self._pool[at : at + 8 * operation["count"]]
