"""Session, player and timeline together through outages and restarts on a virtual clock: no click, no loss."""

from __future__ import annotations

from array import array
from itertools import groupby, pairwise

from segue_sdk.client_events import Lost
from segue_sdk.codec import Part
from segue_sdk.handshake import ClientState
from segue_sdk.limits import FADE, JOIN
from segue_sdk.messages import Chunk, Hello, Receipt
from segue_sdk.player import Player, ReceivedChunk
from segue_sdk.session import ClientSession
from segue_sdk.take_buffer import floats
from unit.sdk.scripted_service import ToneService

BLOCK = 480
# The tone's own step, and the steepest of a join between two takes and of a fade.
STEEPEST = 0.0066 + 1.5 / JOIN + 0.5 * 1.5 / FADE


class Game:
    """A game on a virtual clock of 10 ms: audio callback, session and a wire that can be cut."""

    def __init__(self) -> None:
        self.session = ClientSession(Hello(versions=(1,), client="test"))
        self.player = Player()
        self.service: ToneService | None = ToneService(1)
        self.heard = array("f")
        self.receipts: list[int] = []
        self.sent = 0
        self.now_s = 0.0

    def play(self, seconds: float, *, events: bool = True) -> None:
        for tick in range(round(seconds * 100)):
            self.heard += self.player.read_array(BLOCK)[0::2]
            if events and tick % 10 == 0:
                self.session.set("threat", tick)
                self.sent += 1
            self.session.tick(self.now_s, self.player.position)
            self.session.end_frame()
            self.exchange()
            self.now_s += 0.01

    def exchange(self) -> None:
        """Deliver the messages and their answers without a delay."""
        if self.session.state is ClientState.OFFLINE and self.service is not None:
            self.session.connected(self.now_s)
        answers: list[list[Part]] = []
        for message in self.session.to_send():
            if self.service is not None:
                answers += self.service.take(message)
        for answer in answers:
            self.session.receive(answer, self.now_s)
        for event in self.session.client_events():
            if isinstance(event, Chunk):
                samples = floats(event.pcm, event.format)
                self.player.enqueue(ReceivedChunk(event.take, event.start, samples, event.mixed))
            elif isinstance(event, Receipt):
                self.receipts.append(event.seq)
            elif isinstance(event, Lost) and self.service is not None:
                self.service.drop_connection()

    def check(self) -> None:
        """Check that there is no click and that every event has one receipt."""
        assert max(abs(b - a) for a, b in pairwise(self.heard)) <= STEEPEST
        assert self.receipts == list(range(1, self.sent + 1))
        assert self.session.waiting == 0

    def silences(self) -> list[int]:
        """Lengths of the silences after the music began, in samples; a tone's zeros are shorter."""
        runs = [(silent, sum(1 for _ in run)) for silent, run in groupby(self.heard, lambda value: value == 0.0)]
        return [length for silent, length in runs[1:] if silent and length > 10]


def test_a_session_without_faults_plays_without_an_underrun() -> None:
    game = Game()
    game.play(5)
    game.check()
    assert game.silences() == []
    assert (game.player.position.underruns, game.player.position.late) == (0, 0)


def test_a_connection_cut_for_two_seconds_causes_no_underrun() -> None:
    game = Game()
    game.play(3)
    service, game.service = game.service, None
    game.session.disconnected()
    game.play(2)
    game.service = service
    game.play(4)
    game.check()
    assert game.player.position.underruns == 0
    assert game.silences() == []
    assert game.player.position.committed >= 8.9 * 48_000


def test_a_service_restarted_within_the_buffer_causes_no_underrun() -> None:
    game = Game()
    game.play(3)
    game.service = None
    game.session.disconnected()
    game.play(2)
    game.service = ToneService(2)
    game.play(6)
    game.check()
    assert game.player.position.underruns == 0
    assert game.silences() == []


def test_a_service_restarted_behind_an_unbroken_connection_is_restored() -> None:
    game = Game()
    game.play(3)
    game.service = ToneService(2)
    game.play(6)
    game.check()
    assert game.player.position.underruns == 0
    assert game.silences() == []


def test_music_fades_out_in_a_long_outage_and_continues_where_it_stopped() -> None:
    game = Game()
    game.play(3)
    service, game.service = game.service, None
    game.play(10)
    assert game.session.state is ClientState.OFFLINE, "5 s without a message are a lost connection"
    game.service = service
    service.drop_connection() if service else None
    game.play(3)
    game.check()
    assert game.player.position.underruns == 1
    (gap,) = game.silences()
    assert 5.5 < gap / 48_000 < 6.5, "10 s less the buffer of 4 s and the chunk that reaches beyond it"
