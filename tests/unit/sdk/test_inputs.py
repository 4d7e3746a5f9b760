"""Inputs take every numeric type and enums, and refuse everything else with a helpful error."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction

import numpy as np
import pytest

from segue_sdk.client_events import InputRefused, Live
from segue_sdk.errors import InputError
from segue_sdk.inputs import InputTable
from segue_sdk.messages import Event, Hello, Input, InputValue, Receipt, Rules
from segue_sdk.session import ClientSession
from unit.sdk.peer import INPUTS, WELCOME, Peer, of_type

TABLE = InputTable(INPUTS)


class Region(StrEnum):
    CRYPT = "crypt"


class Place(Enum):
    FOREST = "forest"
    NOWHERE = "nowhere"


class Crowd(IntEnum):
    MANY = 7


class Night(Enum):
    YES = True


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("threat", 0.5, 0.5),
        ("threat", 1, 1.0),
        ("threat", -3.5, -3.5),
        ("threat", 2**53 - 1, float(2**53 - 1)),
        ("threat", 1 - 2**53, float(1 - 2**53)),
        ("threat", np.float32(0.5), 0.5),
        ("threat", np.float64(0.25), 0.25),
        ("threat", np.float16(0.5), 0.5),
        ("threat", np.longdouble(0.5), 0.5),
        ("threat", np.int64(3), 3.0),
        ("threat", np.array(0.5), 0.5),
        ("threat", Fraction(1, 4), 0.25),
        ("threat", Decimal("0.125"), 0.125),
        ("threat", Crowd.MANY, 7.0),
        ("enemies", 3, 3),
        ("enemies", 3.0, 3),
        ("enemies", np.uint8(3), 3),
        ("enemies", np.array(3), 3),
        ("enemies", Fraction(6, 2), 3),
        ("enemies", Decimal(3), 3),
        ("enemies", Crowd.MANY, 7),
        ("region", "crypt", "crypt"),
        ("region", Region.CRYPT, "crypt"),
        ("region", Place.FOREST, "forest"),
        ("region", np.str_("crypt"), "crypt"),
        ("night", True, True),
        ("night", np.True_, True),
        ("night", np.array(False), False),
        ("night", Night.YES, True),
    ],
)
def test_values_of_every_numeric_type_and_enums_are_accepted(name: str, given: object, taken: InputValue) -> None:
    value = TABLE.value(name, given)
    assert (value, type(value)) == (taken, type(taken))


@pytest.mark.parametrize(
    ("name", "given", "code", "text"),
    [
        ("theat", 1, "unknown_input", "the rules declare no input 'theat'; did you mean 'threat'?"),
        ("Threat", 1, "unknown_input", "the rules declare no input 'Threat'; did you mean 'threat'?"),
        (
            "weather",
            1,
            "unknown_input",
            "the rules declare no input 'weather'; they declare threat, enemies, region, night, door, window, "
            "boss_dead, x",
        ),
        ("door", True, "not_settable", "input 'door' is a trigger, which has no value; call fire('door')"),
        ("threat", True, "wrong_type", "input 'threat' takes a number, got True of type bool"),
        ("threat", "0.5", "wrong_type", "input 'threat' takes a number, got '0.5' of type str"),
        ("threat", np.True_, "wrong_type", "input 'threat' takes a number, got True of type bool"),
        ("enemies", 2.5, "wrong_type", "input 'enemies' takes a whole number, got 2.5 of type float"),
        ("night", 1, "wrong_type", "input 'night' takes True or False, got 1 of type int"),
        ("region", 3, "wrong_type", "input 'region' takes one of forest, crypt, got 3 of type int"),
        (
            "region",
            "cript",
            "unknown_choice",
            "input 'region' takes one of forest, crypt, got 'cript'; did you mean 'crypt'?",
        ),
        ("region", Place.NOWHERE, "unknown_choice", "input 'region' takes one of forest, crypt, got 'nowhere'"),
        (
            "threat",
            float("nan"),
            "not_finite",
            "input 'threat' takes finite numbers, got nan; check for a division by zero before it",
        ),
        (
            "threat",
            np.float32("inf"),
            "not_finite",
            "input 'threat' takes finite numbers, got inf; check for a division by zero before it",
        ),
        (
            "threat",
            Decimal("sNaN"),
            "not_finite",
            "input 'threat' takes finite numbers, got nan; check for a division by zero before it",
        ),
        ("threat", Fraction(10**400), "out_of_range", "input 'threat': expected a number within ±(2^53 - 1)"),
        (
            "threat",
            2**53,
            "out_of_range",
            "input 'threat': expected -(2^53 - 1) to (2^53 - 1), got 9007199254740992",
        ),
        (
            "threat",
            -(2.0**53),
            "out_of_range",
            "input 'threat': expected -(2^53 - 1) to (2^53 - 1), got -9.0072e+15",
        ),
        ("region", "a\0", "bad_value", "input 'region': expected a text without U+0000"),
        ("threat", None, "wrong_type", "input 'threat' takes a boolean, a number or a text, got None of type NoneType"),
        ("threat", 1j, "wrong_type", "input 'threat' takes a boolean, a number or a text, got 1j of type complex"),
        ("threat", [1], "wrong_type", "input 'threat' takes a boolean, a number or a text, got [1] of type list"),
    ],
)
def test_other_values_are_refused_and_the_error_says_what_to_do(name: str, given: object, code: str, text: str) -> None:
    with pytest.raises(InputError) as caught:
        TABLE.value(name, given)
    assert caught.value.code == code
    assert caught.value.text.replace("np.True_", "True").replace("bool_", "bool") == text


def test_an_array_of_several_values_is_refused() -> None:
    with pytest.raises(InputError, match="of type ndarray"):
        TABLE.value("threat", np.array([1.0]))


def test_only_triggers_can_be_fired() -> None:
    assert TABLE.trigger("door") == "door"
    with pytest.raises(InputError, match=r"input 'threat' is a number, not a trigger; call set\('threat', …\)"):
        TABLE.trigger("threat")
    with pytest.raises(InputError, match="did you mean 'window'"):
        TABLE.trigger("windw")
    with pytest.raises(InputError, match="they declare none"):
        InputTable(()).trigger("door")
    with pytest.raises(InputError, match="expected the name of an input, got 3"):
        TABLE.trigger(3)  # type: ignore[arg-type]


def test_the_sdk_takes_numpy_numbers_without_loading_numpy() -> None:
    program = "import sys, segue_sdk.client, segue_sdk.aio; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


# --- before, at and after welcome -----------------------------------------------------------------------------------


def offline() -> Peer:
    peer = Peer(ClientSession(Hello(versions=(1,), client="test")))
    peer.session.connected(0.0)
    peer.sent()
    return peer


def test_calls_before_the_rules_are_known_are_kept_and_checked_then() -> None:
    peer = offline()
    peer.session.set("threat", 1)
    peer.session.set("theat", np.float32(0.5))
    peer.session.fire("door")
    peer.session.fire("dor")
    peer.tick()
    peer.session.set("night", 1)
    peer.tick()
    peer.says(WELCOME)
    live, *told = peer.client_events()
    assert isinstance(live, Live)
    assert [(one.name, one.code) for one in of_type(InputRefused, told)] == [
        ("theat", "unknown_input"),
        ("dor", "unknown_input"),
        ("night", "wrong_type"),
    ]
    (second,) = of_type(Receipt, told)
    assert (second.seq, second.accepted, second.code) == (2, False, "wrong_type")
    assert "takes True or False" in second.text
    (event,) = of_type(Event, peer.sent())
    (item,) = event.events
    assert (item.seq, item.set, item.fire) == (1, {"threat": 1.0}, ("door",))
    assert peer.session.waiting == 1


def test_the_current_frame_is_checked_when_the_rules_come() -> None:
    peer = offline()
    peer.session.set("theat", 1)
    peer.session.fire("dor")
    peer.says(WELCOME)
    assert [one.name for one in of_type(InputRefused, peer.client_events())] == ["theat", "dor"]
    peer.tick()
    assert of_type(Event, peer.sent()) == []


def test_new_rules_are_checked_against_at_once() -> None:
    peer = Peer(ClientSession(Hello(versions=(1,), client="test")))
    peer.go_live()
    with pytest.raises(InputError):
        peer.session.set("weather", "rain")
    weather = Input(name="weather", type="choice", of=("sun", "rain"), default="sun")
    peer.says(Rules(declaration=replace(WELCOME.rules, inputs=(weather,))))
    peer.session.set("weather", "rain")
    with pytest.raises(InputError, match="they declare weather"):
        peer.session.set("threat", 1)
    peer.says(Rules(errors=("calm.yaml:1:1: no",)))
    peer.session.set("weather", "sun")
    peer.tick()
    (event,) = of_type(Event, peer.sent())
    assert event.events[0].set == {"weather": "sun"}


@pytest.mark.parametrize("value", [float("nan"), 2**53, "a" * 65, "a\0", None, [1], 1j])
def test_values_that_no_message_can_carry_are_refused_before_the_rules_are_known(value: object) -> None:
    peer = offline()
    with pytest.raises(InputError):
        peer.session.set("threat", value)
    peer.tick()
    peer.says(WELCOME)
    assert of_type(Event, peer.sent()) == []
