"""Fields of messages: the types that a value may have on the wire, and the records that declare fields.

A record declares a field as `name: Annotated[type, field type, "meaning"]`; a default makes it optional. This one table
gives the checks at construction, both directions of the codec, and PROTOCOL.md's field tables.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, cast, get_type_hints

from segue_sdk.errors import ProtocolError
from segue_sdk.limits import KEY_BYTES, LARGEST_INTEGER, NAME_BYTES, TEXT_BYTES

if TYPE_CHECKING:
    # typing has it from Python 3.11 on.
    from typing_extensions import Self


class FieldType(Protocol):
    """The type of a field.

    Attributes:
        name, range: Its two cells in PROTOCOL.md's tables.
    """

    @property
    def name(self) -> str: ...

    @property
    def range(self) -> str: ...

    def read(self, value: Any, path: str) -> Any:
        """Check a value and convert it to what a message keeps. Raises: ProtocolError, which names `path`."""
        ...

    def plain(self, value: Any) -> Any:
        """Convert a value that `read` returned to what MessagePack carries."""
        ...


def type_name(value: object) -> str:
    """The name of a decoded value's type, for error messages."""
    names = {bool: "a boolean", int: "an integer", float: "a real", str: "a text", bytes: "bytes", type(None): "nil"}
    if type(value) in names:
        return names[type(value)]
    return "a map" if isinstance(value, Mapping) else "a list" if isinstance(value, (list, tuple)) else "an extension"


def plain_scalar(value: object) -> object:
    """The Python value in an enum, a NumPy scalar or a number of another type; any other value as it is.

    Raises:
        OverflowError: A number is too great for a float.
        ValueError: A signalling NaN of `decimal`, which has no float.
    """
    while isinstance(value, Enum):
        value = value.value
    if isinstance(value, (bool, bytes)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, (numbers.Real, Decimal)):
        return float(value)
    # NumPy's booleans and arrays without dimensions, and their like in other libraries, none of which is imported.
    if getattr(value, "shape", None) == () and callable(item := getattr(value, "item", None)):
        return plain_scalar(item())
    return value


def wrong_type(path: str, expected: str, value: object) -> ProtocolError:
    """The error for a value of another type."""
    return ProtocolError("wrong_type", f"{path}: expected {expected}, got {type_name(value)}")


def _number(value: Any, path: str) -> Any:
    """A number or boolean of another library as Python's own."""
    if type(value) in (int, float, bool):
        return value
    try:
        return plain_scalar(value)
    except OverflowError:
        raise ProtocolError("out_of_range", f"{path}: expected a smaller number") from None
    except ValueError:
        raise ProtocolError("not_finite", f"{path}: expected a finite number, got {value}") from None


def _bound(value: float) -> str:
    """A bound as PROTOCOL.md writes it."""
    if abs(value) == LARGEST_INTEGER:
        return f"{'-' if value < 0 else ''}(2^53 - 1)"
    return f"{value:g}"


@dataclass(frozen=True)
class Integer:
    """A whole number in [low, high], a multiple of `step`; a real of whole value is read as the integer it equals."""

    low: int = 0
    high: int = LARGEST_INTEGER
    step: int = 1
    name = "integer"

    @property
    def range(self) -> str:
        return f"{_bound(self.low)} to {_bound(self.high)}" + (f", multiple of {self.step}" if self.step > 1 else "")

    def read(self, value: Any, path: str) -> int:
        value = _number(value, path)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong_type(path, "an integer", value)
        if not self.low <= value <= self.high or value % self.step:
            raise ProtocolError("out_of_range", f"{path}: expected {self.range}, got {value}")
        return value

    def plain(self, value: int) -> int:
        return value


