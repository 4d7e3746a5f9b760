"""Edits, restores, resets and failures in a session that plays: what is heard stays whole and can be played again."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segue.runtime.fallback import Loop
from segue.runtime.messages import ChunkOut
from segue.runtime.planner import RulesVersion, is_significant
from segue.runtime.recording import Header, RecordedRules, Recorder, read_recording, replay, resolve_operations
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from unit.runtime import rules_versions
from unit.runtime.rule_files import BANK, RULES
from unit.runtime.simulated_service import Action, Stage, check_promises
from unit.runtime.toy_generator import ToyGenerator

TICKS = 240


def _restore(stage: Stage, ahead: int) -> None:
    stage.restore(stage.saved[-1] if stage.saved else None, ahead)


def _fail(stage: Stage, failing: bool) -> None:
    chosen = stage.generators[0]
    assert isinstance(chosen, ToyGenerator)
    chosen.failing = failing


def drawn(dice: random.Random) -> Action:
    """Something that may happen."""
    match dice.randrange(9):
        case 0 | 1:
            return partial(Stage.set, threat=dice.choice([0.0, 0.2, 0.55, 1.0]))
        case 2:
            return partial(Stage.set, region=dice.choice(["field", "cave"]))
        case 3:
            return partial(Stage.fire, name="win")
        case 4:
            return partial(Stage.reload, version=dice.choice(rules_versions.ALL))
        case 5:
            return Stage.save
        case 6:
            return partial(_restore, ahead=dice.choice([0, 5, 40, 120]))
        case 7:
            return lambda stage: stage.session.reset(stage.now_s)
        case _:
            primary, failing = dice.randrange(2), dice.random() < 0.5
            return dice.choice(
                [lambda stage: stage.scheduler.set_primary(stage.session, primary), partial(_fail, failing=failing)]
            )


def ladder() -> list[Any]:
    return [ToyGenerator("one"), ToyGenerator("two", amplitude=0.25), Loop()]


def played(seed: int) -> Stage:
    """A session to which up to a dozen random things happen."""
    dice = random.Random(seed)
    config = SessionConfig(seed=5, lookahead_s=dice.choice([0.6, 1.0, 2.0]), chunk_frames=dice.choice([3, 10, 25]))
    script: dict[int, list[Action]] = {}
    for _ in range(dice.randrange(13)):
        script.setdefault(dice.randrange(TICKS - 30), []).append(drawn(dice))
    stage = Stage(ladder(), config, job_ticks=dice.choice([1, 2, 4, 9]))
    stage.run(TICKS, script)
    return stage


def check_heard(stage: Stage) -> None:
    """No click, and every frame under the newest plan that could reach it."""
    heard, plans = stage.client.playback(), stage.client.playback_plans()
    # As in the live tests: the toys' sines move less than 0.02 a sample, a click would jump.
    assert np.abs(np.diff(heard[:, 0])).max() < 0.03
    again = Session(RULES, BANK, stage.generators, stage.config)
    for _ in replay(again, ladder(), stage.journal):
        pass
    for frame, plan in enumerate(plans):
        (newest,) = again.plans(frame, frame + 1)
        assert plan is not None
        assert len(plan.mix) == len(newest.mix)
        assert not is_significant(plan, newest, stage.config.significance, fills=False), frame


def check_recording(stage: Stage, path: Path) -> None:
    """Written, read and played again it gives the same chunks, to the byte."""
    header = Header(rules="first", generators=("one", "two", "loop"), config=stage.config)
    with path.open("w", encoding="utf-8") as file:
        recorder = Recorder(file, header, sources=lambda rules: {"main.yaml": rules.title})
        for operation in stage.journal:
            recorder.operation(operation)
    read, operations, _ = read_recording(path)
    assert read == header
    generators = ladder()
    again = Session(RULES, BANK, generators, read.config, fingerprint=read.rules)
    done = resolve_operations(operations, RULES, generators, _loaded)
    chunks = [message for message in replay(again, generators, done) if isinstance(message, ChunkOut)]
    assert [(c.take, c.start, c.reason, c.mixed) for c in chunks] == [
        (c.take, c.start, c.reason, c.mixed) for c in stage.chunks
    ]
    for ours, theirs in zip(chunks, stage.chunks, strict=True):
        assert ours.samples.tobytes() == theirs.samples.tobytes()


def _loaded(recorded: RecordedRules) -> RulesVersion:
    return next(version for version in rules_versions.ALL if version.fingerprint == recorded.fingerprint)


def check(seed: int, folder: Path) -> bool:
    """Returns: whether the client never ran dry, so that all that is heard was looked at."""
    stage = played(seed)
    check_promises(stage.messages)
    takes = [chunk.take for chunk in stage.chunks]
    assert takes == sorted(takes)
    check_recording(stage, folder / "session.jsonl")
    whole = not (stage.client.underrun_samples or stage.client.late)
    if whole:
        check_heard(stage)
    return whole


@pytest.mark.parametrize("seed", range(24))
def test_upheavals_are_heard_whole_and_recorded_to_the_byte(seed: int, tmp_path: Path) -> None:
    check(seed, tmp_path)


def test_most_of_these_sessions_are_heard_without_a_gap() -> None:
    stages = [played(seed) for seed in range(6)]
    assert sum(stage.client.underrun_samples == 0 for stage in stages) >= 4


@pytest.mark.heavy
def test_upheavals_at_length(tmp_path: Path) -> None:
    whole = [check(seed, tmp_path) for seed in range(1_000, 1_600)]
    assert sum(whole) > 0.6 * len(whole)
