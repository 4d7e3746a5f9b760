"""Kinds of values that only rule files have: the version, paths, conditions, names of layers and states."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from segue_rules.loading.kinds import NAME, Kind, Name, Schema, Word, spelling
from segue_rules.loading.nodes import Node, Scalar, describe
from segue_rules.loading.report import Scope, listing

LANGUAGE_VERSION: Final = 1
LAYER_NAME: Final = Name(what="layer", reserved=("any", "music"))
STATE_NAME: Final = Name(what="state", reserved=("any",))


@dataclass(frozen=True, kw_only=True)
class Version(Kind[float]):
    """The language's version."""

    @property
    def expected(self) -> str:
        return f"language version {LANGUAGE_VERSION}"

    def read(self, node: Node, scope: Scope) -> float | None:
        if isinstance(node, Scalar) and node.value == LANGUAGE_VERSION and not isinstance(node.value, bool):
            return LANGUAGE_VERSION
        scope.expected(self.expected, node, f"{LANGUAGE_VERSION}" if isinstance(node, Scalar) else "")
        return None

    def schema(self) -> Schema:
        return {"const": LANGUAGE_VERSION}


@dataclass(frozen=True, kw_only=True)
class FilePath(Kind[Word]):
    """A path as written; what it leads to is checked by `places`. suffixes: what the file's name may end in."""

    what: str
    suffixes: tuple[str, ...]
    sample: str

    @property
    def expected(self) -> str:
        return f"the path of {self.what} such as {self.sample}"

    def read(self, node: Node, scope: Scope) -> Word | None:
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value.strip():
            scope.expected(self.expected, node)
        elif node.value.rpartition(".")[2].lower() not in self.suffixes:
            endings = listing(f".{suffix}" for suffix in self.suffixes)
            scope.problem(node.mark, f"expected {self.what} ({endings}), got {describe(node)}")
        else:
            return Word(text=node.value, mark=node.mark)
        return None

    def schema(self) -> Schema:
        return spelling(rf"[^\\/][^\\]*\.({'|'.join(self.suffixes)})", self.expected)


@dataclass(frozen=True, kw_only=True)
class Condition(Kind[Node]):
    """A condition, kept as it is: its meaning depends on the inputs of all files."""

    @property
    def expected(self) -> str:
        return 'a condition such as {threat: ">= 0.6"}'

    def read(self, node: Node, scope: Scope) -> Node | None:
        return node

    def schema(self) -> Schema:
        return {"$ref": "#/definitions/condition"}


@dataclass(frozen=True, kw_only=True)
class StatePattern(Kind[Word]):
    """What a transition leaves or enters: `any`, `state`, `layer.state` or `layer.any`."""

    @property
    def expected(self) -> str:
        return "any, a state, layer.state or layer.any"

    def read(self, node: Node, scope: Scope) -> Word | None:
        if isinstance(node, Scalar) and isinstance(node.value, str) and re.fullmatch(rf"{NAME}(\.{NAME})?", node.value):
            return Word(text=node.value, mark=node.mark)
        hint = "any" if isinstance(node, Scalar) and node.text in ("*", "all") else ""
        scope.expected(self.expected, node, hint)
        return None

    def schema(self) -> Schema:
        return spelling(rf"{NAME}(\.{NAME})?", self.expected)


@dataclass(frozen=True, kw_only=True)
class Test(Kind[Node]):
    """What an input is compared with, kept as it is: what fits depends on the input's type."""

    @property
    def expected(self) -> str:
        return 'a comparison such as ">= 0.6"'

    def read(self, node: Node, scope: Scope) -> Node | None:
        return node

    def schema(self) -> Schema:
        single = spelling(rf"((==|!=|<=|>=|<|>)\s*[^\s=<>!].*|{NAME})", self.expected)
        return {"anyOf": [{"type": ["number", "boolean"]}, single]}
