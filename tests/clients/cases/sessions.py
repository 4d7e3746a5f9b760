"""What recorded sessions must have, and how a replay is compared with them."""

from __future__ import annotations

from typing import Any, Final

from segue_sdk.codec import decode
from segue_sdk.messages import Bye, Error

SEEDS: Final = 20
TURNS: Final = 1_000
# Told in each client's own words.
WORDED: Final = ("message_refused", "input_refused", "closed")


def sent(parts: list[str]) -> Any:
    """A message sent, without the words in it."""
    message = decode([bytes.fromhex(part) for part in parts])
    if isinstance(message, Error):
        return ["error", message.code, message.about, message.seq]
    return ["bye", message.reason] if isinstance(message, Bye) else parts


def told(event: list[Any]) -> list[Any]:
    """A client event without its own words."""
    kind, fields = event
    own = kind in WORDED or (kind == "receipt" and not fields["accepted"] and fields["frame"] == 0)
    return [kind, {key: value for key, value in fields.items() if not (own and key == "text")}]


def comparable(result: list[Any]) -> list[Any]:
    returned, messages, events, *rest = result
    return [returned, [sent(parts) for parts in messages], [told(event) for event in events], *rest]


EVERYTHING: Final = (
    "beat_heard",
    "change",
    "change_heard",
    "chunk",
    "closed",
    "error",
    "event_delayed",
    "input_refused",
    "live",
    "lost",
    "message_refused",
    "receipt",
    "rules",
    "saved",
    "status",
    "stinger",
    "stinger_heard",
    "underrun",
    "Bye",
    "Control",
    "Error",
    "Event",
    "Hello",
    "Playhead",
    "Restore",
    "Save",
    "RESTORING",
    "GREETING",
)
