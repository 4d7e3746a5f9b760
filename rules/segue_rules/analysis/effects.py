"""Effects that leave nothing of the music."""

from __future__ import annotations

from collections.abc import Iterator

from segue_rules.analysis.finding import Finding, state_finding
from segue_rules.analysis.reachability import Reachability
from segue_rules.model import Binding, Music, Rules


def crossed_filters(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    """Music that takes away what is lower than a frequency, and what is higher than one below it."""
    text = _crossed(rules.music)
    if text:
        yield Finding(mark=rules.music.mark, where="music", code="crossed_filters", text=text)
    for layer in rules.layers:
        for state in reachability.states_of(layer):
            text = _crossed(state.music)
            if text:
                yield state_finding(layer, state, "crossed_filters", text)


def _crossed(music: Music) -> str:
    """What is wrong with the filters that a state or the top level names; "" if nothing is."""
    if music.low_pass_hz is None or music.high_pass_hz is None:
        return ""
    highest, lowest = _range(music.low_pass_hz)[1], _range(music.high_pass_hz)[0]
    if lowest <= highest:
        return ""
    return (
        f"low_pass leaves what is below {highest:g}Hz and high_pass what is above {lowest:g}Hz, so "
        "little is left of the music; let high_pass be lower than low_pass"
    )


def _range(frequency: float | Binding) -> tuple[float, float]:
    """The lowest and the highest value."""
    if not isinstance(frequency, Binding):
        return frequency, frequency
    values = [value for _, value in frequency.curve]
    return min(values), max(values)
