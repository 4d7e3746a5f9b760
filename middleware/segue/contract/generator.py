"""The protocol of generators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from segue.contract.conditioning import Conditioning
from segue.contract.music import Chunk
from segue.contract.styles import StyleBank

State = TypeVar("State")


class GeneratorError(Exception):
    """A generator cannot play on this machine; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Request(Generic[State]):
    """One row of a generation batch: go on from `state` under `conditioning`."""

    state: State
    styles: StyleBank
    conditioning: Conditioning
    stems: bool = False


@dataclass(frozen=True, kw_only=True)
class Result(Generic[State]):
    """The state after a request's last frame, and its sound."""

    state: State
    chunk: Chunk


class Generator(Protocol[State]):
    """Plays conditioning as sound. A state is an immutable value: generating from an old one again is always valid.

    Attributes:
        name: As in `--generator`.
        model: What plays, its content hashed, at most 128 bytes: packed states are good for generators of the same
            model alone.
        encoder: Name of the StyleEncoder whose embeddings it reads; "" if it reads profiles, or no style at all.
        controls: The fields of Conditioning it obeys, of {"tempo", "meter", "key", "drums", "intensity", "temperature",
            "guidance"}, and "fills" if it leads into changes that are known in advance.
        exact_beats: Whether beats sound where the tempo map says.
        rows: How many requests it plays in little more time than one; further ones are better requested one after the
            other.
        threads: How many threads may call `generate` at once with a gain; that may change while it plays. Whatever the
            number, `start`, `pack` and `unpack` may be called by other threads meanwhile.
        compiles: Whether its first calls take seconds longer than those that follow; call it once before the first
            session needs it.
    """

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def encoder(self) -> str: ...

    @property
    def controls(self) -> frozenset[str]: ...

    @property
    def exact_beats(self) -> bool: ...

    @property
    def rows(self) -> int: ...

    @property
    def threads(self) -> int: ...

    @property
    def compiles(self) -> bool: ...

    def start(self, *, seed: int, frame: int = 0) -> State:
        """The state before `frame`, with nothing played yet."""
        ...

    def generate(self, requests: Sequence[Request[State]]) -> list[Result[State]]:
        """Play each request; rows are independent, and equal requests give equal bytes.

        Raises:
            ValueError: If a conditioning does not start where its state ends.
        """
        ...

    def state_bytes(self, state: State) -> int:
        """Memory that keeping `state` costs, in bytes."""
        ...

    def pack(self, state: State) -> bytes:
        """What `unpack` needs to go on from `state`, at most MOST_STATE_BYTES; equal states give equal bytes.

        Cheap enough to be called for every chunk.
        """
        ...

    def unpack(self, data: bytes, *, frame: int) -> State:
        """A state before `frame` from which the packed music goes on, whatever frame it was packed at.

        It sounds as if it had never stopped, within what the generator documents; it may take a second to make.

        Raises:
            ValueError: For bytes that are not of this model's packing. No bytes raise anything else.
        """
        ...
