"""Clips of packed states: those of layers and clips that still exist go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from segue_rules.controls import GAIN
from segue_rules.director import plain_data
from segue_rules.director.clips import MOST_RELEASED, NO_CLIPS, linear
from segue_rules.director.packed_names import MOST_RAMP, find_state
from segue_rules.director.state import ClipsNow, ClipVoice
from segue_rules.model import CURVES, FRAME_SIZE, LONGEST_CLIP_S, SAMPLE_RATE, Rules
from segue_rules.plan import NO_END

_PARTS: Final = ("pre", "on", "off", "cut", "outro")
_FIELDS: Final = len(ClipVoice._fields)
# A clip's own level and that in its state.
_MOST_LEVEL: Final = linear(float(GAIN.high), float(GAIN.high))
# Of a layer: those of a state, those of the state to come, and those that ring on.
_MOST_VOICES: Final = 80
_MOST_AHEAD: Final = LONGEST_CLIP_S * SAMPLE_RATE + FRAME_SIZE
_LAST_SAMPLE: Final = plain_data.LAST_FRAME * FRAME_SIZE


def read_clips(rules: Rules, data: Any, frame: int) -> ClipsNow:
    """The clips of a packed state; none in a state of an earlier version.

    Args:
        frame: Of the state.

    Raises:
        ValueError: They cannot be packed clips.
    """
    if data is None:
        return NO_CLIPS
    music, packed = plain_data.sequence(data, 2, 2)
    voices = []
    for each in plain_data.sequence(packed, 0, _MOST_VOICES * max(1, len(rules.layers)) + MOST_RELEASED):
        voice = _read_voice(rules, plain_data.sequence(each, _FIELDS, _FIELDS), frame)
        if voice is not None:
            voices.append(voice)
    voices.sort(key=lambda voice: voice.layer)
    for i, layer in enumerate(rules.layers):
        on, pre = (
            [voice.clip for voice in voices if voice.layer == i and voice.part == part] for part in ("on", "pre")
        )
        twice = len(set(on)) < len(on) or len(set(pre)) < len(pre)
        if twice or sum(voice.layer == i for voice in voices) > _MOST_VOICES:
            raise ValueError(f"expected each clip of layer '{layer.name}' once, and at most {_MOST_VOICES} in all")
    return ClipsNow(tuple(voices), plain_data.real(music, 0.0, 1.0))


def _read_voice(rules: Rules, fields: Sequence[Any], frame: int) -> ClipVoice | None:
    """One clip; None where its layer or clip is gone."""
    layer, state, clip, part, start, begin, end, origin, since, frames, curve, level, gain, shown = fields
    names = [plain_data.text(each) for each in (layer, clip)]
    found = None if state is None else find_state(rules, names[0], plain_data.text(state))
    if part not in _PARTS or curve not in CURVES:
        raise ValueError("expected a clip that plays, fades out, is cut off or ends, with the curve of its ramp")
    layers = [i for i, each in enumerate(rules.layers) if each.name == names[0]]
    clips = [i for i, each in enumerate(rules.clips) if each.name == names[1]]
    low, high = -_LAST_SAMPLE, frame * FRAME_SIZE
    voice = ClipVoice(
        layer=layers[0] if layers else -1,
        state=-1 if found is None else found[1],
        clip=clips[0] if clips else -1,
        part=cast(Any, part),
        start=plain_data.integer(start, low, high + (_MOST_AHEAD if part == "pre" else 0)),
        begin=plain_data.integer(begin, low, high),
        end=plain_data.integer(end, low, _LAST_SAMPLE),
        origin=plain_data.real(origin, 0.0, _MOST_LEVEL),
        since=plain_data.integer(since, -plain_data.LAST_FRAME, frame),
        frames=plain_data.integer(frames, 0, MOST_RAMP),
        curve=str(curve),
        level=plain_data.real(level, 0.0, _MOST_LEVEL),
        gain=plain_data.real(gain, 0.0, _MOST_LEVEL),
        shown=plain_data.real(shown, 0.0, 1.0),
    )
    if voice.part in ("pre", "on", "off") and voice.end != NO_END:
        raise ValueError("expected no end of a clip that plays, will play or fades out")
    return voice if layers and clips else None
