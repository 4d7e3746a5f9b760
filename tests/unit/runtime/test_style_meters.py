"""What meter a style has: the beats that its prompts are read as, with the groups of a time signature that they say."""

from __future__ import annotations

import pytest

from segue.runtime.styles import read_styles
from segue.style.word_table import WordEncoder
from segue_rules.loading import load_text
from segue_rules.meters import Meter


def meter_of(style: str) -> Meter:
    text = f"segue: 1\nstyles: {{a: {style}}}\nlayers: {{x: {{states: {{on: {{default: true, mix: {{a: 1}}}}}}}}}}\n"
    return read_styles(load_text(text), [WordEncoder()]).rules.styles[0].meter


@pytest.mark.parametrize(
    ("text", "meter"),
    [
        ("jig in 6/8", (3, 3)),
        ("prog rock in 7/8", (2, 2, 3)),
        ("prog rock in seven eight", (2, 2, 3)),
        ("twelve eight blues", (3, 3, 3, 3)),
        ("jig in six eight", (3, 3)),
        ("slow blues, 12/8", (3, 3, 3, 3)),
        ("balkan dance in 11/8", (3, 3, 3, 2)),
        ("prog rock in 5/8", (3, 2)),
        # Without a time signature in eighths, the composer groups the beats as before.
        ("jig", 6),
        ("prog rock in 7", 7),
        ("prog rock in 7/4", 7),
        ("waltz in 3/4", 3),
        # Ten eighths are played as five quarters.
        ("prog rock in 10/8", 5),
    ],
)
def test_a_time_signature_in_eighths_has_its_groups(text: str, meter: Meter) -> None:
    assert meter_of(f'{{text: "{text}"}}') == meter


def test_of_several_prompts_the_heaviest_with_the_meter_of_the_style_says_the_groups() -> None:
    jigs = '[{text: "jig in 6/8", weight: 2}, {text: "jig", weight: 1}, {text: "prog rock in 7/8", weight: 1}]'
    assert meter_of(f"{{blend: {jigs}}}") == (3, 3)
    jigs = '[{text: "jig in 6/8", weight: 1}, {text: "jig", weight: 2}, {text: "prog rock in 7/8", weight: 1}]'
    assert meter_of(f"{{blend: {jigs}}}") == 6
