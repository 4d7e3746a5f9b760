"""The service's ZMTP against the vectors: in any pieces, and through a listener over TCP."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterable

import pytest

from segue.service.auth import Mechanism, Password
from segue.service.zmtp import (
    Bounds,
    CredentialsReceived,
    HandshakeDone,
    MessageReceived,
    RemoteError,
    ServerConnection,
)
from segue_sdk.vectors import zmtp
from unit.sdk.zmtp_vectors import CONNECTIONS, DATA, FILE, RECEIVED, Connection, connection
from unit.service.listening import listening, raw, run, until

ERROR = re.compile(rb"\x04(.)\x05ERROR(.)(.+)", re.DOTALL)
# What a client has to send of a command or message to be refused: the rest of it may be missing.
CUT_OFF = ("by its header", "not whole", "the longest frame", "65 frames")


class Service:
    """A connection of the service that knows its token, and everything that it received and sent."""

    def __init__(self, token: str) -> None:
        self._zmtp = ServerConnection(Mechanism.PLAIN if token else Mechanism.NULL)
        self._password = Password(token or "none")
        self.sent = self._zmtp.data_to_send()
        self.messages: list[list[bytes]] = []
        self.is_done = False
        self.is_closed = False

    @property
    def kept_bytes(self) -> int:
        return self._zmtp.kept_bytes

    def receive(self, data: bytes) -> None:
        self._zmtp.receive_data(data)
        while not self.is_closed:
            try:
                event = self._zmtp.next_event()
            except RemoteError:
                self.is_closed = True
                break
            match event:
                case None:
                    break
                case CredentialsReceived(user=user, password=password) if self._password.matches(user, password):
                    self._zmtp.accept()
                case CredentialsReceived():
                    self._zmtp.refuse()
                    self.is_closed = True
                case HandshakeDone():
                    self.is_done = True
                case MessageReceived(parts=parts):
                    self.messages.append(parts)
            self.sent += self._zmtp.data_to_send()
        self.sent += self._zmtp.data_to_send()


def served(vector: Connection, pieces: Iterable[bytes]) -> Service:
    service = Service(vector.token)
    for piece in pieces:
        service.receive(piece)
    return service


def check_end(vector: Connection, rest: bytes, *, is_closed: bool) -> None:
    """Check what the service did after the vector's steps; rest: what it sent after them."""
    assert is_closed == (vector.end != "open")
    if vector.end != "error":
        assert rest == b""
        return
    found = ERROR.fullmatch(rest)
    assert found, rest
    assert found[1][0] == len(rest) - 2
    assert found[2][0] == len(found[3])


@pytest.mark.parametrize("vector", CONNECTIONS, ids=lambda vector: vector.name)
def test_each_step_is_answered_as_the_vector_says(vector: Connection) -> None:
    service = Service(vector.token)
    answered = 0
    for sender, data in vector.steps:
        if sender == "client":
            assert len(service.sent) == answered, "an answer that the vector does not have"
            service.receive(data)
        else:
            assert service.sent[answered:].startswith(data)
            answered += len(data)
    assert service.messages == vector.messages
    check_end(vector, service.sent[answered:], is_closed=service.is_closed)


@pytest.mark.parametrize("vector", CONNECTIONS, ids=lambda vector: vector.name)
def test_the_answer_is_the_same_byte_by_byte_and_at_once(vector: Connection) -> None:
    client, answer = vector.said_by("client"), vector.said_by("service")
    for service in (served(vector, (bytes([byte]) for byte in client)), served(vector, [client])):
        assert service.sent.startswith(answer)
        assert service.messages == vector.messages
        check_end(vector, service.sent[len(answer) :], is_closed=service.is_closed)


@pytest.mark.parametrize("vector", CONNECTIONS, ids=lambda vector: vector.name)
def test_a_vector_says_no_byte_more_than_it_needs(vector: Connection) -> None:
    """Nothing of it waits for more, so no length in it is wrong; a refusal does not come before its last step."""
    *before, last = [data for sender, data in vector.steps if sender == "client"]
    service = served(vector, before)
    assert not service.is_closed
    service.receive(last)
    if not any(words in vector.name for words in CUT_OFF):
        assert service.kept_bytes == 0


@pytest.mark.parametrize("pieces", [1, 2])
def test_a_listener_answers_the_same_over_tcp(pieces: int) -> None:
    """In two pieces the second one may come in its own turn of the listener."""

    async def main() -> None:
        for vector in CONNECTIONS:
            client, answer = vector.said_by("client"), vector.said_by("service")
            async with listening(token=vector.token or None) as (harness, address), raw(address) as peer:
                cut = len(client) // pieces
                for piece in (client[:cut], client[cut:]):
                    peer.say(piece)
                    with contextlib.suppress(ConnectionError):
                        await peer.writer.drain()
                    await asyncio.sleep(0)
                assert await peer.reader.readexactly(len(answer)) == answer, vector.name
                if vector.end == "open":
                    expected = len(vector.messages)
                    await until(lambda harness=harness, expected=expected: len(harness.messages) == expected)
                    peer.writer.write_eof()
                rest = await peer.hung_up_on()
                check_end(vector, rest, is_closed=vector.end != "open")
                assert [parts for _, parts in harness.messages] == vector.messages, vector.name

    run(main())


def test_the_service_sends_what_the_vectors_have_a_client_receive() -> None:
    """As the service spells it: of each body the shortest frame, and of commands PONG alone."""
    opened = ServerConnection(Mechanism.NULL)
    opened.receive_data(connection("NULL").said_by("client"))
    assert opened.next_event() == HandshakeDone()
    spelled = [each for each in RECEIVED if len(each.messages) == 2 and "long frame" not in each.name]
    assert len(spelled) == 6
    for each in spelled:
        assert b"".join(opened.send(parts) for parts in each.messages) == each.data, each.name


def test_the_bounds_of_the_appendix_are_those_of_the_code() -> None:
    page = (FILE.parents[1] / "PROTOCOL.md").read_text("utf-8").partition("## Appendix A")[2]
    pattern = r"a command above ([\d ]+) bytes; a message above ([\d ]+) bytes or ([\d ]+) frames"
    ((command, size, frames),) = re.findall(pattern, " ".join(page.split()))
    bounds = Bounds()
    numbers = [int(number.replace(" ", "")) for number in (command, size, frames)]
    assert numbers == [bounds.command_bytes, bounds.message_bytes, bounds.frames]


def test_the_file_is_of_another_kind_and_its_names_are_unique() -> None:
    assert set(DATA) == {"segue_zmtp", "connections", "received", "refusals"}
    for key in ("connections", "received", "refusals"):
        names = [each["name"] for each in DATA[key]]
        assert len(names) == len(set(names)) >= 3
    ends = [each.end for each in CONNECTIONS]
    assert min(ends.count(end) for end in (zmtp.OPEN, zmtp.CLOSED, zmtp.ERROR)) >= 20
