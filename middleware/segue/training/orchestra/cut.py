"""Cuts a SoundFont down to wanted presets and keys, no sample closer to its neighbour than needed, and writes it.

Instruments are thinned one by one: key zones are kept from low to high while their roots stand at least `spacing`
semitones apart, and the keys of those left out go to the nearest one kept. Zones at the edges reach to keys 0 and 127,
so that a key out of range still sounds. Samples are copied as they are stored, never decoded or encoded again.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.score.sampler.soundfont import (
    BAG_RECORD,
    GENERATOR_RECORD,
    INSTRUMENT_OPERATOR,
    INSTRUMENT_RECORD,
    KEY_RANGE_OPERATOR,
    MODULATOR_RECORD,
    PRESET_RECORD,
    SAMPLE_OPERATOR,
    SAMPLE_RECORD,
    TABLES,
    SoundFont,
)

COARSE_TUNE_OPERATOR: Final = 51
ROOT_OPERATOR: Final = 58
_VORBIS_MONO: Final = 0x11


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to keep of a preset.

    Attributes:
        keys: MIDI keys that must sound as they did.
        spacing: Semitones between samples.
    """

    bank: int
    program: int
    keys: frozenset[int]
    spacing: int


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A zone as raw records.

    Attributes:
        link: The instrument or sample it names, None for a global zone.
    """

    generators: NDArray[np.void]
    modulators: NDArray[np.void]
    link: int | None

    @property
    def keys(self) -> tuple[int, int]:
        """Lowest and highest key."""
        rows = self.generators["amount"][self.generators["operator"] == KEY_RANGE_OPERATOR]
        packed = int(rows[0]) if rows.size else 0x7F00
        return packed & 0xFF, packed >> 8


def cut(font: SoundFont, wanted: Sequence[Wanted], info: Mapping[str, bytes]) -> SoundFont:
    """The part of a compressed `font` that `wanted` names, under new INFO texts.

    Raises:
        ValueError: If a preset is missing or the samples are not compressed.
    """
    if not font.compressed:
        raise ValueError("expected a compressed font (SF3)")
    numbers = {(int(row["bank"]), int(row["program"])): i for i, row in enumerate(font.tables["phdr"][:-1])}
    missing = [(want.bank, want.program) for want in wanted if (want.bank, want.program) not in numbers]
    if missing:
        raise ValueError(f"the font has no presets {missing}")
    keys: dict[int, frozenset[int]] = {}
    spacing: dict[int, int] = {}
    presets = []
    for want in sorted(wanted, key=lambda want: (want.bank, want.program)):
        zones = read_zones(font, "p", numbers[want.bank, want.program], INSTRUMENT_OPERATOR)
        presets.append((font.tables["phdr"][numbers[want.bank, want.program]], zones))
        for zone in zones:
            if zone.link is not None:
                keys[zone.link] = keys.get(zone.link, frozenset()) | want.keys
                spacing[zone.link] = min(spacing.get(zone.link, want.spacing), want.spacing)
    instruments = {
        index: thinned(read_zones(font, "i", index, SAMPLE_OPERATOR), font, keys[index], spacing[index])
        for index in sorted(keys)
    }
    return _assembled(font, presets, instruments, info)


def read_zones(font: SoundFont, level: str, index: int, link: int) -> list[Zone]:
    """The zones of a preset ("p") or instrument ("i"), global zone first where there is one."""
    zones = []
    for generators, modulators in font.zones(level, index):
        named = generators["amount"][generators["operator"] == link]
        zones.append(Zone(generators=generators, modulators=modulators, link=int(named[0]) if named.size else None))
    return [zone for number, zone in enumerate(zones) if zone.link is not None or number == 0]


def thinned(zones: Sequence[Zone], font: SoundFont, keys: frozenset[int], spacing: int) -> list[Zone]:
    """The zones that `keys` need, `spacing` semitones apart; with 0 as they are, and overlapping ones not thinned."""
    shared = [zone for zone in zones if zone.link is None]
    needed = [zone for zone in zones if zone.link is not None and keys & set(range(zone.keys[0], zone.keys[1] + 1))]
    ranges = sorted({zone.keys for zone in needed})
    disjoint = all(before[1] < after[0] for before, after in pairwise(ranges))
    if spacing == 0:
        return shared + needed
    if not disjoint:
        lowest, highest = ranges[0][0], max(span[1] for span in ranges)
        return shared + [_reaching(zone, lowest, highest) for zone in needed]
    roots = {span: min(_root(zone, font) for zone in needed if zone.keys == span) for span in ranges}
    kept: list[tuple[int, int]] = []
    for span in ranges:
        if not kept or roots[span] - roots[kept[-1]] >= spacing:
            kept.append(span)
    widened = _widened(kept, roots)
    return shared + [_with_keys(zone, widened[zone.keys]) for zone in needed if zone.keys in widened]


def _widened(
    kept: Sequence[tuple[int, int]], roots: Mapping[tuple[int, int], int]
) -> dict[tuple[int, int], tuple[int, int]]:
    """New key ranges without gaps from 0 to 127; between neighbours the border lies where it was or midway."""
    borders = [0]
    for before, after in pairwise(kept):
        touching = before[1] + 1 == after[0]
        borders.append(after[0] if touching else (roots[before] + roots[after]) // 2 + 1)
    borders.append(128)
    return {span: (borders[i], borders[i + 1] - 1) for i, span in enumerate(kept)}


def _root(zone: Zone, font: SoundFont) -> int:
    """The key at which a zone plays its sample as recorded; some fonts write it as a tuning of the wrong root."""
    amounts = {int(row["operator"]): int(row["amount"]) for row in zone.generators}
    written = amounts.get(ROOT_OPERATOR, 0xFFFF)
    root = written if written <= 127 else int(font.tables["shdr"]["key"][zone.link])
    coarse = amounts.get(COARSE_TUNE_OPERATOR, 0)
    return root - (coarse - 0x10000 if coarse >= 0x8000 else coarse)


def _reaching(zone: Zone, lowest: int, highest: int) -> Zone:
    """The zone, from key 0 if it was of the lowest and to key 127 if it was of the highest."""
    low, high = zone.keys
    return _with_keys(zone, (0 if low == lowest else low, 127 if high == highest else high))


def _with_keys(zone: Zone, keys: tuple[int, int]) -> Zone:
    """The zone with another key range, which the specification wants as the first generator."""
    others = zone.generators[zone.generators["operator"] != KEY_RANGE_OPERATOR]
    first = np.array([(KEY_RANGE_OPERATOR, keys[0] | keys[1] << 8)], GENERATOR_RECORD)
    return replace(zone, generators=np.concatenate([first, others]))


def _assembled(
    font: SoundFont,
    presets: Sequence[tuple[np.void, Sequence[Zone]]],
    instruments: Mapping[int, Sequence[Zone]],
    info: Mapping[str, bytes],
) -> SoundFont:
    samples = sorted({zone.link for zones in instruments.values() for zone in zones if zone.link is not None})
    instrument_rows = {old: new for new, old in enumerate(instruments)}
    sample_rows = {old: new for new, old in enumerate(samples)}
    preset_starts, preset_tables = _zone_tables(
        "p", [zones for _, zones in presets], INSTRUMENT_OPERATOR, instrument_rows
    )
    instrument_starts, instrument_tables = _zone_tables("i", list(instruments.values()), SAMPLE_OPERATOR, sample_rows)
    headers = _table([row for row, _ in presets], PRESET_RECORD, b"EOP")
    headers["bag"] = preset_starts
    names = _table([font.tables["inst"][old] for old in instruments], INSTRUMENT_RECORD, b"EOI")
    names["bag"] = instrument_starts
    records, data = _samples(font, samples)
    tables = {"phdr": headers, **preset_tables, "inst": names, **instrument_tables, "shdr": records}
    return SoundFont(info=dict(info), tables=tables, data=data)


def _zone_tables(
    level: str, owners: Sequence[Sequence[Zone]], link: int, rows: Mapping[int, int]
) -> tuple[list[int], dict[str, NDArray[np.void]]]:
    """(first bag of each owner and one past the last, the bag, modulator and generator tables)."""
    starts: list[int] = []
    bags: list[tuple[int, int]] = []
    generators = [np.zeros(0, GENERATOR_RECORD)]
    modulators = [np.zeros(0, MODULATOR_RECORD)]
    for zones in owners:
        starts.append(len(bags))
        for zone in zones:
            bags.append((sum(map(len, generators)), sum(map(len, modulators))))
            relinked = zone.generators.copy()
            if zone.link is not None:
                relinked["amount"][relinked["operator"] == link] = rows[zone.link]
            generators.append(relinked)
            modulators.append(zone.modulators)
    starts.append(len(bags))
    bags.append((sum(map(len, generators)), sum(map(len, modulators))))
    return starts, {
        f"{level}bag": np.array(bags, BAG_RECORD),
        f"{level}mod": np.concatenate([*modulators, np.zeros(1, MODULATOR_RECORD)]),
        f"{level}gen": np.concatenate([*generators, np.zeros(1, GENERATOR_RECORD)]),
    }


def _samples(font: SoundFont, samples: Sequence[int]) -> tuple[NDArray[np.void], bytes]:
    """Sample records and their data, closed up; stereo links are dropped because pairs may have lost a half."""
    records = _table([font.tables["shdr"][old] for old in samples], SAMPLE_RECORD, b"EOS")
    parts: list[bytes] = []
    position = 0
    for row in records[:-1]:
        stored = font.data[int(row["start"]) : int(row["end"])]
        row["start"], row["end"] = position, position + len(stored)
        row["link"], row["kind"] = 0, _VORBIS_MONO
        parts.append(stored)
        position += len(stored)
    return records, b"".join(parts)


def _table(rows: Sequence[np.void], record: np.dtype[np.void], end: bytes) -> NDArray[np.void]:
    """`rows` and the terminal record named `end`."""
    table = np.zeros(len(rows) + 1, record)
    table[:-1] = np.array(rows, record)
    table["name"][-1] = end
    return table


def soundfont_bytes(font: SoundFont) -> bytes:
    """The file: a RIFF of form sfbk with the INFO, sdta and pdta lists in the order the specification demands."""
    info = _list(b"INFO", [(tag.encode(), body) for tag, body in font.info.items()])
    samples = _list(b"sdta", [(b"smpl", font.data[:])])
    tables = _list(b"pdta", [(tag.encode(), font.tables[tag].tobytes()) for tag in TABLES])
    return _chunk(b"RIFF", b"sfbk" + info + samples + tables)


def _list(form: bytes, chunks: list[tuple[bytes, bytes]]) -> bytes:
    return _chunk(b"LIST", form + b"".join(_chunk(tag, body) for tag, body in chunks))


def _chunk(tag: bytes, body: bytes) -> bytes:
    """A RIFF chunk, padded to an even length as RIFF asks."""
    return struct.pack("<4sI", tag, len(body)) + body + b"\0" * (len(body) & 1)
