"""The app of `segue play`, headless, with a service over a real socket; its panels as text; the command."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console
from textual.pilot import Pilot

from segue.cli import play
from segue.file_kinds import FilesError
from segue.play import drawing
from segue.play.app import PlayApp
from segue.play.dashboard import Dashboard, LogLine
from segue.play.dials import make_dials
from segue.play.session import PlayedFile, PlaySession
from segue.play.widgets import DialPanel, DialRow
from segue.runtime.journal import Operation
from segue.runtime.recording import Header, write_recording
from segue.runtime.session_config import SessionConfig
from segue_rules.events import Event
from segue_rules.loading import load, load_events
from segue_sdk.client import SegueClient
from segue_sdk.client_events import BeatHeard
from segue_sdk.limits import FRAME_SIZE
from segue_sdk.messages import Hello, Rules
from segue_sdk.output import NullOutput, OutputError
from segue_sdk.player import Player
from unit.play.playing_service import EMBERWOOD, MORE, SWITCHED, PlayingService, playing_service

HEADER = Header(rules="ab" * 32, generators=("score",), config=SessionConfig(seed=5))
# Generous: it bounds a hang, not a speed.
PATIENCE_S = 240.0

Act = Callable[[Pilot[None], PlayingService, Dashboard], Awaitable[None]]


async def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "nothing came"
        await asyncio.sleep(0.01)


def client_of(service: PlayingService) -> SegueClient:
    return SegueClient(service.address, Hello(versions=(1,), client="test"))


def played(
    act: Act, *, script: Path | None = None, size: tuple[int, int] = (100, 30), files: Sequence[PlayedFile] = ()
) -> None:
    """Let a player act in a terminal of that size."""

    async def main() -> None:
        events = load_events(script) if script else ()
        with playing_service() as service, client_of(service) as client, NullOutput(client.player) as output:
            session = PlaySession(client, events, files)
            app = PlayApp(session, lambda: output.name)
            async with app.run_test(size=size) as pilot:
                await until(lambda: session.dashboard.dials and app.query_one(DialPanel).rows)
                await act(pilot, service, session.dashboard)

    asyncio.run(main())


def unread() -> None:
    """No rules: those of the simple service are in no file."""


def shown(pilot: Pilot[None]) -> str:
    """All that is on the screen."""
    lines = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


def texts(session: PlaySession) -> list[str]:
    """The lines of the log."""
    return [line.text for line in session.dashboard.lines]


async def focus_input(pilot: Pilot[None], key: str, name: str) -> None:
    """Press an input's key and wait until its row has the focus."""
    pilot.app.simulate_key(key)
    await until(lambda: isinstance(pilot.app.focused, DialRow) and pilot.app.focused.input == name)


def said(service: PlayingService) -> dict[str, object]:
    return {name: value for item in service.events for name, value in item.set.items()}


def test_keys_and_arrows_send_events_and_show_their_effects() -> None:
    async def act(pilot: Pilot[None], service: PlayingService, dashboard: Dashboard) -> None:
        await focus_input(pilot, "n", "night")
        await focus_input(pilot, "r", "region")
        await focus_input(pilot, "b", "boss_dead")
        await focus_input(pilot, "t", "threat")
        for _ in range(14):
            pilot.app.simulate_key("right")
        await until(lambda: any("boss_dead" in item.fire for item in service.events))
        await until(lambda: said(service).get("threat") == 0.7)
        assert said(service) == {"threat": 0.7, "night": True, "region": "crypt"}
        await until(lambda: any("calm → combat" in line.text for line in dashboard.lines))
        await until(lambda: dict(dashboard.mix)["battle"] > 0.7)
        await until(lambda: dashboard.beat is not None and dashboard.reaction_ms is not None)
        for text in (
            "0.7",
            "75%",
            "combat",
            "Emberwood",
            "live",
            "120 bpm",
            "crypt",
            "boss_dead!, heard after",
            "because threat is",
            "score 12×",
        ):
            await until(lambda text=text: text in shown(pilot))  # type: ignore[misc]

    played(act)


