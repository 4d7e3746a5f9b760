"""Takes reach a client in time, and continue what it has after a stall; the client is the SDK's own timeline."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from segue.contract import FADE_SAMPLES, FRAME_SIZE, JOIN_SAMPLES, SAMPLE_RATE
from segue.runtime.fallback import Loop
from segue.runtime.messages import ChunkOut
from segue.runtime.recording import replay
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from unit.runtime.distant_session import TICK, Delays, DistantSession
from unit.runtime.rules_versions import FIRST
from unit.runtime.toy_generator import ToyGenerator

LOOKAHEAD_S = 4.0
DELAYS = {
    "quiet": Delays(),
    "varying network": Delays(jitter=0.06, varying=2.0),
    "busy": Delays(call=0.01, frame=0.008, varying=3.0),
    "slow jobs": Delays(slow=0.6, slow_share=0.05),
    "slow jobs and a varying network": Delays(jitter=0.08, varying=1.0, slow=1.0, slow_share=0.08),
}


def distant(
    delays: Delays, *, seed: int = 0, events_a_second: float = 0.0, lookahead_s: float = LOOKAHEAD_S
) -> DistantSession:
    config = SessionConfig(seed=5, lookahead_s=lookahead_s)
    return DistantSession([ToyGenerator(), Loop()], config, delays, seed=seed, events_a_second=events_a_second)


def check_replay(played: DistantSession) -> None:
    """Check that the journal gives the same chunks, byte for byte."""
    generators = [ToyGenerator(), Loop()]
    again = Session(FIRST.rules, FIRST.styles, generators, played.config)
    chunks = [message for message in replay(again, generators, played.journal) if isinstance(message, ChunkOut)]
    theirs = [arrival.chunk for arrival in played.arrivals]
    assert len(chunks) >= len(theirs) > 10
    for ours, sent in zip(chunks, theirs, strict=False):
        assert (ours.take, ours.start, ours.reason, ours.mixed) == (sent.take, sent.start, sent.reason, sent.mixed)
        assert ours.samples.tobytes() == sent.samples.tobytes()


def cuts(played: DistantSession) -> int:
    """Count the jobs that were done for a later change than they were begun for."""
    specs = [operation[1] for operation in played.journal if operation[0] in ("begun", "done")]
    return sum(done.change > begun.change for begun, done in pairwise(specs) if done.end == begun.end)


@pytest.mark.parametrize("name", DELAYS)
def test_hardly_any_take_opens_behind_the_client(name: str) -> None:
    played = [distant(DELAYS[name], seed=seed, events_a_second=1.5) for seed in range(2)]
    for one in played:
        one.run(20)
        check_replay(one)
    opened = sum(arrival.chunk.reason != "extend" for one in played for arrival in one.arrivals)
    assert opened > 20
    # What remains is a network that is slower than ever before, or older music that ends before the new music comes.
    # Measured over 320 s: at most 2.6 %; without takes that open later than they were asked for, up to 7.9 %.
    assert sum(len(one.late) for one in played) <= 0.04 * opened


def test_a_job_that_takes_long_opens_its_take_later() -> None:
    played = distant(Delays(slow=0.3, slow_share=0.3), events_a_second=1.5)
    played.run(30)
    assert cuts(played) > 0
    assert played.late == []
    assert np.abs(np.diff(np.concatenate(played.played)[:, 0])).max() < 0.03
    check_replay(played)


def stalled(seconds: float, lookahead_s: float = LOOKAHEAD_S) -> tuple[DistantSession, int]:
    """Stall generation just after a replacement; return the session and the end of the older music."""
    played = distant(Delays(), lookahead_s=lookahead_s)
    played.run(3.0)
    played.set(threat=1.0)
    older = max(arrival.chunk.start + len(arrival.chunk.samples) for arrival in played.arrivals)
    played.run_until(lambda: played.arrivals[-1].chunk.reason == "replace")
    played.stall(seconds)
    played.run(seconds + 6.0)
    return played, older


@pytest.mark.parametrize("seconds", [1.0, 3.0, 3.5])
def test_after_a_stall_new_music_begins_where_the_older_music_ends(seconds: float) -> None:
    played, older = stalled(seconds)
    (skip,) = [arrival for arrival in played.arrivals if arrival.chunk.reason == "skip"]
    assert skip.have == older
    # Early enough for the client's crossfade, and no earlier than the frame that needs.
    assert 0 <= older - JOIN_SAMPLES - FADE_SAMPLES - skip.chunk.start < FRAME_SIZE
    assert skip.committed < skip.chunk.start
    assert not skip.chunk.mixed
    assert (played.standing_ticks, played.timeline.underruns, played.late) == (0, 0, [])
    sound = np.concatenate(played.played)[SAMPLE_RATE:]
    assert np.abs(np.diff(sound[:, 0])).max() < 0.03
    assert min(np.abs(block).max() for block in np.array_split(sound, len(sound) // 480)) > 0.1
    check_replay(played)


@pytest.mark.parametrize("seconds", [4.5, 8.0])
def test_after_a_longer_stall_the_music_begins_where_the_client_stands(seconds: float) -> None:
    played, older = stalled(seconds)
    (skip,) = [arrival for arrival in played.arrivals if arrival.chunk.reason == "skip"]
    assert (skip.playing, skip.committed, skip.chunk.start) == (False, older, older)
    assert not played.timeline.standing
    # The client had nearly the lookahead when the stall began; the pre-roll has to be made.
    assert played.standing_ticks * TICK / SAMPLE_RATE <= seconds - LOOKAHEAD_S + 0.6
    assert played.timeline.underruns == 1
    check_replay(played)


def test_after_a_short_gap_the_generator_continues_its_music() -> None:
    played, _ = stalled(1.0, lookahead_s=1.5)
    specs = [operation[1] for operation in played.journal if operation[0] == "done"]
    at = next(index for index, spec in enumerate(specs) if spec.reason == "skip")
    # The gap is generated and not heard.
    assert specs[at].origin == specs[at - 1].end < specs[at].change


def test_after_a_long_gap_the_generator_begins_anew_and_is_heard_later() -> None:
    played, _ = stalled(1.0)
    specs = [operation[1] for operation in played.journal if operation[0] == "done"]
    at = next(index for index, spec in enumerate(specs) if spec.reason == "skip")
    assert specs[at - 1].end < specs[at].origin == specs[at].change - 50