@dataclass(frozen=True)
class Real:
    """A finite number in [low, high]; an integer is read as the real it equals."""

    low: float
    high: float
    name = "real"

    @property
    def range(self) -> str:
        return f"{_bound(self.low)} to {_bound(self.high)}"

    def read(self, value: Any, path: str) -> float:
        value = _number(value, path)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise wrong_type(path, "a number", value)
        if not math.isfinite(value):
            raise ProtocolError("not_finite", f"{path}: expected a finite number, got {value}")
        if not self.low <= value <= self.high:
            raise ProtocolError("out_of_range", f"{path}: expected {self.range}, got {value:g}")
        return float(value)

    def plain(self, value: float) -> float:
        return value


@dataclass(frozen=True)
class Flag:
    """True or false."""

    name = "boolean"
    range = ""

    def read(self, value: Any, path: str) -> bool:
        value = _number(value, path)
        if not isinstance(value, bool):
            raise wrong_type(path, "a boolean", value)
        return value

    def plain(self, value: bool) -> bool:
        return value


@dataclass(frozen=True)
class Text:
    """UTF-8 of `least` to `most` bytes."""

    most: int = TEXT_BYTES
    least: int = 0
    name = "text"

    @property
    def range(self) -> str:
        return f"{self.least} to {self.most} bytes"

    def read(self, value: Any, path: str) -> str:
        if not isinstance(value, str):
            raise wrong_type(path, "a text", value)
        try:
            length = len(value.encode())
        except UnicodeEncodeError:
            raise ProtocolError("bad_utf8", f"{path}: a text that is not Unicode") from None
        if not self.least <= length <= self.most:
            raise ProtocolError("out_of_range", f"{path}: expected {self.range}, got {length}")
        if "\0" in value:
            raise ProtocolError("bad_value", f"{path}: expected a text without U+0000")
        return value

    def plain(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class Choice:
    """One of fixed words."""

    of: tuple[str, ...]
    name = "word"

    @property
    def range(self) -> str:
        return ", ".join(f"`{word}`" for word in self.of)

    def read(self, value: Any, path: str) -> str:
        if not isinstance(value, str):
            raise wrong_type(path, "a word", value)
        if value not in self.of:
            raise ProtocolError("bad_value", f"{path}: expected one of {', '.join(self.of)}, got {value[:40]!r}")
        return value

    def plain(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class Blob:
    """Bytes that only their sender interprets."""

    most: int
    least: int = 1
    name = "bytes"

    @property
    def range(self) -> str:
        return f"{self.least} to {self.most} bytes"

    def read(self, value: Any, path: str) -> bytes:
        if not isinstance(value, bytes):
            raise wrong_type(path, "bytes", value)
        if not self.least <= len(value) <= self.most:
            raise ProtocolError("out_of_range", f"{path}: expected {self.range}, got {len(value)}")
        return value

    def plain(self, value: bytes) -> bytes:
        return value


@dataclass(frozen=True)
class Value:
    """The value of an input: a number within ±(2^53 - 1), a boolean or a name."""

    name = "value"
    range = "integer, real, boolean or text of at most 64 bytes"

    def read(self, value: Any, path: str) -> float | int | bool | str:
        if isinstance(value, bool):
            return value
        if isinstance(value, int):
            return Integer(low=-LARGEST_INTEGER).read(value, path)
        if isinstance(value, float):
            return Real(-float(LARGEST_INTEGER), float(LARGEST_INTEGER)).read(value, path)
        if isinstance(value, str):
            return Text(NAME_BYTES).read(value, path)
        raise wrong_type(path, "a number, a boolean or a text", value)

    def plain(self, value: float | int | bool | str) -> float | int | bool | str:
        return value


@dataclass(frozen=True)
class ListOf:
    """Up to `most` values of one type."""

    of: FieldType
    most: int
    least: int = 0

    @property
    def name(self) -> str:
        return f"list of {self.of.name}"

    @property
    def range(self) -> str:
        return f"{self.least} to {self.most} items" + (f", each {self.of.range}" if self.of.range else "")

    def read(self, value: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise wrong_type(path, "a list", value)
        if not self.least <= len(value) <= self.most:
            raise ProtocolError("out_of_range", f"{path}: expected {self.least} to {self.most} items, got {len(value)}")
        return tuple(self.of.read(item, f"{path}[{i}]") for i, item in enumerate(value))

    def plain(self, value: tuple[Any, ...]) -> list[Any]:
        return [self.of.plain(item) for item in value]


@dataclass(frozen=True)
class MapOf:
    """Up to `most` values of one type by name."""

    of: FieldType
    most: int

    @property
    def name(self) -> str:
        return f"map of {self.of.name}"

    @property
    def range(self) -> str:
        return f"at most {self.most} names of 1 to {NAME_BYTES} bytes" + (
            f", each {self.of.range}" if self.of.range else ""
        )

    def read(self, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise wrong_type(path, "a map", value)
        if len(value) > self.most:
            raise ProtocolError("out_of_range", f"{path}: expected at most {self.most} names, got {len(value)}")
        return {
            NAME.read(key, f"{path} key"): self.of.read(item, f"{path}[{key!r:.40}]") for key, item in value.items()
        }

    def plain(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {key: self.of.plain(item) for key, item in value.items()}


@dataclass(frozen=True)
class Payload:
    """The message's second part: interleaved little-endian PCM."""

    name = "payload"
    range = ""

    def read(self, value: Any, path: str) -> bytes | memoryview:
        if not isinstance(value, (bytes, memoryview)):
            raise ProtocolError("payload_mismatch", f"{path}: expected a payload, got {type_name(value)}")
        return value

    def plain(self, value: bytes | memoryview) -> bytes | memoryview:
        return value


NAME: Final = Text(NAME_BYTES, least=1)
POSITION: Final = Integer()
SEQUENCE: Final = Integer(low=1)
COUNT: Final = Integer()
FLAG: Final = Flag()
TEXT: Final = Text()
KEY: Final = Blob(KEY_BYTES, least=16)
PAYLOAD: Final = Payload()
DECIBEL: Final = Real(-96, 12)


class FieldSpec(NamedTuple):
    """One field of a record.

    Attributes:
        default: Value of an optional field that is absent; None where that means nothing.
    """

    name: str
    type: FieldType
    meaning: str
    required: bool
    default: Any


class Record:
    """A checked, frozen value that is a map on the wire. Optional fields that hold their default are not sent."""

    def __post_init__(self) -> None:
        for spec in specs(type(self)):
            value = getattr(self, spec.name)
            if not spec.required and (value is None or value is spec.default):
                continue
            object.__setattr__(self, spec.name, spec.type.read(value, spec.name))
        self.check()

    def check(self) -> None:
        """Check what concerns several fields. Raises: ProtocolError."""

    @classmethod
    def from_map(cls, data: Mapping[str, Any], path: str = "", pcm: bytes | memoryview | None = None) -> Self:
        """Make a record of a decoded map; unknown fields are ignored.

        Args:
            data: The map.
            path: Where the map is, for error messages.
            pcm: The payload of a message that has one.
        Raises:
            ProtocolError: A field is missing or invalid.
        """
        known: dict[str, Any] = {}
        for spec in specs(cls):
            if isinstance(spec.type, Payload):
                known[spec.name] = pcm
            elif spec.name in data:
                known[spec.name] = spec.type.read(data[spec.name], f"{path}{spec.name}")
            elif spec.required:
                raise ProtocolError("missing_field", f"{path or 'header.'}{spec.name}: expected, not there")
        return cls(**known)

    def to_map(self) -> dict[str, Any]:
        """The record as a map of plain values, in the order of its fields."""
        return {
            spec.name: spec.type.plain(getattr(self, spec.name))
            for spec in specs(type(self))
            if not isinstance(spec.type, Payload) and (spec.required or getattr(self, spec.name) != spec.default)
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
        field_type, meaning = hints[field.name].__metadata__
        default = field.default if field.default_factory is MISSING else field.default_factory()
        required = default is MISSING
        found.append(FieldSpec(field.name, field_type, meaning, required, None if required else default))
    return tuple(found)
