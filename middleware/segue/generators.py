"""The registry of generators: what each one is, needs and obeys, and how it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from segue.extras import missing_text
from segue.model_files import MODELS, RANDOM, folder_problem, missing_files, weights_problem
from segue.model_files import missing_text as missing_files_text

if TYPE_CHECKING:
    from segue.contract import Generator, Samples, StyleEncoder


class GeneratorChain(NamedTuple):
    """Style encoders and the generators that play: the chosen one, then those a session falls back on.

    Attributes:
        encoders: One for each `encoder` that a generator names, or any one where none names any.
        warnings: What whoever listens must know.
    """

    encoders: Sequence[StyleEncoder]
    generators: Sequence[Generator[Any]]
    warnings: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class BuildOptions:
    """What a caller may choose about a generator.

    Attributes:
        soundfont: An SF2 or SF3 file to play instead of the bundled orchestra.
        note_memory_mib: MiB kept of the sounds of notes; None for what one session needs.
        weights: A file of weights, or RANDOM for made-up ones; "" for the generator's own.
        continue_from: A sound file that each session continues: its last ten seconds or more are what comes before
            the first frame. None for nothing.
    """

    soundfont: Path | None = None
    note_memory_mib: int | None = None
    weights: str = ""
    continue_from: Path | None = None


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
        model: Its files in `segue.model_files.MODELS`, which do not come with Segue; "" if it needs none.
        exact_beats: Whether beats sound where the tempo map says.
        notes: Whether it knows its notes, and so has stems and MIDI.
        missing: What it still lacks to play at all; "" if nothing.
        build: Makes it; None while something is missing.
    """

    name: str
    summary: str
    controls: frozenset[str]
    lookahead_s: tuple[float, float] = (0.2, 30.0)
    extra: str = ""
    files: tuple[str, ...] = ()
    model: str = ""
    exact_beats: bool = False
    notes: bool = False
    missing: str = ""
    build: Callable[[BuildOptions], GeneratorChain] | None = None

    def problems(self, weights: str = "", *, continues: bool = False) -> list[str]:
        """Say why it cannot play on this machine: what is missing, and how to get it; empty if it can.

        Args:
            weights: As in `BuildOptions`.
            continues: Whether it is to continue a recording.
        """
        found = [self.missing] if self.missing else []
        # Made-up weights need no encoder of styles.
        extra = "models" if self.model and weights == RANDOM else self.extra
        if extra and (text := missing_text(extra)):
            found.append(text)
        if self.model:
            found += [text for text in (weights_problem(weights),) if text]
            if absent := missing_files(self.model, weights, continues=continues):
                found.append(folder_problem() or missing_files_text(self.model, absent))
        folder = files("segue") / "weights"
        found += [
            f"lacks the file {folder / name}: install segue again"
            for name in self.files
            if not (folder / name).is_file()
        ]
        return found


def _build_score(options: BuildOptions) -> GeneratorChain:
    from segue.score.generator import ScoreGenerator
    from segue.score.sampler.notes import MEMORY_BYTES
    from segue.score.sampler.sampler import Sampler
    from segue.style.word_table import WordEncoder

    memory_bytes = MEMORY_BYTES if options.note_memory_mib is None else options.note_memory_mib << 20
    return GeneratorChain([WordEncoder()], [ScoreGenerator(Sampler(options.soundfont, memory_bytes=memory_bytes))])


def _released_builder(name: str) -> Callable[[BuildOptions], GeneratorChain]:
    def build_released(options: BuildOptions) -> GeneratorChain:
        from segue.contract import GeneratorError
        from segue.model.checkpoint import CheckpointError

        if name.startswith("mrt1"):
            from segue.model.mrt1.parts import noise_model, released_model
        else:
            from segue.model.mrt2_parts import noise_model, released_model

        recording = None if options.continue_from is None else _recording(options.continue_from)
        try:
            if options.weights == RANDOM:
                model = noise_model(name, recording=recording)
            else:
                weights = Path(options.weights) if options.weights else None
                model = released_model(name, weights, recording=recording)
        except CheckpointError as error:
            raise GeneratorError(f"generator {name!r} cannot play: {error}") from error
        # A session falls back on the composer.
        composer = _build_score(options)
        warnings = [f"{model.generator.name} has made-up weights: it plays noise, not music"]
        return GeneratorChain(
            [model.encoder, *composer.encoders],
            [model.generator, *composer.generators],
            warnings if options.weights == RANDOM else (),
        )

    return build_released


