"""Records as bytes: written records are read back, and all other bytes are refused."""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.score import record_codec

WHOLE = st.integers(-(2**63), 2**63)


class Place(NamedTuple):
    beat: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Sample:
    whole: int
    real: float
    flag: bool
    text: str
    pair: tuple[str, int]
    many: tuple[Place, ...]
    here: Place | None = None
    bar: int | None = field(default=None)


PLACES = st.builds(Place, beat=WHOLE, name=st.text(max_size=20))
SAMPLES = st.builds(
    Sample,
    whole=WHOLE,
    real=st.floats(allow_nan=False),
    flag=st.booleans(),
    text=st.text(max_size=60),
    pair=st.tuples(st.text(max_size=9), WHOLE),
    many=st.lists(PLACES, max_size=5).map(tuple),
    here=st.none() | PLACES,
    bar=st.none() | WHOLE,
)


@given(SAMPLES, st.binary(max_size=9))
def test_a_written_record_is_read_back(sample: Sample, after: bytes) -> None:
    data = record_codec.write(Sample, sample)
    assert record_codec.read(Sample, data + after) == (sample, len(data))


@given(SAMPLES)
def test_a_truncated_record_is_refused(sample: Sample) -> None:
    data = record_codec.write(Sample, sample)
    for end in range(len(data)):
        with pytest.raises(ValueError):
            record_codec.read(Sample, data[:end])


@given(st.binary(max_size=200))
def test_any_bytes_are_a_record_or_a_value_error(data: bytes) -> None:
    try:
        sample, end = record_codec.read(Sample, data)
    except ValueError:
        return
    assert end <= len(data)
    assert isinstance(sample.text, str)
    assert abs(sample.whole) < 2**70


def test_values_out_of_bounds_are_refused() -> None:
    fitting = Sample(whole=0, real=0.0, flag=True, text="", pair=("", 0), many=())
    for wrong in ({"whole": 2**70}, {"text": "x" * 256}, {"many": (Place(0, ""),) * 4_097}):
        with pytest.raises(ValueError):
            record_codec.write(Sample, Sample(**(vars(fitting) | wrong)))


@pytest.mark.parametrize("data", [b"\xff" * 11, b"\x80" * 10 + b"\0"])
def test_numbers_without_an_end_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        record_codec.read(Place, data)


def test_excessive_counts_are_refused_before_memory_is_taken() -> None:
    many = make_dataclass("Many", [("places", tuple[Place, ...])], frozen=True)
    with pytest.raises(ValueError, match="expected at most 4096"):
        record_codec.read(many, b"\xff\xff\xff\xff\x0f")


def test_other_types_are_refused() -> None:
    listed = make_dataclass("Listed", [("names", list)], frozen=True)
    with pytest.raises(TypeError, match="cannot be written"):
        record_codec.write(listed, listed(names=[]))
    with pytest.raises(TypeError, match="cannot be read"):
        record_codec.read(listed, b"\0")


def test_the_signature_names_every_field_and_type() -> None:
    assert record_codec.signature(Sample) == (
        "Sample(whole: int, real: float, flag: bool, text: str, pair: tuple[str, int], "
        "many: tuple[Place(beat: int, name: str), ...], here: union[Place(beat: int, name: str), NoneType], "
        "bar: union[int, NoneType])"
    )


def test_leaves_are_all_numbers_and_texts_at_any_depth() -> None:
    sample = Sample(whole=1, real=2.5, flag=True, text="a", pair=("b", 3), many=(Place(4, "c"),), here=Place(5, "d"))
    assert list(record_codec.leaves(Sample, sample)) == [1, 2.5, True, "a", "b", 3, 4, "c", 5, "d", None]
