"""Converts what a session produces into messages of the protocol. Pure: no socket, no clock, no memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from segue.contract import FRAME_SIZE, Generator, Samples
from segue.runtime.messages import BeatGrid, ChunkOut, StatusOut
from segue_rules.events import Receipt
from segue_rules.model import (
    ChoiceInput,
    Duck,
    FlagInput,
    Input,
    InputValue,
    IntegerInput,
    NumberInput,
    Rules,
)
from segue_rules.plan import Change
from segue_sdk import messages
from segue_sdk.errors import ProtocolError
from segue_sdk.limits import (
    HEADER_BYTES,
    LARGEST_INTEGER,
    LONGEST_DUCK,
    MOST_CANDIDATES,
    MOST_CAUSES,
    MOST_CHOICES,
    MOST_ERRORS,
    NAME_BYTES,
    TEXT_BYTES,
)

Format: TypeAlias = Literal["f32le", "s16le"]

# Reasons of chunks that have another word in the protocol.
_REASONS: Final = {"change_level": "fallback"}
# States of a change that have another word in the protocol.
_CHANGE_KINDS: Final = {"scheduled": "decided", "started": "rendered", "withdrawn": "withdrawn"}

# The share of a header that the mistakes of a refused rule file may fill.
_ERRORS_BYTES: Final = HEADER_BYTES // 2


class RequestRefusedError(Exception):
    """A client's request cannot be met; the client is sent an `error` with this code.

    Attributes:
        code: Code of the `error`.
        text: Says what was expected and what came.
        retry_ms: When the client may ask again; None if asking again will not help.
        problems: Of refused rules, every mistake.
    """

    def __init__(self, code: str, text: str, retry_ms: int | None = None, problems: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.code, self.text, self.retry_ms, self.problems = code, text, retry_ms, problems


def error(refusal: ProtocolError | RequestRefusedError, about: str, seq: int = 0) -> messages.Error:
    """Convert a refusal.

    Args:
        about, seq: Type and number of the refused message.
    """
    return messages.Error(code=refusal.code, text=clipped(refusal.text), about=about, seq=seq)


def pcm(samples: Samples, sample_format: Format) -> bytes:
    """Encode samples as a payload: interleaved and little-endian.

    Args:
        samples: float32 [S, 2]; values beyond full scale are clipped in s16le.
        sample_format: Format on the wire.
    """
    if sample_format == "f32le":
        return bytes(np.ascontiguousarray(samples, "<f4").tobytes())
    whole = np.clip(np.rint(samples * np.float32(32_768)), -32_768, 32_767)
    return bytes(whole.astype("<i2").tobytes())


def chunk(
    out: ChunkOut, rules: Rules, *, sample_format: Format, mixed: bool, cell: messages.Cell | None
) -> messages.Chunk:
    """Convert a chunk.

    Args:
        out: The chunk.
        rules: The rules that it was planned by.
        sample_format: Format on the wire.
        mixed: Whether it is the first of its take and continues the sound before it without a seam.
        cell: Resume cell at its end.
    """
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
        reason=_REASONS.get(out.reason, out.reason),
        states={layer.name: state for layer, state in zip(rules.layers, last.states, strict=True)},
        mix={name: min(share, 1.0) for name, share in zip(names, last.mix, strict=True) if share > 0},
        cell=None if cell is None else cell.cell,
        last_event=0 if cell is None else cell.last_event,
        pcm=pcm(out.samples, sample_format),
    )


def receipt(receipt: Receipt) -> messages.Receipt:
    """Convert the receipt of an event."""
    return messages.Receipt(
        seq=receipt.sequence,
        accepted=receipt.accepted,
        code=receipt.code,
        frame=receipt.frame,
        text=clipped(receipt.text),
    )


def change(change: Change) -> messages.Change:
    """Convert a change of state with its causes."""
    return messages.Change(
        kind=_CHANGE_KINDS[change.kind],
        layer=change.layer,
        from_state=change.from_state,
        to_state=change.to_state,
        decided=max(0, change.decided),
        start=max(0, change.start),
        audible=max(0, change.start * FRAME_SIZE),
        ramp_frames=change.ramp_frames,
        at=change.at,
        causes=tuple(
            messages.Cause(
                text=clipped(cause.text),
                input=cause.input,
                value=_value(cause.value),
                seq=max(0, cause.sequence),
            )
            for cause in change.causes[:MOST_CAUSES]
        ),
        candidates=tuple(
            messages.Candidate(state=candidate.state, reason=clipped(candidate.reason))
            for candidate in change.candidates[:MOST_CANDIDATES]
        ),
        clips=change.clips,
    )


def clock(out: BeatGrid, of: ChunkOut) -> messages.Clock:
    """Convert the beats of a chunk.

    Args:
        of: The chunk, which was sent just before.
    """
    return messages.Clock(
        start=of.start,
        end=of.start + len(of.samples),
        tempo_bpm=out.tempo_bpm,
        meter=of.plans[0].clock.meter,
        exact=out.exact,
        beats=tuple(messages.Beat(at=beat.sample, bar=beat.bar, beat=beat.beat) for beat in out.beats),
        groups=of.plans[0].clock.groups,
    )


def status(out: StatusOut, *, primary: int, headroom: float) -> messages.Status:
    """Convert a status.

    Args:
        primary: Level of the chosen generator, which is 0 on the wire.
    """
    return messages.Status(
        level=max(0, out.level - primary),
        generator=out.generator,
        headroom=min(headroom, 1e6),
        at=out.frame * FRAME_SIZE,
        reason=clipped(out.reason),
    )


def duck(duck: Duck | None) -> messages.DuckInfo | None:
    """Convert how a stinger ducks the music, within the protocol's bounds."""
    if duck is None:
        return None
    return messages.DuckInfo(
        depth_db=min(0.0, max(-96.0, duck.depth_db)),
        fade_out=min(duck.fade_out_samples, LONGEST_DUCK),
        recovery=min(duck.recovery_samples, LONGEST_DUCK),
        fade_in=min(duck.fade_in_samples, LONGEST_DUCK),
    )


