"""Clips in the music: looped to the sample, on the beat, equal for any chunks, in stems, saves and reloads."""

from __future__ import annotations

import gc
import resource
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from segue.contract import FRAME_SIZE, SAMPLE_RATE, Samples
from segue.runtime.clip_mixer import ClipPlayer, mix_clips, open_clips
from segue.runtime.messages import ChunkOut
from segue.runtime.planner import RulesVersion
from segue.runtime.restore import make_restore_point
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import LiveConditions, live, straight
from segue.runtime.snapshot import Snapshot
from segue_rules.director import Director
from segue_rules.errors import RuleError
from segue_rules.events import Event, ScriptedEvent
from segue_rules.loading.clips import with_leader
from segue_rules.model import At, Binding, Clip, ClipUse, Layer, Rules, Transition
from segue_rules.plan import NO_END, ClipSound, FramePlan
from segue_yaml.nodes import NOWHERE
from unit.runtime.rule_files import BANK, RULES
from unit.runtime.toy_generator import ToyGenerator

# Three beats at 96.7 bpm are no whole number of samples.
BEAT = Fraction(1_500_000 * FRAME_SIZE, 96_700)
FRAMES = 200
EVENTS = [
    ScriptedEvent(at_s=frame / 25, frame=frame, event=event, mark=NOWHERE)
    for frame, event in (
        (10, Event(sequence=1, set={"threat": 1.0})),
        (90, Event(sequence=2, set={"region": "cave"})),
        (130, Event(sequence=3, set={"threat": 0.0})),
        (160, Event(sequence=4, set={"threat": 0.7})),
    )
]


def tone(count: int, hz: float = 220.0) -> Samples:
    wave = 0.2 * np.sin(2 * np.pi * hz * np.arange(count) / SAMPLE_RATE)
    return np.stack([wave, -wave], axis=1).astype(np.float32)


def saved(path: Path, samples: Samples, rate: int = SAMPLE_RATE) -> Path:
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return path


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    """The runtime's rules with two stems in the fight, one of them bound, and a drone without a beat in the cave."""
    march = Clip(
        name="march",
        audio=saved(tmp_path / "march.wav", tone(90_000)),
        tempo_mbpm=96_700,
        meter=3,
        loop=3 * BEAT / 2,
        outro=BEAT / 3,
        crossfade_samples=480,
    )
    drums = replace(march, name="drums", audio=saved(tmp_path / "drums.wav", tone(100_000, 90.0)), outro=None)
    drone = Clip(name="drone", audio=saved(tmp_path / "drone.wav", tone(44_100 * 13, 70.0), 44_100), gain_db=-3.0)
    clips = {clip.name: clip for clip in (march, drums, drone)}
    follows = Binding(input="threat", curve=((0.5, -96.0), (1.0, 0.0)))
    uses = {"fight": (ClipUse(clip="march"), ClipUse(clip="drums", gain_db=follows)), "cave": (ClipUse(clip="drone"),)}

    def played(layer: Layer) -> Layer:
        # Without a tempo of its own, the fight has that of its first clip.
        states = [
            replace(state, clips=uses.get(state.name, ()), music=replace(state.music, tempo_bpm=None))
            for state in layer.states
        ]
        return replace(layer, states=tuple(with_leader(state, clips) for state in states))

    return replace(RULES, clips=tuple(clips.values()), layers=tuple(map(played, RULES.layers)))


def session_of(rules: Rules, config: SessionConfig | None = None, *, stems: bool = False) -> Session:
    config = config or SessionConfig(seed=1)
    return Session(rules, BANK, [ToyGenerator()], config, stems=stems, clips=open_clips(rules))


def rendered(rules: Rules, chunk_frames: int = 10) -> Samples:
    session = session_of(rules, SessionConfig(seed=1, chunk_frames=chunk_frames))
    messages = straight(session, [ToyGenerator()], EVENTS, FRAMES)
    chunks = [message.samples for message in messages if isinstance(message, ChunkOut)]
    return np.concatenate(chunks)[: FRAMES * FRAME_SIZE]


def planned(rules: Rules, events: Sequence[ScriptedEvent] = EVENTS, frames: int = FRAMES) -> list[FramePlan]:
    director = Director(rules, seed=1)
    state, plans = director.start(), []
    for frame in range(frames):
        state, plan = director.step(state, frame, [each.event for each in events if each.frame == frame])
        plans.append(plan)
    return plans


