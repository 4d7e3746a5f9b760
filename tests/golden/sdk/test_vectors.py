"""The codec against the golden vectors, read from the files alone, and that the files are current."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgpack
import pytest

from segue_sdk.codec import decode, encode
from segue_sdk.errors import DECODE_CODES, ProtocolError
from segue_sdk.messages import MESSAGES, NAMES
from segue_sdk.vectors.__main__ import main
from segue_sdk.vectors.files import rendered

FOLDER = Path(__file__).parents[3] / "engine_sdk" / "vectors"
# zmtp.json has no messages: tests/unit/service/test_zmtp_vectors.py.
FILES = sorted(path for path in FOLDER.glob("*.json") if path.name != "zmtp.json")


def vectors(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text("utf-8"))["vectors"]


def raw(runs: Any) -> bytes:
    if isinstance(runs, str):
        return bytes.fromhex(runs)
    return b"".join(bytes.fromhex(run["hex"]) * run["times"] for run in runs)


def parts(vector: dict[str, Any]) -> list[bytes]:
    return [raw(vector["header"]), *([raw(vector["payload"])] if "payload" in vector else [])]


def unmarked(value: Any) -> Any:
    """A vector's value as MessagePack would give it."""
    if isinstance(value, list):
        return [unmarked(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$bytes" in value:
        return raw(value["$bytes"])
    if "$real" in value:
        return float(value["$real"])
    return {key: unmarked(item) for key, item in value.items()}


def same(left: Any, right: Any) -> bool:
    """Equal in type as well as value, and maps in order."""
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_vector_has_the_expected_result(path: Path) -> None:
    for vector in vectors(path):
        if "reject" in vector:
            with pytest.raises(ProtocolError) as caught:
                decode(parts(vector))
            assert caught.value.code == vector["reject"], vector["name"]
            continue
        message = decode(parts(vector))
        assert NAMES[type(message)] == vector["accept"], vector["name"]
        assert same(message.to_map(), unmarked(vector["value"])), vector["name"]
        assert getattr(message, "pcm", None) == (parts(vector)[1:] or [None])[0], vector["name"]
        if vector["canonical"]:
            assert encode(message) == parts(vector), vector["name"]


def has_nul(value: Any) -> bool:
    """Whether a text or key in a decoded header contains U+0000."""
    if isinstance(value, dict):
        return any(has_nul(item) for item in [*value, *value.values()])
    return any(map(has_nul, value)) if isinstance(value, list) else isinstance(value, str) and "\0" in value


def what_a_library_hides(vector: dict[str, Any]) -> str:
    """Why a client need not refuse a vector; "" if it must, or if the vector is valid."""
    code = vector.get("reject", "")
    if code and vector["name"].endswith("in an unknown field"):
        return "unknown field"
    if code == "bad_value":
        return "U+0000" if has_nul(msgpack.unpackb(raw(vector["header"]))) else ""
    return code if code in ("bad_utf8", "duplicate_key", "bad_key", "too_deep") else ""


def test_what_a_library_hides_is_marked_and_nothing_else() -> None:
    marked = set()
    for path in FILES:
        for vector in vectors(path):
            reason = what_a_library_hides(vector)
            assert vector.get("service_only") is (True if reason else None), (path.stem, vector["name"])
            marked.add(reason)
    assert marked == {"", "bad_utf8", "duplicate_key", "bad_key", "too_deep", "U+0000", "unknown field"}


def test_the_files_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(FOLDER)]) == 0, capsys.readouterr().out
    assert {path.name for path in FOLDER.glob("*.json")} == set(rendered())


def test_writing_brings_files_up_to_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert main([str(tmp_path), "--write"]) == 0
    assert main([str(tmp_path)]) == 0
    (tmp_path / "save.json").write_text("{}")
    capsys.readouterr()
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == f"{tmp_path / 'save.json'}: not current\n"


def test_every_message_and_every_code_has_vectors() -> None:
    everything = [(path.stem, vector) for path in FILES for vector in vectors(path)]
    for name in MESSAGES:
        mine = [vector for stem, vector in everything if stem == name]
        assert sum("accept" in vector for vector in mine) >= 4, name
        assert sum("reject" in vector for vector in mine) >= 4, name
    assert {vector["reject"] for _, vector in everything if "reject" in vector} == set(DECODE_CODES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_names_are_unique_in_a_file(path: Path) -> None:
    names = [vector["name"] for vector in vectors(path)]
    assert len(names) == len(set(names))
