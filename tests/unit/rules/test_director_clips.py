"""Clips: where they come in, how loud they are, what rings on, and what the music makes of them (SEMANTICS 21)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_rules.director import Director, carry, pack, shift_state, unpack
from segue_rules.loading.clips import with_leader
from segue_rules.model import (
    DEFAULT_MUSIC,
    FRAME_SIZE,
    At,
    Binding,
    Clip,
    ClipUse,
    Compare,
    Cue,
    Enter,
    FlagInput,
    Key,
    Layer,
    LayerState,
    Music,
    NumberInput,
    Prompt,
    Rules,
    Style,
    Transition,
)
from segue_rules.plan import FramePlan
from unit.rules.playing import Player, both
from unit.rules.strategies import quick, sessions
from unit.rules.strategies_clips import clip_rules

MARCH = Clip(
    name="march",
    audio=Path("march.wav"),
    tempo_mbpm=120_000,
    meter=4,
    key=Key(tonic=2, mode="minor"),
    loop=Fraction(192_000),
    outro=Fraction(24_000),
    cues=(Cue("", Fraction(0)), Cue("", Fraction(96_000))),
)
CHOIR = replace(MARCH, name="choir", key=None, outro=None, gain_db=-6.0)
RAIN = Clip(name="rain", audio=Path("rain.wav"))
CLIPS = (MARCH, CHOIR, RAIN)


def rules(
    *uses: ClipUse,
    at: At | None = None,
    ramp: int = 0,
    enter: Enter = "start",
    mix: dict[str, float] | None = None,
    music: Music | None = None,
    calm: tuple[ClipUse, ...] = (),
    fade_out: int | None = None,
) -> Rules:
    """A calm state at 96 bpm, and a fight with clips while the flag `on` is set."""
    calm_mix = {"harp": 1.0}
    states = (
        LayerState(name="calm", default=True, mix=calm_mix, clips=calm, music=Music(tempo_bpm=96.0)),
        LayerState(
            name="fight",
            when=Compare(input="on", op="==", value=True),
            mix=mix or {},
            clips=uses,
            enter=enter,
            music=music or Music(),
        ),
    )
    known = {clip.name: clip for clip in CLIPS}
    return Rules(
        title="clips",
        seed=1,
        music=DEFAULT_MUSIC,
        inputs=(FlagInput(name="on"), NumberInput(name="threat", low=0.0, high=1.0, default=0.0)),
        styles=(Style(name="harp", prompts=(Prompt(text="harp"),)),),
        layers=(Layer(name="action", states=tuple(with_leader(state, known) for state in states)),),
        clips=CLIPS,
        transitions=(Transition(at=at or At(unit="bar"), ramp_frames=ramp, fade_out_frames=fade_out, curve="linear"),),
    )


def sounding(plan: FramePlan) -> dict[str, tuple[float, float]]:
    return {clip.clip: (round(clip.gain_before, 6), round(clip.gain, 6)) for clip in plan.clips}


@both
def test_a_clip_begins_with_the_bar_and_the_music_takes_its_tempo_meter_and_key(play: Player) -> None:
    plans = play(rules(ClipUse(clip="march")), {10: {"on": True}}, 120)
    first = next(plan for plan in plans if plan.clips)
    # 62.5 frames of 96 bpm are a bar of 4.
    assert (first.frame, first.states) == (62, ("fight",))
    (clip,) = first.clips
    assert clip.start == clip.begin == 62 * FRAME_SIZE + 960
    assert (clip.gain_before, clip.gain, clip.end, clip.loops) == (1.0, 1.0, -1, True)
    # The frame has the old tempo for its first half, and the clip's for its second.
    assert first.controls.tempo_mbpm == 108_000
    assert {plan.controls.tempo_mbpm for plan in plans[63:]} == {120_000}
    assert (plans[63].controls.tonic, plans[63].controls.mode) == (2, "minor")
    beats = [plan.frame * FRAME_SIZE + plan.beat - clip.start for plan in plans[63:] if plan.beat >= 0]
    assert beats == [24_000 * (i + 1) for i in range(len(beats))]
    assert {plan.clips[0][:5] for plan in plans[62:]} == {clip[:5]}


@both
def test_a_clip_that_comes_in_within_a_bar_keeps_to_the_bars_of_the_music(play: Player) -> None:
    plans = play(rules(ClipUse(clip="march"), at=At(unit="immediate")), {20: {"on": True}}, 120)
    (clip,) = plans[20].clips
    assert clip.begin == 20 * FRAME_SIZE
    # 96 bpm: 20 frames are 1.28 beats, and 2.72 are left of the bar, which has as many beats of the clip.
    assert clip.start == clip.begin - int(Fraction(128, 100) * 24_000)
    line = next(plan for plan in plans[21:] if plan.bar_start >= 0)
    assert abs(line.frame * FRAME_SIZE + line.bar_start - clip.start - 96_000) <= 1


@both
def test_a_clip_without_a_tempo_starts_with_its_state_and_leaves_the_music_alone(play: Player) -> None:
    plans = play(rules(ClipUse(clip="rain", gain_db=-20.0), at=At(unit="immediate")), {20: {"on": True}}, 60)
    (clip,) = plans[30].clips
    assert (clip.start, clip.begin, round(clip.gain, 6)) == (20 * FRAME_SIZE, 20 * FRAME_SIZE, 0.1)
    assert plans[30].controls.tempo_mbpm != 120_000


@both
def test_clips_instead_of_a_mix_silence_the_generated_music_over_the_ramp(play: Player) -> None:
    instead = play(rules(ClipUse(clip="march"), ramp=10), {10: {"on": True}, 100: {"on": False}}, 160)
    levels = [round(plan.music, 6) for plan in instead[62:73]]
    # The shares of the clip and of the mix that goes: 1 - g (1 - (1 - g)), at the end and the start of a frame.
    assert levels[0] == 1.0
    assert levels[-1] == 0.0
    assert levels == sorted(levels, reverse=True)
    assert [plan.silent for plan in instead[61:64]] == [False, True, True]
    assert all(not plan.warnings for plan in instead)
    assert instead[-1].music == 1.0
    assert not instead[-1].clips
    beside = play(rules(ClipUse(clip="march"), ramp=10, mix={"harp": 0.25}), {10: {"on": True}}, 100)
    assert beside[-1].music == 0.25
    assert not beside[-1].silent
    assert {plan.music_before for plan in beside[:62]} == {1.0}


@both
def test_a_clip_fades_out_or_plays_its_outro_once_its_state_ends(play: Player) -> None:
    uses = ClipUse(clip="march"), ClipUse(clip="choir")
    plans = play(rules(*uses, ramp=10), {10: {"on": True}, 100: {"on": False}}, 160)
    left = next(plan for plan in plans if plan.states == ("calm",) and plan.clips)
    names = [(clip.clip, clip.loops, clip.end) for clip in left.clips]
    line = left.frame * FRAME_SIZE + left.bar_start
    assert names == [("march", True, line), ("march", False, line + 24_000), ("choir", True, -1)]
    outro = left.clips[1]
    assert (outro.begin, outro.start) == (line, line - 192_000)
    gone = [round(plan.clips[-1].gain, 4) for plan in plans[left.frame : left.frame + 10]]
    assert gone == [round(0.501187 * (1 - i / 10), 4) for i in range(1, 11)]
    # The outro ends after half a second, with 5 ms for its edge.
    assert [clip.clip for clip in plans[left.frame + 12].clips] == ["march"]
    assert not plans[left.frame + 14].clips


@both
def test_without_a_ramp_clips_are_cut_at_the_line(play: Player) -> None:
    plans = play(rules(ClipUse(clip="choir"), fade_out=0), {10: {"on": True}, 100: {"on": False}}, 160)
    left = next(plan for plan in plans if plan.states == ("calm",) and plan.clips)
    (clip,) = left.clips
    assert clip.end == left.frame * FRAME_SIZE + left.bar_start
    assert clip.gain == clip.gain_before > 0


@both
def test_a_clip_follows_an_input(play: Player) -> None:
    bound = Binding(input="threat", curve=((0.0, -96.0), (1.0, 0.0)))
    plans = play(rules(ClipUse(clip="march", gain_db=bound)), {10: {"on": True}, 80: {"threat": 1.0}}, 100)
    assert sounding(plans[70]) == {"march": (0.0, 0.0)}
    assert sounding(plans[80]) == {"march": (0.0, 1.0)}
    assert sounding(plans[81]) == {"march": (1.0, 1.0)}


@both
def test_stems_that_both_states_play_go_on_where_they_are(play: Player) -> None:
    plans = play(
        rules(
            ClipUse(clip="choir", gain_db=-6.0),
            ClipUse(clip="march"),
            enter="same",
            calm=(ClipUse(clip="choir"),),
            at=At(unit="beat"),
            ramp=10,
        ),
        {70: {"on": True}},
        140,
    )
    before, after = plans[70].clips[0], plans[-1].clips
    assert [clip.clip for clip in after] == ["choir", "march"]
    assert {clip.start for clip in after} == {before.start}
    assert after[0].begin == before.begin
    assert after[1].begin > before.begin
    gains = [plan.clips[0].gain for plan in plans[70:]]
    assert gains == sorted(gains, reverse=True)


@both
def test_a_cue_is_drawn_by_chance(play: Player) -> None:
    entered = set()
    for seed in range(12):
        soundtrack = replace(rules(ClipUse(clip="march"), enter="cue"), seed=seed)
        (clip,) = play(soundtrack, {10: {"on": True}}, 80)[-1].clips
        entered.add(clip.begin - clip.start)
    assert entered == {0, 96_000}


@both
def test_clips_of_a_state_that_a_reset_brings_back_go_on(play: Player) -> None:
    from segue_rules.events import Event

    soundtrack = rules(ClipUse(clip="march"), calm=(ClipUse(clip="choir"),))
    plans = play(soundtrack, {10: {"on": True}, 90: Event(sequence=9, reset=True)}, 120)
    assert [clip.clip for clip in plans[89].clips] == ["march"]
    # The march plays its outro; the choir comes in over 200 ms.
    assert [(clip.clip, clip.loops) for clip in plans[91].clips] == [("march", False), ("choir", True)]
    choir = plans[91].clips[-1]
    assert 0 < choir.gain_before < choir.gain < 0.5
    again = play(soundtrack, {90: Event(sequence=9, reset=True)}, 120)
    assert {plan.clips[0].start for plan in again} == {0}


def test_a_state_takes_what_its_music_does_not_say_from_the_first_clip_with_a_tempo() -> None:
    known = {clip.name: clip for clip in CLIPS}
    uses = tuple(ClipUse(clip=name) for name in ("rain", "choir", "march"))
    state = with_leader(LayerState(name="a", clips=uses, music=Music(tempo_bpm="auto", meter=3)), known)
    assert (state.music.tempo_bpm, state.music.meter, state.music.key, state.clip_leads) == (120.0, 3, None, True)
    other = with_leader(LayerState(name="a", clips=uses, music=Music(tempo_bpm=90.0)), known)
    assert (other.music.tempo_bpm, other.clip_leads) == (90.0, False)
    assert not with_leader(LayerState(name="a", clips=uses[:1]), known).clip_leads


def test_the_passes_of_a_loop_do_not_drift() -> None:
    clip = replace(MARCH, intro=Fraction(1, 3), loop=Fraction(1_000_001, 3))
    for number in (0, 1, 2, 3, 1_000, 10**9):
        start = clip.pass_start(number)
        assert start == (1 + number * 1_000_001) // 3
        assert clip.pass_at(start) == number
        assert clip.pass_at(start - 1) == number - 1


@quick(max_examples=10)
@given(st.data())
def test_packed_shifted_and_skipped_states_play_the_same_clips(data: st.DataObject) -> None:
    soundtrack = data.draw(clip_rules)
    session = data.draw(sessions(soundtrack.inputs, max_frames=60, quiet=(0, 5, 30)))
    director = Director(soundtrack)
    state = director.start()
    for frame, events in enumerate(session.events):
        state, plan = director.step(state, frame, events, session.earliest[frame])
        assert unpack(pack(state, soundtrack), soundtrack) == state
        assert carry(state, soundtrack, soundtrack).clips == state.clips
        later, shifted = Director(soundtrack), shift_state(state, 1_000)
        assert [clip[:-2] for clip in later.step(shifted, shifted.frame)[1].clips] == [
            clip._replace(
                start=clip.start + 1_000 * FRAME_SIZE,
                begin=clip.begin + 1_000 * FRAME_SIZE,
                end=clip.end if clip.end < 0 else clip.end + 1_000 * FRAME_SIZE,
            )[:-2]
            for clip in Director(soundtrack).step(state, state.frame)[1].clips
        ]
        assert 0.0 <= plan.music <= 1.0
    first = state
    stepped = []
    for _ in range(80):
        state, plan = director.step(state, state.frame)
        stepped.append((plan.clips, plan.music_before, plan.music, plan.silent, plan.warnings))
    skipping, found = Director(soundtrack), []
    for span in skipping.spans(first, first.frame + 80):
        plan = span.plan
        found += [(plan.clips, plan.music_before, plan.music, plan.silent, plan.warnings)] * span.frames
    assert found == stepped


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda voice: voice.pop(), "expected a list of 14 to 14 items"),
        (lambda voice: voice.__setitem__(3, "loud"), "expected a clip that plays, fades out, is cut off or ends"),
        (lambda voice: voice.__setitem__(4, 1 << 60), "expected an integer from"),
        (lambda voice: voice.__setitem__(7, -1.0), "expected a number from 0.0 to"),
        (lambda voice: voice.__setitem__(6, 5), "expected no end of a clip that plays, will play or fades out"),
        (lambda voice: voice.__setitem__(10, "steep"), "with the curve of its ramp"),
    ],
)
def test_packed_clips_that_cannot_be_are_refused(change: object, message: str) -> None:
    soundtrack = rules(ClipUse(clip="march"), calm=(ClipUse(clip="choir"),))
    director = Director(soundtrack)
    state, _ = director.step(director.start(), 0)
    data = pack(state, soundtrack)
    assert callable(change)
    change(data["clips"][1][0])
    with pytest.raises(ValueError, match=message):
        unpack(data, soundtrack)
    twice = pack(state, soundtrack)
    twice["clips"][1] *= 2
    with pytest.raises(ValueError, match="each clip of layer 'action' once"):
        unpack(twice, soundtrack)


def test_clips_that_other_rules_lack_end_and_old_states_have_none() -> None:
    soundtrack = rules(ClipUse(clip="march"), calm=(ClipUse(clip="choir"),))
    director = Director(soundtrack)
    state, _ = director.step(director.start(), 0)
    data = pack(state, soundtrack)
    bare = rules()
    assert unpack(data, replace(bare, clips=())).clips.voices == ()
    assert len(unpack(data, bare).clips.voices) == 1
    del data["clips"]
    assert unpack(data, soundtrack).clips.voices == ()
    # They come in over 200 ms then.
    after, plan = Director(soundtrack).step(unpack(data, soundtrack), 1)
    assert 0 < plan.clips[0].gain < 0.2
    assert len(after.clips.voices) == 1
