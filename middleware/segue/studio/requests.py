"""What the page asks for, read from JSON: each field checked, since a page may be older than its server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segue.studio.what_if import WhatIf
from segue_rules.model import InputValue


class RequestError(ValueError):
    """A request is not as expected; the message says what was expected and what came."""


def fields(data: Any, known: set[str]) -> Mapping[str, Any]:
    """An object with known fields alone. Raises: RequestError."""
    if not isinstance(data, dict):
        raise RequestError(f"expected an object, got {type(data).__name__}")
    unknown = sorted(data.keys() - known)
    if unknown:
        raise RequestError(f"expected the fields {', '.join(sorted(known))}, got {', '.join(unknown)}")
    return data


def text_of(data: Mapping[str, Any], name: str) -> str:
    """A field that is a text without lone surrogates. Raises: RequestError."""
    value = data.get(name)
    if not isinstance(value, str):
        raise RequestError(f"{name}: expected a text, got {type(value).__name__}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RequestError(f"{name}: expected characters that UTF-8 has: {error.reason}") from error
    return value


def whole_of(data: Mapping[str, Any], name: str) -> int:
    """A field that is a whole number from 0 on. Raises: RequestError."""
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RequestError(f"{name}: expected a whole number from 0 on, got {value!r:.40}")
    return value


def what_if_of(data: Any) -> WhatIf:
    """Read what is to be otherwise.

    Raises:
        RequestError: A field is not as expected.
        WhatIfError: The frames are not.
    """
    asked = fields(data, {"frame", "end", "set", "fire", "text"})
    values, fired = asked.get("set", {}), asked.get("fire", [])
    if not isinstance(values, dict) or not all(isinstance(value, InputValue) for value in values.values()):
        raise RequestError("set: expected inputs and their values")
    if not isinstance(fired, list) or not all(isinstance(name, str) for name in fired):
        raise RequestError("fire: expected a list of triggers")
    return WhatIf(
        frame=whole_of(asked, "frame"),
        end=whole_of(asked, "end"),
        set=values,
        fire=tuple(fired),
        text=None if asked.get("text") is None else text_of(asked, "text"),
    )
