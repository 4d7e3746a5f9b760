"""The conductor: exact beats, transitions, who plays each role, keys that hold for a bar."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contract.generators import beat_samples, conditioning
from segue.contract import FRAME_SIZE, Conditioning, NoteEvent
from segue.score.composer.conductor import Form, advance
from segue.score.composer.moment import Moment
from segue.score.composer.table import TABLE
from segue.score.generator import moments

RAMP_FRAMES = 10


def performed(names: tuple[str, ...], asked: Conditioning, seed: int = 1) -> tuple[list[Form], list[NoteEvent]]:
    form = Form(seed=seed, frame=asked.frame)
    forms, notes = [], []
    for moment in moments(asked, names, TABLE):
        form, started = advance(form, moment)
        forms.append(form)
        notes.extend(started)
    return forms, notes


def change(num_frames: int, at: int, ramp: int = RAMP_FRAMES) -> np.ndarray:
    """Weights that move from the first style to the second over `ramp` frames."""
    second = np.clip((np.arange(num_frames) - at) / ramp, 0, 1)
    return np.stack([1 - second, second], axis=1)


def test_beats_fall_on_the_sample() -> None:
    """Chiptune plays without humanised timing: its kick is where the map has the beat, across a tempo ramp."""
    tempo = np.linspace(97.3, 151.7, 400).tolist()
    asked = conditioning(np.ones((400, 1)), tempo_bpm=tempo, drums=1, intensity=0.4)
    _, notes = performed(("chiptune",), asked)
    kicks = {note.start for note in notes if note.drums and note.pitch == 36}
    assert len(kicks) > 20
    assert kicks <= {beat + slip for beat in beat_samples(asked) for slip in (-1, 0, 1)}


def test_a_gap_between_frames_is_refused() -> None:
    asked = conditioning(np.ones((4, 1)))
    with pytest.raises(ValueError, match="expected 3, got 0"):
        advance(Form(seed=1, frame=3), moments(asked, ("calm",), TABLE)[0])


def test_notes_start_within_their_frame() -> None:
    asked = conditioning(change(300, 100), tempo_bpm=131.3)
    form = Form(seed=1, frame=0)
    for moment in moments(asked, ("calm", "combat"), TABLE):
        form, started = advance(form, moment)
        assert all(0 <= note.start - moment.frame * FRAME_SIZE < FRAME_SIZE for note in started)


@pytest.mark.parametrize("at", [83, 97, 110])
@pytest.mark.parametrize("calm", ["calm", "dungeon", "town"])
def test_combat_leads_before_its_ramp_ends(calm: str, at: int) -> None:
    """From the ramp's end on, even in the middle of a bar, what starts is combat's, and louder than what was there."""
    asked = conditioning(change(200, at), tempo_bpm=120, intensity=0.6)
    _, notes = performed((calm, "combat"), asked)
    _, alone = performed((calm,), conditioning(np.ones((200, 1)), tempo_bpm=120, intensity=0.6))
    _, pure = performed(("combat",), conditioning(np.ones((200, 1)), tempo_bpm=120, intensity=0.6))
    begin, end = (at + RAMP_FRAMES) * FRAME_SIZE, (at + RAMP_FRAMES + 25) * FRAME_SIZE
    programs = {note.program for note in pure if not note.drums} - {note.program for note in alone if not note.drums}

    def force(events: list[NoteEvent]) -> int:
        return sum(note.velocity for note in events if begin <= note.start < end)

    combat = [note for note in notes if note.drums or note.program in programs]
    assert force(combat) > 0.6 * force(notes)
    assert force(notes) > 1.5 * force(alone)


def test_an_arrival_is_marked_on_the_next_beat() -> None:
    asked = conditioning(change(200, 83), tempo_bpm=120, intensity=0.6)
    forms, notes = performed(("calm", "combat"), asked)
    decided = next(index for index, form in enumerate(forms) if form.leader == "combat")
    beat = next(beat for beat in beat_samples(asked) if beat >= decided * FRAME_SIZE)
    crash = [note for note in notes if note.drums and note.pitch == 49]
    assert any(abs(note.start - beat) <= 1 for note in crash)
    silent = replace(asked, drums=np.zeros(200, np.int8))
    _, without = performed(("calm", "combat"), silent)
    assert not [note for note in without if note.family == "drums"]


def test_held_notes_are_struck_again_at_an_arrival() -> None:
    """A choir that would have been struck on the bar is struck on the beat after the change."""
    asked = conditioning(change(220, 106), tempo_bpm=60, intensity=0.6)
    _, notes = performed(("chiptune", "temple"), asked)
    bar = beat_samples(asked, bars_only=True)[2]
    choir = [note for note in notes if note.program == 52]
    assert choir
    assert choir[0].start < bar - 48_000


def test_the_leader_has_hysteresis() -> None:
    flicker = 0.5 + 0.03 * (-1.0) ** np.arange(200)
    forms, _ = performed(("town", "tavern"), conditioning(np.stack([flicker, 1 - flicker], axis=1)))
    assert {form.leader for form in forms} == {forms[0].leader}
    assert len({form.holders for form in forms}) == 1


@pytest.mark.parametrize(("share", "drums", "heard"), [(0.11, -1, False), (0.11, 1, True), (0.35, -1, True)])
def test_a_trace_of_a_style_brings_no_drums(share: float, drums: int, heard: bool) -> None:
    asked = conditioning(np.tile([1 - share, share], (200, 1)), drums=drums, intensity=0.8)
    _, notes = performed(("temple", "combat"), asked)
    assert any(note.family == "drums" for note in notes) == heard


def test_only_one_situation_plays_the_bass() -> None:
    asked = conditioning(change(300, 60, ramp=200), drums=1)
    forms, notes = performed(("space", "tavern"), asked)
    owners = {"space": 39, "tavern": 32}
    for form, frame in zip(forms, range(300), strict=True):
        bass = {note.program for note in notes if note.family == "bass" and note.start // FRAME_SIZE == frame}
        assert bass <= {owners[form.holders[1]]}
    assert [form.holders[1] for form in (forms[0], forms[-1])] == ["space", "tavern"]


def test_the_plan_changes_at_bars() -> None:
    asked = conditioning(change(300, 83), tempo_bpm=120)
    forms, _ = performed(("calm", "combat"), asked)
    changed = [index for index in range(1, 300) if forms[index].plan != forms[index - 1].plan]
    assert len(changed) == 1
    starts = [beat // FRAME_SIZE for beat in beat_samples(asked, bars_only=True)]
    assert changed[0] in starts
    assert forms[changed[0]].origin == forms[changed[0]].bar


def test_a_key_holds_for_its_bar() -> None:
    """A new key is given from the frame on in which its bar begins, be it inside, and holds from the first note on."""
    asked = conditioning(np.ones((300, 1)), tempo_bpm=123, tonic=2)
    bars = beat_samples(asked, bars_only=True)
    frame, inside = divmod(bars[2], FRAME_SIZE)
    assert inside > 0
    tonic = asked.tonic.copy()
    tonic[frame:] = 8
    forms, notes = performed(("exploration",), replace(asked, tonic=tonic))
    assert {form.tonic for form in forms if form.bar == 1} == {2}
    assert {form.tonic for form in forms if form.bar == 2} == {8}
    struck = [note for note in notes if bars[2] <= note.start < bars[2] + FRAME_SIZE and not note.drums]
    assert {note.family for note in struck} >= {"bass", "harmony"}
    late = {note.pitch % 12 for note in notes if note.family != "drums" and note.start >= bars[2]}
    assert late <= {(8 + step) % 12 for step in (0, 2, 3, 5, 7, 8, 10, 11)}


def test_without_a_key_the_seed_chooses_it() -> None:
    asked = conditioning(np.ones((10, 1)), tonic=-1)
    tonics = {performed(("calm",), asked, seed)[0][-1].tonic for seed in range(20)}
    assert len(tonics) > 5
    mode = performed(("metal",), asked)[0][-1].mode
    assert mode in ("phrygian", "minor")


def test_a_form_is_small() -> None:
    form, _ = advance(Form(seed=1, frame=0), moments(conditioning(np.ones((1, 1))), ("calm",), TABLE)[0])
    assert hash(form) == hash(replace(form))
    assert isinstance(moments(conditioning(np.ones((1, 1))), ("calm",), TABLE)[0], Moment)
