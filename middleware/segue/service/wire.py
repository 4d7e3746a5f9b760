"""What a session says, as messages of the protocol. Pure: no socket, no clock, no memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from segue.contract import FRAME_SIZE, Generator, Samples
from segue.runtime.messages import ChangeOut, ChunkOut, ClockOut, ReceiptOut, StatusOut
from segue_rules.model import (
    AudioStinger,
    ChoiceInput,
    Duck,
    FlagInput,
    Input,
    InputValue,
    IntegerInput,
    NumberInput,
    Rules,
)
from segue_sdk import messages
from segue_sdk.limits import (
    HEADER_BYTES,
    LARGEST_INTEGER,
    LONGEST_DUCK,
    MOST_CAUSES,
    MOST_CHOICES,
    MOST_ERRORS,
    MOST_STATES,
    NAME_BYTES,
    TEXT_BYTES,
)

Format: TypeAlias = Literal["f32le", "s16le"]

# Of a header, what the messages of a refused rule file may fill.
_ERRORS_BYTES: Final = HEADER_BYTES // 2


def pcm(samples: Samples, sample_format: Format) -> bytes:
    """Samples as a payload: interleaved, little-endian; what lies beyond full scale is cut off in s16le."""
    if sample_format == "f32le":
        return bytes(np.ascontiguousarray(samples, "<f4").tobytes())
    whole = np.clip(np.rint(samples * np.float32(32_768)), -32_768, 32_767)
    return bytes(whole.astype("<i2").tobytes())


def chunk(out: ChunkOut, rules: Rules, *, sample_format: Format, mixed: bool, cell: bytes | None) -> messages.Chunk:
    """mixed: whether it opens its take and follows what is there without a break. rules: those it was planned by."""
    last = out.plans[-1]
    names = (style.name for style in rules.styles)
    return messages.Chunk(
        seq=out.sequence,
        take=out.take,
        start=out.start,
        count=len(out.samples),
        mixed=mixed,
        format=sample_format,
        generator=out.generator,
        reason=out.reason,
        states={layer.name: state for layer, state in zip(rules.layers, last.states, strict=True)},
        mix={name: min(share, 1.0) for name, share in zip(names, last.mix, strict=True) if share > 0},
        cell=cell,
        pcm=pcm(out.samples, sample_format),
    )


def receipt(out: ReceiptOut) -> messages.Receipt:
    said = out.receipt
    return messages.Receipt(
        seq=said.sequence, accepted=said.accepted, code=said.code, frame=said.frame, text=clipped(said.text)
    )


def change(out: ChangeOut) -> messages.Change:
    said = out.change
    return messages.Change(
        kind=said.kind,
        layer=said.layer,
        from_state=said.from_state,
        to_state=said.to_state,
        decided=max(0, said.decided),
        start=max(0, said.start),
        audible=max(0, out.audible),
        ramp_frames=said.ramp_frames,
        at=said.at,
        causes=tuple(
            messages.Cause(
                text=clipped(cause.text),
                input=cause.input,
                value=_value(cause.value),
                seq=max(0, cause.sequence),
            )
            for cause in said.causes[:MOST_CAUSES]
        ),
        candidates=tuple(
            messages.Candidate(state=candidate.state, reason=clipped(candidate.reason))
            for candidate in said.candidates[:MOST_STATES]
        ),
    )


def clock(out: ClockOut, of: ChunkOut) -> messages.Clock:
    """of: the chunk that was told just before."""
    return messages.Clock(
        start=of.start,
        end=of.start + len(of.samples),
        tempo_bpm=out.tempo_bpm,
        meter=of.plans[0].clock.meter,
        exact=out.exact,
        beats=tuple(messages.Beat(at=beat.sample, bar=beat.bar, beat=beat.beat) for beat in out.beats),
    )


def status(out: StatusOut, *, home: int, headroom: float) -> messages.Status:
    """home: the rung of the session's chosen generator, which is 0 on the wire."""
    return messages.Status(
        rung=max(0, out.rung - home),
        generator=out.generator,
        headroom=min(headroom, 1e6),
        at=out.frame * FRAME_SIZE,
        reason=clipped(out.reason),
    )


def duck(said: Duck | None) -> messages.DuckInfo | None:
    if said is None:
        return None
    return messages.DuckInfo(
        depth_db=min(0.0, max(-96.0, said.depth_db)),
        fade_out=min(said.fade_out_samples, LONGEST_DUCK),
        recovery=min(said.recovery_samples, LONGEST_DUCK),
        fade_in=min(said.fade_in_samples, LONGEST_DUCK),
    )


def refused(errors: Sequence[str]) -> messages.Rules:
    """Why a rule file was not taken: as many of its errors as fit a header."""
    told, room = [], _ERRORS_BYTES
    for text in map(clipped, errors[:MOST_ERRORS]):
        room -= len(text.encode())
        if room < 0:
            break
        told.append(text)
    return messages.Rules(errors=tuple(told))


def generator_info(generator: Generator[Any]) -> messages.GeneratorInfo:
    return messages.GeneratorInfo(
        name=generator.name,
        model=generator.model,
        exact_beats=generator.exact_beats,
        controls=tuple(sorted(generator.controls)),
    )


def declaration(rules: Rules, fingerprint: str) -> messages.Declaration:
    """What a rule file declares. Raises: ProtocolError where it does not fit the protocol's limits."""
    return messages.Declaration(
        title=clipped(rules.title, 800),
        fingerprint=fingerprint[:NAME_BYTES],
        inputs=tuple(map(_input, rules.inputs)),
        layers=tuple(
            messages.LayerInfo(
                name=layer.name,
                states=tuple(state.name for state in layer.states),
                default=layer.states[layer.default_index].name,
            )
            for layer in rules.layers
        ),
        styles=tuple(style.name for style in rules.styles),
        stingers=tuple(stinger.name for stinger in rules.stingers if isinstance(stinger, AudioStinger)),
    )


def clipped(text: str, most: int = TEXT_BYTES) -> str:
    """At most so many bytes of a text."""
    return text if len(text) * 4 <= most else text.encode()[:most].decode(errors="ignore")


def _input(said: Input) -> messages.Input:
    match said:
        case NumberInput() | IntegerInput():
            return messages.Input(
                name=said.name,
                type="number" if isinstance(said, NumberInput) else "integer",
                low=float(said.low),
                high=float(said.high),
                default=said.default,
            )
        case ChoiceInput():
            return messages.Input(name=said.name, type="choice", of=said.of[:MOST_CHOICES], default=said.default)
        case FlagInput():
            return messages.Input(name=said.name, type="flag", default=said.default)
    return messages.Input(name=said.name, type="trigger")


def _value(value: InputValue) -> InputValue | None:
    """A cause's value as far as the wire can carry it."""
    if isinstance(value, str):
        return clipped(value, NAME_BYTES)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST_INTEGER:
        return None
    return value
