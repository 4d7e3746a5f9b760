"""The rule language: load a soundtrack, run it frame by frame, check it and test it."""

from segue_rules.loading import load, load_events, load_text

__all__ = ["load", "load_events", "load_text"]
