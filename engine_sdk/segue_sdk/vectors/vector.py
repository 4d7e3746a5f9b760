"""One golden vector."""

from __future__ import annotations

from dataclasses import dataclass

from segue_sdk.messages import Message


@dataclass(frozen=True, kw_only=True)
class Vector:
    """Bytes and the verdict on them: `message` if they are to be accepted, else the `reject` code.

    canonical: whether encoding the message must give these bytes.
    """

    name: str
    header: bytes
    payload: bytes | None = None
    message: Message | None = None
    reject: str = ""
    canonical: bool = True
