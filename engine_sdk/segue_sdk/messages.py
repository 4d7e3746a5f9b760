"""Every message of the protocol and its parts, as frozen dataclasses that check themselves at construction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Final, TypeAlias

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
    Value,
)
from segue_sdk.limits import (
    BLOB_BYTES,
    CELL_BYTES,
    CHANNELS,
    FRAME_SIZE,
    LARGEST_INTEGER,
    LONGEST_CHUNK,
    LONGEST_DUCK,
    LONGEST_STINGER,
    MOST_BEATS,
    MOST_CAUSES,
    MOST_CHOICES,
    MOST_ERRORS,
    MOST_EVENTS,
    MOST_INPUTS,
    MOST_LAYERS,
    MOST_SETTINGS,
    MOST_STATES,
    MOST_STINGERS,
    MOST_STYLES,
    MOST_VERSIONS,
    PASSWORD_BYTES,
    RULES_BYTES,
    SAMPLE_RATE,
)

InputValue: TypeAlias = float | int | bool | str

_BOUND = Real(-float(LARGEST_INTEGER), float(LARGEST_INTEGER))


@dataclass(frozen=True, kw_only=True)
class Input(Record):
    """An input that the game may send."""

    name: Annotated[str, NAME, "name"]
    type: Annotated[
        str,
        Choice(("number", "integer", "choice", "flag", "trigger")),
        "its values: reals, whole numbers, one of `of`, booleans; a trigger is fired, never set",
    ]
    low: Annotated[float | None, _BOUND, "least value; number and integer only"] = None
    high: Annotated[float | None, _BOUND, "greatest value; number and integer only"] = None
    of: Annotated[tuple[str, ...], ListOf(NAME, MOST_CHOICES), "the names it may have; choice only"] = ()
    default: Annotated[InputValue | None, Value(), "value at the session's start; all but trigger"] = None


@dataclass(frozen=True, kw_only=True)
class LayerInfo(Record):
    """A layer of states of which exactly one is active."""

    name: Annotated[str, NAME, "name"]
    states: Annotated[tuple[str, ...], ListOf(NAME, MOST_STATES, least=1), "its states, in file order"]
    default: Annotated[str, NAME, "the state it starts in"]


@dataclass(frozen=True, kw_only=True)
class Declaration(Record):
    """What the session's rule file declares."""

    title: Annotated[str, Text(800), "title of the soundtrack"]
    fingerprint: Annotated[str, Text(64), "changes when the rule file's content does"]
    inputs: Annotated[tuple[Input, ...], ListOf(RecordOf(Input), MOST_INPUTS), "all that the game may send"]
    layers: Annotated[tuple[LayerInfo, ...], ListOf(RecordOf(LayerInfo), MOST_LAYERS), "its layers, in file order"]
    styles: Annotated[tuple[str, ...], ListOf(NAME, MOST_STYLES), "the names that a mix weighs"]
    stingers: Annotated[tuple[str, ...], ListOf(NAME, MOST_STINGERS), "names of its stingers, bursts too"] = ()


@dataclass(frozen=True, kw_only=True)
class Limits(Record):
    """The service's limits. A client that exceeds one gets `error` or a refusing receipt."""

    events_per_second: Annotated[int, Integer(1, 100_000), "sustained; bursts of one second's worth are accepted"]
    header_bytes: Annotated[int, Integer(1_024), "of one header"]
    blob_bytes: Annotated[int, Integer(1_024), "of a saved blob"] = BLOB_BYTES


@dataclass(frozen=True, kw_only=True)
class GeneratorInfo(Record):
    """The generator that plays the music."""

    name: Annotated[str, NAME, "name, as in `--generator`"]
    model: Annotated[str, Text(128), "hash of the weights; a save of another model restores the rules only"] = ""
    exact_beats: Annotated[bool, FLAG, "whether beats are heard where `clock` says"] = True
    controls: Annotated[
        tuple[str, ...],
        ListOf(NAME, 16),
        "the controls it obeys: tempo, meter, key, drums, intensity, temperature, guidance, fills",
    ] = ()


