"""Comparisons of an input with a value: reading them, and whether one can hold at all."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final, TypeAlias, cast

from segue_rules.model import ChoiceInput, Compare, Comparison, FlagInput, InputValue, IntegerInput, NumberInput
from segue_yaml.core_schema import NumberError, resolve_plain
from segue_yaml.kinds import LARGEST_NUMBER, meant_number, meant_truth, number
from segue_yaml.nodes import Mark, Node, Scalar, as_number, describe, quote
from segue_yaml.report import Scope, did_you_mean, listing

Valued: TypeAlias = NumberInput | IntegerInput | ChoiceInput | FlagInput
"""The inputs that have a value to compare."""

_OPERATIONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPARISON: Final = re.compile(r"(==|!=|<=|>=|<|>)\s*([^\s=<>!].*)")
_NEARLY: Final = re.compile(r"(===|=>|=<|<>|!==|=|≥|≤|≠)\s*([^\s=<>!].*)")
_PLAIN: Final = r"([-+]?[0-9]*\.?[0-9]+)"
_MEANT: Final = {
    "=": "==",
    "===": "==",
    "!==": "!=",
    "=>": ">=",
    "=<": "<=",
    "<>": "!=",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
}


def kind_of(source: Valued) -> str:
    """An input's type and range in words: "a number from 0 to 1"."""
    if isinstance(source, NumberInput):
        return f"a number from {number(source.low)} to {number(source.high)}"
    if isinstance(source, IntegerInput):
        return f"an integer from {source.low} to {source.high}"
    if isinstance(source, ChoiceInput):
        return f"one of {listing(source.of[:8])}" if len(source.of) <= 8 else f"one of {len(source.of)} names"
    return "a flag"


def sample_of(source: Valued) -> str:
    """What to compare an input with: 'a comparison such as ">= 0.5"'."""
    if isinstance(source, (NumberInput, IntegerInput)):
        middle: float = (source.low + source.high) / 2
        return f'a comparison such as ">= {number(math.floor(middle) if isinstance(source, IntegerInput) else middle)}"'
    return "true or false" if isinstance(source, FlagInput) else listing(source.of[:8])


def read_compare(source: Valued, node: Node, mark: Mark, scope: Scope) -> Compare | None:
    """`value` (equal to it) or `"op value"`; None once reported that it does not fit the input's type.

    Args: mark: the place the comparison is known by.
    """
    if not isinstance(node, Scalar):
        mismatch(source, node, scope)
        return None
    op, operand = _split(node)
    if op not in ("==", "!=") and not isinstance(source, (NumberInput, IntegerInput)):
        scope.problem(node.mark, f"expected == or !=, got {quote(node.text)}; '{source.name}' is {kind_of(source)}")
        return None
    value = _value(source, operand, node, scope)
    return None if value is None else Compare(input=source.name, op=op, value=value, mark=mark)


def read_choice(source: ChoiceInput, node: Node, scope: Scope) -> str | None:
    """One of the choice input's names, or None once reported."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value in source.of:
        return node.value
    near = did_you_mean(node.text, source.of) if isinstance(node, Scalar) else ""
    known = listing(source.of) if len(source.of) <= 8 else f"a name of '{source.name}'"
    scope.problem(node.mark, f"expected {known}, got {describe(node)}{near}")
    return None


def mismatch(source: Valued, node: Node, scope: Scope, hint: str = "") -> None:
    """Report that something cannot be compared with the input."""
    reason = hint or f"; '{source.name}' is {kind_of(source)}"
    scope.problem(node.mark, f"expected {sample_of(source)}, got {describe(node)}{reason}")


def _split(node: Scalar) -> tuple[Comparison, Scalar]:
    """The comparison and its right-hand side; a value alone stands for ==."""
    match = _COMPARISON.fullmatch(node.value.strip()) if isinstance(node.value, str) else None
    if not match:
        return "==", node
    try:
        value = resolve_plain(match[2])
    except NumberError:
        value = match[2]
    return cast(Comparison, match[1]), Scalar(mark=node.mark, value=value, text=match[2])


def _value(source: Valued, operand: Scalar, node: Scalar, scope: Scope) -> InputValue | None:
    """The right-hand side as a value of the input's type."""
    if isinstance(source, ChoiceInput):
        return read_choice(source, operand, scope)
    if isinstance(source, FlagInput):
        if isinstance(operand.value, bool):
            return operand.value
        meant = meant_truth(operand)
        mismatch(source, node, scope, f"; did you mean {meant}?" if meant else "")
        return None
    value = as_number(operand)
    if value is not None:
        if abs(value) > LARGEST_NUMBER:
            limit = number(LARGEST_NUMBER)
            scope.problem(node.mark, f"expected a number from -{limit} to {limit}, got {describe(operand)}")
            return None
        return int(value) if isinstance(source, IntegerInput) and float(value).is_integer() else float(value)
    mismatch(source, node, scope, _number_hint(source, node))
    return None


