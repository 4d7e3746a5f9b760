"""The timeline for machines: one record a line, each with `kind`, `time_s`, `frame`, `bar` and `beat`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from segue_rules.controls import CONTROL_NAMES
from segue_rules.events import ScriptedEvent
from segue_rules.model import FRAME_RATE, SAMPLE_RATE, Rules
from segue_rules.plan import Change, FramePlan
from segue_rules.timeline import bar_beat, clip_levels, clips_begun, control, switch


def header(rules: Rules, events: Sequence[ScriptedEvent], frames: int) -> dict[str, Any]:
    """Return the first record: what is played, and the events, to which receipts and causes refer by `sequence`."""
    return {
        "kind": "timeline",
        "title": rules.title,
        "seed": rules.seed,
        "frames": frames,
        "duration_s": frames / FRAME_RATE,
        "layers": {layer.name: [state.name for state in layer.states] for layer in rules.layers},
        "styles": [style.name for style in rules.styles],
        "clips": [clip.name for clip in rules.clips],
        "events": [
            {
                "sequence": scripted.event.sequence,
                "time_s": scripted.at_s,
                **({"reset": True} if scripted.event.reset else {}),
                "set": dict(scripted.event.set),
                "fire": list(scripted.event.fire),
            }
            for scripted in events
        ],
    }


def records(plan: FramePlan) -> Iterator[dict[str, Any]]:
    """Yield the receipts, changes, stingers, beginnings of clips and warnings of a frame."""
    for receipt in plan.receipts:
        answer = {
            "sequence": receipt.sequence,
            "accepted": receipt.accepted,
            "code": receipt.code,
            "text": receipt.text,
        }
        yield _at(plan, "receipt") | answer
    for change in plan.changes:
        yield _at(plan, "change") | _change(change)
    for cue in plan.stingers:
        sound = {"stinger": cue.stinger, "status": cue.kind, "start_s": cue.start / SAMPLE_RATE, "reason": cue.reason}
        yield _at(plan, "stinger") | sound
    for clip in clips_begun(plan):
        place = {"clip": clip.clip, "start_s": clip.begin / SAMPLE_RATE, "outro": not clip.loops}
        # From its beginning on, negative in its pre-entry; of an outro, in its file.
        yield _at(plan, "clip") | place | {"position_s": (clip.begin - clip.start) / SAMPLE_RATE}
    for code in plan.warnings:
        yield _at(plan, "warning") | {"code": code}


def second(rules: Rules, plan: FramePlan) -> dict[str, Any]:
    """Return the states, weights, mix, levels of clips in dB, inputs and controls at a full second."""
    return _at(plan, "second") | {
        "states": {layer.name: state for layer, state in zip(rules.layers, plan.states, strict=True)},
        "weights": {layer.name: weight for layer, weight in zip(rules.layers, plan.layer_weights, strict=True)},
        "mix": {style.name: share for style, share in zip(rules.styles, plan.mix, strict=True)},
        "clips": clip_levels(plan),
        "music_level": plan.music,
        "inputs": {item.name: value for item, value in zip(rules.inputs, plan.inputs, strict=True)},
        "music": {
            name: switch(plan.controls, name) if name in ("key", "drums") else control(plan.controls, name)
            for name in CONTROL_NAMES
        }
        | ({"groups": list(plan.controls.groups)} if plan.controls.groups else {}),
    }


def _at(plan: FramePlan, kind: str) -> dict[str, Any]:
    place = bar_beat(plan)
    return {
        "kind": kind,
        "time_s": plan.frame / FRAME_RATE,
        "frame": plan.frame,
        "bar": place.bar,
        "beat": place.beat,
    }


def _fades(change: Change) -> dict[str, float]:
    """How long the old mix fades out and the new one in; without fades both take the ramp."""
    out, enter = change.fades or (change.ramp_frames, change.ramp_frames)
    return {"fade_out_s": out / FRAME_RATE, "fade_in_s": enter / FRAME_RATE}


def _change(change: Change) -> dict[str, Any]:
    return {
        "status": change.kind,
        "layer": change.layer,
        "from": change.from_state,
        "to": change.to_state,
        "decided_s": change.decided / FRAME_RATE,
        "start_s": change.start / FRAME_RATE,
        "ramp_s": change.ramp_frames / FRAME_RATE,
        **_fades(change),
        "at": change.at,
        "causes": [cause._asdict() for cause in change.causes],
        "candidates": [candidate._asdict() for candidate in change.candidates],
    }
