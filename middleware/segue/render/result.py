"""A rendered soundtrack in memory, for notebooks and scripts: sound, frames, notes, what happened, and what-ifs."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from segue.audio.files import AudioWriter, write_audio
from segue.contract import FRAME_RATE, FRAME_SIZE, SAMPLE_RATE, ComposedBar, NoteEvent, Samples
from segue.file_kinds import script_beside
from segue.generators import PLAYABLE, BuildOptions, GeneratorChain, build
from segue.render.collector import Collector, Keep
from segue.render.events import Events, hold_inputs, read_events
from segue.render.modes import Sink, render_live, render_recording, render_straight
from segue.render.request import GENERATION_FACTOR, LOOKAHEAD_S, range_problem
from segue.render.scenario import Scenario, recorded, scripted
from segue.render.writing import write_notes, write_page
from segue.runtime.simulation import LiveConditions, LiveRun
from segue_rules.controls import CONTROL_NAMES, DRUMS, KEY
from segue_rules.errors import RuleError
from segue_rules.events import Receipt, ScriptedEvent
from segue_rules.loading import load, load_text
from segue_rules.loading.scripts import Script
from segue_rules.model import InputValue, Rules
from segue_rules.plan import Change, FramePlan, StingerCue
from segue_rules.timeline import control, switch

_SWITCHES = (KEY.name, DRUMS.name)


@dataclass(frozen=True, kw_only=True, eq=False)
class Frames:
    """What the rules made of every frame of 40 ms, a column for each value. Arrays have T rows.

    Attributes:
        time_s: Where each frame starts, float64 [T].
        mix: Style to its share of the mix, float32 [T]; shares sum to 1.
        states: Layer to its state, an array of names [T].
        inputs: Input to its value, as the rules moved it [T].
        controls: Control to its value in the unit of a rule file (tempo in beats a minute, gain in dB) [T]; `key` and
            `drums` are words.
    """

    time_s: NDArray[np.float64]
    mix: Mapping[str, NDArray[np.float32]]
    states: Mapping[str, NDArray[np.str_]]
    inputs: Mapping[str, NDArray[Any]]
    controls: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class _Choices:
    """What a preview was made with, for what-ifs."""

    rules: Rules
    events: Sequence[ScriptedEvent]
    warnings: Sequence[str] = ()
    seed: int | None = None
    duration_s: float | None = None
    mode: Literal["straight", "live", "recording"] = "straight"
    lookahead_s: float = LOOKAHEAD_S
    generation: float = GENERATION_FACTOR


class Preview:
    """A rendered soundtrack.

    Attributes:
        rules: The rules that were played.
        events: What the game sent, by time.
        audio: float32 [S, 2]; it begins at `audio_start_s`.
        audio_start_s: Seconds of the session before the first sample: above 0 in the replay of a session that
            continued another one.
        sample_rate: Samples a second.
        frame_rate: Frames a second.
        warnings: Finished messages about the generator, the rules and the events.
        changes: The changes of state that started, by time; `start` counts frames.
        stingers: The stingers that were played, by time; `start` counts samples.
        receipts: The answers to the events, by time.
        notes: The notes that were played, by time; positions count samples.
        bars: What was composed, bar by bar: section, key, chords, quoted theme; empty where the generator does not say.
    """

    sample_rate = SAMPLE_RATE
    frame_rate = FRAME_RATE

    def __init__(
        self,
        choices: _Choices,
        scenario: Scenario,
        chain: GeneratorChain,
        audio: Samples,
        collector: Collector,
        run: LiveRun | None,
        start: int = 0,
    ) -> None:
        self.rules: Rules = scenario.rules
        self.events: tuple[ScriptedEvent, ...] = tuple(scenario.events)
        self.audio: Samples = audio
        self.audio_start_s: float = start / FRAME_RATE
        self.warnings: tuple[str, ...] = (*chain.warnings, *scenario.warnings)
        messages = collector.messages
        changes = [each for each in messages if isinstance(each, Change) and each.kind == "started"]
        self.changes: list[Change] = sorted(changes, key=lambda change: change.start)
        cues = [cue for cue in collector.cues() if cue.kind == "started"]
        self.stingers: list[StingerCue] = sorted(cues, key=lambda cue: cue.start)
        receipts = [each for each in messages if isinstance(each, Receipt)]
        self.receipts: list[Receipt] = sorted(receipts, key=lambda receipt: receipt.frame)
        end = scenario.frames * FRAME_SIZE
        self.notes: list[NoteEvent] = sorted(
            (note for note in collector.notes if note.start < end), key=lambda note: note.start
        )
        self.bars: list[ComposedBar] = [bar for bar in collector.bars if bar.start < end]
        self._choices, self._scenario, self._chain = choices, scenario, chain
        self._collector, self._run = collector, run

    @property
    def duration_s(self) -> float:
        """Seconds of sound."""
        return len(self.audio) / SAMPLE_RATE

    @cached_property
    def frames(self) -> Frames:
        """What the rules made of every frame; a frame that was generated again counts as it was the last time."""
        plans = [plan for frame, plan in sorted(self._collector.plans.items()) if frame < self._scenario.frames]
        return _columns(self.rules, plans)

    def save(self, path: Path | str) -> None:
        """Write the sound as WAV, FLAC or Ogg Vorbis by the extension.

        Raises:
            AudioFileError: It cannot be written.
        """
        write_audio(Path(path), self.audio)

    def write_midi(self, path: Path | str) -> None:
        """Write a Standard MIDI File for a DAW: tracks, tempo map, meters, keys and markers. Raises: OSError."""
        write_notes(Path(path), self._scenario, self._collector)

    def write_report(self, path: Path | str) -> None:
        """Write a page that shows and plays what happened and why; needs the packages of `segue[report]`.

        Raises:
            OSError: It cannot be written.
        """
        from segue.report.sound import measure

        measures = measure(self.audio)
        write_page(Path(path), self._scenario, self._collector, measures, run=self._run, speed=None, audio_file=None)

    def write_stems(self, folder: Path | str, *, name: str = "preview", extension: str = ".wav") -> None:
        """Render again and write one sound file a family: `preview.drums.wav`, bass, harmony, melody, texture.

        Where the rules have clips, these are one more: `preview.clips.wav`.

        Args:
            folder: Made if it is not there.
            name: What the names of the files begin with.
            extension: `.wav`, `.flac` or `.ogg`.
        Raises:
            ValueError: Stems come of straight rendering alone; this one was live or from a recording.
            AudioFileError: They cannot be written.
        """
        self._check_straight()
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        with ExitStack() as files:
            paths = {family: target / f"{name}.{family}{extension}" for family in self._scenario.stems}
            self._render_stems({family: files.enter_context(AudioWriter(path)).write for family, path in paths.items()})

    def stems(self) -> dict[str, Samples]:
        """Render again, each family of instruments by itself, float32 [S, 2]; they sum to the mix before its limiter.

        Raises:
            ValueError: As `write_stems`.
        """
        self._check_straight()
        blocks: dict[str, list[Samples]] = {family: [] for family in self._scenario.stems}
        self._render_stems({family: kept.append for family, kept in blocks.items()})
        return {family: np.concatenate(kept) for family, kept in blocks.items()}

    def what_if(
        self,
        *,
        rules: Rules | Path | str | None = None,
        events: Events | None = None,
        inputs: Mapping[str, InputValue] | None = None,
        seed: int | None = None,
        duration_s: float | None = None,
    ) -> Preview:
        """Render again with something changed; all else stays, the length included.

        The replay of a session that continued another one is rendered from the start of the session: its sound begins
        at 0 and ends where this one does.

        Args:
            rules: Other rules: a path, a rule file's text, or loaded.
            events: Other events in place of all.
            inputs: Inputs to hold at one value from the start to the end, whatever the events set.
            seed: Another seed: other music under the same rules.
            duration_s: Another length.
        Raises:
            RuleError: The rules, events or inputs have mistakes. Events of a recording that the rules do not take are
                warnings.
            ValueError: The length is not above 0.
        """
        choices = self._choices
        _check_ranges(duration_s=duration_s)
        loaded = choices.rules if rules is None else _load(rules)
        script = self._script(loaded) if events is None else read_events(events, loaded)
        warnings = [str(warning) for warning in script.warnings]
        if inputs is not None:
            script = hold_inputs(script.events, inputs, loaded)
            warnings += [str(warning) for warning in script.warnings]
        changed = replace(
            choices,
            rules=loaded,
            events=script.events,
            warnings=warnings,
            seed=choices.seed if seed is None else seed,
            duration_s=self._scenario.frames / FRAME_RATE if duration_s is None else duration_s,
            # The operations of a recorded session cannot be changed; its events can be played under a virtual clock.
            mode="straight" if choices.mode == "recording" else choices.mode,
        )
        return _render(changed, self._chain)

    def _repr_html_(self) -> str:
        """What a notebook shows: a player, and the changes."""
        from segue.report.sound import SoundEncoder

        encoder = SoundEncoder(self.duration_s)
        for start in range(0, len(self.audio), SAMPLE_RATE):
            encoder.add(self.audio[start : start + SAMPLE_RATE])
        encoded = encoder.encoded()
        if encoded is None:
            player = "<p>The sound is too long for a player here; save() it.</p>"
        else:
            data = base64.b64encode(encoded.data).decode("ascii")
            player = f'<audio controls preload="metadata" src="data:audio/ogg;base64,{data}"></audio>'
        rows = "".join(
            f"<tr><td>{change.start / FRAME_RATE:.1f} s</td><td>{escape(change.layer)}</td>"
            f"<td>{escape(change.from_state)} → {escape(change.to_state)}</td>"
            f"<td>{escape('; '.join(cause.text for cause in change.causes))}</td></tr>"
            for change in self.changes
        )
        return (
            f"<b>{escape(self.rules.title)}</b>, {self.duration_s:.1f} s, seed {self._scenario.config.seed}"
            f"<br>{player}<table>{rows}</table>"
        )

    def __repr__(self) -> str:
        return f"<Preview {self.rules.title!r}, {self.duration_s:.1f} s, {len(self.changes)} changes>"

    def _script(self, rules: Rules) -> Script:
        """The events of this preview, checked against rules. Raises: RuleError."""
        events = self._choices.events
        try:
            return read_events(events, rules)
        except RuleError as error:
            if self._choices.mode != "recording":
                raise
            # Nobody can correct what a recorded game sent: the service refused such events, too.
            return Script(events=tuple(events), warnings=error.problems)

    def _check_straight(self) -> None:
        if self._choices.mode != "straight":
            raise ValueError(f"stems: expected a straight preview, got one in mode {self._choices.mode!r}")

    def _render_stems(self, stems: Mapping[str, Sink]) -> None:
        render_straight(self._scenario, self._chain, _nowhere, Collector(Keep()), stems=stems, progress=_no_progress)


def preview(
    rules: Rules | Path | str,
    *,
    events: Events | None = None,
    duration_s: float | None = None,
    seed: int | None = None,
    generator: str = PLAYABLE[0],
    weights: str = "",
    continue_from: Path | str | None = None,
    soundfont: Path | str | None = None,
    live: bool = False,
    lookahead_s: float = LOOKAHEAD_S,
    generation: float = GENERATION_FACTOR,
) -> Preview:
    """Render a soundtrack in memory: the same rules, events and seed give the same sound.

    Args:
        rules: A rule file's path, its text (with a line break in it), or loaded rules.
        events: A script's path, data such as `[{"at": 2, "set": {"threat": 0.9}}]`, or loaded events. None for
            NAME.events.yaml beside the rules, if there is one; `[]` for no events.
        duration_s: Seconds to render; None for 12 s after the last event, or 60 s without events.
        seed: None for the rules' own.
        generator: A name of `segue.generators.PLAYABLE`.
        weights, continue_from: As in `segue.generators.BuildOptions`.
        soundfont: An SF2 or SF3 file to play instead of the bundled orchestra.
        live: Simulate a game with a buffer, generation times and a latency.
        lookahead_s: Of the simulated game: seconds buffered ahead, 0.2 to 30.
        generation: Of the simulated service: seconds that making a second of music takes.
    Returns:
        The rendering; a minute of sound takes 23 MB.
    Raises:
        RuleError: The rules or events have mistakes.
        GeneratorError: The generator cannot play here.
        SoundFontError: The soundfont cannot be used.
        ValueError: There is no such generator, or a number is out of range.
    """
    _check_ranges(generator, duration_s, lookahead_s, generation)
    loaded = _load(rules)
    if events is None:
        path = Path(rules) if isinstance(rules, Path | str) and "\n" not in str(rules) else None
        events = (script_beside(path) if path else None) or []
    script = read_events(events, loaded)
    options = BuildOptions(
        soundfont=Path(soundfont) if soundfont is not None else None,
        weights=weights,
        continue_from=Path(continue_from) if continue_from is not None else None,
    )
    chain = build(generator, options)
    choices = _Choices(
        rules=loaded,
        events=script.events,
        warnings=[str(warning) for warning in script.warnings],
        seed=seed,
        duration_s=duration_s,
        mode="live" if live else "straight",
        lookahead_s=lookahead_s,
        generation=generation,
    )
    return _render(choices, chain)


def replay(recording: Path | str, rules: Path | str, *, generator: str = PLAYABLE[0], weights: str = "") -> Preview:
    """Play a recorded session again, to the byte, in memory. Its what-ifs render its events anew.

    Args:
        recording: What `segue serve --record` or `segue preview --record` wrote.
        rules: The rule file that it was made with; the sound files that it names are read from that folder.
        generator, weights: As in `preview`.
    Raises:
        GeneratorError: The generator cannot play here.
        RecordingError: It is no recording, or one of other rules.
        RuleError: The rules have mistakes.
    """
    chain = build(generator, BuildOptions(weights=weights))
    session, scenario = recorded(Path(recording), Path(rules), chain)
    collector, blocks = Collector(Keep(notes=True, chunks=True)), list[Samples]()
    heard = render_recording(scenario, session, blocks.append, collector, progress=_no_progress)
    scenario = replace(scenario, frames=heard.stop)
    choices = _Choices(
        rules=scenario.rules,
        events=scenario.events,
        seed=scenario.config.seed,
        mode="recording",
        lookahead_s=scenario.config.lookahead_s,
    )
    return Preview(choices, scenario, chain, np.concatenate(blocks), collector, None, start=heard.start)


def _check_ranges(
    generator: str = PLAYABLE[0],
    duration_s: float | None = None,
    lookahead_s: float | None = None,
    generation: float | None = None,
) -> None:
    """Raises: ValueError."""
    problem = range_problem(generator, duration_s, lookahead_s, generation)
    if problem:
        raise ValueError(f"{problem.field}: {problem.text}")


def _load(rules: Rules | Path | str) -> Rules:
    if isinstance(rules, Rules):
        return rules
    return load_text(rules, "rules") if isinstance(rules, str) and "\n" in rules else load(rules)


def _render(choices: _Choices, chain: GeneratorChain) -> Preview:
    scenario = scripted(
        choices.rules,
        choices.events,
        chain.encoders,
        duration_s=choices.duration_s,
        seed=choices.seed,
        lookahead_s=choices.lookahead_s,
        warnings=choices.warnings,
    )
    collector, blocks = Collector(Keep(notes=True, chunks=True)), list[Samples]()
    run = None
    if choices.mode == "live":
        conditions = LiveConditions(generation_s=choices.generation)
        run = render_live(scenario, chain, blocks.append, collector, conditions, progress=_no_progress)
    else:
        render_straight(scenario, chain, blocks.append, collector, progress=_no_progress)
    return Preview(choices, scenario, chain, np.concatenate(blocks), collector, run)


def _columns(rules: Rules, plans: Sequence[FramePlan]) -> Frames:
    def column(number: int, name: str) -> NDArray[Any]:
        return np.array([getattr(plan, name)[number] for plan in plans])

    return Frames(
        time_s=np.array([plan.frame for plan in plans]) / FRAME_RATE,
        mix={style.name: column(i, "mix").astype(np.float32) for i, style in enumerate(rules.styles)},
        states={layer.name: column(i, "states") for i, layer in enumerate(rules.layers)},
        inputs={each.name: column(i, "inputs") for i, each in enumerate(rules.inputs)},
        controls={
            name: np.array([(switch if name in _SWITCHES else control)(plan.controls, name) for plan in plans])
            for name in CONTROL_NAMES
        },
    )


def _nowhere(block: Samples) -> None:
    pass


def _no_progress(frames: int) -> None:
    pass
