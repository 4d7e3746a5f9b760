"""The reader of texts, for tests."""

from __future__ import annotations

from segue.style.reader import StyleReader, StyleReading
from segue.style.word_table import WordEncoder
from segue.style_profile import StyleProfile

READER = StyleReader([WordEncoder()])


def read(text: str) -> StyleProfile:
    return READER.read_text(text).profile


def said(reading: StyleReading, axis: str) -> list[str]:
    return [source.words for source in reading.sources if source.axis == axis]
