"""Music and SoundFonts for the tests of the sampler."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from segue.contract import SAMPLE_RATE, NoteEvent, Samples
from segue.score.sampler.sampler import Sampler, SamplerState
from segue.score.sampler.soundfont import TABLES, SoundFont
from segue.training.orchestra.cut import soundfont_bytes


def note(start: int = 0, duration: int = 24_000, program: int = 0, pitch: int = 60, **rest: object) -> NoteEvent:
    """A note with defaults for what a test does not care about."""
    values = {"velocity": 96, "drums": False, "family": "melody"} | rest
    return NoteEvent(start=start, duration=duration, program=program, pitch=pitch, **values)


def song(seconds: float, seed: int) -> list[NoteEvent]:
    """Twelve notes a second: bass, chords, two melodies and a kit, with human timing."""
    chance = random.Random(seed)
    chords = [(57, 60, 64), (53, 57, 60), (48, 55, 64), (55, 59, 62)]
    beat = SAMPLE_RATE // 2
    notes = []
    for index in range(int(seconds * 2)):
        chord = chords[(index // 8) % 4]
        at = index * beat
        notes.append(note(at, beat, 33, chord[0] - 24, family="bass", velocity=chance.randint(80, 100)))
        if index % 4 == 0:
            for pitch in chord:
                notes.append(note(at + chance.randint(0, 300), 4 * beat, 48, pitch, family="harmony", velocity=70))
        for key, step in ((42, 0), (42, beat // 2), (36 if index % 2 == 0 else 38, chance.randint(0, 99))):
            notes.append(note(at + step, 2_000, 0, key, family="drums", drums=True, velocity=chance.randint(50, 110)))
        for program, shift in ((73, 12), (46, 0)):
            length = int(beat * chance.uniform(0.4, 1.0))
            notes.append(note(at + chance.randint(0, 12_000), length, program, chance.choice(chord) + shift))
    return sorted(notes, key=lambda event: event.start)


def play(
    sampler: Sampler,
    notes: Sequence[NoteEvent],
    total: int,
    chunk: Callable[[], int],
    *,
    state: SamplerState | None = None,
    stems: bool = False,
) -> tuple[SamplerState, Samples, dict[str, Samples]]:
    """Render `notes` up to sample `total` in chunks."""
    state = sampler.start() if state is None else state
    heard: list[Samples] = []
    parts: dict[str, list[Samples]] = {}
    while state.position < total:
        size = min(chunk(), total - state.position)
        due = [event for event in notes if state.position <= event.start < state.position + size]
        state, samples, families = sampler.render(state, due, size, stems=stems)
        heard.append(samples)
        for family, share in families.items():
            parts.setdefault(family, []).append(share)
    return state, np.concatenate(heard), {family: np.concatenate(share) for family, share in parts.items()}


def tiny_font(
    *,
    stereo: bool = False,
    bright: bool = False,
    generators: Sequence[tuple[int, int]] = (),
    modulators: Sequence[tuple[int, int, int, int, int]] = (),
    preset_modulators: Sequence[tuple[int, int, int, int, int]] = (),
) -> SoundFont:
    """A PCM font of one looped 480 Hz sine (100 samples a period): programme 0 and the kit play it, root key 71.

    Args:
        bright: Whether it is a saw instead.
        generators: More of each zone of the instrument.
        modulators, preset_modulators: Of the instrument's zones and of the presets'.
    """
    phase = np.arange(4_800) / 100
    wave = np.round(16_000 * (2 * (phase % 1) - 1 if bright else np.sin(2 * np.pi * phase))).astype("<i2")
    pans = (-500, 500) if stereo else (0,)
    sides = len(pans)
    rows = {name: np.zeros(1, record) for name, record in TABLES.items()}
    rows["phdr"] = _records(
        "phdr", [("Sine", 0, 0, 0, 0, 0, 0), ("Kit", 0, 128, 1, 0, 0, 0), ("EOP", 0, 0, 2, 0, 0, 0)]
    )
    rows["pbag"] = _records("pbag", [(number, number * len(preset_modulators)) for number in range(3)])
    rows["pmod"] = _records("pmod", [*preset_modulators, *preset_modulators, (0, 0, 0, 0, 0)])
    rows["pgen"] = _records("pgen", [(41, 0), (41, 0), (0, 0)])
    rows["inst"] = _records("inst", [("Sine", 0), ("EOI", sides)])
    own = [(operator, amount & 0xFFFF) for operator, amount in generators]
    zones = [[(17, pan & 0xFFFF), (54, 1), *own, (53, 0)] for pan in pans]
    rows["ibag"] = _records("ibag", [(len(zones[0]) * side, len(modulators) * side) for side in range(sides + 1)])
    rows["imod"] = _records("imod", [*(modulator for _ in pans for modulator in modulators), (0, 0, 0, 0, 0)])
    rows["igen"] = _records("igen", [generator for zone in zones for generator in zone] + [(0, 0)])
    rows["shdr"] = _records(
        "shdr", [("sine", 0, len(wave), 1_000, 4_000, SAMPLE_RATE, 71, 0, 0, 1), ("EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0)]
    )
    return SoundFont(info={"ifil": b"\x02\0\x01\0", "INAM": b"tiny\0\0"}, tables=rows, data=wave.tobytes())


def written(font: SoundFont, path: Path) -> Path:
    path.write_bytes(soundfont_bytes(font))
    return path


def _records(table: str, rows: list[tuple[object, ...]]) -> np.ndarray:
    encoded = [tuple(value.encode() if isinstance(value, str) else value for value in row) for row in rows]
    return np.array(encoded, TABLES[table])
