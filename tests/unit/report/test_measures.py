"""Reaction times against what was really heard, and what replacement costs."""

from __future__ import annotations

import pytest

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.report.measures import heard_changes, reaction_spreads, reactions, repeated_share, spread, unit_of
from segue.runtime.simulation import LiveConditions, LiveRun
from segue_rules.events import ScriptedEvent
from segue_rules.model import Rules
from unit.report.synthetic import live_run


def test_each_reaction_ends_where_the_new_state_is_first_heard(rules: Rules, run: LiveRun) -> None:
    found = reactions(run, ["mood"])
    assert [(r.sequence, r.to_state, r.unit) for r in found] == [
        (0, "chase", "immediate"),
        (4, "calm", "bar"),
        (5, "nerves", "beat"),
    ]
    plans = run.client.playback_plans()
    for reaction in found:
        frame = reaction.heard // FRAME_SIZE
        before, after = plans[frame - 1], plans[frame]
        assert before is not None
        assert after is not None
        assert before.states[0] != reaction.to_state == after.states[0]
        assert reaction.sent < reaction.effective <= reaction.decided <= reaction.heard


def test_the_waits_a_rule_asks_for_do_not_count_as_slowness(run: LiveRun) -> None:
    chase, _, nerves = reactions(run, ["mood"])
    assert chase.prompt
    # A heat of 8 is reached 1.6 s after it was set, and the attack takes half a second more.
    assert not nerves.prompt
    assert (nerves.decided - nerves.effective) / SAMPLE_RATE == pytest.approx(2.1, abs=0.05)
    assert nerves.total_s > 2 > 0.5 > nerves.latency_s
    assert set(reaction_spreads([chase, nerves])) == {"immediate"}


def test_slower_generation_reacts_later(rules: Rules, events: tuple[ScriptedEvent, ...], run: LiveRun) -> None:
    slow = live_run(rules, events, 6, LiveConditions(generation_s=0.4))
    assert reactions(slow, ["mood"])[0].latency_s > reactions(run, ["mood"])[0].latency_s + 0.1


def test_a_change_whose_first_frame_came_too_late_is_still_found(run: LiveRun) -> None:
    plans = run.client.playback_plans()
    frame, change = heard_changes(plans, ["mood"], [])[0]
    plan = plans[frame]
    assert plan is not None
    plans[frame] = plan._replace(states=("calm",), changes=())
    assert heard_changes(plans, ["mood"], [change])[0] == (frame + 1, change)


def test_repeated_share_is_of_all_that_was_generated(run: LiveRun) -> None:
    assert 0 < repeated_share(run) == run.repeated_frames / run.generated_frames < 0.5


def test_spread_and_units() -> None:
    times = spread(n / 100 for n in range(101))
    assert times is not None
    assert (times.count, times.p50_s, times.p99_s, times.worst_s) == (101, 0.5, pytest.approx(0.99), 1.0)
    assert spread([]) is None
    assert [unit_of(at) for at in ("immediate", "beat", "bar", "2 bars")] == ["immediate", "beat", "bar", "bar"]
