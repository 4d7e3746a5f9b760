"""The clients' message tables from the SDK's field table: `python tests/clients/tables.py [--write]`.

PROTOCOL.md's tables and those of C#, GDScript and JavaScript come from one source, so they cannot disagree.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from segue_sdk.fields import (
    Blob,
    Choice,
    FieldSpec,
    FieldType,
    Flag,
    Integer,
    ListOf,
    MapOf,
    Payload,
    Real,
    Record,
    RecordOf,
    Text,
    Value,
    specs,
)
from segue_sdk.limits import LARGEST_INTEGER
from segue_sdk.messages import MESSAGES
from segue_sdk.vectors.tables import PARTS

ROOT: Final = Path(__file__).parents[2]
CSHARP: Final = ROOT / "unity_client/Runtime/Core/Protocol/MessageTables.cs"
GDSCRIPT: Final = ROOT / "godot_client/addons/segue/core/protocol/message_tables.gd"
JAVASCRIPT: Final = ROOT / "engine_sdk/web/src/protocol/message_tables.js"

_ORIGIN: Final = "Written by `python tests/clients/tables.py --write` from the SDK's field table; change that."
_CSHARP_WIDTH: Final = 120
_GDSCRIPT_WIDTH: Final = 100


def rendered() -> dict[Path, str]:
    """The text of every generated file."""
    return {CSHARP: csharp(), GDSCRIPT: gdscript(), JAVASCRIPT: javascript()}


def records() -> dict[str, type[Record]]:
    """Every record by its name on the page, each after those it holds."""
    ordered: dict[str, type[Record]] = {}
    for name, record in {**PARTS, **MESSAGES}.items():
        for part in _held_by(record):
            ordered.setdefault(part.__name__, part)
        ordered.setdefault(name, record)
    return ordered


def _held_by(record: type[Record]) -> Iterator[type[Record]]:
    for spec in specs(record):
        kind = spec.type.of if isinstance(spec.type, ListOf) else spec.type
        if isinstance(kind, RecordOf):
            yield from _held_by(kind.record)
            yield kind.record


def _fields(record: type[Record]) -> list[FieldSpec]:
    return [spec for spec in specs(record) if not isinstance(spec.type, Payload)]


def _payload(record: type[Record]) -> str:
    """Whether a record has a payload: none, optional or required."""
    for spec in specs(record):
        if isinstance(spec.type, Payload):
            return "required" if spec.required else "optional"
    return "none"


def payloads() -> dict[str, str]:
    """The messages with a payload: `optional` or `required`."""
    return {name: _payload(record) for name, record in MESSAGES.items() if _payload(record) != "none"}


# --- C# -------------------------------------------------------------------------------------------------------------


def csharp() -> str:
    """MessageTables.cs."""
    tables = "\n".join(_csharp_table(name, record) for name, record in records().items())
    cases = "".join(
        f'                case "{name}":\n                    return {name.title()};\n' for name in MESSAGES
    )
    return f"""\
// The fields of every message and of every map inside one: PROTOCOL.md section 5 as data.
// {_ORIGIN}
#nullable enable
using System;

