"""Numbers at the edge of what the protocol allows, in every field that clients fill, affect no other client."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from segue_sdk.limits import LARGEST_INTEGER
from segue_sdk.messages import (
    Chunk,
    Control,
    Error,
    Event,
    EventItem,
    Hello,
    Message,
    Playhead,
    Receipt,
    Restore,
    Save,
    Saved,
)
from unit.service.service_harness import ServiceHarness

FAR = (LARGEST_INTEGER, LARGEST_INTEGER - 1, 2 * 10**15, (1 << 45) + 1, 1 << 45, (1 << 39) * 1_920)


def messages(number: int) -> list[Message]:
    """Return every message of a client with the largest numbers in it."""
    item = EventItem(seq=number, at=number, set={"level": float(number), "deep": True})
    counts = {"last_chunk": number, "underruns": number, "late": number, "dropped": number}
    return [
        Playhead(played=0, committed=0, have=number, paused=True, **counts),
        Event(events=(item,)),
        Event(events=(EventItem(seq=number - 1, at=0, set={"level": -float(number)}),)),
        Save(id=number),
        Control(op="volume", gain_db=12.0, ramp_ms=60_000),
        Restore(id=number, at=number, take=0),
        Restore(id=number - 1, at=0, take=number),
        Restore(id=number - 2, at=number, take=number),
        Playhead(played=number, committed=number, have=number, paused=False, **counts),
        Event(events=(EventItem(seq=number - 2, at=number, reset=True),)),
        Save(id=number - 3),
    ]


@pytest.mark.parametrize("number", FAR)
@pytest.mark.parametrize("plays", [False, True])
def test_a_huge_number_in_any_field_affects_no_other_client(number: int, plays: bool) -> None:
    async def main() -> None:
        async with ServiceHarness(lookahead_ms=600) as harness:
            await harness.greet(b"other", seed=1)
            harness.playhead(b"other")
            harness.say(b"far", Hello(versions=(1,), client="a test", seed=number, last_chunk=number))
            await harness.settle()
            for message in messages(number)[0 if plays else 1 :]:
                harness.say(b"far", message)
                await harness.settle()
                harness.tick(1.0)
                harness.generate()
                assert not harness.scheduler.broken()
                # Time passes, as a client is sent few errors in a second.
                harness.playhead(b"other")
            codes = {one.code for one in harness.all(b"far", Error)}
            assert codes <= {"out_of_range", "rate_limited"}
            assert ("out_of_range" in codes) == (number > 1 << 45 or plays)
            assert {one.seq for one in harness.all(b"far", Receipt)} >= {number}
            assert harness.all(b"far", Saved)
            music = harness.all(b"other", Chunk)
            assert all(one.start + one.count == two.start for one, two in pairwise(music))
            counted = harness.metrics.registry.get_sample_value("segue_underruns_total")
            assert counted is not None
            assert counted <= 2_000

    asyncio.run(main())
