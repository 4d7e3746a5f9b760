"""The rules in force and the styles they name, which a reload replaces; and frames planned under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from segue.contract import Conditioning, StyleBank
from segue.runtime.conditioning import conditioning
from segue_rules.model import Rules
from segue_rules.plan import FramePlan


@dataclass(frozen=True, kw_only=True, eq=False)
class Edition:
    """One state of a soundtrack's files. styles: in the order of rules.styles. fingerprint: of the files, for saves."""

    rules: Rules
    styles: StyleBank
    fingerprint: str = ""


class Planned(NamedTuple):
    """A frame's plan and what it was planned under."""

    plan: FramePlan
    edition: Edition


def same_styles(one: StyleBank, other: StyleBank) -> bool:
    """Whether two banks sound alike, name for name."""
    return one.names == other.names and np.array_equal(one.embeddings, other.embeddings)


def conditioned(frames: Sequence[Planned]) -> tuple[StyleBank, Conditioning]:
    """What a generator reads of consecutive frames.

    Frames of several editions are read under all their styles side by side, each mix weighing its own.
    """
    banks: list[StyleBank] = []
    for frame in frames:
        if not any(bank is frame.edition.styles for bank in banks):
            banks.append(frame.edition.styles)
    if len(banks) == 1:
        return banks[0], conditioning([frame.plan for frame in frames])
    before, total, starts = 0, sum(len(bank.names) for bank in banks), {}
    for bank in banks:
        starts[id(bank)] = before
        before += len(bank.names)
    joined = StyleBank(
        names=tuple(name for bank in banks for name in bank.names),
        embeddings=np.concatenate([bank.embeddings for bank in banks]),
        captions=tuple(caption for bank in banks for caption in bank.captions or ("",) * len(bank.names)),
    )
    return joined, conditioning([_widened(plan, starts[id(edition.styles)], total) for plan, edition in frames])


def _widened(plan: FramePlan, start: int, total: int) -> FramePlan:
    """The plan with its mixes among `total` styles, of which its own begin at `start`."""
    head, tail = (0.0,) * start, (0.0,) * (total - start - len(plan.mix))
    return plan._replace(mix=(*head, *plan.mix, *tail), next_mix=(*head, *plan.next_mix, *tail))
