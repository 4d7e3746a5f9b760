"""The codec gives a message or a ProtocolError for any bytes, and messages check themselves at construction."""

from __future__ import annotations

import random
import subprocess
import sys
from array import array
from dataclasses import FrozenInstanceError, replace
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_sdk.codec import decode, encode, type_of
from segue_sdk.errors import DECODE_CODES, ProtocolError
from segue_sdk.limits import HEADER_BYTES
from segue_sdk.messages import (
    CLIENT_MESSAGES,
    MESSAGES,
    NAMES,
    SERVICE_MESSAGES,
    Bye,
    Chunk,
    Control,
    Event,
    EventItem,
    Hello,
    Playhead,
    Restore,
    Rules,
    Save,
    Stinger,
)
from segue_sdk.take_buffer import floats
from segue_sdk.vectors.examples import FULL, MINIMAL

EXAMPLES = [*MINIMAL, *FULL]


class Crowd(IntEnum):
    THREE = 3


def check(parts: list[bytes]) -> None:
    code = ""
    try:
        message = decode(parts)
    except ProtocolError as error:
        code = error.code
    assert code in DECODE_CODES if code else decode(encode(message)) == message


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=60), max_size=3))
def test_any_bytes_give_a_message_or_a_protocol_error(parts: list[bytes]) -> None:
    check(parts)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)
keys = sorted({key for message in EXAMPLES for key in message.to_map()})


@settings(max_examples=300)
@given(st.sampled_from(sorted(MESSAGES)), st.dictionaries(st.sampled_from(keys), plain, max_size=6), st.booleans())
def test_any_fields_give_a_message_or_a_protocol_error(name: str, fields: dict[str, object], payload: bool) -> None:
    example = next(message for message in EXAMPLES if NAMES[type(message)] == name)
    header = msgpack.packb({"v": 1, "t": name, **example.to_map(), **fields})
    check([header, b"\x00" * 8] if payload else [header])


@pytest.mark.parametrize("seed", range(10))
def test_flipped_and_cut_messages_give_a_message_or_a_protocol_error(seed: int) -> None:
    chance = random.Random(seed)
    for message in EXAMPLES:
        for _ in range(20):
            parts = [bytearray(part) for part in encode(message)]
            for _ in range(chance.randint(1, 3)):
                parts[0][chance.randrange(len(parts[0]))] = chance.randrange(256)
            del parts[-1][chance.randint(0, len(parts[-1])) :]
            check([bytes(part) for part in parts])


def test_all_messages_have_a_direction_and_only_error_and_bye_have_both() -> None:
    assert set(CLIENT_MESSAGES) & set(SERVICE_MESSAGES) == {"error", "bye"}
    assert set(NAMES.values()) == set(MESSAGES)


def test_parts_may_be_memoryviews_and_samples_are_not_copied() -> None:
    chunk = next(message for message in MINIMAL if isinstance(message, Chunk))
    header, pcm = encode(chunk)
    assert pcm is chunk.pcm
    view = memoryview(bytearray(pcm))
    decoded = decode([memoryview(header), view])
    assert isinstance(decoded, Chunk)
    assert decoded == chunk
    assert decoded.pcm is view


def test_messages_are_frozen_and_checked_at_construction() -> None:
    save = Save(id=1)
    with pytest.raises(FrozenInstanceError):
        save.id = 2  # type: ignore[misc]
    with pytest.raises(ProtocolError, match="out_of_range: id: expected 1 to \\(2\\^53 - 1\\), got 0"):
        replace(save, id=0)
    with pytest.raises(ProtocolError, match="bad_value: hello"):
        Hello(versions=(1,), client="", rules_text="a", rules_name="b")
    with pytest.raises(ProtocolError, match="expected either"):
        Rules()


def test_an_error_names_the_place_of_the_mistake() -> None:
    header = msgpack.packb({"v": 1, "t": "event", "events": [{"seq": 1, "at": 0, "set": {"threat": None}}]})
    with pytest.raises(ProtocolError) as caught:
        decode([header])
    assert str(caught.value) == "wrong_type: events[0].set['threat']: expected a number, a boolean or a text, got nil"


