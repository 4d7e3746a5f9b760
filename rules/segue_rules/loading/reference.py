"""Writes REFERENCE.md: every object of the rule language and its fields, from the tables that also read them."""

from __future__ import annotations

from typing import Any, Final

from segue_rules.loading.bindings import Bindable
from segue_rules.loading.grammar import TABLES, FileTable
from segue_rules.loading.grammar_inputs import ConditionTable
from segue_rules.loading.rule_kinds import Condition
from segue_yaml.containers import ListOf, MapOf, OneOrMore, Range
from segue_yaml.kinds import Kind, Number, Text, number
from segue_yaml.paths import FilePath
from segue_yaml.quantities import Duration, time_text
from segue_yaml.tables import ByField, Field, Object, Table, Tagged

_HEAD: Final = """\
# Rule reference

<!-- Generated from the grammar by `python -m segue_rules.schema --write`; do not edit. -->

Every object a rule file may hold, with all its fields. What the objects *do*, frame by frame, is in
[SEMANTICS.md](SEMANTICS.md).

A rule file is YAML 1.2: `on`, `off`, `yes`, `no` and `1:30` are words, only `true` and `false` are truth values. A file
is UTF-8, at most 1 MiB, and nests at most 32 levels. Tags (`!x`) and merge keys (`<<`) are refused; anchors and aliases
work. A comparison needs quotes (`">= 3"`), since `>`, `!` and `=` mean something in YAML.

**Units are always written.**

| value | units | examples |
|---|---|---|
| time | `ms`, `s`, `min`, `h` | `300ms`, `1.5s`, `2min` |
| rate | `/s` | `0.25/s` |
| level | `dB` | `-8dB` |
| tempo | `bpm` | `96bpm` |
| start | `immediate`, `beat`, `bar`, `N bars` | `4 bars` |

Times of states and ramps are rounded up to whole frames of 40 ms. **Names** begin with a letter and consist of `a-z`,
`0-9` and `_`, at most 64 of them.

**Several files.** `include` adds the content of other rule files, each of which begins with `segue: 1` and may include
more, up to 8 deep. The main file's content comes first, then each include's in the order of the list; a file reached
twice is read once. A layer may be spread over several files: its states are put together. Anything else that is
defined twice is a mistake, reported at both places. Paths are relative to the file they stand in, with `/` between
folders, and may not leave its folder.

A name in the condition of a state, a style in a mix, a trigger of a stinger must exist in one of the files; whatever
does not is reported with its line and column, together with all other mistakes.

**In an editor.** `segue.schema.json` gives completion and hover texts in every editor with the YAML language server
(VS Code: the YAML extension): begin the file with `# yaml-language-server: $schema=` and the schema's path.
"""


def reference() -> str:
    """The whole of REFERENCE.md."""
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
    if isinstance(kind, Condition):
        return _link(ConditionTable)
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
    """A single value: its kind and bounds."""
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
