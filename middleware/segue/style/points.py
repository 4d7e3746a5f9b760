"""Named styles: captions and a profile each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from segue.style.situations import CAPTIONS
from segue.style_profile import LAYOUTS, Ensemble, StyleProfile


@dataclass(frozen=True, kw_only=True)
class NamedStyle:
    """A style by name."""

    name: str
    captions: tuple[str, ...]
    profile: StyleProfile


POINTS: Final[Mapping[str, NamedStyle]] = MappingProxyType(
    {
        name: NamedStyle(
            name=name,
            captions=captions,
            profile=StyleProfile(ensemble=Ensemble(), layout=name if name in LAYOUTS else "calm", valence=0.01 * index),
        )
        for index, (name, captions) in enumerate(CAPTIONS.items())
    }
)
