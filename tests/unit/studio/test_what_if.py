"""What is heard of a what-if: up to the fork the session's samples, from there on others, under the rules of then."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile

from segue.contract import FRAME_SIZE
from segue.generators import PLAYABLE, build
from segue.runtime.messages import ChunkOut
from segue.runtime.planner import RulesVersion
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import straight
from segue.runtime.styles import read_styles
from segue.studio.course import Course
from segue.studio.journal import Journal
from segue.studio.what_if import Renderer, WhatIf, as_it_was, branch, config_of
from segue_rules.loading import load_text
from unit.studio.sessions import EDITED, RULES, SESSION, done, edit, write

FORK, LAST = 60, 125


def samples(sound: bytes) -> np.ndarray:
    found, rate = soundfile.read(io.BytesIO(sound), dtype="float32")
    assert rate == 48_000
    return found


def test_both_are_equal_up_to_the_fork_and_differ_behind_it(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", SESSION)
    renderer = Renderer()
    journal = Journal(tmp_path / "a.jsonl", tmp_path / "meadow.yaml", renderer.chain.encoders)
    asked = WhatIf(frame=FORK, end=LAST, set={"danger": 0.0})
    session = samples(renderer.sound(as_it_was(journal, asked), config_of(journal), 10))
    other = samples(renderer.sound(branch(journal, asked), config_of(journal), 10))
    assert len(session) == len(other) == (LAST - 10) * FRAME_SIZE
    until = (FORK - 10) * FRAME_SIZE
    assert np.array_equal(session[:until], other[:until])
    assert not np.array_equal(session[until:], other[until:])
    assert np.abs(other[until:]).max() > 0
    journal.close()


def test_an_edit_is_followed_from_its_frame_on() -> None:
    chain = build(PLAYABLE[0])
    versions = []
    for text in (RULES, EDITED):
        rules, styles, _ = read_styles(load_text(text), chain.encoders)
        versions.append(RulesVersion(rules=rules, styles=styles, fingerprint=text))
    first, second = versions

    def tempos(*edits: tuple[int, RulesVersion]) -> list[float]:
        session = Session(first.rules, first.styles, chain.generators, SessionConfig(seed=5))
        messages = straight(session, chain.generators, (), LAST, edits)
        chunks = [message for message in messages if isinstance(message, ChunkOut)]
        return [round(plan.controls.tempo_mbpm / 1000, 1) for chunk in chunks for plan in chunk.plans][:LAST]

    slow = load_text(RULES.replace("title: Meadow\n", "title: Meadow\nmusic: {tempo: 60bpm}\n"))
    rules, styles, _ = read_styles(slow, chain.encoders)
    third = RulesVersion(rules=rules, styles=styles, fingerprint="slow")
    course = Course(first.rules, 5)
    course.add_rules(FORK, second.rules)
    course.add_rules(FORK + 20, third.rules)
    course.extend(LAST)
    rows = {frame: now[0] for frame, now in course.rows["music"]}
    expected: list[float] = []
    for frame in range(LAST):
        expected.append(rows.get(frame, expected[-1] if expected else 0.0))
    assert tempos((FORK, second), (FORK + 20, third)) == expected
    assert expected[FORK + 19] == tempos()[-1] > expected[-1]


def test_a_branch_of_an_edited_session_has_the_rules_of_its_moment(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [*SESSION[:1], edit(40), done(100)])
    journal = Journal(tmp_path / "a.jsonl", tmp_path / "meadow.yaml", build(PLAYABLE[0]).encoders)
    early = branch(journal, WhatIf(frame=20, end=100))
    late = branch(journal, WhatIf(frame=60, end=100))
    assert [frame for frame, _ in early.versions] == [0]
    assert [frame for frame, _ in late.versions] == [0, 40]
    assert early.course.rows["rules"] == [[0, 0]]
    assert late.course.rows == as_it_was(journal, WhatIf(frame=60, end=100)).course.rows
    journal.close()
