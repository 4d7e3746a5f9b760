"""Colours that stay apart for colour-blind eyes, on white and on black, and who wears which."""

from __future__ import annotations

from typing import Final

from segue_rules.model import Rules

# Okabe and Ito (2008) and Tol's muted scheme (2021), in an order that keeps neighbours apart.
_COLOURS: Final = (
    "#56B4E9",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#DDCC77",
    "#4477AA",
    "#D55E00",
    "#88CCEE",
    "#999933",
    "#AA4499",
    "#44AA99",
    "#EE8866",
)
NEUTRAL: Final = "#8C939E"
ACCENT: Final = "#D55E00"
CALM: Final = "#4C8DC4"
GOOD: Final = "#009E73"


def style_colours(rules: Rules) -> dict[str, str]:
    """A colour for each style, in file order; after twelve they come round again."""
    return {style.name: _COLOURS[n % len(_COLOURS)] for n, style in enumerate(rules.styles)}


def state_colours(rules: Rules) -> dict[tuple[str, str], str]:
    """A colour for each (layer, state): that of the style it brings most of, grey where it brings none.

    Where a neighbour wears it already, that of another style which the state brings at least half as much of.
    """
    of_style = style_colours(rules)
    colours = {}
    for layer in rules.layers:
        worn: set[str] = set()
        for state in layer.states:
            most = max(state.mix.values(), default=0.0)
            wanted = sorted(state.mix, key=lambda name: -state.mix[name])
            strong = [of_style[name] for name in wanted if state.mix[name] >= most / 2] or [NEUTRAL]
            colour = next((colour for colour in strong if colour not in worn), strong[0])
            worn.add(colour)
            colours[layer.name, state.name] = colour
    return colours


def ink_on(colour: str) -> str:
    """Black or white, whichever reads better on a colour. Source: WCAG 2.1, relative luminance."""
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#14171C" if luminance > 0.18 else "#FFFFFF"
