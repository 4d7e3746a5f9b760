"""The vectors as JSON that every language reads: `engine_sdk/vectors/README.md` describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from segue_sdk.limits import VERSION
from segue_sdk.messages import NAMES
from segue_sdk.vectors import zmtp
from segue_sdk.vectors.cases import Vector, files

Json: TypeAlias = Any

# Shorter bytes are plain hex; longer ones are worth looking for repetitions.
_PLAIN_BYTES: Final = 256
_PERIODS: Final = (1, 8, 16)


def rendered() -> dict[str, str]:
    """The text of every file by its name, one vector a line."""
    texts = {}
    for name, vectors in files().items():
        lines = ",\n  ".join(json.dumps(vector_json(vector), ensure_ascii=True) for vector in vectors)
        texts[f"{name}.json"] = f'{{"segue_vectors": {VERSION}, "vectors": [\n  {lines}\n]}}\n'
    texts["zmtp.json"] = _zmtp_text()
    return texts


def _zmtp_text() -> str:
    """The vectors of a ZMTP connection, one a line."""
    lists = {
        "connections": [_connection_json(vector) for vector in zmtp.connections()],
        "received": [_received_json(vector) for vector in zmtp.received()],
        "refusals": [
            {"name": vector.name, "bytes": runs(vector.data), "reason": runs(vector.reason)}
            for vector in zmtp.refusals()
        ],
    }
    blocks = [f'"{key}": [\n  ' + ",\n  ".join(map(json.dumps, vectors)) + "\n]" for key, vectors in lists.items()]
    return f'{{"segue_zmtp": {VERSION}, ' + ", ".join(blocks) + "}\n"


def _connection_json(vector: zmtp.ConnectionVector) -> dict[str, Json]:
    return {
        "name": vector.name,
        **({"token": vector.token} if vector.token else {}),
        "steps": [{sender: runs(data)} for sender, data in vector.steps],
        "messages": [[runs(part) for part in message] for message in vector.messages],
        "end": vector.end,
    }


def _received_json(vector: zmtp.ReceivedVector) -> dict[str, Json]:
    messages = [[runs(part) for part in message] for message in vector.messages]
    return {"name": vector.name, "bytes": runs(vector.data), "messages": messages, "answer": runs(vector.answer)}


def vector_json(vector: Vector) -> dict[str, Json]:
    """One vector as plain JSON."""
    data: dict[str, Json] = {"name": vector.name, "header": runs(vector.header)}
    if vector.payload is not None:
        data["payload"] = runs(vector.payload)
    if vector.message is None:
        return {**data, "reject": vector.reject, **({"service_only": True} if vector.service_only else {})}
    value = plain(vector.message.to_map())
    return {**data, "accept": NAMES[type(vector.message)], "value": value, "canonical": vector.canonical}


def plain(value: Any) -> Json:
    """A decoded value in JSON. Bytes and reals that equal an integer are marked, since JSON cannot tell them."""
    match value:
        case bytes():
            return {"$bytes": runs(value)}
        case float() if value.is_integer():
            return {"$real": int(value)}
        case list() | tuple():
            return [plain(item) for item in value]
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case _:
            return value


def runs(data: bytes) -> Json:
    """Bytes as hex, or as a list of {"hex", "times"} where a long repetition begins at byte 0 or ends at the last."""
    if len(data) <= _PLAIN_BYTES:
        return data.hex()
    for period in _PERIODS:
        times = _repeats(data[::-1], period)
        if times * period > len(data) // 2:
            head, unit = data[: len(data) - times * period], data[len(data) - period :]
            return [{"hex": head.hex(), "times": 1}, {"hex": unit.hex(), "times": times}]
        times = _repeats(data, period)
        if times * period > len(data) // 2:
            return [{"hex": data[:period].hex(), "times": times}, {"hex": data[times * period :].hex(), "times": 1}]
    return data.hex()


def _repeats(data: bytes, period: int) -> int:
    """How often the first `period` bytes repeat from the start on."""
    unit, times = data[:period], 0
    for power in reversed(range((len(data) // period).bit_length())):
        if data.startswith(unit * (times + (1 << power))):
            times += 1 << power
    return times
