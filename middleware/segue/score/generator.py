"""The composer and the sampler as a Generator: conditioning in, notes and 48 kHz stereo out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import FRAME_SIZE, Chunk, Conditioning, NoteEvent, Request, Result, Samples, StyleBank, StyleEncoder
from segue.score import packed_state
from segue.score.composer.conductor import Form, advance
from segue.score.composer.moment import Mix, Moment
from segue.score.composer.table import NAMES
from segue.score.sampler.sampler import Sampler, SamplerState
from segue.style.situations import nearest_situations

# A style speaks for at most this many situations.
_NEAREST: Final = 3
# Weights are rounded to this many places, so that a mix has one value however it was added up.
_PLACES: Final = 6
# Sound below the knee passes untouched; above, it bends toward full scale and never reaches it.
_KNEE: Final = np.float32(0.8)


@dataclass(frozen=True, kw_only=True)
class ScoreState:
    """Between two frames: where the music stands, and what still sounds."""

    form: Form
    sampler: SamplerState


class ScoreGenerator:
    """Music by rule, played by the sampled orchestra. Beats sound exactly where the tempo map says."""

    name: Final = "score"
    controls: Final = frozenset({"tempo", "meter", "key", "drums", "intensity", "fills"})
    exact_beats: Final = True
    rows: Final = 1
    compiles: Final = False
    # Two gain nothing: most of what it does, it does in Python, one at a time.
    threads: Final = 1

    def __init__(self, encoder: StyleEncoder, sampler: Sampler) -> None:
        """Make a generator.

        Args:
            encoder: Made the style banks that requests will bring.
            sampler: Plays the notes.
        """
        self._encoder = encoder
        self._sampler = sampler
        self._shares = lru_cache(maxsize=64)(self._shares_of)

    @cached_property
    def model(self) -> str:
        """What plays: the composer's form and the SoundFont. Hashes the SoundFont when first asked."""
        return f"{self.name}-{packed_state.FORM_SIGNATURE:08x}-{self._sampler.sha256[:32]}"

    def start(self, *, seed: int, frame: int = 0) -> ScoreState:
        """The state before `frame`, with nothing played yet."""
        return ScoreState(form=Form(seed=seed, frame=frame), sampler=self._sampler.start(frame * FRAME_SIZE))

    def generate(self, requests: Sequence[Request[ScoreState]]) -> list[Result[ScoreState]]:
        """Play each request; rows are independent, and equal requests give equal bytes.

        Raises:
            ValueError: If a conditioning does not start where its state ends.
        """
        return [self._play(request) for request in requests]

    def state_bytes(self, state: ScoreState) -> int:
        """Memory that keeping `state` costs, in bytes."""
        return self._sampler.state_bytes(state.sampler) + sys.getsizeof(state.form)

    def pack(self, state: ScoreState) -> bytes:
        """What `unpack` needs to go on from `state`: some 1 to 4 KB, at most MOST_STATE_BYTES."""
        return packed_state.pack(self.model, state.form, state.sampler)

    def unpack(self, data: bytes, *, frame: int) -> ScoreState:
        """The packed state, moved to `frame`; it sounds as the unbroken music does, to a few bits of float32.

        Renders the last seconds again, without output, for the reverb that still sounds. Only where notes had to be
        left out, in blends of some hundreds of notes a second, is an echo missing.

        Raises:
            ValueError: For bytes that are not of this model's packing.
        """
        position = frame * FRAME_SIZE
        form, notes = packed_state.unpack(self.model, data, frame=frame, position=position)
        return ScoreState(form=form, sampler=self._sampler.resumed(notes, position))

    def situations(self, styles: StyleBank) -> dict[str, dict[str, float]]:
        """What each style is played as: situation names and their weights, for reports and warnings."""
        shares = self._shares(styles.embeddings.tobytes(), len(styles.names))
        return {
            style: {name: float(share) for name, share in zip(NAMES, row, strict=True) if share > 0}
            for style, row in zip(styles.names, shares, strict=True)
        }

    def _play(self, request: Request[ScoreState]) -> Result[ScoreState]:
        form, conditioning = request.state.form, request.conditioning
        if conditioning.frame != form.frame:
            raise ValueError(f"conditioning: expected to start at frame {form.frame}, got {conditioning.frame}")
        shares = self._shares(request.styles.embeddings.tobytes(), len(request.styles.names))
        notes: list[NoteEvent] = []
        for moment in moments(conditioning, shares):
            form, started = advance(form, moment)
            notes.extend(started)
        state, samples, stems = self._sampler.render(
            request.state.sampler, notes, conditioning.num_frames * FRAME_SIZE, stems=request.stems
        )
        chunk = Chunk(frame=conditioning.frame, samples=bounded(samples), notes=tuple(notes), stems=stems)
        return Result(state=ScoreState(form=form, sampler=state), chunk=chunk)

    def _shares_of(self, embeddings: bytes, count: int) -> NDArray[np.float64]:
        """Weight of every situation of the table in each of `count` styles, float64 [N, len(NAMES)], rows sum to 1."""
        rows = np.frombuffer(embeddings, np.float32).reshape(count, -1)
        shares = np.zeros((count, len(NAMES)))
        for row, embedding in zip(shares, rows, strict=True):
            for name, weight in nearest_situations(self._encoder, embedding, _NEAREST):
                row[NAMES.index(name)] = weight
        return shares


def moments(conditioning: Conditioning, shares: NDArray[np.float64]) -> list[Moment]:
    """Conditioning frame by frame, its mix of styles turned into a mix of situations.

    Args:
        shares: float64 [N, M], the share of each of the table's M situations in each style.
    """
    mixes = _mixes(conditioning.weights, shares)
    coming = _mixes(conditioning.next_weights, shares) if (conditioning.to_change >= 0).any() else mixes
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
        )
        for index in range(conditioning.num_frames)
    ]


def _mixes(weights: NDArray[np.float32], shares: NDArray[np.float64]) -> list[Mix]:
    """Mixes of styles, float32 [T, N], as mixes of situations."""
    # Summed over styles one by one, not by a matrix product, whose rounding would depend on the number of frames.
    rows = np.add.reduce(weights[:, :, None].astype(np.float64) * shares, axis=1)
    return [
        tuple(
            (name, round(weight, _PLACES))
            for name, weight in zip(NAMES, row, strict=True)
            if weight >= 0.5 * 10.0**-_PLACES
        )
        for row in rows.tolist()
    ]


def bounded(samples: Samples) -> Samples:
    """Sound in (-1, 1): what rises above the knee is bent smoothly, sample by sample, so cuts do not matter."""
    level = np.abs(samples)
    if not (level > _KNEE).any():
        return samples
    over = np.maximum(level - _KNEE, 0)
    room = 1 - _KNEE
    return np.where(level > _KNEE, np.sign(samples) * (_KNEE + room * over / (over + room)), samples).astype(np.float32)
