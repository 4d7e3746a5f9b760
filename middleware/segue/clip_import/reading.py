"""A folder of recordings, read: what each is as a clip, and which are stems of one piece.

Files of the same length in the same folder are stems of one piece: their tempo, key and level are those of their sum.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from segue.audio.files import AudioFileError, read_audio
from segue.audio.loudness import integrated_loudness
from segue.audio.riff import WavMarks, wav_marks
from segue.audio.seams import seam_steps
from segue.audio.streams import audio_facts
from segue.clip_import.keys import key_in, likely_keys, without_key
from segue.clip_import.musical_time import MusicalTime, musical_time, tempo_in
from segue.contract import CHANNELS, SAMPLE_RATE, Samples
from segue.style.measures import SURE_TEMPO, SURE_THREEFOLD, measured
from segue.style.spectra import Bands, Spectra, bands, spectra
from segue_rules.controls import GAIN
from segue_rules.loading.limits import MOST_CLIPS, MOST_CUES, MOST_STATE_CLIPS

SUFFIXES: Final = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff")
LONGEST_S: Final = 600.0
"""What a clip's parts may last together."""
# Files whose lengths differ by less are stems of one piece, in samples: encoders fill the last block.
_SAME_LENGTH: Final = 1_152
# Recorded music of this level is as loud as generated music.
_LEVEL_LUFS: Final = -18.0
# What lies behind the last bar is a tail if it is so much quieter than the music, and silence if it is below that.
_TAIL_DB: Final = -6.0
_SILENT_DB: Final = -60.0
# The tempo to expect of music that nothing is known of, and how far another octave lies.
_LIKELY_BPM: Final = 112.0
_SPREAD_OCTAVES: Final = 0.9
_LONGEST_NAME: Final = 48
# Windows has drives and folders by them.
_NOT_IN_PATHS: Final = (":", "\\")
# A cue point is at a bar line if it is so near, in samples: half of a hundredth of a second.
_NEAR_A_BAR: Final = 240
# A rule file takes less, which is silence.
_LEAST_GAIN_DB: Final = -40.0


@dataclass(frozen=True, kw_only=True)
class Hints:
    """What whoever imports knows better than can be measured.

    Attributes:
        tempo_bpm: Of all recordings; None to find it.
        beats: Of a bar, of all recordings; None to find them.
        key: Of all recordings, such as "D minor"; "" to find it.
    """

    tempo_bpm: float | None = None
    beats: int | None = None
    key: str = ""


NO_HINTS: Final = Hints()


class FoundCue(NamedTuple):
    """A cue point of a file.

    Attributes:
        name: For the rule file; "" for one without.
        place: A bar, the first being 1, or else seconds from the beginning.
    """

    name: str
    place: int | float


@dataclass(frozen=True, kw_only=True)
class FoundClip:
    """A recording as a clip.

    Attributes:
        name: For the rule file.
        seconds: Its length.
        piece: The number of the piece that it is a stem of; each recording by itself is one, too.
        time: Its bars; None if no tempo is known.
        other_tempos_bpm: Half and double of a measured tempo, where they fit about as well.
        beats: Of a bar.
        key: Such as "D minor", as its name or whoever imports says; "" if nobody does.
        likely_keys: Keys whose notes sound.
        loudness_lufs: Of the whole piece; -inf for one too short or too quiet to have one.
        gain_db: Brings the piece to the level of generated music.
        intro, loop, outro: Samples at 48 kHz of its parts; 0 for none.
        cues: Places that the file marks.
        click: Whether the seam of the loop is heard as a click.
    """

    path: Path
    name: str
    seconds: float
    piece: int
    time: MusicalTime | None
    other_tempos_bpm: tuple[float, ...] = ()
    beats: int
    key: str = ""
    likely_keys: tuple[str, ...] = ()
    loudness_lufs: float
    gain_db: float
    intro: int = 0
    loop: int = 0
    outro: int = 0
    cues: tuple[FoundCue, ...] = ()
    click: bool = False


@dataclass(frozen=True, kw_only=True)
class FoundFolder:
    """What a folder holds. problems: Of files that cannot be used, each naming its file."""

    clips: tuple[FoundClip, ...]
    problems: tuple[str, ...] = ()


class _File(NamedTuple):
    path: Path
    samples: int
    rate: int


