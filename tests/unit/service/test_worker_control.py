"""The channel between edge and worker: messages in order, sockets with the message that they belong to."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import numpy as np
import pytest

from segue.service.rule_store import RuleEdit
from segue.service.soundtrack import Soundtrack, build_soundtrack
from segue.service.workers.control import (
    Accept,
    ControlChannel,
    ControlMessage,
    Edited,
    Failed,
    Ping,
    Ready,
    receive_first,
    send_last,
    socket_pair,
)
from segue.style.word_table import WordEncoder
from segue_rules.loading import load
from unit.service.listening import until


class Ends:
    """Both ends of a channel, and what came to each."""

    def __init__(self) -> None:
        ours, theirs = socket_pair()
        self.came: list[tuple[ControlMessage, socket.socket | None]] = []
        self.answered: list[ControlMessage] = []
        self.lost: list[str] = []
        self.edge = ControlChannel(
            ours, lambda message, _: self.answered.append(message), lambda: self.lost.append("edge")
        )
        self.worker = ControlChannel(
            theirs, lambda message, passed: self.came.append((message, passed)), lambda: self.lost.append("worker")
        )

    def close(self) -> None:
        self.edge.close()
        self.worker.close()


def test_messages_come_in_order_and_sockets_with_theirs() -> None:
    async def run() -> None:
        ends = Ends()
        kept = []
        # More than the kernel's buffer takes at once.
        large = RuleEdit(name="large", errors=("x" * 500_000,))
        for number in range(40):
            mine, passed = socket.socketpair()
            kept.append(mine)
            ends.edge.send(Ping(number))
            ends.edge.send(Accept(number, f"10.0.0.{number}"), passed)
            if number % 10 == 0:
                ends.edge.send(Edited(large))
        await until(lambda: len(ends.came) == 84)
        accepted = [(message, got) for message, got in ends.came if isinstance(message, Accept)]
        assert [message.number for message, _ in accepted] == list(range(40))
        assert [message.number for message, _ in ends.came if isinstance(message, Ping)] == list(range(40))
        assert [message for message, _ in ends.came if isinstance(message, Edited)] == [Edited(large)] * 4
        for (message, got), mine in zip(accepted, kept, strict=True):
            assert got is not None
            mine.sendall(str(message.number).encode())
            assert got.recv(10) == str(message.number).encode()
            got.close()
            mine.close()
        ends.worker.send(Ready())
        await until(lambda: ends.answered)
        assert ends.answered == [Ready()]
        ends.close()
        assert ends.lost == []

    asyncio.run(run())


def test_the_end_of_a_channel_is_told_once_and_later_messages_are_lost() -> None:
    async def run() -> None:
        ends = Ends()
        ends.worker.send(Failed("no sound"))
        ends.worker.close()
        await until(lambda: ends.lost)
        assert ends.answered == [Failed("no sound")]
        mine, passed = socket.socketpair()
        ends.edge.send(Accept(1, "here"), passed)
        ends.edge.send(Ping(1))
        # The socket that could not be passed on is closed, so that whoever has the other end knows.
        assert passed.fileno() == -1
        assert mine.recv(1) == b""
        mine.close()
        ends.close()
        assert ends.lost == ["edge"]

    asyncio.run(run())


def test_sockets_that_wait_are_closed_with_the_channel() -> None:
    async def run() -> None:
        ends = Ends()
        ends.edge.send(Edited(RuleEdit(name="large", errors=("x" * 2_000_000,))))
        mine, passed = socket.socketpair()
        ends.edge.send(Accept(1, "here"), passed)
        ends.close()
        assert mine.recv(1) == b""
        mine.close()

    asyncio.run(run())


def test_no_descriptor_is_left_open() -> None:
    def open_descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir())) if os.path.isdir("/proc/self/fd") else 0

    async def run() -> int:
        before = open_descriptors()
        ends = Ends()
        for number in range(8):
            mine, passed = socket.socketpair()
            ends.edge.send(Accept(number, "here"), passed)
            mine.close()
        await until(lambda: len(ends.came) == 8)
        for _, got in ends.came:
            assert got is not None
            got.close()
        ends.close()
        return open_descriptors() - before

    assert asyncio.run(run()) == 0


def test_the_first_and_the_last_message_need_no_loop() -> None:
    ours, theirs = socket.socketpair()
    send_last(ours, Failed("no sound"))
    assert receive_first(theirs) == Failed("no sound")
    ours.close()
    with pytest.raises(EOFError, match="the control channel is closed"):
        receive_first(theirs)
    send_last(theirs, Failed("nobody hears it"))
    theirs.close()
    send_last(theirs, Failed("nor this"))


def test_a_worker_gets_a_soundtrack_with_its_clips() -> None:
    path = Path(__file__).parents[3] / "rules" / "cookbook" / "recordings.yaml"
    soundtrack = build_soundtrack("recordings", load(path), {}, "", encoders=[WordEncoder()], max_prompt_audio_s=60.0)

    async def run() -> Soundtrack:
        ends = Ends()
        ends.edge.send(Edited(RuleEdit(name="recordings", soundtrack=soundtrack)))
        await until(lambda: len(ends.came) == 1)
        ends.close()
        (message, _) = ends.came[0]
        assert isinstance(message, Edited)
        assert isinstance(message.edit.soundtrack, Soundtrack)
        return message.edit.soundtrack

    sent = asyncio.run(run())
    assert soundtrack.clips is not None
    assert sent.clips is not None
    assert sent.clips.same_as(soundtrack.clips)
    assert np.array_equal(sent.clips.read("siege", 0, 48_000), soundtrack.clips.read("siege", 0, 48_000))
