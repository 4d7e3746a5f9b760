"""Style profiles as arrangements that the composer plays."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from segue.instruments import PROGRAMS
from segue.score.composer.table import TABLE
from segue.score.composer.vocabulary import Situation, Voice
from segue.style_profile import StyleProfile


@lru_cache(maxsize=256)
def arrange(profile: StyleProfile) -> Situation:
    """Return the arrangement of a profile, named by the profile's key."""
    row = TABLE.get(profile.layout, TABLE["calm"])
    return replace(row, name=profile.key, voices=tuple(_voiced(voice, profile) for voice in row.voices))


def _voiced(voice: Voice, profile: StyleProfile) -> Voice:
    names = getattr(profile.ensemble, voice.role)
    return replace(voice, programs=tuple(PROGRAMS[name] for name in names)) if names else voice
