"""A bake as a resource of Godot: an AudioStreamInteractive, whose clips are the loops and whose transitions the rows.

It plays without a script, in Godot 4.3 or newer: a game switches clips by name, and the engine waits for the beat or
the bar and fades. The engine knows the beats of Ogg files alone, from the settings of their import.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from segue.atomic import replacing
from segue.contract import SAMPLE_RATE

RESOURCE: Final = "bake.tres"
# Constants of AudioStreamInteractive.
_FROM: Final = {"immediate": 0, "eighth": 1, "beat": 1, "group": 1, "bar": 2}
_TO_SAME_POSITION, _TO_START = 0, 1
_FADE_CROSS: Final = 3
_ANY: Final = -1
_SECOND: Final = 25
# Of a file that the editor has not imported yet; it adds what is missing.
_IMPORT: Final = """[remap]

importer="oggvorbisstr"
type="AudioStreamOggVorbis"

[params]

loop=true
loop_offset=0
bpm=0
beat_count=0
bar_beats=4
"""


def write_resource(folder: Path, manifest: Mapping[str, Any]) -> list[Path]:
    """Write the resource beside the loops, and how the editor is to import them.

    Args:
        folder: Of the bake.
        manifest: Of the bake, with Ogg files.
    Returns:
        The files written.
    Raises:
        OSError: A file cannot be written.
    """
    written = []
    for loop in manifest["loops"]:
        path = folder / f"{loop['file']}.import"
        text = path.read_text("utf-8") if path.is_file() else _IMPORT
        for name, value in _beats_of(loop).items():
            text = re.sub(rf"(?m)^{name}=.*$", f"{name}={value}", text)
        _write(path, text)
        written.append(path)
    _write(folder / RESOURCE, _resource_text(manifest))
    return [*written, folder / RESOURCE]


def _write(path: Path, text: str) -> None:
    with replacing(path) as partial:
        partial.write_text(text, "utf-8", newline="\n")


def _beats_of(loop: Mapping[str, Any]) -> dict[str, str]:
    """What the import of a loop is told. The tempo is that of the file, whose length is whole frames."""
    beats = loop["bars"] * loop["meter"]
    tempo = beats * 60.0 * SAMPLE_RATE / loop["samples"]
    return {"loop": "true", "bpm": repr(tempo), "beat_count": str(beats), "bar_beats": str(loop["meter"])}


def _resource_text(manifest: Mapping[str, Any]) -> str:
    loops = manifest["loops"]
    names = [Path(loop["file"]).stem for loop in loops]
    first = manifest["scenes"][_first_scene(manifest)]
    if first < 0:
        first = next(loop for loop in manifest["scenes"] if loop >= 0)
    lines = ['[gd_resource type="AudioStreamInteractive" format=3]', ""]
    lines += [
        f'[ext_resource type="AudioStream" path="{loop["file"]}" id="{index}"]' for index, loop in enumerate(loops)
    ]
    lines += ["", "[resource]", f"clip_count = {len(loops)}"]
    for index, name in enumerate(names):
        lines += [
            f'clip_{index}/name = &"{name}"',
            f'clip_{index}/stream = ExtResource("{index}")',
            f"clip_{index}/auto_advance = 0",
        ]
    lines += [f"initial_clip = {first}", "_transitions = {"]
    entries = [f"Vector2i({old}, {new}): {entry}" for (old, new), entry in _transitions(manifest).items()]
    return "\n".join([*lines, ",\n".join(entries), "}"]) + "\n"


def _transitions(manifest: Mapping[str, Any]) -> dict[tuple[int, int], str]:
    """By the loops left and entered: those of the rows, and for all other pairs the next beat."""
    found = {(_ANY, _ANY): _entry({"at": {"unit": "beat"}, "ramp": _SECOND}, manifest["loops"][0], _TO_START)}
    for (old, row), new in _moves(manifest):
        loops = manifest["loops"]
        alike = all(loops[old][key] == loops[new][key] for key in ("samples", "meter"))
        to = _TO_SAME_POSITION if row is None and alike else _TO_START
        found.setdefault((old, new), _entry(row or manifest["input_moves"], loops[old], to))
    return found


def _axes(manifest: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], list[int]]:
    """The layers that are baked, and how many states and points each axis of the scenes has."""
    layers = [manifest["layers"][index] for index in manifest["baked_layers"]]
    sizes = [len(layer["states"]) for layer in layers]
    return layers, sizes + [len(each["points"]) for each in manifest["sampled_inputs"]]


def _first_scene(manifest: Mapping[str, Any]) -> int:
    """The index of the scene before anything is set: default states, inputs nearest to their defaults."""
    layers, sizes = _axes(manifest)
    place = [layer["default"] for layer in layers]
    for each in manifest["sampled_inputs"]:
        default, points = manifest["inputs"][each["input"]]["default"], each["points"]
        place.append(min(range(len(points)), key=lambda i: abs(points[i] - default)))
    index = 0
    for value, size in zip(place, sizes, strict=True):
        index = index * size + value
    return index


def _moves(manifest: Mapping[str, Any]) -> Iterator[tuple[tuple[int, Mapping[str, Any] | None], int]]:
    """Every step between scenes in which one layer or one input moves: the loop left and the row, the loop entered.

    The row is None where an input moves.
    """
    layers, sizes = _axes(manifest)
    scenes = dict(zip(itertools.product(*map(range, sizes)), manifest["scenes"], strict=True))
    for place, old in scenes.items():
        for axis, size in enumerate(sizes):
            for value in range(size):
                new = scenes[*place[:axis], value, *place[axis + 1 :]]
                if value == place[axis] or old == new or old < 0 or new < 0:
                    continue
                row = None
                if axis < len(layers):
                    row = manifest["rows"][layers[axis]["rows"][place[axis]][value]]
                yield (old, row), new


def _entry(row: Mapping[str, Any], loop: Mapping[str, Any], to: int) -> str:
    """A transition; fades are counted in beats of the loop that is left."""
    fade = row["ramp"]
    frames_a_beat = loop["frames"] / (loop["bars"] * loop["meter"])
    if isinstance(fade, Mapping):
        beats = fade["count"][0] / fade["count"][1] * (loop["meter"] if fade["unit"] == "bar" else 1)
    else:
        beats = fade / frames_a_beat
    return (
        f'{{\n"fade_beats": {round(max(beats, 0.01), 4)},\n"fade_mode": {_FADE_CROSS},\n'
        f'"from_time": {_FROM[row["at"]["unit"]]},\n"to_time": {to}\n}}'
    )
