"""A game whose service is killed again and again: when is each event heard, and how often."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from segue_sdk.client_events import ChangeHeard, ClientEvent, Live
from segue_sdk.limits import SAMPLE_RATE
from segue_sdk.messages import Receipt, Status
from service.game import Game
from service.process import ServiceProcess

# Each bell is rung again only after its state is over, also after an outage, so that every event changes a state. With
# more bells the service would be busy with rules: it plans the whole lookahead again for each event.
_BELLS: Final = 24
_EVERY_S: Final = 0.25
# Events while no service is there.
_EVERY_AWAY_S: Final = 0.5
_MOST_AWAY: Final = 8
# Bounds a hang, not a speed.
_PATIENCE_S: Final = 30.0


def write_rules(folder: Path) -> Path:
    """Write rules in which each of many triggers leads to a state of a layer of its own."""
    bells = [f"bell_{number}" for number in range(_BELLS)]
    state = "    states:\n      silent: {default: true}\n"
    lines = [
        'segue: 1\ntitle: bells\nmusic: {tempo: 72bpm, key: D major, drums: "off"}\ninputs:',
        *(f"  {bell}: {{type: trigger}}" for bell in bells),
        'styles:\n  shore: {text: "calm peaceful strings"}\n  depth: {text: "mysterious ambient"}\nlayers:',
        "  water:\n    states:\n      shore: {default: true, mix: {shore: 1}}",
        *(
            f"  {bell}:\n{state}      rung: {{when: {{{bell}: true}}, mix: {{depth: 0.2}}, hold: 200ms}}"
            for bell in bells
        ),
        "transitions:",
        *(f"  - {{from: {bell}.any, to: {bell}.any, at: immediate, ramp: 200ms}}" for bell in bells),
    ]
    rules = folder / "bells.yaml"
    rules.write_text("\n".join(lines) + "\n", "utf-8")
    return rules


class Heard(NamedTuple):
    """When an event was heard, in samples of the game's clock.

    wanted: what was heard when the game sent it, or when the next service had restored the music if the event was not
        heard before that.
    at: where its change is heard.
    """

    number: int
    wanted: int
    at: int

    @property
    def delay_s(self) -> float:
        return (self.at - self.wanted) / SAMPLE_RATE


class KilledService:
    """Plays a game, and kills its service as often as a test says. kills: how often it was killed so far."""

    def __init__(self, service: ServiceProcess, game: Game, seed: int = 1) -> None:
        self.service, self.game, self.kills = service, game, 0
        self._chance = random.Random(seed)
        self._wanted: dict[int, int] = {}
        self._rung = 0
        # A change is told when it is planned. If the service is killed before it has sent the music, the next one plays
        # it, and tells it again.
        self._told_early: set[int] = set()

    def play(self, seconds: float) -> None:
        """Ring bells for some wall-clock seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.ring()
            time.sleep(_EVERY_S)

    def ring(self) -> None:
        """Send an event."""
        self.game.client.fire(f"bell_{self._rung % _BELLS}")
        self._wanted[self.game.client.end_frame()] = self.game.client.player.position.played
        self._rung += 1
        self.game.update()

    def kill(self, away_s: float) -> bool:
        """Kill the service, ring for some seconds without it, start it, and wait until the music is restored.

        Returns:
            Whether the game had music for that time and a second more.
        """
        self.play(self._chance.uniform(0.0, _EVERY_S))
        answers = len(self._restored())
        self.service.kill()
        begun, buffered_s = time.monotonic(), self.game.buffered_s
        self.kills += 1
        rung, back_s = self._rung, begun + away_s
        while len(self._restored()) == answers:
            if time.monotonic() >= back_s and not self.service.alive():
                self.service.start()
            if self._rung < rung + _MOST_AWAY:
                self.ring()
            time.sleep(_EVERY_AWAY_S)
            self.game.update()
        back, answer = self.game.client.player.position.played, self._restored()[-1]
        before = self.game.client_events[: self.game.client_events.index(answer)]
        told = {one.number for one in self._heard_in(before)}
        early = {number for number in told if number > answer.last_event}
        self._told_early |= early
        for number in (self._wanted.keys() - told) | early:
            self._wanted[number] = max(self._wanted[number], back)
        return buffered_s > time.monotonic() - begun + 1.0

    def heard(self) -> list[Heard]:
        """Every event that was heard, as often as it was."""
        self.game.update()
        return self._heard_in(self.game.client_events)

    def _heard_in(self, events: Sequence[ClientEvent]) -> list[Heard]:
        return [
            Heard(cause.seq, self._wanted[cause.seq], event.change.audible)
            for event in events
            if isinstance(event, ChangeHeard) and event.change.to_state == "rung"
            for cause in event.change.causes
        ]

    def check(self) -> list[float]:
        """Check that each event was heard once, and return the delays in seconds."""
        expected = {number: 1 + (number in self._told_early) for number in self._wanted}
        end = time.monotonic() + _PATIENCE_S
        while Counter(one.number for one in self.heard()) != Counter(expected) and time.monotonic() < end:
            time.sleep(0.05)
        counted = Counter(one.number for one in self.heard())
        wrong = {number: counted[number] for number in expected if counted[number] != expected[number]}
        assert not wrong, f"heard so often, once or if told early twice was expected: {wrong}; {self._told_early=}"
        assert self._receipts() == set(self._wanted)
        assert len(self.game.all(Live)) == self.kills + 1
        return [one.delay_s for one in self.heard()]

    def _receipts(self) -> set[int]:
        return {receipt.seq for receipt in self.game.all(Receipt)}

    def _restored(self) -> list[Status]:
        return [status for status in self.game.all(Status) if status.restore]


def summary(delays_s: list[float]) -> str:
    """Return median, 99th percentile and maximum of delays, for people."""
    median, high = np.percentile(delays_s, [50, 99])
    return f"{len(delays_s)} events, p50 {median:.3f} s, p99 {high:.3f} s, max {max(delays_s):.3f} s"
