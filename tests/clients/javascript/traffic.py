"""Traffic of chunks, stingers, volumes and callbacks with what the Python SDK plays for it: `python traffic.py FOLDER`.

`traffic.json` is a list of cases: `lengths` and `operations`. `expected.f32` has the samples of every `read` in
turn, interleaved. A chunk's samples follow from its take, position and salt (`samples`), so they are not written.

    ["chunk", take, start, count, mixed, salt]      ["stinger", fields, salt]      ["control", op, gain_db, ramp_ms]
    ["pause"]      ["resume"]      ["read", count, [committed, standing, have, underruns, late, dropped]]
"""

from __future__ import annotations

import json
import random
import sys
from array import array
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from segue_sdk.limits import FRAME_SIZE
from segue_sdk.messages import Control, DuckInfo, Stinger
from segue_sdk.player import Player, ReceivedChunk, ReceivedStinger, gain_change
from segue_sdk.timeline import DEFAULT, Timing

SEED: Final = 20261129
SHORT: Final = Timing(join_samples=4, fade_samples=6, pre_roll_samples=14, capacity_samples=100)
_SHORT_FRAME: Final = 8
_SHORT_CASES: Final = 8_000
_WIRE_CASES: Final = 100
_LONGEST_CALLBACK: Final = 2_048


def samples(key: int, start: int, count: int) -> array[float]:
    """Interleaved samples [start, start + count) within ±1 that follow from a key; the same sum in traffic.js."""
    at = np.arange(start, start + count, dtype=np.int64)[:, None]
    whole = (key * 7_919 + at * 48_271 + np.array([0, 15_485]) + (at % 97) * (at % 89)) % 65_537
    return array("f", (whole / 32_768.5 - 1.0).astype(np.float32).ravel().tobytes())


class Recorder:
    """A player, and a note of all that it is told and plays."""

    def __init__(self, timing: Timing, out: BinaryIO) -> None:
        self.player = Player(timing)
        self.operations: list[list[Any]] = []
        self._out = out

    @property
    def committed(self) -> int:
        return self.player.position.committed

    def chunk(self, take: int, start: int, count: int, mixed: bool, salt: int = 0) -> None:
        self.operations.append(["chunk", take, start, count, mixed, salt])
        sound = memoryview(samples(31 * take + salt, start, count))
        self.player.enqueue(ReceivedChunk(take, start, sound, mixed))

    def stinger(self, fields: dict[str, Any], salt: int) -> None:
        self.operations.append(["stinger", fields, salt])
        duck = DuckInfo(**fields["duck"]) if "duck" in fields else None
        sound = None
        if fields["kind"] == "placed":
            sound = memoryview(samples(salt, fields["offset"], fields["count"]))
        pcm = None if sound is None else sound.tobytes()
        message = Stinger(**{**fields, "name": "victory", "duck": duck, "pcm": pcm})
        self.player.enqueue(ReceivedStinger(message, sound))

    def control(self, op: str, gain_db: float = 0.0, ramp_ms: int = 0) -> None:
        self.operations.append(["control", op, gain_db, ramp_ms])
        change = gain_change(Control(op=op, gain_db=gain_db, ramp_ms=ramp_ms))
        assert change is not None
        self.player.enqueue(change)

    def halt(self, op: str) -> None:
        self.operations.append([op])
        self.player.enqueue("pause" if op == "pause" else "resume")

    def read(self, count: int) -> None:
        self.player.read_array(count).tofile(self._out)
        at = self.player.position
        state = [at.committed, at.standing, at.have, at.underruns, at.late, at.dropped]
        self.operations.append(["read", count, state])


def any_order(chance: random.Random, recorder: Recorder) -> None:
    """Chunks of few takes anywhere, without any sense."""
    for _ in range(chance.randint(5, 60)):
        action = chance.random()
        if action < 0.55:
            start, frames = chance.randint(0, 10) * _SHORT_FRAME, chance.randint(1, 4)
            recorder.chunk(
                chance.randint(0, 4), start, frames * _SHORT_FRAME, chance.random() < 0.5, chance.randint(0, 1)
            )
        elif action < 0.62:
            recorder.halt(chance.choice(["pause", "resume"]))
        else:
            recorder.read(chance.randint(1, 20))


