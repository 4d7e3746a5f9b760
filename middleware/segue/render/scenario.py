"""What is to be rendered, loaded and checked: from a rule file and events, or from a recorded session."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from segue.contract import FRAME_RATE, FRAME_SIZE, SAMPLE_RATE, Generator, Samples, StyleBanks, StyleEncoder
from segue.generators import GeneratorChain
from segue.render.request import CLIP_STEM, FAMILIES, LOOKAHEAD_S
from segue.runtime.clip_mixer import ClipPlayer, open_clips
from segue.runtime.fallback import Loop
from segue.runtime.journal import Operation
from segue.runtime.planner import RulesVersion
from segue.runtime.recording import (
    Header,
    RecordedOperation,
    RecordedRules,
    RecordingError,
    fingerprint,
    read_recording,
)
from segue.runtime.replaying import remake_restore_point, resolve_operations
from segue.runtime.restore import RestorePoint
from segue.runtime.session_config import SessionConfig
from segue.runtime.styles import load_stingers, read_styles
from segue.service.rule_files import mentioned
from segue_rules.events import ScriptedEvent
from segue_rules.loading import load
from segue_rules.model import Rules
from segue_yaml.nodes import NOWHERE

# Without a duration: this long after the last event, or in all where there is none.
_AFTER_LAST_S: Final = 12.0
_WITHOUT_EVENTS_S: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """All that decides a rendering.

    Attributes:
        styles: The styles of the rules, embedded.
        sounds: The audio stingers by name, float32 [S, 2] at 48 kHz.
        clips: The clips of the rules, opened; None where they have none.
        events: What the game sends, by time.
        frames: How many to render; 0 for all that a recording holds.
        config: Seed, lookahead and the other numbers of the session.
        warnings: Finished messages about the rules and events.
    """

    rules: Rules
    styles: StyleBanks
    sounds: Mapping[str, Samples]
    clips: ClipPlayer | None = None
    events: Sequence[ScriptedEvent]
    frames: int
    config: SessionConfig
    warnings: tuple[str, ...] = ()

    @property
    def stems(self) -> tuple[str, ...]:
        """The names of its stems: the families of instruments, and the clips where its rules have any."""
        return FAMILIES if self.clips is None else (*FAMILIES, CLIP_STEM)


@dataclass(frozen=True, kw_only=True)
class RecordedSession:
    """What a recording holds of its session.

    Attributes:
        operations: All that decided the session, in order.
        generators: Its fallback chain.
        primary: Level of its generator in the chain.
        restore_point: What it continued; None for a fresh session.
    """

    operations: Sequence[Operation]
    generators: Sequence[Generator[Any]]
    primary: int
    restore_point: RestorePoint | None

    @property
    def last_frame(self) -> int:
        """The end of what the session generated, at least 1."""
        return max((operation[1].end for operation in self.operations if operation[0] == "done"), default=1)


def scripted(
    rules: Rules,
    events: Sequence[ScriptedEvent],
    encoders: Sequence[StyleEncoder],
    *,
    duration_s: float | None = None,
    seed: int | None = None,
    lookahead_s: float = LOOKAHEAD_S,
    warnings: Sequence[str] = (),
) -> Scenario:
    """A scenario of rules and events.

    Args:
        duration_s: Seconds to render, above 0; None for 12 s after the last event, or 60 s without events.
        seed: None for the rules' own.
        warnings: More of them, which follow those of the rules.
    Raises:
        RuleError: A style or stinger cannot be used; the message names its position.
    """
    if duration_s is None:
        duration_s = max(event.at_s for event in events) + _AFTER_LAST_S if events else _WITHOUT_EVENTS_S
    frames = max(1, -(-round(duration_s * SAMPLE_RATE) // FRAME_SIZE))
    rules, styles, style_warnings = read_styles(rules, encoders)
    late = [event for event in events if event.frame >= frames]
    late_warnings = []
    if late:
        count = "1 event comes" if len(late) == 1 else f"{len(late)} events come"
        late_warnings = [f"{late[0].mark}: {count} after the end at {frames / FRAME_RATE:g} s and will not be played"]
    return Scenario(
        rules=rules,
        styles=styles,
        sounds=load_stingers(rules),
        clips=open_clips(rules),
        events=events,
        frames=frames,
        config=SessionConfig(seed=rules.seed if seed is None else seed, lookahead_s=lookahead_s),
        warnings=(*map(str, rules.warnings), *style_warnings, *warnings, *late_warnings),
    )


def recorded(recording: Path, rules: Path, chain: GeneratorChain) -> tuple[RecordedSession, Scenario]:
    """A recorded session and its scenario, from its own rules where it holds them.

    Args:
        rules: The rule file that it was made with; the sound files that it names are read from that folder.
    Raises:
        RecordingError: It is no recording, or one of other rules.
        RuleError: Its rules cannot be used.
    """
    header, operations, warnings = _read_whole(recording)
    loaded: list[LoadedRules] = []

    def revive(recorded_rules: RecordedRules) -> RulesVersion:
        loaded.append(load_recorded(recorded_rules, rules.parent, chain.encoders))
        return loaded[-1].rules_version

    if header.sources:
        first = revive(RecordedRules(header.sources, header.rules))
    else:
        present = load(rules)
        if header.rules != fingerprint(present.files):
            problem = f"was made with other rules than {present.files[0]}; use those it was made with"
            raise RecordingError(f"{recording}: {problem}")
        present, styles, style_warnings = read_styles(present, chain.encoders)
        clips = open_clips(present)
        first = RulesVersion(rules=present, styles=styles, fingerprint=header.rules, clips=clips)
        loaded.append(LoadedRules(first, load_stingers(present), (*map(str, present.warnings), *style_warnings)))
    generators = _with_loop(header, chain.generators)
    done = list(resolve_operations(operations, first.rules, generators, revive))
    restore_point = header.restore_point and remake_restore_point(header.restore_point, first.rules, generators)
    scenario = Scenario(
        rules=first.rules,
        styles=first.styles,
        # Where a stinger was edited meanwhile, its last sound is used throughout.
        sounds={name: sound for each in loaded for name, sound in each.sounds.items()},
        clips=first.clips,
        events=_events_of(done),
        frames=header.frames,
        config=header.config,
        warnings=(*warnings, *dict.fromkeys(warning for each in loaded for warning in each.warnings)),
    )
    session = RecordedSession(
        operations=done, generators=generators, primary=header.primary, restore_point=restore_point or None
    )
    return session, scenario


def _with_loop(header: Header, generators: Sequence[Generator[Any]]) -> Sequence[Generator[Any]]:
    """The chain of a recorded session: a service falls back on a loop of the last bars in the end."""
    loop = Loop()
    ends_in_loop = header.generators[-1:] == (loop.name,) and generators[-1].name != loop.name
    return (*generators, loop) if ends_in_loop else generators


def _read_whole(path: Path) -> tuple[Header, list[RecordedOperation], tuple[str, ...]]:
    """A recording's header, its operations, and a warning if the session went on after the last of them."""
    header, operations, whole = read_recording(path)
    if whole:
        return header, operations, ()
    text = f"{path}: ends early, after {len(operations)} operations: expected an end record as its last line, got none"
    why = "its service was killed or still runs, or could not write any more; what it holds is played"
    return header, operations, (f"{text}; {why}",)


