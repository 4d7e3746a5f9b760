"""Which messages about changes of state a session sends."""

from __future__ import annotations

from segue.runtime.session_config import SessionConfig
from segue_rules.plan import Change
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