def test_what_the_rules_decide_is_shown_where_they_can_be_read() -> None:
    rules = load(Path(__file__).parents[3] / "rules" / "library" / "emberwood" / "emberwood.yaml")

    async def act(pilot: Pilot[None], service: PlayingService, dashboard: Dashboard) -> None:
        await until(lambda: "D minor" in shown(pilot))
        for text in ("intensity", "0.40", "key D minor", "drums auto", "meter 4", "gain 0dB"):
            assert text in shown(pilot)
        await focus_input(pilot, "r", "region")
        await until(lambda: dict(dashboard.controls)["key"] == "C minor")
        await until(lambda: dict(dashboard.controls)["drums"] == "off")

    played(act, files=[PlayedFile(name="emberwood", label="a", read=lambda: rules)])


def test_without_the_rules_nothing_is_said_of_what_they_decide() -> None:
    async def act(pilot: Pilot[None], service: PlayingService, dashboard: Dashboard) -> None:
        await until(lambda: "forest" in shown(pilot))
        assert (dashboard.controls, dashboard.intensity) == ([], None)
        assert "intensity" not in shown(pilot)

    played(act)


def test_function_keys_mute_a_layer_then_play_it_alone() -> None:
    async def act(pilot: Pilot[None], service: PlayingService, dashboard: Dashboard) -> None:
        service.send(SWITCHED)
        await until(lambda: dashboard.switches == ("place", "action"))
        for mode, sent in (
            ("muted", {"mute:action": True}),
            ("solo", {"mute:place": True, "mute:action": False}),
            ("", {"mute:place": False}),
        ):
            before = len(service.events)
            pilot.app.simulate_key("f2")
            await until(lambda before=before: len(service.events) > before)  # type: ignore[misc]
            assert [item.set for item in service.events[before:]] == [sent]
            assert dashboard.layers[1].mode == mode
            await until(lambda mode=mode: f"calm  {mode}" in shown(pilot))  # type: ignore[misc]
        pilot.app.simulate_key("f3")
        assert "F1…" in shown(pilot)

    played(act)


def test_the_other_file_is_asked_for_before_a_bar_line() -> None:
    files = [
        PlayedFile(name="one", label="a.yaml", read=lambda: None),
        PlayedFile(name="two", label="b.yaml", read=lambda: None),
    ]

    async def act(pilot: Pilot[None], service: PlayingService, dashboard: Dashboard) -> None:
        await until(lambda: "a.yaml" in shown(pilot))
        pilot.app.simulate_key("ctrl+b")
        await until(lambda: "a.yaml → b.yaml" in shown(pilot) or dashboard.file == "b.yaml")
        await until(lambda: service.rules == ["two"])
        assert (dashboard.file, dashboard.next_file) == ("b.yaml", "")
        pilot.app.simulate_key("ctrl+b")
        await until(lambda: service.rules == ["two", "one"])

    played(act, files=files)


def test_asked_twice_before_the_bar_line_the_file_stays() -> None:
    with playing_service() as service, client_of(service) as client:
        files = [PlayedFile(name=name, label=name, read=unread) for name in ("a", "b")]
        session = PlaySession(client, (), files)
        session.compare()
        assert session.dashboard.next_file == "b"
        session.compare()
        assert session.dashboard.next_file == ""


def test_the_mouse_moves_sliders_and_presses_buttons() -> None:
    async def act(pilot: Pilot[None], service: PlayingService, dashboard: Dashboard) -> None:
        rows = {row.input: row for row in pilot.app.query(DialRow)}
        await until(lambda: rows["threat"].size.width)
        width = drawing.slider_width(rows["threat"].size.width)
        await pilot.click(rows["threat"], offset=(drawing.slider_start() + width - 1, 0))
        await pilot.click(rows["boss_dead"], offset=(20, 0))
        await until(lambda: said(service).get("threat") == 1)
        await until(lambda: any("boss_dead" in item.fire for item in service.events))

    played(act)


