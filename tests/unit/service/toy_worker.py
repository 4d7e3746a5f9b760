"""A worker without a generator. Its argument says what it does: play, fail, exit or sleep."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time

from segue.service.monitoring import Metrics
from segue.service.workers.control import (
    ControlChannel,
    ControlMessage,
    Failed,
    Ping,
    Ready,
    Report,
    Stop,
    receive_first,
    send_last,
)
from segue.service.workers.figures import figures_of


async def play(connected: socket.socket) -> None:
    """Answer pings and count other messages, until it is stopped or the edge is gone."""
    stopped = asyncio.Event()
    metrics = Metrics()

    def received(message: ControlMessage, passed: socket.socket | None) -> None:
        match message:
            case Ping():
                channel.send(message)
            case Stop():
                stopped.set()
            case _:
                metrics.event("accepted")
                channel.send(Report(0, 0, figures_of(metrics.registry)))

    channel = ControlChannel(connected, received, stopped.set)
    channel.send(Ready())
    await stopped.wait()
    channel.close()


def main(mode: str) -> None:
    connected = socket.socket(fileno=os.dup(0))
    receive_first(connected)
    match mode:
        case "play":
            asyncio.run(play(connected))
        case "fail":
            send_last(connected, Failed("no sound here"))
        case "sleep":
            time.sleep(60.0)


if __name__ == "__main__":
    main(sys.argv[1])