def test_the_music_is_the_same_whatever_the_chunks(rules: Rules) -> None:
    whole = rendered(rules)
    assert np.abs(whole - rendered(replace(rules, clips=(), layers=RULES.layers))).max() > 0.1
    for chunk_frames in (1, 7, 50):
        np.testing.assert_array_equal(rendered(rules, chunk_frames), whole)


def test_clips_do_not_depend_on_how_many_frames_are_mixed_at_once(rules: Rules) -> None:
    plans, player = planned(rules), open_clips(rules)
    _, whole = mix_clips({}, plans, [player] * FRAMES)
    assert whole is not None
    gains, parts, start = {}, [], 0
    for count in (1, 13, 86, 40, 60):
        gains, part = mix_clips(gains, plans[start : start + count], [player] * count)
        parts.append(np.zeros((count * FRAME_SIZE, 2), np.float32) if part is None else part)
        start += count
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("at", [20, 30, 50, 100, 140])
def test_a_session_saved_while_clips_play_goes_on_with_the_same_bytes(rules: Rules, at: int) -> None:
    session, toy = session_of(rules), ToyGenerator()
    for each in EVENTS:
        session.apply_event(each.event, each.frame)
    chunks: list[ChunkOut] = []
    data = b""
    while session.head < FRAMES:
        if session.head == at:
            data = session.snapshot().to_blob()
        chunks += made(session, toy)
    snapshot = Snapshot.from_bytes(data)
    point, outcome = make_restore_point(
        snapshot, rules=rules, generators=[toy], primary=0, frame=snapshot.position, seed=1, take=2
    )
    assert outcome == "all"
    config = SessionConfig(seed=1)
    again = Session(rules, BANK, [toy], config, restore_point=point, clips=open_clips(rules))
    rest: list[ChunkOut] = []
    while again.head < FRAMES:
        rest += made(again, toy)
    expected = np.concatenate([chunk.samples for chunk in chunks if chunk.start >= at * FRAME_SIZE])
    np.testing.assert_array_equal(np.concatenate([chunk.samples for chunk in rest]), expected)


def made(session: Session, toy: ToyGenerator) -> list[ChunkOut]:
    position = session.head * FRAME_SIZE
    session.playhead(played=position, committed=position, paused=True, now_s=0.0)
    spec = session.next_job(now_s=0.0)
    assert spec is not None
    job = session.begin(spec, now_s=0.0)
    session.complete(job, toy.generate([job.request])[0], seconds=0.0)
    return [message for message in session.messages() if isinstance(message, ChunkOut)]


def test_live_replacements_leave_no_clicks(rules: Rules) -> None:
    run = live(session_of(rules), [ToyGenerator()], EVENTS, FRAMES, LiveConditions())
    sound = run.client.playback()
    assert not run.client.underrun_samples
    # Three tones of amplitude 0.2 below 221 Hz and the toy's of 0.3 below 500 Hz, with their fades.
    assert np.abs(np.diff(sound[:, 0])).max() < 0.05


def test_stems_sum_to_the_music_before_its_limiter(rules: Rules) -> None:
    from segue.runtime.mastering import Beside, _together

    music = tone(FRAME_SIZE, 50.0)
    gain = np.full(FRAME_SIZE, 0.7, np.float32)
    beside = Beside({}, tone(FRAME_SIZE), np.full((FRAME_SIZE, 1), 0.5, np.float32))
    made_up = np.float32(10 ** (3.5 / 20))
    together = _together(music, gain, beside) * (gain * made_up)[:, None]
    np.testing.assert_allclose(together, music * 0.5 * (gain * made_up)[:, None] + tone(FRAME_SIZE), atol=1e-6)


def test_a_loop_is_exact_to_the_sample_and_does_not_drift(rules: Rules) -> None:
    player = open_clips(rules)
    assert player is not None
    march = replace(rules.clips[0], crossfade_samples=0, outro=None)
    player = ClipPlayer([march])
    file, _ = soundfile.read(march.audio, dtype="float32")
    length = 3 * BEAT / 2
    for number in (1, 2, 1_000, 100_000):
        start = int(number * length)
        np.testing.assert_array_equal(player.read("march", start, 500), file[:500])
        np.testing.assert_array_equal(player.read("march", start - 3, 6)[3:], file[:3])
    # An hour later, the loop begins where the beat does: within a sample of the clock's.
    assert abs(int(2_000 * length) - 2_000 * float(length)) <= 1