def read_folder(folder: Path, hints: Hints = NO_HINTS) -> FoundFolder:
    """Read all recordings below a folder.

    Args:
        folder: Files whose names begin with a dot, and links to folders, are left out.
        hints: What is known of the recordings.

    Raises:
        OSError: The folder cannot be read.
    """
    problems: list[str] = []
    paths = [path for path in sorted(folder.rglob("*")) if _is_sound(path, folder)]
    if len(paths) > MOST_CLIPS:
        problems.append(
            f"{folder}: expected up to {MOST_CLIPS} recordings, as many as a rule file has, got {len(paths)}"
        )
        paths = paths[:MOST_CLIPS]
    pieces: list[list[_File]] = []
    for path in paths:
        if text := _unnamed(path, folder):
            problems.append(text)
            continue
        try:
            facts = audio_facts(path)
        except AudioFileError as error:
            problems.append(str(error))
            continue
        file = _File(path, facts.samples, facts.rate)
        piece = next((each for each in pieces if _is_stem(file, each[0])), None)
        if piece is None:
            pieces.append([file])
        else:
            piece.append(file)
    names = _Names()
    # More than a state plays at once are no stems: loops that are all as long as each other.
    pieces = [
        part for piece in pieces for part in ([piece] if len(piece) <= MOST_STATE_CLIPS else [[file] for file in piece])
    ]
    tempos: dict[Path, float] = {}
    found: dict[int, list[FoundClip]] = {}
    # Most stems say most of their folder's tempo.
    for number in sorted(range(len(pieces)), key=lambda each: -len(pieces[each])):
        found[number] = list(_piece(number, pieces[number], hints, names, tempos, problems))
    clips = [clip for number in range(len(pieces)) for clip in found[number]]
    return FoundFolder(clips=tuple(clips), problems=tuple(problems))


def _unnamed(path: Path, folder: Path) -> str:
    """Return why a rule file cannot name a file; "" if it can."""
    name = path.relative_to(folder).as_posix()
    if set(_NOT_IN_PATHS) & set(name) or not name.isprintable():
        allowed = f"printable characters without {' and '.join(_NOT_IN_PATHS)}"
        return f"{folder}: expected names of {allowed}, as in rule files, got {name!a}; rename it"
    if not path.resolve().is_relative_to(folder.resolve()):
        return f"{path}: is a link to a file outside {folder}, which no rule file may name"
    return ""


