"""The key of a recording, from its name or from the pitches that sound."""

from __future__ import annotations

import re
from typing import Final

from segue.style.spectra import Bands, key_fits
from segue_rules.controls import TONICS

# How well a key must fit to be named: a correlation.
_LEAST_FIT: Final = 0.55
_NAMED: Final = 2
# "i_am_here" is in no key, "here_Am" is.
_NAMED_KEY: Final = re.compile(
    r"(?:^|[ _-])(?:([A-Ga-g])(#|b|sharp|flat)?[ _-]?(major|minor|maj|min)|([A-G])(#|b)?(m))(?=$|[ _.-])"
)
_PITCHES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def key_in(name: str) -> str:
    """Return the key that a name says, such as "siege_Dm" or "theme-F#-minor"; "" if it says none."""
    found = _NAMED_KEY.search(name)
    if found is None:
        return ""
    letter, sign, mode = (found[1], found[2], found[3]) if found[1] else (found[4], found[5], found[6])
    step = {"#": 1, "sharp": 1, "b": -1, "flat": -1}.get(sign or "", 0)
    return f"{TONICS[(_PITCHES[letter.upper()] + step) % 12]} {'major' if mode.startswith('maj') else 'minor'}"


def without_key(name: str) -> str:
    """Return a name without the key that it says."""
    found = _NAMED_KEY.search(name)
    return name if found is None else f"{name[: found.start()]} {name[found.end() :]}"


def likely_keys(heard: Bands) -> tuple[str, ...]:
    """Return the keys whose notes sound, the best two at most; none if none fits.

    The best is right in five of eight recordings of the composer, one of both in seven: keys that share most of their
    notes are told apart by ear.
    """
    major, minor = key_fits(heard.chroma)
    fits = [
        (float(fit), f"{tonic} {mode}")
        for mode, each in (("major", major), ("minor", minor))
        for fit, tonic in zip(each, TONICS, strict=True)
    ]
    return tuple(name for fit, name in sorted(fits, key=lambda each: -each[0])[:_NAMED] if fit >= _LEAST_FIT)