def test_pause_and_reset_reach_the_service() -> None:
    async def act(pilot: Pilot[None], service: PlayingService, dashboard: Dashboard) -> None:
        for key in ("n", "space", "space", "ctrl+r"):
            pilot.app.simulate_key(key)
        await until(lambda: service.controls == ["pause", "resume"])
        await until(lambda: any(item.reset for item in service.events))
        await until(lambda: not dashboard.dials["night"].value)

    played(act)


def test_a_bad_edit_is_shown_with_its_position_and_a_good_one_adds_its_inputs() -> None:
    async def act(pilot: Pilot[None], service: PlayingService, dashboard: Dashboard) -> None:
        await focus_input(pilot, "h", "health")
        service.send(Rules(errors=("emberwood.yaml:33:44: unknown style 'hollow'; did you mean 'hollows'?",)))
        service.send(MORE)
        await until(lambda: "weather" in [row.input for row in pilot.app.query(DialRow)])
        await until(lambda: "emberwood.yaml:33:44: unknown style" in shown(pilot) and "sun  rain" in shown(pilot))
        assert isinstance(pilot.app.focused, DialRow)
        assert pilot.app.focused.input == "health", "the focus stays where it was"
        pilot.app.simulate_key("w")
        await until(lambda: said(service).get("weather") == "rain")

    played(act)


def test_events_of_a_script_name_their_own_frames(tmp_path: Path) -> None:
    script = tmp_path / "a.events.yaml"
    script.write_text("- {at: 40ms, set: {threat: 0.9}}\n- {at: 1530ms, fire: boss_dead}\n", encoding="utf-8")

    async def act(pilot: Pilot[None], service: PlayingService, dashboard: Dashboard) -> None:
        await until(lambda: any("boss_dead" in item.fire for item in service.events))
        # 1530 ms lie in frame 38; the first event may come too late for its own.
        first, second = service.events
        assert first.at >= FRAME_SIZE
        assert second.at == 38 * FRAME_SIZE

    played(act, script=script)


def recording(path: Path, *operations: Operation, header: Header = HEADER) -> Path:
    with path.open("w", encoding="utf-8") as file:
        write_recording(file, header, operations)
    return path


def test_the_events_of_a_recording_have_its_frames_and_seed(tmp_path: Path) -> None:
    threat, won = Event(sequence=1, set={"threat": 0.9}), Event(sequence=2, fire=("boss_dead",))
    path = recording(tmp_path / "a.jsonl", ("event", threat, 36), ("primary", 0), ("event", won, 180))
    seed, events = play._recorded_events(path)
    assert seed == 5
    assert [(each.frame, each.event) for each in events] == [(36, threat), (180, won)]


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FilesError, match="no such file"):
        play._recorded_events(tmp_path / "none.jsonl")
    (tmp_path / "b.jsonl").write_text("- {at: 1s}\n")
    with pytest.raises(FilesError, match=r"b\.jsonl:1: not a line of a recording"):
        play._recorded_events(tmp_path / "b.jsonl")


def test_an_event_script_plays_itself(tmp_path: Path) -> None:
    script = tmp_path / "a.events.yaml"
    script.write_text("- {at: 0s, set: {threat: 0.9}}\n- {at: 500ms, fire: boss_dead}\n", encoding="utf-8")

    async def act(pilot: Pilot[None], service: PlayingService, dashboard: Dashboard) -> None:
        await until(lambda: any("boss_dead" in item.fire for item in service.events))
        fired = next(item for item in service.events if item.fire)
        assert (said(service), fired.fire) == ({"threat": 0.9}, ("boss_dead",))
        # What is heard moves on in blocks.
        assert fired.at >= 24_000 - 960
        assert dashboard.dials["threat"].value == 0.9

    played(act, script=script)


def test_refusals_are_shown_and_a_small_terminal_still_shows_the_keys() -> None:
    async def act(pilot: Pilot[None], service: PlayingService, dashboard: Dashboard) -> None:
        await focus_input(pilot, "e", "enemies")
        for _ in range(22):
            pilot.app.simulate_key("right")
        await until(lambda: "refused: too many enemies" in [line.text for line in dashboard.lines])
        await until(lambda: "threat" in shown(pilot) and "space" in shown(pilot))

    played(act, size=(60, 20))


