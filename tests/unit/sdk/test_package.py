"""What `import segue_sdk` offers: names that load lazily, `connect`, inputs as attributes, callbacks as decorators."""

from __future__ import annotations

import ast
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import zmq

import segue_sdk as segue
from segue_sdk.client import SegueClient
from segue_sdk.handshake import ClientState
from segue_sdk.messages import Beat, Bye, Change, Clock, Control, Error, Event, Hello, Input, Stinger
from unit.sdk.peer import CHUNK, WELCOME
from unit.sdk.router import PATIENCE_S, Router


@pytest.fixture
def router() -> Iterator[Router]:
    with zmq.Context() as context:
        router = Router(context)
        yield router
        router.socket.close()


def until(true: Callable[[], object], music: SegueClient) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "nothing came"
        music.player.update()
        music.update()
        time.sleep(0.002)


def live(router: Router, music: SegueClient) -> SegueClient:
    router.expect(Hello)
    router.say(WELCOME)
    until(lambda: music.state is ClientState.LIVE, music)
    return music


# --- the package ----------------------------------------------------------------------------------------------------


def test_type_checkers_and_the_interpreter_see_the_same_names() -> None:
    assert segue.__file__ is not None
    (block,) = (node for node in ast.parse(Path(segue.__file__).read_text("utf-8")).body if isinstance(node, ast.If))
    seen = {
        alias.name: node.module for node in ast.walk(block) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert seen == {name: f"segue_sdk.{module}" for name, module in segue._MODULE_OF.items()}
    assert set(segue.__all__) == set(seen) <= set(dir(segue))
    for name in segue.__all__:
        assert getattr(segue, name) is getattr(import_module(str(seen[name])), name)
    with pytest.raises(AttributeError, match="'segue_sdk' has no attribute 'conect'"):
        segue.conect  # noqa: B018


def test_importing_the_package_loads_no_other_module_of_it() -> None:
    program = (
        "import sys, segue_sdk; loaded = [name for name in sys.modules if name.startswith(('segue_sdk.', 'zmq', "
        "'msgpack', 'pygame', 'pyglet'))]; sys.exit(repr(loaded) if loaded else 0)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


# --- connect --------------------------------------------------------------------------------------------------------


def test_connect_asks_for_rules_by_name(router: Router) -> None:
    with segue.connect(router.address, rules="meadow", client="a game 2", seed=np.int64(3), lookahead_ms=np.int32(900)):
        hello = router.expect(Hello)
    assert hello == Hello(versions=(1,), client="a game 2", rules_name="meadow", seed=3, lookahead_ms=900)
    assert type(hello.seed) is int


def test_connect_sends_the_rules_of_a_path(router: Router, tmp_path: Path) -> None:
    (tmp_path / "meadow.yaml").write_text("title: Meadow\n", "utf-8")
    with segue.connect(router.address, tmp_path / "meadow.yaml"):
        assert router.expect(Hello).rules_text == "title: Meadow\n"
    with pytest.raises(FileNotFoundError):
        segue.connect(router.address, tmp_path / "no.yaml")
    with pytest.raises(segue.AddressError, match="did you mean tcp://x:1"):
        segue.connect("tpc://x:1")


# --- inputs as attributes -------------------------------------------------------------------------------------------


def test_an_attribute_sets_an_input(router: Router) -> None:
    with segue.connect(router.address) as music:
        music.threat = 0.5
        live(router, music)
        music.update()
        assert router.expect(Event).events[0].set == {"threat": 0.5}
        music.threat, music.region = np.float32(0.25), "crypt"
        music.update()
        assert router.expect(Event).events[0].set == {"threat": 0.25, "region": "crypt"}


def test_a_misspelt_attribute_raises_with_a_suggestion(router: Router) -> None:
    with segue.connect(router.address) as music:
        live(router, music)
        with pytest.raises(segue.InputError, match="no input 'theat'; did you mean 'threat'") as raised:
            music.theat = 0.5
        assert raised.value.code == "unknown_input"


@pytest.mark.parametrize("name", ["pause", "player", "state", "set", "on_change", "__class__"])
def test_an_input_with_the_name_of_an_attribute_of_the_client_needs_set(router: Router, name: str) -> None:
    inputs = (*WELCOME.rules.inputs, Input(name=name, type="flag", default=False))
    with segue.connect(router.address) as music:
        router.expect(Hello)
        router.say(replace(WELCOME, rules=replace(WELCOME.rules, inputs=inputs)))
        until(lambda: music.state is ClientState.LIVE, music)
        with pytest.raises(segue.InputError, match=rf"call set\('{name}', …\)") as raised:
            setattr(music, name, True)
        assert raised.value.code == "reserved_name"
        music.set(name, True)
        music.update()
        assert router.expect(Event).events[0].set == {name: True}


def test_an_input_cannot_be_read(router: Router) -> None:
    with segue.connect(router.address) as music:
        with pytest.raises(AttributeError, match="object has no attribute 'threat'"):
            music.threat  # noqa: B018
        live(router, music)
        with pytest.raises(AttributeError, match="input 'threat' can be set, not read"):
            music.threat  # noqa: B018
        with pytest.raises(AttributeError, match="'SegueClient' object has no attribute 'fier'"):
            music.fier("door")


# --- callbacks ------------------------------------------------------------------------------------------------------


def test_decorators_receive_changes_beats_stingers_and_states_when_they_are_heard(router: Router) -> None:
    heard: list[object] = []
    change = Change(
        kind="rendered", layer="place", from_state="forest", to_state="crypt", decided=0, start=1, audible=2_000
    )
    clock = Clock(start=0, end=9_600, tempo_bpm=90.0, meter=4, exact=True, beats=(Beat(at=1_000, bar=0, beat=0),))
    sting = Stinger(id=1, name="victory", kind="placed", start=3_000, total=10, count=10, pcm=bytes(80))
    with segue.connect(router.address) as music:

        @music.on_change
        def change_heard(change: segue.Change) -> None:
            heard.append(change)

        @music.on_beat
        def beat_heard(beat: segue.BeatHeard) -> None:
            heard.append((beat.bar, beat.beat))

        @music.on_stinger
        def stinger_heard(stinger: segue.StingerHeard) -> None:
            heard.append((stinger.name, stinger.at))

        @music.on_state
        def state(event: segue.Live | segue.Lost | segue.ConnectionFailed | segue.Closed) -> None:
            heard.append(type(event))

        assert (change_heard.__name__, state.__name__) == ("change_heard", "state")
        live(router, music)
        music_of_a_second = replace(CHUNK, count=25 * 1_920, format="s16le", pcm=bytes(4 * 25 * 1_920))
        router.say(change, clock, sting, music_of_a_second)
        until(lambda: music.player.position.have == 25 * 1_920, music)
        assert heard == [segue.Live]
        music.player.read_array(25 * 1_920 - 1)
        until(lambda: len(heard) == 4, music)
        router.say(Bye(reason="quit"))
        until(lambda: len(heard) == 5, music)
    assert heard == [segue.Live, (0, 0), change, ("victory", 3_000), segue.Closed]


# --- controls -------------------------------------------------------------------------------------------------------


def test_a_control_is_made_of_its_name_and_fields(router: Router) -> None:
    with segue.connect(router.address) as music:
        live(router, music)
        assert music.control("volume", gain_db=np.float32(-6.0), ramp_ms=np.int64(0))
        sent = router.expect(Control)
        assert sent == Control(op="volume", gain_db=-6.0)
        assert (type(sent.gain_db), music.player.gain_db) == (float, -6.0)
        with pytest.raises(segue.ProtocolError, match="volume needs gain_db"):
            music.control("volume")
        with pytest.raises(segue.ProtocolError, match="op: expected one of pause"):
            music.control("loud")


@pytest.mark.parametrize("op", ["mute", "unmute", "pause", "resume", "reset"])
def test_no_control_has_effect_after_the_end_of_the_session(router: Router, op: str) -> None:
    with segue.connect(router.address) as music:
        live(router, music)
    assert music.state is ClientState.CLOSED
    assert music.control(op) is False


# --- the log --------------------------------------------------------------------------------------------------------

FAILURE = Error(code="restore_refused", text="too old", about="restore")


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "segue_sdk"]


def test_a_failure_with_a_callback_is_not_logged_as_well(router: Router, caplog: pytest.LogCaptureFixture) -> None:
    told: list[segue.Error] = []
    with segue.connect(router.address) as music:
        music.on(segue.Error, told.append)
        live(router, music)
        router.say(FAILURE)
        until(lambda: told, music)
    assert told == [FAILURE]
    assert warnings(caplog) == []


def test_a_failure_without_a_callback_is_logged(router: Router, caplog: pytest.LogCaptureFixture) -> None:
    with segue.connect(router.address) as music:
        music.on(segue.Live, lambda live: None)
        live(router, music)
        router.say(FAILURE)
        until(lambda: warnings(caplog), music)
    assert warnings(caplog) == ["the service refused a restore: restore_refused: too old"]


def test_warnings_go_to_stderr_where_the_program_configures_no_logging() -> None:
    program = (
        "import segue_sdk as segue, time\n"
        "music = segue.connect('tcp://127.0.0.1:9')\n"
        "while not music.poll():\n"
        "    time.sleep(0.01)\n"
        "music.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True)
    assert done.stderr.startswith("unreachable: nothing listens at tcp://127.0.0.1:9;")
    assert logging.getLogger("segue_sdk").handlers == []


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        ("client_messages", "messages"),
        ("service_messages", "messages"),
        ("declarations", "messages"),
        ("client_events", "happenings"),
    ],
)
def test_what_a_module_defines_can_be_imported_from_another(inner: str, outer: str) -> None:
    """Messages come from one module; `happenings` is an earlier name."""
    defining, offering = import_module(f"segue_sdk.{inner}"), import_module(f"segue_sdk.{outer}")
    public = [name for name, value in vars(defining).items() if getattr(value, "__module__", "") == defining.__name__]
    assert len([name for name in public if name[0].isupper()]) > 5
    assert all(getattr(offering, name) is getattr(defining, name) for name in public if not name.startswith("_"))


def test_inputs_can_be_set_by_the_earlier_name() -> None:
    with SegueClient("tcp://127.0.0.1:1", Hello(versions=(1,), client="a game")) as client:
        client.set_input("threat", 0.5)
        assert client.end_frame() == 1


def test_the_latency_can_be_given_by_the_earlier_name() -> None:
    with SegueClient("tcp://127.0.0.1:1", Hello(versions=(1,), client="a game"), latency=960) as client:
        assert client.player.latency_samples == 960
