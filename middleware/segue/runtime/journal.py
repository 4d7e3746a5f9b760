"""The operations that decide what a session plays; the same operations give the same bytes again."""

from __future__ import annotations

from typing import Literal, TypeAlias

from segue.runtime.jobs import JobSpec
from segue.runtime.planner import RulesVersion
from segue.runtime.restore import RestorePoint
from segue_rules.events import Event

# event: it takes effect in a frame. begun, done, failed: a job, which may be done for a later change than it was begun
# for. reload: from a frame on. restore: from a frame on, with the greatest take that the client knew. primary:
# the level of the generator that is chosen from now on.
# Recordings begin with the same words, but "home" for primary.
Operation: TypeAlias = (
    tuple[Literal["event"], Event, int]
    | tuple[Literal["begun", "done", "failed"], JobSpec]
    | tuple[Literal["reload"], RulesVersion, int]
    | tuple[Literal["restore"], RestorePoint, int, int]
    | tuple[Literal["primary"], int]
)
