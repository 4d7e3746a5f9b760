"""Themes: notes as text, MIDI files, and who names them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import mido
import pytest

from segue_rules.errors import RuleError
from segue_rules.loading import load, load_text
from segue_rules.loading.limits import LARGEST_MIDI_BYTES
from segue_rules.loading.soundtrack import examine
from segue_rules.model import Burst, Key, Rules, ThemeUse

HEAD = """\
segue: 1
styles: {harp: {text: "calm harp"}}
layers: {action: {states: {calm: {default: true, mix: {harp: 1}}}}}
"""
TICKS = 480


def save_midi(path: Path, *tracks: Sequence[tuple[float, float, int]], channel: int = 0) -> None:
    """Save notes (start and length in beats, pitch) as a MIDI file with a track for each sequence."""
    file = mido.MidiFile(ticks_per_beat=TICKS)
    for notes in tracks:
        messages = [
            (round(TICKS * at), mido.Message(kind, note=pitch, velocity=90, channel=channel))
            for start, beats, pitch in notes
            for kind, at in (("note_on", start), ("note_off", start + beats))
        ]
        messages.sort(key=lambda timed: (timed[0], timed[1].type == "note_on"))
        track, now = mido.MidiTrack(), 0
        for at, message in messages:
            track.append(message.copy(time=at - now))
            now = at
        file.tracks.append(track)
    file.save(path)


def with_midi(folder: Path) -> Rules:
    (folder / "rules.yaml").write_text(HEAD + "themes: {hero: {midi: hero.mid}}\n", encoding="utf-8")
    return load(folder / "rules.yaml")


def tune(rules: Rules) -> list[tuple[float, float, int]]:
    (theme,) = rules.themes
    return [(float(note.start), float(note.beats), note.pitch) for note in theme.notes]


def test_notes_are_read_with_their_beats_and_rests() -> None:
    rules = load_text(HEAD + 'themes: {hero: {notes: "E4:1.5 F#4:0.5 r Bb3 C5:2", key: G major}}\n')
    assert tune(rules) == [(0.0, 1.5, 64), (1.5, 0.5, 66), (3.0, 1.0, 58), (4.0, 2.0, 72)]
    assert rules.themes[0].key == Key(tonic=7, mode="major")
    assert rules.themes[0].notes[1].beats == Fraction(1, 2)


def test_a_midi_file_is_read_in_beats(tmp_path: Path) -> None:
    written = [(0.0, 1.0, 64), (1.0, 0.5, 65), (2.0, 2.0, 67)]
    save_midi(tmp_path / "hero.mid", written)
    rules = with_midi(tmp_path)
    assert tune(rules) == written
    assert rules.warnings == ()


def test_of_notes_at_once_the_highest_line_is_taken_and_said(tmp_path: Path) -> None:
    chords = [(0.0, 4.0, 48), (0.0, 1.0, 60), (0.0, 1.0, 64), (0.5, 0.5, 62), (1.0, 2.0, 67), (2.0, 1.0, 72)]
    save_midi(tmp_path / "hero.mid", chords)
    rules = with_midi(tmp_path)
    assert tune(rules) == [(0.0, 1.0, 64), (1.0, 1.0, 67), (2.0, 1.0, 72)]
    (warning,) = rules.warnings
    assert str(warning).endswith('theme "hero", midi: has several notes at once; its highest line is the theme')


def test_of_several_tracks_the_highest_is_taken_and_said(tmp_path: Path) -> None:
    save_midi(tmp_path / "hero.mid", [], [(0.0, 4.0, 40)], [(0.0, 1.0, 70), (1.0, 1.0, 72)])
    rules = with_midi(tmp_path)
    assert tune(rules) == [(0.0, 1.0, 70), (1.0, 1.0, 72)]
    assert ["2 tracks" in warning.text for warning in rules.warnings] == [True]


def test_drums_are_no_theme(tmp_path: Path) -> None:
    save_midi(tmp_path / "hero.mid", [(0.0, 1.0, 36)], channel=9)
    with pytest.raises(RuleError, match="expected at least one note outside the drum channel, got none"):
        with_midi(tmp_path)


def test_a_tune_that_is_too_long_is_refused(tmp_path: Path) -> None:
    save_midi(tmp_path / "hero.mid", [(beat, 1.0, 60 + beat % 5) for beat in range(65)])
    with pytest.raises(RuleError, match="expected at most 64 notes in at most 64 beats, got 65 in 65"):
        with_midi(tmp_path)


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "hero.mid").write_bytes(b"MThd" + bytes(LARGEST_MIDI_BYTES))
    with pytest.raises(RuleError, match=f"expected a MIDI file of at most {LARGEST_MIDI_BYTES} bytes"):
        with_midi(tmp_path)


@pytest.mark.parametrize("cut", range(0, 60, 3))
def test_a_damaged_file_is_refused_or_read(tmp_path: Path, cut: int) -> None:
    save_midi(tmp_path / "hero.mid", [(0.0, 1.0, 64), (1.0, 1.0, 65)])
    data = (tmp_path / "hero.mid").read_bytes()
    (tmp_path / "hero.mid").write_bytes(data[:cut] + bytes([255]) + data[cut + 1 :])
    (tmp_path / "rules.yaml").write_text(HEAD + "themes: {hero: {midi: hero.mid}}\n", encoding="utf-8")
    examined = examine(tmp_path / "rules.yaml")
    assert ['theme "hero", midi' in str(problem) for problem in examined.problems] in ([], [True])
    assert (examined.rules is None) == bool(examined.problems)


def test_states_layers_and_bursts_name_themes() -> None:
    rules = load_text("""\
