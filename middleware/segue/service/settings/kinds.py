"""Kinds of values that only the service's settings have: addresses, the token, paths, times in whole milliseconds."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

from segue_yaml.kinds import NAME, Kind, Schema, Word, spelling
from segue_yaml.nodes import ListNode, MapNode, Mark, Node, Scalar, describe, quote
from segue_yaml.quantities import Duration, time_text
from segue_yaml.report import Scope

OFF: Final = "off"
WEB_SCHEMES: Final = ("ws", "wss")
NULL_ORIGIN: Final = "null"
"""The origin of sandboxed pages and of pages in files."""
_DEFAULT_PORTS: Final = ("http://:80", "https://:443")
SHORTEST_TOKEN: Final = 16
LONGEST_TOKEN: Final = 255
"""PLAIN sends the length of a password in one byte."""

_HOST: Final = r"\*|\[[0-9A-Fa-f:.]+(?:%[\w.]+)?\]|[A-Za-z0-9_](?:[\w.-]*[A-Za-z0-9_])?"
_HOST_PORT: Final = rf"(?P<host>{_HOST}):(?P<port>\d{{1,5}})"


class Endpoint(NamedTuple):
    """Where a TCP server listens.

    Attributes:
        host: An address, the name of an interface or a host, or "*" for all addresses.
        port: 0 takes any free port.
    """

    host: str
    port: int


def endpoint(text: str) -> Endpoint | None:
    """Parse `HOST:PORT`, without the brackets of IPv6; None if it is not that."""
    match = re.fullmatch(_HOST_PORT, text)
    if match is None or int(match["port"]) > 65_535:
        return None
    host = match["host"]
    if host.startswith("[") or re.fullmatch(r"[\d.]+", host):
        try:
            ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            return None
    return Endpoint(host.strip("[]"), int(match["port"]))


def _numbered(text: str) -> str:
    """Replace `localhost`: the address of a name may change, and with it who reaches the service."""
    return re.sub(r"^localhost(?=:)", "127.0.0.1", text)


def is_private(address: str) -> bool:
    """Return whether only this machine reaches an address: `ipc://…`, or `[SCHEME://]HOST:PORT` on loopback.

    A name or a mapped address counts as public.
    """
    if address.startswith("ipc://"):
        return True
    place = endpoint(address.rpartition("://")[2])
    if place is None:
        return False
    try:
        found = ipaddress.ip_address(place.host)
    except ValueError:
        return False
    return found.is_loopback and getattr(found, "ipv4_mapped", None) is None


@dataclass(frozen=True, kw_only=True)
class ZmqAddress(Kind[str]):
    """Where the service listens for ZMTP."""

    @property
    def expected(self) -> str:
        return "an address such as tcp://127.0.0.1:7723 or ipc:///run/segue.sock"

    def read(self, node: Node, scope: Scope) -> str | None:
        text = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        bare = _numbered(text.removeprefix("tcp://"))
        if text == f"tcp://{bare}" and endpoint(bare):
            return text
        if re.fullmatch(r"ipc://[^\x00-\x1f\x7f]{1,100}", text):
            return text
        hint = f"tcp://{bare}" if endpoint(bare) else f"ipc://{text}" if text.startswith("/") else ""
        scope.expected(self.expected, node, hint)
        return None

    def schema(self) -> Schema:
        return spelling(rf"(tcp://({_HOST}):\d+|ipc://.+)", self.expected)


@dataclass(frozen=True, kw_only=True)
class WebAddress(Kind[str]):
    """Where the service listens for WebSocket."""

    @property
    def expected(self) -> str:
        return "an address such as ws://127.0.0.1:9465 or wss://0.0.0.0:9465"

    def read(self, node: Node, scope: Scope) -> str | None:
        text = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        scheme, _, rest = text.rpartition("://")
        bare = _numbered(rest.rstrip("/"))
        if scheme in WEB_SCHEMES and rest == bare and endpoint(bare):
            return text
        near = scheme if scheme in WEB_SCHEMES else "wss" if scheme in ("https", "tls") else "ws"
        scope.expected(self.expected, node, f"{near}://{bare}" if endpoint(bare) else "")
        return None

    def schema(self) -> Schema:
        return spelling(rf"wss?://({_HOST}):\d+", self.expected)


@dataclass(frozen=True, kw_only=True)
class WebOrigin(Kind[str]):
    """Where a web page comes from, as browsers write it in `Origin`."""

    @property
    def expected(self) -> str:
        return "an origin such as https://play.example.com or http://localhost:8080, or null"

    def read(self, node: Node, scope: Scope) -> str | None:
        text = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        if text and text in (NULL_ORIGIN, _origin(text)):
            return text
        null = isinstance(node, Scalar) and node.value is None
        scope.expected(self.expected, node, f'"{NULL_ORIGIN}"' if null else _origin(text))
        return None

    def schema(self) -> Schema:
        return spelling(rf"({NULL_ORIGIN}|[a-z][a-z0-9+.-]*://[^/?#@\s]+)", self.expected)


def _origin(text: str) -> str:
    """Return the origin of an address as browsers write it: lower case, no path, no default port; "" if it is none."""
    match = re.fullmatch(r"([a-z][a-z0-9+.-]*://)([^/?#@\s]+?)(:\d{1,5})?([/?#].*)?", text.strip(), re.IGNORECASE)
    if match is None:
        return ""
    scheme, host, port = match[1].lower(), match[2].lower(), match[3] or ""
    return f"{scheme}{host}{'' if f'{scheme}{port}' in _DEFAULT_PORTS else port}"


@dataclass(frozen=True, kw_only=True)
class HostPort(Kind[str]):
    """`HOST:PORT`, or `off`."""

    sample: str

    @property
    def expected(self) -> str:
        return f"a host and a port such as {self.sample}, or {OFF}"

    def read(self, node: Node, scope: Scope) -> str | None:
        text = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        bare = _numbered(re.sub(r"^[a-z]+://", "", text).rstrip("/"))
        if text == OFF or (text == bare and endpoint(text)):
            return text
        port = node.text if isinstance(node, Scalar) and re.fullmatch(r"\d{1,5}", node.text) else ""
        hint = bare if endpoint(bare) else f"127.0.0.1:{port}" if port and endpoint(f"127.0.0.1:{port}") else ""
        scope.expected(self.expected, node, hint)
        return None

    def schema(self) -> Schema:
        return spelling(rf"(off|({_HOST}):\d+)", self.expected)


@dataclass(frozen=True, kw_only=True)
class Token(Kind[str]):
    """The service's token. Messages never repeat what was written."""

    @property
    def expected(self) -> str:
        return f"{SHORTEST_TOKEN} to {LONGEST_TOKEN} ASCII characters without spaces"

    def read(self, node: Node, scope: Scope) -> str | None:
        if not isinstance(node, Scalar):
            scope.expected(self.expected, node)
            return None
        text = node.text
        if not SHORTEST_TOKEN <= len(text) <= LONGEST_TOKEN:
            scope.problem(node.mark, f"expected {self.expected}, got {len(text)} characters")
        elif not re.fullmatch(r"[!-~]+", text):
            scope.problem(node.mark, f"expected {self.expected}, got a space or a character that is not ASCII")
        else:
            return text
        return None

    def schema(self) -> Schema:
        return {**spelling(rf"[!-~]{{{SHORTEST_TOKEN},{LONGEST_TOKEN}}}", self.expected), "writeOnly": True}


