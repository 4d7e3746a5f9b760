"""The vectors of a ZMTP connection: what a client sends, and what the service has to answer.

The bytes are written by hand from PROTOCOL.md's Appendix A and rfc.zeromq.org 37 and 24, never taken from a running
service. They are spelled as in the appendix: two hex digits are a byte, 'quoted' is ASCII, `00*8` is a byte eight
times. Besides, `(01 00)*3` is both bytes three times, and `{name}` a line of `SPELLED`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

TOKEN: Final = "ash-and-ember"
"""The service's token in the vectors with PLAIN."""
_LONG_TOKEN: Final = 255 * "a"

SPELLED: Final = {
    "first bytes": "ff 00*8 7f 03",
    "greeting, NULL": "ff 00*8 7f 03 01 'NULL' 00*16 00 00*31",
    "greeting, PLAIN": "ff 00*8 7f 03 01 'PLAIN' 00*15 00 00*31",
    "rest, NULL": "01 'NULL' 00*16 00 00*31",
    "rest, PLAIN": "01 'PLAIN' 00*15 01 00*31",
    "READY": "04 1c 05 'READY' 0b 'Socket-Type' 00 00 00 06 'DEALER'",
    "READY of the service": "04 29 05 'READY' 0b 'Socket-Type' 00 00 00 06 'ROUTER' 08 'Identity' 00 00 00 00",
    "HELLO": "04 1a 05 'HELLO' 05 'segue' 0d 'ash-and-ember'",
    "WELCOME": "04 08 07 'WELCOME'",
    "INITIATE": "04 1f 08 'INITIATE' 0b 'Socket-Type' 00 00 00 06 'DEALER'",
    "ERROR": "04 0a 05 'ERROR' 03 '400'",
    "ERROR of libzmq": "04 09 5e 'RROR' 03 '400'",
    "PING": "04 09 04 'PING' 00 32 'ab'",
    "PONG": "04 07 04 'PONG' 'ab'",
}
"""The lines of the appendix."""

OPEN: Final = "open"
CLOSED: Final = "closed"
ERROR: Final = "error"


@dataclass(frozen=True, kw_only=True)
class ConnectionVector:
    """One connection, from its first byte.

    Attributes:
        name: Unique among the connections.
        token: The service's token; "" for a service without one, which uses NULL.
        steps: Bytes of the client and of the service in turn, each by its sender: "client" or "service".
        messages: The parts of each message that the service has then received.
        end: What comes then: nothing ("open"); the service closes ("closed"); it sends the command ERROR with a reason
            for people, and closes ("error").
    """

    name: str
    token: str
    steps: tuple[tuple[str, bytes], ...]
    messages: tuple[tuple[bytes, ...], ...] = ()
    end: str = OPEN


@dataclass(frozen=True, kw_only=True)
class ReceivedVector:
    """Bytes that come to a client after the handshake: the messages in them, and what the client has to answer."""

    name: str
    data: bytes
    messages: tuple[tuple[bytes, ...], ...] = ()
    answer: bytes = b""


@dataclass(frozen=True, kw_only=True)
class RefusalVector:
    """Commands in answer to HELLO that mean a refused token.

    Attributes:
        reason: What they say.
    """

    name: str
    data: bytes
    reason: bytes


def spelled(text: str) -> bytes:
    """The bytes of a spelled line. Raises: ValueError if it is not spelled as the module says."""
    text = re.sub(r"\{([^}]*)\}", lambda found: SPELLED[found[1]], text)
    text = re.sub(r"\(([^()]*)\)\*(\d+)", lambda found: " ".join([found[1]] * int(found[2])), text)
    data = b""
    for token in re.findall(r"'[^']*'|\S+", text):
        if token.startswith("'"):
            data += token[1:-1].encode("ascii")
        else:
            digits, _, times = token.partition("*")
            data += bytes.fromhex(digits) * int(times or 1)
    return data


def _connection(
    name: str, *lines: str, token: str = "", end: str = OPEN, messages: tuple[tuple[str, ...], ...] = ()
) -> ConnectionVector:
    """A vector of spelled lines, the service's first bytes before them: `> ` is sent by the client, `< ` answered."""
    senders = {">": "client", "<": "service"}
    steps = [("service", spelled("{first bytes}")), *((senders[line[0]], spelled(line[2:])) for line in lines)]
    parts = tuple(tuple(map(spelled, message)) for message in messages)
    return ConnectionVector(name=name, token=token, steps=tuple(steps), messages=parts, end=end)


