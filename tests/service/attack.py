"""Many hostile peers: raw ZMTP over TCP, half of the messages well-formed; each peer may vanish at any time.

python attack.py PORT SEED MESSAGES        # prints what it sent, as JSON
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import struct
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from segue_sdk.codec import encode
from segue_sdk.messages import CLIENT_MESSAGES
from segue_sdk.vectors.examples import FULL, MINIMAL
from service.wire_fuzz import KINDS, Parts, hostile

GREETING: Final = b"\xff" + bytes(8) + b"\x7f\x03\x01NULL" + bytes(16 + 32)
READY: Final = b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"
# Peers at a time; more than the service accepts.
_CROWD: Final = 100
_POOL: Final = 3_000
# A message above a limit is long; a few are enough.
_RARELY: Final = 0.002
_MOST_AT_ONCE: Final = 60
# A peer that is not read for this long gives up.
_PATIENCE_S: Final = 0.05
_GIVES_UP_S: Final = 600.0


def wire(parts: Parts) -> bytes:
    """Return a message as ZMTP frames it."""
    frames = []
    for i, part in enumerate(parts):
        more = int(i < len(parts) - 1)
        long = len(part) > 255
        frames += [bytes((more | 2,)) + len(part).to_bytes(8) if long else bytes((more, len(part))), part]
    return b"".join(frames)


class HostilePeers:
    """Hostile peers. sent: numbers of messages, of connections and of how these ended."""

    def __init__(self, port: int, seed: int) -> None:
        self._port = port
        self._dice = random.Random(seed)
        clients = tuple(CLIENT_MESSAGES.values())
        valid = [tuple(bytes(part) for part in encode(one)) for one in (*MINIMAL, *FULL) if isinstance(one, clients)]
        self._legal = [wire(parts) for parts in valid]
        self._hello = next(data for data in self._legal if b"hello" in data)
        short = [kind for kind in KINDS if kind not in ("oversized", "flood")]
        self._broken = [wire(parts) for parts in islice(hostile(seed, *short), _POOL)]
        self._long = [wire(parts) for parts in islice(hostile(seed, "oversized"), 50)]
        self._peers: list[socket.socket] = []
        self.sent: Counter[str] = Counter()

    def attack(self, messages: int) -> None:
        """Attack until this many messages were sent."""
        end = time.monotonic() + _GIVES_UP_S
        while self.sent["messages"] < messages and time.monotonic() < end:
            if len(self._peers) < _CROWD and self._dice.random() < 0.3:
                self._arrive()
            elif self._peers:
                self._act(self._dice.choice(self._peers))
        while self._peers:
            self._vanish(self._peers[-1])

    def _arrive(self) -> None:
        """Connect one more peer, and do some or all of its handshake."""
        try:
            peer = socket.create_connection(("127.0.0.1", self._port), timeout=5)
        except OSError:
            self.sent["turned away"] += 1
            return
        peer.settimeout(_PATIENCE_S)
        self._peers.append(peer)
        self.sent["connections"] += 1
        whole = GREETING + READY
        draw = self._dice.random()
        if draw < 0.1:
            self._say(peer, whole[: self._dice.randrange(len(whole))])
        elif draw < 0.13:
            self._say(peer, self._damaged(whole))
        elif draw < 0.15:
            self._say(peer, self._dice.randbytes(self._dice.randrange(200)))
        elif draw < 0.5:
            self._say(peer, whole)
        else:
            self._say(peer, whole + self._hello)

    def _act(self, peer: socket.socket) -> None:
        """Send messages, and then perhaps close."""
        number = self._dice.randrange(1, _MOST_AT_ONCE)
        pools = (self._legal, self._broken)
        messages = [self._dice.choice(pools[self._dice.random() < 0.5]) for _ in range(number)]
        if self._dice.random() < _RARELY * number:
            messages.append(self._dice.choice(self._long))
        data = b"".join(messages)
        draw = self._dice.random()
        if draw < 0.02:
            # It closes in the middle of a frame.
            data = data[: self._dice.randrange(len(data))]
        elif draw < 0.03:
            data = self._damaged(data)
        if not self._say(peer, data):
            return
        self.sent["messages"] += number
        with contextlib.suppress(OSError):
            if self._dice.random() < 0.5:
                peer.setblocking(False)
                peer.recv(1 << 20)
        with contextlib.suppress(OSError):
            peer.settimeout(_PATIENCE_S)
        if draw < 0.1:
            self._vanish(peer)

    def _say(self, peer: socket.socket, data: bytes) -> bool:
        """Send bytes; False if the peer is gone."""
        try:
            peer.sendall(data)
        except TimeoutError:
            self.sent["not read in time"] += 1
        except OSError:
            self.sent["hung up on"] += 1
        else:
            return True
        self._vanish(peer)
        return False

    def _vanish(self, peer: socket.socket) -> None:
        self._peers.remove(peer)
        draw = self._dice.random()
        with contextlib.suppress(OSError):
            if draw < 0.4:
                # It resets the connection (RST).
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif draw < 0.7:
                peer.shutdown(socket.SHUT_WR)
        peer.close()

    def _damaged(self, data: bytes) -> bytes:
        at = self._dice.randrange(len(data))
        return data[:at] + self._dice.randbytes(1) + data[at + 1 :]


if __name__ == "__main__":
    # The peers stand for other machines: they only get the processor time that service and game leave.
    if hasattr(os, "nice"):
        os.nice(10)
    peers = HostilePeers(int(sys.argv[1]), int(sys.argv[2]))
    peers.attack(int(sys.argv[3]))
    print(json.dumps(peers.sent))
