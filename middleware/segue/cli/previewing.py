"""What `segue preview` does: loads, renders, writes everything asked for, and says what to listen for."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from segue.atomic import replacing
from segue.audio.files import AudioFileError, AudioWriter
from segue.cli.parts import Parts, build
from segue.cli.preview_request import GENERATION, LOOKAHEAD_S, check_files, files_of, outputs_of, script_of
from segue.cli.recorded import Loaded, load_recorded, read_whole
from segue.cli.rendering import (
    Kept,
    Piece,
    Progress,
    RecordedSession,
    Rendered,
    render_live,
    render_recording,
    render_straight,
)
from segue.contract import FRAME_RATE, FRAME_SIZE, SAMPLE_RATE
from segue.runtime.journal import Operation
from segue.runtime.messages import SessionMessage, StingerOut
from segue.runtime.planner import RulesVersion, conditioning
from segue.runtime.recording import (
    Header,
    RecordedRules,
    RecordingError,
    fingerprint,
    remake_restore_point,
    resolve_operations,
    write_recording,
)
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import LiveConditions, LiveRun
from segue.runtime.styles import load_stingers, load_styles
from segue_rules.errors import RuleError
from segue_rules.events import Receipt, ScriptedEvent
from segue_rules.loading import load
from segue_rules.loading.scripts import Script, load_script
from segue_rules.model import NOWHERE
from segue_rules.plan import Change

if TYPE_CHECKING:
    from segue.report.sound import SoundMeter

# Without --duration: this long after the last event, or in all where there is none.
_AFTER_LAST_S: Final = 12.0
_WITHOUT_EVENTS_S: Final = 60.0


class Preview(NamedTuple):
    """told: what to listen for, and what was written. seconds: of sound."""

    told: Sequence[str]
    warnings: Sequence[str]
    seconds: float


def preview(arguments: argparse.Namespace, progress: Progress) -> Preview:
    """Render once. Raises: RuleError, AudioFileError, SoundFontError, RecordingError, OutputsError, OSError."""
    started = time.perf_counter()
    check_files(arguments)
    AudioWriter(arguments.output)
    parts = build(arguments.generator, soundfont=arguments.soundfont)
    if arguments.recording:
        session, piece, warnings = _recorded(arguments, parts)
    else:
        session, (piece, warnings) = None, _scripted(arguments, parts)
    check_files(arguments, piece.rules)
    rules, frames = piece.rules, piece.frames
    meter = _meter(frames or _last_frame(session)) if arguments.report else None
    rendered = Rendered(
        kept=Kept(notes=bool(arguments.midi), journal=bool(arguments.record), chunks=bool(arguments.report)),
        hearing=meter.add if meter else None,
    )
    if session is not None:
        try:
            render_recording(piece, parts, session, arguments.output, progress, rendered)
        except AudioFileError:
            raise
        except ValueError as error:  # what it says cannot have happened
            raise RecordingError(f"{arguments.recording}: {error}") from error
        frames = rendered.frames
        piece = replace(piece, frames=rendered.end)
    elif arguments.live:
        conditions = LiveConditions(generation_s=_or(arguments.generation, GENERATION))
        render_live(piece, parts, arguments.output, conditions, progress, rendered)
    else:
        with _folder(arguments.stems):
            render_straight(piece, parts, arguments.output, arguments.stems, progress, rendered)
    _write_others(arguments, piece, rendered, [generator.name for generator in parts.generators])
    if meter:
        speed = frames / FRAME_RATE / (time.perf_counter() - started)
        _write_report(arguments, piece, rendered, meter, speed, warnings)
    told = [f"{arguments.output}: {rules.title}", *_listen_for(rendered.messages)]
    script = script_of(arguments)
    if script is not None:
        told.insert(1, f"with the events of {script}")
    told += [f"wrote {output.path}" for output in outputs_of(arguments)]
    if rendered.run is not None:
        warnings = (*warnings, *_dry(rendered.run, arguments))
    return Preview(told, warnings, frames / FRAME_RATE)


@contextlib.contextmanager
def _folder(path: Path | None) -> Iterator[None]:
    """A folder for what is written within the block; made for it, it goes again if nothing was."""
    made = path is not None and not path.exists()
    if path is not None:
        path.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        if path is not None and made:
            with contextlib.suppress(OSError):
                path.rmdir()
        raise


def watched(arguments: argparse.Namespace) -> tuple[tuple[str, int], ...]:
    """The files that a preview depends on, with the times they were last changed."""
    script = script_of(arguments)
    paths = [arguments.rules, *([script] if script else []), *([arguments.soundfont] if arguments.soundfont else [])]
    # A broken file is watched by itself until it loads again.
    with contextlib.suppress(RuleError):
        paths += [each.path for each in files_of(load(arguments.rules))]
    return tuple((str(path), path.stat().st_mtime_ns if path.exists() else 0) for path in paths)


def _or(given: float | None, default: float) -> float:
    return default if given is None else given


def _dry(run: LiveRun, arguments: argparse.Namespace) -> list[str]:
    """How often and how long the simulated game had nothing to play."""
    if not run.client.underrun_samples:
        return []
    gaps: list[tuple[int, int]] = []
    for frame, plan in enumerate(run.client.playback_plans()):
        if plan is None and gaps and sum(gaps[-1]) == frame:
            gaps[-1] = (gaps[-1][0], gaps[-1][1] + 1)
        elif plan is None:
            gaps.append((frame, 1))
    silence_s = run.client.underrun_samples / SAMPLE_RATE
    times = "once" if len(gaps) < 2 else f"{len(gaps)} times"
    lookahead_s, generation = _or(arguments.lookahead, LOOKAHEAD_S), _or(arguments.generation, GENERATION)
    first = f", first at {_clock(gaps[0][0] / FRAME_RATE)}" if gaps else ""
    advice = (
        f"a second of music takes {generation:g} s to make (--generation), so no buffer is enough"
        if generation >= 1
        else f"a longer buffer than {lookahead_s:g} s (--lookahead) or quicker generation would help"
    )
    return [f"the music ran dry {times}: {silence_s:.2f} s of silence{first}; {advice}"]


def _duration(asked: float | None, events: Sequence[ScriptedEvent]) -> float:
    """Seconds to render."""
    if asked is not None:
        return asked
    return max(event.at_s for event in events) + _AFTER_LAST_S if events else _WITHOUT_EVENTS_S


def _scripted(arguments: argparse.Namespace, parts: Parts) -> tuple[Piece, tuple[str, ...]]:
    """What an event script, or nothing but time, makes of the rules, and warnings about them."""
    rules = load(arguments.rules)
    script = script_of(arguments)
    loaded = load_script(script, rules) if script else Script(events=(), doubts=())
    events = loaded.events
    seed = rules.seed if arguments.seed is None else arguments.seed
    frames = -(-round(_duration(arguments.duration, events) * SAMPLE_RATE) // FRAME_SIZE)
    styles, warnings = load_styles(rules, parts.encoder)
    piece = Piece(
        rules=rules,
        styles=styles,
        sounds=load_stingers(rules),
        events=events,
        frames=frames,
        config=SessionConfig(seed=seed, lookahead_s=_or(arguments.lookahead, LOOKAHEAD_S)),
    )
    late = [event for event in events if event.frame >= frames]
    doubts = [str(doubt) for doubt in loaded.doubts]
    if late:
        count = "1 event comes" if len(late) == 1 else f"{len(late)} events come"
        doubts.append(f"{late[0].mark}: {count} after the end at {frames / FRAME_RATE:g} s and will not be played")
    return piece, (*rules.warnings, *warnings, *doubts)


def _recorded(arguments: argparse.Namespace, parts: Parts) -> tuple[RecordedSession, Piece, tuple[str, ...]]:
    """A recorded session, the piece it played and warnings; from its own rules where it holds them."""
    header, operations, doubts = read_whole(arguments.recording)
    beside = arguments.rules.parent
    loaded: list[Loaded] = []

    def revive(recorded: RecordedRules) -> RulesVersion:
        loaded.append(load_recorded(recorded, beside, parts.encoder))
        return loaded[-1].rules_version

    if header.sources:
        first = revive(RecordedRules(header.sources, header.rules))
    else:
        rules = load(arguments.rules)
        if header.rules != fingerprint(rules.files):
            problem = f"was made with other rules than {rules.files[0]}; use those it was made with"
            raise RecordingError(f"{arguments.recording}: {problem}")
        styles, warnings = load_styles(rules, parts.encoder)
        first = RulesVersion(rules=rules, styles=styles, fingerprint=header.rules)
        loaded.append(Loaded(first, load_stingers(rules), (*rules.warnings, *warnings)))
    done = list(resolve_operations(operations, first.rules, parts.generators, revive))
    restore_point = header.restore_point and remake_restore_point(header.restore_point, first.rules, parts.generators)
    piece = Piece(
        rules=first.rules,
        styles=first.styles,
        # A stinger that was edited meanwhile is heard as it was last.
        sounds={name: sound for each in loaded for name, sound in each.sounds.items()},
        events=_events_of(done),
        frames=header.frames,
        config=header.config,
    )
    session = RecordedSession(operations=done, primary=header.primary, restore_point=restore_point or None)
    return session, piece, (*doubts, *dict.fromkeys(warning for each in loaded for warning in each.warnings))


def _events_of(operations: Sequence[Operation]) -> tuple[ScriptedEvent, ...]:
    """What a recorded game sent, where it took effect."""
    return tuple(
        ScriptedEvent(at_s=operation[2] / FRAME_RATE, frame=operation[2], event=operation[1], mark=NOWHERE)
        for operation in operations
        if operation[0] == "event"
    )


def _write_others(arguments: argparse.Namespace, piece: Piece, rendered: Rendered, generators: Sequence[str]) -> None:
    if arguments.record:
        header = Header(
            rules=fingerprint(piece.rules.files),
            generators=tuple(generators),
            config=piece.config,
            frames=piece.frames,
        )
        with replacing(arguments.record) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
            write_recording(file, header, rendered.journal)
    if arguments.midi:
        from segue.score.sampler.midi import marks, write_midi

        plans = [rendered.plans[frame] for frame in sorted(rendered.plans) if frame < piece.frames]
        notes = [note for note in rendered.notes if note.start < piece.frames * FRAME_SIZE]
        write_midi(arguments.midi, notes, marks([conditioning(plans)]))


def _meter(frames: int) -> SoundMeter:
    """Measures what is written, while it is. frames: how many are to come."""
    from segue.report.sound import SoundMeter

    return SoundMeter(frames / FRAME_RATE)


def _last_frame(session: RecordedSession | None) -> int:
    """The end of what a recorded session generated."""
    operations = session.operations if session is not None else ()
    return max((operation[1].end for operation in operations if operation[0] == "done"), default=1)


def _write_report(
    arguments: argparse.Namespace,
    piece: Piece,
    rendered: Rendered,
    meter: SoundMeter,
    speed: float,
    warnings: Sequence[str],
) -> None:
    """speed: of rendering, in times real time."""
    from segue.report.page import write_report
    from segue.report.story import from_live, from_straight

    sound = meter.sound()
    rules, events, seed, sounds = piece.rules, piece.events, piece.config.seed, piece.sounds
    if rendered.run is None:
        story = from_straight(
            rules,
            rendered.messages,
            sound,
            events,
            seed=seed,
            sounds=sounds,
            real_time_factor=speed,
            warnings=warnings,
        )
    else:
        # A live simulation keeps a clock of its own.
        story = from_live(rules, rendered.run, sound, events, seed=seed, sounds=sounds, warnings=warnings)
    write_report(story, arguments.report, arguments.output)


def _listen_for(messages: Sequence[SessionMessage]) -> list[str]:
    """One line a change, stinger or refused event, in the order they are heard."""
    lines: list[tuple[float, str]] = []
    for message in messages:
        if isinstance(message, Change) and message.kind == "started":
            change = message
            why = "; ".join(cause.text for cause in change.causes)
            text = f"{change.layer}: {change.from_state} -> {change.to_state}" + (f"  ({why})" if why else "")
            lines.append((change.start / FRAME_RATE, text))
        elif isinstance(message, StingerOut) and message.cue.kind == "started" and not message.cancelled:
            lines.append((message.cue.start / SAMPLE_RATE, f"stinger {message.cue.stinger}"))
        elif isinstance(message, Receipt) and not message.accepted:
            lines.append((message.frame / FRAME_RATE, f"refused: {message.text}"))
    return [f"{_clock(at)}  {text}" for at, text in sorted(lines)]


def _clock(at_s: float) -> str:
    return f"{int(at_s // 60)}:{at_s % 60:06.3f}"
