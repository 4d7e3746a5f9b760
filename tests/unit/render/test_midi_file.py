"""A MIDI file holds notes, instruments, tempo, meters, keys and markers at their exact positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import mido
import pytest

from segue.contract import FRAME_SIZE, SAMPLE_RATE, TICKS_PER_BEAT, ComposedBar, ComposedChord, NoteEvent
from segue.render.midi_file import TICKS_PER_QUARTER, Score, write_midi
from segue_rules.director import Director
from segue_rules.events import Event, ScriptedEvent
from segue_rules.loading import load_text
from segue_rules.plan import FramePlan, StingerCue
from segue_rules.timeline import plan_at, play_script
from segue_yaml.nodes import NOWHERE
from unit.sampler.material import note, song


class WrittenNote(NamedTuple):
    """A note of a MIDI file: begin and duration in ticks, the programme or -1 for drums."""

    begin: int
    duration: int
    program: int
    pitch: int
    velocity: int


def timed(file: mido.MidiFile, kind: str) -> Iterator[tuple[int, mido.MetaMessage]]:
    """The messages of a kind with their ticks."""
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == kind:
                yield tick, message


def written_notes(file: mido.MidiFile) -> Iterator[WrittenNote]:
    """The notes of a file; each ends with the next note-off of its pitch."""
    for track in file.tracks:
        tick, program = 0, 0
        sounding: dict[int, tuple[int, mido.Message]] = {}
        for message in track:
            tick += message.time
            if message.type == "program_change":
                program = -1 if message.channel == 9 else message.program
            elif message.type == "note_on":
                assert message.note not in sounding
                sounding[message.note] = tick, message
            elif message.type == "note_off":
                begin, started = sounding.pop(message.note)
                yield WrittenNote(begin, tick - begin, program, message.note, started.velocity)
        assert not sounding


def plans(seconds: float = 8, first: int = 0, music: str = "tempo: 120bpm, key: D minor") -> list[FramePlan]:
    """The plans of rules without any event."""
    rules = load_text(
        f"segue: 1\nmusic: {{{music}}}\nstyles: {{a: {{text: calm}}}}\n"
        "layers: {x: {states: {on: {default: true, mix: {a: 1}}}}}\n"
    )
    spans = play_script(Director(rules), [], first + round(seconds * 25))
    every = [plan_at(span.plan, span.plan.frame + n) for span in spans for n in range(span.frames)]
    return every[first:]


def score(notes: Sequence[NoteEvent] = (), **rest: object) -> Score:
    values = {"title": "Song", "layers": ["x"], "plans": plans()} | rest
    return Score(notes=notes, **values)


def bar(number: int = 0, **rest: object) -> ComposedBar:
    tick = 4 * number * TICKS_PER_BEAT
    values = {
        "start": 96_000 * number, "tick": tick, "ends": tick + 4 * TICKS_PER_BEAT, "section": "full", "opens": False,
        "tonic": 2, "mode": "minor", "key": 5, "minor": True, "chords": (ComposedChord(tick, "Dm"),),
    } | rest  # fmt: skip
    return ComposedBar(**values)


def test_notes_are_read_back_at_their_positions(tmp_path: Path) -> None:
    notes = song(8, seed=3)
    write_midi(tmp_path / "song.mid", score(notes))
    file = mido.MidiFile(tmp_path / "song.mid")
    assert file.ticks_per_beat == TICKS_PER_QUARTER
    found = sorted(written_notes(file))
    per_tick = SAMPLE_RATE / 2 / TICKS_PER_QUARTER
    assert len(found) == len(notes)
    expected = sorted(
        (round(n.start / per_tick), n.duration, -1 if n.drums else n.program, n.pitch, n.velocity) for n in notes
    )
    assert [row[0] for row in found] == [row[0] for row in expected]
    assert sorted(row[2:] for row in found) == sorted(row[2:] for row in expected)
    assert {track.name for track in file.tracks} >= {"drums: standard kit", "bass: finger bass", "melody: flute"}


@pytest.mark.parametrize(
    ("meter", "numerator", "denominator"), [("7/8", 7, 8), ("6/8", 6, 8), ("3+2", 5, 8), ("7", 7, 4), ("2+2", 4, 4)]
)
def test_a_bar_with_groups_of_three_is_counted_in_eighths(
    tmp_path: Path, meter: str, numerator: int, denominator: int
) -> None:
    notes = song(8, seed=3)
    write_midi(tmp_path / "song.mid", score(notes, plans=plans(music=f"tempo: 120bpm, meter: {meter}")))
    file = mido.MidiFile(tmp_path / "song.mid")
    ((at, signature),) = timed(file, "time_signature")
    assert (at, signature.numerator, signature.denominator) == (0, numerator, denominator)
    ((at, tempo),) = timed(file, "set_tempo")
    # Two eighths, which are beats, or one quarter.
    beats = denominator // 4
    assert (at, tempo.tempo) == (0, 500_000 * beats)
    assert file.length == pytest.approx(8)
    per_tick = SAMPLE_RATE / 2 * beats / TICKS_PER_QUARTER
    assert sorted(row[0] for row in written_notes(file)) == sorted(round(note.start / per_tick) for note in notes)


def test_time_goes_on_where_quarters_become_eighths(tmp_path: Path) -> None:
    """A note each second stays at its second, though bars of 7/8 follow bars of 4/4 and the tempo changes later."""
    rules = load_text(
        "segue: 1\nmusic: {meter: 4, tempo: 110bpm}\nstyles: {a: {text: calm}}\n"
        "inputs: {odd: {type: flag}, even: {type: flag}}\n"
        "layers: {x: {states: {on: {default: true, mix: {a: 1}}, back: {when: {even: true}, mix: {a: 1}}, "
        "off: {when: {odd: true}, mix: {a: 1}, music: {meter: 7/8, tempo: 187bpm}}}}}\n"
        "transitions: [{from: any, to: any, at: immediate, ramp: 1s}]\n"
    )
    events = [
        ScriptedEvent(at_s=at, frame=25 * at, event=Event(sequence=at, set=values, fire=()), mark=NOWHERE)
        for at, values in ((5, {"odd": True}), (15, {"odd": False}))
    ]
    spans = play_script(Director(rules), events, 25 * 25)
    every = [plan_at(span.plan, span.plan.frame + n) for span in spans for n in range(span.frames)]
    template = song(8, seed=3)[0]
    notes = [replace(template, start=SAMPLE_RATE * second, duration=4_800) for second in range(25)]
    write_midi(tmp_path / "song.mid", score(notes, plans=every))
    file = mido.MidiFile(tmp_path / "song.mid")
    signatures = list(timed(file, "time_signature"))
    assert [(s.numerator, s.denominator) for _, s in signatures] == [(4, 4), (7, 8), (4, 4)]
    (first, _), (second, _), (third, _) = signatures
    assert first == 0
    assert second % (4 * TICKS_PER_QUARTER) == 0
    assert (third - second) % (7 * TICKS_PER_QUARTER // 2) == 0
    seconds, heard = 0.0, []
    for message in file:
        seconds += message.time
        if message.type == "note_on":
            heard.append(seconds)
    # Rounded to ticks, and a tempo to whole microseconds.
    assert heard == pytest.approx(range(25), abs=0.002)
    assert file.length == pytest.approx(25, abs=0.002)


@pytest.mark.parametrize(("low", "high"), [(20, 60), (90, 97.3), (150, 300)])
def test_a_note_on_a_beat_is_written_on_that_beat_at_any_tempo(tmp_path: Path, low: float, high: float) -> None:
    ramp = f"{{from: heat, curve: [[0, {low}bpm], [1, {high}bpm]]}}"
    rules = load_text(
        "segue: 1\ninputs: {heat: {type: number, range: [0, 1], rise: 0.1/s}}\nstyles: {a: {text: calm}}\n"
        f"layers: {{x: {{states: {{on: {{default: true, mix: {{a: 1}}, music: {{tempo: {ramp}}}}}}}}}}}\n"
    )
    event = ScriptedEvent(at_s=1, frame=25, event=Event(sequence=0, set={"heat": 1.0}, fire=()), mark=NOWHERE)
    spans = play_script(Director(rules), [event], 300)
    every = [plan_at(span.plan, span.plan.frame + n) for span in spans for n in range(span.frames)]
    assert every[-1].controls.tempo_mbpm == round(high * 1000)
    beats = [plan.frame * FRAME_SIZE + plan.beat for plan in every if plan.beat >= 0]
    write_midi(tmp_path / "beats.mid", score([note(at, 960) for at in beats], plans=every))
    found = [n.begin for n in written_notes(mido.MidiFile(tmp_path / "beats.mid"))]
    assert found == [TICKS_PER_QUARTER * number for number in range(len(beats))]


def test_a_key_that_is_struck_again_ends_first_and_two_strokes_at_once_are_one(tmp_path: Path) -> None:
    notes = [note(0, 96_000, velocity=80), note(24_000, 24_000), note(24_000, 48_000, velocity=70)]
    write_midi(tmp_path / "again.mid", score(notes))
    beat = TICKS_PER_QUARTER
    assert list(written_notes(mido.MidiFile(tmp_path / "again.mid"))) == [
        WrittenNote(0, beat, 0, 60, 80),
        WrittenNote(beat, 2 * beat, 0, 60, 96),
    ]


def test_a_note_that_is_released_ends_there(tmp_path: Path) -> None:
    write_midi(tmp_path / "left.mid", score([note(0, 96_000, released=36_000)]))
    (only,) = written_notes(mido.MidiFile(tmp_path / "left.mid"))
    assert only.duration == 1.5 * TICKS_PER_QUARTER


def test_a_drum_note_is_written_with_its_kit(tmp_path: Path) -> None:
    hits = [(0, 0, 36), (24_000, 25, 36), (48_000, 25, 42), (48_000, 40, 42), (72_000, 0, 36)]
    notes = [note(start, program=kit, pitch=key, drums=True, family="drums") for start, kit, key in hits]
    write_midi(tmp_path / "kits.mid", score(notes))
    file = mido.MidiFile(tmp_path / "kits.mid")
    assert [track.name for track in file.tracks[1:]] == ["drums: standard kit", "drums: 808 kit", "drums: brush kit"]
    kit, heard = -1, []
    for message in file.merged_track:
        if message.type == "program_change":
            assert message.channel == 9
            kit = message.program
        elif message.type == "note_on":
            heard.append((kit, message.note))
    assert heard == [(kit, key) for _, kit, key in hits]


def test_instruments_beyond_the_channels_share_one_with_an_instrument_that_rests(tmp_path: Path) -> None:
    """Seventeen instruments, of which the first plays early and the last late: players must hear each as it is."""
    notes = [note(0, 12_000, program=0)]
    notes += [note(24_000 * beat, 12_000, program=program) for program in range(1, 16) for beat in range(12)]
    notes.append(note(24_000 * 13, 12_000, program=16))
    write_midi(tmp_path / "many.mid", score(notes))
    file = mido.MidiFile(tmp_path / "many.mid")
    channels = {track.name: {m.channel for m in track if m.type == "note_on"} for track in file.tracks[1:]}
    assert all(len(used) == 1 for used in channels.values())
    assert channels["melody: drawbar organ"] == channels["melody: piano"]
    program: dict[int, int] = {}
    heard = []
    for message in file.merged_track:
        if message.type == "program_change":
            program[message.channel] = message.program
        elif message.type == "note_on":
            heard.append(program[message.channel])
    assert sorted(heard) == sorted(event.program for event in notes)
    assert 9 not in program


def test_tempo_meter_and_key_of_the_rules_are_written_where_nothing_is_composed(tmp_path: Path) -> None:
    write_midi(tmp_path / "rules.mid", score(plans=plans(music="tempo: 90bpm, meter: 7, key: A dorian")))
    file = mido.MidiFile(tmp_path / "rules.mid")
    kinds = {m.type: m for m in file.tracks[0]}
    assert (kinds["time_signature"].numerator, kinds["time_signature"].denominator) == (7, 4)
    assert mido.tempo2bpm(kinds["set_tempo"].tempo) == pytest.approx(90, abs=0.001)
    # A dorian has the notes of G major.
    assert kinds["key_signature"].key == "Em"


@pytest.mark.parametrize(
    ("tonic", "mode", "key"),
    [
        ("C", "major", "C"),
        ("A", "minor", "Am"),
        ("D", "dorian", "Am"),
        ("E", "phrygian", "Am"),
        ("F", "lydian", "C"),
        ("G", "mixolydian", "C"),
        ("F#", "major", "F#"),
        ("Bb", "major", "Bb"),
        ("Eb", "minor", "D#m"),
    ],
)
def test_a_mode_has_the_key_signature_with_its_notes(tmp_path: Path, tonic: str, mode: str, key: str) -> None:
    write_midi(tmp_path / "key.mid", score(plans=plans(1, music=f"key: {tonic} {mode}")))
    assert [message.key for _, message in timed(mido.MidiFile(tmp_path / "key.mid"), "key_signature")] == [key]


def test_music_that_begins_within_a_bar_is_placed_in_that_bar(tmp_path: Path) -> None:
    """A recording may continue a session: frame 30 is 2.4 beats after the start."""
    late = plans(8, first=30)
    begin = 30 * FRAME_SIZE
    notes = [note(begin), note(96_000)]
    write_midi(tmp_path / "late.mid", score(notes, plans=late, bars=[bar(1, opens=True)]))
    file = mido.MidiFile(tmp_path / "late.mid")
    assert [n.begin for n in written_notes(file)] == [round(2.4 * TICKS_PER_QUARTER), 4 * TICKS_PER_QUARTER]
    assert [(at, m.text) for at, m in timed(file, "marker")] == [
        (round(2.4 * TICKS_PER_QUARTER), "x: on"),
        (4 * TICKS_PER_QUARTER, "section: full"),
    ]


def test_sections_quotes_keys_and_stingers_are_written_at_their_places(tmp_path: Path) -> None:
    bars = [
        bar(0, opens=True, theme="hero"),
        bar(1, theme="hero"),
        bar(2, tonic=0, key=0, minor=False, mode="major"),
        bar(3, opens=True, section="climax", theme="hero", tonic=0, key=0, minor=False, mode="major"),
    ]
    cue = StingerCue("started", "hit", 24_000, 0.0, "drop", None, "")
    write_midi(tmp_path / "form.mid", score(bars=bars, stingers=[cue]))
    file, quarter = mido.MidiFile(tmp_path / "form.mid"), TICKS_PER_QUARTER
    assert [(at // quarter, m.text) for at, m in timed(file, "marker")] == [
        (0, "x: on"),
        (0, "section: full"),
        (0, "theme: hero"),
        (1, "stinger: hit"),
        (12, "section: climax"),
        (12, "theme: hero"),
    ]
    assert [(at // quarter, m.key) for at, m in timed(file, "key_signature")] == [(0, "Dm"), (8, "C")]


def test_a_key_in_which_music_begins_within_a_bar_is_written_at_the_bar_line(tmp_path: Path) -> None:
    """Notation programs take keys at bar lines alone; after a silence nothing sounds before it there."""
    begun = bar(2, start=3 * 96_000 - 48_000, tick=10 * TICKS_PER_BEAT, tonic=0, key=0, minor=False, opens=True)
    write_midi(tmp_path / "begun.mid", score(bars=[bar(0), begun]))
    file, quarter = mido.MidiFile(tmp_path / "begun.mid"), TICKS_PER_QUARTER
    assert [(at // quarter, m.key) for at, m in timed(file, "key_signature")] == [(0, "Dm"), (8, "C")]
    assert (10 * quarter, "section: full") in [(at, m.text) for at, m in timed(file, "marker")]


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="plans: expected at least one frame"):
        score(plans=[])
    with pytest.raises(OSError, match="missing"):
        write_midi(tmp_path / "missing" / "a.mid", score())
    assert list(tmp_path.iterdir()) == []
