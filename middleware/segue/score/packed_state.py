"""A score state as bytes: the composer's form, the production's settings, and the notes from which all else is rebuilt.

Layout: the model's checksum (uint32), then, deflated: the form and the production (see `record_codec`), the number of
notes (uint16), and of all notes one quantity after the other: distance in samples from the start to the next note's,
for the last to the state's position, and duration (uint32, their lowest bytes first); programme (of drums 128 and the
kit), pitch, velocity and family (uint8).
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.contract import FAMILIES, MOST_STATE_BYTES, SAMPLE_RATE, NoteEvent
from segue.score import record_codec
from segue.score.composer.conductor import Form
from segue.score.production import ProductionState, Settings
from segue.score.sampler.kits import DRUM_KIT, KITS
from segue.score.sampler.notes import DURATION_STEP, MAX_DURATION, VELOCITY_LAYER
from segue.score.sampler.orchestra import NUM_KEYS, NUM_PROGRAMS
from segue.score.sampler.sampler import SamplerState
from segue.style_profile import RANGES, SCALES


class PackedProduction(NamedTuple):
    """Of a ProductionState, what its music does not say."""

    settings: Settings | None
    beat: int


class Packed(NamedTuple):
    """What a packed state says; fields as of Form and ProductionState.

    Attributes:
        notes: By start.
    """

    form: Form
    settings: Settings | None
    beat: int
    notes: list[NoteEvent]


# Raise it when an old form would now mean other music, so that old saves are refused.
_VERSION: Final = 2
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
_WIDE, _NARROW = 2, 4
# Columns of a table of notes, int64 [notes, 6].
_START, _PROGRAM, _PITCH, _VELOCITY, _DURATION, _FAMILY = range(6)
_NOTE_BYTES: Final = 4 * _WIDE + _NARROW
_MOST_BYTES: Final = 4_096 + _NOTE_BYTES * _MOST_NOTES
_FAMILY_NUMBERS: Final = {family: number for number, family in enumerate(FAMILIES)}
_SUM: Final = struct.Struct("<I")
_COUNT: Final = struct.Struct("<H")


def pack(model: str, form: Form, production: ProductionState, sampler: SamplerState) -> bytes:
    """The bytes from which `unpack` has form and notes; where they would be too many, what ended first is left out."""
    position = sampler.position
    over = sorted(sampler.over, key=lambda ended: ended.end)
    notes = [note for note in (*(ended.note for ended in over), *sampler.sounding) if position - note.start < _MOST_AGE]
    notes = notes[-_MOST_NOTES:]
    written = record_codec.write(Form, form)
    written += record_codec.write(PackedProduction, PackedProduction(production.settings, production.beat))
    while True:
        table = _table(notes)
        packed = _sum(model) + zlib.compress(written + _COUNT.pack(len(notes)) + _columns(table, position))
        if len(packed) <= MOST_STATE_BYTES and _work(table) <= _MOST_WORK:
            return packed
        notes = notes[1 + len(notes) // 8 :]


def unpack(model: str, data: bytes, *, frame: int, position: int) -> Packed:
    """What was packed: the form at `frame`, the notes before `position`.

    Raises:
        ValueError: For bytes that another model packed, that are damaged, or that say what no state can.
    """
    if len(data) > MOST_STATE_BYTES or data[: _SUM.size] != _sum(model):
        raise ValueError(f"expected at most {MOST_STATE_BYTES} bytes packed by {model}")
    raw = _inflated(data[_SUM.size :])
    form, offset = record_codec.read(Form, raw)
    produced, offset = record_codec.read(PackedProduction, raw, offset)
    counted = offset + _COUNT.size
    if len(raw) < counted:
        raise ValueError("expected the number of notes, got the end")
    (count,) = _COUNT.unpack_from(raw, offset)
    if count > _MOST_NOTES or len(raw) - counted != _NOTE_BYTES * count:
        raise ValueError(f"{count} notes: expected {_NOTE_BYTES * count} bytes of them, got {len(raw) - counted}")
    settings, beat = _checked_production(produced)
    notes = _notes(_read_table(raw[counted:], count, position))
    return Packed(replace(_checked(form), frame=frame), settings, beat, notes)


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


def _table(notes: Sequence[NoteEvent]) -> NDArray[np.int64]:
    """Return the notes as rows, by start, in one order however they come."""
    rows = [
        (
            note.start,
            _DRUMS * note.drums + note.program,
            note.pitch,
            note.velocity,
            note.duration if note.duration < MAX_DURATION else MAX_DURATION,
            _FAMILY_NUMBERS[note.family],
        )
        for note in notes
    ]
    rows.sort()
    return np.array(rows, np.int64).reshape(-1, 6)


def _work(table: NDArray[np.int64]) -> float:
    """Return what it takes to play notes from a cold start: their different sounds, and the seconds of those."""
    durations = np.where(table[:, _PROGRAM] >= _DRUMS, 0, table[:, _DURATION])
    timbres = (table[:, _PROGRAM] * NUM_KEYS + table[:, _PITCH]) * VELOCITY_LAYER + table[
        :, _VELOCITY
    ] // VELOCITY_LAYER
    _, first = np.unique(timbres * MAX_DURATION + durations // DURATION_STEP, return_index=True)
    return len(first) + float(durations[first].sum()) / SAMPLE_RATE


def _columns(table: NDArray[np.int64], position: int) -> bytes:
    wide = np.stack([np.diff(table[:, _START], append=position), table[:, _DURATION]]).astype("<u4")
    planes = wide.view(np.uint8).reshape(_WIDE, len(table), 4).transpose(0, 2, 1)
    return planes.tobytes() + table[:, (_PROGRAM, _PITCH, _VELOCITY, _FAMILY)].T.astype(np.uint8).tobytes()


def _read_table(columns: bytes, count: int, position: int) -> NDArray[np.int64]:
    """Return the inverse of `_columns`.

    Raises:
        ValueError: For notes that the composer would not write.
    """
    flat = np.frombuffer(columns, np.uint8)
    planes = flat[: 4 * _WIDE * count].reshape(_WIDE, 4, count).transpose(0, 2, 1)
    distances, durations = np.ascontiguousarray(planes).view("<u4")[..., 0].astype(np.int64)
    programs, pitches, velocities, families = flat[4 * _WIDE * count :].reshape(_NARROW, count)
    starts = position - np.cumsum(distances[::-1])[::-1]
    drums = np.isin(programs, [_DRUMS + kit for kit in KITS]) & np.isin(pitches, tuple(DRUM_KIT))
    known = drums | (programs < NUM_PROGRAMS)
    playable = known & (pitches < NUM_KEYS) & (velocities >= 1) & (velocities <= 127) & (families < len(FAMILIES))
    lasting = (durations >= 1) & (durations <= MAX_DURATION)
    if not (playable & lasting & (starts < position) & (position - starts < _MOST_AGE)).all():
        raise ValueError("expected notes that the orchestra plays")
    table = np.stack([starts, programs, pitches, velocities, durations, families], axis=1).astype(np.int64)
    if (work := _work(table)) > _MOST_WORK:
        raise ValueError(f"expected notes of a work of {_MOST_WORK} at most, got {work:.0f}")
    return table


def _notes(table: NDArray[np.int64]) -> list[NoteEvent]:
    return [
        NoteEvent(
            start=start,
            duration=duration,
            program=program % _DRUMS,
            pitch=pitch,
            velocity=velocity,
            drums=program >= _DRUMS,
            family=FAMILIES[family],
        )
        for start, program, pitch, velocity, duration, family in table.tolist()
    ]


def _checked_production(produced: PackedProduction) -> PackedProduction:
    """`produced`, if its numbers are in their ranges.

    Raises:
        ValueError: If they are not.
    """
    settings = produced.settings
    if settings is not None:
        for axis in fields(settings):
            bounds, value = RANGES[axis.name], getattr(settings, axis.name)
            # A comparison that NaN fails as well.
            if not bounds.low <= value <= bounds.high:
                raise ValueError(f"{axis.name}: expected {bounds.low:g} to {bounds.high:g}, got {value}")
    if not 0 <= produced.beat <= _MOST_BEAT:
        raise ValueError(f"beat: expected at most {_MOST_BEAT} samples, got {produced.beat}")
    return produced


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
