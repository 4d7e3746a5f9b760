"""Plans as arrays, and which differences between two plans of a frame replace its music."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from contract.generators import bank, score
from segue.contract import NoteEvent, StyleBanks, groups_of
from segue.runtime.messages import ChunkOut
from segue.runtime.planner import conditioning, is_significant
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import LiveConditions, live
from segue.score.composer.instruments import TAIKO
from segue_rules.events import Event, ScriptedEvent
from segue_rules.model import At, Layer, LayerState, Music, Prompt, Rules, Style, Transition
from segue_rules.plan import FramePlan
from segue_yaml.nodes import NOWHERE
from unit.rules.playing import BAR, INPUTS, ON_BAR, calm, fight, is_on, layer, play_director, soundtrack

EVERY_OTHER_BAR = Transition(at=At(unit="bar", every=2), ramp_frames=20)
START = 2 * BAR
THRESHOLD = 0.05


def planned(script: Mapping[int, dict[str, bool]], transition: Transition = EVERY_OTHER_BAR) -> list[FramePlan]:
    rules = soundtrack(layer(calm(), fight()), transitions=[transition])
    frames = START + 10
    events = [[Event(sequence=f, set=script[f])] if f in script else [] for f in range(frames)]
    return play_director(rules, events, range(frames))


def replaced_frames(used: list[FramePlan], wanted: list[FramePlan], *, fills: bool = True) -> list[int]:
    """Return the frames before the change that must be replaced."""
    both = zip(used[:START], wanted[:START], strict=True)
    return [ours.frame for ours, theirs in both if is_significant(ours, theirs, THRESHOLD, fills=fills)]


def test_the_generator_gets_the_upcoming_change() -> None:
    plans = planned({3: {"go": True}})
    asked = conditioning(plans)
    assert asked.to_change.dtype == np.int32
    assert asked.to_change.tolist() == [plan.to_change for plan in plans]
    assert asked.next_weights[5].tolist() == [0.0, 1.0, 0.0]
    assert np.array_equal(asked.next_weights[START + 1 :], asked.weights[START + 1 :])
    assert np.flatnonzero(asked.ramp >= 0).tolist() == [START]
    assert asked.ramp[START] == 20


def test_the_generator_gets_the_meter_of_a_bar_that_begins_within_a_frame() -> None:
    fast = layer(calm(music=Music(tempo_bpm=133.0, meter=4)), fight(music=Music(tempo_bpm=133.0, meter=3)))
    rules = soundtrack(fast, transitions=[Transition(at=ON_BAR, ramp_frames=20)])
    events = [[Event(sequence=3, set={"go": True})] if frame == 3 else [] for frame in range(200)]
    asked = conditioning(play_director(rules, events, range(200)))
    begins = int(np.flatnonzero(asked.meter == 3)[0]) - 1
    assert asked.ticks[begins] < asked.bar_ticks[begins + 1] < asked.ticks[begins + 1]
    assert (asked.meter[begins], asked.next_meter[begins], asked.next_meter[begins - 1]) == (4, 3, 4)


def test_the_generator_gets_the_groups_of_this_bar_and_of_the_one_that_opens() -> None:
    odd = layer(calm(music=Music(meter=7)), fight(music=Music(meter=(3, 2, 2))))
    rules = soundtrack(odd, transitions=[Transition(at=ON_BAR, ramp_frames=20)])
    events = [[Event(sequence=3, set={"go": True})] if frame == 3 else [] for frame in range(80)]
    plans = play_director(rules, events, range(80))
    asked = conditioning(plans)
    # A bar of seven beats of ten frames.
    assert asked.groups.tolist() == [0] * 70 + [322] * 10
    assert asked.next_groups.tolist() == asked.groups.tolist()
    assert groups_of(322) == (3, 2, 2)
    regrouped = plans[75]._replace(clock=plans[75].clock._replace(groups=(2, 2, 3)))
    assert is_significant(regrouped, plans[75], THRESHOLD)


def test_a_new_upcoming_change_replaces_the_bar_before_it() -> None:
    """The change is known 77 frames before it starts; the music leads into it in the last 40, the bar."""
    before, after = planned({}), planned({3: {"go": True}})
    assert after[3].to_change == START - 3
    assert replaced_frames(before, after) == list(range(START - BAR, START))
    assert replaced_frames(before, after, fills=False) == []


def test_a_withdrawn_change_replaces_its_lead_in() -> None:
    kept, withdrawn = planned({3: {"go": True}}), planned({3: {"go": True}, 60: {"go": False}})
    assert replaced_frames(kept, withdrawn) == list(range(60, START))


def test_a_change_to_another_state_has_another_lead_in() -> None:
    states = (calm(), fight(), fight(name="brass", when=is_on("go2"), mix={"brass": 1.0}, priority=1))
    rules = soundtrack(layer(*states), transitions=[EVERY_OTHER_BAR])
    plans = [
        play_director(rules, [[], [Event(sequence=1, set=event)], *[[]] * (START - 2)], range(START))
        for event in ({"go": True}, {"go": True, "go2": True})
    ]
    assert [p.to_change for p in plans[0]] == [p.to_change for p in plans[1]]
    assert replaced_frames(plans[0], plans[1]) == list(range(START - BAR, START))


def test_an_inaudible_change_replaces_nothing() -> None:
    quiet = layer(calm(), fight(mix={"harp": 1.0}))
    rules = soundtrack(quiet, transitions=[EVERY_OTHER_BAR])
    events = [[Event(sequence=1, set={"go": True})] if f == 3 else [] for f in range(START)]
    assert replaced_frames(planned({}), play_director(rules, events, range(START))) == []


def _prompted(name: str) -> Style:
    return Style(name=name, prompts=(Prompt(text=name),))


def _played(event_s: float | None) -> tuple[list[ChunkOut], list[NoteEvent]]:
    """Return the chunks and the played notes of some seconds of calm, with a fight at the bar after an event."""
    rules = Rules(
        title="fill",
        seed=1,
        music=soundtrack(layer(calm())).music,
        inputs=INPUTS,
        styles=(_prompted("calm"), _prompted("combat")),
        layers=(
            Layer(
                name="action",
                states=(
                    LayerState(name="calm", default=True, mix={"calm": 1.0}),
                    LayerState(name="combat", when=is_on("go"), mix={"combat": 1.0}),
                ),
            ),
        ),
        transitions=(Transition(at=ON_BAR, ramp_frames=10),),
    )
    generators = [score()]
    session = Session(rules, StyleBanks((bank("calm", "combat"),)), generators, SessionConfig(seed=1))
    events = []
    if event_s is not None:
        go = Event(sequence=1, set={"go": True})
        events = [ScriptedEvent(at_s=event_s, frame=round(25 * event_s), event=go, mark=NOWHERE)]
    run = live(session, generators, events, 160, LiveConditions())
    chunks = [message for _, message in run.messages if isinstance(message, ChunkOut)]
    notes: list[NoteEvent] = []
    for chunk in chunks:
        notes = [note for note in notes if note.start < chunk.start] + list(chunk.notes)
    return chunks, notes


@pytest.mark.parametrize("event_s", [None, 2.3])
def test_a_live_session_adds_a_fill_to_buffered_music(event_s: float | None) -> None:
    """A bar lasts 1.6 s. An event at 2.3 s adds taiko drums to the buffered music before the bar at 3.2 s."""
    chunks, notes = _played(event_s)
    line = round(3.2 * 48_000)
    taiko = [note.start for note in notes if note.program == TAIKO and not note.drums and note.start < line]
    replaced = [chunk.start for chunk in chunks if chunk.reason == "replace"]
    if event_s is None:
        assert not taiko
        assert not replaced
    else:
        assert len(taiko) >= 3
        assert 2.3 * 48_000 < replaced[0] < line
        assert all(start > replaced[0] for start in taiko)


@pytest.mark.parametrize(
    ("effect", "near", "far"),
    # Frequencies are compared by octaves, of which there are ten: the threshold is half a one.
    [
        ("low_pass_hz", 15_000.0, 13_000.0),
        ("high_pass_hz", 27.0, 30.0),
        ("reverb", 0.04, 0.06),
        ("width", 0.91, 0.89),
        ("pan", -0.09, -0.11),
    ],
)
def test_effects_that_differ_much_replace_a_frame(effect: str, near: float, far: float) -> None:
    plan = planned({})[3]
    for value, expected in ((near, False), (far, True)):
        wanted = plan._replace(controls=plan.controls._replace(**{effect: value}))
        assert is_significant(plan, wanted, THRESHOLD) == is_significant(wanted, plan, THRESHOLD) == expected
