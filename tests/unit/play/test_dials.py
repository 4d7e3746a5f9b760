"""Inputs as controls on the screen: keys, steps, and what a reload keeps of them."""

from __future__ import annotations

import pytest

from segue.play.dials import Dial, assign_keys, make_dials
from segue_sdk.messages import Input
from unit.play.playing_service import EMBERWOOD

DIALS = make_dials(EMBERWOOD.inputs, {})


def test_every_input_has_a_dial_with_its_default_and_a_key_of_its_own() -> None:
    assert {name: dial.value for name, dial in DIALS.items()} == {
        "threat": 0, "enemies": 0, "health": 1, "region": "forest", "night": False, "boss_dead": False,
    }  # fmt: skip
    assert [dial.key for dial in DIALS.values()] == ["t", "e", "h", "r", "n", "b"]


def test_keys_are_letters_of_the_name_while_there_are_any_and_never_shared() -> None:
    assert assign_keys(["aa", "ab", "ba", "_"]) == {"aa": "a", "ab": "b", "ba": "c", "_": "d"}
    keys = assign_keys([f"x{number}" for number in range(50)])
    given = [key for key in keys.values() if key]
    assert len(given) == len(set(given)) == 36
    assert list(keys.values())[-1] == ""


def test_sliders_move_in_twentieths_and_stop_at_their_ends() -> None:
    threat = DIALS["threat"]
    assert threat.slides
    for _ in range(7):
        threat = threat.nudged(1)
    assert (threat.value, threat.text, threat.fraction) == (0.35, "0.35", 0.35)
    assert threat.nudged(0.2).value == 0.36
    assert threat.nudged(-99).value == 0
    assert threat.at(1.7).value == 1
    assert threat.pressed() == threat


def test_whole_numbers_move_by_one_at_least_and_stay_whole() -> None:
    enemies = DIALS["enemies"]
    assert [enemies.nudged(steps).value for steps in (0.2, 1, -1)] == [1, 3, 0]
    assert isinstance(enemies.nudged(1).value, int)
    assert enemies.at(0.5).value == 32


def test_flags_switch_and_choices_cycle() -> None:
    assert (DIALS["night"].pressed().text, DIALS["night"].pressed().pressed().text) == ("on", "off")
    region = DIALS["region"]
    assert [(region := region.pressed()).value for _ in range(4)] == ["crypt", "town", "forest", "crypt"]


@pytest.mark.parametrize(
    ("spec", "kept"),
    [
        (Input(name="threat", type="number", low=0, high=2, default=0), 0.5),
        (Input(name="threat", type="number", low=0, high=0.4, default=0.1), 0.1),
        (Input(name="threat", type="integer", low=0, high=2, default=1), 1),
    ],
)
def test_a_reload_keeps_values_that_still_fit(spec: Input, kept: float) -> None:
    before = {"threat": DIALS["threat"].set_to(0.5)}
    assert make_dials([spec], before)["threat"].value == kept


def test_a_reload_drops_a_choice_that_is_gone() -> None:
    spec = Input(name="region", type="choice", of=("forest", "sea"), default="sea")
    assert make_dials([spec], {"region": DIALS["region"].set_to("crypt")})["region"].value == "sea"
    assert make_dials([spec], {"region": DIALS["region"]})["region"].value == "forest"


def test_a_slider_without_a_range_moves_from_0_to_1() -> None:
    bare = Dial(spec=Input(name="x", type="number"), key="x", value=0.0)
    assert bare.at(0.25).value == 0.25
