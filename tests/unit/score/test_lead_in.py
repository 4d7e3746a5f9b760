"""Lead-ins: their kind, length and notes, the drums control, and withdrawn changes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, permutations

import numpy as np
import pytest

from composed import ARRANGEMENTS
from contract.generators import beat_samples, conditioning
from segue.contract import FRAME_SIZE, TICKS_PER_BEAT, Conditioning, NoteEvent
from segue.score.composer.conductor import advance
from segue.score.composer.fills import PickupVoice
from segue.score.composer.form import Form
from segue.score.composer.instruments import CRASH, TAIKO
from segue.score.composer.lead_in import Turn, kind_of, lead_in
from segue.score.composer.motif import PlayedNote, motif_of
from segue.score.composer.theory import chord
from segue.score.generator import moments
from segue.score.sampler.kits import DRUM_KIT
from segue.score.sampler.orchestra import ORCHESTRA
from segue.style.situations import SITUATIONS

# Bars of 50 frames at 120 bpm; the change starts with the fourth.
BAR, LINE = 50, 150


def turn(out_of: str, into: str, **fields: object) -> Turn:
    first = Turn(
        out_of=ARRANGEMENTS[out_of],
        into=ARRANGEMENTS[into],
        seed=3,
        beat=12,
        known=4.0,
        meter=4,
        drums=-1,
        chord=chord("5M", 2, "minor"),
        target=chord("1", 2, "minor"),
        bass=PickupVoice("bass", 43, 36, 96, 0.0),
        tune=PickupVoice("melody", 60, 69, 100, 0.1),
        beat_ms=500,
    )
    return first._replace(**fields)


def changing(known: int | None, *, ramp: int = 20, drums: int = -1, intensity: float = 0.6) -> Conditioning:
    second = np.clip((np.arange(LINE + 60) - LINE) / ramp, 0, 1)
    return conditioning(
        np.stack([1 - second, second], axis=1),
        tempo_bpm=120,
        drums=drums,
        intensity=intensity,
        known=None if known is None else {LINE: known},
        next_weights=np.tile([0.0, 1.0], (LINE + 60, 1)),
    )


def performed(names: tuple[str, str], asked: Conditioning, seed: int = 1) -> tuple[list[Form], list[NoteEvent]]:
    form, forms, notes = Form(seed=seed, frame=0), [], []
    for moment in moments(asked, names, ARRANGEMENTS):
        form, started = advance(form, moment)
        forms.append(form)
        notes.extend(started)
    return forms, notes


def before_line(notes: list[NoteEvent]) -> list[NoteEvent]:
    return [note for note in notes if note.start < LINE * FRAME_SIZE]


@pytest.mark.parametrize(
    ("out_of", "into", "drums", "kind"),
    [
        ("calm", "combat", -1, "fill"),
        ("calm", "combat", 0, "soft"),
        ("calm", "temple", -1, "soft"),
        ("town", "tavern", -1, "fill"),
        ("combat", "calm", -1, "release"),
        ("metal", "dungeon", 0, "release"),
        ("combat", "boss", -1, "fill"),
    ],
)
def test_the_kind_follows_drive_and_drums(out_of: str, into: str, drums: int, kind: str) -> None:
    assert kind_of(ARRANGEMENTS[out_of], ARRANGEMENTS[into], drums) == kind


@pytest.mark.parametrize("drums", [-1, 0, 1])
def test_every_lead_in_is_playable(drums: int) -> None:
    for out_of, into in permutations(SITUATIONS, 2):
        for known in (0.2, 0.5, 1.0, 2.3, 4.0):
            written = lead_in(turn(out_of, into, known=known, drums=drums))
            assert list(written.ticks) == sorted(written.ticks)
            assert written.ticks[0] >= -max(known, 0.5) * TICKS_PER_BEAT
            for onset in written.onsets:
                assert onset.ticks > 0
                assert 1 <= onset.velocity <= 160
                if onset.program < 0:
                    assert onset.pitch in DRUM_KIT
                else:
                    assert ORCHESTRA[onset.program].low <= onset.pitch <= ORCHESTRA[onset.program].high


def test_the_fill_is_no_longer_than_the_notice() -> None:
    starts = [
        min(
            onset.tick / TICKS_PER_BEAT
            for onset in lead_in(turn("calm", "combat", known=known)).onsets
            if onset.program == TAIKO
        )
        for known in (0.5, 0.9, 1.0, 2.5, 3.9, 4.0)
    ]
    assert starts == [-0.5, -0.5, -1.0, -2.0, -2.0, -4.0]


def test_a_fill_grows() -> None:
    for out_of, into in (("calm", "combat"), ("town", "tavern"), ("metal", "boss")):
        kit = ARRANGEMENTS[out_of if ARRANGEMENTS[out_of].kit.fill else into].kit
        fill = [o for o in lead_in(turn(out_of, into)).onsets if o.program == kit.fill_program and o.pitch in kit.fill]
        loud = [onset.velocity for onset in fill if onset.tick < 0]
        assert len(loud) >= 4
        assert np.mean(loud[len(loud) // 2 :]) > 1.08 * np.mean(loud[: len(loud) // 2])


def test_a_change_more_than_a_bar_away_has_no_lead_in() -> None:
    """Known 130 frames before or 60: the same music, so that the runtime need not play the difference again."""
    _, early = performed(("exploration", "combat"), changing(20))
    _, late = performed(("exploration", "combat"), changing(90))
    _, never = performed(("exploration", "combat"), changing(None))
    assert early == late
    first = next(i for i, (ours, theirs) in enumerate(zip(early, never, strict=False)) if ours != theirs)
    assert (LINE - BAR) * FRAME_SIZE <= early[first].start < LINE * FRAME_SIZE


def test_a_change_without_notice_has_no_lead_in() -> None:
    assert performed(("calm", "combat"), changing(LINE)) == performed(("calm", "combat"), changing(None))


def test_the_change_arrives_on_its_bar() -> None:
    """With a fill, the new situation's plan and what marks its entrance are there on the line; without, a bar later."""
    forms, notes = performed(("calm", "combat"), changing(100))
    crashes = [note.start for note in notes if note.drums and note.pitch == CRASH]
    assert crashes[0] == LINE * FRAME_SIZE
    assert forms[LINE].plan == "combat"
    assert forms[LINE].origin == forms[LINE].bar
    unknown, _ = performed(("calm", "combat"), changing(None))
    assert next(index for index, form in enumerate(unknown) if form.plan == "combat") == LINE + BAR