def _is_sound(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.suffix.lower() in SUFFIXES and not hidden and path.is_file()


def _is_stem(file: _File, other: _File) -> bool:
    same_length = abs(file.samples - other.samples) <= _SAME_LENGTH and min(file.samples, other.samples) >= SAMPLE_RATE
    said = ((read(file.path.stem), read(other.path.stem)) for read in (tempo_in, key_in))
    alike = all(not one or not another or one == another for one, another in said)
    return file.path.parent == other.path.parent and same_length and alike


def _piece(
    number: int,
    files: Sequence[_File],
    hints: Hints,
    names: _Names,
    tempos: dict[Path, float],
    problems: list[str],
) -> Iterator[FoundClip]:
    """Read the stems of a piece, and yield each as a clip.

    Args:
        tempos: Of folders, as their other pieces have them; gets this one's.
    """
    total, readable = _sum(files, problems)
    if not readable:
        return
    samples = len(total)
    name = " ".join((readable[0].path.parent.name, *(file.path.stem for file in readable)))
    heard = _heard(total)
    beats = hints.beats or 4
    measured_bpm: float | None = None
    others_bpm: tuple[float, ...] = ()
    if heard is not None:
        spectrum, in_bands = heard
        measures = measured(spectrum, in_bands, _LIKELY_BPM, _SPREAD_OCTAVES)
        if measures.tempo_strength >= SURE_TEMPO:
            measured_bpm, others_bpm = measures.tempo_bpm, measures.other_tempos_bpm
            beats = hints.beats or (3 if measures.threefold >= SURE_THREEFOLD else 4)
    known_bpm = hints.tempo_bpm or tempo_in(name)
    time = musical_time(samples, beats, known_bpm=known_bpm, measured_bpm=measured_bpm)
    folder = readable[0].path.parent
    if known_bpm is not None and time is not None:
        time = replace(time, source="as said" if hints.tempo_bpm else "its name")
    elif folder in tempos and (time is None or not time.exact):
        time = musical_time(samples, beats, known_bpm=tempos[folder], measured_bpm=None)
        time = None if time is None else replace(time, source="the others of its folder")
    if time is not None and time.exact:
        tempos.setdefault(folder, time.tempo_bpm)
    loudness = integrated_loudness(total)
    level = round(_LEVEL_LUFS - loudness, 1) if math.isfinite(loudness) else 0.0
    gain = min(GAIN.high, max(_LEAST_GAIN_DB, level))
    for file in readable:
        marks = _marks(file)
        parts = _parts(total, time, marks)
        sound = read_audio(file.path, max_seconds=LONGEST_S)
        yield FoundClip(
            path=file.path,
            name=names.of(file.path.stem),
            seconds=samples / SAMPLE_RATE,
            piece=number,
            time=time,
            other_tempos_bpm=() if known_bpm else others_bpm,
            beats=beats,
            key=hints.key or key_in(name),
            likely_keys=() if heard is None else likely_keys(heard[1]),
            loudness_lufs=loudness,
            gain_db=gain,
            intro=parts.intro,
            loop=parts.loop,
            outro=parts.outro,
            cues=_cues(marks, time, beats, parts.intro + parts.loop or samples),
            click=_clicks(sound, parts),
        )


def _sum(files: Sequence[_File], problems: list[str]) -> tuple[Samples, list[_File]]:
    """Return the sum of the files that can be read, as long as the shortest."""
    total: Samples | None = None
    readable = []
    for file in files:
        try:
            sound = read_audio(file.path, max_seconds=LONGEST_S)
        except AudioFileError as error:
            problems.append(str(error))
            continue
        readable.append(file)
        if total is None:
            total = sound
        else:
            length = min(len(total), len(sound))
            total = total[:length] + sound[:length]
    return np.zeros((0, CHANNELS), np.float32) if total is None else total, readable


def _heard(total: Samples) -> tuple[Spectra, Bands] | None:
    """Return spectra of the middle of a piece; None if it is too short or silent."""
    try:
        spectrum = spectra(total)
    except ValueError:
        return None
    return spectrum, bands(spectrum)


def _marks(file: _File) -> WavMarks:
    """Return the marks of a file in samples at 48 kHz."""
    try:
        marks = wav_marks(file.path)
    except OSError:
        return WavMarks()

    def moved(place: int) -> int:
        return round(place * SAMPLE_RATE / file.rate)

    loop = None if marks.loop is None else (moved(marks.loop[0]), moved(marks.loop[1]))
    cues = [cue._replace(place=moved(cue.place)) for cue in marks.cues]
    return WavMarks(tuple(cues), loop)


class _Parts(NamedTuple):
    """Samples at 48 kHz; 0 for what there is not."""

    intro: int = 0
    loop: int = 0
    outro: int = 0


def _parts(total: Samples, time: MusicalTime | None, marks: WavMarks) -> _Parts:
    """Return the parts of a piece: those that its file marks, or its whole bars and a tail behind them."""
    samples = len(total)
    if marks.loop is not None and 0 <= marks.loop[0] < marks.loop[1] <= samples:
        begin, end = marks.loop
        return _Parts(begin, end - begin, samples - end if _sounds(total[end:]) else 0)
    if time is None or not time.bars:
        return _Parts()
    end = samples - time.rest_samples
    if time.rest_samples <= 0:
        return _Parts(0, samples)
    tail = total[end:]
    if not _sounds(tail):
        return _Parts(0, end)
    # Music that goes on there has no whole number of bars, and plays once.
    return _Parts(0, end, len(tail)) if _level_db(tail) - _level_db(total[:end]) <= _TAIL_DB else _Parts()


def _sounds(sound: Samples) -> bool:
    return bool(len(sound)) and _level_db(sound) > _SILENT_DB


def _level_db(sound: Samples) -> float:
    return 10 * math.log10(float(np.mean(np.square(sound, dtype=np.float64))) + 1e-20)


def _clicks(sound: Samples, parts: _Parts) -> bool:
    """Return whether the step at the seam of a loop is larger than any around it."""
    begin, end = parts.intro, min(parts.intro + parts.loop, len(sound))
    if not parts.loop or begin >= end:
        return False
    step, inside = seam_steps(sound, begin, end)
    return step > inside > 0


def _cues(marks: WavMarks, time: MusicalTime | None, beats: int, samples: int) -> tuple[FoundCue, ...]:
    """Return the cue points in the first `samples` of a file: those at bar lines or, if any has a name, all."""
    bar = math.inf if time is None else beats * 60 * SAMPLE_RATE / time.tempo_bpm
    named = any(cue.name for cue in marks.cues)
    names, found = _Names(), list[FoundCue]()
    for place, name in marks.cues:
        number = round(place / bar)
        at_bar = abs(place - number * bar) <= _NEAR_A_BAR if time is not None else False
        if place < samples and (number * bar < samples if at_bar else named):
            label = names.of(name or "cue", "cue") if named else ""
            found.append(FoundCue(label, number + 1 if at_bar else place / SAMPLE_RATE))
    return tuple(dict.fromkeys(found))[:MOST_CUES]


class _Names:
    """Names of clips or of cues, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, stem: str, what: str = "clip") -> str:
        """Return a name as rule files have them, from that of a file without its tempo and key.

        Args:
            what: What begins a name that does not begin with a letter.
        """
        plain = without_key(re.sub(r"(?<![0-9])[0-9.]+[ _-]?bpm", "", stem, flags=re.IGNORECASE))
        letters = unicodedata.normalize("NFKD", plain.lower()).replace("ß", "ss")
        spelt = "".join(each for each in letters if not unicodedata.combining(each))
        words = re.sub("[^a-z0-9]+", "_", spelt).strip("_")[:_LONGEST_NAME].strip("_")
        name = words if re.match("[a-z]", words) else f"{what}_{words}".rstrip("_")
        number = 2
        unique = name
        while unique in self._taken:
            unique, number = f"{name}_{number}", number + 1
        self._taken.add(unique)
        return unique
