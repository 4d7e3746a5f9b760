"""The YAML 1.2 core schema: which unquoted scalars are null, booleans or numbers. All others are words.

Unlike in YAML 1.1, `on`, `yes`, `1:30`, `1_000` and `0b1` are words, and `010` is ten.

Source: YAML 1.2.2, section 10.3.2.
"""

from __future__ import annotations

import math
import re

from segue_yaml.nodes import ScalarValue

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DECIMAL = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_LONGEST_NUMBER = 64


class NumberError(ValueError):
    """A number that no field takes: infinite, not a number, or too long."""


def resolve_plain(text: str) -> ScalarValue:
    """The value of an unquoted scalar.

    Raises:
        NumberError: The number is `.inf` or `.nan`, overflows, or has more than 64 characters.
    """
    if text in _NULL:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if text[0] not in "+-.0123456789":
        return text
    if _NOT_FINITE.match(text):
        raise NumberError("expected a finite number")
    base = 10 if _DECIMAL.match(text) else 8 if _OCTAL.match(text) else 16 if _HEXADECIMAL.match(text) else 0
    if not base and not _FLOAT.match(text):
        return text
    if len(text) > _LONGEST_NUMBER:
        raise NumberError(f"expected a number of at most {_LONGEST_NUMBER} characters")
    if base:
        return int(text, base)
    number = float(text)
    if not math.isfinite(number):
        raise NumberError("expected a finite number")
    return number
