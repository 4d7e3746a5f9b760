"""The first chunk of a session, after a gap and of another generator sounds at once, in the generated library."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segue.contract import FRAME_SIZE, Generator, StyleBanks
from segue.generators import GeneratorChain, build
from segue.render.scenario import scripted
from segue.runtime.fallback import Loop
from segue.runtime.messages import ChunkOut
from segue.runtime.restore import make_restore_point
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.snapshot import Snapshot
from segue_rules.loading import load
from segue_rules.model import Rules
from unit.runtime.toy_generator import ToyGenerator

LIBRARY = Path(__file__).parents[3] / "rules" / "library"
SOUNDTRACKS = ("emberwood", "nightwatch", "redline")
# Quieter than any note of the library's quietest music.
SILENT = 1e-3
CONFIG = SessionConfig(seed=5, lookahead_s=2.0)


@cache
def score() -> GeneratorChain:
    return build("score")


@cache
def soundtrack(name: str) -> tuple[Rules, StyleBanks]:
    rules = load(LIBRARY / name / f"{name}.yaml")
    return rules, scripted(rules, (), score().encoders).styles


def generators() -> list[Generator[Any]]:
    return [*score().generators, Loop()]


class PlayedSession:
    """A session whose client reports what the test says."""

    def __init__(self, name: str, chain: list[Generator[Any]] | None = None, **options: Any) -> None:
        rules, styles = soundtrack(name)
        self.generators = chain or generators()
        self.session = Session(rules, styles, self.generators, CONFIG, **options)
        self.now_s = 0.0

    def report(self, frame: int, *, have: int | None = None) -> None:
        """Report a client that stands at a frame and has music up to another."""
        position = frame * FRAME_SIZE
        end = None if have is None else have * FRAME_SIZE
        self.session.playhead(played=position, committed=position, paused=True, now_s=self.now_s, have=end)

    def chunk(self) -> ChunkOut:
        """Generate and return the next chunk."""
        spec = self.session.next_job(self.now_s)
        assert spec is not None
        job = self.session.begin(spec, self.now_s)
        (result,) = self.generators[spec.level].generate([job.request])
        self.session.complete(job, result, seconds=0.02)
        (chunk,) = [message for message in self.session.messages() if isinstance(message, ChunkOut)]
        return chunk


def first_frame_level(chunk: ChunkOut) -> float:
    return float(np.abs(chunk.samples[:FRAME_SIZE]).max())


@pytest.mark.parametrize("name", SOUNDTRACKS)
@pytest.mark.parametrize("frame", [0, 1, 133, 555])
def test_a_fresh_session_begins_with_sound(name: str, frame: int) -> None:
    rules, _ = soundtrack(name)
    point, _ = make_restore_point(None, rules=rules, generators=generators(), primary=0, frame=frame, seed=5)
    played = PlayedSession(name, restore_point=point if frame else None)
    played.report(frame)
    chunk = played.chunk()
    assert chunk.start == frame * FRAME_SIZE
    assert first_frame_level(chunk) > SILENT


@pytest.mark.parametrize("name", SOUNDTRACKS)
@pytest.mark.parametrize("gap", [1, 13, 47, 133, 545])
def test_music_after_a_gap_begins_with_sound(name: str, gap: int) -> None:
    played = PlayedSession(name)
    played.report(0)
    head = len(played.chunk().plans)
    played.report(head + gap, have=head + gap)
    chunk = played.chunk()
    assert (chunk.reason, chunk.start) == ("skip", (head + gap) * FRAME_SIZE)
    assert first_frame_level(chunk) > SILENT


@pytest.mark.parametrize("name", SOUNDTRACKS)
@pytest.mark.parametrize("chunks", [6, 7, 9, 14])
def test_another_generator_begins_with_sound(name: str, chunks: int) -> None:
    played = PlayedSession(name, [ToyGenerator(), *generators()])
    for _ in range(chunks):
        played.report(played.session.head)
        played.chunk()
    played.report(played.session.head - 5)
    played.session.set_primary(1)
    chunk = played.chunk()
    assert (chunk.reason, chunk.generator) == ("change_level", "score")
    # Behind the crossfade it is the generator's own sound.
    behind = chunk.samples[CONFIG.crossfade_samples : 2 * FRAME_SIZE + CONFIG.crossfade_samples]
    assert np.abs(behind).max() > SILENT


@pytest.mark.parametrize("name", SOUNDTRACKS)
@pytest.mark.parametrize("chunks", [6, 7, 9])
def test_music_of_another_model_is_restored_with_sound(name: str, chunks: int) -> None:
    saved = PlayedSession(name, [ToyGenerator()])
    for _ in range(chunks):
        saved.report(saved.session.head)
        saved.chunk()
    snapshot = Snapshot.from_bytes(saved.session.snapshot().to_blob())
    rules, _ = soundtrack(name)
    point, outcome = make_restore_point(snapshot, rules=rules, generators=generators(), primary=0, frame=700, seed=5)
    assert outcome == "rules"
    played = PlayedSession(name, restore_point=point)
    played.report(700)
    assert first_frame_level(played.chunk()) > SILENT


@pytest.mark.parametrize("name", SOUNDTRACKS)
@pytest.mark.parametrize("chunks", [6, 7, 9])
def test_music_of_a_generator_that_was_left_is_restored_with_sound(name: str, chunks: int) -> None:
    chain = [ToyGenerator(), *generators()]
    saved = PlayedSession(name, chain)
    for _ in range(chunks):
        saved.report(saved.session.head)
        saved.chunk()
    snapshot = Snapshot.from_bytes(saved.session.snapshot().to_blob())
    rules, _ = soundtrack(name)
    point, outcome = make_restore_point(snapshot, rules=rules, generators=chain, primary=0, frame=700, seed=5)
    assert outcome == "all"
    played = PlayedSession(name, chain, restore_point=point)
    played.session.set_primary(1)
    played.report(700)
    chunk = played.chunk()
    assert chunk.generator == "score"
    assert first_frame_level(chunk) > SILENT


@pytest.mark.parametrize("name", SOUNDTRACKS)
@pytest.mark.parametrize("gap", [1, 13, 27])
def test_music_that_replaces_older_music_begins_with_sound(name: str, gap: int) -> None:
    played = PlayedSession(name)
    played.report(0)
    for _ in range(5):
        played.chunk()
    end = played.session.head
    rules, styles = soundtrack(name)
    bank = styles.of("")
    reverse = replace(bank, embeddings=bank.embeddings[::-1].copy(), profiles=bank.profiles[::-1])
    played.session.reload(rules, StyleBanks((reverse,)), played.now_s)
    assert played.chunk().reason == "replace"
    position = played.session.head + gap
    played.report(position, have=end)
    chunk = played.chunk()
    assert (chunk.reason, chunk.mixed) == ("replace", True)
    assert position * FRAME_SIZE < chunk.start < end * FRAME_SIZE
    behind = chunk.samples[CONFIG.crossfade_samples : CONFIG.crossfade_samples + FRAME_SIZE]
    assert np.abs(behind).max() > SILENT
