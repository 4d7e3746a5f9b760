"""The words of texts that say something directly: instruments, numbers, meters, grooves, scales, production, moods."""

from __future__ import annotations


def listed(words: str) -> tuple[str, ...]:
    """Return the words and phrases of a list with ", " between them."""
    return tuple(words.split(", "))
