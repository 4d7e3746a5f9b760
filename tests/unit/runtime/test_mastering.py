"""The mastering stage: within the ceiling, the same for any chunks, followed by stems, and packed with its state."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from segue.audio.frame_limiter import CEILING
from segue.contract import FRAME_SIZE, Samples
from segue.runtime import mastering
from segue.runtime.fallback import Loop
from segue.runtime.session_config import SessionConfig
from segue_rules.director import Director
from segue_rules.events import Event
from segue_rules.model import DEFAULT_MUSIC, Binding
from segue_rules.plan import FramePlan
from unit.runtime.distant_session import Delays, DistantSession
from unit.runtime.rule_files import RULES
from unit.runtime.toy_generator import ToyGenerator

FRAMES = 40


def plans() -> list[FramePlan]:
    director = Director(RULES)
    state, planned = director.start(), []
    for frame in range(FRAMES):
        state, plan = director.step(state, frame)
        planned.append(plan)
    return planned


def surge() -> Samples:
    """A tone that becomes louder faster than the levels can follow."""
    at = np.arange(FRAMES * FRAME_SIZE)
    level = 0.2 + 1.2 * np.clip((at - 20_000) / 5_000, 0, 1)
    return np.repeat((level * np.sin(at * 0.02))[:, None], 2, axis=1).astype(np.float32)


def test_the_sound_is_within_the_ceiling_whatever_the_chunks() -> None:
    planned, samples = plans(), surge()
    whole_state, whole, gain = mastering.process(mastering.start(planned[0]), samples, planned)
    assert np.abs(samples * 1.1).max() > 1
    assert np.abs(whole).max() <= CEILING
    # Stems that follow the gain sum to the music.
    np.testing.assert_allclose(samples * gain[:, None], whole, atol=1e-6)
    state, parts, start = mastering.start(planned[0]), [], 0
    for count in (1, 3, 10, 2, 24):
        part = slice(start * FRAME_SIZE, (start + count) * FRAME_SIZE)
        # Between any two chunks, the state may travel in a save.
        state = mastering.unpack(mastering.pack(state))
        state, out, _ = mastering.process(state, samples[part], planned[start : start + count])
        parts.append(out)
        start += count
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert mastering.pack(state) == mastering.pack(whole_state)
    assert state.limiter_gain < 1


@pytest.mark.parametrize("gain", [-0.1, 1.1, float("nan")])
def test_a_packed_state_with_an_impossible_limiter_is_refused(gain: float) -> None:
    state = mastering.start(plans()[0])
    values = np.frombuffer(mastering.pack(state), "<f8").copy()
    values[1] = gain
    with pytest.raises(ValueError, match="out of range"):
        mastering.unpack(values.tobytes())


def test_every_chunk_of_a_session_of_loud_generators_is_within_the_ceiling() -> None:
    loud = [ToyGenerator("one", amplitude=2.5), Loop()]
    played = DistantSession(loud, SessionConfig(seed=5, lookahead_s=2.0), Delays(), events_a_second=3.0)
    played.run(6.0)
    loud[0].failing = True  # type: ignore[union-attr]
    played.run(6.0)
    chunks = [arrival.chunk for arrival in played.arrivals]
    assert {chunk.reason for chunk in chunks} >= {"extend", "replace", "change_level"}
    assert max(float(np.abs(chunk.samples).max()) for chunk in chunks) <= CEILING
    # The client's crossfades add gains that sum to 1; its arithmetic is in single precision.
    assert max(float(np.abs(block).max()) for block in played.played) <= CEILING + 1e-6


EFFECTS = dataclasses.replace(
    RULES,
    music=dataclasses.replace(
        DEFAULT_MUSIC,
        low_pass_hz=Binding(input="threat", curve=((0.0, 20_000.0), (0.5, 400.0), (1.0, 20_000.0))),
        reverb=Binding(input="threat", curve=((0.0, 0.0), (1.0, 0.5))),
    ),
)


def planned_with_effects() -> list[FramePlan]:
    """Effects that come, move, rest and go."""
    director = Director(EFFECTS)
    state, planned = director.start(), []
    events = {4: 0.5, 22: 0.0}
    for frame in range(FRAMES):
        sent = [Event(sequence=frame + 1, set={"threat": events[frame]})] if frame in events else []
        state, plan = director.step(state, frame, sent)
        planned.append(plan)
    return planned


def test_effects_do_not_depend_on_the_chunks() -> None:
    planned, samples = planned_with_effects(), surge()
    _, whole, _ = mastering.process(mastering.start(planned[0]), samples, planned)
    assert not np.array_equal(whole, mastering.process(mastering.start(planned[0]), samples, plans())[1])
    state, parts, start = mastering.start(planned[0]), [], 0
    for count in (1, 3, 10, 2, 24):
        part = slice(start * FRAME_SIZE, (start + count) * FRAME_SIZE)
        state, out, _ = mastering.process(state, samples[part], planned[start : start + count])
        parts.append(out)
        start += count
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert np.abs(whole).max() <= CEILING


def test_music_that_a_filter_makes_quieter_stays_quieter() -> None:
    """The loudness that is kept is that of the music before its effects."""
    planned, tone = plans() * 10, np.tile(surge()[:FRAME_SIZE], (10 * FRAMES, 1))
    dull = [plan._replace(controls=plan.controls._replace(low_pass_hz=20.0)) for plan in planned]
    _, _, gain = mastering.process(mastering.start(planned[0]), tone, planned)
    _, quiet, dull_gain = mastering.process(mastering.start(dull[0]), tone, dull)
    np.testing.assert_array_equal(gain, dull_gain)
    assert np.abs(quiet[-FRAME_SIZE:]).max() < 0.1 * np.abs(tone).max()


def test_silence_silences_the_hall_too() -> None:
    planned = plans()
    played = [plan._replace(controls=plan.controls._replace(reverb=1.0)) for plan in planned]
    played[20:] = [plan._replace(controls=plan.controls._replace(reverb=1.0, gain_db=-96.0)) for plan in planned[20:]]
    _, sound, _ = mastering.process(mastering.start(played[0]), surge(), played)
    assert sound[19 * FRAME_SIZE].any()
    assert not sound[21 * FRAME_SIZE :].any()
