"""Small parts of the GDScript core against the Python SDK and the specification."""

from __future__ import annotations

import random
import struct
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import pytest

from godot.project import run
from segue_sdk.connecting import ConnectFailure, RetrySchedule
from segue_sdk.errors import ProtocolError
from segue_sdk.take_buffer import floats

pytestmark = pytest.mark.heavy

CODES: Final = (
    "unreachable",
    "broken_off",
    "unknown_host",
    "no_answer",
    "not_a_service",
    "token_refused",
    "token_needed",
    "token_not_needed",
)


def test_a_misspelt_name_is_found_as_the_sdk_finds_it(tmp_path: Path) -> None:
    draw = random.Random(5)
    known = [
        "threat",
        "enemies",
        "place",
        "boss",
        "hit",
        "door",
        "region",
        "time_of_day",
        "health",
        "stealth",
        "Weather",
    ]
    cases = []
    for _ in range(400):
        letters = list(draw.choice(known))
        for _ in range(draw.randint(0, 4)):
            at = draw.randrange(len(letters) + 1)
            match draw.randrange(3):
                case 0:
                    letters.insert(at, draw.choice("abcdehinorst_"))
                case 1 if len(letters) > 1:
                    del letters[at % len(letters)]
                case _:
                    letters[at % len(letters)] = draw.choice("abcdehinorstA")
        cases.append(["".join(letters), draw.sample(known, draw.randint(1, len(known)))])
    expected = []
    for name, names in cases:
        lowered = {each.lower(): each for each in names}
        close = get_close_matches(name.lower(), lowered, n=1, cutoff=0.65)
        expected.append(lowered[close[0]] if close else "")
    assert run("probe_parts.gd", {"closest": cases}, tmp_path)["closest"] == expected
    assert 50 < sum(map(bool, expected)) < 400


def test_samples_are_those_of_the_sdk_and_finite(tmp_path: Path) -> None:
    draw = random.Random(6)
    payloads = [(draw.randbytes(4 * draw.randint(1, 40)), "s16le") for _ in range(50)]
    payloads += [(draw.randbytes(8 * draw.randint(1, 40)), "f32le") for _ in range(200)]
    payloads.append((struct.pack("<4h", -32_768, 32_767, -1, 0), "s16le"))
    for value in (float("nan"), float("inf"), float("-inf"), 3.4e38, 1e-45, -0.0):
        payloads.append((struct.pack("<4f", 0.5, -0.5, value, 1.0), "f32le"))
    expected: list[Any] = []
    for payload, sample_format in payloads:
        try:
            values = floats(payload, sample_format).tolist()
        except ProtocolError:
            expected.append(None)
            continue
        expected.append([list(pair) for pair in zip(values[::2], values[1::2], strict=True)])
    got = run("probe_parts.gd", {"pcm": [[payload.hex(), kind] for payload, kind in payloads]}, tmp_path)["pcm"]
    assert got == expected
    assert None in expected[50:250]


def test_pauses_and_reports_are_those_of_the_sdk(tmp_path: Path) -> None:
    draw = random.Random(7)
    codes: list[str | None] = [code for each in CODES for code in [each] * 8]
    codes += [draw.choice([*CODES, "broken_off", "broken_off", None]) for _ in range(300)]
    schedule = RetrySchedule()
    expected: list[Any] = []
    for code in codes:
        if code is None:
            schedule.connected()
            expected.append(None)
            continue
        pause_s, event = schedule.failed(ConnectFailure(code=code, text=""))
        expected.append([pause_s, event is not None])
    assert run("probe_parts.gd", {"retries": codes}, tmp_path)["retries"] == expected


def test_what_is_heard_follows_what_was_handed_over(tmp_path: Path) -> None:
    steps = [
        ["render", 480, 960],
        ["chunk", 0, 19_200],
        ["render", 480, 960],
        ["render", 480, 960],
        ["render", 480, 960],
        ["pause"],
        ["render", 960, 960],
        ["render", 960, 960],
        ["render", 480, 960],
        ["render", 480, 960],
        ["resume"],
        ["render", 480, 960],
    ]
    got = run("probe_parts.gd", {"player": steps}, tmp_path)["player"]
    have = 19_200
    assert got == [
        [0, 0, 0, True],
        [0, 0, have, True],
        [0, 480, have, False],
        [0, 960, have, False],
        [480, 1_440, have, False],
        [480, 1_440, have, False],
        # The fade-out takes 1 440 samples; then what was handed over is heard while silence is.
        [1_440, 2_400, have, False],
        [2_400, 2_880, have, True],
        [2_880, 2_880, have, True],
        [2_880, 2_880, have, True],
        [2_880, 2_880, have, True],
        [2_880, 3_360, have, False],
    ]


def test_music_begins_once_the_pre_roll_is_there(tmp_path: Path) -> None:
    steps = [
        ["pre_roll", 9_600],
        ["chunk", 0, 4_800],
        ["render", 480, 0],
        ["chunk", 4_800, 4_799],
        ["render", 480, 0],
        ["chunk", 9_599, 4_800],
        ["render", 480, 0],
    ]
    got = run("probe_parts.gd", {"player": steps}, tmp_path)["player"]
    assert [is_standing for _, _, _, is_standing in got] == [True] * 6 + [False]


def test_a_call_on_the_beat_that_schedules_itself_again_comes_once_a_beat(tmp_path: Path) -> None:
    """It comes up to half a game frame before its beat, which is still ahead then."""
    heard = [float(800 * frame - 300) for frame in range(1, 100)]
    assert run("probe_parts.gd", {"calls": heard}, tmp_path)["calls"] == [24_000 * beat - 300.0 for beat in (1, 2, 3)]
