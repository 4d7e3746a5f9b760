"""The registry of generators: what each one is, needs and obeys, and how it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from segue.extras import missing_text

if TYPE_CHECKING:
    from segue.contract import Generator, StyleEncoder


class GeneratorChain(NamedTuple):
    """A style encoder and the generators that play: the chosen one, then those a session falls back on."""

    encoder: StyleEncoder
    generators: Sequence[Generator[Any]]


@dataclass(frozen=True, kw_only=True)
class BuildOptions:
    """What a caller may choose about a generator.

    Attributes:
        soundfont: An SF2 or SF3 file to play instead of the bundled orchestra.
        note_memory_mib: MiB kept of the sounds of notes; None for what one session needs.
    """

    soundfont: Path | None = None
    note_memory_mib: int | None = None


@dataclass(frozen=True, kw_only=True)
class GeneratorSpec:
    """A generator that commands can choose by name.

    Attributes:
        summary: One line for people.
        controls: The controls of a rule file that it obeys.
        lookahead_s: The least and the greatest lookahead of its sessions, in seconds. The default is a copy of the
            contract's bounds, since this module loads no NumPy.
        extra: The extra of the distribution that it needs; "" if none.
        files: Files it needs, from the package `segue.weights` on.
        missing: What it still lacks to play at all; "" if nothing.
        build: Makes it; None while something is missing.
    """

    name: str
    summary: str
    controls: frozenset[str]
    lookahead_s: tuple[float, float] = (0.2, 30.0)
    extra: str = ""
    files: tuple[str, ...] = ()
    missing: str = ""
    build: Callable[[BuildOptions], GeneratorChain] | None = None

    def problems(self) -> list[str]:
        """Say why it cannot play on this machine: what is missing, and how to get it; empty if it can."""
        found = [self.missing] if self.missing else []
        if self.extra and (text := missing_text(self.extra)):
            found.append(text)
        weights = files("segue") / "weights"
        found += [
            f"lacks the file {weights / name}: install segue again"
            for name in self.files
            if not (weights / name).is_file()
        ]
        return found


def _build_score(options: BuildOptions) -> GeneratorChain:
    from segue.score.generator import ScoreGenerator
    from segue.score.sampler.notes import MEMORY_BYTES
    from segue.score.sampler.sampler import Sampler
    from segue.style.word_table import WordEncoder

    encoder = WordEncoder()
    memory_bytes = MEMORY_BYTES if options.note_memory_mib is None else options.note_memory_mib << 20
    return GeneratorChain(encoder, [ScoreGenerator(Sampler(options.soundfont, memory_bytes=memory_bytes))])


GENERATORS: Final[Mapping[str, GeneratorSpec]] = {
    spec.name: spec
    for spec in (
        GeneratorSpec(
            name="score",
            summary="composes by rule and plays a sampled orchestra",
            controls=frozenset({"tempo", "meter", "key", "drums", "intensity", "temperature", "guidance", "fills"}),
            files=("orchestra/orchestra.sf3", "words/table.safetensors"),
            build=_build_score,
        ),
        GeneratorSpec(
            name="language-model",
            summary="a live music model: codes of a codec, frame by frame",
            controls=frozenset({"tempo", "meter", "key", "drums", "intensity", "temperature", "guidance"}),
            extra="models",
            missing="has no trained weights and no codec yet; 'segue bench lm' measures its speed with made-up weights",
        ),
    )
}
PLAYABLE: Final = tuple(name for name, spec in GENERATORS.items() if spec.build is not None)
"""The names that a command can be given. The first is the default."""


def build(name: str, options: BuildOptions | None = None) -> GeneratorChain:
    """Build a generator with all it needs.

    Args:
        name: One of `PLAYABLE`.
        options: What the caller chooses; None for the defaults.
    Raises:
        ValueError: There is no such generator.
        GeneratorError: It cannot play here: packages or files are missing.
        SoundFontError: The soundfont cannot be used.
    """
    return _playable(name)(options or BuildOptions())


def check_playable(name: str) -> None:
    """Check that a generator can play on this machine, without building it.

    Raises:
        ValueError: There is no such generator.
        GeneratorError: It cannot play here: packages or files are missing.
    """
    _playable(name)


def _playable(name: str) -> Callable[[BuildOptions], GeneratorChain]:
    spec = GENERATORS.get(name)
    if spec is None:
        raise ValueError(f"generator: expected one of {', '.join(PLAYABLE)}, got {name!r}")
    problems = spec.problems()
    if spec.build is None or problems:
        # The contract loads NumPy, which the help of a command does without.
        from segue.contract import GeneratorError

        raise GeneratorError(f"generator {name!r} cannot play: {'; '.join(problems)}")
    return spec.build
