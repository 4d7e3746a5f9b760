"""The composer, the sampler and production as a Generator: conditioning in, notes and 48 kHz stereo out."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import (
    FRAME_SIZE,
    MODES,
    SAMPLE_RATE,
    Chunk,
    ComposedBar,
    Conditioning,
    NoteEvent,
    NoteRelease,
    Request,
    Result,
    Samples,
    ThemeNotes,
    groups_of,
)
from segue.score import packed_state, production
from segue.score.composer.arrange import arrange
from segue.score.composer.bar_summary import composed_bar
from segue.score.composer.conductor import advance, present
from segue.score.composer.form import Form
from segue.score.composer.moment import Arrangements, Mix, Moment
from segue.score.composer.motif import Motif, PlayedNote, Theme, key_of, motif_of
from segue.score.composer.vocabulary import Arrangement
from segue.score.production import WARM_UP, Kick, ProductionState
from segue.score.production_settings import Curve, Settings, mixed
from segue.score.sampler.sampler import Sampler, SamplerState
from segue.style_profile import StyleProfile

# Weights are rounded to this many places, so that a mix has one value however it was added up.
_PLACES: Final = 6
# The guidance at which a mix is played as it is, the default of rules.
GUIDANCE: Final = 3.0
_LEAST: Final = 0.5 * 10.0**-_PLACES
# Of a mix of more arrangements only the heaviest play, so that none of an even mix is too light to be heard.
MOST_MIXED: Final = 12
# Sound below the knee passes untouched; above, it bends toward full scale and never reaches it.
_KNEE: Final = np.float32(0.8)


@dataclass(frozen=True, kw_only=True)
class ScoreState:
    """Between two frames: where the music stands, what still sounds, and how it is produced.

    Attributes:
        stem_productions: Of each family, kept only while stems are asked for.
    """

    form: Form
    sampler: SamplerState
    production: ProductionState
    stem_productions: Mapping[str, ProductionState] | None = None


class ScoreGenerator:
    """Music by rule, played by the sampled orchestra. Beats sound exactly where the tempo map says."""

    name: Final = "score"
    encoder: Final = ""
    controls: Final = frozenset({"tempo", "meter", "key", "drums", "intensity", "temperature", "guidance", "fills"})
    exact_beats: Final = True
    rows: Final = 1
    compiles: Final = False
    # Two gain nothing: most of what it does, it does in Python, one at a time.
    threads: Final = 1

    def __init__(self, sampler: Sampler) -> None:
        """Make a generator.

        Args:
            sampler: Plays the notes.
        """
        self._sampler = sampler

    @cached_property
    def model(self) -> str:
        """What plays: the composer's form and the SoundFont. Hashes the SoundFont when first asked."""
        return f"{self.name}-{packed_state.FORM_SIGNATURE:08x}-{self._sampler.sha256[:32]}"

    def start(self, *, seed: int, frame: int = 0) -> ScoreState:
        """The state before `frame`, with nothing played yet."""
        form, sampler = Form(seed=seed, frame=frame), self._sampler.start(frame * FRAME_SIZE)
        return ScoreState(form=form, sampler=sampler, production=production.start())

    def generate(self, requests: Sequence[Request[ScoreState]]) -> list[Result[ScoreState]]:
        """Play each request; rows are independent, and equal requests give equal bytes.

        Raises:
            ValueError: If a conditioning does not start where its state ends.
        """
        return [self._play(request) for request in requests]

    def state_bytes(self, state: ScoreState) -> int:
        """Memory that keeping `state` costs, in bytes."""
        productions = (state.production, *(state.stem_productions or {}).values())
        produced = sum(one.nbytes for one in productions)
        return self._sampler.state_bytes(state.sampler) + sys.getsizeof(state.form) + produced

    def pack(self, state: ScoreState) -> bytes:
        """What `unpack` needs to go on from `state`: some 1 to 4 KB, at most MOST_STATE_BYTES."""
        return packed_state.pack(self.model, state.form, state.production, state.sampler)

    def unpack(self, data: bytes, *, frame: int) -> ScoreState:
        """Return the packed state, moved to `frame`; it sounds as the unbroken music does, to a few bits of float32.

        Renders the last seconds again, without output, for the reverb that still sounds. Only where notes had to be
        left out, in blends of some hundreds of notes a second, is an echo missing.

        Raises:
            ValueError: For bytes that are not of this model's packing.
        """
        position = frame * FRAME_SIZE
        packed = packed_state.unpack(self.model, data, frame=frame, position=position)
        notes, kicks, course = packed.notes, packed.kicks, packed.course

        def along(begin: int, end: int) -> list[Settings]:
            """Return the settings at the begin of each frame of [begin, end) and at its end."""
            ago = range((position - begin) // FRAME_SIZE, (position - end) // FRAME_SIZE - 1, -1)
            return [course[max(0, len(course) - 1 - frames)] for frames in ago]

        def gains(begin: int, end: int) -> tuple[Curve | None, Curve | None]:
            return production.gains_along(along(begin, end), kicks, begin) if course else (None, None)

        # The last samples are heard once more for the filter and the tape of the production.
        late = position - WARM_UP
        first = bisect_left(notes, late, key=lambda note: note.start)
        sampler = self._sampler.resumed(notes[:first], late, gains)
        sends, pumped = gains(late, position)
        sampler, samples, _ = self._sampler.render(sampler, notes[first:], WARM_UP, send_gains=sends, pump_gains=pumped)
        produced = production.resumed(along(late, position), kicks, samples, position) if course else production.start()
        return ScoreState(
            form=packed.form, sampler=sampler, production=replace(produced, beat=packed.beat, past=course[:-1])
        )

    def _play(self, request: Request[ScoreState]) -> Result[ScoreState]:
        form, conditioning = request.state.form, request.conditioning
        if conditioning.frame != form.frame:
            raise ValueError(f"conditioning: expected to start at frame {form.frame}, got {conditioning.frame}")
        notes: list[NoteEvent] = []
        kicks: list[Kick] = []
        bars: list[ComposedBar] = []
        profiles = request.styles.profiles
        names, themes = [profile.key for profile in profiles], motifs_of(request.styles.themes)
        theme_names = _theme_names(request.styles.themes)
        heard = _releasable(request.state.sampler.sounding)
        releases: dict[str, list[int]] = {}
        for moment in moments(conditioning, names, arranged(profiles), themes):
            earlier = form
            form, started = advance(form, moment)
            if (bar := composed_bar(earlier, form, moment, theme_names)) is not None:
                bars.append(bar)
            for name in heard - present(form, moment):
                releases.setdefault(name, []).append(moment.frame * FRAME_SIZE)
                heard.remove(name)
            heard |= _releasable(started)
            notes.extend(started)
            kicks.extend(production.kicks_of(started, round(60_000 * SAMPLE_RATE / moment.tempo)))
        before, position = request.state.production, conditioning.frame * FRAME_SIZE
        targets = _targets(_sharpened(conditioning.weights, conditioning.guidance), profiles)
        sampler, samples, stems = self._sampler.render(
            request.state.sampler,
            notes,
            conditioning.num_frames * FRAME_SIZE,
            stems=request.stems,
            releases=releases,
            send_gains=production.send_gains(before, targets),
            pump_gains=production.pump_gains(before, targets, kicks, position),
        )
        produced, samples = production.process(before, samples, targets, kicks, position)
        stem_productions = None
        if request.stems:
            stem_productions, stems = production.process_stems(
                request.state.stem_productions, before, stems, samples, targets, position
            )
        chunk = Chunk(
            frame=conditioning.frame,
            samples=bounded(samples),
            notes=tuple(notes),
            bars=tuple(bars),
            releases=tuple(sorted(NoteRelease(at, name) for name, found in releases.items() for at in found)),
            stems=stems,
        )
        state = ScoreState(form=form, sampler=sampler, production=produced, stem_productions=stem_productions)
        return Result(state=state, chunk=chunk)


@lru_cache(maxsize=64)
def arranged(profiles: tuple[StyleProfile, ...]) -> Arrangements:
    """Return the arrangements of some styles by the profiles' keys."""
    return _ArrangedWhenAsked(profiles)


class _ArrangedWhenAsked(Mapping[str, Arrangement]):
    """Arrangements, each made when it is first asked for: one takes some 8 ms, and a game has up to 256 styles."""

    def __init__(self, profiles: Sequence[StyleProfile]) -> None:
        self._profiles = {profile.key: profile for profile in profiles}
        # Kept here as well, for a service whose games have more styles together than `arrange` remembers.
        self._made: dict[str, Arrangement] = {}

    def __getitem__(self, name: str) -> Arrangement:
        made = self._made.get(name)
        return made if made is not None else self._made.setdefault(name, arrange(self._profiles[name]))

    def __contains__(self, name: object) -> bool:
        return name in self._profiles

    def __iter__(self) -> Iterator[str]:
        return iter(self._profiles)

    def __len__(self) -> int:
        return len(self._profiles)


def _targets(weights: NDArray[np.float32], profiles: tuple[StyleProfile, ...]) -> list[Settings]:
    """Return how each frame's mix of styles, float32 [T, N], is to be produced."""
    settings = _settings(profiles)
    return [_mixed(settings, tuple(row)) for row in weights.tolist()]


@lru_cache(maxsize=64)
def _settings(profiles: tuple[StyleProfile, ...]) -> tuple[Settings, ...]:
    return tuple(Settings.of(profile) for profile in profiles)


@lru_cache(maxsize=256)
def _mixed(settings: tuple[Settings, ...], weights: tuple[float, ...]) -> Settings:
    return mixed(settings, weights)


@lru_cache(maxsize=64)
def motifs_of(themes: tuple[ThemeNotes, ...]) -> tuple[Motif, ...]:
    """Return the themes of the rules as motifs, in their order."""
    motifs = []
    for theme in themes:
        notes = [PlayedNote(*note) for note in theme.notes]
        tonic, mode = key_of(notes) if theme.tonic < 0 else (theme.tonic, MODES[theme.mode])
        motifs.append(motif_of(notes, tonic=tonic, mode=mode))
    return tuple(motifs)


def _releasable(notes: Iterable[NoteEvent]) -> set[str]:
    """Return the styles of notes that are released once their style has left; drums ring out."""
    return {note.style for note in notes if note.style and not note.drums and note.released is None}


@lru_cache(maxsize=64)
def _theme_names(themes: tuple[ThemeNotes, ...]) -> Mapping[str, str]:
    """Return the name of the theme behind each motif's key; of equal tunes, the first."""
    return {motif.key: theme.name for motif, theme in reversed(list(zip(motifs_of(themes), themes, strict=True)))}


def moments(
    conditioning: Conditioning, names: Sequence[str], arrangements: Arrangements, motifs: tuple[Motif, ...] = ()
) -> list[Moment]:
    """Return conditioning frame by frame, its mix of styles turned into a mix of arrangements.

    Args:
        conditioning: T frames of N styles.
        names: Of the arrangement of each style; styles that are arranged alike share one.
        arrangements: By name.
        motifs: The themes that conditioning counts.

    Raises:
        ValueError: If there are not N names.
    """
    if len(names) != conditioning.weights.shape[1]:
        raise ValueError(f"expected {conditioning.weights.shape[1]} style profiles, got {len(names)}")
    mixes = _mixes(_sharpened(conditioning.weights, conditioning.guidance), names)
    coming, by_key = mixes, {motif.key: motif for motif in motifs}
    if (conditioning.to_change >= 0).any():
        coming = _mixes(_sharpened(conditioning.next_weights, conditioning.guidance), names)
    return [
        Moment(
            frame=conditioning.frame + index,
            mix=mixes[index],
            tempo=round(float(conditioning.tempo_bpm[index]) * 1000),
            ticks=int(conditioning.ticks[index]),
            bar=int(conditioning.bar[index]),
            bar_ticks=int(conditioning.bar_ticks[index]),
            meter=int(conditioning.meter[index]),
            tonic=int(conditioning.tonic[index]),
            mode=int(conditioning.mode[index]),
            drums=int(conditioning.drums[index]),
            intensity=float(conditioning.intensity[index]),
            to_change=int(conditioning.to_change[index]),
            next_mix=coming[index],
            next_meter=int(conditioning.next_meter[index]),
            groups=groups_of(int(conditioning.groups[index])),
            next_groups=groups_of(int(conditioning.next_groups[index])),
            ramp=int(conditioning.ramp[index]),
            arrangements=arrangements,
            temperature=float(conditioning.temperature[index]),
            visit=int(conditioning.visit[index, 0]),
            visit_bar=int(conditioning.visit[index, 1]),
            next_visit=int(conditioning.next_visit[index, 0]),
            next_visit_bar=int(conditioning.next_visit[index, 1]),
            silent=bool(conditioning.silent[index]),
            next_silent=bool(conditioning.next_silent[index]),
            theme=_theme(motifs, int(conditioning.theme[index]), float(conditioning.theme_strength[index])),
            themes=by_key,
            next_theme=_motif(motifs, int(conditioning.next_theme[index])),
        )
        for index in range(conditioning.num_frames)
    ]


def _theme(motifs: tuple[Motif, ...], index: int, strength: float) -> Theme | None:
    motif = _motif(motifs, index)
    return Theme(motif, strength) if motif is not None and strength > 0 else None


def _motif(motifs: tuple[Motif, ...], index: int) -> Motif | None:
    return motifs[index] if 0 <= index < len(motifs) else None


def _sharpened(weights: NDArray[np.float32], guidance: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return mixes, float32 [T, N], as the guidance, float32 [T], takes them.

    At GUIDANCE they stay as they are, to the bit. Above it the heaviest style gains, below it those that sound come
    nearer to each other; at 0 they are even.
    """
    if (guidance == GUIDANCE).all():
        return weights
    # Number by number: NumPy's powers may depend on where in an array a number stands.
    rows = []
    for row, level in zip(weights.tolist(), guidance.tolist(), strict=True):
        powers = [weight ** (level / GUIDANCE) if weight > 0 else 0.0 for weight in row]
        total = sum(powers)
        rows.append(row if level == GUIDANCE else [power / total for power in powers])
    return np.array(rows, np.float32).reshape(weights.shape)


def _mixes(weights: NDArray[np.float32], names: Sequence[str]) -> list[Mix]:
    """Return mixes of styles, float32 [T, N], as mixes of at most MOST_MIXED arrangements."""
    mixes = []
    for row in weights.tolist():
        mix: dict[str, float] = {}
        for name, weight in zip(names, row, strict=True):
            mix[name] = mix.get(name, 0.0) + weight
        if len(mix) > MOST_MIXED:
            mix = _heaviest(mix)
        mixes.append(tuple((name, round(weight, _PLACES)) for name, weight in mix.items() if weight >= _LEAST))
    return mixes


def _heaviest(mix: dict[str, float]) -> dict[str, float]:
    """Return the heaviest MOST_MIXED of a mix, of equals the earlier, in its order; their weights sum to 1."""
    kept = set(sorted(mix, key=lambda name: -mix[name])[:MOST_MIXED])
    total = sum(mix[name] for name in mix if name in kept)
    return {name: weight / total for name, weight in mix.items() if name in kept}


def bounded(samples: Samples) -> Samples:
    """Return sound in (-1, 1): what rises above the knee is bent smoothly, sample by sample, so cuts do not matter."""
    level = np.abs(samples)
    if not (level > _KNEE).any():
        return samples
    over = np.maximum(level - _KNEE, 0)
    room = 1 - _KNEE
    return np.where(level > _KNEE, np.sign(samples) * (_KNEE + room * over / (over + room)), samples).astype(np.float32)
