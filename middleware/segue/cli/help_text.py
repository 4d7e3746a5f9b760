"""How `--help` is laid out: paragraphs are wrapped one by one, and indented lines stay as they are."""

from __future__ import annotations

import argparse


class HelpFormatter(argparse.HelpFormatter):
    """Keeps the paragraphs of descriptions and the lines of examples."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = []
        for paragraph in text.strip("\n").split("\n\n"):
            if paragraph.startswith("  ") or "\n  " in paragraph:
                paragraphs.append("\n".join(indent + line for line in paragraph.splitlines()))
            else:
                paragraphs.append(super()._fill_text(paragraph, width, indent))
        return "\n\n".join(paragraphs)
