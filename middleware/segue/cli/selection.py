"""The part of a timeline that was asked for: by kind, by layer, by input."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from segue_rules.events import Event, Receipt
    from segue_rules.model import Rules
    from segue_rules.plan import Change, FramePlan, StingerCue

KINDS: Final = ("events", "inputs", "triggers", "refused", "clamped", "changes", "stingers", "warnings", "seconds")
"""inputs: events that set; triggers: events that fire. seconds: how things stand at each full second."""
_SINGULAR: Final[Mapping[str, str]] = {kind.removesuffix("s"): kind for kind in KINDS}


def kinds(text: str) -> frozenset[str]:
    """Some of KINDS with commas between them, plural or not. Raises: argparse.ArgumentTypeError."""
    asked = [_SINGULAR.get(name, name) for name in names(text)]
    unknown = next((name for name in asked if name not in KINDS), None)
    if unknown is not None:
        known = ", ".join(KINDS)
        raise argparse.ArgumentTypeError(f"expected some of {known} with commas between them, got '{unknown}'")
    return frozenset(asked)


def names(text: str) -> tuple[str, ...]:
    """Names with commas between them. Raises: argparse.ArgumentTypeError."""
    found = tuple(name.strip() for name in text.split(","))
    if not all(found):
        raise argparse.ArgumentTypeError(f"expected names with commas between them, got '{text}'")
    return found


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What is to be shown. only: kinds; layers: their changes; inputs: what sets, fires or follows them.

    Where several are given, what is shown fulfils `only` and one of `layers` or `inputs`. Empty ones ask for nothing.
    """

    only: frozenset[str] = frozenset()
    layers: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        return not (self.only or self.layers or self.inputs)

    @property
    def seconds(self) -> bool:
        """Whether to show how things stand at each full second."""
        return self.everything or "seconds" in self.only

    def unknown(self, rules: Rules, path: Path) -> Iterator[str]:
        """A sentence for each name that the rules of the file `path` do not have."""
        from segue_yaml.report import did_you_mean

        declared = {"layer": [layer.name for layer in rules.layers], "input": [each.name for each in rules.inputs]}
        for what, asked in (("layer", self.layers), ("input", self.inputs)):
            for name in asked:
                if name not in declared[what]:
                    hint = did_you_mean(name, declared[what])
                    yield f"--{what}: {path} has no {what} '{name}'{hint}"

    def of(self, plan: FramePlan, events: Mapping[int, Event], triggers: Mapping[str, str]) -> FramePlan:
        """The plan with what it tells cut down. events: by sequence; triggers: of the stingers, by their names."""
        if self.everything:
            return plan
        return plan._replace(
            receipts=tuple(r for r in plan.receipts if self._receipt(r, events.get(r.sequence))),
            changes=tuple(change for change in plan.changes if self._change(change)),
            stingers=tuple(cue for cue in plan.stingers if self._stinger(cue, triggers)),
            warnings=plan.warnings if self._kind("warnings") and not (self.layers or self.inputs) else (),
        )

    def _kind(self, *found: str) -> bool:
        return not self.only or not self.only.isdisjoint(found)

    def _receipt(self, receipt: Receipt, event: Event | None) -> bool:
        touched: Sequence[str] = (*event.set, *event.fire) if event else ()
        found = ["events", receipt.code if receipt.accepted else "refused"]
        found += ["inputs"] if event and event.set else []
        found += ["triggers"] if event and event.fire else []
        return self._kind(*found) and self._about("", touched)

    def _change(self, change: Change) -> bool:
        return self._kind("changes") and self._about(change.layer, [cause.input for cause in change.causes])

    def _stinger(self, cue: StingerCue, triggers: Mapping[str, str]) -> bool:
        return self._kind("stingers") and self._about("", [triggers[cue.stinger]])

    def _about(self, layer: str, inputs: Sequence[str]) -> bool:
        if not (self.layers or self.inputs):
            return True
        return layer in self.layers or any(name in self.inputs for name in inputs)
