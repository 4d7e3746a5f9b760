"""Another session continues a saved one without a break; forged saves do no harm."""

from __future__ import annotations

import hashlib
import random
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.contract import MOST_STATE_BYTES
from segue.runtime.fallback import Loop
from segue.runtime.messages import ChunkOut
from segue.runtime.restore import make_restore_point
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.snapshot import BLOB_BYTES, CELL_BYTES, Snapshot, SnapshotError
from segue_rules.events import Event
from segue_rules.plan import FramePlan
from unit.runtime import rules_versions
from unit.runtime.rule_files import BANK, RULES
from unit.runtime.toy_generator import ToyGenerator

CONFIG = SessionConfig(seed=9, lookahead_s=1.0)
CHUNKS = 14

events = st.one_of(
    st.sampled_from([0.0, 0.2, 0.55, 1.0]).map(lambda value: Event(sequence=0, set={"threat": value})),
    st.sampled_from(["field", "cave"]).map(lambda value: Event(sequence=0, set={"region": value})),
    st.just(Event(sequence=0, fire=("win",))),
    st.just(Event(sequence=0, reset=True, set={"region": "cave"})),
)
scripts = st.lists(st.tuples(st.integers(0, CHUNKS * 10 - 20), events), max_size=8).map(
    lambda drawn: [
        (frame, replace(event, sequence=i))
        for i, (frame, event) in enumerate(sorted(drawn, key=lambda item: item[0]), start=1)
    ]
)


def extended(session: Session, toy: ToyGenerator) -> ChunkOut:
    """Generate and return the session's next chunk."""
    position = session.head * 1_920
    session.playhead(played=position, committed=position, paused=True, now_s=0.0)
    spec = session.next_job(0.0)
    assert spec is not None
    job = session.begin(spec, 0.0)
    (result,) = toy.generate([job.request])
    session.complete(job, result, seconds=0.01)
    (chunk,) = [message for message in session.messages() if isinstance(message, ChunkOut)]
    return chunk


def joined(chunks: Sequence[ChunkOut]) -> tuple[np.ndarray[Any, Any], list[FramePlan]]:
    return np.concatenate([chunk.samples for chunk in chunks]), [plan for chunk in chunks for plan in chunk.plans]


def restored(data: bytes, frame: int | None = None, **fields: Any) -> tuple[Session, str]:
    """Return a new session that continues from saved bytes, and what it could restore."""
    snapshot = Snapshot.from_bytes(data)
    at = snapshot.position if frame is None else frame
    generators = [ToyGenerator()]
    arguments = {
        "rules": RULES,
        "generators": generators,
        "primary": 0,
        "frame": at,
        "seed": 1,
        "take": 5,
    } | fields
    point, outcome = make_restore_point(snapshot, **arguments)
    rules = arguments["rules"]
    return Session(rules, BANK, arguments["generators"], CONFIG, restore_point=point), outcome


@settings(max_examples=30)
@given(script=scripts, at=st.integers(1, CHUNKS - 1), as_blob=st.booleans())
def test_a_session_saved_at_any_chunk_continues_with_the_same_bytes(
    script: list[tuple[int, Event]], at: int, as_blob: bool
) -> None:
    toy = ToyGenerator()
    session = Session(RULES, BANK, [toy], CONFIG)
    for frame, event in script:
        session.apply_event(event, frame)
    saved, chunks = b"", []
    for index in range(CHUNKS):
        chunks.append(extended(session, toy))
        if index + 1 == at:
            snapshot = session.snapshot()
            cell = snapshot.to_cell()
            assert cell is not None
            saved = snapshot.to_blob() if as_blob else cell
            assert snapshot.last_event == len(script)
            assert Snapshot.from_bytes(saved).last_event == (0 if as_blob else len(script))
    again, outcome = restored(saved)
    assert outcome == "all"
    assert again.head == at * 10
    rest = [extended(again, toy) for _ in range(CHUNKS - at)]
    assert (rest[0].take, rest[0].reason, rest[0].mixed) == (5, "restore", False)
    assert {chunk.take for chunk in rest} == {5}
    sound, plans = joined(rest)
    expected, expected_plans = joined(chunks[at:])
    assert plans == expected_plans
    np.testing.assert_array_equal(sound, expected)


