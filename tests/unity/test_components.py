"""The components in scenes without a service, on stand-ins for Unity's engine: claims, triggers, ducks, pauses."""

from __future__ import annotations

from typing import Any, Final

import pytest

from service.process import free_port
from unity.build import RUNTIMES
from unity.probe import run

pytestmark = pytest.mark.heavy

PAUSED, LOWERED, KEPT = [True, 0.0], [False, -12.0], [False, 0.0]
MOMENTS: Final = (
    *("ObjectStart", "ObjectEnable", "ObjectDisable", "ObjectDestroy"),
    *("TriggerEnter", "TriggerExit", "TriggerEnter2D", "TriggerExit2D"),
    *("CollisionEnter", "CollisionExit", "CollisionEnter2D", "CollisionExit2D"),
    *("MouseEnter", "MouseExit", "MouseDown", "MouseUp"),
)


@pytest.fixture(scope="module", params=RUNTIMES)
def scenes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What was seen in each scene, on each runtime in turn. Nothing listens at the soundtracks' address."""
    folder = tmp_path_factory.mktemp("scenes")
    case = {"address": f"tcp://127.0.0.1:{free_port()}", "folder": str(folder)}
    return run(request.param, "scenes", case, folder)


def test_zones_claim_an_input_by_priority_and_let_go(scenes: Any) -> None:
    # Of the game; of a zone; of a greater priority; its zone disabled; with a second body; that destroyed, and the
    # game's own value; a changed value of an entered 2D zone; its zone destroyed; another claimant; that destroyed.
    assert scenes["zones"] == [0.5, 0.25, 0.75, 0.25, 0.25, 0.125, 1, 0.125, 0.875, 0.125]


def test_a_binding_maps_joins_and_limits(scenes: Any) -> None:
    mapped, curved, *joined, left, limited, unchanged, distance = scenes["bindings"]
    assert mapped == pytest.approx(0.6)
    assert curved == 1.0
    # MIN, MAX, SUM, MEAN, COUNT of 20, 90 and 40; the greatest once the second is destroyed.
    assert joined == [20.0, 90.0, 150.0, 50.0, 3.0]
    assert left == 40.0
    # Two a second for ten seconds.
    assert 19 <= limited <= 21
    assert unchanged <= 1
    assert distance == 5.0


def test_the_lowest_duck_counts_and_a_disabled_one_does_not(scenes: Any) -> None:
    nested = [-13.0, -13.0]
    of_two = [-21.0, -25.0, -13.0, -1.0]
    while_playing = [-13.0, -1.0, -13.0, -1.0]
    destroyed, muted = [-25.0, -1.0], [-96.0]
    assert scenes["ducks"] == [*nested, *of_two, *while_playing, *destroyed, *muted]


def test_a_trigger_fires_at_its_moment_only_and_heeds_the_tag(scenes: Any) -> None:
    assert scenes["triggers"] == [["None", 0], *([moment, 1] for moment in MOMENTS)]


def test_interruptions_pause_lower_or_keep_the_music(scenes: Any) -> None:
    listener = [KEPT, PAUSED, LOWERED, KEPT]
    time_scale = [PAUSED, KEPT]
    focus, background = [LOWERED, KEPT], [PAUSED, KEPT]
    # The editor's pause, then the game's own, which holds when the editor goes on.
    editor = [PAUSED, PAUSED, KEPT]
    assert scenes["interruptions"] == [*listener, *time_scale, *focus, *background, *editor]


def test_the_bed_fades_in_without_music_and_follows_volume_and_pause(scenes: Any) -> None:
    faded, ended = scenes["bed"][:-2], scenes["bed"][-2:]
    assert faded == [
        [False, 0.0],
        [True, 0.275],
        [True, 0.5],
        [True, 0.05],
        [True, 0.0],
        [True, 0.05],
        [False, 0.0],
    ]
    assert ended == [True, True]


def test_scripts_that_are_compiled_while_the_game_plays_go_on(scenes: Any) -> None:
    before, state, soundtracks, listeners, is_forgotten, after, exceptions = scenes["recompiled"]
    assert (before, after) == (0.25, 0.25)
    assert state == "Connecting"
    assert (soundtracks, listeners) == (1, 1)
    assert is_forgotten
    assert exceptions == 0


