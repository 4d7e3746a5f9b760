"""Templates: what has a `for_each` is written out once for each of its elements, before anything else is read.

A template is an entry of a section (or a transition row) with a `for_each`. Its copies have the places of the template,
so a mistake in it is reported there, with the element; a value that an element gives keeps its own place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from itertools import product
from operator import mul
from typing import Final

from segue_rules.loading.for_each import FOR_EACH, PLACEHOLDER, Element, ElementList
from segue_rules.loading.limits import MOST_COPIES
from segue_yaml.core_schema import NumberError, resolve_plain
from segue_yaml.document import MOST_NODES
from segue_yaml.nodes import Entry, ListNode, MapNode, Mark, Node, Scalar, describe, quote
from segue_yaml.report import Report, Scope, did_you_mean, listing

_SECTIONS: Final = {
    "inputs": "input",
    "styles": "style",
    "themes": "theme",
    "clips": "clip",
    "layers": "layer",
    "stingers": "stinger",
}
"""Sections of named things that may be templates, and what messages call one of them."""


class _TooLargeError(Exception):
    """The templates of a file make more values than a file may have."""


def expand(node: Node, report: Report) -> Node:
    """Return a rule file with all its templates written out.

    A template with a mistake in its `for_each` is left out, and the report is partial: what it would define is unknown.
    """
    if not isinstance(node, MapNode):
        return node
    expander = _Expander(report)
    try:
        entries = tuple([expander.section(entry) for entry in node.entries])
        report.closed |= expander.wrong
        return replace(node, entries=entries)
    except _TooLargeError:
        report.partial = True
        text = f"expected at most {MOST_NODES} values in a file, got more with its templates written out"
        report.scope().problem(node.mark, text)
        return replace(node, entries=tuple(entry for entry in node.entries if not _holds_template(entry.value)))


class _Expander:
    """Writes out the templates of one file.

    Attributes:
        wrong: The places of placeholders that stand for nothing.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._size = 0
        self.wrong: set[Mark] = set()

    def section(self, entry: Entry) -> Entry:
        """A section of the file with its templates written out."""
        value = entry.value
        if entry.key == "transitions" and isinstance(value, ListNode):
            return replace(entry, value=self._rows(value))
        if entry.key not in _SECTIONS or not isinstance(value, MapNode):
            return entry
        named = self._named(value, self._report.scope(), _SECTIONS[entry.key])
        if entry.key == "layers":
            named = replace(named, entries=tuple([self._layer(layer) for layer in named.entries]))
        return replace(entry, value=named)

    def _layer(self, layer: Entry) -> Entry:
        if not isinstance(layer.value, MapNode):
            return layer
        scope = self._report.scope(f'layer "{layer.key}"{layer.note}')
        entries = [
            replace(part, value=self._named(part.value, scope, "state"))
            if part.key == "states" and isinstance(part.value, MapNode)
            else part
            for part in layer.value.entries
        ]
        return replace(layer, value=replace(layer.value, entries=tuple(entries)))

    def _named(self, node: MapNode, scope: Scope, what: str) -> MapNode:
        """Named things of a section. No name comes twice."""
        if not any(_for_each(entry.value) or re.search(PLACEHOLDER, entry.key) for entry in node.entries):
            return node
        made: dict[str, Entry] = {}
        templates: dict[str, Entry] = {}
        for entry in node.entries:
            inside = scope.inside(f'{what} "{entry.key}"')
            placeholder = re.search(PLACEHOLDER, entry.key)
            if placeholder and _for_each(entry.value) is None:
                if entry.mark not in self.wrong:
                    text = f"expected a for_each with the list '{placeholder[1]}', for which {placeholder[0]} stands"
                    inside.problem(entry.mark, f"{text}, got none")
                self._report.partial = True
                continue
            for copy in self._copies_of(entry, inside):
                first = made.get(copy.key)
                if first is None:
                    made[copy.key], templates[copy.key] = copy, entry
                elif copy.mark in self.wrong:
                    break
                elif templates[copy.key] is entry:
                    lists = [each for each in _names_of(entry.value) if f"<{each}>" not in entry.key]
                    text = f"expected {listing([f'<{each}>' for each in lists] or ['all lists'], 'and')} in the name"
                    inside.problem(entry.mark, f"{text}, got {quote(copy.key)} for several elements")
                    break
                else:
                    inside.problem(copy.mark, f"{quote(copy.key)} is defined twice; first at {first.mark}")
        return replace(node, entries=tuple(made.values()))

    def _copies_of(self, entry: Entry, scope: Scope) -> Iterator[Entry]:
        """The copies of a template, or the entry itself."""
        for note, key, value in self._copies(entry.key, entry.mark, entry.value, scope):
            yield Entry(key=key, mark=entry.mark, value=value, note=note)

    def _rows(self, node: ListNode) -> ListNode:
        if not any(_for_each(item) for item in node.items):
            return node
        items: list[Node] = []
        labels: list[str] = []
        for position, item in enumerate(node.items, start=1):
            scope = self._report.scope(f"transition {position}")
            for note, _, value in self._copies("", item.mark, item, scope):
                items.append(value)
                labels.append(f"{position}{note}")
        return replace(node, items=tuple(items), labels=tuple(labels))

    def _copies(self, key: str, mark: Mark, node: Node, scope: Scope) -> Iterator[tuple[str, str, Node]]:
        """Each copy with what messages add to its name, and its name."""
        given = _for_each(node)
        if given is None:
            yield "", key, node
            return
        assert isinstance(node, MapNode)
        lists = FOR_EACH.kind.read(given.value, scope.inside(given.key))
        if lists is None or not self._fits(lists, given, scope):
            self._report.partial = True
            return
        template = replace(node, entries=tuple(entry for entry in node.entries if entry is not given))
        for elements in product(*(each.elements for each in lists)):
            copier = _Copier(lists, elements, scope)
            value = copier.node(template, frozenset())
            name = copier.text(key, mark, frozenset())
            self._report.partial |= mark in copier.wrong
            self.wrong |= copier.wrong
            self._size += copier.size
            if self._size > MOST_NODES:
                raise _TooLargeError
            yield copier.note, name, value

    @staticmethod
    def _fits(lists: tuple[ElementList, ...], given: Entry, scope: Scope) -> bool:
        count = reduce(mul, (len(each.elements) for each in lists))
        if count > MOST_COPIES:
            scope.inside(given.key).problem(
                given.value.mark, f"expected at most {MOST_COPIES} combinations of elements, got {count}"
            )
        return count <= MOST_COPIES