@pytest.mark.parametrize("at", range(1, 6))
def test_a_reset_that_the_cell_lacks_takes_effect_when_it_is_sent_again(at: int) -> None:
    """Killed between the reset and any later chunk: with the event again, the plans are those of one session."""
    toy = ToyGenerator()
    session = Session(RULES, BANK, [toy], CONFIG)
    events = [(12, Event(sequence=1, set={"threat": 1.0})), (43, Event(sequence=2, reset=True, set={"region": "cave"}))]
    for frame, event in events:
        session.apply_event(event, frame)
    for _ in range(at):
        extended(session, toy)
    snapshot = session.snapshot_at(10 * at, newest=False)
    assert snapshot is not None
    cell = snapshot.to_cell()
    assert cell is not None
    again, _ = restored(cell)
    for frame, event in events:
        if event.sequence > snapshot.last_event:
            again.apply_event(event, frame)
    before, after = session.plans(10 * at, 120), again.plans(10 * at, 120)
    assert [(p.states, p.mix, p.inputs, p.clock) for p in after] == [
        (p.states, p.mix, p.inputs, p.clock) for p in before
    ]
    assert [plan.inputs[0] for plan in session.plans(42, 44)] == [1.0, 0.0]


def half_played() -> Session:
    toy = ToyGenerator()
    session = Session(RULES, BANK, [toy], CONFIG, fingerprint="abc")
    session.apply_event(Event(sequence=4, set={"threat": 1.0, "region": "cave"}), 3)
    session.apply_event(Event(sequence=7, fire=("win",)), 70)
    for _ in range(5):
        extended(session, toy)
    return session


def test_the_music_can_continue_at_another_frame() -> None:
    session = half_played()
    toy = ToyGenerator()
    again, outcome = restored(session.snapshot().to_blob(), frame=1_000)
    assert (outcome, again.head) == ("all", 1_000)
    ours, theirs = extended(again, toy).plans, extended(session, toy).plans
    assert [(p.mix, p.states, p.controls, p.clock) for p in ours] == [
        (p.mix, p.states, p.controls, p.clock) for p in theirs
    ]
    assert again.plans(1_020, 1_021)[0].inputs[2] is True  # the trigger was still to come


def test_under_another_model_the_rules_alone_are_restored() -> None:
    data = half_played().snapshot().to_blob()
    session, outcome = restored(data, generators=[ToyGenerator("another")])
    assert outcome == "rules"
    assert session.plans(50, 51)[0].states == ("cave", "fight")
    assert extended(session, ToyGenerator("another")).start == 50 * 1_920


def test_a_loop_has_no_history_and_cannot_be_restored() -> None:
    loop = Loop()
    assert loop.pack(loop.start(seed=1)) == b""
    with pytest.raises(ValueError, match="loop"):
        loop.unpack(b"", frame=0)


def test_edited_rules_keep_the_states_whose_names_exist() -> None:
    data = half_played().snapshot().to_blob()
    snapshot = Snapshot.from_bytes(data)
    version = rules_versions.FEWER_STYLES
    point, outcome = make_restore_point(
        snapshot, rules=version.rules, generators=[ToyGenerator()], primary=0, frame=50, seed=1
    )
    session = Session(version.rules, version.styles, [ToyGenerator()], CONFIG, restore_point=point)
    assert outcome == "all"
    assert session.plans(50, 51)[0].states == ("fight", "day")


def test_without_a_snapshot_the_music_starts_anew_at_the_frame() -> None:
    toy = ToyGenerator()
    point, outcome = make_restore_point(None, rules=RULES, generators=[toy], primary=0, frame=77, seed=3, take=2)
    assert outcome == "nothing"
    chunk = extended(Session(RULES, BANK, [toy], CONFIG, restore_point=point), toy)
    assert (chunk.start, chunk.take, chunk.plans[0].clock.ticks) == (77 * 1_920, 2, 0)