@pytest.mark.parametrize("crossfade", [0, 960])
@pytest.mark.parametrize("intro", [0, 1])
@pytest.mark.parametrize("behind", [False, True])
def test_a_crossfaded_seam_steps_no_further_than_the_inside(
    tmp_path: Path, crossfade: int, intro: int, *, behind: bool
) -> None:
    # 30 Hz over 10 001 samples: the loop ends in the middle of a period.
    length = Fraction(10_001)
    sound = tone(10_001 * (1 + intro) + (2_000 if behind else 0), 31.0)
    clip = Clip(
        name="hum",
        audio=saved(tmp_path / "hum.wav", sound),
        intro=intro * length,
        loop=length,
        crossfade_samples=crossfade,
    )
    heard = ClipPlayer([clip]).read("hum", 0, 60_000)[:, 0]
    seam = clip.pass_start(1)
    around = np.abs(np.diff(heard[seam - 1_100 : seam + 1_100])).max()
    inside = np.abs(np.diff(sound[:, 0])).max()
    if crossfade and (intro or behind):
        # The gains of two unlike sounds add at most 3 dB.
        assert around <= 1.5 * inside
    else:
        assert around > 2 * inside
    parts = [ClipPlayer([clip]).read("hum", start, 997) for start in range(0, 59_820, 997)]
    np.testing.assert_array_equal(np.concatenate(parts)[:, 0], heard[: 60 * 997])


def test_what_a_state_leaves_fades_out_or_plays_its_outro_without_a_click(rules: Rules) -> None:
    for ramp in (0, 10):
        rows = (
            Transition(to_state="fight", layer="action", at=At(unit="bar"), ramp_frames=ramp),
            Transition(at=At(unit="eighth"), ramp_frames=ramp),
        )
        player = open_clips(rules)
        plans = planned(replace(rules, transitions=rows), EVENTS[:3], 300)
        _, sound = mix_clips({}, plans, [player] * len(plans))
        assert sound is not None
        assert any(not clip.loops for plan in plans for clip in plan.clips)
        # 0.2 in 5 ms, beside tones that step by less than 0.02 in all.
        assert np.abs(np.diff(sound[:, 0])).max() < 0.025


def test_the_beats_of_a_leading_clip_fall_on_those_of_the_music(rules: Rules) -> None:
    plans = planned(rules, frames=120)
    led = [plan for plan in plans if plan.clips and plan.controls.tempo_mbpm == 96_700]
    start = led[0].clips[0].start
    assert len(led) > 60
    offsets = []
    for plan in led[1:]:
        if plan.beat >= 0:
            beat = (plan.frame * FRAME_SIZE + plan.beat - start) / float(BEAT)
            offsets.append(abs(beat - round(beat)) * float(BEAT))
        if plan.bar_start >= 0 and plan.clock.meter == 3:
            bar = (plan.frame * FRAME_SIZE + plan.bar_start - start) / float(3 * BEAT)
            offsets.append(abs(bar - round(bar)) * float(3 * BEAT))
    assert len(offsets) > 3
    # In samples: 5 ms are 240.
    assert max(offsets) <= 2


def test_edited_clips_are_heard_after_a_reload(rules: Rules, tmp_path: Path) -> None:
    session, toy = session_of(rules), ToyGenerator()
    session.apply_event(EVENTS[0].event, 10)
    while session.head < 60:
        made(session, toy)
    session.apply_reload(version(rules), 60)
    assert session.snapshot().position == 60
    unchanged = made(session, toy)[0].samples
    saved(rules.clips[0].audio, tone(90_001, 330.0))
    other = session_of(rules)
    other.apply_event(EVENTS[0].event, 10)
    while other.head < 60:
        made(other, toy)
    other.apply_reload(version(rules), 60)
    assert np.abs(made(other, toy)[0].samples - unchanged).max() > 0.05


def version(rules: Rules) -> RulesVersion:
    return RulesVersion(rules=rules, styles=BANK, clips=open_clips(rules))