@dataclass(kw_only=True)
class _Known:
    """What stands for an element: the names of all values that any element of its list has."""

    element: Element
    values: frozenset[str]


class _Copier:
    """Makes one copy of a template.

    Attributes:
        size: The values that it has made.
        wrong: Places of wrong placeholders.
    """

    def __init__(self, lists: tuple[ElementList, ...], elements: tuple[Element, ...], scope: Scope) -> None:
        self._scope = scope
        self._known: Mapping[str, _Known] = {
            each.name: _Known(
                element=element, values=frozenset(name for other in each.elements for name in other.values)
            )
            for each, element in zip(lists, elements, strict=True)
        }
        named = (f"{each.name} {quote(element.name.text)[1:-1]}" for each, element in zip(lists, elements, strict=True))
        self.note = f" ({', '.join(named)})"
        self.size = 0
        self.wrong: set[Mark] = set()

    def node(self, node: Node, inner: frozenset[str], path: tuple[str, ...] = ()) -> Node:
        """A copy of a node.

        Args:
            inner: The lists of templates within this one, whose placeholders stay.
            path: The keys that lead to the node from the template.
        """
        if isinstance(node, Scalar):
            return self._scalar(node, inner)
        self.size += 1
        if isinstance(node, ListNode):
            return replace(node, items=tuple([self.node(item, inner | _inner_lists(item)) for item in node.items]))
        entries: dict[str, Entry] = {}
        for entry in node.entries:
            lists = _inner_lists(entry.value)
            # Elsewhere no template may stand, which the reader of that place says.
            for taken in sorted(lists & self._known.keys()) if path == ("states",) else ():
                text = f"the name '{taken}' is that of a list of the for_each around it; give this list another name"
                self._scope.problem(entry.mark, text)
            within = inner | lists
            key = self.text(entry.key, entry.mark, within)
            if key in entries:
                self._scope.problem(entry.mark, f"duplicate key {quote(key)}; first at {entries[key].mark}")
            entries[key] = replace(entry, key=key, value=self.node(entry.value, within, (*path, entry.key)))
        return replace(node, entries=tuple(entries.values()))

    def text(self, text: str, mark: Mark, inner: frozenset[str]) -> str:
        """A text with its placeholders replaced."""

        def replaced(match: re.Match[str]) -> str:
            value = self._value(match, mark, inner)
            if value is None:
                return match[0]
            if isinstance(value, Scalar):
                return value.text
            self._refuse(mark, f"{quote(match[0])} is {describe(value)}, which cannot be a part of a text")
            return match[0]

        return re.sub(PLACEHOLDER, replaced, text)

    def _scalar(self, node: Scalar, inner: frozenset[str]) -> Node:
        self.size += 1
        if not isinstance(node.value, str) or "<" not in node.text:
            return node
        whole = re.fullmatch(PLACEHOLDER, node.text) if not node.quoted else None
        if whole is not None:
            value = self._value(whole, node.mark, inner)
            if value is None:
                return node
            self.size += _size(value)
            # A name belongs to the template; a value has a place of its own, where it is put right.
            return value if whole[2] is not None else replace(value, mark=node.mark)
        text = self.text(node.text, node.mark, inner)
        if node.quoted or text == node.text:
            return replace(node, value=text, text=text)
        try:
            return Scalar(mark=node.mark, value=resolve_plain(text), text=text)
        except NumberError as error:
            self._scope.problem(node.mark, f"{error}, got {quote(text)}")
            return Scalar(mark=node.mark, value=text, text=text)

    def _value(self, match: re.Match[str], mark: Mark, inner: frozenset[str]) -> Node | None:
        """What stands for a placeholder; None for one of a template within, and once it is reported as unknown."""
        name, part = match.groups()
        if name in inner:
            return None
        known = self._known.get(name)
        if known is None:
            lists = listing([f"<{each}>" for each in self._known], "and")
            text = f"unknown placeholder '<{name}>'{did_you_mean(name, self._known) or f'; there is {lists}'}"
            self._refuse(mark, text)
            return None
        if part is None:
            return known.element.name
        if part in known.element.values:
            return known.element.values[part]
        if part in known.values:
            self._refuse(mark, f"the element {quote(known.element.name.text)} of {name} has no value '{part}'")
        else:
            text = f"no element of {name} has a value '{part}'{did_you_mean(part, sorted(known.values))}"
            self._refuse(mark, text)
        return None

    def _refuse(self, mark: Mark, text: str) -> None:
        """Report a placeholder that stands for nothing."""
        self._scope.problem(mark, text)
        self.wrong.add(mark)


def _for_each(node: Node) -> Entry | None:
    """The `for_each` of a template; None for anything else."""
    if not isinstance(node, MapNode):
        return None
    return next((entry for entry in node.entries if entry.key == FOR_EACH.name), None)


def _names_of(node: Node) -> list[str]:
    """The names of the lists of a template."""
    given = _for_each(node)
    return [entry.key for entry in given.value.entries] if given and isinstance(given.value, MapNode) else []


def _inner_lists(node: Node) -> frozenset[str]:
    return frozenset(_names_of(node))


def _holds_template(node: Node) -> bool:
    """Whether a node has a template somewhere in it."""
    if isinstance(node, MapNode):
        return _for_each(node) is not None or any(_holds_template(entry.value) for entry in node.entries)
    return isinstance(node, ListNode) and any(map(_holds_template, node.items))


def _size(node: Node) -> int:
    if isinstance(node, MapNode):
        return 1 + sum(1 + _size(entry.value) for entry in node.entries)
    return 1 + sum(map(_size, node.items)) if isinstance(node, ListNode) else 1
