"""Reads themes: short tunes written as notes or kept in MIDI files, which states, layers and bursts quote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

from segue_rules.loading.grammar_music import MIDI, ThemeTable
from segue_rules.loading.limits import LARGEST_MIDI_BYTES, LONGEST_THEME_BEATS, MOST_THEME_NOTES
from segue_rules.loading.sources import Sources
from segue_rules.loading.theme_kinds import WrittenTheme
from segue_rules.model import Key, Theme, ThemeNote, ThemeUse
from segue_yaml.containers import Item
from segue_yaml.kinds import Word
from segue_yaml.paths import locate
from segue_yaml.report import Scope
from segue_yaml.tables import Record

# A longer note or rest is no part of a tune that can be quoted; more semitones are two tunes.
_LONGEST_NOTE_BEATS: Final = 10
_WIDEST: Final = 36
_DRUM_CHANNEL: Final = 9
_SOFTEST: Final = 1


def build_themes(sources: Sources) -> tuple[Theme, ...]:
    """All themes that could be read, in merged order."""
    built = (_theme(item, sources) for item in sources.themes.values())
    return tuple(theme for theme in built if theme is not None)


def theme_use(written: WrittenTheme | None, themes: Mapping[str, object], scope: Scope) -> ThemeUse | None:
    """The use of a theme, or None; an unknown theme is reported."""
    if written is None:
        return None
    if written.name.text not in themes:
        scope.unknown(written.name.mark, "theme", written.name.text, themes)
        return None
    return ThemeUse(name=written.name.text, strength=written.strength)


def _theme(item: Item[Record], sources: Sources) -> Theme | None:
    record = item.value
    if record is None:
        return None
    key = record.get(ThemeTable.key)
    notes, word = record.get(ThemeTable.notes), record.get(ThemeTable.midi)
    mark = record.mark_of(ThemeTable.midi if word is not None else ThemeTable.notes)
    scope = record.scope.inside("midi" if word is not None else "notes")
    if word is not None:
        path = locate(word, sources.folder_of(word.mark), MIDI, scope)
        notes = _from_file(path, word, scope) if path is not None else None
    if notes is None:
        return None
    if not notes:
        wanted, got = ("note", "none: rests alone") if word is None else ("note outside the drum channel", "none")
        scope.problem(mark, f"expected at least one {wanted}, got {got}")
        return None
    if fault := _fault(notes):
        scope.problem(mark, fault)
        return None
    return Theme(name=item.name, notes=notes, key=key if isinstance(key, Key) else None, mark=item.mark)


def _fault(notes: Sequence[ThemeNote]) -> str:
    """What keeps notes from being a theme; "" if nothing."""
    begin = int(notes[0].start)
    beats = notes[-1].start + notes[-1].beats - begin
    if len(notes) > MOST_THEME_NOTES or beats > LONGEST_THEME_BEATS:
        return (
            f"expected at most {MOST_THEME_NOTES} notes in at most {LONGEST_THEME_BEATS} beats, "
            f"got {len(notes)} in {float(beats):g}"
        )
    end = Fraction(begin)
    for note in notes:
        if note.beats > _LONGEST_NOTE_BEATS or note.start - end > _LONGEST_NOTE_BEATS:
            return f"expected notes and rests of at most {_LONGEST_NOTE_BEATS} beats, got a longer one"
        end = note.start + note.beats
    span = max(note.pitch for note in notes) - min(note.pitch for note in notes)
    return f"expected notes within {_WIDEST} semitones, got {span}" if span > _WIDEST else ""


class _Struck(NamedTuple):
    """A note of a MIDI file.

    Attributes:
        start, end: In ticks.
    """

    start: int
    end: int
    pitch: int
    velocity: int


def _from_file(path: Path, word: Word, scope: Scope) -> tuple[ThemeNote, ...] | None:
    """The tune of a MIDI file; None once it is reported why there is none.

    Of several tracks the highest is taken, and of notes at the same time the highest.
    """
    import mido

    try:
        size = path.stat().st_size
        if size > LARGEST_MIDI_BYTES:
            scope.problem(word.mark, f"expected a MIDI file of at most {LARGEST_MIDI_BYTES} bytes, got {size}")
            return None
        # The parser raises many kinds of exceptions for damaged files.
        with path.open("rb") as file:
            midi = mido.MidiFile(file=file)
            resolution = int(midi.ticks_per_beat)
            tracks = [struck for track in midi.tracks if (struck := _struck(track))]
    except Exception as error:
        scope.problem(word.mark, f"expected a MIDI file, got one that cannot be read: {_reason(error)}")
        return None
    if resolution <= 0:
        scope.problem(word.mark, "expected a MIDI file that counts in beats, got one that counts in frames")
        return None
    if not tracks:
        return ()
    highest = max(tracks, key=lambda track: sum(note.pitch for note in track) / len(track))
    if len(tracks) > 1:
        scope.warning(word.mark, f"has notes in {len(tracks)} tracks; the highest of them is the theme")
    line = _top_line(highest)
    if len(line) < len(highest):
        scope.warning(word.mark, "has several notes at once; its highest line is the theme")
    return tuple(
        ThemeNote(
            start=Fraction(note.start, resolution),
            beats=Fraction(max(1, note.end - note.start), resolution),
            pitch=note.pitch,
            velocity=note.velocity,
        )
        for note in line
    )


def _reason(error: Exception) -> str:
    """Why a MIDI file cannot be read, in words for users: messages of the parser's own faults are left out."""
    if isinstance(error, EOFError):
        return "it ends too soon"
    own_fault = isinstance(error, LookupError | TypeError | AttributeError | ArithmeticError)
    return "it is damaged" if own_fault or not str(error) else str(error)


def _struck(track: Iterable[object]) -> list[_Struck]:
    """The notes of a track without drums, by start."""
    now, sounding, notes = 0, dict[tuple[int, int], tuple[int, int]](), list[_Struck]()
    for message in track:
        now += int(getattr(message, "time", 0))
        kind = getattr(message, "type", "")
        if kind not in ("note_on", "note_off") or getattr(message, "channel", 0) == _DRUM_CHANNEL:
            continue
        place = getattr(message, "channel", 0), int(getattr(message, "note", 0))
        if place in sounding:
            start, velocity = sounding.pop(place)
            notes.append(_Struck(start, now, place[1], velocity))
        if kind == "note_on" and getattr(message, "velocity", 0) >= _SOFTEST:
            sounding[place] = now, int(getattr(message, "velocity", 0))
    notes += [_Struck(start, now, pitch, velocity) for (_, pitch), (start, velocity) in sounding.items()]
    return sorted(notes)


def _top_line(notes: Sequence[_Struck]) -> list[_Struck]:
    """The notes above which nothing sounds when they begin, each until the next begins."""
    line: list[_Struck] = []
    for note in sorted(notes, key=lambda note: (note.start, -note.pitch)):
        covered = line and note.start < line[-1].end and line[-1].pitch > note.pitch
        if covered or (line and note.start == line[-1].start):
            continue
        if line and line[-1].end > note.start:
            line[-1] = line[-1]._replace(end=note.start)
        line.append(note)
    return line
