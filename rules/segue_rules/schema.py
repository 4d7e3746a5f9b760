"""The JSON Schemas (draft 07) of rule files and rule tests, for editors, and the pages generated from the grammar.

python -m segue_rules.schema            # print the schema of rule files
python -m segue_rules.schema --write    # write rules/segue.schema.json and rules/REFERENCE.md
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from segue_rules.loading.bindings import Bindable, Bound
from segue_rules.loading.for_each import PLACEHOLDER
from segue_rules.loading.grammar import TABLES, FileTable
from segue_rules.loading.grammar_inputs import ConditionTable
from segue_rules.loading.rule_kinds import ConditionKind
from segue_rules.loading.scripts import EventTable
from segue_rules.ruletest.tables import ChangeTable, ExpectTable, RuleTestFileTable, TestTable
from segue_yaml.containers import ListOf, MapOf, OneOrMore, Range
from segue_yaml.kinds import Kind, Number, Schema, Text, number
from segue_yaml.paths import FilePath
from segue_yaml.quantities import Duration, time_text
from segue_yaml.tables import ByField, Field, Object, Table, Tagged

_FOLDER: Final = Path(__file__).parents[1]
SCHEMA_FILE: Final = _FOLDER / "segue.schema.json"
REFERENCE_FILE: Final = _FOLDER / "REFERENCE.md"


def json_schema() -> Schema:
    """The schema of a rule file. It cannot check names and audio files, which depend on other parts of the files."""
    definitions = {table.title: _templated(table.definition()) for table in TABLES if table is not FileTable}
    file = FileTable.definition()
    for section in file["properties"].values():
        if "propertyNames" in section:
            section["propertyNames"] = _templated(section["propertyNames"])
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **file,
        "title": "Segue rule file",
        "definitions": definitions,
    }


def _templated(schema: Schema) -> Schema:
    """The schema with placeholders of templates allowed wherever it describes a value.

    A pattern is asked of strings only, so it may stand beside the bounds of numbers and the fields of objects.
    """
    allowed = {
        key: _templated(value)
        if isinstance(value, dict)
        else [_templated(part) if isinstance(part, dict) else part for part in value]
        if isinstance(value, list)
        else value
        for key, value in schema.items()
    }
    kind = schema.get("type")
    if "enum" in schema and kind == "string":
        choice = {"type": allowed.pop("type"), "enum": allowed.pop("enum")}
        return {"anyOf": [choice, {"type": "string", "pattern": PLACEHOLDER}], **allowed}
    if kind == "string" and "pattern" in schema:
        return {**allowed, "pattern": f"{schema['pattern']}|{PLACEHOLDER}"}
    if isinstance(kind, str) and kind != "string":
        return {**allowed, "type": [kind, "string"], "pattern": PLACEHOLDER}
    return allowed


def schema_text() -> str:
    """The schema of rule files as its file holds it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def rule_test_json_schema() -> Schema:
    """The schema of a rule-test file. It accepts any names of layers, styles and inputs, which depend on the rules."""
    tables = (TestTable, ExpectTable, ChangeTable, EventTable)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **RuleTestFileTable.definition(),
        "title": "Segue rule tests",
        "definitions": {table.title: table.definition() for table in tables},
    }


def rule_test_schema_text() -> str:
    """The schema of rule tests as its file holds it."""
    return json.dumps(rule_test_json_schema(), indent=2, ensure_ascii=False) + "\n"


