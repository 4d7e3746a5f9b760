"""Loads rule files and event scripts: YAML in, checked `Rules` out, or a RuleError with every mistake and its place.

rules = load("emberwood.yaml")            # may raise RuleError; rules.warnings holds warnings
events = load_events("session.yaml", rules)
"""

from segue_rules.loading.scripts import load_events
from segue_rules.loading.soundtrack import examine, load, load_text

__all__ = ["examine", "load", "load_events", "load_text"]
