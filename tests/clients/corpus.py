"""Mutated messages with the Python codec's verdict on each: `python tests/clients/corpus.py FILE`.

Writes a vector file (engine_sdk/vectors/README.md). Beyond the README: an empty `reject` stands for any
code, since of several mistakes any may be named; `encoded` is the header that encoding the message gives; reals are
`{"$real64"}`, the hex digits of their float64, so that no reader of decimal numbers takes part in the verdict.
"""

from __future__ import annotations

import argparse
import json
import random
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from clients.edges import defaults, edges, everywhere
from clients.mutations import mutated_bytes, mutated_header, mutated_payload
from segue_sdk.codec import decode, encode, unpack
from segue_sdk.errors import ProtocolError
from segue_sdk.messages import NAMES
from segue_sdk.vectors.cases import UNSEEN_CODES, Vector, files
from segue_sdk.vectors.files import runs

SEED: Final = 20261122
_OF_EACH: Final = 8
"""Mutations of the bytes of each vector."""
_OF_EACH_GOOD: Final = 100
"""Mutations of the values in each accepted one."""
_LARGE: Final = 4_096
"""Headers beyond this many bytes are mutated once: they cost much and teach little."""


class Mutant(NamedTuple):
    """The parts of a ZeroMQ message that is like a golden one, and no longer it."""

    name: str
    header: bytes
    payload: bytes | None


def mutants(seed: int = SEED) -> Iterator[Mutant]:
    """The corpus, the same for the same seed: edges, defaults, values replaced, mutations of every golden vector."""
    for name, header in edges():
        yield Mutant(f"edges, {name}", header, None)
    for name, header, payload in defaults():
        yield Mutant(f"defaults, {name}", header, payload)
    for name, header, payload in everywhere():
        yield Mutant(f"everywhere, {name}", header, payload)
    rng = random.Random(seed)
    vectors = [(file, vector) for file, found in files().items() for vector in found]
    headers = [vector.header for _, vector in vectors if len(vector.header) <= _LARGE]
    for file, vector in vectors:
        is_large = len(vector.header) > _LARGE
        for i in range(1 if is_large else _OF_EACH):
            header = mutated_bytes(rng, vector.header, rng.choice(headers))
            yield Mutant(f"{file}, {vector.name}, bytes {i}", header, mutated_payload(rng, vector.payload))
        if vector.message is not None and not is_large:
            yield from _of_good(rng, file, vector)


def _of_good(rng: random.Random, file: str, vector: Vector) -> Iterator[Mutant]:
    header = unpack(vector.header)
    for i in range(_OF_EACH_GOOD):
        payload = vector.payload if rng.random() < 0.9 else mutated_payload(rng, vector.payload)
        yield Mutant(f"{file}, {vector.name}, values {i}", mutated_header(rng, header), payload)


def judged(mutant: Mutant) -> dict[str, Any]:
    """A mutant as a vector with the Python codec's verdict."""
    vector: dict[str, Any] = {"name": mutant.name, "header": runs(mutant.header)}
    if mutant.payload is not None:
        vector["payload"] = runs(mutant.payload)
    try:
        message = decode([mutant.header] if mutant.payload is None else [mutant.header, mutant.payload])
    except ProtocolError as error:
        return {**vector, "reject": "", **({"service_only": True} if _is_unseen(error) else {})}
    return {
        **vector,
        "accept": NAMES[type(message)],
        "value": _json(message.to_map()),
        "encoded": runs(bytes(encode(message)[0])),
    }


def _is_unseen(error: ProtocolError) -> bool:
    """Whether a client over an ordinary MessagePack library may decode the message all the same.

    Numbers that are too great, or none, count only where such a client looks; the golden vectors test that.
    """
    return error.code in UNSEEN_CODES or any(what in str(error) for what in ("U+0000", "integer within", "finite"))


def _json(value: Any) -> Any:
    match value:
        case bytes():
            return {"$bytes": runs(value)}
        case float():
            return {"$real64": struct.pack(">d", value).hex()}
        case list() | tuple():
            return [_json(item) for item in value]
        case Mapping():
            return {key: _json(item) for key, item in value.items()}
        case _:
            return value


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python tests/clients/corpus.py", description=__doc__)
    parser.add_argument("file", type=Path)
    file: Path = parser.parse_args(arguments).file
    file.parent.mkdir(parents=True, exist_ok=True)
    vectors = [judged(mutant) for mutant in mutants()]
    accepted = sum("accept" in vector for vector in vectors)
    file.write_text(json.dumps({"segue_vectors": 1, "vectors": vectors}), "utf-8")
    print(f"{file.name}: {len(vectors)} mutated messages, {accepted} of them good")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