@dataclass(frozen=True, kw_only=True)
class EventItem(Record):
    """Inputs set and triggers fired together, all or nothing."""

    seq: Annotated[int, SEQUENCE, "number of the event, unique in the session and growing"]
    at: Annotated[int, POSITION, "sample position at which the game means it; usually `played`"]
    reset: Annotated[bool, FLAG, "whether inputs and states first return to the start; the music goes on"] = False
    set: Annotated[Mapping[str, InputValue], MapOf(Value(), MOST_SETTINGS), "input to new value"] = field(
        default_factory=dict
    )
    fire: Annotated[tuple[str, ...], ListOf(NAME, MOST_SETTINGS), "triggers fired, in order"] = ()


@dataclass(frozen=True, kw_only=True)
class Cause(Record):
    """One reason of a change."""

    text: Annotated[str, TEXT, "for people"]
    input: Annotated[str, Text(64), "the input; empty for a time or a state"] = ""
    value: Annotated[InputValue | None, Value(), "what it was"] = None
    seq: Annotated[int, COUNT, "the event that set it; 0 for none"] = 0


@dataclass(frozen=True, kw_only=True)
class Candidate(Record):
    """A state that did not win."""

    state: Annotated[str, NAME, "the state"]
    reason: Annotated[str, TEXT, 'why not, for people: "cooldown 3.2 s left"']


@dataclass(frozen=True, kw_only=True)
class Beat(Record):
    """A beat of the music."""

    at: Annotated[int, POSITION, "sample position of the beat"]
    bar: Annotated[int, COUNT, "index of the bar it lies in, from 0"]
    beat: Annotated[int, Integer(0, 15), "index in its bar; 0 is its first beat"]


@dataclass(frozen=True, kw_only=True)
class DuckInfo(Record):
    """How the music is ducked under a stinger. The gain in dB is linear between the corners."""

    depth_db: Annotated[float, Real(-96, 0), "gain of the ducked music"]
    fade_out: Annotated[int, Integer(0, LONGEST_DUCK), "samples from the stinger's start until the music is ducked"]
    recovery: Annotated[
        int, Integer(0, LONGEST_DUCK), "samples for which the music stays ducked after the stinger's end"
    ]
    fade_in: Annotated[int, Integer(0, LONGEST_DUCK), "samples back up to 0 dB"]


def check_exactly_one(message: str, given: Mapping[str, object]) -> None:
    """Check that exactly one of several fields is given. Raises: ProtocolError."""
    if sum(value is not None for value in given.values()) != 1:
        raise ProtocolError("bad_value", f"{message}: expected exactly one of {', '.join(given)}")


FORMATS: Final = ("f32le", "s16le")
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
    at: Annotated[str, Text(64), "boundary it waited for: immediate, beat, bar, N bars"] = "immediate"
    causes: Annotated[tuple[Cause, ...], ListOf(RecordOf(Cause), MOST_CAUSES), "why this state"] = ()
    candidates: Annotated[
        tuple[Candidate, ...], ListOf(RecordOf(Candidate), MOST_STATES), "the other states and why not they"
    ] = ()


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
    loudness_lufs: Annotated[float | None, Real(-120, 24), "short-term loudness at its end"] = None
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


ClientMessage: TypeAlias = Hello | Event | Playhead | Save | Restore | Control | Error | Bye
ServiceMessage: TypeAlias = (
    Welcome | Rules | Receipt | Change | Chunk | Cell | Clock | Stinger | Saved | Status | Error | Bye
)
Message: TypeAlias = ClientMessage | ServiceMessage

CLIENT_MESSAGES: Final[dict[str, type[Record]]] = {
    "hello": Hello,
    "event": Event,
    "playhead": Playhead,
    "save": Save,
    "restore": Restore,
    "control": Control,
    "error": Error,
    "bye": Bye,
}
SERVICE_MESSAGES: Final[dict[str, type[Record]]] = {
    "welcome": Welcome,
    "rules": Rules,
    "receipt": Receipt,
    "change": Change,
    "chunk": Chunk,
    "cell": Cell,
    "clock": Clock,
    "stinger": Stinger,
    "saved": Saved,
    "status": Status,
    "error": Error,
    "bye": Bye,
}
MESSAGES: Final = CLIENT_MESSAGES | SERVICE_MESSAGES
NAMES: Final = {record: name for name, record in MESSAGES.items()}