def test_an_event_before_the_save_is_answered_and_has_no_second_effect() -> None:
    cell = half_played().snapshot().to_cell()
    assert cell is not None
    assert Snapshot.from_bytes(cell).last_event == Snapshot.from_bytes(cell).saved_director().last_event == 7
    session, _ = restored(cell)
    assert session.last_event == 7
    session.send(Event(sequence=7, set={"region": "field"}), position=0, now_s=0.0)
    session.send(Event(sequence=8, set={"threat": 0.9}), position=0, now_s=0.0)
    assert session.plans(60, 61)[0].inputs[1] == "cave"
    assert session.plans(60, 61)[0].inputs[0] == 0.9


def test_a_large_cell_leaves_out_the_history() -> None:
    snapshot = half_played().snapshot()
    rng = random.Random(1)
    noise = bytes(rng.randrange(256) for _ in range(MOST_STATE_BYTES))
    large = Snapshot(**{**vars(snapshot), "history": noise, "director": snapshot.director})
    cell = large.to_cell()
    assert cell is not None
    assert len(cell) <= CELL_BYTES
    assert Snapshot.from_bytes(cell).history == noise
    larger = Snapshot(**{**vars(snapshot), "history": noise + noise[:5_000]})
    cell = larger.to_cell()
    assert cell is not None
    assert Snapshot.from_bytes(cell).history == b""
    assert Snapshot.from_bytes(cell).director == snapshot.director
    hopeless = Snapshot(**{**vars(snapshot), "rules": "x" * BLOB_BYTES})
    assert hopeless.to_cell() is None
    with pytest.raises(SnapshotError):
        hopeless.to_blob()


def test_cut_and_changed_blobs_are_refused() -> None:
    data = half_played().snapshot().to_blob()
    rng = random.Random(2)
    for length in range(0, len(data), 7):
        with pytest.raises(SnapshotError):
            Snapshot.from_bytes(data[:length])
    for _ in range(300):
        at = rng.randrange(len(data))
        with pytest.raises(SnapshotError):
            Snapshot.from_bytes(data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :])


def _signed(body: bytes) -> bytes:
    return b"SGS1" + hashlib.sha256(body).digest() + body


def test_forged_bytes_with_a_right_checksum_give_an_error_or_a_session() -> None:
    body = half_played().snapshot().to_blob()[36:]
    fields = msgpack.unpackb(body)
    rng = random.Random(3)
    strange = [None, -1, 2**63, 1.5, "x" * 500, b"", b"\x00" * 70_000, [], {}, True, "abc", 1 << 52]
    taken = 0
    for _ in range(400):
        if rng.random() < 0.5:
            forged = bytearray(body)
            for _ in range(rng.randint(1, 4)):
                forged[rng.randrange(len(forged))] = rng.randrange(256)
            data = _signed(bytes(forged))
        else:
            data = _signed(msgpack.packb(fields | {rng.choice(list(fields)): rng.choice(strange)}))
        try:
            session, _ = restored(data, frame=50)
        except SnapshotError:
            continue
        taken += 1
        assert extended(session, ToyGenerator()).samples.shape == (10 * 1_920, 2)
    assert taken > 0


def test_a_decompression_bomb_is_not_unpacked() -> None:
    snapshot = half_played().snapshot()
    bomb = Snapshot(**{**vars(snapshot), "director": zlib.compress(b"\x90" * (40 << 20), 9)})
    with pytest.raises(SnapshotError, match="at most"):
        Snapshot.from_bytes(bomb.to_bytes())


def test_a_restored_hall_begins_empty_and_sounds_the_same_once_it_is_full() -> None:
    rules = replace(RULES, music=replace(RULES.music, reverb=0.5, low_pass_hz=500.0))
    toy = ToyGenerator()
    session = Session(rules, BANK, [toy], CONFIG)
    for _ in range(3):
        extended(session, toy)
    cell = session.snapshot().to_cell()
    assert cell is not None
    again, outcome = restored(cell, rules=rules)
    assert outcome == "all"
    found, expected = (joined([extended(each, toy) for _ in range(12)])[0] for each in (again, session))
    second = 48_000
    assert np.abs(found - expected)[:second].max() > 0.01
    np.testing.assert_allclose(found[-second:], expected[-second:], atol=1e-5)