def refused_rules(errors: Sequence[str]) -> messages.Rules:
    """Return the mistakes of a rule file, as many as fit a header."""
    fitting, bytes_left = [], _ERRORS_BYTES
    for text in map(clipped, errors[:MOST_ERRORS]):
        bytes_left -= len(text.encode())
        if bytes_left < 0:
            break
        fitting.append(text)
    return messages.Rules(errors=tuple(fitting))


def generator_info(generator: Generator[Any]) -> messages.GeneratorInfo:
    """Describe a generator."""
    return messages.GeneratorInfo(
        name=generator.name,
        model=generator.model,
        exact_beats=generator.exact_beats,
        controls=tuple(sorted(generator.controls)),
    )


def declaration(rules: Rules, fingerprint: str) -> messages.Declaration:
    """Return what a rule file declares. Raises: ProtocolError if that exceeds the protocol's limits."""
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
        stingers=tuple(stinger.name for stinger in rules.stingers),
    )


def clipped(text: str, most: int = TEXT_BYTES) -> str:
    """Return the first `most` bytes of a text, without a cut character at the end."""
    return text if len(text) * 4 <= most else text.encode()[:most].decode(errors="ignore")


def _input(source: Input) -> messages.Input:
    match source:
        case NumberInput() | IntegerInput():
            return messages.Input(
                name=source.name,
                type="number" if isinstance(source, NumberInput) else "integer",
                low=float(source.low),
                high=float(source.high),
                default=source.default,
            )
        case ChoiceInput():
            return messages.Input(name=source.name, type="choice", of=source.of[:MOST_CHOICES], default=source.default)
        case FlagInput():
            return messages.Input(name=source.name, type="flag", default=source.default)
    return messages.Input(name=source.name, type="trigger")


def _value(value: InputValue) -> InputValue | None:
    """Return a cause's value as far as the protocol can carry it."""
    if isinstance(value, str):
        return clipped(value, NAME_BYTES)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST_INTEGER:
        return None
    return value