_NULL: Final = ("> {greeting, NULL}", "< {rest, NULL}")
_PLAIN: Final = ("> {greeting, PLAIN}", "< {rest, PLAIN}")
_NULL_DONE: Final = (*_NULL, "> {READY}", "< {READY of the service}")
_PLAIN_DONE: Final = (*_PLAIN, "> {HELLO}", "< {WELCOME}", "> {INITIATE}", "< {READY of the service}")
_ONE: Final = "00 05 'hello'"
_ONE_PART: Final = (("'hello'",),)
# A property that makes READY a command of 1 024 bytes.
_PADDING: Final = "05 'X-Pad' 00 00 03 da 61*986"


def connections() -> list[ConnectionVector]:
    """All connections."""
    return [*_null_handshakes(), *_plain_handshakes(), *_refused_greetings(), *_refused_handshakes(), *_traffic()]


def _null_handshakes() -> list[ConnectionVector]:
    def greeted(name: str, line: str, ready: str = "{READY}") -> ConnectionVector:
        return _connection(name, f"> {line}", "< {rest, NULL}", f"> {ready}", "< {READY of the service}")

    null = "'NULL' 00*16"
    socket = "0b 'Socket-Type' 00 00 00 06 'DEALER'"
    return [
        _connection("NULL", *_NULL_DONE),
        _connection("NULL, a message", *_NULL_DONE, f"> {_ONE}", messages=_ONE_PART),
        _connection(
            "NULL, greeting, READY and a message at once",
            f"> {{greeting, NULL}} {{READY}} {_ONE}",
            "< {rest, NULL} {READY of the service}",
            messages=_ONE_PART,
        ),
        greeted("NULL, ZMTP 3.0", f"ff 00*8 7f 03 00 {null} 00 00*31"),
        greeted("NULL, a later minor version", f"ff 00*8 7f 03 02 {null} 00 00*31"),
        greeted("NULL, a later major version", f"ff 00*8 7f 04 00 {null} 00 00*31"),
        greeted("NULL, the signature of libzmq", f"ff 00*7 01 7f 03 01 {null} 00 00*31"),
        greeted("NULL, as-server and filler are ignored", f"ff 01*8 7f 03 01 {null} 01 61*31"),
        greeted(
            "NULL, READY with Identity", "{greeting, NULL}", f"04 29 05 'READY' {socket} 08 'Identity' 00 00 00 00"
        ),
        greeted(
            "NULL, names of properties in any case and order",
            "{greeting, NULL}",
            "04 29 05 'READY' 08 'IDENTITY' 00 00 00 00 0b 'socket-type' 00 00 00 06 'DEALER'",
        ),
        greeted(
            "NULL, an unknown property", "{greeting, NULL}", f"04 26 05 'READY' {socket} 03 'X-A' 00 00 00 02 'no'"
        ),
        greeted("NULL, READY of 1024 bytes", "{greeting, NULL}", f"06 00*6 04 00 05 'READY' {socket} {_PADDING}"),
        greeted("NULL, READY in a long frame", "{greeting, NULL}", f"06 00*7 1c 05 'READY' {socket}"),
        _connection("NULL, a greeting that is not whole", f"> ff 00*8 7f 03 01 {null} 00 00*30"),
    ]


def _plain_handshakes() -> list[ConnectionVector]:
    def refused(name: str, hello: str) -> ConnectionVector:
        return _connection(name, *_PLAIN, f"> {hello}", "< {ERROR}", token=TOKEN, end=CLOSED)

    return [
        _connection("PLAIN", *_PLAIN_DONE, token=TOKEN),
        _connection("PLAIN, a message", *_PLAIN_DONE, f"> {_ONE}", token=TOKEN, messages=_ONE_PART),
        _connection(
            "PLAIN, all at once",
            f"> {{greeting, PLAIN}} {{HELLO}} {{INITIATE}} {_ONE}",
            "< {rest, PLAIN} {WELCOME} {READY of the service}",
            token=TOKEN,
            messages=_ONE_PART,
        ),
        _connection(
            "PLAIN, the longest token",
            *_PLAIN,
            "> 06 00*6 01 0c 05 'HELLO' 05 'segue' ff 61*255",
            "< {WELCOME}",
            token=_LONG_TOKEN,
        ),
        _connection("PLAIN, HELLO that is not whole", *_PLAIN, "> 04 1a 05 'HELLO' 05 'segue' 0d 'ash'", token=TOKEN),
        refused("PLAIN, a wrong token", "04 1a 05 'HELLO' 05 'segue' 0d 'ash-and-amber'"),
        refused("PLAIN, the beginning of the token", "04 10 05 'HELLO' 05 'segue' 03 'ash'"),
        refused("PLAIN, an empty token", "04 0d 05 'HELLO' 05 'segue' 00"),
        refused("PLAIN, another user", "04 1a 05 'HELLO' 05 'Segue' 0d 'ash-and-ember'"),
    ]


