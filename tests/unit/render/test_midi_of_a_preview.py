"""A rendered preview opens as the bars that were composed; symusic reads it, which did not write it, and mido."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import mido
import pytest

from segue import render
from segue.contract import FRAME_SIZE, SAMPLE_RATE, TICKS_PER_BEAT
from segue.render.midi_file import TICKS_PER_QUARTER
from segue_rules.plan import FramePlan
from unit.render.test_midi_file import timed

if TYPE_CHECKING:
    import symusic

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 14), reason="symusic has no wheel for Python 3.14")

RULES = """
segue: 1
title: Wächter
music: {tempo: 120bpm, key: D minor}
inputs:
  place: {type: choice, of: [wood, hall, void], default: wood}
  hit: {type: trigger}
styles:
  harp: {text: "calm woodland, harp and soft strings"}
  flute: {text: "quiet meadow, flute"}
  drums: {text: "driving taiko drums and brass"}
themes:
  hero: {notes: "D4:1.5 A4:0.5 G4 F4 E4 F4:0.5 G4:0.5 A4:2", key: D minor}
layers:
  place:
    states:
      wood: {default: true, mix: {harp: 1, flute: 1, drums: 1}, theme: {hero: 1}}
      hall: {when: {place: hall}, mix: {harp: 1}, music: {tempo: 150bpm, meter: 3, key: G major}}
      void: {when: {place: void}, mix: {harp: 1}, music: {gain: -96dB}}
transitions:
  - {from: any, to: any, at: bar, max_wait: 8s, ramp: 1s}
stingers:
  blow: {trigger: hit, mix: {drums: 2}, at: beat, time: 2s}
"""
# Wood up to bar 6 (12 s), where the hall begins; the void begins at a later bar line and lasts.
EVENTS = [
    {"at": 5.2, "fire": "hit"},
    {"at": 10.5, "set": {"place": "hall"}},
    {"at": 16, "set": {"place": "void"}},
]
LENGTH_S = 26
# Half a tick at 150 bpm.
TICK_S = 60 / 150 / TICKS_PER_QUARTER / 2


class Written(NamedTuple):
    """A rendered preview and its file, read twice."""

    piece: render.Preview
    by_mido: mido.MidiFile
    by_symusic: symusic.Score

    @property
    def bar_lines(self) -> list[int]:
        """The ticks of the bar lines, as a DAW counts them from the meters."""
        meters = [(meter.time, meter.numerator) for meter in self.by_symusic.time_signatures]
        ends = [time for time, _ in meters[1:]] + [round(LENGTH_S * 4 * TICKS_PER_QUARTER)]
        return [
            at
            for (start, beats), end in zip(meters, ends, strict=True)
            for at in range(start, end, beats * TICKS_PER_QUARTER)
        ]

    def markers(self, prefix: str) -> list[tuple[int, str]]:
        return [(marker.time, marker.text) for marker in self.by_symusic.markers if marker.text.startswith(prefix)]

    def plan_of(self, state: str) -> FramePlan:
        """The first plan in a state of the layer."""
        return next(plan for plan in plans_of(self.piece) if plan.states[0] == state)


def plans_of(piece: render.Preview) -> list[FramePlan]:
    return [plan for _, plan in sorted(piece._collector.plans.items())][: len(piece.frames.time_s)]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    import symusic

    path = tmp_path_factory.mktemp("midi") / "a.mid"
    piece = render.preview(RULES, events=EVENTS, duration_s=LENGTH_S)
    piece.write_midi(path)
    return Written(piece, mido.MidiFile(path, charset="utf-8"), symusic.Score(path))


def beats_of(tick: int) -> float:
    """The beats from the start of the session to a musical position."""
    return tick / TICKS_PER_BEAT


def test_the_first_track_is_the_conductors_and_the_others_are_named_by_role_and_instrument(written: Written) -> None:
    first, *others = written.by_mido.tracks
    assert first.name == "Wächter"
    assert not any(message.type == "note_on" for message in first)
    assert all(message.type in ("track_name", "note_on", "note_off", "program_change", "end_of_track")
               for track in others for message in track)  # fmt: skip
    names = [track.name for track in others]
    assert len(set(names)) == len(names)
    roles = {name.split(": ")[0] for name in names}
    assert {"melody", "harmony", "drums"} <= roles <= {"melody", "counter", "harmony", "texture", "bass", "drums"}
    assert "harmony: harp" in names
    for track in others:
        channels = {message.channel for message in track if message.type == "note_on"}
        assert (channels == {9}) == track.name.endswith(" kit")


def test_each_note_sounds_when_it_was_played_with_its_instrument(written: Written) -> None:
    """Times come from the file's own tempo map, so that they are those of the sound."""
    seconds = written.by_symusic.to("second")
    found = [
        (sounding.time, 128 if track.is_drum else track.program, sounding.pitch)
        for track in seconds.tracks
        for sounding in track.notes
    ]
    asked = {(n.start / SAMPLE_RATE, 128 if n.drums else n.program, n.pitch) for n in written.piece.notes}
    # Notes that begin together on one key of a track are one.
    assert len({(round(at, 3), *rest) for at, *rest in asked}) * 0.97 < len(found) <= len(written.piece.notes)
    by_key: dict[tuple[int, int], list[float]] = {}
    for at, program, pitch in asked:
        by_key.setdefault((program, pitch), []).append(at)
    for at, program, pitch in found:
        # symusic takes the programme of a track's first note, so kits are not told apart here.
        assert min(abs(at - other) for other in by_key[program, pitch]) < 2 * TICK_S + 1e-3, (at, program, pitch)


