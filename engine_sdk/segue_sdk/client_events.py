"""What a client tells its game that is not a message of the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from segue_sdk.messages import Change, Chunk, Error, Receipt, Rules, Saved, Status, Stinger, Welcome


@dataclass(frozen=True, kw_only=True)
class Live:
    """The session is up. resumed: the same as before the connection was lost."""

    welcome: Welcome
    resumed: bool


@dataclass(frozen=True, kw_only=True)
class Lost:
    """The connection is gone; the socket is to be closed and opened anew, not before retry_ms. Music goes on."""

    reason: str
    retry_ms: int = 0


@dataclass(frozen=True, kw_only=True)
class ConnectionFailed:
    """No connection comes about; told once for each code until one does. The client goes on trying.

    code: `token_refused`, `token_needed`, `token_not_needed`, `unreachable`, `unknown_host`, `no_answer`,
    `broken_off` or `not_a_service`. text: what was tried, and what to do. retry_ms: until the next try.
    """

    code: str
    text: str
    retry_ms: int = 0


@dataclass(frozen=True, kw_only=True)
class Closed:
    """The session has ended for good.

    reason: as in `bye`; `unsupported_version`, or `internal` for a fault of the SDK itself. code: of the `error` that
    came with it, empty if none did. text: for people.
    """

    reason: str
    text: str = ""
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class BeatHeard:
    """A beat line has been reached. at: its sample position. beat: index in its bar, 0 is the bar line.

    exact: false where the generator keeps its own time. tempo_bpm, meter: as told for the stretch it lies in.
    """

    at: int
    bar: int
    beat: int
    exact: bool
    tempo_bpm: float
    meter: int


@dataclass(frozen=True, kw_only=True)
class Underrun:
    """The music ran dry. count: how often, since the session's start."""

    count: int


@dataclass(frozen=True, kw_only=True)
class MessageRefused:
    """A message of the service was not understood."""

    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class InputRefused:
    """What was set or fired before the rules were known does not fit them and is not sent. code: as in InputError."""

    name: str
    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class EventDelayed:
    """The service refused an event for its limit alone; it is offered again. seq: as `end_frame` numbered it."""

    seq: int
    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class CallbackFailed:
    """`wake`, which the network's thread calls, raised; the session goes on. text: what was raised."""

    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ChangeHeard:
    """A change that was told as `started` is heard now: `played` has come to its `audible`. Reported once for each."""

    change: Change


@dataclass(frozen=True, kw_only=True)
class StingerHeard:
    """A stinger begins to be heard. id, name: as in `StingerArrived`. at: sample position of its beginning."""

    id: int
    name: str
    at: int


@dataclass(frozen=True, kw_only=True)
class MusicArrived:
    """What a chunk says of itself, without its samples. start, count: samples. mix, states: in its last frame."""

    start: int
    count: int
    take: int
    generator: str
    reason: str
    states: Mapping[str, str]
    mix: Mapping[str, float]
    loudness_lufs: float | None

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
            loudness_lufs=chunk.loudness_lufs,
        )


@dataclass(frozen=True, kw_only=True)
class StingerArrived:
    """What a stinger's message says, without its samples. kind: as in `stinger`."""

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
