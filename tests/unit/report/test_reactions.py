"""Reaction times agree with the played plans; the share of replaced frames."""

from __future__ import annotations

import pytest

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.report.reactions import (
    played_changes,
    reaction_statistics,
    reactions,
    replaced_share,
    sync_point,
    time_statistics,
)
from segue.runtime.simulation import LiveConditions, LiveRun
from segue_rules.events import ScriptedEvent
from segue_rules.model import Rules
from unit.report.chord_generator import live_run


def test_a_reaction_ends_at_the_first_played_frame_of_the_new_state(rules: Rules, run: LiveRun) -> None:
    found = reactions(run, ["mood"])
    assert [(r.sequence, r.to_state, r.sync_point) for r in found] == [
        (0, "chase", "immediate"),
        (4, "calm", "bar"),
        (5, "nerves", "beat"),
    ]
    plans = run.client.playback_plans()
    for reaction in found:
        frame = reaction.audible // FRAME_SIZE
        before, after = plans[frame - 1], plans[frame]
        assert before is not None
        assert after is not None
        assert before.states[0] != reaction.to_state == after.states[0]
        assert reaction.sent < reaction.effective <= reaction.decided <= reaction.audible


def test_delays_that_a_rule_asks_for_do_not_count_as_latency(run: LiveRun) -> None:
    chase, _, nerves = reactions(run, ["mood"])
    assert chase.decided_at_once
    # The heat reaches 8 after 1.6 s, and the attack takes another half second.
    assert not nerves.decided_at_once
    assert (nerves.decided - nerves.effective) / SAMPLE_RATE == pytest.approx(2.1, abs=0.05)
    assert nerves.total_s > 2 > 0.5 > nerves.latency_s
    assert set(reaction_statistics([chase, nerves])) == {"immediate"}


def test_slower_generation_increases_the_latency(rules: Rules, events: tuple[ScriptedEvent, ...], run: LiveRun) -> None:
    slow = live_run(rules, events, 6, LiveConditions(generation_s=0.4))
    assert reactions(slow, ["mood"])[0].latency_s > reactions(run, ["mood"])[0].latency_s + 0.1


def test_a_change_is_found_although_its_first_frame_arrived_too_late(run: LiveRun) -> None:
    plans = run.client.playback_plans()
    frame, change = played_changes(plans, ["mood"], [])[0]
    plan = plans[frame]
    assert plan is not None
    plans[frame] = plan._replace(states=("calm",), changes=())
    assert played_changes(plans, ["mood"], [change])[0] == (frame + 1, change)


def test_the_replaced_share_is_a_share_of_all_generated_frames(run: LiveRun) -> None:
    assert 0 < replaced_share(run) == run.repeated_frames / run.generated_frames < 0.5


def test_time_statistics_and_sync_points() -> None:
    times = time_statistics(n / 100 for n in range(101))
    assert times is not None
    assert (times.count, times.p50_s, times.p99_s, times.worst_s) == (101, 0.5, pytest.approx(0.99), 1.0)
    assert time_statistics([]) is None
    assert [sync_point(at) for at in ("immediate", "beat", "bar", "2 bars")] == ["immediate", "beat", "bar", "bar"]