def test_the_entrance_is_marked_once() -> None:
    _, notes = performed(("calm", "combat"), changing(100))
    assert sum(note.drums and note.pitch == CRASH for note in notes) == 1


def test_a_situation_that_never_leads_does_not_keep_the_plan() -> None:
    """The change is announced and starts, and then its weight stays low: the plan goes back after four bars."""
    asked = changing(100, ramp=1_000)
    frames = asked.num_frames + 8 * BAR
    low = np.tile([0.9, 0.1], (frames, 1))
    long = conditioning(low, tempo_bpm=120, known={LINE: 100}, next_weights=np.tile([0.0, 1.0], (frames, 1)))
    forms, _ = performed(("calm", "combat"), long)
    assert forms[LINE + 10].plan == "combat"
    assert forms[LINE + 5 * BAR].plan == "calm"


def test_a_withdrawn_change_ends_its_lead_in() -> None:
    announced = changing(100)
    flat = replace(announced, weights=np.tile(np.float32([1, 0]), (announced.num_frames, 1)))
    cut = LINE - 20
    to_change = np.where(np.arange(announced.num_frames) < cut, announced.to_change, -1).astype(np.int32)
    _, withdrawn = performed(("calm", "combat"), replace(flat, to_change=to_change))
    _, never = performed(("calm", "combat"), replace(flat, to_change=np.full(announced.num_frames, -1, np.int32)))
    position = cut * FRAME_SIZE
    assert [note for note in withdrawn if note.start >= position] == [note for note in never if note.start >= position]
    assert [note for note in withdrawn if note.start < position] != [note for note in never if note.start < position]


@pytest.mark.parametrize("names", [("calm", "combat"), ("combat", "boss"), ("combat", "calm"), ("town", "tavern")])
def test_a_lead_in_has_no_drums_where_drums_are_off(names: tuple[str, str]) -> None:
    _, notes = performed(names, changing(100, drums=0))
    _, unknown = performed(names, changing(None, drums=0))
    assert not [note for note in notes if note.family == "drums"]
    assert before_line(notes) != before_line(unknown)


def test_after_a_release_the_drums_stay_silent() -> None:
    """From the last beat on there are no drums, and what is left of the fight thins out."""
    for seed in range(1, 6):
        _, notes = performed(("combat", "calm"), changing(100, ramp=60, intensity=0.9), seed)
        _, unknown = performed(("combat", "calm"), changing(None, ramp=60, intensity=0.9), seed)
        beat = 24_000
        begin = LINE * FRAME_SIZE - beat + 4_000
        late = [[note for note in played if note.start >= begin] for played in (notes, unknown)]
        drums = [sum(note.family == "drums" for note in played) for played in late]
        assert drums[0] == 0
        assert drums[1] > 5
        assert len(late[0]) < 0.8 * len(late[1])


