"""What a rule test expects and when: the types that reading builds and running uses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, TypeAlias

from segue_rules.events import ScriptedEvent
from segue_rules.model import Rules
from segue_rules.plan import FramePlan
from segue_yaml.nodes import Mark
from segue_yaml.report import Problem


class Instant(NamedTuple):
    """One frame as a check sees it.

    Attributes:
        pending: For each layer the state it is to change to, "" for none.
    """

    plan: FramePlan
    pending: tuple[str, ...]


class Check(Protocol):
    """One thing that is expected of a frame. `str(check)` says it in the words of the test file."""

    @property
    def mark(self) -> Mark:
        """Its place in the test file."""
        ...

    @property
    def keeps_time(self) -> bool:
        """Whether it depends on beats or bars, and so can differ between frames of a run of equal plans."""
        ...

    def holds(self, instant: Instant) -> bool: ...

    def came(self, instant: Instant) -> str:
        """What the frame had instead."""
        ...


WhenKind: TypeAlias = Literal["at", "during", "between", "never"]


@dataclass(frozen=True, kw_only=True)
class When:
    """The frames that an expectation is about, both ends included.

    Attributes:
        kind: In which frames the check must hold: `at` in its one frame, `during` in every frame, `between` in at
            least one frame, `never` in none.
        text: As written ("during [2s, 8s]").
    """

    kind: WhenKind
    start: int
    end: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """Checks that hold together in one frame, and the frames in which they are to."""

    mark: Mark
    when: When
    checks: tuple[Check, ...]


@dataclass(frozen=True, kw_only=True)
class RuleTest:
    """One test: what the game sends, and what is expected.

    Attributes:
        seeds: Of its runs; none for the rules' own.
    """

    name: str
    mark: Mark
    events: tuple[ScriptedEvent, ...]
    expect: tuple[Expectation, ...]
    seeds: tuple[int, ...] = ()

    @property
    def frames(self) -> int:
        """How many frames have to be played: up to the last that an expectation asks for."""
        return 1 + max(expectation.when.end for expectation in self.expect)


@dataclass(frozen=True, kw_only=True)
class RuleTestFile:
    """The tests of one file, all of the same rules.

    Attributes:
        warnings: Events that are played otherwise than written.
    """

    path: Path
    rules: Rules
    tests: tuple[RuleTest, ...]
    warnings: tuple[Problem, ...] = ()