namespace Segue.Protocol
{{
    public static class MessageTables
    {{
        private static readonly Value EmptyList = Value.Of(Array.Empty<Value>());
        private static readonly Value EmptyMap = Value.Of(Map.Empty);

{tables}
        /// <summary>The table of a message's type, or null.</summary>
        public static RecordTable? Find(string type)
        {{
            switch (type)
            {{
{cases}                default:
                    return null;
            }}
        }}
    }}
}}
"""


def _csharp_table(name: str, record: type[Record]) -> str:
    member = name if name in PARTS else name.title()
    lines = [f'"{name}"', f"Payload.{_payload(record).title()}", *(_csharp_field(spec) for spec in _fields(record))]
    body = ",\n            ".join(lines)
    return f"        public static readonly RecordTable {member} = new RecordTable(\n            {body});\n"


def _csharp_field(spec: FieldSpec) -> str:
    presence = "Required" if spec.required else "Optional"
    default = "" if spec.required or spec.default is None else f", {_csharp_default(spec)}"
    arguments = [f'"{spec.name}"', f"{_csharp_kind(spec.type)}{default}"]
    field = f"Field.{presence}({', '.join(arguments)})"
    # The indent of 12 and what closes the table are on the line as well.
    if len(field) <= _CSHARP_WIDTH - 15:
        return field
    indent = "\n" + 16 * " "
    return f"Field.{presence}({indent}{f',{indent}'.join(arguments)})"


def _csharp_default(spec: FieldSpec) -> str:
    if isinstance(spec.type, (ListOf, MapOf)):
        return "EmptyList" if isinstance(spec.type, ListOf) else "EmptyMap"
    suffix = "d" if isinstance(spec.type, Real) else "L" if isinstance(spec.type, Integer) else ""
    return f"Value.Of({json.dumps(spec.default)}{suffix})"


def _csharp_kind(kind: FieldType) -> str:
    match kind:
        case Integer():
            return f"Kind.Integer({kind.low}, {kind.high}" + (f", {kind.step})" if kind.step > 1 else ")")
        case Real():
            return f"Kind.Real({kind.low!r}, {kind.high!r})"
        case Flag():
            return "Kind.Boolean()"
        case Text():
            return f"Kind.Text({kind.least}, {kind.most})"
        case Choice():
            return f"Kind.Word({', '.join(map(json.dumps, kind.of))})"
        case Blob():
            return f"Kind.Bytes({kind.least}, {kind.most})"
        case Value():
            return "Kind.AnyValue()"
        case ListOf():
            return f"Kind.ListOf({_csharp_kind(kind.of)}, {kind.least}, {kind.most})"
        case MapOf():
            return f"Kind.MapOf({_csharp_kind(kind.of)}, {kind.most})"
        case RecordOf():
            return f"Kind.RecordOf({kind.record.__name__})"
    raise TypeError(f"no C# for kind {kind!r}")


# --- GDScript -------------------------------------------------------------------------------------------------------


def gdscript() -> str:
    """message_tables.gd."""
    tables = "".join(_gdscript_table(name, record) for name, record in records().items())
    messages = "".join(f"\t{json.dumps(name)},\n" for name in MESSAGES)
    return f"""\
extends RefCounted
## The fields of every message and of every map inside one: PROTOCOL.md section 5 as data.
##
## A field has a `name`, a `kind` with its limits and, if it is not `required`, its `default` where
## absence means one. Limits left out: `least` 0, `step` 1.

# {_ORIGIN}

const MESSAGES: Array[String] = [
{messages}]

## Messages with samples: whether they are `required` or `optional`.
const PAYLOADS: Dictionary = {json.dumps(payloads())}

const RECORDS: Dictionary = {{
{tables}}}
"""


def _gdscript_table(name: str, record: type[Record]) -> str:
    fields = "".join(f"\t\t{_gdscript_value(_plain_field(spec), 2)},\n" for spec in _fields(record))
    return f'\t"{name}":\n\t[\n{fields}\t],\n'


def _gdscript_value(value: Any, depth: int) -> str:
    """A constant as gdformat writes it: on one line if it fits with its comma, else an item a line."""
    line = json.dumps(value)
    if not isinstance(value, (dict, list)) or 4 * depth + len(line) < _GDSCRIPT_WIDTH:
        return line
    keys = [f"{json.dumps(key)}: " for key in value] if isinstance(value, dict) else [""] * len(value)
    items = value.values() if isinstance(value, dict) else value
    tabs = "\t" * depth
    body = ",\n".join(f"{tabs}\t{key}{_gdscript_value(item, depth + 1)}" for key, item in zip(keys, items, strict=True))
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{body}\n{tabs}{closing}"


# --- JavaScript -----------------------------------------------------------------------------------------------------


def javascript() -> str:
    """message_tables.js."""
    return f"""\
/**
 * The fields of every message and of every map inside one: PROTOCOL.md section 5 as data.
 *
 * A field has a `name`, a `kind` with its limits and, if it is not `required`, its `default` where absence means one.
 * Limits left out: `least` 0, `step` 1.
 */