def _recording(path: Path) -> Samples:
    """Return the sound of a recording that is to be continued."""
    from segue.audio.files import AudioFileError, read_audio
    from segue.contract import FRAME_SIZE, GeneratorError

    try:
        samples = read_audio(path)
    except AudioFileError as error:
        raise GeneratorError(f"recording to continue: {error}") from error
    if len(samples) < FRAME_SIZE:
        raise GeneratorError(f"recording to continue: {path}: expected at least 40 ms of sound, got less")
    return samples


_MRT1_CONTROLS: Final = frozenset({"temperature", "guidance"})
_MRT2_CONTROLS: Final = frozenset({"drums", "temperature", "guidance"})

GENERATORS: Final[Mapping[str, GeneratorSpec]] = {
    spec.name: spec
    for spec in (
        GeneratorSpec(
            name="score",
            summary="composes by rule and plays a sampled orchestra",
            controls=frozenset({"tempo", "meter", "key", "drums", "intensity", "temperature", "guidance", "fills"}),
            files=("orchestra/orchestra.sf3", "words/table.safetensors", "tower/tower.safetensors"),
            exact_beats=True,
            notes=True,
            build=_build_score,
        ),
        GeneratorSpec(
            name="mrt2_small",
            summary="Magenta RealTime 2, small: Google's weights play any style; slower than real time on few cores",
            controls=_MRT2_CONTROLS,
            extra="mrt2",
            model="mrt2_small",
            build=_released_builder("mrt2_small"),
        ),
        GeneratorSpec(
            name="mrt2_base",
            summary="Magenta RealTime 2, base: ten times as large as mrt2_small, for a GPU",
            controls=_MRT2_CONTROLS,
            extra="mrt2",
            model="mrt2_base",
            build=_released_builder("mrt2_base"),
        ),
        GeneratorSpec(
            name="mrt1_base",
            summary="Magenta RealTime 1, base: Google's first model, which hears its last ten seconds; for a GPU",
            controls=_MRT1_CONTROLS,
            extra="mrt2",
            model="mrt1_base",
            build=_released_builder("mrt1_base"),
        ),
        GeneratorSpec(
            name="mrt1_large",
            summary="Magenta RealTime 1, large: twice as large as mrt1_base, for a GPU",
            controls=_MRT1_CONTROLS,
            extra="mrt2",
            model="mrt1_large",
            build=_released_builder("mrt1_large"),
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
    options = options or BuildOptions()
    return _playable(name, options.weights, options.continue_from)(options)


def check_playable(name: str, weights: str = "", continue_from: Path | None = None) -> None:
    """Check that a generator can play on this machine, without building it.

    Args:
        name: One of `PLAYABLE`.
        weights, continue_from: As in `BuildOptions`.
    Raises:
        ValueError: There is no such generator.
        GeneratorError: It cannot play here: packages or files are missing.
    """
    _playable(name, weights, continue_from)


def _playable(name: str, weights: str, continue_from: Path | None) -> Callable[[BuildOptions], GeneratorChain]:
    spec = GENERATORS.get(name)
    if spec is None:
        raise ValueError(f"generator: expected one of {', '.join(PLAYABLE)}, got {name!r}")
    problems = spec.problems(weights, continues=continue_from is not None)
    if weights and not spec.model:
        problems.append(f"it takes no weights, got {weights!r}; {', '.join(MODELS)} do")
    if continue_from is not None and not spec.model:
        problems.append(f"it continues no recording, got {str(continue_from)!r}; {', '.join(MODELS)} do")
    if spec.build is None or problems:
        # The contract loads NumPy, which the help of a command does without.
        from segue.contract import GeneratorError

        raise GeneratorError(f"generator {name!r} cannot play: {'; '.join(problems)}")
    return spec.build
