"""The examples that game programmers read first run as they are."""

from __future__ import annotations

import importlib.util
import re
import textwrap
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pygame
import pyglet
import pytest

from unit.play.playing_service import playing_service

EXAMPLES = Path(__file__).parents[3] / "engine_sdk" / "examples"

# A machine that tests has neither a sound device nor a display.
pyglet.options.audio = ("silent",)
pyglet.options.shadow_window = False


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    return example


def test_the_minimal_example_plays_its_story(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = load("minimal")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(example, "STORY", {0.2: "wolves", 1.6: "safe"})
    with playing_service() as service:
        example.main(service.address, seconds=3.0)
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("playing to ")
    assert "bar 1" in told
    assert "action: calm -> combat because threat is 0.9 (enter >= 0.6 is met)" in told
    assert "action: combat -> calm because threat is 0.0 (enter >= 0.6 is met)" in told


def test_the_pygame_example_follows_the_mouse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    told: list[str] = []

    def events() -> list[pygame.Event]:
        """The mouse to the right in every frame; the window is closed once the music has followed."""
        told.extend(capsys.readouterr().out.splitlines())
        if "action -> combat" in told:
            return [pygame.Event(pygame.QUIT)]
        return [pygame.Event(pygame.MOUSEMOTION, pos=(600, 100))]

    monkeypatch.setattr(pygame.event, "get", events)
    with playing_service() as service:
        load("pygame_game").main(service.address, frames=1_200)
    pygame.quit()
    assert "action -> combat" in told


def test_the_pyglet_example_follows_the_mouse(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers: dict[str, Any] = {}
    told: list[str] = []

    def window(width: int, height: int, title: str) -> SimpleNamespace:
        def push_handlers(*pushed: Any) -> None:
            handlers.update({handler.__name__: handler for handler in pushed})

        return SimpleNamespace(push_handlers=push_handlers)

    def move(seconds: float) -> None:
        """The mouse to the right in every frame; the loop ends once the music has followed."""
        told.extend(capsys.readouterr().out.splitlines())
        handlers["on_mouse_motion"](600, 100, 1, 1)
        if "action -> combat" in told or move.calls > 1_200:
            pyglet.app.exit()
        move.calls += 1

    move.calls = 0  # type: ignore[attr-defined]
    # A machine that tests has no display.
    monkeypatch.setattr(pyglet, "window", SimpleNamespace(Window=window))
    pyglet.clock.schedule_interval(move, 1 / 60)
    try:
        with playing_service() as service:
            load("pyglet_game").main(service.address)
    finally:
        pyglet.clock.unschedule(move)
    assert "action -> combat" in told


def test_the_readmes_game_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (EXAMPLES.parent / "README.md").read_text("utf-8")
    block, asynchronous = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    compile("async def main():\n" + textwrap.indent(asynchronous, "    "), "README.md", "exec")
    monkeypatch.chdir(tmp_path)
    with playing_service() as service:
        game = textwrap.dedent(block).replace("tcp://127.0.0.1:7723", service.address)
        # The story of a minute in some seconds.
        game = game.replace("60 * 60", "400").replace("600 < frame < 1800", "30 < frame")
        exec(compile(game, "README.md", "exec"), {})
    assert "action -> combat" in capsys.readouterr().out
