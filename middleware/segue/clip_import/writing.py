"""What was found in a folder, as text of a rule file with comments."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from segue.clip_import.reading import FoundClip
from segue.contract import SAMPLE_RATE

# Over which a loop that clicks goes over into its next pass, at most half of it.
_CROSSFADE_MS = 10


def clips_text(clips: Sequence[FoundClip], base: Path) -> str:
    """Return the `clips:` of a rule file.

    Args:
        clips: What was found.
        base: The folder of the rule file, which paths are relative to.
    """
    lines = ["clips:"]
    for _, piece in groupby(clips, key=lambda clip: clip.piece):
        lines += _piece_lines(list(piece), base)
    return "\n".join([*lines, ""])


def rule_file_text(clips: Sequence[FoundClip], base: Path, title: str) -> str:
    """Return a rule file of nothing but clips, for others to include."""
    return f"segue: 1\n# {title}\n{clips_text(clips, base)}"


def _piece_lines(clips: Sequence[FoundClip], base: Path) -> Iterator[str]:
    first = clips[0]
    yield f"  # {_summary(first)}"
    for clip in clips:
        yield from (f"  # {clip.path.name}: {text}" for text in _doubts(clip))
        yield f"  {clip.name}: {{{', '.join(_fields(clip, base))}}}"
    if len(clips) > 1:
        together = ", ".join(f"{clip.name}: 0dB" for clip in clips[:16])
        yield f"  # They are as long as each other: stems of one piece, which a state plays with clips: {{{together}}}"


def _summary(clip: FoundClip) -> str:
    """A line on what was found of a piece."""
    parts = [f"{clip.seconds:.3f} s"]
    if clip.time is None:
        parts.append("no tempo found: name one if it has beats")
    else:
        others = "".join(f", or {other:.0f}" for other in clip.other_tempos_bpm)
        parts.append(f"{clip.time.tempo_bpm:g} bpm ({clip.time.source}{others}), bars of {clip.beats}")
    if not clip.key:
        likely = " or ".join(clip.likely_keys)
        parts.append(f"its notes fit {likely}: add key if it is one" if likely else "no clear key")
    if math.isfinite(clip.loudness_lufs):
        parts.append(f"{clip.loudness_lufs:.1f} LUFS")
    return "; ".join(parts)


def _doubts(clip: FoundClip) -> Iterator[str]:
    if clip.time is not None and not clip.loop:
        rest = clip.time.rest_samples / SAMPLE_RATE
        yield (
            f"{clip.time.bars} bars and {rest:.3f} s, in which the music goes on: it plays once. "
            "Write loop: N bars if a part of it repeats"
        )
    if clip.click:
        mended = "so it has a crossfade" if _crossfade_ms(clip) else "and it is too short for a crossfade"
        yield f"a click is heard where the loop begins again, {mended}"


def _fields(clip: FoundClip, base: Path) -> Iterator[str]:
    yield f"audio: {_path(clip.path, base)}"
    if clip.time is not None:
        yield f"tempo: {clip.time.tempo_bpm:g}bpm"
        if clip.beats != 4:
            yield f"meter: {clip.beats}"
    if clip.key:
        yield f"key: {clip.key}"
    if round(clip.gain_db, 1):
        yield f"gain: {clip.gain_db:.1f}dB"
    for name in ("intro", "loop", "outro"):
        samples = getattr(clip, name)
        if samples:
            yield f"{name}: {_length(clip, samples)}"
    if crossfade := _crossfade_ms(clip):
        yield f"crossfade: {crossfade}ms"
    if clip.cues:
        # Rounded up, so that a place is the same sample once it is read.
        places = [
            f"{math.ceil(cue.place * 1e6 - 1e-3) / 1e6:.6f}s" if isinstance(cue.place, float) else str(cue.place)
            for cue in clip.cues
        ]
        if clip.cues[0].name:
            named = (f"{cue.name}: {place}" for cue, place in zip(clip.cues, places, strict=True))
            yield f"cues: {{{', '.join(named)}}}"
        else:
            yield f"cues: [{', '.join(places)}]"


def _crossfade_ms(clip: FoundClip) -> int:
    """How long the crossfade of a loop that clicks is; 0 without one."""
    return min(_CROSSFADE_MS, clip.loop * 1_000 // SAMPLE_RATE // 2) if clip.click else 0


def _length(clip: FoundClip, samples: int) -> str:
    """A length in bars where it is a whole number of them, to the rounding of a sample; else in seconds."""
    if clip.time is not None:
        bar = clip.beats * 60 * SAMPLE_RATE / clip.time.tempo_bpm
        bars = round(samples / bar)
        # What the file lacks of its last bar is silence; the bars of the music do not wait for it.
        if bars and abs(samples - bars * bar) <= 0.005 * SAMPLE_RATE:
            return f"{bars} bar{'s' if bars != 1 else ''}"
    return f"{samples / SAMPLE_RATE:.6f}s"


def _path(path: Path, base: Path) -> str:
    """A path as rule files have them, in quotes where YAML would read it as something else."""
    relative = Path(os.path.relpath(path, base)).as_posix()
    plain = all(letter.isalnum() or letter in "_-./" for letter in relative) and relative[0].isalnum()
    return relative if plain else '"' + relative.replace("\\", "\\\\").replace('"', '\\"') + '"'
