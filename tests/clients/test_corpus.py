"""The corpus of mutated messages: drawn alike every time, rich in good and bad ones, and judged as it says."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest

from clients.corpus import Mutant, judged, main, mutants
from segue_sdk.codec import decode, encode, pack, unpack
from segue_sdk.errors import ProtocolError
from segue_sdk.messages import MESSAGES

EVENT = {"v": 1, "t": "event", "events": [{"seq": 1, "at": 0, "set": {"threat": 0.1}}]}


@pytest.fixture(scope="module")
def corpus() -> list[Mutant]:
    return list(mutants())


def test_the_same_seed_draws_the_same_corpus(corpus: list[Mutant]) -> None:
    assert list(mutants()) == corpus
    assert list(mutants(seed=1)) != corpus


def test_every_type_of_message_is_met_good_and_bad(corpus: list[Mutant]) -> None:
    good = dict.fromkeys(MESSAGES, 0)
    codes: dict[str, int] = {}
    for mutant in corpus:
        try:
            message = decode([mutant.header] if mutant.payload is None else [mutant.header, mutant.payload])
        except ProtocolError as error:
            codes[error.code] = codes.get(error.code, 0) + 1
        else:
            header = unpack(encode(message)[0])
            good[header["t"]] += 1
    assert min(good.values()) >= 30, good
    assert sum(codes.values()) >= 5_000
    for code in ("truncated", "trailing", "malformed", "bad_utf8", "ext_type", "bad_key", "duplicate_key", "too_deep"):
        assert codes.get(code, 0) >= 10, (code, codes)
    for code in ("not_finite", "wrong_type", "out_of_range", "bad_value", "missing_field", "payload_mismatch"):
        assert codes.get(code, 0) >= 100, (code, codes)


def test_a_verdict_tells_reals_by_their_bits() -> None:
    header = pack(EVENT)
    verdict = judged(Mutant("one", header, None))
    real = {"$real64": struct.pack(">d", 0.1).hex()}
    assert verdict == {
        "name": "one",
        "header": header.hex(),
        "accept": "event",
        "value": {"events": [{"seq": 1, "at": 0, "set": {"threat": real}}]},
        "encoded": header.hex(),
    }


def test_a_refusal_stands_for_any_code() -> None:
    assert judged(Mutant("two", b"\xc1", b"\0")) == {"name": "two", "header": "c1", "payload": "00", "reject": ""}


def setting(value: str) -> Mutant:
    return Mutant("one", pack({"v": 1, "t": "event", "events": [{"seq": 1, "at": 0, "set": {"place": value}}]}), None)


def values(header: bytes) -> list[Any]:
    """Every value and key in a header, as a MessagePack library reads them; none if it cannot."""
    try:
        return list(inner(msgpack.unpackb(header, strict_map_key=False)))
    except (ValueError, TypeError, msgpack.UnpackException):
        return []


def inner(value: Any) -> Iterator[Any]:
    yield value
    for item in [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from inner(item)


def test_whole_reals_the_largest_integers_and_nul_are_met_good_and_bad(corpus: list[Mutant]) -> None:
    counts = {"whole": [0, 0], "largest": [0, 0], "nul": [0, 0]}
    for mutant in corpus:
        found = values(mutant.header)
        is_good = "accept" in judged(mutant)
        numbers = [value for value in found if isinstance(value, (int, float))]
        counts["whole"][is_good] += any(isinstance(number, float) and number.is_integer() for number in numbers)
        counts["largest"][is_good] += any(abs(number) in (2**53 - 1, 2**53) for number in numbers)
        counts["nul"][is_good] += any(isinstance(value, str) and "\0" in value for value in found)
    assert min(counts["whole"]) >= 2_000, counts
    assert sum(counts["largest"]) >= 4_000, counts
    assert min(counts["largest"]) >= 500, counts
    assert counts["nul"][False] >= 2_000, counts
    assert counts["nul"][True] == 0, counts


def test_the_corpus_is_a_vector_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "clients.corpus.mutants", lambda: iter([setting("a"), setting("a\0"), Mutant("bad", b"", None)])
    )
    assert main([str(tmp_path / "new" / "corpus.json")]) == 0
    written = json.loads((tmp_path / "new" / "corpus.json").read_text("utf-8"))
    assert written["segue_vectors"] == 1
    assert [vector.get("accept", "") for vector in written["vectors"]] == ["event", "", ""]
    assert capsys.readouterr().out == "corpus.json: 3 mutated messages, 1 of them good\n"
