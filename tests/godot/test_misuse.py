"""Games that use the addon's nodes wrongly: nothing breaks, and the game is told what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from godot.project import ROOT, run
from service.process import ServiceProcess

pytestmark = pytest.mark.heavy

RULES: Final = ROOT / "tests/service/calm.yaml"
STOPPED, LIVE = 0, 3
MUTE_DB, LOUDEST_DB = -96.0, 12.0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with ServiceProcess(tmp_path_factory.mktemp("service"), str(RULES), "--no-reload") as started:
        yield started


def play(folder: Path, service: ServiceProcess, name: str, *, allowed: str = "", **case: Any) -> Any:
    return run("probe_misuse.gd", {"run": name, "address": service.address, **case}, folder, allowed=allowed)


def test_values_that_no_input_takes_are_refused_and_have_no_effect(tmp_path: Path, service: ServiceProcess) -> None:
    # One warning of each kind, not one for each value: the pattern allows each once.
    warned = (
        "input 'level' takes finite numbers",
        "input 'level' takes a boolean, a number or a text, got <null> of type Nil",
        "input 'level': expected at most 64 bytes",
        "the rules declare no input ''",
        "the rules declare no input 'x+'",
        "the rules declare no input 'a b'",
    )
    result = play(tmp_path, service, "values", allowed="|".join(warned))
    assert result["before"] == result["wrong"] == [False] * 10
    assert result["wrong_type"] == [False] * 3
    assert result["level"] == 0.25
    assert result["enumeration"] is True
    assert result["names"] == [False] * 3
    assert result["last"] == 1
    assert len([kind for kind, _ in result["told"] if kind == "refused"]) == 10 + 10 + 3 + 6 + 100 + 1


def test_volumes_of_every_size_stay_in_their_range(tmp_path: Path, service: ServiceProcess) -> None:
    result = play(tmp_path, service, "volumes")
    # No number changes nothing.
    assert result["volumes"] == [0.0, LOUDEST_DB, MUTE_DB, MUTE_DB, LOUDEST_DB, MUTE_DB, 0.0]
    assert result["ducks"] == [0.0, 0.0, MUTE_DB, 0.0, -12.0]
    assert result["unducked"] == 0.0


def test_freed_objects_hold_nothing_and_break_nothing(tmp_path: Path, service: ServiceProcess) -> None:
    result = play(tmp_path, service, "freed_objects", allowed="has no property 'no_such:x'")
    assert result["held"] == [-20.0, 0.75]
    assert result["freed"] == [0.0, 0.25]
    assert result["source"] == [7, None]
    assert result["no_property"] == [None, None]


def test_a_player_is_stopped_started_and_freed_at_any_time(tmp_path: Path, service: ServiceProcess) -> None:
    result = play(tmp_path, service, "handlers")
    assert result["started"] == [[LIVE] * 3, LIVE]
    assert result["damaged"] == [False] * 3
    assert result["whole"] is True
    assert result["given_up"] == [0]
    assert result["stopped"] == [STOPPED, 0]


def test_scenes_end_while_the_player_connects(tmp_path: Path, service: ServiceProcess) -> None:
    result = play(tmp_path, service, "scenes")
    assert (result["begun_paused"], result["back"]) == (True, False)


def test_many_players_play_at_once(tmp_path: Path, service: ServiceProcess) -> None:
    result = play(tmp_path, service, "many_players", count=12)
    assert result["levels"] == [index / 10 for index in range(12)]