def test_a_service_that_dies_is_shown() -> None:
    async def main() -> None:
        with playing_service() as service, client_of(service) as client:
            session = PlaySession(client)
            app = PlayApp(session, lambda: "nowhere", lambda: "out of memory")
            async with app.run_test():
                await until(
                    lambda: "the service ended: out of memory" in [line.text for line in session.dashboard.lines]
                )

    asyncio.run(main())


# --- panels as text -------------------------------------------------------------------------------------------------


def test_bars_are_as_wide_as_asked_and_filled_by_eighths() -> None:
    assert [drawing.bar(share, 4, "red").plain for share in (0, 1 / 32, 0.5, 1)] == ["····", "▏···", "██··", "████"]


@pytest.mark.parametrize("width", [30, 48, 80])
def test_input_lines_fit_their_width(width: int) -> None:
    for dial in make_dials(EMBERWOOD.inputs, {}).values():
        assert drawing.dial(dial, width, focused=True).cell_len <= max(width, 40)
    region = make_dials(EMBERWOOD.inputs, {})["region"]
    wide = "forest  crypt  town" in drawing.dial(region, width, focused=False).plain
    assert wide == (width > 40)


def test_the_present_beat_is_lit_and_marked_nominal_for_generators_without_exact_beats() -> None:
    dashboard = Dashboard()
    dashboard.beat = BeatHeard(at=0, bar=3, beat=1, exact=False, tempo_bpm=96.4, meter=3)
    assert "96 bpm  ○ ● ○  bar 4 (nominal)" in drawing.header(dashboard, 80).plain


def test_a_long_log_line_is_wrapped_under_its_beginning() -> None:
    console = Console(width=30, file=StringIO())
    console.print(drawing.log_line(LogLine(kind="error", at=48_000, text="one two three four five", details=("why",))))
    assert isinstance(console.file, StringIO)
    lines = [line.rstrip() for line in console.file.getvalue().splitlines()]
    assert lines == [" 0:01.0  one two three four", "         five", "         why"]


# --- the command ----------------------------------------------------------------------------------------------------


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    play.add_arguments(parser)
    return play.run(parser.parse_args(arguments))


def test_contradicting_options_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    assert "expected a rule file, or --connect" in capsys.readouterr().err
    assert run("--connect", "tcp://127.0.0.1:9", "--soundfont", "a.sf2") == 2
    assert "--soundfont belongs to the service" in capsys.readouterr().err


def test_mistakes_in_the_rules_are_printed_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "bad.yaml"
    rules.write_text("segue: 1\nlayerz: {}\n", encoding="utf-8")
    assert run(str(rules)) == 2
    assert "bad.yaml:2:1: unknown field 'layerz'" in capsys.readouterr().err


def test_without_textual_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "textual", None)
    assert run("a.yaml") == 2
    assert "pip install" in capsys.readouterr().err


def test_without_a_sound_device_it_plays_silently_with_a_notice_unless_a_device_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing() -> None:
        raise OutputError("no PortAudio")

    monkeypatch.setattr("segue_sdk.output._sounddevice", missing)
    told: list[str] = []
    client = SimpleNamespace(player=Player())
    wishes = argparse.Namespace(no_sound=False, output=None, device=None)
    with play._output(wishes, client, told.append) as output:
        assert output.name == "no sound"
    assert told == ["no PortAudio; playing to nowhere (or use --output FILE)"]
    with pytest.raises(OutputError, match="no PortAudio"):
        play._output(argparse.Namespace(no_sound=False, output=None, device="3"), client, told.append)


def test_the_player_never_loads_the_model_or_an_array_library() -> None:
    modules = "segue.cli.play, segue.play.app, segue.play.local_service, segue_rules.loading, segue_sdk.output"
    script = f"import sys, {modules}; print({{'jax', 'numpy', 'scipy'}} & set(sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "set()\n"
    )