class LoadedRules(NamedTuple):
    """Recorded rules, loaded and ready to play.

    Attributes:
        sounds: Of their audio stingers.
    """

    rules_version: RulesVersion
    sounds: Mapping[str, Samples]
    warnings: tuple[str, ...]


def load_recorded(recorded_rules: RecordedRules, beside: Path, encoders: Sequence[StyleEncoder]) -> LoadedRules:
    """Load rules from their recorded texts.

    Args:
        beside: The folder that holds the audio files they name.
    Raises:
        RuleError: They cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="segue-") as name:
        folder = Path(name).resolve()
        for path, text in recorded_rules.sources.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
        main = folder / next(iter(recorded_rules.sources))
        _copy_missing(mentioned(main).reached, folder, beside)
        rules, styles, warnings = read_styles(load(main), encoders)
        # Clips are read as they play, when the copies of their files are gone.
        originals = [replace(clip, audio=beside / clip.audio.relative_to(folder)) for clip in rules.clips]
        rules = replace(rules, clips=tuple(originals))
        rules_version = RulesVersion(
            rules=rules, styles=styles, fingerprint=recorded_rules.fingerprint, clips=open_clips(rules)
        )
        return LoadedRules(rules_version, load_stingers(rules), (*map(str, rules.warnings), *warnings))


def _copy_missing(paths: Iterable[Path], folder: Path, source: Path) -> None:
    """Copy files that rules in `folder` name and that are not there yet from `source`: paths may not lead out of it."""
    for path in paths:
        if not path.is_relative_to(folder) or ".." in path.parts or path.exists():
            continue
        original = source / path.relative_to(folder)
        if original.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(original, path)


def _events_of(operations: Sequence[Operation]) -> tuple[ScriptedEvent, ...]:
    """What a recorded game sent, where it took effect."""
    return tuple(
        ScriptedEvent(at_s=operation[2] / FRAME_RATE, frame=operation[2], event=operation[1], mark=NOWHERE)
        for operation in operations
        if operation[0] == "event"
    )
