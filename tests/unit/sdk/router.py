"""A ROUTER socket that sends what a test tells it to."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import zmq

from segue_sdk.codec import decode, encode
from segue_sdk.messages import Message

# Generous: it bounds a hang, not a speed.
PATIENCE_S = 20.0

M = TypeVar("M")


class Router:
    """A service whose messages the test writes."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], address: str = "tcp://127.0.0.1:*") -> None:
        self.socket = context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.bind(address)
        self.address = self.socket.last_endpoint.decode()
        self.identity = b""
        self.seen: list[Message] = []

    def expect(self, kind: type[M], where: Callable[[M], bool] = lambda message: True) -> M:
        """The next message of a kind that fits; all before it are kept in `seen`."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if self.socket.poll(50):
                self.identity, *parts = self.socket.recv_multipart()
                self.seen.append(decode(parts))
                if isinstance(self.seen[-1], kind) and where(self.seen[-1]):
                    return self.seen[-1]
        raise AssertionError(f"no {kind.__name__}, but {self.seen}")

    def say(self, *messages: Message) -> None:
        for message in messages:
            self.socket.send_multipart([self.identity, *encode(message)])
