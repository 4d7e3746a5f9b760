"""Doubts about the words of styles: what the bundled style encoder does not know, and styles it cannot tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segue.contract import StyleEncoder
from segue_rules.errors import Problem
from segue_rules.model import Prompt, Rules, Style

CODES: Final = {
    "unknown_word": "a word of a style that does not count",
    "unknown_text": "a style's text of which nothing can be made",
    "confusable_styles": "two styles that will sound the same",
}


def style_doubts(rules: Rules, encoder: StyleEncoder) -> Iterator[tuple[Problem, str]]:
    """Doubts, each with its code."""
    from segue.style.word_table import confusable

    alone: dict[str, str] = {}
    for style in rules.styles:
        for prompt in style.prompts:
            if prompt.text is None:
                continue
            doubt = _doubt(style, prompt, prompt.text, encoder)
            if doubt is not None:
                yield doubt
            if len(style.prompts) == 1 and (doubt is None or doubt[1] == "unknown_word"):
                alone[style.name] = prompt.text
    by_name = {style.name: style for style in rules.styles}
    for first, second, likeness in confusable(encoder, alone):
        text = f"sounds like '{first}' to the style encoder (likeness {likeness:.2f}); say what sets it apart"
        yield _about(by_name[second], by_name[second].prompts[0], text), "confusable_styles"


def _doubt(style: Style, prompt: Prompt, text: str, encoder: StyleEncoder) -> tuple[Problem, str] | None:
    """What is doubtful about the words of one prompt."""
    try:
        encoder.embed_text(text)
    except ValueError as error:
        return _about(style, prompt, str(error).removeprefix("text: ")), "unknown_text"
    unknown = encoder.unknown_words(text)
    if not unknown:
        return None
    words = ", ".join(f"'{word}'" for word in unknown)
    return _about(style, prompt, f"the style encoder does not know {words}; the other words count"), "unknown_word"


def _about(style: Style, prompt: Prompt, text: str) -> Problem:
    return Problem(mark=prompt.mark, where=f'style "{style.name}"', text=text)
