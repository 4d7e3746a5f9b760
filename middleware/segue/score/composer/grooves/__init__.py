"""The composer's grooves: rhythms of abstract drums, one for every word of style_profile.GROOVES."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from segue.score.composer.grooves import dances, popular, scenes
from segue.score.composer.grooves.groove import Groove

GROOVES: Final[Mapping[str, Groove]] = MappingProxyType({**popular.GROOVES, **dances.GROOVES, **scenes.GROOVES})
