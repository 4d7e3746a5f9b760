"""Warnings about a soundtrack that loads: what can never happen, flaps, or is too fast for the music model.

    for finding in analyse(rules):
        print(f"{finding.mark}: {finding.where}: {finding.text}")

Findings are warnings, not mistakes: the soundtrack plays. What a single comparison shows (always or never true) is
reported in loading. Each kind of finding has a stable code; `CODES` lists them all.
"""

from __future__ import annotations

from segue_rules.analysis.clips import clips
from segue_rules.analysis.finding import CODES, Finding
from segue_rules.analysis.levels import levels
from segue_rules.analysis.muting import muting
from segue_rules.analysis.pacing import flapping, pace
from segue_rules.analysis.playlists import playlists
from segue_rules.analysis.reachability import Reachability
from segue_rules.analysis.turns import turns
from segue_rules.analysis.usage import usage
from segue_rules.model import Rules

__all__ = ["CODES", "Finding", "analyse"]


def analyse(rules: Rules) -> tuple[Finding, ...]:
    """All findings, in file order."""
    reachability = Reachability(rules)
    found = [*reachability.findings]
    for search in (flapping, pace, playlists, turns, usage, levels, muting, clips):
        found += search(rules, reachability)
    return tuple(sorted(set(found)))
