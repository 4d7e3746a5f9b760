"""The messages that a service sends, and the two that both sides send: `error` and `bye`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Final

from segue_sdk.declarations import FORMATS, Beat, Candidate, Cause, Declaration, DuckInfo, GeneratorInfo, Limits
from segue_sdk.errors import ProtocolError
from segue_sdk.fields import (
    COUNT,
    DECIBEL,
    FLAG,
    KEY,
    NAME,
    PAYLOAD,
    POSITION,
    SEQUENCE,
    TEXT,
    Blob,
    Choice,
    Integer,
    ListOf,
    MapOf,
    Real,
    Record,
    RecordOf,
    Text,
)
from segue_sdk.limits import (
    BLOB_BYTES,
    CELL_BYTES,
    CHANNELS,
    FRAME_SIZE,
    LONGEST_CHUNK,
    LONGEST_STINGER,
    MOST_BEATS,
    MOST_CANDIDATES,
    MOST_CAUSES,
    MOST_CLIPS,
    MOST_ERRORS,
    MOST_LAYERS,
    MOST_STYLES,
    SAMPLE_RATE,
)

BYTES_PER_VALUE: Final = {"f32le": 4, "s16le": 2}


_FRAME_POSITION = Integer(step=FRAME_SIZE)


_FRAME_COUNT = Integer(FRAME_SIZE, LONGEST_CHUNK, FRAME_SIZE)


_FORMAT = Choice(FORMATS)


@dataclass(frozen=True, kw_only=True)
class Welcome(Record):
    """Answers `hello` and describes the session."""

    version: Annotated[int, Integer(1, 1_000), "protocol version of all that follows"]
    session: Annotated[str, NAME, "name of the session, for logs"]
    key: Annotated[bytes, KEY, "session key: the secret that resumes this session"]
    resumed: Annotated[bool, FLAG, "whether it is the session that `resume` named; false: a new one"]
    service: Annotated[str, Text(128), "name and version of the service, for logs"]
    format: Annotated[str, _FORMAT, "sample format of chunks and stingers"]
    sample_rate: Annotated[int, Integer(SAMPLE_RATE, SAMPLE_RATE), "samples a second"]
    channels: Annotated[int, Integer(CHANNELS, CHANNELS), "channels"]
    frame_size: Annotated[int, Integer(FRAME_SIZE, FRAME_SIZE), "samples in a frame"]
    lookahead_ms: Annotated[int, Integer(200, 30_000), "how far ahead of `committed` the service fills"]
    chunk_frames: Annotated[int, Integer(1, 250), "frames in an ordinary chunk"]
    resume_window_ms: Annotated[int, Integer(0, 86_400_000), "how long the session outlives its connection"]
    paused_window_ms: Annotated[int, Integer(0, 86_400_000), "the same while the game has paused it"]
    seed: Annotated[int, COUNT, "seed of the music"]
    generator: Annotated[GeneratorInfo, RecordOf(GeneratorInfo), "what plays"]
    limits: Annotated[Limits, RecordOf(Limits), "the service's limits"]
    rules: Annotated[Declaration, RecordOf(Declaration), "what the rule file declares"]


@dataclass(frozen=True, kw_only=True)
class Rules(Record):
    """After a reload: the new declaration, or why the old rules stay in force."""

    declaration: Annotated[Declaration | None, RecordOf(Declaration), "the rules in force from now on"] = None
    errors: Annotated[
        tuple[str, ...], ListOf(TEXT, MOST_ERRORS), "messages of a refused file, each with file, line and column"
    ] = ()

    def check(self) -> None:
        if (self.declaration is None) == (not self.errors):
            raise ProtocolError("bad_value", "rules: expected either a declaration or errors")


@dataclass(frozen=True, kw_only=True)
class Receipt(Record):
    """The final answer to one event."""

    seq: Annotated[int, SEQUENCE, "the event"]
    accepted: Annotated[bool, FLAG, "whether it took effect"]
    code: Annotated[str, NAME, "why, or how; see Receipt codes"]
    frame: Annotated[int, COUNT, "the frame in which it took effect, or would have"]
    text: Annotated[str, TEXT, "why it was refused, or what was clamped, for people"] = ""


@dataclass(frozen=True, kw_only=True)
class Change(Record):
    """A layer's decision to change its state, and what becomes of it."""

    kind: Annotated[str, Choice(("decided", "rendered", "withdrawn")), "see section 4.10"]
    layer: Annotated[str, NAME, "the layer"]
    from_state: Annotated[str, NAME, "the old state"]
    to_state: Annotated[str, NAME, "the new state"]
    decided: Annotated[int, COUNT, "frame of the decision"]
    start: Annotated[int, COUNT, "frame of the change; predicted while decided"]
    audible: Annotated[int, POSITION, "sample position from which it is heard; predicted while decided"]
    ramp_frames: Annotated[int, COUNT, "frames from the old mix to the new"] = 0
    at: Annotated[
        str, Text(64), "boundary it waited for: immediate, eighth, beat, group, bar, N bars, bar K of N, cue, cue NAME"
    ] = "immediate"
    causes: Annotated[tuple[Cause, ...], ListOf(RecordOf(Cause), MOST_CAUSES), "why this state"] = ()
    candidates: Annotated[
        tuple[Candidate, ...],
        ListOf(RecordOf(Candidate), MOST_CANDIDATES),
        "the other states and why not they",
    ] = ()
    clips: Annotated[tuple[str, ...], ListOf(NAME, MOST_CLIPS), "the recordings that the new state plays"] = ()


