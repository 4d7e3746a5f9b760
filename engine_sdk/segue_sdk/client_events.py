"""The events that a client reports to its game, besides the messages of the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from segue_sdk.messages import Change, Chunk, Error, Receipt, Rules, Saved, Status, Stinger, Welcome


@dataclass(frozen=True, kw_only=True)
class Live:
    """The session is up.

    Attributes:
        resumed: Whether it is the session from before the connection was lost.
    """

    welcome: Welcome
    resumed: bool


@dataclass(frozen=True, kw_only=True)
class Lost:
    """The connection is gone; the client connects again after retry_ms. Music plays on from the buffer."""

    reason: str
    retry_ms: int = 0


@dataclass(frozen=True, kw_only=True)
class ConnectionFailed:
    """The client cannot connect and keeps trying. Each code is reported once until it connects.

    Attributes:
        code: `token_refused`, `token_needed`, `token_not_needed`, `unreachable`, `unknown_host`, `no_answer`,
            `broken_off` or `not_a_service`.
        text: What was tried and what to do.
        retry_ms: Time until the next attempt.
    """

    code: str
    text: str
    retry_ms: int = 0


@dataclass(frozen=True, kw_only=True)
class Closed:
    """The session has ended and is not resumed.

    Attributes:
        reason: As in `bye`; `unsupported_version`, or `internal` for an error of the SDK itself.
        text: For people.
        code: Of the `error` that came with it; empty if none did.
    """

    reason: str
    text: str = ""
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class BeatHeard:
    """A beat is heard.

    Attributes:
        at: Its sample position.
        bar: Index of its bar, from 0.
        beat: Index in its bar; 0 is the first beat.
        exact: Whether the music's beat lies there; false where the generator keeps its own time.
        tempo_bpm, meter, groups: Of the `clock` message it comes from.
    """

    at: int
    bar: int
    beat: int
    exact: bool
    tempo_bpm: float
    meter: int
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Underrun:
    """The music stopped because no more had arrived.

    Attributes:
        count: How often since the session's start.
    """

    count: int


@dataclass(frozen=True, kw_only=True)
class MessageRefused:
    """A message of the service was not understood."""

    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class InputRefused:
    """An input set or fired before the rules were known does not fit them and is not sent.

    Attributes:
        code: As in InputError.
    """

    name: str
    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class EventDelayed:
    """The service's rate limit refused an event, which is sent again.

    Attributes:
        seq: The number that `end_frame` returned.
    """

    seq: int
    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class CallbackFailed:
    """`wake`, which the network thread calls, raised; the session continues.

    Attributes:
        text: What it raised.
    """

    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ChangeHeard:
    """A `started` change is heard now: `played` has reached its `audible`. Reported once for each change."""

    change: Change


@dataclass(frozen=True, kw_only=True)
class StingerHeard:
    """A stinger begins to be heard.

    Attributes:
        id, name: As in `StingerArrived`.
        at: Sample position of its beginning.
    """

    id: int
    name: str
    at: int


@dataclass(frozen=True, kw_only=True)
class MusicArrived:
    """A chunk of music has arrived.

    Attributes:
        start, count: In samples.
        mix, states: In its last frame.
    """

    start: int
    count: int
    take: int
    generator: str
    reason: str
    states: Mapping[str, str]
    mix: Mapping[str, float]

    @classmethod
    def of(cls, chunk: Chunk) -> MusicArrived:
        """The event of a chunk."""
        return cls(
            start=chunk.start,
            count=chunk.count,
            take=chunk.take,
            generator=chunk.generator,
            reason=chunk.reason,
            states=chunk.states,
            mix=chunk.mix,
        )


@dataclass(frozen=True, kw_only=True)
class StingerArrived:
    """A stinger's message has arrived.

    Attributes:
        kind: As in `stinger`.
    """

    id: int
    name: str
    kind: str
    start: int
    reason: str

    @classmethod
    def of(cls, message: Stinger) -> StingerArrived:
        """The event of a stinger's message."""
        return cls(id=message.id, name=message.name, kind=message.kind, start=message.start, reason=message.reason)


ClientEvent: TypeAlias = (
    Live
    | Lost
    | ConnectionFailed
    | Closed
    | BeatHeard
    | Underrun
    | MessageRefused
    | InputRefused
    | EventDelayed
    | CallbackFailed
    | ChangeHeard
    | StingerHeard
    | MusicArrived
    | StingerArrived
    | Receipt
    | Change
    | Rules
    | Chunk
    | Stinger
    | Saved
    | Status
    | Error
)
