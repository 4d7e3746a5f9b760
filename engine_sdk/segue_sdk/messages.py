"""All messages by the name they bear on the wire."""

from __future__ import annotations

from typing import Final, TypeAlias

from segue_sdk.client_messages import Control, Event, Hello, Playhead, Restore, Save
from segue_sdk.records import Record
from segue_sdk.service_messages import (
    Bye,
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
)

ClientMessage: TypeAlias = Hello | Event | Playhead | Save | Restore | Control | Error | Bye
ServiceMessage: TypeAlias = Welcome | Rules | Receipt | Change | Chunk | Clock | Stinger | Saved | Status | Error | Bye
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
    "clock": Clock,
    "stinger": Stinger,
    "saved": Saved,
    "status": Status,
    "error": Error,
    "bye": Bye,
}
MESSAGES: Final = CLIENT_MESSAGES | SERVICE_MESSAGES
NAMES: Final = {record: name for name, record in MESSAGES.items()}
