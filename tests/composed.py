"""Whole pieces with labels: what the composer plays over a clip, and what a learner may be told about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from segue.contract import FRAME_RATE, FRAME_SIZE, MODES, SAMPLE_RATE, TICKS_PER_BEAT, NoteEvent
from segue.instruments import NAMES
from segue.score.composer.arrange import arrange
from segue.score.composer.conductor import advance
from segue.score.composer.form import Form
from segue.score.composer.harmony import phrase, place_of
from segue.score.composer.keyed_random import KeyedRandom, text_key
from segue.score.composer.layouts.layout import Layout
from segue.score.composer.moment import Moment
from segue.score.composer.scales import SCALES
from segue.score.composer.theory import NOTE_NAMES
from segue.score.composer.vocabulary import Arrangement
from segue.score.sampler.orchestra import ORCHESTRA
from segue.style.points import POINTS
from segue.style.situations import SITUATIONS
from segue.style_profile import Ensemble, StyleProfile

_DRUM_KIT_NAME: Final = "drums"


class _Arrangements(Mapping[str, Arrangement]):
    """Arranged when first asked for: many tests that import this module need none, or few."""

    def __iter__(self) -> Iterator[str]:
        return iter(SITUATIONS)

    def __len__(self) -> int:
        return len(SITUATIONS)

    def __getitem__(self, name: str) -> Arrangement:
        return _arranged(name)


@cache
def _arranged(name: str) -> Arrangement:
    return replace(arrange(POINTS[name].profile), name=name, notes_key=name)


ARRANGEMENTS: Final[Mapping[str, Arrangement]] = _Arrangements()
"""What the composer makes of the profile of each situation, by the situation's name, which it has too."""


@dataclass(frozen=True, kw_only=True)
class ChordLabel:
    """A chord as heard. start: sample. name: as a musician writes it. root: pitch class. tones: pitch classes."""

    start: int
    name: str
    root: int
    tones: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Score:
    """A clip of music as notes, with labels that hold by construction.

    moments: the conditioning it obeyed, frame by frame. notes: ordered by start. beats, bars: sample positions.
    chords: in order. key: such as "D minor", of the clip's start. instruments: names, most played first. density: notes
    a second.
    """

    moments: tuple[Moment, ...]
    notes: tuple[NoteEvent, ...]
    beats: tuple[int, ...]
    bars: tuple[int, ...]
    chords: tuple[ChordLabel, ...]
    key: str
    instruments: tuple[str, ...]
    density: float

    @property
    def num_frames(self) -> int:
        return len(self.moments)

    @property
    def caption(self) -> str:
        """What plays, in words drawn from the labels: situations, pace, key, leading instruments, intensity."""
        weights: dict[str, float] = {}
        for moment in self.moments:
            for name, weight in moment.mix:
                weights[name] = weights.get(name, 0.0) + weight
        names = [
            name for name in sorted(weights, key=lambda name: -weights[name]) if weights[name] > 0.1 * self.num_frames
        ]
        tempo = sum(moment.tempo for moment in self.moments) / self.num_frames / 1000
        energy = sum(moment.intensity for moment in self.moments) / self.num_frames
        pace = "slow" if tempo < 84 else "moderate" if tempo < 120 else "fast"
        strength = "gentle" if energy < 0.34 else "lively" if energy < 0.67 else "intense"
        lead = ", ".join(self.instruments[:3])
        return f"{' and '.join(names)}, {strength}, {pace}, {self.key}, {lead}"


def steady(
    name: str,
    *,
    seed: int,
    num_frames: int,
    intensity: float = 0.6,
    tempo_bpm: float | None = None,
    meter: int | None = None,
    tonic: int | None = None,
    mode: str | None = None,
    drums: int = -1,
) -> tuple[Moment, ...]:
    """Conditioning of one situation from beat 0; what is not given is the profile's, the tonic drawn by `seed`.

    Without a mode the music keeps the profile's own scale, of the same third as the key that is asked for.

    Raises: ValueError for an unknown mode, KeyError for an unknown situation.
    """
    row = ARRANGEMENTS[name]
    tempo = round((row.tempo_bpm if tempo_bpm is None else tempo_bpm) * 1000)
    beats = row.meter if meter is None else meter
    key = KeyedRandom(seed, text_key(name), 71).below(12) if tonic is None else tonic
    mode_index = MODES.index(("minor" if SCALES[row.scale].minor else "major") if mode is None else mode)
    bar_length = beats * TICKS_PER_BEAT
    return tuple(
        Moment(
            frame=frame,
            mix=((name, 1.0),),
            tempo=tempo,
            ticks=frame * tempo,
            bar=frame * tempo // bar_length,
            bar_ticks=frame * tempo // bar_length * bar_length,
            meter=beats,
            tonic=key,
            mode=mode_index,
            drums=drums,
            intensity=intensity,
            arrangements=ARRANGEMENTS,
        )
        for frame in range(num_frames)
    )