def test_rules_with_clips_need_them_opened(rules: Rules) -> None:
    with pytest.raises(ValueError, match="expected the clips of the rules, opened"):
        Session(rules, BANK, [ToyGenerator()], SessionConfig())
    assert open_clips(RULES) is None


def test_a_file_that_is_too_short_for_its_clip_is_refused(rules: Rules, tmp_path: Path) -> None:
    short = replace(rules.clips[0], audio=saved(tmp_path / "short.wav", tone(40_000)))
    with pytest.raises(RuleError) as caught:
        ClipPlayer([short, rules.clips[1], replace(short, name="gone", audio=tmp_path / "gone.wav")])
    assert [(each.where, each.text.rpartition("/")[2]) for each in caught.value.problems] == [
        ('clip "gone"', "gone.wav: expected a sound file, found nothing"),
        ('clip "march"', "short.wav: lasts 0.833 s, expected at least the 1.138 s of its loop and outro"),
    ]


def test_a_pre_entry_lies_before_the_beginning_in_the_file_and_in_time(tmp_path: Path) -> None:
    sound = tone(60_000)
    clip = Clip(
        name="hum",
        audio=saved(tmp_path / "hum.wav", sound),
        pre_entry=Fraction(10_000),
        intro=Fraction(5_000),
        loop=Fraction(20_000),
        crossfade_samples=0,
    )
    player = ClipPlayer([clip])
    np.testing.assert_array_equal(player.read("hum", -10_000, 35_000), sound[:35_000])
    np.testing.assert_array_equal(player.read("hum", 25_000, 20_000), sound[15_000:35_000])
    assert not player.read("hum", -12_000, 2_000).any()
    crossfaded = ClipPlayer([replace(clip, crossfade_samples=100)])
    np.testing.assert_array_equal(crossfaded.read("hum", 25_100, 19_900), sound[15_100:35_000])
    # At its first sample the end of the pass before, which goes on behind the loop.
    np.testing.assert_allclose(crossfaded.read("hum", 25_000, 1), sound[35_000:35_001], atol=1e-3)


@pytest.mark.parametrize(("begin", "edge"), [(-10_000, False), (-4_000, True), (0, True)])
def test_only_the_beginning_of_a_file_has_no_edge(tmp_path: Path, begin: int, *, edge: bool) -> None:
    path = saved(tmp_path / "hum.wav", np.ones((60_000, 2), np.float32))
    clip = Clip(name="hum", audio=path, pre_entry=Fraction(10_000))
    sounds = ClipSound(0, "hum", 12_000, 12_000 + begin, NO_END, True, 1.0, 1.0)
    plans = [planned(RULES, frames=1)[0]._replace(frame=frame, clips=(sounds,)) for frame in range(12)]
    _, sound = mix_clips({}, plans, [ClipPlayer([clip])] * 12)
    assert sound is not None
    first = int(np.flatnonzero(sound[:, 0])[0])
    assert first == 12_000 + begin
    assert sound[first, 0] == (pytest.approx(1 / 241) if edge else 1.0)
    assert sound[first + 240 :, 0].min() == 1.0


@pytest.mark.heavy
def test_memory_is_flat_over_an_hour_of_clips(rules: Rules) -> None:
    player = open_clips(rules)
    assert player is not None
    toy = ToyGenerator()
    session = Session(rules, BANK, [toy], SessionConfig(seed=1, chunk_frames=50), clips=player)
    values = ({"threat": 1.0}, {"region": "cave"}, {"threat": 0.0}, {"threat": 0.7, "region": "field"})
    held: list[int] = []
    heard = 0.0
    while session.head < 90_000:
        if session.head % 1_000 == 0:
            count = session.head // 1_000
            session.apply_event(Event(sequence=count + 1, set=values[count % 4]), session.head)
            gc.collect()
            held.append(resident_bytes())
        heard = max(heard, *(float(np.abs(chunk.samples).max()) for chunk in made(session, toy)))
    assert heard > 0.1
    assert player.streams.held_bytes() <= 64 * 24_000 * 8
    # From the tenth minute on, when every block that is kept has been read.
    assert max(held[15:]) - held[15] < 8_000_000, held


def resident_bytes() -> int:
    """The memory that this process has in use."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize()
