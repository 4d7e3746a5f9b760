"""Bakes a rule file: finds the scenes, says what they will take, renders the loops, and writes the manifest last."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from segue.atomic import replacing
from segue.bake.godot import RESOURCE, write_resource
from segue.bake.loops import LoopLength, length_of, render_loop
from segue.bake.machine import Machine, machine
from segue.bake.scenes import LESS, BakeError, Scenes, find_scenes
from segue.bake.sound_files import file_bytes, write_sound
from segue.contract import FAMILIES, FRAME_SIZE, SAMPLE_RATE, TICKS_PER_BEAT, Generator, Samples, StyleBanks
from segue.generators import build
from segue.runtime.styles import load_stingers, read_styles
from segue_rules.fingerprint import fingerprint_of
from segue_rules.loading import load
from segue_rules.model import Key, Rules

MANIFEST: Final = "bake.json"
FORMAT: Final = "segue-bake"
VERSION: Final = 1
"""Of the manifest. Players refuse others."""
DEFAULT_BARS: Final = 8
MOST_LOOP_S: Final = 180
"""Of one loop: its music and stems are held in memory, some 16 MB a second."""
DEFAULT_LOOPS: Final = 64
_NAME: Final = 60
# How a loop follows another one where no state has changed, but an input that the sound follows.
_INPUT_MOVES: Final[Mapping[str, object]] = {
    "at": {"unit": "beat", "every": 1, "first": 0},
    "ramp": 25,
    "curve": "linear",
}


@dataclass(frozen=True, kw_only=True)
class BakeRequest:
    """What to bake.

    Attributes:
        rules: The rule file.
        output: The folder to write to.
        format: Of the sound files.
        bars: Of each loop.
        layers: Names of the layers that are baked; None for all.
        inputs: Values at which inputs are sampled, by name.
        stems: Whether to write the families of instruments of each loop too.
        most_loops: The most loops.
        most_bytes: The most bytes of all sound files; None for any number.
        seed: None for the rule file's.
        godot: Whether to write a resource of Godot too. The format must be Ogg.
    """

    rules: Path
    output: Path
    format: Literal["wav", "ogg"] = "wav"
    bars: int = DEFAULT_BARS
    layers: Sequence[str] | None = None
    inputs: Mapping[str, Sequence[float]] = field(default_factory=dict)
    stems: bool = False
    most_loops: int = DEFAULT_LOOPS
    most_bytes: int | None = None
    seed: int | None = None
    godot: bool = False


class PlannedLoop(NamedTuple):
    """A loop before it is rendered.

    Attributes:
        name: Of its file, without the extension.
        bytes: Of its file, with those of its stems.
    """

    name: str
    length: LoopLength
    bytes: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Bake:
    """A bake that is planned and not rendered.

    Attributes:
        warnings: Finished messages about the rules, and about what is left out.
    """

    request: BakeRequest
    rules: Rules
    styles: StyleBanks
    generator: Generator[Any]
    sounds: Mapping[str, Samples]
    machine: Machine
    scenes: Scenes
    loops: tuple[PlannedLoop, ...]
    warnings: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """Of all loops."""
        return sum(loop.length.samples for loop in self.loops) / SAMPLE_RATE

    @property
    def bytes(self) -> int:
        """Of all sound files; of Ogg files, the most that is to be expected."""
        stingers = sum(file_bytes(len(each), f".{self.request.format}") for each in self.sounds.values())
        return stingers + sum(loop.bytes for loop in self.loops)

    @property
    def seed(self) -> int:
        return self.rules.seed if self.request.seed is None else self.request.seed


def plan_bake(request: BakeRequest) -> Bake:
    """Find what a bake will hold, and check it, without rendering.

    Raises:
        RuleError: The rules have mistakes, or decide by what cannot be baked.
        BakeError: It asks for what there is not, or has too many scenes.
    """
    written = load(request.rules)
    decisions = machine(written)
    chain = build("score")
    rules, styles, warnings = read_styles(written, chain.encoders)
    scenes = find_scenes(rules, layers=request.layers, inputs=request.inputs)
    suffix = f".{request.format}"
    loops = []
    for index, sound in enumerate(scenes.sounds):
        length = length_of(sound, request.bars)
        files = 1 + (len(FAMILIES) if request.stems else 0)
        loops.append(
            PlannedLoop(f"{index:03d}-{sound.label[:_NAME]}", length, files * file_bytes(length.samples, suffix))
        )
    return Bake(
        request=request,
        rules=rules,
        styles=styles,
        generator=chain.generators[0],
        sounds=load_stingers(rules),
        machine=decisions,
        scenes=scenes,
        loops=tuple(loops),
        warnings=(*map(str, rules.warnings), *warnings, *map(str, decisions.left_out)),
    )


def check_limits(bake: Bake) -> None:
    """Check that a bake is no larger than was asked for.

    Raises:
        BakeError: It has too many loops, a loop is too long, or it takes too many bytes.
    """
    request = bake.request
    for loop in bake.loops:
        if loop.length.samples > MOST_LOOP_S * SAMPLE_RATE:
            seconds = loop.length.samples / SAMPLE_RATE
            takes = f"the loop {loop.name} takes {seconds:.0f} s"
            raise BakeError(f"{takes}, expected at most {MOST_LOOP_S} s; bake fewer bars (--bars)")
    if len(bake.loops) > request.most_loops:
        raise BakeError(
            f"the scenes need {len(bake.loops)} loops, expected at most {request.most_loops} (--loops); {LESS}"
        )
    if request.most_bytes is not None and bake.bytes > request.most_bytes:
        takes = "may take" if request.format == "ogg" else "takes"
        raise BakeError(
            f"the bake {takes} {_size_text(bake.bytes)}, expected at most {_size_text(request.most_bytes)} (--size); "
            "bake fewer bars (--bars), fewer layers (--layers) or --format ogg"
        )


def write_bake(bake: Bake, progress: Callable[[int, int], None] = lambda loop, frames: None) -> list[Path]:
    """Render a bake and write its files; the manifest is written last.

    Args:
        progress: Is told the index of the loop under way and how many of its frames are generated.
    Returns:
        The files written, the manifest last.
    Raises:
        BakeError: The folder holds something else.
        AudioFileError, OSError: A file cannot be written.
    """
    folder, suffix = bake.request.output, f".{bake.request.format}"
    old = _earlier_files(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _mark_unfinished(bake, old)
    written: list[Path] = []

    def write(name: str, samples: Samples) -> str:
        write_sound(folder / name, samples)
        written.append(folder / name)
        return name

    stems: list[StemFiles] = []
    for index, (loop, sound) in enumerate(zip(bake.loops, bake.scenes.sounds, strict=True)):
        rendered = render_loop(
            sound,
            loop.length,
            bake.generator,
            bake.styles,
            seed=bake.seed,
            stems=bake.request.stems,
            progress=partial(progress, index),
        )
        write(f"{loop.name}{suffix}", rendered.samples)
        files = {family: write(f"{loop.name}.{family}{suffix}", stem) for family, stem in rendered.stems.items()}
        stems.append(StemFiles(files, rendered.stems_gain_db))
    for name, samples in bake.sounds.items():
        write(_stinger_file(name, suffix), samples)
    manifest = manifest_of(bake, stems)
    if bake.request.godot:
        written += write_resource(folder, manifest)
    elif old:
        # Of an earlier bake, with sounds that may be gone.
        (folder / RESOURCE).unlink(missing_ok=True)
    written.append(_write_manifest(folder, manifest))
    for name in old - {each.name for each in written}:
        (folder / name).unlink(missing_ok=True)
    return written


class StemFiles(NamedTuple):
    """The stems of a loop.

    Attributes:
        files: By family of instruments, those that are heard.
        gain_db: By which they are louder in the loop than in their files.
    """

    files: Mapping[str, str]
    gain_db: float


_NO_STEMS: Final = StemFiles({}, 0.0)


def _stinger_file(name: str, suffix: str) -> str:
    return f"stinger-{name}{suffix}"


def _mark_unfinished(bake: Bake, old: set[str]) -> None:
    """Write a manifest that no player takes, so that a bake that is interrupted can be made again in its folder."""
    suffix = f".{bake.request.format}"
    files = {f"{loop.name}{part}{suffix}" for loop in bake.loops for part in ("", *[f".{each}" for each in FAMILIES])}
    files |= {_stinger_file(name, suffix) for name in bake.sounds}
    loops = [{"file": name, "stems": {}} for name in sorted(files | old)]
    _write_manifest(bake.request.output, {"format": FORMAT, "version": "unfinished", "loops": loops, "stingers": []})


def _write_manifest(folder: Path, manifest: Mapping[str, Any]) -> Path:
    path = folder / MANIFEST
    with replacing(path) as unfinished:
        unfinished.write_text(f"{json.dumps(manifest, indent=1, ensure_ascii=False)}\n", "utf-8", newline="\n")
    return path


def _earlier_files(folder: Path) -> set[str]:
    """The names of the files of an earlier bake in the folder; none where it is new or empty.

    Raises:
        BakeError: Something else is there.
    """
    if not os.path.lexists(folder):
        return set()
    if not folder.is_dir():
        raise BakeError(f"{folder}: expected a folder to write to, found a file")
    if not any(folder.iterdir()):
        return set()
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        if manifest["format"] != FORMAT:
            raise ValueError
        return {name for name in _files_of(manifest) if Path(name).name == name}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise BakeError(f"{folder}: holds other files and no earlier bake; expected a new or empty folder") from None


def _files_of(manifest: Mapping[str, Any]) -> Iterator[str]:
    for loop in manifest["loops"]:
        yield str(loop["file"])
        yield from map(str, loop["stems"].values())
    for stinger in manifest["stingers"]:
        yield str(stinger["file"])


def manifest_of(bake: Bake, stems: Sequence[StemFiles] = ()) -> dict[str, Any]:
    """The manifest of a bake.

    Args:
        stems: Of each loop; () for none.
    """
    rules, data, scenes = bake.rules, bake.machine.data, bake.scenes
    names, suffix = [item.name for item in rules.inputs], f".{bake.request.format}"
    stems = stems or [_NO_STEMS] * len(bake.loops)
    return {
        "format": FORMAT,
        "version": VERSION,
        "title": rules.title,
        "rules": fingerprint_of(path.read_bytes() for path in rules.files),
        "seed": bake.seed,
        "sample_rate": SAMPLE_RATE,
        "frame_samples": FRAME_SIZE,
        "ticks_per_beat": TICKS_PER_BEAT,
        "inputs": data["inputs"],
        "latches": data["latches"],
        "counters": data["counters"],
        "stays": data["stays"],
        "layers": data["layers"],
        "rows": data["rows"],
        "stingers": [
            {**each, "file": _stinger_file(each["name"], suffix), "samples": len(bake.sounds[each["name"]])}
            for each in data["stingers"]
        ],
        "baked_layers": [[layer.name for layer in rules.layers].index(name) for name in scenes.layers],
        "sampled_inputs": [{"input": names.index(each.name), "points": list(each.points)} for each in scenes.sampled],
        "input_moves": _INPUT_MOVES,
        "scenes": list(scenes.loops),
        "loops": [_loop_data(bake, index, each) for index, each in enumerate(stems)],
        "left_out": [f"{each.where}: {each.text}" for each in bake.machine.left_out],
    }


def _loop_data(bake: Bake, index: int, stems: StemFiles) -> dict[str, Any]:
    sound, length = bake.scenes.sounds[index], bake.loops[index].length
    controls = sound.plan.controls
    return {
        "file": f"{bake.loops[index].name}.{bake.request.format}",
        "stems": dict(stems.files),
        "stems_gain_db": stems.gain_db,
        "frames": length.frames,
        "samples": length.samples,
        "bars": length.bars,
        "meter": length.meter,
        "groups": list(controls.groups),
        "tempo_bpm": controls.tempo_mbpm / 1000,
        "key": "" if controls.tonic < 0 else str(Key(tonic=controls.tonic, mode=controls.mode)),
        "mix": {
            style.name: round(weight, 6)
            for style, weight in zip(bake.rules.styles, sound.plan.mix, strict=True)
            if weight > 0
        },
    }


def _size_text(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} KB"


def table(bake: Bake) -> list[str]:
    """What a bake will hold, as lines: a loop each, and the sums."""
    lines = [f"{'loop':<40} {'tempo':>9} {'bars':>5} {'length':>9} {'size':>10}"]
    for loop, sound in zip(bake.loops, bake.scenes.sounds, strict=True):
        tempo, seconds = sound.plan.controls.tempo_mbpm / 1000, loop.length.samples / SAMPLE_RATE
        lines.append(
            f"{loop.name:<40} {tempo:>6g}bpm {loop.length.bars:>5} {seconds:>8.2f}s {_size_text(loop.bytes):>10}"
        )
    count, scenes, stingers = len(bake.loops), len(bake.scenes.loops), len(bake.sounds)
    lines.append(
        f"{count} loop{'s' if count != 1 else ''} for {scenes} scene{'s' if scenes != 1 else ''}, "
        f"{stingers} stinger{'s' if stingers != 1 else ''}, {bake.seconds:.1f} s, "
        f"{_size_text(bake.bytes)}{' at most' if bake.request.format == 'ogg' else ''}"
    )
    return lines
