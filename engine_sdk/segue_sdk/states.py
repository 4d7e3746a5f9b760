"""The life of a client's connection as a table (PROTOCOL.md, "Life cycle"). What is not in it changes nothing."""

from __future__ import annotations

from enum import Enum
from typing import Final


class State(Enum):
    """Where a client stands with its service."""

    OFFLINE = "offline"
    GREETING = "greeting"
    RESTORING = "restoring"
    LIVE = "live"
    CLOSED = "closed"


class Trigger(Enum):
    """What moves it."""

    CONNECTED = "the transport connects"
    WELCOMED = "welcome to the same session, or to the first"
    WELCOMED_ANEW = "welcome to another session than before, or to one not restored yet"
    RESTORED = "status that answers the restore"
    UNKNOWN = "error no_session"
    LOST = "the transport breaks, or is silent"
    PARTED = "bye with retry_ms"
    ENDED = "bye without retry_ms, or the game closes"


_OPEN: Final = (State.OFFLINE, State.GREETING, State.RESTORING, State.LIVE)

TRANSITIONS: Final[dict[tuple[State, Trigger], State]] = {
    (State.OFFLINE, Trigger.CONNECTED): State.GREETING,
    (State.GREETING, Trigger.WELCOMED): State.LIVE,
    (State.GREETING, Trigger.WELCOMED_ANEW): State.RESTORING,
    (State.RESTORING, Trigger.RESTORED): State.LIVE,
    (State.RESTORING, Trigger.UNKNOWN): State.GREETING,
    (State.LIVE, Trigger.UNKNOWN): State.GREETING,
    **{(state, Trigger.LOST): State.OFFLINE for state in _OPEN},
    **{(state, Trigger.PARTED): State.OFFLINE for state in _OPEN},
    **{(state, Trigger.ENDED): State.CLOSED for state in _OPEN},
}
