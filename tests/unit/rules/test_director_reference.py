"""The director against its slow reference, frame by frame, on random rules and random sessions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any as AnyValue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_rules.model import Rules
from segue_rules.plan import FramePlan
from unit.rules.playing import play_director, play_reference
from unit.rules.shards import check_shard, in_shards
from unit.rules.strategies import quick, rules, sessions
from unit.rules.strategies_clips import clip_rules

# Both sides follow the same formulae, but may add in another order: a few units in the last place of values up to 100.
TOLERANCE = 1e-12
SESSIONS = 3


def bare(plan: FramePlan) -> FramePlan:
    """The plan without its words: causes, candidates, and the texts of receipts and cues."""
    return plan._replace(
        receipts=tuple(replace(receipt, text="") for receipt in plan.receipts),
        changes=tuple(change._replace(causes=(), candidates=()) for change in plan.changes),
        stingers=tuple(cue._replace(reason="", cause="") for cue in plan.stingers),
    )


def differences(found: AnyValue, expected: AnyValue, where: str = "plan") -> Iterator[str]:
    if isinstance(found, float) and isinstance(expected, float):
        if not math.isclose(found, expected, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            yield f"{where}: director {found!r}, reference {expected!r}"
    elif isinstance(found, tuple) and isinstance(expected, tuple) and len(found) == len(expected):
        names = getattr(found, "_fields", range(len(found)))
        for name, one, other in zip(names, found, expected, strict=True):
            yield from differences(one, other, f"{where}.{name}")
    elif type(found) is not type(expected) or found != expected:
        yield f"{where}: director {found!r}, reference {expected!r}"


def compare(data: st.DataObject) -> None:
    compare_rules(data, data.draw(rules(), label="rules"))


def compare_clips(data: st.DataObject) -> None:
    compare_rules(data, data.draw(clip_rules, label="rules"))


def compare_rules(data: st.DataObject, soundtrack: Rules) -> None:
    for _ in range(SESSIONS):
        session = data.draw(sessions(soundtrack.inputs), label="session")
        found = play_director(soundtrack, session.events, session.earliest)
        expected = play_reference(soundtrack, session.events, session.earliest)
        for ours, theirs in zip(found, expected, strict=True):
            wrong = list(differences(bare(ours), bare(theirs)))
            assert not wrong, f"frame {ours.frame}:\n" + "\n".join(wrong)


@quick(max_examples=20)
@given(st.data())
def test_the_director_equals_its_reference(data: st.DataObject) -> None:
    compare(data)


@quick(max_examples=8)
@given(st.data())
def test_the_director_equals_its_reference_with_clips(data: st.DataObject) -> None:
    compare_clips(data)


@pytest.mark.heavy
@in_shards
def test_the_director_equals_its_reference_at_length(shard: int) -> None:
    check_shard(compare, shard, examples=500)


@pytest.mark.heavy
@in_shards
def test_the_director_equals_its_reference_with_clips_at_length(shard: int) -> None:
    check_shard(compare_clips, shard, examples=500)