def _number_hint(source: Valued, node: Scalar) -> str:
    nearly = _NEARLY.fullmatch(node.text.strip())
    if nearly:
        return f'; did you mean "{_MEANT[nearly[1]]} {nearly[2]}"?'
    if node.quoted and re.fullmatch(r"[-+]?[0-9]*\.?[0-9]+", node.text):
        return f"; did you mean {node.text} without quotes?"
    compared = _COMPARISON.fullmatch(node.text.strip())
    between = re.fullmatch(rf"{_PLAIN}\s*(?:-|–|\.\.+|to)\s*{_PLAIN}", node.text.strip())
    if between:
        low, high = between.groups()
        return f'; did you mean all: [{{{source.name}: ">= {low}"}}, {{{source.name}: "<= {high}"}}]?'
    both = re.fullmatch(rf"([<>]=?)\s*{_PLAIN}\s*(?:and|&&?|,)\s*([<>]=?)\s*{_PLAIN}", node.text.strip())
    if both:
        return (
            f'; did you mean all: [{{{source.name}: "{both[1]} {both[2]}"}}, {{{source.name}: "{both[3]} {both[4]}"}}]?'
        )
    meant = meant_number(compared[2]) if compared and re.fullmatch(r"[-+0-9.,%\s]+", compared[2]) else None
    return f'; did you mean "{compared[1]} {number(meant)}"?' if compared and meant is not None else ""


def holds(compare: Compare, value: InputValue) -> bool:
    """Whether the comparison holds at a value of its input."""
    return _OPERATIONS[compare.op](value, compare.value)


def verdict(source: Valued, compare: Compare) -> bool | None:
    """True if the comparison holds at every value of the input, False if at none, None if at some."""
    found = {holds(compare, value) for value in _witnesses(source, compare)}
    return found.pop() if len(found) == 1 else None


def overlap(source: Valued, first: Compare, second: Compare) -> InputValue | None:
    """A value of the input at which both comparisons hold, or None if there is none."""
    values = _witnesses(source, first, second)
    return next((value for value in values if holds(first, value) and holds(second, value)), None)


def _witnesses(source: Valued, *compares: Compare) -> Sequence[InputValue]:
    """Values of the input among which every combination of outcomes of the comparisons occurs that can occur at all.

    No comparison changes between two neighbouring thresholds: one value of each stretch and every threshold are enough.
    """
    if isinstance(source, FlagInput):
        return (True, False)
    if isinstance(source, ChoiceInput):
        return source.of
    thresholds = [float(compare.value) for compare in compares]
    if isinstance(source, IntegerInput):
        near = {math.floor(threshold) + step for threshold in thresholds for step in (-1, 0, 1, 2)}
        return sorted({source.low, source.high} | {value for value in near if source.low <= value <= source.high})
    inside = sorted({source.low, source.high} | {value for value in thresholds if source.low <= value <= source.high})
    return sorted([*inside, *((a + b) / 2 for a, b in pairwise(inside))])
