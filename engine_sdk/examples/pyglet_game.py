"""A pyglet window whose music follows the mouse: the further right, the greater the threat. A click opens the crypt.

Arcade builds on pyglet: there, call `music.update()` in `on_update` and set inputs in the same handlers.

segue serve rules/library/emberwood/emberwood.yaml      # in one terminal
pip install pyglet                                      # once
python engine_sdk/examples/pyglet_game.py               # in another
"""

from __future__ import annotations

import sys
from typing import Any

import pyglet

import segue_sdk as segue


def main(address: str = "tcp://127.0.0.1:7723") -> None:
    window = pyglet.window.Window(640, 360, "Segue")
    with segue.connect(address, rules="emberwood", client="pyglet example") as music, segue.PygletOutput(music.player):
        window.push_handlers(*handlers(music))
        pyglet.clock.schedule_interval(lambda seconds: music.update(), 1 / 60)
        pyglet.app.run()


def handlers(music: segue.SegueClient) -> tuple[Any, Any]:
    """The window's event handlers, which set the inputs of the music."""

    def on_mouse_motion(x: int, y: int, dx: int, dy: int) -> None:
        music.threat = x / 640

    def on_mouse_press(x: int, y: int, button: int, modifiers: int) -> None:
        music.region = "crypt"

    music.on_change(lambda change: print(change.layer, "->", change.to_state))
    return on_mouse_motion, on_mouse_press


if __name__ == "__main__":
    main(*sys.argv[1:2])
