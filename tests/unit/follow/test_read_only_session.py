"""`segue play --follow`: a game's session by its recording, as it is heard; nothing that is done here changes it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.cli.main import main
from segue.cli.tempos import with_read_tempos
from segue.file_kinds import FilesError
from segue.follow.followed import FollowedSession, newest_recording
from segue.follow.read_only_session import ReadOnlySession
from segue.play.app import PlayApp
from segue_rules.director import Director
from segue_rules.loading import load, load_events
from segue_rules.model import FRAME_RATE
from segue_rules.timeline import play_script
from segue_sdk.limits import FRAME_SIZE, SAMPLE_RATE
from unit.cli.test_timeline_follow import EMBERWOOD, HEADER, SECONDS, written

LOOKAHEAD = round(HEADER.config.lookahead_s * FRAME_RATE)
PICTURE_S = 0.05


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Game:
    """A recording that grows a line at a time, and a session that shows it."""

    def __init__(self, folder: Path) -> None:
        path = folder / "game.jsonl"
        self.lines = written(path).splitlines(keepends=True)
        path.write_text("", "utf-8")
        self._file = path.open("a", encoding="utf-8")
        self.clock = Clock()
        self.followed = FollowedSession(path, EMBERWOOD, lambda: with_read_tempos(load(EMBERWOOD)))
        self.session = ReadOnlySession(self.followed, self.clock)
        self.dashboard = self.session.dashboard

    def close(self) -> None:
        self._file.close()
        self.followed.__exit__()

    def write(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()

    def play(self, seconds: float) -> None:
        """Let so much music be made, and show it at the pace of the game."""
        end = self.followed.made + round(seconds * FRAME_RATE)
        while self.followed.made < end and self.lines:
            line = self.lines.pop(0)
            self.write(line)
            if '"done"' in line:
                self.clock.now_s += 10 / FRAME_RATE
                self.session.tick()

    def catch_up(self) -> int:
        """Show pictures until nothing more is heard; their number."""
        pictures, before = 0, -1
        while self.dashboard.position.played != before:
            before = self.dashboard.position.played
            self.session.tick()
            pictures += 1
        return pictures


@pytest.fixture
def game(tmp_path: Path) -> Iterator[Game]:
    game = Game(tmp_path)
    yield game
    game.close()


def test_the_session_is_shown_as_it_is_heard(game: Game) -> None:
    rules = with_read_tempos(load(EMBERWOOD))
    script = list(load_events(EMBERWOOD.with_name("emberwood.events.yaml"), rules))
    plans = [
        plan
        for span in play_script(Director(rules), script, SECONDS * FRAME_RATE)
        for plan in [span.plan] * span.frames
    ]
    compared = 0
    while game.lines:
        game.play(1.0)
        played = game.dashboard.position.played
        heard = game.followed.made * FRAME_SIZE - (0 if game.followed.ended else LOOKAHEAD * FRAME_SIZE)
        assert played <= max(0, heard) + SAMPLE_RATE // 2
        if game.dashboard.rules is not None and played and not game.followed.ended:
            assert played >= heard - FRAME_SIZE
            states = tuple(layer.state for layer in game.dashboard.layers)
            assert states == plans[played // FRAME_SIZE].states
            compared += 1
    assert compared > 0.8 * SECONDS
    game.catch_up()
    assert game.dashboard.connection == "closed"
    kinds = [line.kind for line in game.dashboard.lines]
    assert {"change", "event", "status"} <= set(kinds)
    changes = [line for line in game.dashboard.lines if line.kind == "change"]
    assert any("calm → combat" in line.text and line.details[0].startswith("because ") for line in changes)
    assert [line.at for line in changes] == sorted(line.at for line in changes)


def test_the_inputs_are_those_of_the_game(game: Game) -> None:
    values: dict[str, object] = {}
    events = list(load_events(EMBERWOOD.with_name("emberwood.events.yaml"), load(EMBERWOOD)))
    game.play(SECONDS)
    for scripted in events:
        if scripted.frame * FRAME_SIZE <= game.dashboard.position.played:
            values |= scripted.event.set
    assert values
    for name, value in values.items():
        assert game.dashboard.dials[name].value == value, name


def test_a_long_session_is_caught_up_with_in_a_few_pictures(game: Game) -> None:
    game.write("".join(game.lines[:-1]))
    pictures = game.catch_up()
    assert pictures <= SECONDS * FRAME_RATE / 1_000 + 3
    assert game.dashboard.position.played // FRAME_SIZE >= SECONDS * FRAME_RATE - LOOKAHEAD - 1


def test_nothing_that_is_done_here_changes_the_game(game: Game) -> None:
    game.play(10.0)
    lines, dials = game.dashboard.num_lines, dict(game.dashboard.dials)
    dial = next(iter(dials.values()))
    game.session.turn(dial.nudged(3))
    game.session.fire("victory")
    for change in (game.session.pause, game.session.reset, game.session.compare):
        change()
    game.session.cycle_layer(0)
    assert game.dashboard.dials == dials
    assert not game.dashboard.paused
    assert game.dashboard.num_lines == lines + 1
    assert "the game sets its inputs" in game.dashboard.lines[-1].text


def test_a_recording_that_goes_wrong_is_told_in_one_line(game: Game) -> None:
    game.play(5.0)
    game.write("nonsense\n")
    game.session.tick()
    assert game.dashboard.connection == "lost"
    assert "not a line of a recording" in game.dashboard.lines[-1].text
    lines = game.dashboard.num_lines
    game.session.tick()
    assert game.dashboard.num_lines == lines


def test_a_game_that_makes_no_more_music_is_said_to_be_paused_or_gone(game: Game) -> None:
    game.play(10.0)
    game.clock.now_s += 11.0
    game.session.tick()
    assert game.dashboard.connection == "the game is paused or gone"
    played = game.dashboard.position.played
    game.clock.now_s += 60.0
    game.session.tick()
    assert game.dashboard.position.played == played
    game.play(5.0)
    assert game.dashboard.connection == "follows a game"


def test_half_a_line_waits_for_the_rest(game: Game) -> None:
    header, *rest = game.lines
    game.write(header[:40])
    game.session.tick()
    assert game.dashboard.connection == "waits for the recording"
    game.write(header[40:] + "".join(rest[:40]))
    game.session.tick()
    assert game.dashboard.connection == "follows a game"


def test_the_screen_shows_a_game_and_takes_no_more_than_quit(game: Game) -> None:
    words = ("follows a game", "Emberwood", "to the game", "quit", "the game sets its inputs")

    async def screen() -> None:
        app = PlayApp(game.session, lambda: "the game")
        async with app.run_test(size=(110, 34)) as pilot:
            game.play(20.0)
            await pilot.press("space", "ctrl+r", "d")
            text = ""
            # Generous: it bounds a hang, not a speed.
            for _ in range(1_200):
                if all(word in text for word in words):
                    break
                await pilot.pause(PICTURE_S)
                strips = app.screen._compositor.render_strips()
                text = "\n".join("".join(segment.text for segment in strip) for strip in strips)
            assert all(word in text for word in words), text
            assert "pause" not in text.splitlines()[-1]

    asyncio.run(screen())


def test_the_newest_recording_of_a_folder_is_followed(tmp_path: Path) -> None:
    with pytest.raises(FilesError, match="has no recordings"):
        newest_recording(tmp_path)
    for number, name in enumerate(("b.segue.jsonl", "a.segue.jsonl", "notes.txt")):
        (tmp_path / name).write_text("", "utf-8")
        os.utime(tmp_path / name, (1_000 + number, 1_000 + number))
    assert newest_recording(tmp_path) == tmp_path / "a.segue.jsonl"
    assert newest_recording(tmp_path / "any.jsonl") == tmp_path / "any.jsonl"


@pytest.mark.parametrize(
    "flag", [["--seed", "3"], ["--no-sound"], ["--connect", "tcp://127.0.0.1:1"], ["--output", "x.wav"]]
)
def test_what_belongs_to_a_session_of_ones_own_is_refused(flag: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", str(EMBERWOOD), "--follow", "a.jsonl", *flag]) == 2
    assert f"{flag[0]} has no effect with --follow" in capsys.readouterr().err


def test_what_is_no_recording_is_told_before_the_screen_opens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n", "utf-8")
    for path, words in (("a.jsonl", "not a line of a recording"), ("b.jsonl", "b.jsonl")):
        assert main(["play", str(EMBERWOOD), "--follow", str(tmp_path / path)]) == 2
        told = capsys.readouterr().err.splitlines()
        assert len(told) == 1
        assert words in told[0]
