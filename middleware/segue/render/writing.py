"""Renders a request into its files: sound, stems, MIDI, recording and report, each whole or not at all."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from segue.atomic import replacing
from segue.audio.files import AudioFileError, AudioWriter
from segue.contract import FRAME_RATE, FRAME_SIZE, SAMPLE_RATE, Samples
from segue.file_kinds import require_file
from segue.generators import BuildOptions, GeneratorChain, build
from segue.render.collector import Collector, Keep
from segue.render.file_checks import files_of
from segue.render.modes import Progress, render_live, render_recording, render_straight
from segue.render.request import GENERATION_FACTOR, LOOKAHEAD_S, PreviewRequest
from segue.render.scenario import RecordedSession, Scenario, recorded, scripted
from segue.runtime.messages import SessionMessage, StingerOut
from segue.runtime.recording import Header, RecordingError, fingerprint, write_recording
from segue.runtime.simulation import LiveConditions, LiveRun
from segue_rules.errors import RuleError
from segue_rules.events import Receipt
from segue_rules.loading import load
from segue_rules.loading.scripts import Script, load_script
from segue_rules.plan import Change
from segue_rules.times import clock_text

if TYPE_CHECKING:
    from segue.report.sound import SoundMeasures


class PreviewSummary(NamedTuple):
    """What came of a request.

    Attributes:
        lines: What to listen for and when, and what was written.
        warnings: Finished messages.
        seconds: Of sound.
    """

    lines: Sequence[str]
    warnings: Sequence[str]
    seconds: float


def write_preview(request: PreviewRequest, progress: Progress) -> PreviewSummary:
    """Render once and write every file that is asked for.

    Raises:
        FilesError: A file that is read is not there.
        OutputsError: A file that is read would be written over, or one cannot be written.
        RuleError: The rules or events have mistakes.
        AudioFileError: The sound cannot be written.
        GeneratorError: The generator cannot play here.
        SoundFontError: The soundfont cannot be used.
        RecordingError: The recording cannot be used.
        OSError: Another file cannot be written.
    """
    started = time.perf_counter()
    request.check_files()
    AudioWriter(request.output)
    require_file(request.recording or request.rules)
    if request.script:
        require_file(request.script)
    options = BuildOptions(
        soundfont=request.soundfont, weights=request.weights or "", continue_from=request.continue_from
    )
    chain = build(request.generator, options)
    session: RecordedSession | None = None
    if request.recording:
        session, scenario = recorded(request.recording, request.rules, chain)
    else:
        scenario = _scripted(request, chain)
    request.check_files(scenario.rules)
    collector = Collector(Keep(notes=bool(request.midi), journal=bool(request.record), chunks=bool(request.report)))
    meter = None
    if request.report:
        from segue.report.sound import SoundMeter

        meter = SoundMeter((scenario.frames or (session.last_frame if session else 1)) / FRAME_RATE)
    run: LiveRun | None = None
    frames = scenario.frames
    with _folder(request.stems), ExitStack() as files:
        audio = files.enter_context(AudioWriter(request.output))

        def sink(block: Samples) -> None:
            audio.write(block)
            if meter:
                meter.add(block)

        if session is not None:
            try:
                heard = render_recording(scenario, session, sink, collector, progress=progress)
            except AudioFileError:
                raise
            except ValueError as error:  # it holds what cannot have happened
                raise RecordingError(f"{request.recording}: {error}") from error
            frames, scenario = len(heard), replace(scenario, frames=heard.stop)
        elif request.live:
            conditions = LiveConditions(generation_s=_or(request.generation, GENERATION_FACTOR))
            spool_folder = request.output.parent
            run = render_live(
                scenario, chain, sink, collector, conditions, spool_folder=spool_folder, progress=progress
            )
        else:
            stems = None
            if request.stems:
                paths = {family: request.stem(request.stems, family) for family in scenario.stems}
                stems = {family: files.enter_context(AudioWriter(path)).write for family, path in paths.items()}
            render_straight(scenario, chain, sink, collector, stems=stems, progress=progress)
    if request.record:
        generators = chain.generators if session is None else session.generators
        write_journal(request.record, scenario, collector, [generator.name for generator in generators])
    if request.midi:
        write_notes(request.midi, scenario, collector)
    if request.report and meter:
        speed = frames / FRAME_RATE / (time.perf_counter() - started)
        write_page(
            request.report, scenario, collector, meter.measures(), run=run, speed=speed, audio_file=request.output
        )
    lines = [f"{request.output}: {scenario.rules.title}", *_listen_for(collector.messages)]
    if request.script is not None:
        lines.insert(1, f"with the events of {request.script}")
    lines += [f"wrote {output.path}" for output in request.outputs()]
    warnings = (*chain.warnings, *scenario.warnings, *(_underruns(run, request) if run else ()))
    return PreviewSummary(lines, warnings, frames / FRAME_RATE)


def watched_files(request: PreviewRequest) -> tuple[tuple[str, int], ...]:
    """The files that a preview depends on, with the times they were last changed."""
    paths = [path for path in (request.rules, request.script, request.soundfont, request.continue_from) if path]
    # A rule file with mistakes is watched by itself until it loads again.
    with contextlib.suppress(RuleError):
        paths += [each.path for each in files_of(load(request.rules))]
    return tuple((str(path), path.stat().st_mtime_ns if path.exists() else 0) for path in paths)


def write_journal(path: Path, scenario: Scenario, collector: Collector, generators: Sequence[str]) -> None:
    """Write a recording of what was rendered.

    Args:
        generators: The names of the chain's generators.
    Raises:
        OSError: It cannot be written.
    """
    header = Header(
        rules=fingerprint(scenario.rules.files),
        generators=tuple(generators),
        config=scenario.config,
        frames=scenario.frames,
    )
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as file:
        write_recording(file, header, collector.journal)


def write_notes(path: Path, scenario: Scenario, collector: Collector) -> None:
    """Write the notes, the tempo map and what happened as a Standard MIDI File.

    Raises:
        OSError: It cannot be written.
    """
    from segue.render.midi_file import Score, write_midi

    end = scenario.frames * FRAME_SIZE
    score = Score(
        title=scenario.rules.title,
        layers=[layer.name for layer in scenario.rules.layers],
        plans=[collector.plans[frame] for frame in sorted(collector.plans) if frame < scenario.frames],
        notes=[note for note in collector.notes if note.start < end],
        bars=[bar for bar in collector.bars if bar.start < end],
        stingers=[cue for cue in collector.cues() if cue.kind == "started"],
    )
    write_midi(path, score)


def write_page(
    path: Path,
    scenario: Scenario,
    collector: Collector,
    measures: SoundMeasures,
    *,
    run: LiveRun | None,
    speed: float | None,
    audio_file: Path | None,
) -> None:
    """Write the report.

    Args:
        measures: Of the sound that was rendered.
        run: Of a live simulation.
        speed: Of rendering, in times real time; a live simulation has a clock of its own.
        audio_file: Where the page finds the sound if that is too long for it.
    Raises:
        OSError: It cannot be written.
    """
    from segue.report.page import write_report
    from segue.report.report_data import from_live, from_straight

    rules, events, seed, sounds = scenario.rules, scenario.events, scenario.config.seed, scenario.sounds
    if run is None:
        report = from_straight(
            rules,
            collector.messages,
            measures,
            events,
            seed=seed,
            sounds=sounds,
            real_time_factor=speed,
            warnings=scenario.warnings,
        )
    else:
        report = from_live(rules, run, measures, events, seed=seed, sounds=sounds, warnings=scenario.warnings)
    write_report(report, path, audio_file)


def _scripted(request: PreviewRequest, chain: GeneratorChain) -> Scenario:
    """The scenario of a request with an event script, or with nothing but time."""
    rules = load(request.rules)
    script = load_script(request.script, rules) if request.script else Script(events=(), warnings=())
    return scripted(
        rules,
        script.events,
        chain.encoders,
        duration_s=request.duration_s,
        seed=request.seed,
        lookahead_s=_or(request.lookahead_s, LOOKAHEAD_S),
        warnings=[str(warning) for warning in script.warnings],
    )


@contextlib.contextmanager
def _folder(path: Path | None) -> Iterator[None]:
    """A folder for what is written within the block; one that was made for it is removed if the block fails."""
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


def _or(given: float | None, default: float) -> float:
    return default if given is None else given


def _underruns(run: LiveRun, request: PreviewRequest) -> list[str]:
    """A warning that says how often and how long the simulated game had nothing to play."""
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
    lookahead_s, factor = _or(request.lookahead_s, LOOKAHEAD_S), _or(request.generation, GENERATION_FACTOR)
    first = f", first at {clock_text(gaps[0][0] / FRAME_RATE, 3)}" if gaps else ""
    advice = (
        f"a second of music takes {factor:g} s to make (--generation), so no buffer is enough"
        if factor >= 1
        else f"a longer buffer than {lookahead_s:g} s (--lookahead) or faster generation would help"
    )
    return [f"the buffer ran empty {times}: {silence_s:.2f} s of silence{first}; {advice}"]


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
    return [f"{clock_text(at, 3)}  {text}" for at, text in sorted(lines)]
