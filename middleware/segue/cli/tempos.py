"""Tempo and meter of styles, for commands that play no sound."""

from __future__ import annotations

from segue_rules.model import Rules
from segue_rules.tempos import uses_auto


def with_read_tempos(rules: Rules) -> Rules:
    """Return the rules with the tempo and the meter of each style, where a state needs them; by the default encoder.

    Raises:
        RuleError: Some prompts cannot be read; it names all of them.
    """
    if not uses_auto(rules):
        return rules
    # These load NumPy, which most rules do without.
    from segue.runtime.styles import read_styles
    from segue.style.word_table import WordEncoder

    return read_styles(rules, [WordEncoder()]).rules
