"""What is wrong with a rule file, an event script or a rule test: every mistake of a run, each with its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from segue_rules.model import Mark


@dataclass(frozen=True, kw_only=True, order=True)
class Problem:
    """One mistake. where: the object ('layer "action", state "combat"'), "" for the file. text: what is wrong."""

    mark: Mark
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.mark}: {self.where}: {self.text}" if self.where else f"{self.mark}: {self.text}"


class RuleError(Exception):
    """A file that cannot be used. problems: all that was found, in file order; never empty."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        if not self.problems:
            raise ValueError("a RuleError needs at least one problem")
        super().__init__("\n".join(map(str, self.problems)))
