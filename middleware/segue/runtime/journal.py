"""What decides what a session plays, operation by operation, so that it can be done again to the same bytes."""

from __future__ import annotations

from typing import Literal, TypeAlias

from segue.runtime.edition import Edition
from segue.runtime.opening import Opening
from segue.runtime.wants import Want
from segue_rules.events import Event

# event: takes effect in a frame. begun, done, failed: of a job. reload, restore, reset: from a frame on; restore with
# the greatest take the client knew. home: the rung of the generator that is chosen from now on.
Operation: TypeAlias = (
    tuple[Literal["event"], Event, int]
    | tuple[Literal["begun", "done", "failed"], Want]
    | tuple[Literal["reload"], Edition, int]
    | tuple[Literal["restore"], Opening, int, int]
    | tuple[Literal["reset"], int]
    | tuple[Literal["home"], int]
)
