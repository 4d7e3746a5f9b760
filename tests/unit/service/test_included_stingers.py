"""Clients that get stingers in their chunks: beside others, over broken connections, and over restarts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from segue.contract import FRAME_SIZE, Samples
from segue_sdk.limits import SAMPLE_RATE
from segue_sdk.messages import Cell, Chunk, Control, Event, EventItem, Hello, Restore, Rules, Status, Stinger, Welcome
from segue_sdk.stinger_mixer import StingerMixer
from unit.runtime.stung import SOUNDS
from unit.service.service_harness import ServiceHarness

ONE, TWO = b"one", b"two"
# Far louder than the toy, and silent in the right channel, where the duck is heard alone.
BELL = np.stack([SOUNDS["toll"][:, 0] * np.float32(0.6), np.zeros(len(SOUNDS["toll"]), np.float32)], 1)
RULES = """
segue: 1
title: bell
inputs: {ring: {type: trigger}, level: {type: number, range: [0, 1], default: 0}}
styles: {calm: {text: "calm strings"}}
layers: {ground: {states: {calm: {default: true, mix: {calm: 1}}}}}
stingers:
  bell: {trigger: ring, audio: bell.wav, duck: {depth: -12dB, fade_out: 50ms, fade_in: 400ms}}
"""


@pytest.fixture
def rules(tmp_path: Path) -> dict[str, Any]:
    """Settings of a service that plays the bell's rules."""
    soundfile.write(tmp_path / "bell.wav", BELL, SAMPLE_RATE, subtype="FLOAT")
    path = tmp_path / "bell.yaml"
    path.write_text(RULES, encoding="utf-8")
    return {"rules": {"bell": path}, "default_rules": "bell", "seed": 3}


def ring(service: ServiceHarness, identity: bytes, number: int = 1) -> None:
    service.say(identity, Event(events=(EventItem(seq=number, at=0, fire=("ring",)),)))


async def begun(service: ServiceHarness, identity: bytes, **hello: Any) -> Welcome:
    """Let a client say hello and fill its buffer."""
    welcome = await service.greet(identity, **hello)
    service.playhead(identity)
    service.generate()
    return welcome


def heard(chunks: list[Chunk]) -> Samples:
    """Return the sound of chunks from sample 0 on, where each takes the place of what was there."""
    sound = np.zeros((0, 2), np.float32)
    for chunk in chunks:
        samples = np.frombuffer(bytes(chunk.pcm or b""), "<f4").reshape(-1, 2)
        assert chunk.start <= len(sound)
        sound = np.concatenate([sound[: chunk.start], samples])
    return sound


def test_two_clients_of_one_service_get_stingers_each_in_its_way(rules: dict[str, Any]) -> None:
    async def main() -> None:
        async with ServiceHarness(**rules) as service:
            for identity, how in ((ONE, "separate"), (TWO, "included")):
                await begun(service, identity, stingers=how)
                ring(service, identity)
                service.generate()
            parts, (placed,) = service.all(ONE, Stinger), service.all(TWO, Stinger)
            assert {part.kind for part in parts} == {"placed"}
            assert sum(part.count for part in parts) == len(BELL)
            assert (placed.kind, placed.count, placed.pcm) == ("placed", 0, None)
            assert (placed.total, placed.start, placed.duck) == (len(BELL), parts[0].start, parts[0].duck)
            assert parts[0].id != placed.id
            plain, mixed = heard(service.all(ONE, Chunk)), heard(service.all(TWO, Chunk))
            # A separate stinger replaces no music.
            assert {chunk.take for chunk in service.all(ONE, Chunk)} == {0}
            assert {chunk.take for chunk in service.all(TWO, Chunk)} == {0, 1}
            at, held = placed.start, placed.start + SAMPLE_RATE // 2
            np.testing.assert_allclose(mixed[:at], plain[:at], atol=1e-6)
            ducked = plain[held:] * np.float32(10 ** (-12 / 20))
            np.testing.assert_allclose(mixed[held:, 1], ducked[:, 1], atol=1e-4)
            bell = BELL[held - at :][: len(ducked), 0]
            np.testing.assert_allclose(mixed[held:, 0], ducked[:, 0] + bell, atol=1e-4)

    asyncio.run(main())


def test_a_client_that_comes_back_gets_the_same_mixed_bytes(rules: dict[str, Any]) -> None:
    async def main() -> None:
        async with ServiceHarness(**rules) as service:
            welcome = await begun(service, ONE, stingers="included")
            ring(service, ONE)
            service.generate()
            sent = service.all(ONE, Chunk)
            last = next(chunk.seq for chunk in sent if chunk.take == 1) - 1
            service.handler.closed(ONE)
            service.say(TWO, Hello(versions=(1,), client="a test", resume=welcome.key, last_chunk=last))
            await service.settle()
            again = service.all(TWO, Chunk)
            assert [(one.seq, bytes(one.pcm or b"")) for one in again] == [
                (one.seq, bytes(one.pcm or b"")) for one in sent if one.seq > last
            ]
            assert np.abs(heard(sent)).max() > 0.5

    asyncio.run(main())