def test_the_lead_in_of_an_immediate_change_ends_on_the_next_beat() -> None:
    """Off the beat (max_wait): the fill ends, and the entrance is marked, on the first beat after the change."""
    frames = LINE + 60
    second = np.clip((np.arange(frames) - LINE - 5) / 20, 0, 1)
    asked = conditioning(
        np.stack([1 - second, second], axis=1),
        tempo_bpm=120,
        known={LINE + 5: 80},
        next_weights=np.tile([0.0, 1.0], (frames, 1)),
    )
    _, notes = performed(("calm", "combat"), asked)
    beat = next(beat for beat in beat_samples(asked) if beat >= (LINE + 5) * FRAME_SIZE)
    assert next(note.start for note in notes if note.drums and note.pitch == CRASH) == beat
    assert any(beat - 7_000 < note.start < beat and note.program == TAIKO for note in notes)


@pytest.mark.parametrize("names", [("calm", "combat"), ("exploration", "boss"), ("combat", "calm"), ("temple", "snow")])
def test_a_lead_in_is_not_dissonant_with_the_bass(names: tuple[str, str]) -> None:
    """No semitone (or minor ninth) above a bass note for more than a beat in the bar of the lead-in."""
    for seed in range(1, 9):
        _, notes = performed(names, changing(100, intensity=0.85), seed)
        bar = [n for n in notes if LINE - BAR <= n.start / FRAME_SIZE < LINE and n.family != "drums"]
        for bass in (note for note in bar if note.family == "bass"):
            for note in bar:
                if note.family != "bass" and (note.pitch - bass.pitch) % 12 == 1:
                    end = min(bass.start + bass.duration, note.start + note.duration)
                    assert end - max(bass.start, note.start) <= 1.05 * 24_000, (seed, bass, note)


def test_no_note_starts_just_before_its_role_rests() -> None:
    """Stealth's bass walks loosely: a note just before the last beat gives way whole, not after an instant."""
    for seed in range(1, 9):
        _, notes = performed(("stealth", "chase"), changing(100, intensity=0.7), seed)
        bass = [note for note in before_line(notes) if note.family == "bass"]
        assert min(note.duration for note in bass) >= 24_000 // 8


def test_a_pickup_quotes_the_theme_at_double_speed() -> None:
    """The theme rises three steps and falls one, in beats of one, a half, a half and two."""
    motif = motif_of(
        [PlayedNote(0, 1, 60), PlayedNote(1, 0.5, 62), PlayedNote(1.5, 0.5, 65), PlayedNote(2, 2, 64)],
        tonic=0,
        mode="major",
    )
    plain, quoted = (
        [
            note
            for note in lead_in(turn("calm", "combat", theme=theme)).onsets
            if note.role == "melody" and note.tick < 0
        ]
        for theme in (None, motif)
    )
    assert [note.tick / TICKS_PER_BEAT for note in quoted] == [-1.0, -0.5, -0.25]
    assert [b.pitch > a.pitch for a, b in pairwise(quoted)] == [True, True]
    assert [note.pitch for note in quoted] != [note.pitch for note in plain]
    assert abs(quoted[-1].pitch % 12 - chord("1", 2, "minor").root) in (1, 2)


def test_a_pickup_quotes_the_theme_that_comes() -> None:
    """The present theme falls by steps, the coming one rises by them."""
    motifs = tuple(
        motif_of([PlayedNote(beat, 1, pitch) for beat, pitch in enumerate(pitches)], tonic=0, mode="major")
        for pitches in ((72, 71, 69, 67, 65), (60, 62, 64, 65, 67))
    )
    asked = changing(100)
    present = np.zeros(asked.num_frames, np.int16)

    def pickup(coming: int) -> list[int]:
        themed = replace(
            asked,
            theme=present,
            theme_strength=np.ones(asked.num_frames, np.float32),
            next_theme=np.where(asked.to_change >= 0, coming, present).astype(np.int16),
        )
        form, pitches = Form(seed=1, frame=0), []
        for moment in moments(themed, ("calm", "combat"), ARRANGEMENTS, motifs):
            form, started = advance(form, moment)
            # The last beat before the line.
            begin = LINE * FRAME_SIZE - 24_000
            pitches += [note.pitch for note in started if note.family == "melody" and note.start >= begin]
            if moment.frame >= LINE - 1:
                break
        return pitches

    falling, rising = pickup(0), pickup(1)
    assert len(falling) >= 2
    assert falling == sorted(falling, reverse=True)
    assert rising == sorted(rising)
    assert len(rising) >= 2
