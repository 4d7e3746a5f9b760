"""A game of fifty lines: what a game programmer writes to have a soundtrack that follows.

segue serve rules/library/emberwood/emberwood.yaml      # in one terminal
python engine_sdk/examples/minimal.py                   # in another
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from segue_sdk.client import SegueClient
from segue_sdk.client_events import BeatHeard, ChangeHeard, Closed, ConnectionFailed, Live, Lost
from segue_sdk.messages import Hello, Receipt
from segue_sdk.output import open_output

# Seconds, and what happens in the game then.
STORY = {2.0: "wolves", 12.0: "safe", 20.0: "crypt"}


def main(address: str = "tcp://127.0.0.1:7723", seconds: float = 30.0) -> None:
    hello = Hello(versions=(1,), client="minimal example", rules_name="emberwood")
    with SegueClient(address, hello) as client, open_output(client.player, file=Path("minimal.wav")) as output:
        print("playing to", output.name)
        client.on(Live, lambda live: print("connected to", live.welcome.service))
        client.on(ConnectionFailed, lambda failed: print("no service yet:", failed.text))
        client.on(ChangeHeard, tell_change)
        client.on(Receipt, lambda receipt: None if receipt.accepted else print("refused:", receipt.text))
        client.on(BeatHeard, lambda beat: print("bar", beat.bar + 1) if beat.beat == 0 else None)
        client.on(Lost, lambda lost: print("music goes on from the buffer:", lost.reason))
        client.on(Closed, lambda closed: print("the session has ended:", closed.reason, closed.text))

        started, story = time.monotonic(), dict(STORY)
        while time.monotonic() - started < seconds:  # the game's loop, sixty frames a second
            for at in [at for at in story if at <= time.monotonic() - started]:
                match story.pop(at):
                    case "wolves":
                        client.set_input("threat", 0.9)
                        client.set_input("enemies", 4)
                    case "safe":
                        client.set_input("threat", 0.0)
                        client.set_input("enemies", 0)
                    case "crypt":
                        client.set_input("region", "crypt")
            client.update()
            time.sleep(1 / 60)


def tell_change(heard: ChangeHeard) -> None:
    """Why the music changes, in the moment when it does; `Change` tells it when it is decided."""
    change = heard.change
    because = "; ".join(cause.text for cause in change.causes)
    print(f"{change.layer}: {change.from_state} -> {change.to_state} because {because}")


if __name__ == "__main__":
    main(sys.argv[1]) if len(sys.argv) > 1 else main()
