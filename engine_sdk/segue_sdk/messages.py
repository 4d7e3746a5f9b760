"""Every message of the protocol, by its name on the wire.

Messages and their parts are frozen dataclasses that check themselves at construction. Programs import them from here.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from segue_sdk.client_messages import (
    CONTROL_OPS,
    RESET,
    RULES_NAME,
    RULES_TEXT,
    Control,
    Event,
    Hello,
    Playhead,
    Restore,
    Save,
)
from segue_sdk.declarations import (
    FORMATS,
    Beat,
    Candidate,
    Cause,
    Declaration,
    DuckInfo,
    EventItem,
    GeneratorInfo,
    Input,
    InputValue,
    LayerInfo,
    Limits,
    check_exactly_one,
)
from segue_sdk.fields import Record
from segue_sdk.service_messages import (
    BYTES_PER_VALUE,
    Bye,
    Cell,
    Change,
    Chunk,
    Clock,
    Error,
    Receipt,
    Rules,
    Saved,
    Status,
    Stinger,
    Welcome,
    check_pcm,
)

__all__ = [
    "BYTES_PER_VALUE",
    "CLIENT_MESSAGES",
    "CONTROL_OPS",
    "FORMATS",
    "MESSAGES",
    "NAMES",
    "RESET",
    "RULES_NAME",
    "RULES_TEXT",
    "SERVICE_MESSAGES",
    "Beat",
    "Bye",
    "Candidate",
    "Cause",
    "Cell",
    "Change",
    "Chunk",
    "ClientMessage",
    "Clock",
    "Control",
    "Declaration",
    "DuckInfo",
    "Error",
    "Event",
    "EventItem",
    "GeneratorInfo",
    "Hello",
    "Input",
    "InputValue",
    "LayerInfo",
    "Limits",
    "Message",
    "Playhead",
    "Receipt",
    "Restore",
    "Rules",
    "Save",
    "Saved",
    "ServiceMessage",
    "Status",
    "Stinger",
    "Welcome",
    "check_exactly_one",
    "check_pcm",
]

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
