"""A game whose music follows it, without any game engine.

segue serve rules/library/emberwood/emberwood.yaml      # in one terminal
python engine_sdk/examples/minimal.py                   # in another
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import segue_sdk as segue

# Seconds, and what happens in the game then.
STORY = {2.0: "wolves", 12.0: "safe", 20.0: "crypt"}


def main(address: str = "tcp://127.0.0.1:7723", seconds: float = 30.0) -> None:
    with (
        segue.connect(address, rules="emberwood", client="minimal example") as music,
        segue.open_output(music.player, file=Path("minimal.wav")) as output,
    ):
        print("playing to", output.name)
        music.on_state(print_state)
        music.on_change(print_change)
        music.on_beat(lambda beat: print("bar", beat.bar + 1) if beat.beat == 0 else None)
        music.on(segue.Receipt, lambda receipt: None if receipt.accepted else print("refused:", receipt.text))

        started, story = time.monotonic(), dict(STORY)
        while time.monotonic() - started < seconds:  # the game's loop, sixty frames a second
            for at in [at for at in story if at <= time.monotonic() - started]:
                match story.pop(at):
                    case "wolves":
                        music.threat, music.enemies = 0.9, 4
                    case "safe":
                        music.threat, music.enemies = 0.0, 0
                    case "crypt":
                        music.region = "crypt"
            music.update()
            time.sleep(1 / 60)


def print_change(change: segue.Change) -> None:
    """Say why the music changes, when it does. `on(segue.Change, …)` says it earlier, when it is decided."""
    because = "; ".join(cause.text for cause in change.causes)
    print(f"{change.layer}: {change.from_state} -> {change.to_state} because {because}")


def print_state(event: segue.Live | segue.Lost | segue.ConnectionFailed | segue.Closed) -> None:
    match event:
        case segue.Live():
            print("connected to", event.welcome.service)
        case segue.Lost():
            print("music goes on from the buffer:", event.reason)
        case segue.ConnectionFailed():
            print("no service yet:", event.text)
        case segue.Closed():
            print("the session has ended:", event.reason, event.text)


if __name__ == "__main__":
    main(*sys.argv[1:2])
