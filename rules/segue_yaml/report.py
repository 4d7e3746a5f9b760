"""Mistakes and warnings, each with its place, collected so that one run reports all of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from segue_yaml.guesses import look_alike_hint
from segue_yaml.nodes import Mark, Node, Scalar, describe, quote

MOST_PROBLEMS: Final = 500
"""More than this is not corrected at a time, and each guess at what was meant takes time."""


@dataclass(frozen=True, kw_only=True, order=True)
class Problem:
    """One mistake or warning.

    Attributes:
        where: The object it is in ('layer "action", state "combat"'), "" for the file.
        text: What is wrong.
    """

    mark: Mark
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.mark}: {self.where}: {self.text}" if self.where else f"{self.mark}: {self.text}"


P = TypeVar("P", Problem, str)


class ProblemsError(Exception, Generic[P]):
    """Several problems that were found together.

    Attributes:
        problems: At least one: sentences, or problems with their places.
    """

    def __init__(self, problems: Iterable[P]) -> None:
        self.problems: tuple[P, ...] = tuple(problems)
        if not self.problems:
            raise ValueError(f"a {type(self).__name__} needs at least one problem")
        super().__init__("\n".join(map(str, self.problems)))


class DocumentError(ProblemsError[Problem]):
    """Files that cannot be used. problems: In file order, each once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__(sorted(set(problems)))


@dataclass(kw_only=True)
class Report:
    """The problems and warnings of one run, over all its files.

    Attributes:
        error: What is raised for the problems.
        item_names: For a section of the files ("layers"), what messages call one of its items ("layer").
        unread: Places of values that could not be read. Each is reported once, however many readers miss the value.
        closed: Places that get no further message.
        reported: The place and text of every problem. A problem that several copies of one place share is reported
            once.
        partial: Whether some unreadable part may define names. Then no name is reported as unknown.
    """

    error: type[DocumentError] = DocumentError
    item_names: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    unread: set[Mark] = field(default_factory=set)
    closed: set[Mark] = field(default_factory=set)
    reported: set[tuple[Mark, str]] = field(default_factory=set)
    partial: bool = False

    def add(self, problem: Problem) -> None:
        """Add a mistake.

        Raises:
            DocumentError: There are more than MOST_PROBLEMS; of the class `error`.
        """
        if problem.mark in self.unread:
            self._place(problem)
            return
        if problem.mark in self.closed or (problem.mark, problem.text) in self.reported:
            return
        self.reported.add((problem.mark, problem.text))
        if len(self.problems) == MOST_PROBLEMS:
            text = f"more than {MOST_PROBLEMS} mistakes; reading stopped here"
            raise self.error([*self.problems, Problem(mark=problem.mark, where="", text=text)])
        self.problems.append(problem)

    def add_unread(self, mark: Mark, text: str, where: str = "") -> None:
        """Report a value that could not be read.

        Args:
            where: The object it is in, as far as that is known by now.
        """
        self.add(Problem(mark=mark, where=where, text=text))
        self.unread.add(mark)

    def _place(self, missed: Problem) -> None:
        """Say where an unreadable value is, as the reader that misses it knows it better."""
        for i, problem in enumerate(self.problems):
            if problem.mark == missed.mark and missed.where:
                self.problems[i] = Problem(mark=problem.mark, where=missed.where, text=problem.text)
                return

    def scope(self, *parts: str) -> Scope:
        """The scope in which reading begins; without parts, that of a whole file."""
        return Scope(report=self, parts=parts)

    def raise_problems(self) -> None:
        """Raise all problems so far, if there are any.

        Raises:
            DocumentError: There are problems; of the class `error`.
        """
        if self.problems:
            raise self.error(self.problems)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """A report and the object that is being read, such as 'layer "action", state "combat"'."""

    report: Report
    parts: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        return ", ".join(self.parts)

    def inside(self, part: str) -> Scope:
        """The scope of a part of this object."""
        return Scope(report=self.report, parts=(*self.parts, part))

    def outside(self) -> Scope:
        """The scope of the object that this one is a part of."""
        return Scope(report=self.report, parts=self.parts[:-1])

    def problem(self, mark: Mark, text: str) -> None:
        """Report a mistake in this object."""
        self.report.add(Problem(mark=mark, where=self.where, text=text))

    def warning(self, mark: Mark, text: str) -> None:
        """Report a warning about this object. After MOST_PROBLEMS warnings the others are dropped."""
        count = len(self.report.warnings)
        if count == MOST_PROBLEMS:
            text = f"more than {MOST_PROBLEMS} warnings; the others are not shown"
        if count <= MOST_PROBLEMS:
            self.report.warnings.append(Problem(mark=mark, where=self.where, text=text))

    def unknown(self, mark: Mark, what: str, name: str, known: Iterable[str], hint: str = "") -> None:
        """Report a name that does not exist, unless an unreadable part of the files may define it.

        Args:
            what: What the name is of, such as "style".
            known: The names that exist.
            hint: What was meant, as the end of the message; "" for the nearest known name.
        """
        if not self.report.partial:
            self.problem(mark, f"unknown {what} {quote(name)}{hint or did_you_mean(name, known)}")

    def expected(self, expected: str, node: Node, hint: str = "") -> None:
        """Report that a value is not what was expected.

        Args:
            hint: What was probably meant, "" for none.
        """
        meant = f"; did you mean {hint}?" if hint else look_alike_hint(node.text) if isinstance(node, Scalar) else ""
        self.problem(node.mark, f"expected {expected}, got {describe(node)}{meant}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a message with the nearest known word: "; did you mean 'x'?". "" if none is near."""
    near = nearest(word, known)
    return f"; did you mean '{near[0]}'?" if near else ""


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The known word that is most like this one, whatever their case, as a list of one; empty if none is near."""
    lower: dict[str, str] = {}
    for each in known:
        lower.setdefault(each.lower(), each)
    return [lower[near] for near in difflib.get_close_matches(word[:64].lower(), list(lower), n=1, cutoff=0.6)]


def listing(words: Iterable[str], last: str = "or") -> str:
    """The words as a list in a sentence: "a, b or c"."""
    *head, tail = words
    return f"{', '.join(head)} {last} {tail}" if head else tail
