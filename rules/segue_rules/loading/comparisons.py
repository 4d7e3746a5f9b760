"""Comparisons of inputs with values: read from a file, and what can be told of them without playing."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, TypeAlias, cast

from segue_rules.loading.rule_kinds import PLAIN_NUMBER
from segue_rules.model import (
    COMPARISONS,
    ChoiceInput,
    Compare,
    Comparison,
    FlagInput,
    InputValue,
    IntegerInput,
    NumberInput,
)
from segue_yaml.core_schema import NumberError, resolve_plain
from segue_yaml.guesses import look_alike_hint
from segue_yaml.kinds import LARGEST_NUMBER, meant_boolean, meant_number, number
from segue_yaml.nodes import ListNode, Mark, Node, Scalar, as_number, describe, quote
from segue_yaml.report import Scope, did_you_mean, listing

Valued: TypeAlias = NumberInput | IntegerInput | ChoiceInput | FlagInput
"""The inputs that have a value to compare."""

_COMPARISON: Final = re.compile(r"(==|!=|<=|>=|<|>)\s*([^\s=<>!].*)")
_NEARLY: Final = re.compile(r"(===|=>|=<|<>|!==|=|≥|≤|≠)\s*([^\s=<>!].*)")
_PLAIN: Final = f"({PLAIN_NUMBER})"
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
    """The type and range of an input in words: "a number from 0 to 1"."""
    if isinstance(source, NumberInput):
        return f"a number from {number(source.low)} to {number(source.high)}"
    if isinstance(source, IntegerInput):
        return f"an integer from {source.low} to {source.high}"
    if isinstance(source, ChoiceInput):
        return f"one of {listing(source.of[:8])}" if len(source.of) <= 8 else f"one of {len(source.of)} names"
    return "a flag"


def sample_of(source: Valued) -> str:
    """What an input can be compared with, in words: 'a comparison such as ">= 0.5"'."""
    if isinstance(source, (NumberInput, IntegerInput)):
        middle: float = (source.low + source.high) / 2
        return f'a comparison such as ">= {number(math.floor(middle) if isinstance(source, IntegerInput) else middle)}"'
    return "true or false" if isinstance(source, FlagInput) else listing(source.of[:8])


def read_compare(source: Valued, node: Node, mark: Mark, scope: Scope) -> Compare | None:
    """Read `value`, which means equal to it, or `"op value"`.

    Args:
        mark: The place that the comparison gets.

    Returns:
        The comparison, or None once it is reported that it does not fit the type of the input.
    """
    if not isinstance(node, Scalar):
        mismatch(source, node, scope)
        return None
    op, operand = _split(node)
    several = re.fullmatch(r"\[[^\[\]]*\]", operand.text) if op == "!=" and isinstance(source, ChoiceInput) else None
    if several:
        text = (
            f"expected one name behind !=, got {quote(node.text)}; did you mean not: {{{source.name}: {several[0]}}}?"
        )
        scope.problem(node.mark, text)
        return None
    if op not in ("==", "!=") and not isinstance(source, (NumberInput, IntegerInput)):
        scope.problem(node.mark, f"expected == or !=, got {quote(node.text)}; '{source.name}' is {kind_of(source)}")
        return None
    value = _value(source, operand, node, scope)
    return None if value is None else Compare(input=source.name, op=op, value=value, mark=mark)


def read_choice(source: ChoiceInput, node: Node, scope: Scope) -> str | None:
    """One of the names of a choice input, or None once the mistake is reported."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value in source.of:
        return node.value
    near = did_you_mean(node.text, source.of) if isinstance(node, Scalar) else ""
    known = listing(source.of) if len(source.of) <= 8 else f"a name of '{source.name}'"
    scope.problem(node.mark, f"expected {known}, got {describe(node)}{near}")
    return None


def mismatch(source: Valued, node: Node, scope: Scope, hint: str = "") -> None:
    """Report that a value cannot be compared with the input."""
    reason = hint or f"; '{source.name}' is {kind_of(source)}"
    scope.problem(node.mark, f"expected {sample_of(source)}, got {describe(node)}{reason}")