def test_a_zone_counts_what_is_inside_also_while_it_is_disabled(scenes: Any) -> None:
    # Entered by a collider below the tagged body; disabled; enabled; the collider switched off; entered while disabled;
    # enabled; its object inactive and active again, of which the engine tells anew.
    assert scenes["zones of disabled"] == [0.25, 0.5, 0.25, 0.5, 0.5, 0.25, 0.5]


def test_a_disabled_trigger_heeds_no_collider_and_a_cooldown_begins_when_it_is_taken(scenes: Any) -> None:
    assert scenes["triggers of disabled"] == [0, 0, 1, 1]


def test_a_binding_tells_its_number_again_after_a_reset_and_to_another_soundtrack(scenes: Any) -> None:
    assert scenes["bindings anew"] == [0.25, True, 0.25, 0.25]


def test_a_handler_that_throws_keeps_nothing_from_its_end(scenes: Any) -> None:
    soundtracks, device_listeners, editor_listeners, told, exceptions = scenes["handlers that throw"]
    assert (soundtracks, device_listeners, editor_listeners) == (0, 0, 0)
    assert (told, exceptions) == (1, 1)


def test_without_an_audio_device_a_soundtrack_fails_and_plays_once_there_is_one(scenes: Any) -> None:
    lost, why, again, of_service, is_closed, back = scenes["no device"]
    assert (lost, again, back) == ("Failed", "Failed", "Connecting")
    assert "rate: expected 8000 to " in why
    assert of_service.startswith("True rate: expected 8000 to ")
    assert is_closed


def test_what_has_ended_while_a_soundtrack_was_disabled_does_not_pause_it(scenes: Any) -> None:
    assert scenes["interruptions of disabled"] == [True, False, True, True, False]


def test_clips_of_a_timeline_set_and_blend_an_input_and_let_it_go(scenes: Any) -> None:
    # No clip; half eased in from 0.5; at full weight and not bound; two that overlap; over; names; not in play mode;
    # the graph stopped.
    assert scenes["timeline inputs"] == [0.125, 0.75, 1, 0.75, 0.125, "wood", 0.125, 0.125]


def test_clips_of_a_timeline_fire_when_they_begin(scenes: Any) -> None:
    assert scenes["timeline triggers"] == [False, True, False, False, True]


def test_the_overlay_follows_its_key_and_is_not_in_releases(scenes: Any) -> None:
    *drawn, first_line = scenes["overlay"]
    assert drawn == [True, False, "Repaint", True, False, True]
    assert first_line == "Segue  connecting, silent"


def test_every_mistake_is_named(scenes: Any) -> None:
    told, states = scenes["mistakes"][:12:2], scenes["mistakes"][1:12:2]
    assert states == ["Failed"] * 6
    of_client = ("no transport 'ftp'", "fingerprint:", "at most 255 bytes")
    of_service = ("drag a .yaml file", "does not exist", "WebGLPlayer")
    for text, words in zip(told, (*of_client, *of_service), strict=True):
        assert words in text
    # Refused and told, and warned of once; no trigger waits where none starts, and requests are answered at once.
    assert scenes["mistakes"][12:] == ["", False, "level", False, "level", False, False, 0, "there is no session", 1]


def test_music_goes_to_the_front_speakers_of_every_layout(scenes: Any) -> None:
    channels = {
        "Mono": 1,
        "Stereo": 2,
        "Quad": 4,
        "Surround": 5,
        "Mode5point1": 6,
        "Mode7point1": 8,
        "Prologic": 2,
    }
    for mode, is_same, first in scenes["speakers"]:
        assert is_same, mode
        # 0.25 and 0.5 are added to 1.
        front = [1.375] if channels[mode] == 1 else [1.25, 1.5]
        assert first == [*front, *[1.0] * (channels[mode] - len(front))], mode
    assert {mode for mode, _, _ in scenes["speakers"]} == set(channels)
