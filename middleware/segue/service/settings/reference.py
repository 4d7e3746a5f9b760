"""Writes CONFIG.md: every setting of the service, from the table that also reads them.

python -m segue.service.settings.reference            # print it
python -m segue.service.settings.reference --write    # write it into the source tree
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from segue.service.settings.kinds import HostPort, Milliseconds, PathText, RuleSources, Token, ZmqAddress
from segue.service.settings.sources import CONFIG_VARIABLE
from segue.service.settings.table import Settings, flag_of, variable_of
from segue_yaml.containers import OneOrMore
from segue_yaml.kinds import Boolean, Choice, Kind, Number, Text, number
from segue_yaml.tables import Field

PAGE: Final = Path(__file__).parents[1] / "CONFIG.md"

_HEAD: Final = f"""\
# Settings of the service

<!-- Generated from the table of settings by `python -m segue.service.settings.reference --write`; do not edit. -->

A setting is taken from the command line, else from the environment, else from a YAML file (`--config FILE` or
`{CONFIG_VARIABLE}`), else it has its default. All mistakes of all three are told in one run, each with its place:

```text
service.yaml:3:15: max_sessions: expected a whole number from 1 to 1024, got 'many'
service.yaml:4:1: unknown field 'lookahed'; did you mean 'lookahead'?
SEGUE_STALL: expected a time of at least 100ms such as 300ms or 4s, got '3'; did you mean 3s?
```

```yaml
# service.yaml
bind: [tcp://127.0.0.1:7723]
rules: [music/]               # every rule file in the folder, by its name
default_rules: emberwood
http_bind: 127.0.0.1:7725
log_format: json
```

* The file is YAML 1.2, as rule files are: units are written (`4s`, `30min`), `off` and `on` are words.
* Lists in the environment are separated by commas, on the command line the flag is repeated. An empty variable is not
  set. A variable `SEGUE_…` that is no setting is warned of.
* Paths in the file count from its folder, others from the present one. `~` is your home.
* Rule files: `FILE`, `NAME=FILE` or a folder; in the file also a map of names. Without a name a file goes by its own,
  without the extension. Of a folder all are taken but those that others include.
* An address beyond loopback and ipc needs a token, or the service does not start; so does TLS. Without TLS it warns.
  Whoever is on this machine can read `--token` in the list of processes: use `token_file`.
* Boolean values: `--reload` and `--no-reload`; `true` and `false` elsewhere.

"""


def page() -> str:
    """The whole of CONFIG.md."""
    lines = ["| in the file | command line | environment | value | default | meaning |", "|---|---|---|---|---|---|"]
    return _HEAD + "\n".join([*lines, *map(_row, Settings.fields.values())]) + "\n"


def _row(setting: Field[Any]) -> str:
    flag = flag_of(setting)
    if isinstance(setting.kind, Boolean):
        flag = f"{flag}`, `--no-{setting.name}"
    default = f"`{setting.default_text}`" if setting.default_text is not None else ""
    cells = (f"`{setting.name}`", f"`{flag}`", f"`{variable_of(setting)}`", _value(setting.kind), default, setting.doc)
    return f"| {' | '.join(cells)} |"


def _value(kind: Kind[Any]) -> str:
    """What a setting takes, in a few words."""
    match kind:
        case OneOrMore():
            return f"{_value(kind.of)}, up to {kind.many.most}"
        case Number():
            return f"whole number from {number(kind.low)} to {number(kind.high)}"
        case Text():
            return "name"
        case Choice():
            return ", ".join(f"`{word}`" for word in kind.words)
        case HostPort():
            return f"host and port such as `{kind.sample}`, or `off`"
        case PathText():
            return f"path of {kind.what}"
        case RuleSources():
            return f"up to {kind.most} rule files"
        case ZmqAddress():
            return "`tcp://HOST:PORT` or `ipc://PATH`"
        case Milliseconds() | Token() | Boolean():
            return kind.expected.removeprefix("a ")
    return kind.expected


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m segue.service.settings.reference", description="The page of settings."
    )
    parser.add_argument("--write", action="store_true", help="write the page into the source tree")
    if parser.parse_args(arguments).write:
        PAGE.write_text(page(), encoding="utf-8", newline="\n")
        print(f"wrote {PAGE}")
    else:
        sys.stdout.write(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