segue: 1
inputs: {won: {type: trigger}, go: {type: flag}}
styles: {harp: {text: "calm harp"}}
themes: {hero: {notes: "C4 D4"}, villain: {notes: "C4 B3"}}
layers:
  action:
    theme: hero
    states:
      calm: {default: true, mix: {harp: 1}}
      fight: {when: {go: true}, mix: {harp: 2}, theme: {villain: 0.5}}
stingers:
  victory: {trigger: won, mix: {harp: 1}, time: 4s, theme: {hero: 1}}
""")
    (layer,), (stinger,) = rules.layers, rules.stingers
    assert layer.theme == ThemeUse(name="hero", strength=0.75)
    assert [state.theme for state in layer.states] == [None, ThemeUse(name="villain", strength=0.5)]
    assert isinstance(stinger, Burst)
    assert stinger.theme == ThemeUse(name="hero", strength=1.0)


def test_an_included_file_finds_its_midi_files_and_shares_its_themes(tmp_path: Path) -> None:
    (tmp_path / "heroes").mkdir()
    save_midi(tmp_path / "heroes" / "hero.mid", [(0.0, 1.0, 64)])
    (tmp_path / "heroes" / "themes.yaml").write_text("segue: 1\nthemes: {hero: {midi: hero.mid}}\n", encoding="utf-8")
    main = HEAD.replace("mix: {harp: 1}", "mix: {harp: 1}, theme: hero") + "include: [heroes/themes.yaml]\n"
    (tmp_path / "rules.yaml").write_text(main, encoding="utf-8")
    rules = load(tmp_path / "rules.yaml")
    assert tune(rules) == [(0.0, 1.0, 64)]
    (tmp_path / "heroes" / "themes.yaml").write_text("segue: 1\nthemes: {hero: {notes: C4}}\n", encoding="utf-8")
    (tmp_path / "more.yaml").write_text("segue: 1\nthemes: {hero: {notes: D4}}\n", encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(main.replace("heroes/", "more.yaml, heroes/"), encoding="utf-8")
    with pytest.raises(RuleError, match='theme "hero": defined twice'):
        load(tmp_path / "rules.yaml")