def header(kind: str, /, **fields: object) -> list[bytes]:
    return [msgpack.packb({"v": 1, "t": kind, **fields})]


def test_whole_reals_are_read_where_an_integer_is_asked_for() -> None:
    playhead = decode(header("playhead", played=1.0, committed=2.0, have=float(2**53 - 1), paused=False, late=-0.0))
    assert playhead == Playhead(played=1, committed=2, have=2**53 - 1, paused=False)
    assert isinstance(playhead, Playhead)
    assert [type(number) for number in (playhead.played, playhead.have, playhead.late)] == [int, int, int]
    in_lists = decode(header("event", events=[{"seq": 3.0, "at": 0.0, "set": {"enemies": 2.0}}]))
    assert in_lists == Event(events=(EventItem(seq=3, at=0, set={"enemies": 2.0}),))
    # The rules know whether an input is an integer; its value stays what the client sent.
    assert isinstance(in_lists, Event)
    assert isinstance(in_lists.events[0].set["enemies"], float)
    assert type_of(header("restore", id=7.0)) == ("restore", 7)


@pytest.mark.parametrize(
    ("id", "code"),
    [
        (1.5, "wrong_type"),
        (0.0, "out_of_range"),
        (-1.0, "out_of_range"),
        (2.0**53, "out_of_range"),
        (1e300, "out_of_range"),
        (2**53, "out_of_range"),
        (True, "wrong_type"),
        ("1", "wrong_type"),
    ],
)
def test_other_numbers_are_refused_where_an_integer_is_asked_for(id: object, code: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        decode(header("save", id=id))
    assert caught.value.code == code


@pytest.mark.parametrize(
    "fields",
    [
        {"reason": "quit\0"},
        {"reason": "\0"},
        {"reason": "quit", "text": "a\0b"},
        {"reason": "quit", "later": "\0"},
        {"reason": "quit", "later": [{"a": ["\0"]}]},
        {"reason": "quit", "later\0": 1},
        {"reason": "quit", "later": {"\0": 1}},
    ],
)
def test_nul_is_refused_in_texts_keys_and_unknown_fields(fields: dict[str, object]) -> None:
    with pytest.raises(ProtocolError, match="without U\\+0000") as caught:
        decode(header("bye", **fields))
    assert caught.value.code == "bad_value"


def test_nul_is_refused_in_the_type_and_in_names() -> None:
    for refused in (header("bye\0", reason="quit"), header("event", events=[{"seq": 1, "at": 0, "set": {"a\0": 1}}])):
        with pytest.raises(ProtocolError) as caught:
            decode(refused)
        assert caught.value.code == "bad_value"
    # Bytes are no text.
    assert decode(header("restore", id=1, at=0, take=0, cell=b"\0")) == Restore(id=1, at=0, take=0, cell=b"\0")


def test_nul_is_refused_at_construction() -> None:
    for make in (lambda: Bye(reason="a\0"), lambda: EventItem(seq=1, at=0, set={"a\0": 1})):
        with pytest.raises(ProtocolError, match=r"bad_value: .*: expected a text without U\+0000"):
            make()


def test_a_stinger_in_the_chunks_is_placed_without_samples() -> None:
    placed = Stinger(id=2**52, name="victory", kind="placed", start=96_000, total=48_000)
    assert [bytes(part) for part in encode(placed)] == header("stinger", **placed.to_map())
    assert decode(encode(placed)) == placed
    assert placed.pcm is None
    # An empty payload is one nevertheless.
    assert decode([*encode(placed), b""]) == replace(placed, pcm=b"")


@pytest.mark.parametrize(
    ("fields", "payload", "code"),
    [
        ({"total": 48_000}, b"\0" * 8, "payload_mismatch"),
        ({"total": 48_000, "count": 1}, None, "payload_mismatch"),
        ({}, None, "out_of_range"),
        ({"total": 48_000, "offset": 48_001}, None, "out_of_range"),
    ],
)
def test_a_placed_stinger_needs_a_length_and_the_samples_that_it_counts(
    fields: dict[str, int], payload: bytes | None, code: str
) -> None:
    parts = header("stinger", id=1, name="victory", kind="placed", start=0, **fields)
    with pytest.raises(ProtocolError) as caught:
        decode(parts if payload is None else [*parts, payload])
    assert caught.value.code == code


def test_a_header_beyond_its_limit_is_not_encoded() -> None:
    item = EventItem(seq=1, at=0, set={f"{i:064}": "a" * 64 for i in range(256)})
    with pytest.raises(ProtocolError, match=f"too_large: header: expected at most {HEADER_BYTES}"):
        encode(Event(events=tuple(replace(item, seq=i) for i in range(1, 65))))


def test_type_of_reads_what_can_be_read_of_an_invalid_message() -> None:
    assert type_of([msgpack.packb({"v": 1, "t": "restore", "id": 7})]) == ("restore", 7)
    assert type_of([msgpack.packb({"v": 1, "t": 3, "seq": True})]) == ("", 0)
    assert type_of([b"\xc1"]) == ("", 0)
    assert type_of([]) == ("", 0)


def test_payloads_become_floats() -> None:
    s16 = array("h", [0, 1, 32_767, -32_768])
    assert floats(s16.tobytes(), "s16le").tolist() == [0.0, 1 / 32_768, 32_767 / 32_768, -1.0]
    f32 = array("f", [0.5, -0.25])
    assert floats(memoryview(f32.tobytes()), "f32le").tolist() == [0.5, -0.25]
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ProtocolError, match="not_finite"):
            floats(array("f", [0.0, bad]).tobytes(), "f32le")


