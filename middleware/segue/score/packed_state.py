"""A score state as bytes: the composer's form, the production's settings, and the notes from which all else is rebuilt.

Layout: the model's checksum (uint32), then, deflated: the form and the production (see `record_codec`), the number of
notes (uint16), and of all notes one quantity after the other: distance in samples from the start to the next note's,
for the last to the state's position, duration, and how long ago the note was released plus 1, 0 if it was not (uint32,
their lowest bytes first); programme (of drums 128 and the kit), pitch, velocity, family, and the number of the style,
0 for none (uint8).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.contract import FAMILIES, FRAME_SIZE, MOST_STATE_BYTES, SAMPLE_RATE, NoteEvent
from segue.score import record_codec
from segue.score.composer.form import Form
from segue.score.production import PAST, WARM_UP, Kick, ProductionState, kicks_of
from segue.score.production_settings import ProductionSettings
from segue.score.sampler.kits import DRUM_KIT, KITS
from segue.score.sampler.notes import DURATION_STEP, MAX_DURATION, VELOCITY_LAYER
from segue.score.sampler.orchestra import NUM_KEYS, NUM_PROGRAMS
from segue.score.sampler.sampler import SamplerState
from segue.style_profile import RANGES, SCALES


class ReverbRun(NamedTuple):
    """Frames in which what the reverb was sent did not change; fields as of ProductionSettings."""

    frames: int
    room: float
    pump: float


class PackedProduction(NamedTuple):
    """A ProductionState but for what its music says.

    Attributes:
        kicks: Their starts are counted from the state's position.
        runs: Of `past`, the oldest first.
        recent: The newest of `past`, as many as the warm-up has frames, () where all are as `settings`.
    """

    settings: ProductionSettings | None
    beat: int
    kicks: tuple[Kick, ...]
    runs: tuple[ReverbRun, ...]
    recent: tuple[ProductionSettings, ...]


class PackedStyles(NamedTuple):
    """The styles of the notes, by their keys; they are counted from 1."""

    keys: tuple[str, ...]


class Packed(NamedTuple):
    """What a packed state says.

    Attributes:
        course: ProductionSettings at the begin of the frames before, and at the state's; () if it had none.
        kicks: Those that may still have pumped in these frames.
        beat: As of ProductionState.
        notes: By start.
    """

    form: Form
    course: tuple[ProductionSettings, ...]
    kicks: tuple[Kick, ...]
    beat: int
    notes: list[NoteEvent]


# Raise it when an old form would now mean other music, so that old saves are refused.
_VERSION: Final = 5
FORM_SIGNATURE: Final = zlib.crc32(
    f"{_VERSION} {record_codec.signature(Form)} {record_codec.signature(PackedProduction)}".encode()
)
_DRUMS: Final = NUM_PROGRAMS
"""What drum notes add to the number of their kit."""
# Names of arrangements are keys of style profiles.
_KEY: Final = re.compile(r"[0-9a-f]{12}")

# Limits on what untrusted bytes may ask for. The densest blends tried (four situations, 250 bpm) have 850 notes and a
# work of 350.
_MOST_NOTES: Final = 1_500
_MOST_WORK: Final = 600
_MOST_AGE: Final = 4 * MAX_DURATION
_MOST_WHOLE: Final = 2**62
_MOST_BEAT: Final = 10 * SAMPLE_RATE
_MOST_KICKS: Final = 64
_MOST_STYLES: Final = 255
_WIDE, _NARROW = 3, 5
# Columns of a table of notes, int64 [notes, 8].
_START, _PROGRAM, _PITCH, _VELOCITY, _DURATION, _FAMILY, _STYLE, _RELEASED = range(8)
_ATTRIBUTES: Final = attrgetter(
    "start", "program", "drums", "pitch", "velocity", "duration", "family", "style", "released"
)
_NOT_RELEASED: Final = -(2**62)
_NOTE_BYTES: Final = 4 * _WIDE + _NARROW
_MOST_BYTES: Final = 4_096 + _NOTE_BYTES * _MOST_NOTES
_FAMILY_NUMBERS: Final = {family: number for number, family in enumerate(FAMILIES)}
_SUM: Final = struct.Struct("<I")
_COUNT: Final = struct.Struct("<H")


def pack(model: str, form: Form, production: ProductionState, sampler: SamplerState) -> bytes:
    """Return a state as bytes; where they would be too many, the notes that ended first are left out."""
    position = sampler.position
    over = sorted(sampler.over, key=attrgetter("end"))
    notes = [note for note in (*(ended.note for ended in over), *sampler.sounding) if position - note.start < _MOST_AGE]
    notes = notes[-_MOST_NOTES:]
    written = record_codec.write(Form, form)
    written += record_codec.write(PackedProduction, _packed_production(production, position))
    # The newest come first, should there ever be too many.
    styles = tuple(dict.fromkeys(note.style for note in reversed(notes) if note.style))[:_MOST_STYLES]
    written += record_codec.write(PackedStyles, PackedStyles(styles))
    while True:
        table = _table(notes, styles)
        packed = _sum(model) + zlib.compress(written + _COUNT.pack(len(notes)) + _columns(table, position))
        if len(packed) <= MOST_STATE_BYTES and _is_little_work(table):
            return packed
        notes = notes[1 + len(notes) // 8 :]


def unpack(model: str, data: bytes, *, frame: int, position: int) -> Packed:
    """Return what was packed: the form at `frame`, the notes before `position`.

    Raises:
        ValueError: For bytes that another model packed, that are damaged, or that say what no state can.
    """
    if len(data) > MOST_STATE_BYTES or data[: _SUM.size] != _sum(model):
        raise ValueError(f"expected at most {MOST_STATE_BYTES} bytes packed by {model}")
    raw = _inflated(data[_SUM.size :])
    form, offset = record_codec.read(Form, raw)
    produced, offset = record_codec.read(PackedProduction, raw, offset)
    styles, offset = record_codec.read(PackedStyles, raw, offset)
    counted = offset + _COUNT.size
    if len(raw) < counted:
        raise ValueError("expected the number of notes, got the end")
    (count,) = _COUNT.unpack_from(raw, offset)
    if count > _MOST_NOTES or len(raw) - counted != _NOTE_BYTES * count:
        raise ValueError(f"{count} notes: expected {_NOTE_BYTES * count} bytes of them, got {len(raw) - counted}")
    course = _course(_checked_production(produced))
    if len(styles.keys) > _MOST_STYLES or not all(map(_KEY.fullmatch, styles.keys)):
        raise ValueError(f"expected at most {_MOST_STYLES} keys of styles, got {styles.keys}")
    notes = _notes(_read_table(raw[counted:], count, position, len(styles.keys)), styles.keys)
    exact = tuple(Kick(position + kick.start, kick.beat) for kick in produced.kicks)
    known = {kick.start for kick in exact}
    derived = kicks_of(notes, produced.beat) if produced.beat else ()
    kicks = (*(kick for kick in derived if kick.start not in known), *exact)
    return Packed(replace(_checked(form), frame=frame), course, kicks, produced.beat, notes)


def _sum(model: str) -> bytes:
    return _SUM.pack(zlib.crc32(model.encode()))


def _inflated(deflated: bytes) -> bytes:
    """Inflate a state.

    Raises:
        ValueError: For bytes that are not a whole stream, or one longer than the longest state.
    """
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(deflated, _MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"expected a deflated state: {error}") from error
    if not stream.eof or stream.unused_data:
        raise ValueError("expected one whole deflated state")
    return raw


def _table(notes: Sequence[NoteEvent], styles: Sequence[str]) -> NDArray[np.int64]:
    """Return the notes as rows, by start, in one order however they come."""
    if not notes:
        return np.zeros((0, 8), np.int64)
    *numbers, families, keys, released = zip(*map(_ATTRIBUTES, notes), strict=True)
    starts, programs, drums, pitches, velocities, durations = np.array(numbers, np.int64)
    style_numbers = {key: number for number, key in enumerate(styles, 1)}
    table = np.empty((len(notes), 8), np.int64)
    table[:, _START] = starts
    table[:, _PROGRAM] = _DRUMS * drums + programs
    table[:, _PITCH] = pitches
    table[:, _VELOCITY] = velocities
    table[:, _DURATION] = np.minimum(durations, MAX_DURATION)
    table[:, _FAMILY] = [_FAMILY_NUMBERS[family] for family in families]
    table[:, _STYLE] = [style_numbers.get(key, 0) for key in keys]
    table[:, _RELEASED] = [_NOT_RELEASED if at is None else at for at in released]
    return table[np.lexsort(table.T[::-1])]


def _work(table: NDArray[np.int64]) -> float:
    """Return what it takes to play notes from a cold start: their different sounds, and the seconds of those."""
    durations = np.where(table[:, _PROGRAM] >= _DRUMS, 0, table[:, _DURATION])
    timbres = (table[:, _PROGRAM] * NUM_KEYS + table[:, _PITCH]) * VELOCITY_LAYER + table[
        :, _VELOCITY
    ] // VELOCITY_LAYER
    _, first = np.unique(timbres * MAX_DURATION + durations // DURATION_STEP, return_index=True)
    return len(first) + float(durations[first].sum()) / SAMPLE_RATE


def _is_little_work(table: NDArray[np.int64]) -> bool:
    """Return whether the work of notes is allowed."""
    # No more than if all of their sounds were different, which is soon told.
    if len(table) + float(table[:, _DURATION].sum()) / SAMPLE_RATE <= _MOST_WORK:
        return True
    return _work(table) <= _MOST_WORK


def _columns(table: NDArray[np.int64], position: int) -> bytes:
    wide = np.empty((_WIDE, len(table)), "<u4")
    wide[0, :-1] = table[1:, _START] - table[:-1, _START]
    wide[0, -1:] = position - table[-1:, _START]
    wide[1] = table[:, _DURATION]
    wide[2] = np.where(table[:, _RELEASED] == _NOT_RELEASED, 0, position - table[:, _RELEASED] + 1)
    planes = wide.view(np.uint8).reshape(_WIDE, len(table), 4).transpose(0, 2, 1)
    narrow = table[:, (_PROGRAM, _PITCH, _VELOCITY, _FAMILY, _STYLE)]
    return planes.tobytes() + narrow.T.astype(np.uint8).tobytes()


def _read_table(columns: bytes, count: int, position: int, styles: int) -> NDArray[np.int64]:
    """Return the inverse of `_columns`.

    Raises:
        ValueError: For notes that the composer would not write.
    """
    flat = np.frombuffer(columns, np.uint8)
    planes = flat[: 4 * _WIDE * count].reshape(_WIDE, 4, count).transpose(0, 2, 1)
    distances, durations, since = np.ascontiguousarray(planes).view("<u4")[..., 0].astype(np.int64)
    programs, pitches, velocities, families, numbers = flat[4 * _WIDE * count :].reshape(_NARROW, count)
    starts = position - np.cumsum(distances[::-1])[::-1]
    drums = np.isin(programs, [_DRUMS + kit for kit in KITS]) & np.isin(pitches, tuple(DRUM_KIT))
    known = drums | (programs < NUM_PROGRAMS)
    playable = known & (pitches < NUM_KEYS) & (velocities >= 1) & (velocities <= 127) & (families < len(FAMILIES))
    lasting = (durations >= 1) & (durations <= MAX_DURATION)
    released = np.where(since == 0, _NOT_RELEASED, position - since + 1)
    ended = (numbers <= styles) & ((since == 0) | (released > starts))
    if not (playable & lasting & ended & (starts < position) & (position - starts < _MOST_AGE)).all():
        raise ValueError("expected notes that the orchestra plays")
    columns_read = [starts, programs, pitches, velocities, durations, families, numbers, released]
    table = np.stack(columns_read, axis=1).astype(np.int64)
    if (work := _work(table)) > _MOST_WORK:
        raise ValueError(f"expected notes of a work of {_MOST_WORK} at most, got {work:.0f}")
    return table


def _notes(table: NDArray[np.int64], styles: Sequence[str]) -> list[NoteEvent]:
    return [
        NoteEvent(
            start=start,
            duration=duration,
            program=program % _DRUMS,
            pitch=pitch,
            velocity=velocity,
            drums=program >= _DRUMS,
            family=FAMILIES[family],
            style=styles[number - 1] if number else "",
            released=None if released == _NOT_RELEASED else released,
        )
        for start, program, pitch, velocity, duration, family, number, released in table.tolist()
    ]


def _packed_production(state: ProductionState, position: int) -> PackedProduction:
    recent = state.past[-WARM_UP // FRAME_SIZE :]
    return PackedProduction(
        settings=state.settings,
        beat=state.beat,
        kicks=tuple(Kick(kick.start - position, kick.beat) for kick in state.kicks),
        runs=_runs(state.past),
        # Most are the same object, and comparing two takes a while.
        recent=() if all(one is state.settings or one == state.settings for one in recent) else recent,
    )


def _runs(past: Sequence[ProductionSettings]) -> tuple[ReverbRun, ...]:
    # Most come as the same object for seconds.
    firsts = [place for place, settings in enumerate(past) if place == 0 or settings is not past[place - 1]]
    # To a float32, which leaves zeros to deflate and errs by less than the sound does.
    sent = np.array([(past[place].room, past[place].pump) for place in firsts], np.float32).reshape(-1, 2).tolist()
    changes = [place for place, now in enumerate(sent) if place == 0 or now != sent[place - 1]]
    begins = [*(firsts[place] for place in changes), len(past)]
    return tuple(
        ReverbRun(end - begin, *sent[place]) for place, begin, end in zip(changes, begins[:-1], begins[1:], strict=True)
    )


def _course(produced: PackedProduction) -> tuple[ProductionSettings, ...]:
    settings = produced.settings
    if settings is None:
        return ()
    past = [replace(settings, room=run.room, pump=run.pump) for run in produced.runs for _ in range(run.frames)]
    past[max(0, len(past) - len(produced.recent)) :] = produced.recent
    return (*past, settings)


def _checked_production(produced: PackedProduction) -> PackedProduction:
    """Return `produced`, if its numbers are in their ranges.

    Raises:
        ValueError: If they are not.
    """
    for settings in (produced.settings, *produced.recent):
        for axis in fields(ProductionSettings):
            if settings is not None:
                _check_axis(axis.name, getattr(settings, axis.name))
    for run in produced.runs:
        _check_axis("room", run.room)
        _check_axis("pump", run.pump)
    frames = sum(max(1, run.frames) for run in produced.runs)
    if frames > PAST or len(produced.recent) > WARM_UP // FRAME_SIZE:
        raise ValueError(f"expected at most {PAST} frames of production, got {frames}")
    ages = [-kick.start for kick in produced.kicks]
    beats = [produced.beat, *(kick.beat for kick in produced.kicks)]
    if len(ages) > _MOST_KICKS or not all(0 <= number <= _MOST_BEAT for number in (*ages, *beats)):
        raise ValueError(f"beat: expected at most {_MOST_KICKS} kicks within {_MOST_BEAT} samples, got {produced}")
    return produced


def _check_axis(axis: str, value: float) -> None:
    bounds = RANGES[axis]
    # A comparison that NaN fails as well.
    if not bounds.low <= value <= bounds.high:
        raise ValueError(f"{axis}: expected {bounds.low:g} to {bounds.high:g}, got {value}")


def _checked(form: Form) -> Form:
    """Return `form`, if the composer can go on from it.

    Raises:
        ValueError: If it cannot.
    """
    leaves = list(record_codec.leaves(Form, form))
    numbers = [leaf for leaf in leaves if isinstance(leaf, int | float)]
    texts = {leaf for leaf in leaves if isinstance(leaf, str)}
    bar = form.origin if form.bar is None else form.bar
    led = bool(form.leader and form.plan)
    cued = () if form.cue is None else (form.cue.out_of, form.cue.into)
    # Comparisons that NaN fails as well.
    if not (
        all(abs(number) <= _MOST_WHOLE for number in numbers)
        and all(text in ("", *SCALES) or _KEY.fullmatch(text) for text in texts)
        and form.mode in SCALES
        and 0 <= form.tonic < 12
        and form.origin <= bar
        and all(name == "" or _KEY.fullmatch(name) for name in (form.leader, form.plan, form.awaited, *form.holders))
        and (led or form.bar is None)
        and all(_KEY.fullmatch(name) for name in cued)
    ):
        raise ValueError(f"expected a form of the composer's, got {form}")
    return form
