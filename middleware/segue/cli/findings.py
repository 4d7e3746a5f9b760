"""What `segue check` finds beyond the mistakes that loading reports: it analyses the rules, reads styles, opens sounds.

Each finding is a problem with its code. Beside the codes of `segue_rules.analysis` there are:

* unknown_word: a word of a style that steers nothing;
* far_text: a style's text that is far from every known style;
* audio_prompt: a recording that is like no known style, or has a channel without sound;
* confusable_styles: two styles that will play alike;
* silent_audio, short_audio: a sound without signal, and a stinger too short to be heard as a sound;
* offset_audio: a DC offset, which is heard as a click at both ends;
* hot_audio: a sound beyond full scale, which will be limited;
* clip_length, loop_click, no_crossfade, cue_behind_the_end, cue_moved: a clip that does not fit its bars, its file or
  the marks in it, or begins again with a click;
* ignored_control, ignored_theme: what a generator does not obey.

What prevents rules from being played is an error: a sound that cannot be used, a text of which no word is understood.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segue.file_kinds import FileKind, file_kind
from segue.generators import GENERATORS
from segue.render.file_checks import named_sounds
from segue_rules.controls import CONTROLS
from segue_rules.model import DEFAULT_MUSIC, Clip, Music, Prompt, Rules, Style
from segue_yaml.report import Problem

if TYPE_CHECKING:
    from segue.contract import Samples
    from segue.style.audio_reader import AudioReading
    from segue.style.text_reader import TextReading

OF_GENERATORS: Final = tuple(control for control in CONTROLS if "mastering" not in control.obeyed_by)
"""The controls that generators may obey; the others are obeyed after them."""
_SILENT_DB: Final = -60.0
_SHORTEST_STINGER_S: Final = 0.05
_MAX_OFFSET: Final = 0.05


@dataclass(kw_only=True)
class RuleFindings:
    """What was found about rules, or about their sound files.

    Attributes:
        summaries: A line for each sound file that can be used.
        errors: Sound files and texts of styles that cannot be used.
        warnings: Problems of what can be used, each with its code; "" for those of the loader.
    """

    summaries: list[str] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)
    warnings: list[tuple[Problem, str]] = field(default_factory=list)


def rule_findings(rules: Rules) -> RuleFindings:
    """Find what is doubtful in rules, and what is wrong with the sounds that they name."""
    from segue_rules.analysis import analyse

    found, recordings = audio_findings(rules)
    found.warnings += [(warning, "") for warning in rules.warnings]
    for finding in analyse(rules):
        found.warnings.append((Problem(mark=finding.mark, where=finding.where, text=finding.text), finding.code))
    styles = style_findings(rules, recordings)
    found.errors += styles.errors
    found.errors.sort()
    found.warnings += styles.warnings
    found.warnings.sort()
    return found


def included_files(paths: Sequence[Path]) -> set[str]:
    """The files that others include, directly or not. Of files that include each other, none is a part of the other."""
    from segue_rules.loading.sources import includes

    direct: dict[str, list[str]] = {}

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            current = waiting.pop()
            if current not in direct:
                direct[current] = [str(each) for each in includes(Path(current))]
            new = set(direct[current]) - seen
            seen |= new
            waiting += new
        return seen

    starts = [os.path.realpath(path) for path in paths if file_kind(path) is FileKind.RULES]
    parts: set[str] = set()
    # A single file is no part of another; reading it here would be for nothing.
    for start in starts if len(starts) > 1 else ():
        within = reached(start)
        if start not in within:
            parts |= within
    return parts


def style_findings(rules: Rules, recordings: Mapping[Path, AudioReading] | None = None) -> RuleFindings:
    """Find texts that cannot be read, words that steer nothing, far prompts, and styles that play alike.

    Args:
        rules: The rules.
        recordings: What was read of their recordings; without it, styles with one are not compared.
    """
    recordings = recordings or {}
    from segue.style.alike import alike
    from segue.style.text_reader import text_reader
    from segue.style_profile import StyleProfile, blend

    found = RuleFindings()
    profiles: dict[str, StyleProfile] = {}
    for style in rules.styles:
        read: list[StyleProfile] = []
        for prompt in style.prompts:
            reading: TextReading | AudioReading
            if prompt.audio is not None:
                if prompt.audio not in recordings:
                    continue
                reading = recordings[prompt.audio]
            else:
                try:
                    reading = text_reader().read(prompt.text or "")
                except ValueError as error:
                    found.errors.append(_about(style, prompt, str(error)))
                    continue
            read.append(reading.profile)
            found.warnings += [(_about(style, prompt, warning.text), warning.code) for warning in reading.warnings]
        if len(read) == len(style.prompts):
            profiles[style.name] = blend(read, [prompt.weight for prompt in style.prompts])
    by_name = {style.name: style for style in rules.styles}
    told: set[str] = set()
    for first, second, apart in alike(profiles):
        # Many styles of one text are as many warnings, not one for each pair of them.
        if second in told:
            continue
        told.add(second)
        text = f"plays like '{first}' (profiles {apart:.2f} apart); name another instrument, groove, scale or tempo"
        found.warnings.append((_about(by_name[second], by_name[second].prompts[0], text), "confusable_styles"))
    return found


def _about(style: Style, prompt: Prompt, text: str) -> Problem:
    return Problem(mark=prompt.mark, where=f'style "{style.name}"', text=text)


def ignored_findings(rules: Rules, generator: str) -> RuleFindings:
    """Find what a generator does not obey: controls that the rules set, themes, and beats for changes to start at.

    Args:
        rules: The rules.
        generator: A name of `segue.generators.GENERATORS`.
    """
    spec = GENERATORS[generator]
    found = RuleFindings()
    ignored = [control for control in OF_GENERATORS if control.name not in spec.controls]
    for where, music in _music_of(rules):
        for control in ignored:
            value = getattr(music, control.field)
            if value is not None and value != getattr(DEFAULT_MUSIC, control.field):
                text = f"the generator {generator} ignores {control.name}"
                found.warnings.append((Problem(mark=music.mark, where=where, text=text), "ignored_control"))
    if "fills" not in spec.controls:
        for theme in rules.themes:
            text = f"the generator {generator} plays no themes"
            found.warnings.append((Problem(mark=theme.mark, where=f'theme "{theme.name}"', text=text), "ignored_theme"))
    if not spec.exact_beats:
        found.summaries.append(
            f"{generator}: beats are nominal: a change at a beat or bar starts in time, not on a beat that is heard"
        )
    return found


def _music_of(rules: Rules) -> Iterator[tuple[str, Music]]:
    """Every place where rules set controls, with its name."""
    yield "music", rules.music
    for layer in rules.layers:
        for state in layer.states:
            yield f'layer "{layer.name}", state "{state.name}"', state.music


def audio_findings(rules: Rules) -> tuple[RuleFindings, dict[Path, AudioReading]]:
    """Open every sound file that the rules name, and read those that are prompts of styles."""
    found = RuleFindings()
    recordings: dict[Path, AudioReading] = {}
    uses = list(named_sounds(rules))
    # NumPy and libsndfile, and for prompts the encoder, take longer to load than rules without sounds to check.
    if not uses:
        return found, recordings
    from segue.audio.files import MAX_SECONDS, MOST_PROMPT_S, MOST_STINGER_S, AudioFileError, read_audio
    from segue.audio.streams import audio_facts
    from segue.contract import SAMPLE_RATE
    from segue.runtime.clip_mixer import clip_problem

    shown: set[Path] = set()
    for use in uses:
        about = partial(Problem, mark=use.mark, where=use.where)
        try:
            longest_s = MOST_PROMPT_S if use.prompt else MOST_STINGER_S if use.clip is None else MAX_SECONDS
            samples = read_audio(use.path, max_seconds=longest_s, excerpt=use.prompt)
            facts = audio_facts(use.path)
            if use.clip is not None and (text := clip_problem(use.clip, facts)):
                raise AudioFileError(text)
        except AudioFileError as error:
            found.errors.append(about(text=str(error)))
            continue
        try:
            if use.prompt:
                recordings[use.path] = _read_recording(samples)
        except ValueError as error:
            found.errors.append(about(text=f"{use.path}: {error}"))
            continue
        found.warnings += [
            (about(text=f"{use.path.name} {text}"), code)
            for text, code in (*_sound_findings(samples, prompt=use.prompt), *_of_clip(use.clip, samples, facts.rate))
        ]
        if use.path not in shown:
            rate = "" if facts.rate == SAMPLE_RATE else f", {facts.rate} Hz, which is resampled to {SAMPLE_RATE} Hz"
            rate = rate if use.clip is not None else ""
            found.summaries.append(f"{_name(use.path, rules.files)}: {_measures(samples)}{rate}")
            shown.add(use.path)
    return found, recordings


def _of_clip(clip: Clip | None, samples: Samples, rate: int) -> Iterator[tuple[str, str]]:
    from segue.cli.clip_findings import clip_warnings, cue_warnings

    if clip is not None:
        yield from clip_warnings(clip, samples)
        yield from cue_warnings(clip, rate)


def _read_recording(samples: Samples) -> AudioReading:
    # The tower takes a while to load, and most rules name no recordings.
    from segue.style.audio_reader import read_recording

    return read_recording(samples)


def _sound_findings(samples: Samples, *, prompt: bool) -> Iterator[tuple[str, str]]:
    import numpy as np

    from segue.contract import SAMPLE_RATE

    length_s = len(samples) / SAMPLE_RATE
    if _level_db(samples) < _SILENT_DB:
        yield f"is silent (peak {_decibels(_level_db(samples))} dBFS)", "silent_audio"
        return
    if not prompt and length_s < _SHORTEST_STINGER_S:
        yield f"lasts {length_s * 1000:.0f} ms, which is heard as a click", "short_audio"
    offset = float(np.abs(samples.mean(axis=0, dtype=np.float64)).max())
    if not prompt and offset > _MAX_OFFSET:
        yield f"is off zero by {offset:.2f} on average (a DC offset), which is heard as a click", "offset_audio"
    peak = float(np.abs(samples).max())
    if not prompt and peak > 1.0:
        yield f"peaks {20 * math.log10(peak):.1f} dB above full scale and will be limited", "hot_audio"


def _measures(samples: Samples) -> str:
    from segue.audio.loudness import integrated_loudness
    from segue.contract import SAMPLE_RATE

    loudness = integrated_loudness(samples)
    # Less than 400 ms have no loudness by BS.1770.
    loud = f", {_decibels(loudness)} LUFS" if math.isfinite(loudness) else ""
    return f"{len(samples) / SAMPLE_RATE:.2f} s{loud}, peak {_decibels(_level_db(samples))} dBFS"


def _level_db(samples: Samples) -> float:
    peak = float(abs(samples).max(initial=0.0))
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def _decibels(level: float) -> str:
    return f"{level:.1f}" if math.isfinite(level) else "-inf"


def _name(path: Path, files: Sequence[Path]) -> str:
    """The file as the rules name it: from their folder."""
    folder = files[0].parent if files else Path()
    name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
    return name.replace("\n", "\\n")
