"""The type of a named style, and short ways to write one as a row of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from segue.style_profile import Ensemble, StyleProfile

Kind = Literal["genre", "scene"]


@dataclass(frozen=True, kw_only=True)
class NamedStyle:
    """A point on the axes of style that has a name.

    Attributes:
        name: In plain words.
        kind: A "genre" is a way to play: its name in a text decides ensemble, groove and scale. A "scene" is a place or
            a moment of a game, which a genre named beside it overrules.
        names: Words and phrases by which a text names it, as `words.split_text` has them; the name itself is one.
        captions: What a designer would write for it.
        profile: How it sounds.
    """

    name: str
    kind: Kind
    names: tuple[str, ...]
    captions: tuple[str, ...]
    profile: StyleProfile


def genre(name: str, names: str, captions: tuple[str, ...], ensemble: Ensemble, **axes: Any) -> NamedStyle:
    """Return the row of a genre.

    Args:
        name: See NamedStyle.
        names: Further names, with ", " between them.
        captions: See NamedStyle.
        ensemble: Instruments by role.
        axes: The other fields of its profile.
    """
    return _row("genre", name, names, captions, ensemble, axes)


def scene(name: str, names: str, captions: tuple[str, ...], ensemble: Ensemble, **axes: Any) -> NamedStyle:
    """Return the row of a scene; arguments as of `genre`."""
    return _row("scene", name, names, captions, ensemble, axes)


def players(melody: str = "", counter: str = "", harmony: str = "", bass: str = "", texture: str = "") -> Ensemble:
    """Return an ensemble; each role's instruments with ", " between them."""
    roles = {"melody": melody, "counter": counter, "harmony": harmony, "bass": bass, "texture": texture}
    return Ensemble(**{role: tuple(listed.split(", ")) if listed else () for role, listed in roles.items()})


def _row(
    kind: Kind, name: str, names: str, captions: tuple[str, ...], ensemble: Ensemble, axes: dict[str, Any]
) -> NamedStyle:
    return NamedStyle(
        name=name,
        kind=kind,
        names=tuple(dict.fromkeys((name, *(names.split(", ") if names else ())))),
        captions=captions,
        profile=StyleProfile(ensemble=ensemble, **axes),
    )