@dataclass(frozen=True, kw_only=True)
class PathText(Kind[Word]):
    """A path as written.

    Attributes:
        what, sample: What it leads to and an example, for messages.
    """

    what: str
    sample: str

    @property
    def expected(self) -> str:
        return f"the path of {self.what} such as {self.sample}"

    def read(self, node: Node, scope: Scope) -> Word | None:
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.strip() and "\0" not in node.value:
            return Word(text=node.value, mark=node.mark)
        scope.expected(self.expected, node)
        return None

    def schema(self) -> Schema:
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True, kw_only=True)
class Milliseconds(Kind[int]):
    """A time with its unit, in whole milliseconds.

    Attributes:
        low, high: Milliseconds.
    """

    low: int
    high: int

    @property
    def _time(self) -> Duration:
        return Duration(low=Fraction(self.low, 1000), high=Fraction(self.high, 1000))

    @property
    def expected(self) -> str:
        return f"a time from {time_text(Fraction(self.low, 1000))} to {time_text(Fraction(self.high, 1000))}"

    def read(self, node: Node, scope: Scope) -> int | None:
        seconds = self._time.read(node, scope)
        return None if seconds is None else round(seconds * 1000)

    def schema(self) -> Schema:
        return self._time.schema()


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleSource:
    """Where rules are found.

    Attributes:
        name: What clients call them; None for the file's own name.
        path: A file or a folder.
    """

    name: str | None
    path: Word

    @property
    def mark(self) -> Mark:
        return self.path.mark


@dataclass(frozen=True, kw_only=True)
class RuleSources(Kind[tuple[RuleSource, ...]]):
    """Rule files by name, or a list of `FILE`, `NAME=FILE` and folders."""

    most: int
    path: PathText = PathText(what="a rule file or a folder", sample="emberwood.yaml")

    @property
    def expected(self) -> str:
        return "rule files such as {emberwood: music/emberwood.yaml}, or a list of files and folders"

    def read(self, node: Node, scope: Scope) -> tuple[RuleSource, ...] | None:
        if isinstance(node, MapNode):
            named = [(entry.key, entry.mark, entry.value) for entry in node.entries]
        elif isinstance(node, ListNode):
            named = [("", item.mark, item) for item in node.items]
        else:
            named = [("", node.mark, node)]
        if not 1 <= len(named) <= self.most:
            scope.problem(node.mark, f"expected 1 to {self.most} rule files, got {len(named) or describe(node)}")
            return None
        sources = [self._source(name, mark, value, scope) for name, mark, value in named]
        return tuple(source for source in sources if source is not None)

    def _source(self, name: str, mark: Mark, value: Node, scope: Scope) -> RuleSource | None:
        word = self.path.read(value, scope.inside(name) if name else scope)
        if word is None:
            return None
        if not name:
            split = re.fullmatch(rf"({NAME})=(.+)", word.text, re.DOTALL)
            if split is None:
                return RuleSource(name=None, path=word)
            name, word = split[1], Word(text=split[2], mark=word.mark)
        if not re.fullmatch(NAME, name):
            scope.problem(mark, f"expected a name of a-z, 0-9 and _ that begins with a letter, got {quote(name)}")
            return None
        return RuleSource(name=name, path=word)

    def schema(self) -> Schema:
        path = self.path.schema()
        named = {"type": "object", "additionalProperties": path, "maxProperties": self.most}
        return {"anyOf": [path, {"type": "array", "items": path, "maxItems": self.most}, named]}


def resolved(word: Word, folder: Path) -> Path:
    """Return the path that a word leads to from a folder; `~` is the user's home.

    The home of a user that does not exist stays as written, and so is reported as a file that does not exist.
    """
    return folder / os.path.expanduser(word.text)