def _split(node: Scalar) -> tuple[Comparison, Scalar]:
    """The operator and the right-hand side. A value alone means ==."""
    match = _COMPARISON.fullmatch(node.value.strip()) if isinstance(node.value, str) else None
    if not match:
        return "==", node
    try:
        value = resolve_plain(match[2])
    except NumberError:
        value = match[2]
    return cast(Comparison, match[1]), Scalar(mark=node.mark, value=value, text=match[2])


def _value(source: Valued, operand: Scalar, node: Scalar, scope: Scope) -> InputValue | None:
    """The right-hand side as a value of the type of the input."""
    if isinstance(source, ChoiceInput):
        return read_choice(source, operand, scope)
    if isinstance(source, FlagInput):
        if isinstance(operand.value, bool):
            return operand.value
        meant = meant_boolean(operand)
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
    if node.quoted and re.fullmatch(PLAIN_NUMBER, node.text):
        return f"; did you mean {node.text} without quotes?"
    compared = _COMPARISON.fullmatch(node.text.strip())
    between = re.fullmatch(rf"{_PLAIN}\s*(?:-|–|\.{{3,}}|to)\s*{_PLAIN}", node.text.strip())
    if between:
        return f"; did you mean {'..'.join(between.groups())}?"
    half = re.fullmatch(rf"{_PLAIN}\s*\.{{2,}}|\.{{2,}}\s*{_PLAIN}", node.text.strip())
    if half:
        return f'; did you mean "{f">= {half[1]}" if half[1] else f"<= {half[2]}"}"?'
    both = re.fullmatch(rf"([<>]=?)\s*{_PLAIN}\s*(?:and|&&?|,)?\s*([<>]=?)\s*{_PLAIN}", node.text.strip())
    if both:
        return (
            f'; did you mean all: [{{{source.name}: "{both[1]} {both[2]}"}}, {{{source.name}: "{both[3]} {both[4]}"}}]?'
        )
    if hint := look_alike_hint(node.text):
        return hint
    meant = meant_number(compared[2]) if compared and re.fullmatch(r"[-+0-9.,%\s]+", compared[2]) else None
    return f'; did you mean "{compared[1]} {number(meant)}"?' if compared and meant is not None else ""


def holds(compare: Compare, value: InputValue) -> bool:
    """Whether the comparison holds at a value of its input."""
    return COMPARISONS[compare.op](value, compare.value)


def verdict(source: Valued, compare: Compare) -> bool | None:
    """True if the comparison holds at every value of the input, False if at none, None if at some."""
    found = {holds(compare, value) for value in _witnesses(source, compare)}
    return found.pop() if len(found) == 1 else None


def overlap(source: Valued, first: Compare, second: Compare) -> InputValue | None:
    """A value of the input at which both comparisons hold, or None."""
    values = _witnesses(source, first, second)
    return next((value for value in values if holds(first, value) and holds(second, value)), None)


def _witnesses(source: Valued, *compares: Compare) -> Sequence[InputValue]:
    """Values of the input that show every possible combination of results of the comparisons.

    No result changes between two neighbouring thresholds, so the thresholds and one value of each stretch are enough.
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


def range_hint(source: Valued, node: ListNode) -> str:
    """The range that was meant by a list of two numbers, as the end of a message; "" if none was."""
    ends = [as_number(item) for item in node.items]
    if not isinstance(source, NumberInput | IntegerInput) or len(ends) != 2:
        return ""
    low, high = ends
    return (
        f"; did you mean {number(low)}..{number(high)}?" if low is not None and high is not None and low < high else ""
    )


def warn_if_constant(source: Valued, compare: Compare, node: Node, scope: Scope) -> None:
    """Warn of a comparison that is always or never true, or true only at one point of a moving number."""
    always = verdict(source, compare)
    if always is not None:
        scope.warning(node.mark, f"{'always' if always else 'never'} true: '{source.name}' is {kind_of(source)}")
    elif isinstance(source, NumberInput) and compare.op == "==" and source.low < float(compare.value) < source.high:
        value = number(float(compare.value))
        scope.warning(node.mark, f'true only at exactly {value}, which a number rarely is; did you mean ">= {value}"?')