_HEAD: Final = """\
# Rule reference

<!-- Generated from the grammar by `python -m segue_rules.schema --write`; do not edit. -->

This page lists every object of a rule file with all its fields. [SEMANTICS.md](SEMANTICS.md) says what the objects
*do*, frame by frame.

**The file** is YAML 1.2:

* It is UTF-8, at most 1 MiB long, with at most 32 levels of nesting.
* Only `true` and `false` are booleans. `on`, `off`, `yes`, `no` and `1:30` are words.
* A comparison needs quotes (`">= 3"`), because `>`, `!` and `=` have a meaning in YAML.
* Anchors and aliases work. Tags (`!x`) and merge keys (`<<`) are refused.

**Units are always written.**

| value | units | examples |
|---|---|---|
| time | `ms`, `s`, `min`, `h` | `300ms`, `1.5s`, `2min` |
| rate | `/s` | `0.25/s` |
| level | `dB` | `-8dB` |
| tempo | `bpm` | `96bpm` |
| frequency | `Hz` | `800Hz` |
| start | `immediate`, `eighth`, `beat`, `bar`, `N bars`, `bar K of N` | `4 bars`, `bar 5 of 8` |

`attack`, `hold`, `min_time`, `cooldown`, `max_wait`, `ramp`, `fade_out` and `fade_in` of a transition, `time` and
`ramp` of a burst, and `for` of a piece may also be written in `beats` or `bars`, such as `2 bars`, `1 beat` or
`0.5 beats`. Times of states and ramps are rounded up to whole frames of 40 ms.

**Names** begin with a letter and consist of `a-z`, `0-9` and `_`. They have at most 64 characters.

**Several files.** `include` adds the content of other rule files:

* Each of them begins with `segue: 1` and may include more, up to 8 deep. A file that is reached twice is read once.
* The content of the main file comes first, then that of each include in the order of the list.
* A layer may be spread over several files: its states are put together. Anything else that is defined twice is a
  mistake, reported at both places.
* Paths are relative to the file that they stand in, with `/` between folders, and may not leave its folder.

**Templates.** `for_each` writes an input, a style, a theme, a layer, a state, a transition row or a stinger out once
for each element of a list:

```yaml
states:
  <region>_battle:
    for_each: {region: {forest: {tempo: 140bpm}, crypt: {tempo: 120bpm}}}
    when: {region: <region>, enemies: ">= 1"}
    mix: {<region>_battle: 1}
    music: {tempo: <region.tempo>}
```

* This is the states `forest_battle` and `crypt_battle`. `<region>` stands for the element and `<region.tempo>` for a
  value that the element has. A placeholder without quotes may stand for a number, a list or a map; one in a longer
  text stands for a part of it.
* A list of names is enough where the elements have no values: `{region: [forest, crypt]}`. Several lists give every
  combination, the last list the fastest, and every list has to be in the name. An anchor keeps a list that several
  templates use.
* A mistake is reported at its place in the template with the element, such as `state "crypt_battle" (region crypt)`;
  one that all copies have is reported once. Everything else sees the states that were written out.
* A template has at most 4 lists and 1024 combinations.

Every input in a condition, style in a mix and trigger of a stinger must be defined in one of the files. All mistakes
are reported together, each with its line and column.

**In an editor.** `segue.schema.json` gives completion and hover texts in every editor with the YAML language server
(VS Code: the YAML extension): begin the file with `# yaml-language-server: $schema=` and the path of the schema.
"""


def reference() -> str:
    """The whole of REFERENCE.md: every object of the language and its fields."""
    return "\n".join([_HEAD, *(_section(table) for table in TABLES)])


def _title(table: type[Table]) -> str:
    return table.title.replace("_", " ").capitalize()


def _link(table: type[Table]) -> str:
    return f"[{table.title.replace('_', ' ')}](#{table.title.replace('_', '-')})"


def _section(table: type[Table]) -> str:
    doc = "\n".join(line.strip() for line in (table.__doc__ or "").strip().splitlines())
    lines = [f"## {_title(table)}", "", doc, ""]
    if table is not FileTable:
        lines += ["```yaml", table.example, "```", ""]
    if table.exactly_one:
        lines += [f"Exactly one of {_words(table.exactly_one)} must be given.", ""]
    lines += ["| field | value | if left out | meaning | example |", "|---|---|---|---|---|"]
    lines += [_row(field) for field in table.fields.values()]
    if table is ConditionTable:
        lines.append('| *an input\'s name* | see above | | What the input must be. | `">= 0.6"` |')
    return "\n".join([*lines, ""])


def _row(field: Field[Any]) -> str:
    left_out = "required" if field.required else f"`{field.default_text}`" if field.default_text else ""
    cells = (f"`{field.name}`", _value(field.kind), left_out, field.doc, f"`{field.example}`")
    return f"| {' | '.join(cells)} |"


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _value(kind: Kind[Any]) -> str:
    """What a field takes, in words and links."""
    if isinstance(kind, Object):
        return _link(kind.table)
    if isinstance(kind, (Tagged, ByField)):
        return " or ".join(_link(table) for table in kind.tables.values())
    if isinstance(kind, ConditionKind):
        return _link(ConditionTable)
    if isinstance(kind, Bound):
        return _link(kind.table)
    if isinstance(kind, Bindable):
        return f"{_value(kind.of)}, or a {_link(kind.table)}"
    if isinstance(kind, MapOf):
        return f"up to {kind.most} {kind.key.what}s: name → {_value(kind.of)}"
    if isinstance(kind, OneOrMore):
        return f"{_value(kind.of)}, or a list of them"
    if isinstance(kind, ListOf):
        return f"list of {kind.least or 'up'} to {kind.most}: {_value(kind.of)}"
    return _plain(kind)


def _plain(kind: Kind[Any]) -> str:
    """What a single value may be, with its bounds."""
    if isinstance(kind, Duration):
        return f"time from {time_text(kind.low)} to {time_text(kind.high)}"
    if isinstance(kind, Number):
        return f"{'whole number' if kind.whole else 'number'} from {number(kind.low)} to {number(kind.high)}"
    if isinstance(kind, Text):
        return f"text of up to {kind.longest} characters"
    if isinstance(kind, Range):
        return "range `[low, high]`"
    if isinstance(kind, FilePath):
        return f"path of {kind.what} ({', '.join('.' + suffix for suffix in kind.suffixes)})"
    return kind.expected.removeprefix("a ").removeprefix("an ")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m segue_rules.schema", description="The schema of rule files.")
    parser.add_argument("--write", action="store_true", help="write the schema and the reference into the source tree")
    if not parser.parse_args(arguments).write:
        sys.stdout.write(schema_text())
        return 0
    for path, text in ((SCHEMA_FILE, schema_text()), (REFERENCE_FILE, reference())):
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
