"""What `segue preview` is asked for, as data: checked when it is made, before anything is loaded or written."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from segue.extras import missing_text
from segue.file_kinds import script_beside
from segue.generators import GENERATORS, PLAYABLE
from segue.render.file_checks import NamedFile, check_outputs, files_of
from segue_rules.model import Rules

LOOKAHEAD_S: Final = 4.0
GENERATION_FACTOR: Final = 0.1
FAMILIES: Final = ("drums", "bass", "harmony", "melody", "texture")
CLIP_STEM: Final = "clips"
"""The families of instruments, each a stem: a copy of the contract's, which needs NumPy."""

# A field, one that leaves it without effect, and why. A recording holds what was sent, when, and for how long.
_WITHOUT_EFFECT: Final = (
    ("stems", "live", "stems are written of what is rendered straight"),
    ("stems", "recording", "stems are written of what is rendered straight"),
    ("events", "no_events", "choose one"),
    ("events", "recording", "the recording holds its events"),
    ("no_events", "recording", "the recording holds its events"),
    ("seed", "recording", "the recording holds its seed"),
    ("duration_s", "recording", "the recording holds its length"),
    ("live", "recording", "the recording holds what was heard when"),
    ("record", "recording", "it is a recording already; copy it"),
)
_LIVE_ONLY: Final = ("lookahead_s", "generation")


class RequestError(ValueError):
    """A request that contradicts itself, or that this installation cannot fulfil."""


@dataclass(frozen=True, kw_only=True)
class PreviewRequest:
    """Files to render and files to write. Messages name a field as the command's flag does: `--lookahead`.

    Attributes:
        rules: The rule file.
        output: The sound file to write: WAV, FLAC or Ogg by its extension.
        events: The event script; None for NAME.events.yaml beside the rules, if there is one.
        no_events: Play no events, even if there is a script beside the rules.
        duration_s: Seconds to render; None for 12 s after the last event, or 60 s without events.
        seed: None for the rule file's.
        generator: A name of `segue.generators.PLAYABLE`.
        weights: As in `segue.generators.BuildOptions`; None for the generator's own.
        continue_from: As in `segue.generators.BuildOptions`.
        soundfont: An SF2 or SF3 file to play instead of the bundled orchestra.
        live: Simulate a game with a buffer, generation times and a latency.
        lookahead_s: Of the simulated game: seconds buffered ahead; None for 4.
        generation: Of the simulated service: seconds that making a second of music takes; None for 0.1.
        recording: Play this recorded session instead of events.
        stems: A folder for one sound file of each family of instruments.
        midi: A Standard MIDI File to write.
        report: An HTML page to write.
        record: A recording of the session to write.
    Raises:
        RequestError: Fields contradict each other or are out of range, or packages that they need are not installed.
    """

    rules: Path
    output: Path
    events: Path | None = None
    no_events: bool = False
    duration_s: float | None = None
    seed: int | None = None
    generator: str = PLAYABLE[0]
    weights: str | None = None
    continue_from: Path | None = None
    soundfont: Path | None = None
    live: bool = False
    lookahead_s: float | None = None
    generation: float | None = None
    recording: Path | None = None
    stems: Path | None = None
    midi: Path | None = None
    report: Path | None = None
    record: Path | None = None

    def __post_init__(self) -> None:
        for name, other, why in _WITHOUT_EFFECT:
            if self._has(name) and self._has(other):
                raise RequestError(f"{flag_of(name)} has no effect with {flag_of(other)}: {why}")
        if self.recording and self.recording.exists() and not self.recording.is_file():
            found = "a folder" if self.recording.is_dir() else "a device"
            raise RequestError(f"--recording: {self.recording}: expected a file, got {found}")
        for name in _LIVE_ONLY:
            if self._has(name) and not self.live:
                raise RequestError(f"{flag_of(name)} has no effect without --live")
        problem = range_problem(self.generator, self.duration_s, self.lookahead_s, self.generation)
        if problem:
            raise RequestError(f"{flag_of(problem.field)}: {problem.text}")
        for name in ("stems", "midi"):
            if self._has(name) and not GENERATORS[self.generator].notes:
                raise RequestError(f"{flag_of(name)}: the generator {self.generator} has no notes, only sound")
        if self.report and (text := missing_text("report")):
            raise RequestError(f"--report: {text}")

    @property
    def script(self) -> Path | None:
        """The event script: the one that is named, or the one beside the rules."""
        if self.events or self.no_events or self.recording:
            return self.events
        return script_beside(self.rules)

    def outputs(self) -> list[NamedFile]:
        """Every file that is to be written, the sound first."""
        named = [NamedFile(what="--output", path=self.output)]
        if self.stems:
            stems = (*FAMILIES, CLIP_STEM)
            named += [NamedFile(what="--stems", path=self.stem(self.stems, family)) for family in stems]
        for name in ("midi", "report", "record"):
            path = getattr(self, name)
            if path:
                named.append(NamedFile(what=flag_of(name), path=path))
        return named

    def stem(self, folder: Path, family: str) -> Path:
        """The file of one family's stem."""
        return folder / f"{self.output.stem}.{family}{self.output.suffix}"

    def check_files(self, *loaded: Rules) -> None:
        """Refuse to write over what is read.

        Args:
            loaded: Rules that are known by now; they name files, too.
        Raises:
            OutputsError: A file would be lost.
        """
        check_outputs(self._inputs(loaded), self.outputs(), folder=self.stems)

    def _has(self, name: str) -> bool:
        value = getattr(self, name)
        return value is not None and value is not False

    def _inputs(self, loaded: tuple[Rules, ...]) -> Iterator[NamedFile]:
        for what, path in (
            ("the rule file", self.rules),
            ("the event script", self.script),
            ("the soundfont", self.soundfont),
            ("the recording to continue", self.continue_from),
            ("the recording", self.recording),
            ("the folder of --stems", self.stems),
        ):
            if path:
                yield NamedFile(what=what, path=path)
        for rules in loaded:
            yield from files_of(rules)


class RangeProblem(NamedTuple):
    """A field with a value that it does not take.

    Attributes:
        text: What was expected, and what came.
    """

    field: str
    text: str


def range_problem(
    generator: str, duration_s: float | None, lookahead_s: float | None, generation: float | None
) -> RangeProblem | None:
    """The first of these fields of a `PreviewRequest` that is out of its range; None if there is none."""
    if generator not in PLAYABLE:
        return RangeProblem("generator", f"expected one of {', '.join(PLAYABLE)}, got {generator!r}")
    for field, value in (("duration_s", duration_s), ("generation", generation)):
        if value is not None and not 0 < value < math.inf:
            return RangeProblem(field, f"expected more than 0, got {value:g}")
    low, high = GENERATORS[generator].lookahead_s
    if lookahead_s is not None and not low <= lookahead_s <= high:
        return RangeProblem("lookahead_s", f"expected {low:g} to {high:g} seconds, got {lookahead_s:g}")
    return None


def flag_of(name: str) -> str:
    """The command's flag for a field: `--lookahead` for `lookahead_s`."""
    return f"--{name.removesuffix('_s').replace('_', '-')}"