@dataclass(frozen=True, kw_only=True)
class Chunk(Record):
    """Music for the client's timeline. The payload is count * channels values in `format`."""

    seq: Annotated[int, SEQUENCE, "number of the chunk, growing by one in a session"]
    take: Annotated[int, COUNT, "the take it belongs to; a replacement opens a greater one"]
    start: Annotated[int, _FRAME_POSITION, "sample position of its first sample"]
    count: Annotated[int, _FRAME_COUNT, "samples per channel"]
    mixed: Annotated[
        bool,
        FLAG,
        "whether it opens its take and needs no fade: its beginning has the crossfade or continues the take before",
    ]
    format: Annotated[str, _FORMAT, "of the payload, as in `welcome`"]
    generator: Annotated[str, NAME, "what played it"]
    reason: Annotated[
        str,
        NAME,
        "extend, replace, fallback (another level), restore or skip (after an underrun); others may come",
    ] = "extend"
    states: Annotated[
        Mapping[str, str], MapOf(NAME, MOST_LAYERS), "layer to the state active in the chunk's last frame"
    ] = field(default_factory=dict)
    mix: Annotated[
        Mapping[str, float],
        MapOf(Real(0, 1), MOST_STYLES),
        "style to its share in the chunk's last frame; zeros left out",
    ] = field(default_factory=dict)
    cell: Annotated[bytes | None, Blob(CELL_BYTES), "resume cell: what a service needs to continue from its end"] = None
    last_event: Annotated[int, COUNT, "with `cell`: the cell contains all events up to this number"] = 0
    pcm: Annotated[bytes | memoryview, PAYLOAD, "the samples"]

    def check(self) -> None:
        check_pcm(self.pcm, self.count, self.format)


@dataclass(frozen=True, kw_only=True)
class Cell(Record):
    """A newer resume cell for the end of a chunk that was sent before."""

    end: Annotated[int, _FRAME_POSITION, "first sample after the chunk"]
    cell: Annotated[bytes, Blob(CELL_BYTES), "resume cell, in place of the chunk's own"]
    last_event: Annotated[int, COUNT, "the cell contains all events up to this number"]


@dataclass(frozen=True, kw_only=True)
class Clock(Record):
    """The beats of a stretch of music. It replaces earlier beats at or after `start`."""

    start: Annotated[int, POSITION, "first sample of the stretch"]
    end: Annotated[int, POSITION, "first sample after it"]
    tempo_bpm: Annotated[float, Real(1, 1_000), "tempo at `start`"]
    meter: Annotated[int, Integer(1, 16), "beats in a bar at `start`"]
    exact: Annotated[bool, FLAG, "true: the music's beats lie there; false: nominal, the generator keeps its own time"]
    beats: Annotated[tuple[Beat, ...], ListOf(RecordOf(Beat), MOST_BEATS), "beats in [start, end), strictly growing"]
    groups: Annotated[
        tuple[int, ...],
        ListOf(Integer(2, 4), 8),
        "the beats of each group of that bar, such as 2, 2 and 3; their sum is `meter`. Empty where it has none",
    ] = ()

    def check(self) -> None:
        positions = [self.start - 1, *(beat.at for beat in self.beats), self.end]
        if self.end <= self.start or any(later <= earlier for earlier, later in pairwise(positions)):
            raise ProtocolError("bad_value", "clock: expected growing beats within [start, end)")


