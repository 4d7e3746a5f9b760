"""Rules with a switch for each layer: the same course while none is on, and a layer out of the mix while its is."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_rules.audition import MUTE, muted_layers, with_mutes
from segue_rules.director import Director
from segue_rules.events import Event, ScriptedEvent
from segue_rules.loading import load, load_events
from segue_rules.loading.limits import MOST_LAYERS
from segue_rules.model import FRAME_RATE, Layer, LayerState, Rules
from segue_rules.plan import FramePlan
from segue_rules.timeline import play_script
from segue_yaml.nodes import NOWHERE

LIBRARY = Path(__file__).parents[3] / "rules" / "library"


def played(rules: Rules, events: tuple[ScriptedEvent, ...], frames: int) -> list[FramePlan]:
    return [span.plan for span in play_script(Director(rules), events, frames)]


@pytest.mark.parametrize("name", ["emberwood", "highwall", "nightwatch", "redline"])
def test_without_a_switch_the_course_is_the_same(name: str) -> None:
    path = LIBRARY / name / f"{name}.yaml"
    rules = load(path)
    events = load_events(path.with_suffix(".events.yaml"), rules)
    count = len(rules.layers)
    frames = 60 * FRAME_RATE
    plain = [(p.frame, p.mix, p.states, p.controls[:-1], p.visit, p.next_mix) for p in played(rules, events, frames)]
    switched = [
        (p.frame, p.mix, p.states[:count], p.controls[:-1], p.visit, p.next_mix)
        for p in played(with_mutes(rules), events, frames)
    ]
    assert plain == switched


def test_a_muted_layer_leaves_the_mix_within_its_ramp() -> None:
    rules = with_mutes(load(LIBRARY / "emberwood" / "emberwood.yaml"))
    events = [
        ScriptedEvent(at_s=at / FRAME_RATE, frame=at, event=Event(sequence=i, set=values), mark=NOWHERE)
        for i, (at, values) in enumerate(
            [(0, {"enemies": 5}), (250, {f"{MUTE}action": True}), (500, {f"{MUTE}action": False})]
        )
    ]
    battle = [style.name for style in rules.styles].index("battle")
    shares = [span.plan.mix[battle] for span in play_script(Director(rules), events, 750) for _ in range(span.frames)]
    assert shares[249] > 0.3
    assert set(shares[256:500]) == {0.0}
    assert shares[749] > 0.3


def test_one_that_is_solo_mutes_all_others() -> None:
    layers = ("a", "b", "c")
    assert muted_layers(layers, ["a"], []) == {"mute:a": True, "mute:b": False, "mute:c": False}
    assert muted_layers(layers, [], ["b"]) == {"mute:a": True, "mute:b": False, "mute:c": True}
    assert muted_layers(layers, ["b"], ["b"]) == {"mute:a": True, "mute:b": True, "mute:c": True}
    assert not any(muted_layers(layers, [], []).values())


def test_layers_beyond_the_limit_have_no_switch() -> None:
    rules = load(LIBRARY / "emberwood" / "emberwood.yaml")
    extra = tuple(
        Layer(name=f"x{i}", states=(LayerState(name="s", default=True),))
        for i in range(MOST_LAYERS - len(rules.layers) - 2)
    )
    full = with_mutes(Rules(**{**vars(rules), "layers": (*rules.layers, *extra)}))
    assert len(full.layers) == MOST_LAYERS
    assert [layer.name for layer in full.layers[-2:]] == ["mute:place", "mute:action"]