def _refused_greetings() -> list[ConnectionVector]:
    curve = "ff 00*8 7f 03 01 'CURVE' 00*15 00 00*31"
    return [
        _connection("a request of HTTP", "> 'GET / HTTP/1.1' 0d 0a", end=CLOSED),
        _connection("a signature that does not end", "> ff 00*8 7e", end=CLOSED),
        _connection("ZMTP 2.0", "> ff 00*8 7f 01", end=CLOSED),
        _connection("ZMTP 1.0", "> 01 00", end=CLOSED),
        _connection("PLAIN to a service without a token", "> {greeting, PLAIN}", "< {rest, NULL}", end=CLOSED),
        _connection("CURVE to a service without a token", f"> {curve}", "< {rest, NULL}", end=CLOSED),
        _connection("NULL to a service with a token", "> {greeting, NULL}", "< {rest, PLAIN}", token=TOKEN, end=CLOSED),
        _connection("CURVE to a service with a token", f"> {curve}", "< {rest, PLAIN}", token=TOKEN, end=CLOSED),
    ]


def _refused_handshakes() -> list[ConnectionVector]:
    null = {
        "a message before READY": _ONE,
        "HELLO where READY is expected": "{HELLO}",
        "a command without a name": "04 00",
        "a name that ends early": "04 03 05 'RE'",
        "READY of 1025 bytes, by its header": "06 00*6 04 01",
        "READY with reserved flags": "0c 1c 05 'READY' 0b 'Socket-Type' 00 00 00 06 'DEALER'",
        "READY without Socket-Type": "04 06 05 'READY'",
        "READY of a REQ socket": "04 19 05 'READY' 0b 'Socket-Type' 00 00 00 03 'REQ'",
        "READY of a dealer in small letters": "04 1c 05 'READY' 0b 'Socket-Type' 00 00 00 06 'dealer'",
        "a property that ends early": "04 1b 05 'READY' 0b 'Socket-Type' 00 00 00 06 'DEALE'",
        "a property without a name": "04 0b 05 'READY' 00 00 00 00 00",
        "Socket-Type twice": "04 32 05 'READY' (0b 'Socket-Type' 00 00 00 06 'DEALER')*2",
    }
    plain = {
        "a message before HELLO": _ONE,
        "READY where HELLO is expected": "{READY}",
        "INITIATE before HELLO": "{INITIATE}",
        "HELLO without a token": "04 0c 05 'HELLO' 05 'segue'",
        "HELLO that ends early": "04 10 05 'HELLO' 05 'segue' 0d 'ash'",
        "HELLO with a byte more": "04 1b 05 'HELLO' 05 'segue' 0d 'ash-and-ember' 00",
    }
    welcomed = {
        "HELLO twice": "{HELLO}",
        "READY where INITIATE is expected": "{READY}",
        "INITIATE of a ROUTER": "04 1f 08 'INITIATE' 0b 'Socket-Type' 00 00 00 06 'ROUTER'",
    }
    return [
        *(_connection(f"NULL, {name}", *_NULL, f"> {line}", end=ERROR) for name, line in null.items()),
        *(_connection(f"PLAIN, {name}", *_PLAIN, f"> {line}", token=TOKEN, end=ERROR) for name, line in plain.items()),
        *(
            _connection(f"PLAIN, {name}", *_PLAIN_DONE[:-2], f"> {line}", token=TOKEN, end=ERROR)
            for name, line in welcomed.items()
        ),
    ]


