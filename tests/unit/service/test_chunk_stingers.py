"""Stingers in chunks: the same sound as from a client that mixes them, within full scale, the same on replay."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heavy import sampled
from segue.contract import FRAME_SIZE, SAMPLE_RATE, Samples
from segue.render.collector import Collector, Keep
from segue.render.modes import render_recording
from segue.render.scenario import RecordedSession, Scenario
from segue.runtime.chunk_stingers import ChunkStingers
from segue.runtime.fallback import Loop
from segue.runtime.messages import ChunkOut, StingerOut
from segue.runtime.mixdown import MixedStinger
from segue.runtime.recording import Header, read_recording, write_recording
from segue.runtime.replaying import replay, resolve_operations
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.stinger_placement import PlacedCue
from segue.service.stinger_encoder import StingerEncoder
from segue_rules.plan import StingerCue
from segue_sdk.limits import FADE
from segue_sdk.messages import Stinger
from segue_sdk.stinger_mixer import StingerMixer
from segue_sdk.timeline import Timeline
from unit.runtime.simulated_service import TICK, Action, SimulatedService
from unit.runtime.stung import SOUNDS, STINGERS, STUNG
from unit.runtime.toy_generator import ToyGenerator

TICKS = 240


@dataclass
class Heard:
    """What two clients of the SDK hear of one session: one mixes stingers itself, one gets them in its chunks."""

    service: SimulatedService
    sounds: Mapping[str, Samples]
    chunks: list[Samples] = field(default_factory=list)
    separate: list[Samples] = field(default_factory=list)
    included: list[Samples] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._mixing, self._plain = Timeline(), Timeline()
        self._encoder = StingerEncoder(self.sounds, "f32le")
        self._mixer = ChunkStingers(self.sounds)
        self._taken = 0

    def run(self, script: Mapping[int, list[Action]], ticks: int = TICKS) -> None:
        for tick in range(ticks):
            before = self.service.client.committed
            self.service.run(1, {0: script.get(tick, [])})
            for message in self.service.messages[self._taken :]:
                if isinstance(message, ChunkOut):
                    self.chunks.append(self._mixer.mix(message))
                    self._write(self._mixing, message, message.samples)
                    self._write(self._plain, message, self.chunks[-1])
                elif isinstance(message, StingerOut):
                    self._take(self._encoder.messages(message))
            self._taken = len(self.service.messages)
            self._encoder.acknowledge(before, 0, 0)
            self._take(self._encoder.due(self.service.session.sound, 0))
            if self.service.client.committed > before:
                self.separate.append(self._read(self._mixing))
                self.included.append(self._read(self._plain))

    def both(self) -> tuple[Samples, Samples]:
        return np.concatenate(self.separate), np.concatenate(self.included)

    def _take(self, messages: Iterable[Stinger]) -> None:
        for part in messages:
            samples = None if part.pcm is None else memoryview(part.pcm).cast("f")
            self._mixing.stingers.take(part, samples, self._mixing.committed)

    @staticmethod
    def _write(timeline: Timeline, chunk: ChunkOut, samples: Samples) -> None:
        floats = memoryview(np.ascontiguousarray(samples).tobytes()).cast("f")
        timeline.write(take=chunk.take, start=chunk.start, samples=floats, mixed=chunk.mixed)

    @staticmethod
    def _read(timeline: Timeline) -> Samples:
        block = memoryview(bytearray(TICK * 8)).cast("f")
        timeline.read(block)
        return np.array(block, np.float32).reshape(-1, 2)


def played(
    script: Mapping[int, list[Action]],
    *,
    level: float = 0.05,
    amplitude: float = 0.2,
    ticks: int = TICKS,
    **settings: Any,
) -> Heard:
    """Play a session. level, amplitude: of the stingers and of the music."""
    config = SessionConfig(seed=5, lookahead_s=1.0, stingers="included")
    service = SimulatedService(
        [ToyGenerator("one", amplitude=amplitude), Loop()], config, version=STUNG, **{"job_ticks": 2, **settings}
    )
    heard = Heard(service, {name: sound * np.float32(level) for name, sound in SOUNDS.items()})
    heard.run(script, ticks)
    return heard


def fire(name: str) -> Action:
    return partial(SimulatedService.fire, name=name)


def random_script(rng: random.Random) -> dict[int, list[Action]]:
    """Draw stingers and changes of the music, mostly some at once."""
    script: dict[int, list[Action]] = {}
    for _ in range(rng.randrange(1, 10)):
        acts = script.setdefault(rng.randrange(30, TICKS - 40), [])
        for _ in range(rng.randrange(1, 3)):
            name = rng.choice(["hit", "horn", "toll", "win"])
            acts.append(rng.choice([fire(name), fire(name), partial(SimulatedService.set, threat=rng.random())]))
    return script


def starts(chunk: ChunkOut) -> list[tuple[str, int]]:
    return [(placed.cue.stinger, placed.start) for placed in chunk.stingers]


@pytest.mark.parametrize("seed", sampled(range(12), 3))
def test_both_kinds_of_clients_hear_the_same(seed: int) -> None:
    heard = played(random_script(random.Random(seed)))
    assert heard.service.client.late == 0
    separate, included = heard.both()
    np.testing.assert_allclose(included, separate, atol=1e-4)
    assert np.abs(separate).max() > 0.2


def test_a_stinger_replaces_the_music_from_its_frame_on() -> None:
    heard = played({60: [fire("hit")]})
    (cue,) = (out.cue for out in heard.service.messages if isinstance(out, StingerOut) and out.cue.kind == "started")
    (opening,) = (chunk for chunk in heard.service.chunks if chunk.take == 1 and chunk.reason == "replace")
    assert opening.start == cue.start // FRAME_SIZE * FRAME_SIZE
    assert starts(opening) == [("hit", cue.start)]
    # The music itself goes on as before.
    same = played({}).service.client.playback()
    np.testing.assert_allclose(heard.service.client.playback(), same, atol=1e-6)


def test_a_burst_of_style_has_no_sound_of_its_own() -> None:
    heard = played({60: [fire("win")]})
    assert all(chunk.stingers == () for chunk in heard.service.chunks)
    assert max(chunk.take for chunk in heard.service.chunks) >= 1


def test_a_stinger_goes_on_in_later_chunks_up_to_its_end_and_its_ducks() -> None:
    heard = played({40: [fire("toll")]}, amplitude=0.0, ticks=340)
    sound = heard.both()[1]
    cue = next(out.cue for out in heard.service.messages if isinstance(out, StingerOut) and out.cue.kind == "started")
    expected = np.zeros_like(sound)
    toll = heard.sounds["toll"]
    expected[cue.start : cue.start + len(toll)] = toll
    # The toy's noise under the duck is below 1e-3.
    np.testing.assert_allclose(sound, expected, atol=1e-3)


@pytest.mark.parametrize("seed", sampled(range(20, 30), 3))
def test_no_chunk_and_no_sum_exceeds_full_scale(seed: int) -> None:
    heard = played(random_script(random.Random(seed)), level=1.0, amplitude=0.6)
    assert max(float(np.abs(chunk).max()) for chunk in heard.chunks) <= 1.0
    assert np.abs(heard.both()[1]).max() <= 1.0


def test_the_limiter_makes_no_step_between_chunks() -> None:
    heard = played({60: [fire("horn")], 90: [fire("toll")]}, level=0.9, amplitude=0.6)
    sound = heard.both()[1]
    # The tones move by less than 0.13 in a sample at their levels.
    assert np.abs(np.diff(sound, axis=0)).max() < 0.15
    assert np.abs(sound).max() > 0.95


def test_only_the_samples_of_a_chunk_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(self: MixedStinger, start: int, end: int) -> Samples:
        read.append(end - start)
        return sound_of(self, start, end)

    sound_of = MixedStinger.sound
    monkeypatch.setattr(MixedStinger, "sound", counted)
    chunk = played({}, ticks=10).service.chunks[0]
    cue = StingerCue("started", "toll", 0, 0.0, "drop", None, "")
    placed = tuple(PlacedCue(cue._replace(start=i), i) for i in range(400))
    mixer = ChunkStingers({"toll": np.zeros((60 * 48_000, 2), np.float32)})
    for i in range(3):
        mixer.mix(replace(chunk, start=chunk.start + i * len(chunk.samples), stingers=placed))
    assert read == [len(chunk.samples)] * (16 * 3)


def test_at_most_16_stingers_sound_at_once() -> None:
    chunks = played({}, amplitude=0.0, ticks=60).service.chunks[:2]
    cue = StingerCue("started", "toll", 0, 0.0, "drop", None, "")
    placed = tuple(PlacedCue(cue._replace(start=100 * i), 100 * i) for i in range(20))
    sound = SOUNDS["toll"] * np.float32(0.01)
    mixer = ChunkStingers({"toll": sound})
    mixed = np.concatenate([mixer.mix(replace(chunk, stingers=placed)) for chunk in chunks])
    expected = sum(np.concatenate([np.zeros((100 * i, 2), np.float32), sound])[: len(mixed)] for i in range(16))
    np.testing.assert_allclose(mixed, expected, atol=1e-3)


# --- late, cancelled and restored ------------------------------------------------------------------------------------


def _slow(service: SimulatedService) -> None:
    service.job_ticks = 25


def _quick(service: SimulatedService) -> None:
    service.job_ticks = 2


def late(name: str) -> Heard:
    """Fire a stinger while a generator is so slow that the frame it belongs to cannot be replaced any more."""
    return played({50: [_slow], 70: [fire(name)], 100: [_quick]})


def cancelled() -> Heard:
    """Undo a stinger while the generator is so slow that it has begun when the music without it is ready."""
    return played({52: [fire("toll")], 60: [_slow, SimulatedService.reset], 100: [_quick]}, amplitude=0.0)


def test_a_late_stinger_begins_with_the_next_music_that_can_be_made_in_time() -> None:
    heard = late("horn")
    (cue,) = (out.cue for out in heard.service.messages if isinstance(out, StingerOut))
    opening = next(chunk for chunk in heard.service.chunks if chunk.stingers)
    assert starts(opening) == [("horn", opening.start)]
    assert opening.start > cue.start


def test_a_late_stinger_that_is_to_be_dropped_is_never_heard() -> None:
    heard = late("hit")
    assert [out.cue.kind for out in heard.service.messages if isinstance(out, StingerOut)] == ["started"]
    assert all(chunk.stingers == () for chunk in heard.service.chunks)


def test_a_stinger_that_is_cancelled_while_it_sounds_fades_out() -> None:
    heard = cancelled()
    (placed,) = {placed for chunk in heard.service.chunks for placed in chunk.stingers if placed.cancelled is not None}
    assert placed.cancelled is not None
    assert placed.start < placed.cancelled < placed.start + len(SOUNDS["toll"])
    sound = heard.both()[1]
    assert np.abs(sound[placed.cancelled - 4_800 : placed.cancelled]).max() > 0.02
    # The toy is silent but for noise below 1e-3.
    assert np.abs(sound[placed.cancelled + FADE :]).max() < 1e-3


@pytest.mark.parametrize("at", sampled([1, 100, 2_399, 30_000, 52_799, 60_000, 75_000, 90_000], 2))
@pytest.mark.parametrize("name", ["horn", "toll", "hit"])
def test_a_cancelled_stinger_and_its_duck_end_as_in_a_client(name: str, at: int) -> None:
    (stinger,) = (each for each in STINGERS if each.name == name)
    cue = StingerCue("started", name, 960, stinger.gain_db, "drop", stinger.duck, "")
    sounds = {name: SOUNDS[name] * np.float32(0.1)}
    music = np.full((96_000, 2), 0.2, np.float32)
    mixer = StingerMixer()
    encoder = StingerEncoder(sounds, "f32le")
    assert list(encoder.messages(StingerOut(cue=cue, cancelled=False))) == []
    for part in encoder.due(lambda a, b: music[:0], 0):
        mixer.take(part, memoryview(bytes(part.pcm or b"")).cast("f"), 0)
        cancel = replace(part, kind="cancelled", pcm=None, count=0)
    theirs = music.copy()
    mixer.mix(0, memoryview(theirs[: 960 + at].reshape(-1)))
    mixer.take(cancel, None, 960 + at)
    mixer.mix(960 + at, memoryview(theirs[960 + at :].reshape(-1)))
    ours = ChunkStingers(sounds)
    first = played({}, ticks=40).service.chunks[0]
    head = replace(first, start=0, samples=music[: 960 + at], stingers=(PlacedCue(cue, 960),))
    tail = replace(
        first, start=960 + at, samples=music[960 + at :], stingers=(PlacedCue(cue, 960, cancelled=960 + at),)
    )
    mixed = np.concatenate([ours.mix(head), ours.mix(tail)])
    np.testing.assert_allclose(mixed, theirs, atol=1e-5)


def check_replay(heard: Heard, path: Path) -> None:
    """Check that a recording gives the same chunks with the same stingers, and so the same mix."""
    service = heard.service
    with path.open("w", encoding="utf-8") as file:
        write_recording(file, Header(rules="stung", generators=("one", "loop"), config=service.config), service.journal)
    header, operations, _ = read_recording(path)
    assert header.config.stingers == "included"
    again = Session(STUNG.rules, STUNG.styles, service.generators, header.config)
    done = resolve_operations(operations, STUNG.rules, service.generators, lambda recorded: STUNG)
    chunks = [one for one in replay(again, service.generators, done) if isinstance(one, ChunkOut)]
    mixer = ChunkStingers(heard.sounds)
    assert [chunk.stingers for chunk in chunks] == [chunk.stingers for chunk in service.chunks]
    assert [mixer.mix(chunk).tobytes() for chunk in chunks] == [chunk.tobytes() for chunk in heard.chunks]


@pytest.mark.parametrize("seed", sampled(range(40, 48), 3))
def test_a_replay_mixes_to_the_same_bytes(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    script = random_script(rng)
    acts: list[Callable[[SimulatedService], Any]] = [
        SimulatedService.save,
        SimulatedService.reset,
        lambda service: service.restore(service.saved[-1] if service.saved else None, 20),
        lambda service: service.scheduler.set_primary(service.session, 0),
    ]
    for act in acts:
        script.setdefault(rng.randrange(60, TICKS - 40), []).append(act)
    heard = played(script, level=0.8, job_ticks=rng.choice([1, 2, 9, 25]))
    assert max(float(np.abs(chunk).max()) for chunk in heard.chunks) <= 1.0
    check_replay(heard, tmp_path / "session.jsonl")


@pytest.mark.parametrize("heard", [partial(late, "horn"), partial(late, "hit"), cancelled])
def test_late_and_cancelled_stingers_are_replayed(heard: Callable[[], Heard], tmp_path: Path) -> None:
    check_replay(heard(), tmp_path / "session.jsonl")


@pytest.mark.parametrize("heard", [partial(late, "horn"), partial(late, "hit"), cancelled])
def test_a_rendered_recording_has_late_and_cancelled_stingers_where_the_client_heard_them(
    heard: Callable[[], Heard],
) -> None:
    theirs = heard()
    service, blocks = theirs.service, list[Samples]()
    scenario = Scenario(
        rules=STUNG.rules, styles=STUNG.styles, sounds=theirs.sounds, events=(), frames=0, config=service.config
    )
    render_recording(
        scenario,
        RecordedSession(operations=service.journal, generators=service.generators, primary=0, restore_point=None),
        blocks.append,
        Collector(Keep()),
        progress=lambda frames: None,
    )
    ours, played_back = np.concatenate(blocks), theirs.both()[1]
    # The client fades in, and a rendering fades out behind what the client has heard so far.
    assert len(ours) > len(played_back) > 2 * SAMPLE_RATE
    np.testing.assert_allclose(ours[FADE : len(played_back)], played_back[FADE:], atol=1e-4)


def test_the_end_of_a_stinger_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of many stingers is compared with all that sound beside it, in every chunk."""
    heard = played({tick: [fire("horn")] for tick in range(30, 130, 5)}, ticks=140)
    chunk = max(heard.service.chunks, key=lambda one: len(one.stingers))
    count, computed = len(chunk.stingers), list[int]()
    assert count >= 15
    corners = MixedStinger._duck_corners

    def counted(self: MixedStinger) -> tuple[list[int], list[float]]:
        computed.append(self.start)
        return corners(self)

    monkeypatch.setattr(MixedStinger, "_duck_corners", counted)
    mixer = ChunkStingers(SOUNDS)
    mixer.mix(chunk)
    # The ducks of those that sound are computed besides.
    assert len(computed) <= 2 * count
    computed.clear()
    mixer.mix(replace(chunk, start=chunk.start + 100 * SAMPLE_RATE))
    assert computed == []


def test_every_stinger_of_the_rules_has_a_sound() -> None:
    assert {each.name for each in STINGERS} == set(SOUNDS)
