"""Stores the captions' embeddings of the shipped word table: `python -m segue.training.words.captions`.

To be run when a caption of a named style, or the table, has changed; a test fails until then.
"""

from __future__ import annotations

from segue.style.captions import CAPTIONS, PATH, save
from segue.style.word_table import WordEncoder


def main() -> None:
    """The command."""
    save(WordEncoder())
    print(f"{PATH.name}: {len(CAPTIONS)} captions, {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