@dataclass(frozen=True, kw_only=True)
class Stinger(Record):
    """A sound mixed into the music once, sent in parts before it is due."""

    id: Annotated[int, SEQUENCE, "one playing of a stinger, in all its messages; unique over all sessions"]
    name: Annotated[str, NAME, "the stinger in the rule file"]
    kind: Annotated[
        str, Choice(("scheduled", "placed", "cancelled", "dropped")), "announced; placed; cancelled; not played at all"
    ]
    start: Annotated[int, POSITION, "sample position of its first sample"]
    total: Annotated[int, Integer(0, LONGEST_STINGER), "`placed`: samples per channel of the whole"] = 0
    offset: Annotated[int, Integer(0, LONGEST_STINGER), "`placed`: where in the whole this part begins"] = 0
    count: Annotated[
        int, Integer(0, LONGEST_CHUNK), "`placed`: samples per channel in this part; 0 if mixed into the chunks"
    ] = 0
    format: Annotated[str, _FORMAT, "of the payload"] = "f32le"
    gain_db: Annotated[float, DECIBEL, "gain to be applied to its samples"] = 0.0
    duck: Annotated[DuckInfo | None, RecordOf(DuckInfo), "how the music is ducked under it"] = None
    if_late: Annotated[str, Choice(("drop", "play")), "what to do if `start` is committed before a part is there"] = (
        "drop"
    )
    reason: Annotated[str, TEXT, "`dropped`, `cancelled`: why, for people"] = ""
    pcm: Annotated[bytes | memoryview | None, PAYLOAD, "`placed`: the samples of this part"] = None

    def check(self) -> None:
        if self.kind != "placed":
            if self.pcm is not None:
                raise ProtocolError("payload_mismatch", f"stinger: {self.kind} has no payload")
            return
        if self.total < 1 or self.offset + self.count > self.total:
            raise ProtocolError("out_of_range", "stinger: expected 1 <= total and offset + count <= total")
        if self.count == 0 and self.pcm is None:
            # The service has mixed it into its chunks.
            return
        check_pcm(self.pcm, self.count, self.format)


@dataclass(frozen=True, kw_only=True)
class Saved(Record):
    """Answers `save`."""

    id: Annotated[int, SEQUENCE, "the request"]
    position: Annotated[int, POSITION, "sample position the blob holds the music of"]
    blob: Annotated[bytes, Blob(BLOB_BYTES), "opaque to the client; see section 9"]


@dataclass(frozen=True, kw_only=True)
class Status(Record):
    """The state of the service: when the fallback level changes, after a restore, and at least every 2 s."""

    level: Annotated[int, Integer(0, 15), "fallback level; 0 is the chosen generator"]
    generator: Annotated[str, NAME, "what plays now"]
    headroom: Annotated[float, Real(0, 1e6), "seconds of music generated in a second"]
    at: Annotated[int, POSITION, "sample position from which the level is heard"] = 0
    reason: Annotated[str, TEXT, "why the level changed, for people"] = ""
    restore: Annotated[int, COUNT, "the `restore` this answers; 0 for none"] = 0
    restored: Annotated[
        str,
        Choice(("", "all", "rules", "nothing")),
        "rules and sound; the rules alone (another model); neither",
    ] = ""
    last_event: Annotated[int, COUNT, "with `restore`: what is restored contains all events up to this number"] = 0


@dataclass(frozen=True, kw_only=True)
class Error(Record):
    """A message was refused. It ends nothing by itself."""

    code: Annotated[str, NAME, "see Error codes"]
    text: Annotated[str, TEXT, "where, what was expected, what came"] = ""
    about: Annotated[str, Text(64), "type of the offending message, if it could be read"] = ""
    seq: Annotated[int, COUNT, "its `seq` or `id`; 0 for none"] = 0


@dataclass(frozen=True, kw_only=True)
class Bye(Record):
    """The last message of its sender."""

    reason: Annotated[str, NAME, "quit, drain, idle, replaced, refused; others may come"]
    text: Annotated[str, TEXT, "for people"] = ""
    retry_ms: Annotated[int | None, Integer(0, 3_600_000), "when to try again; absent: do not try"] = None


def check_pcm(pcm: bytes | memoryview | None, count: int, sample_format: str) -> None:
    """Check that a payload has `count` stereo samples. Raises: ProtocolError `payload_mismatch`."""
    expected = count * CHANNELS * BYTES_PER_VALUE[sample_format]
    if pcm is None or len(pcm) != expected:
        came = "none" if pcm is None else f"{len(pcm)} bytes"
        raise ProtocolError("payload_mismatch", f"payload: expected {expected} bytes, got {came}")