def test_a_stinger_goes_on_after_a_restart_of_the_service(rules: dict[str, Any]) -> None:
    """The same session, once with a restart in the middle of the bell and once without."""

    async def main() -> None:
        async with ServiceHarness(**rules) as service:
            await begun(service, ONE, stingers="included")
            ring(service, ONE)
            service.generate()
            sent = service.all(ONE, Chunk)
            service.playhead(ONE, committed=SAMPLE_RATE)
            service.generate()
            whole = heard(service.all(ONE, Chunk))
        last = sent[-1]
        end = last.start + last.count
        async with ServiceHarness(**rules) as restarted:
            await restarted.greet(TWO, stingers="included")
            restarted.say(TWO, Restore(id=1, cell=last.cell, at=end, take=last.take))
            await restarted.settle()
            restarted.playhead(TWO, committed=SAMPLE_RATE, have=end)
            restarted.generate()
            assert [one.restored for one in restarted.all(TWO, Status) if one.restore] == ["all"]
            chunks = restarted.all(TWO, Chunk)
            assert (chunks[0].start, chunks[0].mixed) == (end, True)
            rest = heard([*sent, *chunks])[end:]
            np.testing.assert_allclose(rest, whole[end : end + len(rest)], atol=1e-6)
            assert np.abs(rest[:FRAME_SIZE, 0]).max() > 0.3

    asyncio.run(main())


@pytest.mark.parametrize("kind", [Cell, Chunk])
def test_a_stinger_beside_the_music_goes_on_after_a_restart_of_the_service(
    rules: dict[str, Any], kind: type[Cell | Chunk]
) -> None:
    async def main() -> None:
        async with ServiceHarness(**rules) as service:
            await begun(service, ONE)
            ring(service, ONE)
            service.generate()
            service.tick(0.3)
            service.playhead(ONE, committed=SAMPLE_RATE // 2)
            service.generate()
            # The bell rang after the first chunks were sent: it is in newer cells, and in those of further chunks.
            parts, cell = service.all(ONE, Stinger), service.all(ONE, kind)[-1]
        at = cell.end if isinstance(cell, Cell) else cell.start + cell.count
        start, committed = parts[0].start, at - SAMPLE_RATE // 2
        had = [part for part in parts if part.start + part.offset < committed]
        assert start < committed < at < start + len(BELL)
        async with ServiceHarness(**rules) as restarted:
            await restarted.greet(TWO)
            restarted.say(TWO, Restore(id=1, cell=cell.cell, at=at, take=0))
            await restarted.settle()
            # Until the client's position is known, nothing is sent.
            assert restarted.all(TWO, Stinger) == []
            for position in range(committed, start + len(BELL), SAMPLE_RATE // 2):
                have = max([at, *(chunk.start + chunk.count for chunk in restarted.all(TWO, Chunk))])
                restarted.playhead(TWO, committed=position, have=max(have, position))
                restarted.generate()
            rest = restarted.all(TWO, Stinger)
        assert {(part.kind, part.id, part.start, part.total) for part in rest} == {
            ("placed", parts[0].id, start, len(BELL))
        }
        assert rest[0].start + rest[0].offset <= committed
        offsets = [part.offset for part in rest]
        assert offsets == sorted(set(offsets))
        assert rest[-1].offset + rest[-1].count == len(BELL)
        mixer, music = StingerMixer(), memoryview(bytearray(8 * (start + len(BELL)))).cast("f")
        for part in (*had, *rest):
            mixer.take(part, memoryview(bytes(part.pcm or b"")).cast("f"), 0 if part in had else committed)
        mixer.mix(0, music)
        sound = np.array(music, np.float32).reshape(-1, 2)[start:]
        np.testing.assert_allclose(sound, BELL, atol=1e-6)

    asyncio.run(main())


def test_a_save_game_holds_no_stinger(rules: dict[str, Any]) -> None:
    async def main() -> None:
        async with ServiceHarness(**rules) as service:
            await begun(service, ONE, stingers="included")
            ring(service, ONE)
            service.generate()
            (session,) = service.sessions
            snapshot = session.music.snapshot()
            assert [each.name for each in snapshot.stingers] == ["bell"]
            assert type(snapshot).from_bytes(snapshot.to_bytes()) == snapshot
            assert type(snapshot).from_bytes(snapshot.to_blob()).stingers == ()

    asyncio.run(main())


def test_rules_that_lose_a_stinger_let_it_sound_to_its_end(rules: dict[str, Any]) -> None:
    async def main() -> None:
        async with ServiceHarness(**rules) as service:
            await begun(service, ONE, stingers="included")
            ring(service, ONE)
            service.generate()
            before = heard(service.all(ONE, Chunk))
            service.say(ONE, Control(op="rules", rules_text=RULES.partition("stingers:")[0]))
            await service.settle()
            assert service.all(ONE, Rules)[-1].declaration is not None
            service.playhead(ONE, committed=SAMPLE_RATE)
            service.generate()
            after = heard(service.all(ONE, Chunk))
            placed = service.all(ONE, Stinger)[0]
            bell = BELL[len(before) - placed.start :, 0][: len(after) - len(before)]
            assert len(bell) > SAMPLE_RATE // 2
            # What is left is the toy under the duck.
            assert np.abs(after[len(before) :][: len(bell), 0] - bell).max() < 0.3 * 10 ** (-12 / 20) + 0.05

    asyncio.run(main())
