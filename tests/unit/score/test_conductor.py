"""The conductor: exact beats, transitions, who plays each role, keys that hold for a bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from statistics import mean

import numpy as np
import pytest

from composed import ARRANGEMENTS
from contract.generators import beat_samples, conditioning
from segue.contract import FRAME_SIZE, Conditioning, NoteEvent
from segue.score.composer.conductor import advance
from segue.score.composer.form import Form
from segue.score.composer.moment import Moment
from segue.score.composer.vocabulary import Arrangement, Colours
from segue.score.generator import moments

RAMP_FRAMES = 10
# Notes as (frame since the first, pitch, velocity).
Tune = list[tuple[int, int, int]]


def performed(
    names: tuple[str, ...],
    asked: Conditioning,
    seed: int = 1,
    arrangements: Mapping[str, Arrangement] = ARRANGEMENTS,
) -> tuple[list[Form], list[NoteEvent]]:
    form = Form(seed=seed, frame=asked.frame)
    forms, notes = [], []
    for moment in moments(asked, names, arrangements):
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
        advance(Form(seed=1, frame=3), moments(asked, ("calm",), ARRANGEMENTS)[0])


def test_notes_start_within_their_frame() -> None:
    asked = conditioning(change(300, 100), tempo_bpm=131.3)
    form = Form(seed=1, frame=0)
    for moment in moments(asked, ("calm", "combat"), ARRANGEMENTS):
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


def test_a_swift_change_is_over_after_its_ramp_where_the_tempo_falls() -> None:
    """What takes over right after the ramp, as a burst may, has the tune from then on."""
    at, ramp, frames = 50, 25, 150
    u = np.clip((np.arange(frames) - at) / ramp, 0, 1)[:, None]
    fight, calm, town = np.eye(3)
    weights = np.where(np.arange(frames)[:, None] < at + ramp, fight + u * (calm - fight), 0.2 * calm + 0.8 * town)
    tempo = np.where(np.arange(frames) < at, 160.0, 50.0)
    forms, _ = performed(
        ("combat", "calm", "town"),
        conditioning(
            weights, tempo_bpm=tempo.tolist(), known={at: at - 20}, next_weights=np.tile(calm, (frames, 1)), ramp=ramp
        ),
    )
    assert forms[at].goal
    assert not forms[at + ramp + 1].goal
    assert forms[at + ramp + 1].holders[0] == "town"


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


def visited(weights: np.ndarray, visits: Mapping[int, tuple[int, int]]) -> Conditioning:
    """Return conditioning with bars of 50 frames, and the visit (number, bar) that begins in each frame given."""
    asked = conditioning(weights, tempo_bpm=120, intensity=0.8)
    rows = np.zeros((len(weights), 2), np.int32)
    for frame, visit in visits.items():
        rows[frame:] = visit
    return replace(asked, visit=rows, next_visit=rows)


def tune(notes: list[NoteEvent], begin: int, end: int) -> Tune:
    """Return the melody's notes between two frames."""
    return [
        (note.start // FRAME_SIZE - begin, note.pitch, note.velocity)
        for note in notes
        if note.family == "melody" and begin * FRAME_SIZE <= note.start < end * FRAME_SIZE
    ]


def there_and_back(visit: tuple[int, int], seed: int = 1) -> tuple[Tune, Tune]:
    """Return the tune of town in its first eight bars, and in the eight bars of a visit from bar 12 on."""
    weights = np.zeros((1000, 2), np.float32)
    weights[:400, 0] = weights[400:600, 1] = weights[600:, 0] = 1
    _, notes = performed(("town", "dungeon"), visited(weights, {400: (0, 8), 600: visit}), seed)
    return tune(notes, 0, 400), tune(notes, 600, 1000)


def test_a_restarted_state_is_played_again_note_for_note() -> None:
    first, again = there_and_back((0, 12))
    # In the first beat, the entrance and the notes that go on from before differ.
    assert [note for note in again if note[0] >= 13] == [note for note in first if note[0] >= 13]


def test_a_varied_state_has_the_same_theme_in_another_performance() -> None:
    """Most of the tune's rhythm comes back, and hardly a note with its pitch and force."""
    common, unlike = [], []
    for seed in range(1, 6):
        first, varied = there_and_back((1, 12), seed)
        _, other = there_and_back((0, 12 - 16), seed)
        places, again, elsewhere = ({frame for frame, _, _ in part} for part in (first, varied, other))
        common.append(len(places & again) / len(places | again))
        unlike.append(len(places & elsewhere) / len(places | elsewhere))
        assert len(set(first) & set(varied)) < 0.3 * len(first)
    assert mean(common) > mean(unlike)


def test_a_resumed_state_goes_on_with_its_next_phrase() -> None:
    """Eight bars were played, so that the visit's form is counted from bar 4: its second phrase begins."""
    _, resumed = there_and_back((0, 4))
    _, straight = performed(("town", "dungeon"), visited(np.tile([1.0, 0.0], (800, 1)), {}))
    assert [note for note in resumed if note[0] >= 13] == [note for note in tune(straight, 400, 800) if note[0] >= 13]


def test_an_interruption_within_a_visit_does_not_begin_it_again() -> None:
    """A burst covers the town in bars 8 to 11; then the phrase that the visit has come to begins, its second."""
    weights = np.zeros((1000, 2), np.float32)
    weights[:400, 0] = weights[400:600, 1] = weights[600:, 0] = 1
    forms, _ = performed(("town", "dungeon"), visited(weights, {}))
    assert (forms[-1].number, forms[-1].origin) == (1, 4)


def test_a_key_holds_for_its_bar() -> None:
    """A new key is given from the frame on in which its bar begins, be it inside, and holds from the first note on."""
    asked = conditioning(np.ones((300, 1)), tempo_bpm=123, tonic=2, mode="phrygian")
    bars = beat_samples(asked, bars_only=True)
    frame, inside = divmod(bars[2], FRAME_SIZE)
    assert inside > 0
    tonic = asked.tonic.copy()
    tonic[frame:] = 8
    # Without chords from outside the key.
    plain = {"exploration": replace(ARRANGEMENTS["exploration"], colours=Colours())}
    forms, notes = performed(("exploration",), replace(asked, tonic=tonic), arrangements=plain)
    assert {form.tonic for form in forms if form.bar == 1} == {2}
    assert {form.tonic for form in forms if form.bar == 2} == {8}
    struck = [note for note in notes if bars[2] <= note.start < bars[2] + FRAME_SIZE and not note.drums]
    assert {note.family for note in struck} >= {"bass", "harmony"}
    late = {note.pitch % 12 for note in notes if note.family != "drums" and note.start >= bars[2]}
    # The scale, and the raised third and fifth of the chord of a cadence.
    assert late <= {(8 + step) % 12 for step in (0, 1, 3, 5, 7, 8, 10, 11, 2)}


def test_without_a_key_the_seed_chooses_it() -> None:
    asked = conditioning(np.ones((10, 1)), tonic=-1)
    tonics = {performed(("calm",), asked, seed)[0][-1].tonic for seed in range(20)}
    assert len(tonics) > 5
    mode = performed(("metal",), asked)[0][-1].mode
    assert mode in ("phrygian", "minor")


def test_a_form_is_small() -> None:
    form, _ = advance(Form(seed=1, frame=0), moments(conditioning(np.ones((1, 1))), ("calm",), ARRANGEMENTS)[0])
    assert hash(form) == hash(replace(form))
    assert isinstance(moments(conditioning(np.ones((1, 1))), ("calm",), ARRANGEMENTS)[0], Moment)
