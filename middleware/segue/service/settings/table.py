"""The table of the service's settings: flags, environment, configuration file and CONFIG.md all follow from it."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from segue.service.log_file import LOG_FILE_MIB, OLD_LOG_FILES
from segue.service.settings.kinds import (
    HostPort,
    Milliseconds,
    PathText,
    RuleSources,
    Token,
    WebAddress,
    WebOrigin,
    ZmqAddress,
)
from segue_rules.model import LARGEST_SEED
from segue_yaml.containers import ListOf, OneOrMore
from segue_yaml.kinds import Boolean, Choice, Number, Text
from segue_yaml.tables import Field, Table

T = TypeVar("T")

MOST_RULE_FILES: Final = 256
_DAY_MS: Final = 86_400_000
_ADDRESS: Final = ZmqAddress()
_WEB_ADDRESS: Final = WebAddress()
_ORIGIN: Final = WebOrigin()


class Settings(Table):
    """The settings of `segue serve`; a configuration file is a map of these fields."""

    title = "configuration"
    example = "{bind: tcp://127.0.0.1:7723, rules: [music/]}"

    bind = Field(
        OneOrMore(of=_ADDRESS, many=ListOf(of=_ADDRESS, item="address", least=1, most=8)),
        "Where clients connect. An address that other machines reach needs a token.",
        default="tcp://127.0.0.1:7723",
        example="[tcp://127.0.0.1:7723, ipc:///run/segue.sock]",
    )
    token = Field(Token(), "The password that clients need; better kept in a file.", example='"9f1c5b0e7d42a86c"')
    token_file = Field(
        PathText(what="a file that holds the token", sample="segue.token"),
        "A file whose only line is the token.",
        example="segue.token",
    )
    tls_bind = Field(
        HostPort(sample="0.0.0.0:7724"),
        "Where clients connect through TLS.",
        default="off",
        example="0.0.0.0:7724",
    )
    tls_cert = Field(
        PathText(what="a certificate chain (PEM)", sample="cert.pem"),
        "The certificate for TLS.",
        example="cert.pem",
    )
    tls_key = Field(
        PathText(what="a private key (PEM)", sample="key.pem"), "The private key of the certificate.", example="key.pem"
    )
    web_bind = Field(
        OneOrMore(of=_WEB_ADDRESS, many=ListOf(of=_WEB_ADDRESS, item="address", least=1, most=8)),
        "Where browsers, and engines without ZMTP, connect by WebSocket. `wss` is inside TLS, with the certificate of "
        "`tls_cert`; an address that other machines reach needs it, and a token.",
        example="ws://127.0.0.1:9465",
    )
    web_origin = Field(
        OneOrMore(of=_ORIGIN, many=ListOf(of=_ORIGIN, item="origin", least=1, most=64)),
        "Where web pages that may connect come from; by default only from this machine (`localhost` "
        "and loopback addresses, any port). "
        "Programs that are no browsers need none.",
        example="https://play.example.com",
    )
    http_bind = Field(
        HostPort(sample="127.0.0.1:7725"),
        "Where `/healthz`, `/readyz` and `/metrics` are answered.",
        default="off",
        example="127.0.0.1:7725",
    )

    rules = Field(
        RuleSources(most=MOST_RULE_FILES),
        "Rule files that clients may ask for, by name or else by the file's own name; of a folder, all that are in it "
        "or appear in it.",
        example="{emberwood: music/emberwood.yaml}",
    )
    default_rules = Field(
        Text(longest=256), "Name of the rules for clients that name none; by default the first.", example="emberwood"
    )
    reload = Field(
        Boolean(), "Whether edited rule files are reloaded while the music plays.", default="true", example="false"
    )
    audition = Field(
        Boolean(),
        "Whether each layer gets an input `mute:LAYER` that mutes it, as `segue play` does. Not with `record`.",
        default="false",
        example="true",
    )
    generator = Field(Text(longest=64), "The generator of clients that ask for none.", default="score", example="score")
    weights = Field(
        PathText(what="a file of weights, or random", sample="mrt2_small.safetensors"),
        "Weights of a generator of Magenta RealTime, instead of those in the models' folder; `random` for "
        "made-up ones, which play noise.",
        example="random",
    )
    continue_from = Field(
        PathText(what="a sound file", sample="theme.wav"),
        "A sound file that every session of a Magenta RealTime generator continues, from its last ten seconds or more.",
        example="theme.wav",
    )
    soundfont = Field(
        PathText(what="an SF2 or SF3 file", sample="orchestra.sf2"),
        "A SoundFont to use instead of the sounds that come with Segue.",
        example="orchestra.sf2",
    )
    seed = Field(
        Number(low=0, high=LARGEST_SEED, whole=True), "Seed of the music; by default the rule file's.", example="7"
    )
    lookahead = Field(
        Milliseconds(low=200, high=30_000),
        "How much music is generated ahead of the client's playhead.",
        default="4s",
        example="2s",
    )
    chunk_frames = Field(
        Number(low=1, high=250, whole=True), "Frames of 40 ms in a chunk of music.", default="10", example="25"
    )

    max_sessions = Field(
        Number(low=1, high=1_024, whole=True),
        "Sessions at a time. One more replaces a session whose client is away or paused, or is refused.",
        default="16",
        example="4",
    )
    max_connections = Field(
        Number(low=2, high=65_536, whole=True),
        "Connections at a time, with or without a session; one more replaces the oldest without one. "
        "Must exceed `max_sessions`; by default 128 more than that.",
        example="200",
    )
    max_handshakes = Field(
        Number(low=1, high=65_536, whole=True),
        "Connections at a time that have not finished their handshake; one more replaces the oldest of them.",
        default="64",
        example="32",
    )
    handshake = Field(
        Milliseconds(low=100, high=60_000),
        "How long the handshakes of TLS and ZMTP or WebSocket of a new connection may take in all.",
        default="5s",
        example="2s",
    )
    max_batch = Field(
        Number(low=1, high=64, whole=True),
        "Sessions whose music is generated in one call, if the generator is faster that way.",
        default="8",
        example="4",
    )
    note_memory = Field(
        Number(low=32, high=65_536, whole=True),
        "MiB of memory for the sounds of notes, shared by all sessions, in equal parts for the service and each "
        "process that generates; by default 128 and 16 for each of `max_sessions` in each part, but at most an eighth "
        "of the machine's memory.",
        example="256",
    )
    generation_processes = Field(
        Number(low=0, high=256, whole=True),
        "Processes beside the service that generate music, so that it uses more than one core. They start when there "
        "are more than 4 sessions, each takes some 60 MiB and a share of `note_memory`, and they end with the service. "
        "By default one for each core but no more than one for 4 of `max_sessions`, and none where there is one core.",
        example="2",
    )
    workers = Field(
        Number(low=0, high=256, whole=True),
        "Processes that play the sessions, behind one that holds the connections: for more sessions than one process "
        "serves, and so that the loss of a process is not heard. One more waits to take the place of one that is lost. "
        "They share `max_sessions`, `note_memory` and `max_record_mib` equally, and each takes some 100 MiB beside the "
        "notes. 0: the service is one process. Not on Windows, with `generation_processes` or a language model.",
        default="0",
        example="4",
    )
    events_per_second = Field(
        Number(low=1, high=100_000, whole=True),
        "Events that a client may send in a second on average; more are refused.",
        default="200",
        example="60",
    )
    resume_window = Field(
        Milliseconds(low=0, high=_DAY_MS),
        "How long a session waits for its client after its connection is lost.",
        default="30s",
        example="2min",
    )
    paused_window = Field(
        Milliseconds(low=0, high=_DAY_MS), "The same while the game is paused.", default="30min", example="2h"
    )
    stall = Field(
        Milliseconds(low=100, high=60_000),
        "A generator that takes longer than this for a chunk is replaced by a simpler one.",
        default="2s",
        example="1s",
    )
    drain = Field(
        Milliseconds(low=0, high=600_000),
        "How long a service that is stopped may continue, to fill the buffers of its clients.",
        default="2s",
        example="30s",
    )

    max_rules_bytes = Field(
        Number(low=1_024, high=131_072, whole=True),
        "Bytes of rules that a client sends.",
        default="131072",
        example="16384",
    )
    max_rules_parts = Field(
        Number(low=16, high=65_536, whole=True),
        "Parts of rules that a client sends: states, comparisons, transitions, stingers, and 16 for each layer.",
        default="512",
        example="128",
    )
    max_prompts = Field(
        Number(low=1, high=4_096, whole=True),
        "Prompts in rules that a client sends.",
        default="256",
        example="32",
    )
    max_prompt_audio = Field(
        Milliseconds(low=0, high=3_600_000),
        "Length of all audio prompts of a soundtrack together.",
        default="5min",
        example="1min",
    )

    record = Field(
        PathText(what="a folder", sample="recordings"),
        "A folder into which every session is recorded, for `segue preview --recording`.",
        example="recordings",
    )
    max_record_mib = Field(
        Number(low=1, high=1_048_576, whole=True),
        "MiB of all recordings of a running service together; then it records no more.",
        default="4096",
        example="256",
    )
    log_level = Field(
        Choice(words=("debug", "info", "warning", "error")),
        "The least severe messages that are logged.",
        default="info",
        example="debug",
    )
    log_format = Field(
        Choice(words=("text", "json")),
        "Whether the log has lines to read or JSON objects.",
        default="text",
        example="json",
    )
    log_file = Field(
        PathText(what="a file", sample="segue.log"),
        f"A file that the log is appended to, instead of standard error. At {LOG_FILE_MIB} MiB it is renamed to "
        f"FILE.1; {OLD_LOG_FILES} old files are kept.",
        example="segue.log",
    )


def default_of(setting: Field[T]) -> T:
    """Return the setting's default. Raises: LookupError if it has none."""
    if setting.default is None:
        raise LookupError(f"the setting {setting.name} has no default")
    return setting.default


def flag_of(setting: Field[Any]) -> str:
    """Return a flag such as `--max-sessions`; the rules are the command's operands."""
    return "RULES…" if setting is Settings.rules else f"--{setting.name.replace('_', '-')}"


def variable_of(setting: Field[Any]) -> str:
    """Return a variable such as `SEGUE_MAX_SESSIONS`."""
    return f"SEGUE_{setting.name.upper()}"