def test_the_core_needs_neither_numpy_nor_zmq() -> None:
    imports = "import segue_sdk.session, segue_sdk.timeline, segue_sdk.vectors.files, sys"
    command = f"{imports}; sys.exit(any(name in sys.modules for name in ('numpy', 'zmq', 'segue', 'segue_rules')))"
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0


@pytest.mark.parametrize("three", [np.int64(3), np.uint8(3), np.array(3), Crowd.THREE])
def test_fields_take_whole_numbers_of_other_types(three: Any) -> None:
    hello = Hello(versions=(np.int16(1),), client="", seed=three)  # type: ignore[arg-type]
    assert hello == Hello(versions=(1,), client="", seed=3)
    assert [type(number) for number in (hello.seed, *hello.versions)] == [int, int]
    assert encode(hello) == encode(Hello(versions=(1,), client="", seed=3))


@pytest.mark.parametrize("half", [np.float32(0.5), np.float64(0.5), np.array(0.5), Fraction(1, 2), Decimal("0.5")])
def test_fields_take_reals_of_other_types(half: Any) -> None:
    control = Control(op="volume", gain_db=half, ramp_ms=np.int64(0))  # type: ignore[arg-type]
    assert control == Control(op="volume", gain_db=0.5)
    assert (type(control.gain_db), type(control.ramp_ms)) == (float, int)


@pytest.mark.parametrize(
    ("gain_db", "code"),
    [
        (np.float32("nan"), "not_finite"),
        (Decimal("sNaN"), "not_finite"),
        (Fraction(10**400), "out_of_range"),
        (np.bool_(True), "wrong_type"),
        (np.zeros(2), "wrong_type"),
        (np.float32(13), "out_of_range"),
    ],
)
def test_fields_refuse_numbers_of_other_types_that_do_not_fit(gain_db: Any, code: str) -> None:
    with pytest.raises(ProtocolError) as raised:
        Control(op="volume", gain_db=gain_db)
    assert raised.value.code == code


def test_booleans_of_numpy_are_booleans() -> None:
    playhead = Playhead(played=0, committed=0, have=0, paused=np.bool_(True))  # type: ignore[arg-type]
    assert playhead.paused is True
