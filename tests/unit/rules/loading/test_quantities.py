"""Units are always written, and times become frames and samples without rounding errors."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_rules.loading.rule_kinds import Boundary, KeySignature
from segue_rules.loading.time_kinds import frames, samples
from segue_rules.model import At, Key
from segue_yaml.core_schema import resolve_plain
from segue_yaml.kinds import Kind, T
from segue_yaml.nodes import NOWHERE, Scalar
from segue_yaml.quantities import Duration, Quantity, time_text
from segue_yaml.report import DocumentError, Report


def read(kind: Kind[T], text: str) -> T | None:
    report = Report()
    found = kind.read(Scalar(mark=NOWHERE, value=resolve_plain(text), text=text), report.scope())
    report.raise_problems()
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0s", 0),
        ("40ms", 1),
        ("0.04s", 1),
        ("41ms", 2),
        ("300ms", 8),
        ("0.28s", 7),
        ("1s", 25),
        ("1.5s", 38),
        ("2min", 3000),
        ("1h", 90_000),
        ("0.000000001s", 1),
        ("1 s", 25),
        ("0.12s", 3),
        ("0.56s", 14),
        ("1.16s", 29),
        ("4.040000001s", 102),
    ],
)
def test_frames_round_up_exactly(text: str, expected: int) -> None:
    seconds = read(Duration(), text)
    assert seconds is not None
    assert frames(seconds) == expected


@given(st.integers(0, 90_000))
def test_a_whole_number_of_frames_is_not_rounded_up(count: int) -> None:
    seconds = read(Duration(), f"{count * 40}ms")
    assert seconds is not None
    assert frames(seconds) == count
    assert samples(seconds) == count * 1_920


@given(st.integers(0, 3_600_000))
def test_a_time_reads_as_it_is_written(milliseconds: int) -> None:
    seconds = Fraction(milliseconds, 1000)
    assert read(Duration(), time_text(seconds)) == seconds


@pytest.mark.parametrize(
    "text", ["300", "4 seconds", "-1s", "1e3s", "s", "1.s", "1,5s", "٣s", "1s 2ms", "2h", "999999999999s"]
)
def test_texts_that_are_not_times(text: str) -> None:
    with pytest.raises(DocumentError, match="expected a time"):
        read(Duration(), text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("immediate", At(unit="immediate")),
        ("beat", At(unit="beat")),
        ("bar", At(unit="bar")),
        ("1 bar", At(unit="bar")),
        ("4 bars", At(unit="bar", every=4)),
        ("64bars", At(unit="bar", every=64)),
    ],
)
def test_boundaries(text: str, expected: At) -> None:
    assert read(Boundary(), text) == expected


@pytest.mark.parametrize(
    ("text", "tonic", "mode"),
    [
        ("D minor", 2, "minor"),
        ("F# dorian", 6, "dorian"),
        ("Bb major", 10, "major"),
        ("Cb lydian", 11, "lydian"),
        ("B# phrygian", 0, "phrygian"),
        ("E mixolydian", 4, "mixolydian"),
        ("Fb minor", 4, "minor"),
        ("E# minor", 5, "minor"),
    ],
)
def test_keys(text: str, tonic: int, mode: str) -> None:
    assert read(KeySignature(), text) == Key(tonic=tonic, mode=mode)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Dm", "D minor"),
        ("d", "D major"),
        ("a-minor", "A minor"),
        ("F sharp", "F# major"),
        ("Eb min", "Eb minor"),
        ("e aeolian", "E minor"),
    ],
)
def test_a_nearly_correct_key_gives_a_guess(text: str, meant: str) -> None:
    with pytest.raises(DocumentError, match=f"got '{text}'; did you mean {meant}?"):
        read(KeySignature(), text)


def test_levels() -> None:
    gain = Quantity(unit="dB", what="a gain", low=-96, high=12, example="-3dB")
    assert [read(gain, text) for text in ("-8dB", "+3.5dB", "0 dB", "-96dB")] == [-8.0, 3.5, 0.0, -96.0]
    with pytest.raises(
        DocumentError, match=r"expected a gain from -96dB to 12dB such as -3dB, got -8; did you mean -8dB"
    ):
        read(gain, "-8")
