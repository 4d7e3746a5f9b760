"""The messages that a client sends."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Final

from segue_sdk.declarations import FORMATS, EventItem, check_exactly_one
from segue_sdk.errors import ProtocolError
from segue_sdk.fields import (
    COUNT,
    FLAG,
    KEY,
    NAME,
    POSITION,
    SEQUENCE,
    TEXT,
    Blob,
    Choice,
    Integer,
    ListOf,
    Real,
    Record,
    RecordOf,
    Text,
)
from segue_sdk.limits import BLOB_BYTES, CELL_BYTES, MOST_EVENTS, MOST_VERSIONS, PASSWORD_BYTES, RULES_BYTES

CONTROL_OPS: Final = ("pause", "resume", "volume", "mute", "unmute", "rules", "generator")


RESET: Final = "reset"
"""A `Control.op` that programs may still construct for `SegueClient.control`, and that no message has."""


RULES_TEXT: Final = Text(RULES_BYTES, least=1)


RULES_NAME: Final = Text(256, least=1)


@dataclass(frozen=True, kw_only=True)
class Hello(Record):
    """Opens a session, or resumes one that is still there."""

    versions: Annotated[
        tuple[int, ...],
        ListOf(Integer(1, 1_000), MOST_VERSIONS, least=1),
        "protocol versions that the client speaks",
    ]
    client: Annotated[str, Text(128), "name and version of the client, for logs"]
    format: Annotated[str, Choice(FORMATS), "wanted sample format"] = "f32le"
    rules_text: Annotated[str | None, RULES_TEXT, "a rule file's text, without `include` or audio"] = None
    rules_name: Annotated[str | None, RULES_NAME, "a rule file that the service knows; neither: its default"] = None
    generator: Annotated[str | None, NAME, "wanted generator; absent: the service's default"] = None
    seed: Annotated[int | None, COUNT, "seed of the music; absent: the rule file's"] = None
    lookahead_ms: Annotated[int | None, Integer(200, 30_000), "wanted buffer; absent: the service's default"] = None
    stingers: Annotated[
        str, Choice(("separate", "included")), "sent beside the chunks; or mixed into them by the service"
    ] = "separate"
    resume: Annotated[bytes | None, KEY, "the key of the session to resume"] = None
    last_chunk: Annotated[int, COUNT, "with `resume`: `seq` of the last chunk received; 0 for none"] = 0
    token: Annotated[
        str | None, Text(PASSWORD_BYTES, least=1), "WebSocket only: the service's token; ZMTP has PLAIN for it"
    ] = None

    def check(self) -> None:
        if self.rules_text is not None and self.rules_name is not None:
            raise ProtocolError("bad_value", "hello: expected at most one of rules_text, rules_name")


@dataclass(frozen=True, kw_only=True)
class Event(Record):
    """Events of the game, in order."""

    events: Annotated[
        tuple[EventItem, ...],
        ListOf(RecordOf(EventItem), MOST_EVENTS, least=1),
        "the events, `seq` strictly growing",
    ]

    def check(self) -> None:
        numbers = [event.seq for event in self.events]
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            raise ProtocolError("bad_value", "events: expected growing seq")


@dataclass(frozen=True, kw_only=True)
class Playhead(Record):
    """The client's position, and its credit: the service sends music up to `committed` + lookahead."""

    played: Annotated[int, POSITION, "sample heard now; at most `committed`"]
    committed: Annotated[int, POSITION, "first sample not yet handed to the engine: nothing before it can change"]
    have: Annotated[int, POSITION, "end of the music that can be played without a gap; at least `committed`"]
    paused: Annotated[
        bool, FLAG, "whether the sample clock stands: before the pre-roll, after an underrun, or paused by the game"
    ]
    last_chunk: Annotated[int, COUNT, "`seq` of the last chunk received; 0 for none"] = 0
    underruns: Annotated[int, COUNT, "underruns since the client's start"] = 0
    late: Annotated[int, COUNT, "chunks since then that came after their start was committed"] = 0
    dropped: Annotated[int, COUNT, "chunks since then that came too late to be heard at all, or did not fit"] = 0

    def check(self) -> None:
        if not self.played <= self.committed <= self.have:
            raise ProtocolError("bad_value", "playhead: expected played <= committed <= have")


@dataclass(frozen=True, kw_only=True)
class Save(Record):
    """Asks for the music as a blob for a save game. Answered by `saved` or `error`."""

    id: Annotated[int, SEQUENCE, "number of the request, unique in the session"]


@dataclass(frozen=True, kw_only=True)
class Restore(Record):
    """Continues from a saved blob or, after a restart of the service, from a chunk's resume cell, or begins anew.

    Answered by `status` with `restored`, or `error`.
    """

    id: Annotated[int, SEQUENCE, "number of the request, unique in the session"]
    at: Annotated[int, POSITION, "sample position from which the restored music is wanted, at least `committed`"]
    take: Annotated[int, COUNT, "greatest take the client knows; takes that follow are greater"]
    blob: Annotated[bytes | None, Blob(BLOB_BYTES), "from `saved`"] = None
    cell: Annotated[bytes | None, Blob(CELL_BYTES), "from a `chunk`"] = None

    def check(self) -> None:
        if self.blob is not None and self.cell is not None:
            raise ProtocolError("bad_value", "restore: expected at most one of blob, cell")


@dataclass(frozen=True, kw_only=True)
class Control(Record):
    """Acts on the session as a whole."""

    op: Annotated[str, Choice(CONTROL_OPS), "what to do"]
    gain_db: Annotated[float | None, Real(-96, 12), "`volume`: the music's gain; -96 is silence; required there"] = None
    ramp_ms: Annotated[int, Integer(0, 60_000), "`volume`, `mute`, `unmute`: time of the change"] = 0
    rules_text: Annotated[str | None, RULES_TEXT, "`rules`: a rule file's text"] = None
    rules_name: Annotated[str | None, RULES_NAME, "`rules`: a rule file that the service knows"] = None
    generator: Annotated[str | None, NAME, "`generator`: its name; required there"] = None
    text: Annotated[str, TEXT, "why, for logs"] = ""

    def __post_init__(self) -> None:
        # What comes from the wire was checked before.
        if self.op != RESET:
            super().__post_init__()

    def check(self) -> None:
        if self.op == "rules":
            check_exactly_one("control", {"rules_text": self.rules_text, "rules_name": self.rules_name})
        if self.op == "volume" and self.gain_db is None:
            raise ProtocolError("missing_field", "control: volume needs gain_db")
        if self.op == "generator" and self.generator is None:
            raise ProtocolError("missing_field", "control: generator needs generator")
