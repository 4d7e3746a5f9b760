"""Changes faster than a music model can follow, and ducks that come too close."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segue_rules.analysis.finding import Finding, seconds, state_finding
from segue_rules.analysis.reach import Reach, longest_on
from segue_rules.analysis.rows import describe, taken_rows
from segue_rules.model import FRAME_RATE, FRAME_SIZE, SAMPLE_RATE, AudioStinger, Duck, Rules

# A blend that is over within two frames is a jump to the model, which needs about a chunk (400 ms) to follow one.
SHORTEST_RAMP_FRAMES: Final = 3
# A model that has just turned to a style needs about this long before turning away again is music.
SHORTEST_STATE_FRAMES: Final = 2 * FRAME_RATE


def pace(rules: Rules, reach: Reach) -> Iterator[Finding]:
    yield from _ramps(rules, reach)
    yield from _brief_states(rules, reach)
    yield from _ducks(rules)


def _ramps(rules: Rules, reach: Reach) -> Iterator[Finding]:
    for row in taken_rows(rules, reach.states):
        if row.ramp_frames < SHORTEST_RAMP_FRAMES:
            text = (
                f"a ramp of {seconds(row.ramp_frames)} is a jump to the music model, which needs about 0.4 s; "
                "use 100 ms or more, or a stinger for what must be heard at once"
            )
            yield Finding(mark=row.mark, where=describe(row), code="ramp_too_short", text=text)


def _brief_states(rules: Rules, reach: Reach) -> Iterator[Finding]:
    for layer in rules.layers:
        for state in reach.reachable(layer):
            on = longest_on(state)
            if not state.default and state.mix and on < SHORTEST_STATE_FRAMES:
                text = (
                    f"stays on for {seconds(on)} at most, which is over before the music model has followed; "
                    "stretch its trigger with `for`, hold it, or make it a burst (stinger with `mix`)"
                )
                yield state_finding(layer, state, "state_too_brief", text)


def _ducks(rules: Rules) -> Iterator[Finding]:
    for stinger in rules.stingers:
        if isinstance(stinger, AudioStinger) and stinger.duck is not None:
            length = _duck_samples(stinger.duck)
            if stinger.cooldown_frames * FRAME_SIZE < length:
                text = (
                    f"may come again after {seconds(stinger.cooldown_frames)}, while the music needs "
                    f"{length / SAMPLE_RATE:.4g} s for its duck alone; give it a longer cooldown"
                )
                where = f'stinger "{stinger.name}"'
                yield Finding(mark=stinger.mark, where=where, code="duck_overlap", text=text)


def _duck_samples(duck: Duck) -> int:
    """A duck's length without the stinger's own, which only its file knows."""
    return duck.fade_out_samples + duck.recovery_samples + duck.fade_in_samples
