"""A client that sends as much as it can of one kind, as a program: ADDRESS KIND SECONDS. It prints what it got.

Paced kinds send ten thousand events a second, or as many as the service lets through.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Final

import msgpack
import zmq

_BATCH: Final = 50
_EVENTS_PER_SECOND: Final = 10_000
_HIGH_WATER: Final = 100


def packed(kind: str, **fields: object) -> bytes:
    return bytes(msgpack.packb({"v": 1, "t": kind, **fields}))


HELLO: Final = packed("hello", versions=[1], client="a flooder")
PLAYHEAD: Final = packed("playhead", played=0, committed=0, have=0, paused=True)


def item(number: int) -> dict[str, object]:
    return {"seq": number, "at": 0, "set": {"level": (number % 10) / 10}}


def events() -> Iterator[bytes]:
    """Events in batches, numbered from a huge number on."""
    yield packed("event", events=[item(2**52)])
    for first in count(1, _BATCH):
        yield packed("event", events=[item(first + index) for index in range(_BATCH)])


def single_events() -> Iterator[bytes]:
    for number in count(1):
        yield packed("event", events=[item(number)])


def the_same_event() -> Iterator[bytes]:
    while True:
        yield packed("event", events=[item(1)])


def junk() -> Iterator[bytes]:
    chance = random.Random(1)
    wrong = packed("playhead", x={str(number): number for number in range(3_000)})
    while True:
        yield chance.choice([wrong, chance.randbytes(300), packed("sing"), packed("save", id=0)])


def rule_text(number: int, layers: int, states: int) -> str:
    """Return valid rules with an input that changes the state of every layer."""
    text = "".join(
        f"  l{layer}:\n    states:\n      d: {{default: true, mix: {{s0: 1}}}}\n"
        + "".join(f"      t{s}: {{when: {{a: '> 0.{s + 10}'}}, mix: {{s{s}: 1}}}}\n" for s in range(states))
        for layer in range(layers)
    )
    styles = ", ".join(f"s{index}: {{text: calm}}" for index in range(states))
    inputs = "inputs: {a: {type: number, range: [0, 1], default: 0}}"
    return f"segue: 1\ntitle: n{number}\n{inputs}\nstyles: {{{styles}}}\nlayers:\n{text}"


def rules() -> Iterator[bytes]:
    """New rules without a pause, as large as allowed, and with more parts than allowed."""
    for number in count(1):
        yield packed("control", op="rules", rules_text=rule_text(number, 50, 40))
        yield packed("control", op="rules", rules_text=rule_text(number, 20, 3))
        yield PLAYHEAD


def costly() -> Iterator[bytes]:
    """The most costly rules that are accepted, the longest lookahead, and events that make all be planned again."""
    for number in count(1):
        yield packed("event", events=[{"seq": number, "at": 0, "set": {"a": number % 2}}])
        yield PLAYHEAD


def hellos() -> Iterator[bytes]:
    while True:
        yield HELLO


def hello_and_bye() -> Iterator[bytes]:
    while True:
        yield HELLO
        yield PLAYHEAD
        yield packed("bye", reason="quit")


def errors() -> Iterator[bytes]:
    while True:
        yield packed("error", code="too_loud", text="x" * 1_000)


def expensive() -> Iterator[bytes]:
    for number in count(1):
        yield packed("event", events=[{"seq": number, "at": 0, "reset": True}])
        yield packed("save", id=number)
        yield packed("restore", id=number, at=0, take=0)
        yield PLAYHEAD


COSTLY_HELLO: Final = packed("hello", versions=[1], client="a flooder", rules_text=rule_text(0, 20, 3))
KINDS: Final = {
    "events": events,
    "single events": single_events,
    "the same event": the_same_event,
    "junk": junk,
    "rules": rules,
    "costly": costly,
    "hellos": hellos,
    "hello and bye": hello_and_bye,
    "errors": errors,
    "expensive": expensive,
}
"""Besides these, "newcomers": a new connection for each hello."""


def connect(context: zmq.Context[zmq.Socket[bytes]], address: str) -> zmq.Socket[bytes]:
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.sndhwm = _HIGH_WATER
    socket.connect(address)
    return socket


def flood(address: str, kind: str, seconds: float) -> dict[str, object]:
    context = zmq.Context[zmq.Socket[bytes]]()
    end_s = time.monotonic() + seconds
    sent, got = 0, Counter[str]()
    if kind == "newcomers":
        while time.monotonic() < end_s:
            sockets = [connect(context, address) for _ in range(20)]
            for socket in sockets:
                socket.send(HELLO)
                sent += 1
            time.sleep(0.02)
            for socket in sockets:
                take(socket, got)
                socket.close(linger=0)
    else:
        socket, messages, begun_s = connect(context, address), KINDS[kind](), time.monotonic()
        greeted_s = -1.0
        reported_s = 0.0
        while (now_s := time.monotonic()) < end_s:
            if kind not in ("hellos", "hello and bye") and (greeted_s < 0 or got["bye"] or got["no_session"]):
                # It was blocked: it connects again, as often as it may.
                got["greetings"] += 1
                del got["bye"], got["no_session"]
                greeted_s = now_s
                socket.send(COSTLY_HELLO if kind == "costly" else HELLO)
            if now_s - reported_s > 0.05:
                reported_s = now_s
                say(socket, PLAYHEAD)
            most = _EVENTS_PER_SECOND * (now_s - begun_s) / (_BATCH if kind == "events" else 1)
            while sent < most and say(socket, next(messages)):
                sent += 1
                if sent % 100 == 0:
                    break
            take(socket, got)
            time.sleep(0.001)
    context.destroy(linger=0)
    return {"messages": sent, **got}


def say(socket: zmq.Socket[bytes], message: bytes) -> bool:
    try:
        socket.send(message, zmq.NOBLOCK)
    except zmq.Again:
        return False
    return True


def take(socket: zmq.Socket[bytes], got: Counter[str]) -> None:
    """Count the messages received by type, receipts and errors by code."""
    while socket.poll(0):
        header = msgpack.unpackb(socket.recv_multipart()[0])
        got[header["code"] if header["t"] in ("receipt", "error") else header["t"]] += 1


if __name__ == "__main__":
    print(json.dumps(flood(sys.argv[1], sys.argv[2], float(sys.argv[3]))), flush=True)
