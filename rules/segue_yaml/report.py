"""Collects the mistakes of a run, each with its place, so that all are reported together."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from segue_yaml.nodes import Mark, Node, describe, quote

MOST_PROBLEMS: Final = 500
"""No one mends more at a time; and looking for what was meant takes its time."""


@dataclass(frozen=True, kw_only=True, order=True)
class Problem:
    """One mistake. where: the object ('layer "action", state "combat"'), "" for the file. text: what is wrong."""

    mark: Mark
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.mark}: {self.where}: {self.text}" if self.where else f"{self.mark}: {self.text}"


class DocumentError(Exception):
    """Files that cannot be used. problems: all that was found, in file order; never empty."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        if not self.problems:
            raise ValueError(f"a {type(self).__name__} needs at least one problem")
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(kw_only=True)
class Report:
    """The problems and warnings of one run, over all its files.

    Args:
        error: What is raised for the problems.
        item_names: For a section of the files ("layers"), what messages call one of its items ("layer").
    """

    error: type[DocumentError] = DocumentError
    item_names: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    unread: set[Mark] = field(default_factory=set)
    """Where a value could not even be read: reported once, and not again by whoever misses the value."""
    partial: bool = False
    """Whether something could not be read that may define names. Then none can be called unknown."""

    def add(self, problem: Problem) -> None:
        """Note a mistake. Raises: `error` at once if there are more than MOST_PROBLEMS."""
        if problem.mark in self.unread:
            self._place(problem)
            return
        if len(self.problems) == MOST_PROBLEMS:
            text = f"more than {MOST_PROBLEMS} mistakes; reading stopped here"
            raise self.error([*self.problems, Problem(mark=problem.mark, where="", text=text)])
        self.problems.append(problem)

    def add_unread(self, mark: Mark, text: str, where: str = "") -> None:
        """Report a value that could not be read. where: as far as that is known by now."""
        self.add(Problem(mark=mark, where=where, text=text))
        self.unread.add(mark)

    def _place(self, missed: Problem) -> None:
        """Whoever misses a value that could not be read knows better whose it is."""
        for i, problem in enumerate(self.problems):
            if problem.mark == missed.mark and missed.where:
                self.problems[i] = Problem(mark=problem.mark, where=missed.where, text=problem.text)
                return

    def scope(self, *parts: str) -> Scope:
        """Where reading begins; no parts for a whole file."""
        return Scope(report=self, parts=parts)

    def raise_problems(self) -> None:
        """Raises: `error` with every problem so far, if there is any."""
        if self.problems:
            raise self.error(self.problems)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """A report together with the object being read: 'layer "action", state "combat"'."""

    report: Report
    parts: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        return ", ".join(self.parts)

    def inside(self, part: str) -> Scope:
        """The scope of a part of this object."""
        return Scope(report=self.report, parts=(*self.parts, part))

    def outside(self) -> Scope:
        """The scope of what this object is a part of."""
        return Scope(report=self.report, parts=self.parts[:-1])

    def problem(self, mark: Mark, text: str) -> None:
        self.report.add(Problem(mark=mark, where=self.where, text=text))

    def warning(self, mark: Mark, text: str) -> None:
        told = len(self.report.warnings)
        if told == MOST_PROBLEMS:
            text = f"more than {MOST_PROBLEMS} doubts; the others are not told"
        if told <= MOST_PROBLEMS:
            self.report.warnings.append(Problem(mark=mark, where=self.where, text=text))

    def unknown(self, mark: Mark, what: str, name: str, known: Iterable[str], hint: str = "") -> None:
        """Report a name that nothing has, unless what has it may be among what could not be read.

        Args: what: "style". known: names that would do. hint: what was meant, if that is not simply the nearest.
        """
        if not self.report.partial:
            self.problem(mark, f"unknown {what} {quote(name)}{hint or did_you_mean(name, known)}")

    def expected(self, expected: str, node: Node, hint: str = "") -> None:
        """Report that a value is not what was expected. hint: what was probably meant, "" for none."""
        meant = f"; did you mean {hint}?" if hint else ""
        self.problem(node.mark, f"expected {expected}, got {describe(node)}{meant}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """ "; did you mean 'x'?" with the nearest known word, or "" if none is near."""
    near = nearest(word, known)
    return f"; did you mean '{near[0]}'?" if near else ""


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The known word that is most like this one, if any is."""
    return difflib.get_close_matches(word[:64].lower(), list(known), n=1, cutoff=0.6)


def listing(words: Iterable[str], last: str = "or") -> str:
    """ "a, b or c"."""
    *head, tail = words
    return f"{', '.join(head)} {last} {tail}" if head else tail