def test_the_file_lasts_as_long_as_the_sound(written: Written) -> None:
    assert written.by_mido.length == pytest.approx(written.piece.duration_s, abs=1e-3)
    ends = {sum(message.time for message in track) for track in written.by_mido.tracks}
    assert len(ends) == 1


def test_bars_begin_on_the_bar_lines_of_the_file(written: Written) -> None:
    """A DAW counts bars from the meters: its bar lines must be those of the director."""
    lines = {
        round(beats_of(plan.clock.bar_ticks) * TICKS_PER_QUARTER): plan.clock.bar for plan in plans_of(written.piece)
    }
    counted = {line: bar for bar, line in enumerate(written.bar_lines) if line <= max(lines)}
    assert counted == lines
    meters = [(meter.time, meter.numerator, meter.denominator) for meter in written.by_symusic.time_signatures]
    hall = written.plan_of("hall")
    assert meters[0] == (0, 4, 4)
    assert meters[1][1:] == (3, 4)
    assert meters[1][0] in lines
    assert meters[1][0] - hall.clock.bar_ticks / TICKS_PER_BEAT * TICKS_PER_QUARTER in (
        0, 4 * TICKS_PER_QUARTER, 8 * TICKS_PER_QUARTER
    )  # fmt: skip


def test_a_ramp_is_written_as_tempo_events(written: Written) -> None:
    tempos = [tempo.qpm for tempo in written.by_symusic.tempos]
    assert tempos[0] == pytest.approx(120, abs=0.001)
    assert max(tempos) == pytest.approx(150, abs=0.001)
    rising = tempos[: tempos.index(max(tempos)) + 1]
    assert rising == sorted(rising)
    # A second of ramp has 25 frames.
    assert len(rising) == 26
    # Each bar line has the time that it has in the session.
    for plan in plans_of(written.piece):
        if plan.bar_start >= 0:
            line = plan.clock.bar_ticks
            if plan.clock.ticks != line:
                line += plan.clock.meter * TICKS_PER_BEAT
            tick = round(beats_of(line) * TICKS_PER_QUARTER)
            assert second_of(written.by_symusic, tick) == pytest.approx(
                (plan.frame * FRAME_SIZE + plan.bar_start) / SAMPLE_RATE, abs=2 * TICK_S
            )


def second_of(file: symusic.Score, tick: int) -> float:
    """The time of a tick by the tempos of a file."""
    tempos = [(tempo.time, tempo.qpm) for tempo in file.tempos if tempo.time <= tick]
    ends = [at for at, _ in tempos[1:]] + [tick]
    return sum((end - begin) / TICKS_PER_QUARTER * 60 / qpm for (begin, qpm), end in zip(tempos, ends, strict=True))


def test_the_key_changes_with_the_bar_that_is_composed_in_it(written: Written) -> None:
    keys = [(message_at, message.key) for message_at, message in timed(written.by_mido, "key_signature")]
    assert keys[0] == (0, "Dm")
    assert "G" in [key for _, key in keys]
    assert all(at in written.bar_lines for at, _ in keys)


def test_states_sections_and_stingers_have_markers_at_their_beats(written: Written) -> None:
    states = written.markers("place: ")
    assert [text for _, text in states] == ["place: wood", "place: hall", "place: void"]
    assert all(at in written.bar_lines for at, _ in states)
    for at, text in states[1:]:
        plan = written.plan_of(text.removeprefix("place: "))
        line = plan.clock.bar_ticks + (0 if plan.clock.ticks == plan.clock.bar_ticks else 4 * TICKS_PER_BEAT)
        assert abs(at - round(beats_of(line) * TICKS_PER_QUARTER)) in (0, TICKS_PER_QUARTER)
    (blow,) = written.markers("stinger: ")
    # The first beat after 5.2 s at 120 bpm.
    assert blow == (11 * TICKS_PER_QUARTER, "stinger: blow")
    sections = written.markers("section: ")
    assert sections[0] == (0, "section: intro")
    # Music that falls silent ends on a beat; only there is no bar line.
    assert sections[-1][1] == "section: ending"
    assert sections[-1][0] % TICKS_PER_QUARTER == 0
    assert all(at in written.bar_lines for at, _ in sections[:-1])


def test_a_quote_of_a_theme_has_a_marker_in_the_bar_where_its_tune_begins(written: Written) -> None:
    quotes = written.markers("theme: ")
    assert quotes
    assert {text for _, text in quotes} == {"theme: hero"}
    lines = written.bar_lines
    for at, _ in quotes:
        end = lines[lines.index(at) + 1]
        tunes = [track for track in written.by_symusic.tracks if track.name.startswith("melody")]
        assert any(at <= sounding.time < end for track in tunes for sounding in track.notes)


def test_a_silence_has_no_notes_but_its_bars(written: Written) -> None:
    ending = written.markers("section: ending")[0][0]
    last = max(sounding.time for track in written.by_symusic.tracks for sounding in track.notes)
    # Two beats of dominant, then the last chord.
    assert ending + 2 * TICKS_PER_QUARTER <= last <= ending + 2 * TICKS_PER_QUARTER + TICKS_PER_QUARTER // 4
    assert written.bar_lines[-1] > ending + 8 * TICKS_PER_QUARTER