// {_ORIGIN}

/**
 * @typedef {{{{kind: "integer", low: number, high: number, step?: number}}
 *   | {{kind: "real", low: number, high: number}} | {{kind: "boolean"}} | {{kind: "value"}}
 *   | {{kind: "text", least?: number, most: number}} | {{kind: "word", words: string[]}}
 *   | {{kind: "bytes", least?: number, most: number}} | {{kind: "record", record: string}}
 *   | {{kind: "list", least?: number, most: number, of: Kind}} | {{kind: "map", most: number, of: Kind}}}} Kind
 * @typedef {{Kind & {{name: string, required?: boolean, default?: unknown}}}} Field
 */

/** Types of messages. @type {{string[]}} */
export const MESSAGES = [
{_javascript_items(MESSAGES)}];

/** Messages with samples, and whether these are required. @type {{Object<string, "required" | "optional">}} */
export const PAYLOADS = {json.dumps(payloads())};

/** @type {{Object<string, Field[]>}} */
export const RECORDS = {{
{"".join(_javascript_table(name, record) for name, record in records().items())}}};
"""


def _javascript_items(items: Iterable[Any]) -> str:
    return "".join(f"  {json.dumps(item)},\n" for item in items)


def _javascript_table(name: str, record: type[Record]) -> str:
    fields = "".join(f"    {json.dumps(_plain_field(spec))},\n" for spec in _fields(record))
    return f"  {json.dumps(name)}: [\n{fields}  ],\n"


# --- rows of plain values -------------------------------------------------------------------------------------------


def _plain_field(spec: FieldSpec) -> dict[str, Any]:
    field = {"name": spec.name, **({"required": True} if spec.required else {}), **_plain_kind(spec.type)}
    if not spec.required and spec.default is not None:
        field["default"] = list(spec.default) if isinstance(spec.default, tuple) else spec.default
    return field


def _plain_kind(kind: FieldType) -> dict[str, Any]:
    match kind:
        case Integer():
            step = {"step": kind.step} if kind.step > 1 else {}
            return {"kind": "integer", "low": kind.low, "high": kind.high, **step}
        case Real():
            return {"kind": "real", "low": _gdscript_real(kind.low), "high": _gdscript_real(kind.high)}
        case Flag():
            return {"kind": "boolean"}
        case Text():
            return {"kind": "text", **_least(kind.least), "most": kind.most}
        case Choice():
            return {"kind": "word", "words": list(kind.of)}
        case Blob():
            return {"kind": "bytes", **_least(kind.least), "most": kind.most}
        case Value():
            return {"kind": "value"}
        case ListOf():
            return {"kind": "list", **_least(kind.least), "most": kind.most, "of": _plain_kind(kind.of)}
        case MapOf():
            return {"kind": "map", "most": kind.most, "of": _plain_kind(kind.of)}
        case RecordOf():
            return {"kind": "record", "record": kind.record.__name__}
    raise TypeError(f"no table row for kind {kind!r}")


def _gdscript_real(bound: float) -> float | int:
    """A bound of reals. Godot 4.6 reads 9007199254740991.0 as the real below it, and integers as they are."""
    return int(bound) if abs(bound) == LARGEST_INTEGER else float(bound)


def _least(least: int) -> dict[str, int]:
    return {"least": least} if least else {}


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 1 if a file is not current and was not to be written."""
    parser = argparse.ArgumentParser(prog="python tests/clients/tables.py", description=__doc__)
    parser.add_argument("--write", action="store_true", help="bring the files up to date")
    options = parser.parse_args(arguments)
    stale = {path: text for path, text in rendered().items() if not path.is_file() or path.read_text("utf-8") != text}
    for path, text in stale.items():
        if options.write:
            path.write_text(text, "utf-8", newline="\n")
        print(f"{path.relative_to(ROOT)}: {'written' if options.write else 'not current'}")
    return 1 if stale and not options.write else 0


if __name__ == "__main__":
    sys.exit(main())
