"""The client of `peer.py` over WebSocket, with the library `websockets`."""

from __future__ import annotations

import ssl
import time
from contextlib import ExitStack
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.frames import Close
from websockets.sync.client import connect

from segue_sdk.codec import Part, decode, encode
from segue_sdk.messages import Message
from service.peer import Peer


class WebPeer(Peer):
    """A client, as a context. seen: all messages received, in order; end_of_service: how the service ended it."""

    def __init__(
        self, address: str, tls: ssl.SSLContext | None = None, name: str | None = None, **options: Any
    ) -> None:
        self._stack = ExitStack()
        self._web = self._stack.enter_context(
            connect(
                address,
                compression=None,
                ping_interval=None,
                max_size=None,
                proxy=None,
                close_timeout=5,
                ssl=tls,
                server_hostname=name,
                **options,
            )
        )
        self.seen: list[Message] = []
        self.end_of_service: Close | None = None
        self._unread = 0

    def vanish(self) -> None:
        """Close the connection without a message of the protocol."""
        self._stack.close()

    def say(self, *messages: Message) -> None:
        for message in messages:
            self.say_bytes(*encode(message))

    def say_bytes(self, *parts: Part) -> None:
        header, *payload = map(bytes, parts)
        self._web.send(b"".join((len(header).to_bytes(4, "little"), header, *payload)))

    def _receive(self, patience_ms: int) -> None:
        try:
            got = self._web.recv(patience_ms / 1000, decode=False)
        except TimeoutError:
            return
        except ConnectionClosed as end:
            self.end_of_service = end.rcvd
            time.sleep(patience_ms / 1000)
            return
        size = int.from_bytes(got[:4], "little")
        header, payload = bytes(got[4 : 4 + size]), bytes(got[4 + size :])
        self.seen.append(decode([header, payload] if payload else [header]))
