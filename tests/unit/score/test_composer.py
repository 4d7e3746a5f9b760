"""The music itself, as notes: ranges, harmony, tune, variety, form, intensity, meters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise, product

import pytest

from composed import ARRANGEMENTS, Score, compose, perform, steady
from heavy import sampled
from segue.contract import FAMILIES, FRAME_SIZE, MODES, TICKS_PER_BEAT, NoteEvent
from segue.score.composer.bar import compose_bar
from segue.score.composer.harmony import first_bar, phrase, place_of, voicings
from segue.score.composer.meters import folded_beats
from segue.score.composer.progressions import PHRASE_BARS
from segue.score.composer.vocabulary import Arrangement
from segue.score.sampler.orchestra import ORCHESTRA
from segue.style.points import POINTS
from segue.style.situations import SITUATIONS

SEEDS = (1, 2)
# Ornaments last an eighth of a beat at most.
GRACE = 0.13 * TICKS_PER_BEAT


@cache
def clip(name: str, seed: int, intensity: float = 0.85) -> Score:
    return compose(name, seed=seed, seconds=24, intensity=intensity)


def tune_slot(row: Arrangement) -> int:
    """Return the place of the first voice with the melody; another doubles it in octaves."""
    return next(place for place, voice in enumerate(row.voices) if voice.role == "melody")


def bars_of(score: Score) -> Iterator[tuple[tuple[int, int, int, bool], ...]]:
    """Each bar as (eighth of a beat, programme, pitch, drums), so that humanised timing does not hide a repeat."""
    beat = (score.beats[-1] - score.beats[0]) / (len(score.beats) - 1)
    ends = [*score.bars[1:], score.num_frames * FRAME_SIZE]
    for start, end in zip(score.bars, ends, strict=True):
        own = [note for note in score.notes if start <= note.start < end]
        yield tuple(
            sorted((round((note.start - start) * 8 / beat), note.program, note.pitch, note.drums) for note in own)
        )


@pytest.mark.parametrize("name", sampled(SITUATIONS, 2))
def test_notes_are_playable(name: str) -> None:
    for seed in SEEDS:
        for note in clip(name, seed).notes:
            assert 1 <= note.velocity <= 127
            assert note.duration > 0
            assert note.family in FAMILIES
            if not note.drums:
                assert ORCHESTRA[note.program].low <= note.pitch <= ORCHESTRA[note.program].high


@pytest.mark.parametrize("name", SITUATIONS)
def test_no_chord_is_dissonant_with_the_bass(name: str) -> None:
    """No semitone (or minor ninth) above a bass note lasts longer than a beat."""
    for seed in SEEDS:
        score = clip(name, seed)
        beat = (score.beats[-1] - score.beats[0]) / (len(score.beats) - 1)
        low = [note for note in score.notes if note.family == "bass"]
        high = [note for note in score.notes if note.family not in ("bass", "drums")]
        for bass in low:
            for note in high:
                if (note.pitch - bass.pitch) % 12 == 1:
                    together = min(_end(bass), _end(note)) - max(bass.start, note.start)
                    assert together <= 1.05 * beat, (bass, note)


def _end(note: NoteEvent) -> int:
    return note.start + note.duration


@pytest.mark.parametrize("name", sampled(SITUATIONS, 2))
@pytest.mark.parametrize("intensity", [0.25, 0.85])
def test_no_bar_repeats_more_than_four_times_in_a_row(name: str, intensity: float) -> None:
    for seed in SEEDS:
        run = 1
        for before, after in pairwise(bars_of(clip(name, seed, intensity))):
            run = run + 1 if before == after and before else 1
            assert run <= 4


@pytest.mark.parametrize("name", SITUATIONS)
def test_different_seeds_give_different_music(name: str) -> None:
    shared = [set(bars_of(clip(name, seed))) for seed in SEEDS]
    assert not shared[0] & shared[1]


@pytest.mark.parametrize("name", sampled(SITUATIONS, 2))
def test_long_melody_notes_are_chord_tones_and_others_move_by_step(name: str) -> None:
    """Nine in ten of the notes on strong beats or above a beat are chord tones; other foreign ones leave by step."""
    row = ARRANGEMENTS[name]
    strong: list[bool] = []
    passing: list[bool] = []
    for bar in range(4 * PHRASE_BARS):
        number, place, _ = place_of(row, 5, bar)
        segments = phrase(row, 5, number, 4, 2, "minor").bars[place]
        written = compose_bar(row, row, 5, bar, 4, 2, "minor")
        tune = [onset for onset in written.onsets if onset.slot == tune_slot(row) and onset.ticks > GRACE]
        for index, note in enumerate(tune):
            beat = note.tick / TICKS_PER_BEAT
            chord = [segment for segment in segments if segment.start <= beat + 0.05][-1].chord
            fits = note.pitch % 12 in chord.tones
            if note.ticks > 1.15 * TICKS_PER_BEAT or beat % 2 < 0.05:
                strong.append(fits)
            elif not fits and index + 1 < len(tune):
                passing.append(abs(tune[index + 1].pitch - note.pitch) <= 2)
    assert sum(strong) >= 0.9 * len(strong)
    assert sum(passing) >= 0.9 * len(passing)


def test_tunes_move_by_steps_and_step_back_after_a_leap() -> None:
    """Folk songs and chorales have 61 to 64 % of steps, 6 to 12 % of leaps, and step back after 27 to 36 % of these."""
    moves: list[tuple[int, int]] = []
    for name in SITUATIONS:
        row = ARRANGEMENTS[name]
        for seed in SEEDS:
            bars = (compose_bar(row, row, seed, bar, 4, 2, "minor") for bar in range(2 * PHRASE_BARS))
            tune = [o.pitch for bar in bars for o in bar.onsets if o.slot == tune_slot(row) and o.ticks > GRACE]
            lead = [after - before for before, after in pairwise(tune)]
            moves += pairwise(lead)
    steps = sum(0 < abs(move) <= 2 for move, _ in moves)
    leaps = [(move, onward) for move, onward in moves if abs(move) >= 5]
    assert steps >= 0.52 * len(moves)
    assert len(leaps) <= 0.13 * len(moves)
    assert sum(move * onward < 0 and abs(onward) <= 2 for move, onward in leaps) >= 0.27 * len(leaps)


@pytest.mark.parametrize("name", SITUATIONS)
def test_phrases_end_on_a_cadence(name: str) -> None:
    row = ARRANGEMENTS[name]
    for number in range(3):
        plan = phrase(row, 9, number, 4, 0, "minor")
        last = compose_bar(row, row, 9, first_bar(row, 9, number + 1) - 1, 4, 0, "minor")
        tune = [onset for onset in last.onsets if onset.role == "melody"]
        if tune:
            chord = [seg for seg in plan.bars[-1] if seg.start <= tune[-1].tick / TICKS_PER_BEAT + 0.05][-1].chord
            assert tune[-1].pitch % 12 in chord.tones


def test_harmony_moves_by_small_steps() -> None:
    moves = [
        abs(new - old)
        for name in SITUATIONS
        for before, after in pairwise(voicings(phrase(ARRANGEMENTS[name], 1, 0, 4, 0, "minor"), 62, 3))
        for new, old in zip(after, before, strict=True)
    ]
    assert sum(moves) / len(moves) < 2.5


def test_outer_voices_avoid_parallel_octaves() -> None:
    """Power chords move in parallel by nature."""
    parallels = changes = 0
    for name in SITUATIONS:
        if POINTS[name].profile.harmony == "power":
            continue
        for seed, number in product(range(12), range(3)):
            plan = phrase(ARRANGEMENTS[name], seed, number, 4, 0, "minor")
            tops = [keys[-1] for keys in voicings(plan, 62, 4)]
            basses = [segment.bass for segment in plan.segments]
            for (top, bass), (next_top, next_bass) in pairwise(zip(tops, basses, strict=True)):
                if bass != next_bass:
                    changes += 1
                    parallels += top != next_top and (top - bass) % 12 == (next_top - next_bass) % 12 == 0
    assert parallels <= 0.03 * changes


@pytest.mark.parametrize("name", sampled(SITUATIONS, 2, first=1))
def test_intensity_adds_notes_and_never_replaces_them(name: str) -> None:
    heard = [
        {(note.start, note.program, note.pitch, note.drums) for note in clip(name, 1, intensity).notes}
        for intensity in (0.0, 0.35, 0.7, 1.0)
    ]
    assert heard[0] < heard[1] < heard[2] < heard[3]
    assert heard[0]


@pytest.mark.parametrize("name", sampled(SITUATIONS, 3))
@pytest.mark.parametrize("meter", [2, 3, 5, 6, 7])
def test_any_meter_is_playable(name: str, meter: int) -> None:
    row = ARRANGEMENTS[name]
    for bar in range(PHRASE_BARS):
        written = compose_bar(row, row, 1, bar, meter, 0, "dorian")
        assert written.onsets
        assert written.ticks[0] >= 0
        assert written.ticks[-1] < meter * TICKS_PER_BEAT
        first_bass = next(onset for onset in written.onsets if onset.role == "bass")
        assert first_bass.tick < 0.1 * TICKS_PER_BEAT
    assert len(folded_beats(meter)) == meter


@pytest.mark.parametrize("name", sampled(SITUATIONS, 3))
def test_any_seed_is_playable(name: str) -> None:
    row = ARRANGEMENTS[name]
    for seed in range(100, 116):
        for bar in range(PHRASE_BARS):
            assert compose_bar(row, row, seed, bar + 16 * (seed % 2), 2 + seed % 6, seed % 12, MODES[seed % 6]).onsets


def test_a_fill_ends_the_phrase() -> None:
    rows = [row for row in ARRANGEMENTS.values() if row.kit.fill]
    assert len(rows) > 8
    late = {row.name: 0 for row in rows}
    for row in rows:
        for onset in compose_bar(row, row, 1, first_bar(row, 1, 1) - 1, 4, 0, "minor").onsets:
            fills = onset.family == "drums" and onset.program == row.kit.fill_program and onset.pitch in row.kit.fill
            late[row.name] += fills and onset.tick >= 2 * TICKS_PER_BEAT
    assert min(late.values()) >= 4, late


def test_drums_are_on_off_or_the_situations_own() -> None:
    def drum_notes(name: str, drums: int) -> int:
        score = perform(steady(name, seed=1, num_frames=400, intensity=0.9, drums=drums), seed=1)
        return sum(note.family == "drums" for note in score.notes)

    assert drum_notes("combat", -1) > 20
    assert drum_notes("combat", 0) == 0
    assert drum_notes("calm", -1) == 0
    assert drum_notes("calm", 1) > 5


def test_labels_describe_the_notes() -> None:
    score = perform(
        steady("exploration", seed=4, num_frames=500, tempo_bpm=100, meter=3, tonic=7, mode="lydian"), seed=4
    )
    seconds = 20
    assert len(score.beats) == pytest.approx(seconds * 100 / 60, abs=1)
    assert score.bars == score.beats[::3]
    assert score.beats[1] - score.beats[0] == pytest.approx(28_800, abs=1)
    assert score.key == "G lydian"
    assert score.chords[0].name in ("G", "Gadd9")
    assert {chord.start for chord in score.chords} <= set(score.beats)
    assert score.density == pytest.approx(len(score.notes) / seconds)
    assert "exploration" in score.caption
    assert "G lydian" in score.caption


def test_a_piece_needs_at_least_one_frame() -> None:
    with pytest.raises(ValueError, match="at least one"):
        perform((), seed=1)


@pytest.mark.parametrize("name", sampled(SITUATIONS, 4))
def test_an_hour_of_music_does_not_loop(name: str) -> None:
    """A cycle of four phrases is followed by another that shares no whole bar with it."""
    row = ARRANGEMENTS[name]

    def cycle(first: int) -> set[object]:
        bars = (compose_bar(row, row, 3, bar, 4, 2, "minor").onsets for bar in range(first, first + 4 * PHRASE_BARS))
        return {tuple((onset.tick // 100_000, onset.program, onset.pitch) for onset in bar) for bar in bars}

    assert not cycle(0) & cycle(4 * PHRASE_BARS)
