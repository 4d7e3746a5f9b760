"""The recordings of the library: seams without clicks, and beats of recordings and music that fall together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytest

from segue.contract import FRAME_RATE, FRAME_SIZE, Samples
from segue.file_kinds import library_folder
from segue.runtime.clip_mixer import ClipPlayer, mix_clips
from segue_rules.director import Director
from segue_rules.loading import load, load_events
from segue_rules.model import Rules
from segue_rules.plan import FramePlan

pytestmark = pytest.mark.heavy

HIGHWALL = library_folder() / "highwall" / "highwall.yaml"
# 5 ms.
TOGETHER = 240


class Played(NamedTuple):
    """The rules, the plans of the event script, the opened clips and their sound."""

    rules: Rules
    plans: list[FramePlan]
    player: ClipPlayer
    sound: Samples


@pytest.fixture(scope="module")
def highwall() -> Iterator[Played]:
    rules = load(HIGHWALL)
    events = load_events(HIGHWALL.with_suffix(".events.yaml"), rules)
    director = Director(rules)
    state, plans = director.start(), []
    for frame in range((events[-1].frame // FRAME_RATE + 12) * FRAME_RATE):
        state, plan = director.step(state, frame, [each.event for each in events if each.frame == frame])
        plans.append(plan)
    player = ClipPlayer(rules.clips)
    _, sound = mix_clips({}, plans, [player] * len(plans))
    assert sound is not None
    yield Played(rules, plans, player, sound)
    player.streams.close()


def largest_step(sound: Samples) -> float:
    return float(np.abs(np.diff(sound, axis=0)).max())


def test_the_seams_of_loops_step_no_further_than_the_inside(highwall: Played) -> None:
    rules, _, player, _ = highwall
    loops = [clip for clip in rules.clips if clip.loop is not None]
    assert len(loops) == 4
    for clip in loops:
        seam, around = clip.pass_start(1), 4_800
        inside = largest_step(player.read(clip.name, 0, seam - around))
        assert largest_step(player.read(clip.name, seam - around, 2 * around)) <= inside


def test_clips_that_come_in_and_go_step_no_further_than_they_do_inside(highwall: Played) -> None:
    rules, plans, player, sound = highwall
    turns = [
        plan.frame * FRAME_SIZE
        for plan in plans
        if plan.changes or any(c.begin // FRAME_SIZE == plan.frame for c in plan.clips)
    ]
    # Of the loudest clips that may sound together.
    inside = sum(largest_step(player.read(clip.name, 0, 400_000)) for clip in rules.clips)
    assert len(turns) > 10
    assert max(largest_step(sound[max(0, turn - 480) : turn + 2 * FRAME_SIZE]) for turn in turns) <= inside


def test_beats_of_recordings_and_of_the_music_fall_together(highwall: Played) -> None:
    rules, plans, _, _ = highwall
    clips = {clip.name: clip for clip in rules.clips}
    apart = []
    for plan in plans:
        for sound in plan.clips:
            clip = clips[sound.clip]
            leads = (
                sound.loops and clip.tempo_mbpm == plan.controls.tempo_mbpm and sound.begin <= plan.frame * FRAME_SIZE
            )
            if leads and plan.beat >= 0 and clip.tempo_mbpm is not None:
                beat = 1_500_000 * FRAME_SIZE / clip.tempo_mbpm
                place = (plan.frame * FRAME_SIZE + plan.beat - sound.start) / beat
                apart.append(abs(place - round(place)) * beat)
    assert len(apart) > 300
    assert max(apart) <= TOGETHER