def realistic(chance: random.Random, recorder: Recorder, *, frame: int, most: int, ahead: int) -> None:
    """Takes that follow one another and come in time, late, twice, out of order or not at all."""
    head, take = 0, 0
    held: list[tuple[int, int, int, bool]] = []
    for _ in range(chance.randint(40, 90)):
        action = chance.random()
        clock = recorder.committed
        if action < 0.4 and head * frame < clock + ahead:
            frames = chance.randint(1, 4)
            mixed = False
            if chance.random() < 0.35 and head > 0:
                take += 1
                mixed = chance.random() < 0.9
                head = max(0, min(head, clock // frame + chance.randint(-1, 4)))
            sent = (take, head * frame, frames * frame, mixed)
            head += frames
            fate = chance.random()
            if fate < 0.75:
                recorder.chunk(*sent)
            elif fate < 0.95:
                held.append(sent)
            if chance.random() < 0.1:
                recorder.chunk(*sent, salt=7)
        elif action < 0.5 and held:
            recorder.chunk(*held.pop(chance.randrange(len(held))))
        elif action < 0.54:
            recorder.halt(chance.choice(["pause", "resume", "resume"]))
        else:
            recorder.read(chance.randint(1, most))


def stingers_and_volume(chance: random.Random, recorder: Recorder) -> None:
    """Music at the wire's lengths in pieces of `realistic`, with stingers and volumes between."""
    number = 0
    placed: list[dict[str, Any]] = []
    for _ in range(chance.randint(2, 4)):
        realistic(chance, recorder, frame=FRAME_SIZE, most=_LONGEST_CALLBACK, ahead=48_000)
        for _ in range(chance.randint(0, 3)):
            number += 1
            total = chance.choice([1, 700, 9_600, 20_000])
            fields: dict[str, Any] = {
                "id": number,
                "kind": "placed",
                "start": max(0, recorder.committed + chance.randint(-2_000, 6_000)),
                "total": total,
                "offset": 0,
                "count": min(total, 9_600),
                "gain_db": chance.choice([0.0, -6.0, 6.0, -96.0]),
                "if_late": chance.choice(["drop", "play"]),
            }
            if chance.random() < 0.7:
                lengths = {name: chance.choice([0, 1, 480, 5_000]) for name in ("fade_out", "recovery", "fade_in")}
                fields["duck"] = {"depth_db": chance.choice([-96.0, -12.0, 0.0]), **lengths}
            recorder.stinger(fields, salt=number)
            placed.append(fields)
            if total > fields["count"] and chance.random() < 0.8:
                rest = {**fields, "offset": fields["count"], "count": total - fields["count"]}
                recorder.stinger(rest, salt=number)
        if placed and chance.random() < 0.5:
            # A part that comes again, as after a resume, or too late.
            again = chance.choice(placed)
            offset = chance.randrange(again["total"])
            count = chance.randint(1, again["total"] - offset)
            recorder.stinger({**again, "offset": offset, "count": count}, salt=again["id"])
        if placed and chance.random() < 0.4:
            gone = chance.choice(placed)
            kind = chance.choice(["cancelled", "dropped"])
            recorder.stinger({"id": gone["id"], "kind": kind, "start": gone["start"]}, salt=0)
        if chance.random() < 0.6:
            op = chance.choice(["volume", "volume", "mute", "unmute"])
            recorder.control(op, chance.choice([-96.0, -20.0, -3.0, 0.0, 9.0]), chance.choice([0, 0, 70, 500]))


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    cases = []
    with (folder / "expected.f32").open("wb") as out:
        for number in range(_SHORT_CASES + _WIRE_CASES):
            chance = random.Random(SEED + number)
            is_short = number < _SHORT_CASES
            timing = SHORT if is_short else DEFAULT
            recorder = Recorder(timing, out)
            if not is_short:
                stingers_and_volume(chance, recorder)
            elif number % 2:
                any_order(chance, recorder)
            else:
                realistic(chance, recorder, frame=_SHORT_FRAME, most=12, ahead=80)
            lengths = {
                "join": timing.join_samples,
                "fade": timing.fade_samples,
                "preRoll": timing.pre_roll_samples,
                "capacity": timing.capacity_samples,
                "takes": timing.takes,
            }
            cases.append({"lengths": lengths, "operations": recorder.operations})
    (folder / "traffic.json").write_text(json.dumps(cases), "utf-8")
    print(f"traffic.json: {_SHORT_CASES} cases with short fades, {_WIRE_CASES} with the wire's")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