def compose(name: str, *, seed: int, seconds: float = 24.0, intensity: float = 0.6) -> Score:
    """A clip of one situation as its profile has it; `perform(steady(...))` for chosen tempo, meter, key or drums."""
    return perform(steady(name, seed=seed, num_frames=round(seconds * FRAME_RATE), intensity=intensity), seed=seed)


def perform(moments: tuple[Moment, ...], *, seed: int) -> Score:
    """What the composer plays under `moments`, consecutive frames. Raises: ValueError if there are none."""
    if not moments:
        raise ValueError("moments: expected at least one frame")
    form = Form(seed=seed, frame=moments[0].frame)
    notes: list[NoteEvent] = []
    beats: list[int] = []
    bars: list[int] = []
    chords: list[ChordLabel] = []
    key = ""
    for moment in moments:
        form, started = advance(form, moment)
        notes.extend(started)
        key = key or f"{NOTE_NAMES[form.tonic]} {form.mode}"
        for tick in _beats_within(moment):
            position = moment.frame * FRAME_SIZE + (tick - moment.ticks) * FRAME_SIZE // moment.tempo
            beat = (tick - moment.bar_ticks) // TICKS_PER_BEAT
            beats.append(position)
            if beat % moment.meter == 0:
                bars.append(position)
            label = _chord_label(form, moment, beat, position)
            if not chords or chords[-1].name != label.name:
                chords.append(label)
    return Score(
        moments=moments,
        notes=tuple(notes),
        beats=tuple(beats),
        bars=tuple(bars),
        chords=tuple(chords),
        key=key,
        instruments=_instruments(notes),
        density=len(notes) * SAMPLE_RATE / (len(moments) * FRAME_SIZE),
    )


def _beats_within(moment: Moment) -> range:
    first = moment.bar_ticks + -(-(moment.ticks - moment.bar_ticks) // TICKS_PER_BEAT) * TICKS_PER_BEAT
    return range(first, moment.ticks + moment.tempo, TICKS_PER_BEAT)


def _chord_label(form: Form, moment: Moment, beat: int, position: int) -> ChordLabel:
    """The chord on a beat; a beat that is the next bar's first belongs to the bar the form has settled already."""
    arrangement = moment.arrangements[form.plan]
    number, bar, _ = place_of(arrangement, form.seed, max(0, moment.bar + beat // moment.meter - form.origin))
    plan = phrase(arrangement, form.seed, number, moment.meter, form.tonic, form.mode)
    sounding = [segment for segment in plan.bars[bar] if segment.start <= beat % moment.meter][-1].chord
    return ChordLabel(start=position, name=sounding.name, root=sounding.root, tones=sounding.tones)


def _instruments(notes: list[NoteEvent]) -> tuple[str, ...]:
    time: dict[str, int] = {}
    for note in notes:
        name = _DRUM_KIT_NAME if note.drums else ORCHESTRA[note.program].name
        time[name] = time.get(name, 0) + note.duration
    return tuple(sorted(time, key=lambda name: (-time[name], name)))


def natural(layout: Layout) -> StyleProfile:
    """The profile of a layout with its own instruments and drums."""
    names = {
        role: tuple(dict.fromkeys(NAMES[p] for voice in layout.voices if voice.role == role for p in voice.programs))
        for role in ("melody", "counter", "harmony", "bass", "texture")
    }
    return StyleProfile(
        ensemble=Ensemble(**names),
        layout=layout.name,
        groove=layout.groove,
        percussion=layout.percussion,
        scale="minor",
        meter=3 if layout.groove == "waltz" else 6 if layout.groove == "jig" else 4,
    )
