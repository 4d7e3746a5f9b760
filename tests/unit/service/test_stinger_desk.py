"""Stingers on the wire: one number a playing, sound in parts, cancellations that fit."""

from __future__ import annotations

import numpy as np
import pytest

from segue.runtime.messages import StingerOut
from segue.service.stingers import StingerDesk
from segue_rules.model import Duck
from segue_rules.plan import StingerCue
from segue_sdk.codec import decode, encode
from segue_sdk.messages import Stinger

SECONDS = 25
SOUND = np.random.default_rng(1).uniform(-1, 1, (SECONDS * 48_000, 2)).astype(np.float32)
DUCK = Duck(depth_db=-9.0, fade_out_samples=4_800, recovery_samples=9_600, fade_in_samples=24_000)


def cue(kind: str, start: int = 96_000, reason: str = "") -> StingerCue:
    return StingerCue(kind, "fanfare", start, -3.0, "drop", DUCK, reason)


def said(
    desk: StingerDesk, kind: str, *, cancelled: bool = False, start: int = 96_000, reason: str = ""
) -> list[Stinger]:
    """What the desk says, having gone over the wire."""
    out = StingerOut(cue=cue(kind, start, reason), cancelled=cancelled)
    received = [decode(encode(message)) for message in desk.messages(out)]
    assert all(isinstance(message, Stinger) for message in received)
    return received  # type: ignore[return-value]


@pytest.fixture
def desk() -> StingerDesk:
    return StingerDesk({"fanfare": SOUND}, "f32le")


def test_a_sound_goes_in_parts_that_add_up(desk: StingerDesk) -> None:
    parts = said(desk, "started")
    assert [part.kind for part in parts] == ["placed"] * 3
    assert [(part.offset, part.count) for part in parts] == [(0, 480_000), (480_000, 480_000), (960_000, 240_000)]
    assert {(part.id, part.total, part.start, part.gain_db) for part in parts} == {(1, len(SOUND), 96_000, -3.0)}
    whole = np.concatenate([np.frombuffer(bytes(part.pcm or b""), "<f4") for part in parts]).reshape(-1, 2)
    assert np.array_equal(whole, SOUND)
    assert parts[0].duck is not None
    assert (parts[0].duck.depth_db, parts[0].duck.fade_in) == (-9.0, 24_000)


def test_the_one_told_ahead_is_the_one_that_sounds(desk: StingerDesk) -> None:
    (ahead,) = said(desk, "scheduled", start=90_000)
    assert (ahead.kind, ahead.pcm) == ("scheduled", None)
    assert {part.id for part in said(desk, "started")} == {ahead.id}
    assert {part.id for part in said(desk, "started", start=960_000)} == {ahead.id + 1}


def test_what_is_taken_back_bears_its_number(desk: StingerDesk) -> None:
    (ahead,) = said(desk, "scheduled")
    (gone,) = said(desk, "scheduled", cancelled=True)
    assert (gone.kind, gone.id) == ("cancelled", ahead.id)
    number = said(desk, "started")[0].id
    assert number != ahead.id
    (gone,) = said(desk, "started", cancelled=True)
    assert (gone.kind, gone.id) == ("cancelled", number)
    assert said(desk, "started", cancelled=True) == []


def test_one_that_is_over_cannot_be_taken_back(desk: StingerDesk) -> None:
    said(desk, "started")
    desk.forget(96_001)
    assert said(desk, "started", cancelled=True) == []


def test_a_dropped_one_says_why(desk: StingerDesk) -> None:
    (ahead,) = said(desk, "scheduled")
    (dropped,) = said(desk, "dropped", reason="cooldown 3 s left")
    assert (dropped.kind, dropped.id, dropped.reason) == ("dropped", ahead.id, "cooldown 3 s left")


def test_a_burst_of_style_is_heard_in_the_music_alone() -> None:
    assert said(StingerDesk({}, "f32le"), "started") == []


def test_whole_numbers_stay_within_theirs() -> None:
    loud = StingerDesk({"fanfare": np.array([[2.0, -2.0], [0.5, -0.5]], np.float32)}, "s16le")
    (part,) = said(loud, "started")
    assert np.frombuffer(bytes(part.pcm or b""), "<i2").tolist() == [32_767, -32_768, 16_384, -16_384]
