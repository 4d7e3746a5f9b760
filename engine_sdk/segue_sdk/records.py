"""Dataclasses whose annotations are the protocol: `name: Annotated[type, kind, "meaning"]`, optional with a default.

From this one table come the checks at construction, both directions of the codec, and PROTOCOL.md's field tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Final, NamedTuple, Self, cast, get_type_hints

from segue_sdk.errors import ProtocolError
from segue_sdk.kinds import Kind, Payload, wrong_type


class FieldSpec(NamedTuple):
    """One field of a record. default: what an absent optional field means; None also where that is "nothing"."""

    name: str
    kind: Kind
    meaning: str
    required: bool
    default: Any


class Record:
    """A checked, frozen value that is a map on the wire. Optional fields that hold their default are not sent."""

    def __post_init__(self) -> None:
        for spec in specs(type(self)):
            value = getattr(self, spec.name)
            if not spec.required and (value is None or value == spec.default):
                continue
            object.__setattr__(self, spec.name, spec.kind.read(value, spec.name))
        self.check()

    def check(self) -> None:
        """What concerns several fields. Raises: ProtocolError."""

    @classmethod
    def from_map(cls, data: Mapping[str, Any], path: str = "", pcm: bytes | memoryview | None = None) -> Self:
        """The record that a decoded map holds; fields it does not know are ignored.

        pcm: the payload of a message that has one. Raises: ProtocolError.
        """
        known: dict[str, Any] = {}
        for spec in specs(cls):
            if isinstance(spec.kind, Payload):
                known[spec.name] = pcm
            elif spec.name in data:
                known[spec.name] = spec.kind.read(data[spec.name], f"{path}{spec.name}")
            elif spec.required:
                raise ProtocolError("missing_field", f"{path or 'header.'}{spec.name}: expected, not there")
        return cls(**known)

    def to_map(self) -> dict[str, Any]:
        """The record as plain values, in the order of its fields."""
        return {
            spec.name: spec.kind.plain(getattr(self, spec.name))
            for spec in specs(type(self))
            if not isinstance(spec.kind, Payload) and (spec.required or getattr(self, spec.name) != spec.default)
        }


@dataclass(frozen=True)
class RecordOf:
    """A field that is a record of its own."""

    record: type[Record]
    range = ""

    @property
    def name(self) -> str:
        return f"[{self.record.__name__}](#{self.record.__name__.lower()})"

    def read(self, value: Any, path: str) -> Record:
        if isinstance(value, self.record):
            return value
        if not isinstance(value, Mapping):
            raise wrong_type(path, "a map", value)
        return self.record.from_map(value, f"{path}.")

    def plain(self, value: Record) -> dict[str, Any]:
        return value.to_map()


_SPECS: Final[dict[type[Record], tuple[FieldSpec, ...]]] = {}


def specs(record: type[Record]) -> tuple[FieldSpec, ...]:
    """The fields of a record in wire order."""
    if record not in _SPECS:
        _SPECS[record] = _read_specs(record)
    return _SPECS[record]


def _read_specs(record: type[Record]) -> tuple[FieldSpec, ...]:
    hints = get_type_hints(record, include_extras=True)
    found = []
    for field in fields(cast(Any, record)):
        kind, meaning = hints[field.name].__metadata__
        default = field.default if field.default_factory is MISSING else field.default_factory()
        required = default is MISSING
        found.append(FieldSpec(field.name, kind, meaning, required, None if required else default))
    return tuple(found)
