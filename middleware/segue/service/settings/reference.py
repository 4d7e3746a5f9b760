"""Writes CONFIG.md: all settings of the service, from the table that they are read with.

python -m segue.service.settings.reference            # print it
python -m segue.service.settings.reference --write    # write it into the source tree
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from segue.service.log_file import LOG_FILE_MIB, OLD_LOG_FILES
from segue.service.settings.kinds import (
    HostPort,
    Milliseconds,
    PathText,
    RuleSources,
    Token,
    WebAddress,
    WebOrigin,
    ZmqAddress,
)
from segue.service.settings.sources import CONFIG_VARIABLE
from segue.service.settings.table import Settings, flag_of, variable_of
from segue_yaml.containers import OneOrMore
from segue_yaml.kinds import Boolean, Choice, Kind, Number, Text, number
from segue_yaml.tables import Field

PAGE: Final = Path(__file__).parents[1] / "CONFIG.md"

# Of all log files together.
_LOG_MIB: Final = LOG_FILE_MIB * (OLD_LOG_FILES + 1)

_HEAD: Final = f"""\
# Settings of the service

<!-- Generated from the table of settings by `python -m segue.service.settings.reference --write`; do not edit. -->

The command line wins over the environment, the environment over a YAML file (`--config FILE` or
`{CONFIG_VARIABLE}`), and the file over the defaults. All mistakes in all of them are reported at once, each with its
place:

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

* The file is YAML 1.2, like rule files: times have a unit (`4s`, `30min`), and `off` and `on` are texts.
* In the environment the items of a list are separated by commas; on the command line the flag is repeated. An empty
  variable counts as not set. A variable `SEGUE_…` that is no setting causes a warning.
* Paths in the file are relative to its folder, others to the current one. `~` is your home folder.
* Rule files are written as `FILE`, `NAME=FILE` or a folder; in the file also as a map of names. The default name is the
  file's own, without its extension. Of a folder all rule files are served except those that others include.
* TLS, and an address that other machines reach, need a token; without one the service does not start. For such an
  address without TLS it warns. Every user of this machine can read `--token` in the list of processes; `token_file`
  prevents that.
* WebSocket: a web page on any site can open a connection to this machine, so the service accepts only pages of this
  machine and of `web_origin`. `null` is the origin of pages in files and sandboxes. With a token, clients send it in
  `hello`. Other machines can connect only through `wss`.
* Boolean settings are written as `--reload` and `--no-reload`, and as `true` and `false` elsewhere.

## Several processes

`segue serve music/ --workers 8 --max-sessions 64` runs the service as nine processes behind the same addresses, and one
more that waits. The one that is started, the *edge*, holds the connections: TLS, handshakes, tokens, limits. Each
*worker* plays a share of the sessions, and music passes through the edge unread.

* **When.** A game that starts its own service needs none. For more sessions than about 25, or where the loss of a
  process must not be heard, take one worker for each core, and about 6 of `max_sessions` for each.
* **Where.** On Linux and macOS, with the composer. [Files](../../deploy) for Docker, systemd and Kubernetes.
* **A worker that ends or hangs** (2 s without an answer) is replaced by the spare one. Its clients say hello again over
  the connection that they have, and their music goes on from the resume cell of the last chunk, as after a restart of
  the service. Give them a buffer for it: `--lookahead 4s` or more.
* **One service.** `max_sessions`, `note_memory` and `max_record_mib` are of all workers together, in equal shares.
  `/metrics` has the sums, `segue_workers` by state and `segue_lost_workers_total` by reason; `/readyz` fails while no
  worker plays. Edited rule files are loaded by the edge once, and all workers get the same. The log is one; what a
  worker logs has its number. Recordings are in one folder.
* **The end.** SIGTERM, Ctrl-C or SIGHUP to the edge drain all of them. Workers ignore these signals. When the edge is
  killed, they end as well.

## Started by another program

A game engine or an editor starts the service like this:

```sh
segue serve music/ --bind tcp://127.0.0.1:0 --exit-with-stdin --ready-format json --log-file segue.log
```

* **Port 0** takes any free port, also of `web_bind`, `tls_bind` and `http_bind`; the ready line names
  it.
* **`--exit-with-stdin`**: the service ends in order, as on SIGTERM, when its standard input closes. Give it a pipe and
  keep your end open: the system closes it however your program ends. What you write to it is ignored. Anything but a
  pipe or a socket is refused.
* **`--ready-format json`**: standard output gets one line, a JSON object, once clients may connect. A later version may
  add fields. The service does not need a reader of its standard output after that.
* **`--log-file FILE`**: the log goes there, and standard error gets only what prevents a start. The file and its
  folder are made if they do not exist. At {LOG_FILE_MIB} MiB the file is renamed to `FILE.1`. {OLD_LOG_FILES} old files
  are kept, so that all take at most {_LOG_MIB} MiB. Each service needs a file of its own. Lines that a full disk cannot
  take are dropped and counted; the music continues. A file or a folder that was removed is made again.

The ready line, here with line breaks:

```json
{{
  "ready": true,
  "addresses": ["tcp://127.0.0.1:40123"],
  "web": ["ws://127.0.0.1:40124"],
  "health": "http://127.0.0.1:40125",
  "pid": 4711,
  "version": "0.1.0",
  "protocol": [1],
  "rules": {{"emberwood": {{"title": "Emberwood", "path": "/games/music/emberwood.yaml", "default": true}}}}
}}
```

`addresses` has the addresses of `bind` and `tls_bind`, `web` those of `web_bind`; `health` is that of `http_bind`, or
`null`. `protocol` lists the versions of the protocol that the service speaks. `rules` has every rule file by the
name that clients ask for.

If the start fails, the line is `{{"ready": false, "error": "…"}}`. The mistakes in it are separated by line feeds;
standard error has the same text, and the exit code is 2. If the service was stopped before it was ready, the exit code
is 0. No line at all means that the command line is wrong (exit code 2), or that a signal ended the start.

## All settings

"""


def page() -> str:
    """Return the text of CONFIG.md."""
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
    """Return in a few words what a setting takes."""
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
        case WebAddress():
            return "`ws://HOST:PORT` or `wss://HOST:PORT`"
        case WebOrigin():
            return "`https://HOST` or another origin, or `null`"
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