def _traffic() -> list[ConnectionVector]:
    def ignored(name: str, line: str) -> ConnectionVector:
        return _connection(name, *_NULL_DONE, f"> {line} {_ONE}", messages=_ONE_PART)

    good: dict[str, tuple[str, tuple[tuple[str, ...], ...]]] = {
        "an empty message": ("00 00", (("",),)),
        "header and payload": ("01 05 'hello' 00 02 'ab'", (("'hello'", "'ab'"),)),
        "header and an empty payload": ("01 05 'hello' 00 00", (("'hello'", ""),)),
        "a message of 255 bytes": ("00 ff 61*255", (("61*255",),)),
        "a message of 256 bytes": ("02 00*6 01 00 61*256", (("61*256",),)),
        "a short and a long frame": ("01 01 'a' 02 00*6 01 00 62*256", (("'a'", "62*256"),)),
        "a long and a short frame": ("03 00*6 01 00 61*256 00 01 'b'", (("61*256", "'b'"),)),
        "a short body in a long frame": ("02 00*7 05 'hello'", _ONE_PART),
        "three messages": ("00 01 'a' 00 01 'b' 00 01 'c'", (("'a'",), ("'b'",), ("'c'",))),
        "64 frames": ("(01 00)*63 00 01 'x'", ((*[""] * 63, "'x'"),)),
        "a message of 1 048 576 bytes, by its header": ("02 00*5 10 00 00", ()),
    }
    broken = {
        "a message of 1 048 577 bytes, by its header": "02 00*5 10 00 01",
        "frames of 1 048 577 bytes together": "01 01 'x' 02 00*5 10 00 00",
        "the longest frame there is": "03 ff*8",
        "65 frames": "(01 00)*64 00 00",
        "a command of 1025 bytes, by its header": "06 00*6 04 01",
        "a command without a name": "04 00",
        "reserved flags": "08 00",
        "reserved flags on a command": "24 01 00",
        "a command with more to follow": "05 06 05 'PONG' 00",
        "ERROR of the client": "04 0a 05 'ERROR' 03 '500'",
        "PING without a TTL": "04 05 04 'PING'",
        "PING with half a TTL": "04 06 04 'PING' 00",
        "PING with a context of 17 bytes": "04 18 04 'PING' 00 00 61*17",
    }
    pong = "< 04 05 04 'PONG'"
    return [
        *(_connection(name, *_NULL_DONE, f"> {line}", messages=messages) for name, (line, messages) in good.items()),
        _connection("PING", *_NULL_DONE, "> {PING}", "< {PONG}"),
        _connection("PING without a context", *_NULL_DONE, "> 04 07 04 'PING' 00 00", pong),
        _connection(
            "PING with a context of 16 bytes", *_NULL_DONE, "> 04 17 04 'PING' 00 64 61*16", "< 04 15 04 'PONG' 61*16"
        ),
        _connection("PING in a long frame", *_NULL_DONE, "> 06 00*7 07 04 'PING' 00 00", pong),
        _connection(
            "PING between two frames",
            *_NULL_DONE,
            "> 01 05 'hello' 04 07 04 'PING' 00 00 00 02 'ab'",
            pong,
            messages=(("'hello'", "'ab'"),),
        ),
        ignored("PONG", "{PONG}"),
        ignored("an unknown command", "04 06 04 'SING' 01"),
        ignored("an unknown command of 1024 bytes", "06 00*6 04 00 04 'SING' 61*1019"),
        ignored("SUBSCRIBE", "04 0a 09 'SUBSCRIBE'"),
        *(_connection(name, *_NULL_DONE, f"> {line}", end=CLOSED) for name, line in broken.items()),
    ]


def received() -> list[ReceivedVector]:
    """What may come to a client after the handshake. Each ends with a message."""

    def vector(name: str, line: str, *messages: tuple[str, ...], answer: str = "") -> ReceivedVector:
        parts = tuple(tuple(map(spelled, message)) for message in (*messages, *_ONE_PART))
        return ReceivedVector(name=name, data=spelled(f"{line} {_ONE}"), messages=parts, answer=spelled(answer))

    return [
        vector("a header", "00 02 'ab'", ("'ab'",)),
        vector("a header of 255 bytes", "00 ff 61*255", ("61*255",)),
        vector("a header of 256 bytes", "02 00*6 01 00 61*256", ("61*256",)),
        vector("header and payload", "01 02 'ab' 02 00*6 1e 00 00*7680", ("'ab'", "00*7680")),
        vector("a long header and a short payload", "03 00*6 01 00 61*256 00 04 00*4", ("61*256", "00*4")),
        vector("header and an empty payload", "01 02 'ab' 00 00", ("'ab'", "")),
        vector("a short body in a long frame", "02 00*7 02 'ab'", ("'ab'",)),
        vector("PONG without a context", "04 05 04 'PONG'"),
        vector("PONG", "{PONG}"),
        vector("an unknown command", "04 06 04 'SING' 01"),
        vector("PING, which the service never sends", "{PING}", answer="{PONG}"),
    ]


def refusals() -> list[RefusalVector]:
    """How a refused token is told."""
    return [
        RefusalVector(name="ERROR", data=spelled("{ERROR}"), reason=b"400"),
        RefusalVector(name="ERROR of libzmq", data=spelled("{ERROR of libzmq}"), reason=b"400"),
        RefusalVector(name="ERROR without a reason", data=spelled("04 07 05 'ERROR' 00"), reason=b""),
    ]
