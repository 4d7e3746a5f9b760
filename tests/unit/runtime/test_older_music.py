"""After a stall the client plays music that was replaced; it stays where it is right, and gives way where it is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from segue.contract import FADE_SAMPLES, FRAME_SIZE, JOIN_SAMPLES
from segue.runtime.fallback import Loop
from segue.runtime.jobs import JobSpec
from segue.runtime.planner import is_significant
from segue.runtime.session_config import SessionConfig
from unit.runtime.distant_session import TICKS_PER_SECOND, Arrival, Delays, DistantSession, check_sound, replayed
from unit.runtime.toy_generator import ToyGenerator

LOOKAHEAD_S = 4.0
# From a stall's end or an event to its sound, with up to 0.1 s for what is generated and not heard.
MOST_REACTION_S = 0.3


def chain() -> list[Any]:
    return [ToyGenerator(), Loop()]


def distant(*, lookahead_s: float = LOOKAHEAD_S, delays: Delays | None = None, **config: Any) -> DistantSession:
    made = SessionConfig(seed=5, lookahead_s=lookahead_s, **config)
    return DistantSession(chain(), made, delays or Delays(), events_a_second=0.0)


def replaced(played: DistantSession, **fields: Any) -> int:
    """Play, send an event that replaces the music, and return the end of the older music."""
    played.run(3.0)
    played.send(**fields)
    older = max(arrival.chunk.start + len(arrival.chunk.samples) for arrival in played.arrivals)
    played.run_until(lambda: played.arrivals[-1].chunk.reason == "replace")
    return older


def outdated_ticks(played: DistantSession) -> list[bool]:
    """Return for each tick whether the client played music that does not follow the newest plans; checks the replay."""
    again = replayed(played, chain())
    first = next(tick for tick, plan in enumerate(played.heard) if plan is not None)
    outdated = [False] * first
    for plan in played.heard[first:]:
        assert plan is not None, "the client's clock stood"
        (newest,) = again.plans(plan.frame, plan.frame + 1)
        outdated.append(is_significant(plan, newest, played.config.significance, fills=False))
    return outdated


def reaction_ticks(played: DistantSession, tick: int) -> int:
    """Return how long after a tick the client first played music that follows the newest plans and the last event."""
    (*_, effective) = [operation[2] for operation in played.journal if operation[0] == "event"]
    outdated = outdated_ticks(played)
    heard = [plan is not None and plan.frame >= effective for plan in played.heard]
    return next(at - tick for at in range(tick, len(heard)) if heard[at] and not outdated[at])


def done(played: DistantSession) -> list[JobSpec]:
    return [operation[1] for operation in played.journal if operation[0] == "done"]


def only(played: DistantSession, reason: str) -> Arrival:
    (found,) = [arrival for arrival in played.arrivals if arrival.chunk.reason == reason]
    return found


def check_unbroken(played: DistantSession) -> None:
    assert (played.standing_ticks, played.timeline.underruns, played.late) == (0, 0, [])
    check_sound(played)


# When the stall begins, in seconds before or after the event that replaces the music.
MOMENTS = (-0.03, 0.02, 0.06, 0.15)


@pytest.mark.parametrize(("lookahead_s", "stall_s"), [(4.0, 1.0), (4.0, 3.0), (20.0, 1.0), (20.0, 3.0), (20.0, 8.0)])
@pytest.mark.parametrize("what", ["generator", "service"])
def test_after_a_stall_around_a_replacement_the_newest_plans_are_heard_at_once(
    lookahead_s: float, stall_s: float, what: str
) -> None:
    for moment in MOMENTS:
        played = distant(lookahead_s=lookahead_s)
        played.run(3.0)
        if moment >= 0:
            played.set(threat=1.0)
        played.run(max(0.0, moment))
        (played.stall if what == "generator" else played.freeze)(stall_s)
        back = played.tick + round(stall_s * TICKS_PER_SECOND)
        played.run(max(0.0, -moment))
        if moment < 0:
            played.set(threat=1.0)
        played.run(stall_s / 2)
        played.set(region="cave")
        played.run((back - played.tick) / TICKS_PER_SECOND + 2.0)
        outdated = outdated_ticks(played)
        # The generator's last job before the stall comes up to a job's time later than its end.
        reaction = max((tick for tick, is_outdated in enumerate(outdated) if is_outdated), default=back) - back
        assert reaction <= MOST_REACTION_S * TICKS_PER_SECOND, moment
        check_unbroken(played)


@pytest.mark.parametrize("stall_s", [1.0, 3.0, 3.5])
def test_outdated_music_is_replaced_with_a_crossfade(stall_s: float) -> None:
    played = distant()
    older = replaced(played, set={"threat": 1.0})
    played.stall(stall_s)
    played.run(stall_s + 4.0)
    first, again = [arrival for arrival in played.arrivals if arrival.chunk.reason == "replace"]
    assert first.chunk.start + len(first.chunk.samples) < again.committed < again.chunk.start
    assert again.have == older
    assert again.chunk.mixed
    assert all(arrival.chunk.reason in ("extend", "replace") for arrival in played.arrivals)
    outdated_ticks(played)
    check_unbroken(played)


@pytest.mark.parametrize("stall_s", [2.5, 3.0, 3.5])
def test_music_that_is_right_plays_to_its_end(stall_s: float) -> None:
    played = distant()
    # After this burst of another style the music is as it was planned before it.
    older = replaced(played, fire=("win",))
    played.stall(stall_s)
    played.run(stall_s + 5.0)
    skip = only(played, "skip")
    assert skip.have == older
    # Early enough for the client's crossfade, and no earlier than the frame that needs.
    assert 0 <= older - JOIN_SAMPLES - FADE_SAMPLES - skip.chunk.start < FRAME_SIZE
    assert skip.committed < skip.chunk.start
    assert not skip.chunk.mixed
    assert not any(outdated_ticks(played)[-4 * TICKS_PER_SECOND :])
    check_unbroken(played)


@pytest.mark.parametrize("lookahead_s", [4.0, 20.0])
def test_an_event_changes_music_that_is_right_in_front_of_a_skip(lookahead_s: float) -> None:
    played = distant(lookahead_s=lookahead_s)
    replaced(played, fire=("win",))
    played.stall(2.5)
    played.run(2.8)
    if lookahead_s == LOOKAHEAD_S:
        only(played, "skip")
    played.set(region="cave")
    sent = played.tick
    played.run(3.0)
    # The change waits for a beat, which is in the plan.
    assert reaction_ticks(played, sent) <= MOST_REACTION_S * TICKS_PER_SECOND
    assert [spec.reason for spec in done(played)].count("replace") == 2
    check_unbroken(played)


@pytest.mark.parametrize("stall_s", [4.5, 8.0])
def test_after_a_longer_stall_the_music_begins_where_the_client_stands(stall_s: float) -> None:
    played = distant()
    older = replaced(played, set={"threat": 1.0})
    played.stall(stall_s)
    played.run(stall_s + 6.0)
    skip = only(played, "skip")
    assert (skip.playing, skip.committed, skip.chunk.start) == (False, older, older)
    assert not played.timeline.standing
    # The client had nearly the lookahead when the stall began; the pre-roll has to be made.
    assert played.standing_ticks / TICKS_PER_SECOND <= stall_s - LOOKAHEAD_S + 0.6
    assert played.timeline.underruns == 1
    replayed(played, chain())


def test_after_a_short_gap_the_generator_continues_its_music() -> None:
    for event in ({"set": {"threat": 1.0}}, {"fire": ("win",)}):
        played = distant(lookahead_s=3.0)
        replaced(played, **event)
        played.stall(1.0 if "set" in event else 2.5)
        played.run(5.0)
        specs = done(played)
        at = [index for index, spec in enumerate(specs) if spec.reason in ("replace", "skip")][1]
        # The gap is generated and not heard.
        assert specs[at].origin == specs[at - 1].end < specs[at].change


def test_after_a_long_gap_the_generator_begins_anew_and_is_heard_later() -> None:
    for event, lead in (({"set": {"threat": 1.0}}, 0.1), ({"fire": ("win",)}, 0.25)):
        played = distant(delays=Delays(frame=0.008, varying=0.0))
        replaced(played, **event)
        played.stall(3.0)
        played.run(6.0)
        specs = done(played)
        at = [index for index, spec in enumerate(specs) if spec.reason in ("replace", "skip")][1]
        # So many frames are made in that time.
        assert 0.8 * lead / 0.009 <= specs[at].change - specs[at].origin <= lead / 0.008
        assert specs[at - 1].end < specs[at].origin
        check_unbroken(played)
        replayed(played, chain())


@pytest.mark.parametrize(("longer_s", "opens"), [(0.06, True), (0.5, False)])
def test_a_replacement_that_takes_long_opens_its_take_later_or_is_made_again(longer_s: float, opens: bool) -> None:
    played = distant(delays=Delays(varying=0.0))
    older = replaced(played, set={"threat": 1.0})
    played.stall(1.0)
    played.run_until(lambda: played.journal[-1][0] == "begun" and played.journal[-1][1].reason == "replace")
    begun = played.journal[-1][1]
    played.stall(longer_s)
    played.run(4.0)
    first, again = [spec for spec in done(played) if spec.reason == "replace"]
    assert first.change < begun.change < again.change < older // FRAME_SIZE
    assert (again.end == begun.end) == opens
    outdated_ticks(played)
    check_unbroken(played)


def test_a_generator_that_is_too_slow_replaces_nothing_until_it_is_faster() -> None:
    played = distant(min_headroom=12.0)
    older = replaced(played, set={"threat": 1.0})
    played.stall(1.0)
    played.run(6.0)
    skip = only(played, "skip")
    (*_, again) = [arrival for arrival in played.arrivals if arrival.chunk.reason == "replace"]
    # First comes what is needed when the older music ends.
    assert 0 <= older - JOIN_SAMPLES - FADE_SAMPLES - skip.chunk.start < FRAME_SIZE
    assert skip.committed < again.chunk.start < skip.chunk.start
    assert not any(outdated_ticks(played)[-3 * TICKS_PER_SECOND :])
    check_unbroken(played)


def test_music_with_stingers_is_joined_by_the_client() -> None:
    played = distant(stingers="included")
    replaced(played, set={"threat": 1.0})
    played.stall(1.0)
    played.run(4.0)
    first, again = [arrival for arrival in played.arrivals if arrival.chunk.reason == "replace"]
    assert (first.chunk.mixed, again.chunk.mixed) == (True, False)
    outdated_ticks(played)
    check_unbroken(played)


def test_no_chunk_after_a_stall_is_silent() -> None:
    played = distant(lookahead_s=20.0)
    for threat in (1.0, 0.0, 1.0):
        replaced(played, set={"threat": threat})
        played.stall(2.0)
        played.run(3.0)
    for arrival in played.arrivals:
        samples = arrival.chunk.samples
        assert min(np.abs(block).max() for block in np.array_split(samples, len(samples) // 480)) > 0.1
