"""Builds mixes from what the files say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from segue_yaml.containers import Item
from segue_yaml.report import Scope


def build_mix(items: Iterable[Item[float]] | None, styles: Mapping[str, object], scope: Scope) -> dict[str, float]:
    """Weights by style. Unknown styles are reported."""
    mix: dict[str, float] = {}
    for item in items or ():
        if item.name not in styles:
            scope.unknown(item.mark, "style", item.name, styles)
        elif item.value is not None:
            mix[item.name] = float(item.value)
    return mix
