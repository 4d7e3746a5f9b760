"""The type of a named style, and short ways to write one as a row of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple

from segue.style_profile import Ensemble, StyleProfile

Kind = Literal["genre", "scene"]
_FORMS: Final = frozenset({"waltz", "march", "pop ballad", "lullaby", "fanfare", "hymn organ", "funeral march"})


class Roles(NamedTuple):
    """The instruments of each role, the most prominent first, with ", " between them."""

    melody: str = ""
    counter: str = ""
    harmony: str = ""
    bass: str = ""
    texture: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class NamedStyle:
    """A point on the axes of style that has a name. Compared by identity: rows are made once.

    Attributes:
        name: In plain words.
        kind: A "genre" is a way to play: its name in a text decides ensemble, groove and scale. A "scene" is a place or
            a moment of a game, which a genre named beside it overrules.
        names: Words and phrases by which a text names it, as `words.split_text` has them; the name itself is one.
        captions: What a designer would write for it.
        roles: The instruments of each role, with ", " between them.
        axes: The other fields of its profile.
    """

    name: str
    kind: Kind
    names: tuple[str, ...]
    captions: tuple[str, ...]
    roles: Roles
    axes: Mapping[str, Any]

    @property
    def is_form(self) -> bool:
        """Whether any genre can take it ("jazz waltz"): it gives meter and pace, the genre the players."""
        return self.name in _FORMS

    @cached_property
    def profile(self) -> StyleProfile:
        """How it sounds. Made when it is asked for: a text needs some of two hundred."""
        names = ((role, tuple(listed.split(", ")) if listed else ()) for role, listed in self.roles._asdict().items())
        return StyleProfile(ensemble=Ensemble(**dict(names)), **self.axes)


def genre(name: str, names: str, captions: tuple[str, ...], roles: Roles, **axes: Any) -> NamedStyle:
    """Return the row of a genre.

    Args:
        name: See NamedStyle.
        names: Further names, with ", " between them.
        captions: See NamedStyle.
        roles: Instruments by role.
        axes: The other fields of its profile.
    """
    return _row("genre", name, names, captions, roles, axes)


def scene(name: str, names: str, captions: tuple[str, ...], roles: Roles, **axes: Any) -> NamedStyle:
    """Return the row of a scene; arguments as of `genre`."""
    return _row("scene", name, names, captions, roles, axes)


def _row(
    kind: Kind, name: str, names: str, captions: tuple[str, ...], roles: Roles, axes: Mapping[str, Any]
) -> NamedStyle:
    listed = tuple(dict.fromkeys((name.lower().replace("-", " "), *(names.split(", ") if names else ()))))
    return NamedStyle(name=name, kind=kind, names=listed, captions=captions, roles=roles, axes=axes)
