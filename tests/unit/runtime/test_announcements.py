"""Which messages about changes of state a session sends."""

from __future__ import annotations

from segue.runtime.messages import ChunkOut
from segue.runtime.session_config import SessionConfig
from segue_rules.plan import Change
from unit.runtime.rules_versions import COMMENTED
from unit.runtime.simulated_service import SimulatedService, check_announcements
from unit.runtime.toy_generator import ToyGenerator


def service() -> SimulatedService:
    return SimulatedService([ToyGenerator()], SessionConfig(seed=3, lookahead_s=4.0))


def changes(of: SimulatedService) -> list[tuple[str, str, str, str]]:
    """Return kind, layer and states of all changes that were told."""
    found = [message for message in of.messages if isinstance(message, Change)]
    return [(change.kind, change.layer, change.from_state, change.to_state) for change in found]


def test_a_change_that_was_decided_and_generated_is_withdrawn_once() -> None:
    running = service()
    running.run(100)
    running.set(region="cave")
    # Long enough to generate the change at the next beat, and too short for it to be heard.
    running.run(8)
    assert [kind for kind, *_ in changes(running)] == ["scheduled", "started"]
    running.set(region="field")
    running.run(100)
    assert changes(running) == [
        ("scheduled", "place", "field", "cave"),
        ("started", "place", "field", "cave"),
        ("withdrawn", "place", "field", "cave"),
    ]
    check_announcements(running.messages)


def test_a_reset_a_restore_and_other_rules_tell_which_states_they_move() -> None:
    running = service()
    running.run(30)
    running.set(region="cave", threat=1.0)
    running.run(120)
    running.save()
    told = len(changes(running))
    running.reset()
    running.run(60)
    assert sorted(changes(running)[told:]) == [
        ("started", "action", "fight", "peace"),
        ("started", "place", "cave", "field"),
    ]
    told = len(changes(running))
    running.restore(running.saved[0])
    running.run(60)
    assert sorted(changes(running)[told:]) == [
        ("started", "action", "peace", "fight"),
        ("started", "place", "field", "cave"),
    ]
    told = len(changes(running))
    running.reload(COMMENTED)
    running.run(60)
    assert changes(running)[told:] == []
    moved = [message for message in running.messages if isinstance(message, Change) and not message.causes[0].input]
    assert [change.causes[0].text for change in moved] == ["reset", "reset", "restored", "restored"]
    assert all((change.waited_frames, change.start - change.decided) == (0, 1) for change in moved)
    assert [change.causes[0].sequence for change in moved] == [2, 2, -1, -1]


def test_a_change_is_told_as_started_only_with_its_music() -> None:
    running = service()
    running.run(100)
    running.job_ticks = 20
    running.set(threat=1.0)
    replacing = False
    while not changes(running):
        running.run(1)
        job = running.session.in_flight
        replacing = replacing or (job is not None and job.spec.reason == "replace")
    # The job that makes it began long before.
    assert replacing
    assert changes(running) == [("started", "action", "peace", "fight")]
    at = next(i for i, message in enumerate(running.messages) if isinstance(message, Change))
    change, chunk = running.messages[at : at + 2]
    assert isinstance(change, Change)
    assert isinstance(chunk, ChunkOut)
    assert chunk.reason == "replace"
    assert change.start <= chunk.plans[-1].frame


def test_a_change_that_is_undone_before_its_music_is_there_is_never_told() -> None:
    running = service()
    running.run(100)
    running.job_ticks = 20
    running.set(threat=1.0)
    while (job := running.session.in_flight) is None or job.spec.reason != "replace":
        running.run(1)
    assert any(change.to_state == "fight" for frame in job.new_frames for change in frame.plan.changes)
    running.set(threat=0.0)
    running.run(10)
    running.reset()
    running.run(200)
    assert changes(running) == []
