"""The corpus of mutated messages: drawn alike every time, rich in good and bad ones, and judged as it says."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from clients.corpus import Mutant, judged, judged_without_nul, main, mutants
from segue_sdk.codec import decode, encode, pack, unpack
from segue_sdk.errors import ProtocolError
from segue_sdk.messages import MESSAGES

EVENT = {"v": 1, "t": "event", "events": [{"seq": 1, "at": 0, "set": {"threat": 0.1}}]}


@pytest.fixture(scope="module")
def corpus() -> list[Mutant]:
    return list(mutants())


def test_the_same_seed_draws_the_same_corpus(corpus: list[Mutant]) -> None:
    again = mutants()
    assert [next(again) for _ in range(2_000)] == corpus[:2_000]
    other = mutants(seed=1)
    assert [next(other) for _ in range(2_000)] != corpus[:2_000]


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


def setting(name: str, value: str = "") -> Mutant:
    return Mutant("nul", pack({"v": 1, "t": "event", "events": [{"seq": 1, "at": 0, "set": {name: value}}]}), None)


def test_without_nul_the_message_is_judged_as_it_reads_then() -> None:
    verdict = judged_without_nul(setting("a\0b"))
    assert verdict["value"]["events"][0]["set"] == {"a\ufffdb": ""}
    assert verdict["header"] == setting("a\0b").header.hex()
    # 64 bytes as they came, 66 as such a language holds them.
    assert "accept" in judged(setting("\0" + "n" * 63))
    assert judged_without_nul(setting("\0" + "n" * 63))["reject"] == ""


def test_without_nul_names_may_become_one() -> None:
    twice: dict[str, Any] = {"\0": "", "\ufffd": ""}
    mutant = Mutant("nul", pack({"v": 1, "t": "event", "events": [{"seq": 1, "at": 0, "set": twice}]}), None)
    assert "accept" in judged(mutant)
    assert judged_without_nul(mutant)["reject"] == ""


def test_a_corpus_is_a_vector_file_for_each_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("clients.corpus.mutants", lambda: iter([setting("a\0b"), Mutant("bad", b"", None)]))
    assert main([str(tmp_path / "corpus")]) == 0
    for language in ("csharp", "godot"):
        written = json.loads((tmp_path / "corpus" / f"{language}.json").read_text("utf-8"))
        assert written["segue_vectors"] == 1
        assert [vector["name"] for vector in written["vectors"]] == ["nul", "bad"]
    assert capsys.readouterr().out.splitlines()[0] == "csharp.json: 2 mutated messages, 1 of them good"
