"""Every kind of expectation holds where it is true and fails where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segue_rules.director import Director, DirectorState, Span
from segue_rules.ruletest import RuleTestResult, load_tests, run_test

MEADOW = Path(__file__).with_name("meadow.yaml")
# The threat rises by 1/s from 1 s on: 0.5 and the fight (180 bpm) at 1.5 s. The cave waits for the bar line at 2.92 s.
STORY = """[
      {at: 1s, set: {threat: 0.8}}, {at: 2s, set: {region: cave, night: true}}, {at: 2.4s, fire: win},
      {at: 3s, fire: win}, {at: 4s, set: {threat: 5}}, {at: 5s, set: {threat: 0}}, {at: 7s, set: {moon: 1}}]"""


def outcome(tmp_path: Path, *items: str, events: str = STORY) -> RuleTestResult:
    """Run one test with these items of `expect`; the refused event at 7 s is always expected."""
    expect = "\n".join(f"      - {{{item}}}" for item in (*items, "at: 7s, receipt: refused"))
    path = tmp_path / "meadow.test.yaml"
    path.write_text(f"rules: meadow.yaml\ntests:\n  - name: t\n    events: {events}\n    expect:\n{expect}\n")
    (tmp_path / "meadow.yaml").write_text(MEADOW.read_text())
    file = load_tests(path)
    return run_test(Director(file.rules), file.tests[0])


HOLDS = [
    "at: 0s, state: {place: field, action: calm}",
    "at: 1.48s, state: {action: calm}",
    "at: 1.52s, state: {action: fight}",
    "at: 3s, state: {action: [calm, fight]}",
    "at: 3s, state: {action: loud}",
    'at: 0s, state: {action: "!= loud"}',
    'at: 3s, state: {action: "!= calm"}',
    "during: [0s, 1.4s], state: {action: calm}",
    "between: [0s, 2s], state: {action: fight}",
    "never: [0s, 1.4s], state: {action: fight}",
    "at: 2.5s, pending: {place: cave}",
    "at: 2.5s, pending: {place: dark}",
    "at: 1.52s, change: {layer: action, to: loud}",
    'at: 0s, music: {meter: "!= 2+2"}',
    "during: [2s, 2.8s], pending: {place: cave}",
    "at: 0s, mix: {grass: 1, stone: 0}",
    'at: 2s, mix: {battle: ">= 0.44", grass: "< 0.6"}',
    "at: 2s, mix: {battle: 0.4}, within: 0.06",
    "at: 1.2s, weight: {action: 0.2}",
    "at: 1.2s, input: {threat: 0.2, count: 0, region: field, night: false}",
    'at: 2s, input: {region: "!= field", night: true}',
    'at: 0s, music: {tempo: 150bpm, meter: 4, key: D minor, drums: "off", gain: -3dB, intensity: 0.5}',
    # The fight's 180 count by the weight of its layer, 0.8.
    "at: 3s, music: {tempo: 174bpm}",
    'at: 0s, music: {temperature: 1, guidance: "<= 3", gain: "> -4dB", key: "!= C major"}',
    # The key waits for the bar line after 1.5 s; it was written Db and is the same key.
    'at: 2s, music: {key: C# major, drums: "on"}',
    "at: 0s, source: {tempo: music}",
    "at: 3s, source: {tempo: action, gain: music}",
    "at: 1.52s, change: {layer: action}",
    "at: 1.52s, change: {layer: action, from: calm, to: fight, ramp: 0s, at: immediate, because: threat}",
    "at: 1.52s, change: {layer: action, fade_out: 0s, fade_in: 0s}",
    "between: [2s, 4s], change: {layer: place, ramp: 400ms, fade_out: 400ms, fade_in: 400ms}",
    "at: 2s, change: {layer: place, kind: scheduled, to: cave, at: bar, because: region}",
    "between: [2s, 4s], change: {layer: place, to: cave, ramp: 400ms}, on: bar",
    "never: [2s, 2.8s], change: {layer: place}",
    "at: 2.4s, stinger: {cheer: started}",
    "at: 3s, stinger: {cheer: dropped}",
    "at: 4s, receipt: clamped",
    "at: 4s, receipt: accepted",
    "at: 7s, receipt: unknown_input",
    "at: 0s, on: bar",
    "at: 0.4s, on: beat",
    "at: 0s, bar: 1",
    'at: 4s, bar: ">= 3"',
    "never: [0s, 7s], warning: empty_mix",
]

IN_NO_FRAME = "in no frame;"
FAILS = [
    ("at: 0s, state: {place: cave}", "field"),
    ("at: 1.48s, state: {action: fight}", "calm"),
    ("at: 3s, state: {action: [calm]}", "fight"),
    ('at: 3s, state: {action: "!= fight"}', "fight"),
    ("during: [0s, 2s], state: {action: calm}", "fight"),
    ("between: [0s, 1.4s], state: {action: fight}", f"{IN_NO_FRAME} at 0:00.00, for example: calm"),
    ("never: [0s, 1.6s], state: {action: fight}", "it did"),
    ("at: 1s, pending: {place: cave}", "nothing pending"),
    ("at: 3.4s, pending: {place: cave}", "nothing pending"),
    ("at: 2s, mix: {battle: 0.6}", "0.444444"),
    ('at: 2s, mix: {battle: "> 0.5"}', "0.444444"),
    ("at: 2s, mix: {battle: 0.4}, within: 0.04", "0.444444"),
    ("at: 1.2s, weight: {action: 0.3}", "0.2"),
    ("at: 1.2s, input: {threat: 0.8}", "0.2"),
    ("at: 1.2s, input: {region: cave}", "field"),
    ("at: 1.2s, input: {night: true}", "false"),
    ("at: 0s, music: {tempo: 151bpm}", "150bpm"),
    ('at: 0s, music: {drums: "on"}', "off"),
    ("at: 1.52s, music: {key: C# major}", "D minor"),
    ("at: 0s, source: {tempo: action}", "music"),
    ("at: 1.48s, change: {layer: action}", "no change"),
    ("at: 1.52s, change: {layer: place}", "no change"),
    ("at: 1.52s, change: {layer: action, from: loud}", "calm -> fight (immediate, ramp 0ms)"),
    ("at: 0s, state: {action: loud}", "calm"),
    ("at: 0s, music: {meter: 2+2}", "4"),
    ("at: 1.52s, change: {layer: action, to: calm}", "calm -> fight (immediate, ramp 0ms)"),
    ("at: 1.52s, change: {layer: action, ramp: 1s}", "calm -> fight (immediate, ramp 0ms)"),
    ("at: 1.52s, change: {layer: action, fade_in: 1s}", "calm -> fight (immediate, ramp 0ms)"),
    ("at: 1.52s, change: {layer: action, fade_out: 1s}", "calm -> fight (immediate, ramp 0ms)"),
    ("at: 1.52s, change: {layer: action, because: count}", "calm -> fight (immediate, ramp 0ms)"),
    ("at: 1.52s, change: {layer: action, kind: withdrawn}", "calm -> fight (immediate, ramp 0ms)"),
    (
        "between: [1s, 2s], change: {layer: action}, on: bar",
        "in no frame; at 0:01.52, which comes closest: no bar line",
    ),
    ("at: 2.44s, stinger: {cheer: started}", "no stinger"),
    ("at: 3s, stinger: {cheer: started}", "dropped"),
    ("at: 1s, receipt: refused", "accepted"),
    ("at: 1.04s, receipt: accepted", "no event"),
    ("at: 0.04s, on: bar", "no bar line"),
    ("at: 0s, bar: 2", "1"),
    ("at: 0s, warning: empty_mix", "no warning"),
]


@pytest.mark.parametrize("item", HOLDS)
def test_holds(item: str, tmp_path: Path) -> None:
    assert outcome(tmp_path, item).failures == ()


@pytest.mark.parametrize(("item", "came"), FAILS)
def test_fails_and_shows_what_came(item: str, came: str, tmp_path: Path) -> None:
    (failure,) = outcome(tmp_path, item).failures
    assert failure.came == came
    assert failure.mark.line == 8


def test_all_of_an_item_holds_in_one_frame(tmp_path: Path) -> None:
    # Both come between 0 and 4 s, never together.
    assert not outcome(tmp_path, "between: [0s, 4s], state: {action: calm}, pending: {place: cave}").passed


def test_every_broken_item_is_reported(tmp_path: Path) -> None:
    result = outcome(tmp_path, "at: 0s, bar: 2", "at: 0s, bar: 1", "at: 0s, state: {place: cave}")
    assert [failure.mark.line for failure in result.failures] == [8, 10]


# The siren comes in 200 ms and lasts for 8 bars of 2 s, then the drone for as long, and so on.
TURNS = """segue: 1
music: {tempo: 120bpm, meter: 4}
inputs: {hit: {type: trigger}}
styles: {siren: {text: alarm}, drone: {text: drone}}
layers:
  alarm:
    states:
      on:
        default: true
        playlist: {pieces: {siren: {mix: {siren: 1}, for: 8 bars}, drone: {mix: {drone: 1}, for: 8 bars}}}
transitions:
  - {from: any, to: any, at: bar, fade_out: 2s, fade_in: 200ms}
"""


def played(tmp_path: Path, item: str, events: str = "[]") -> tuple[RuleTestResult, int]:
    """Run a test of TURNS; also how many frames it plays."""

    class Counting(Director):
        frames = 0

        def spans(self, state: DirectorState, until: int) -> Iterator[Span]:
            for span in super().spans(state, until):
                self.frames = span.plan.frame + span.frames
                yield span

    path = tmp_path / "turns.test.yaml"
    path.write_text(f"rules: turns.yaml\ntests: [{{name: t, events: {events}, expect: [{{{item}}}]}}]\n")
    (tmp_path / "turns.yaml").write_text(TURNS)
    file = load_tests(path)
    director = Counting(file.rules)
    return run_test(director, file.tests[0]), director.frames


def test_a_change_is_expected_with_its_fades(tmp_path: Path) -> None:
    change = "change: {layer: alarm, to: on/drone, ramp: 2s, fade_out: 2s, fade_in: 200ms}"
    assert played(tmp_path, f"at: 16s, {change}")[0].passed
    (failure,) = played(tmp_path, "at: 16s, change: {layer: alarm, fade_in: 2s}")[0].failures
    assert failure.expected == "at 16s  change of alarm started fade_in 2s"
    assert failure.came == "on/siren -> on/drone (at bar, fade out 2s, in 200ms, waited 4s)"


@pytest.mark.parametrize(
    ("item", "passes", "least", "most"),
    [
        # What happens within a second after the last answer is shown beside a failure.
        ("between: [0s, 1h], state: {alarm: on/drone}", True, 400, 450),
        ("never: [0s, 1h], state: {alarm: on/drone}", False, 400, 450),
        ("during: [0s, 1h], state: {alarm: on/siren}", False, 400, 450),
        ("at: 0s, state: {alarm: on/drone}", False, 1, 1),
        ("during: [0s, 60s], state: {alarm: [on/siren, on/drone]}", True, 1501, 1501),
        ("never: [0s, 60s], warning: empty_mix", True, 1501, 1501),
        ("between: [0s, 60s], bar: 99", False, 1501, 1501),
    ],
)
def test_it_is_played_until_all_is_decided(tmp_path: Path, item: str, passes: bool, least: int, most: int) -> None:
    result, frames = played(tmp_path, item)
    assert result.passed == passes
    assert least <= frames <= most


def test_every_event_is_sent_though_all_is_decided(tmp_path: Path) -> None:
    events = "[{at: 1s, fire: hit}, {at: 40s, set: {hti: true}}]"
    (failure,) = played(tmp_path, "between: [0s, 60s], receipt: accepted", events)[0].failures
    assert failure.expected == "an accepted event"
    assert failure.frame == 1000


def test_an_unexpected_refusal_fails(tmp_path: Path) -> None:
    story = "[{at: 1s, set: {thret: 1}}, {at: 7s, set: {moon: 1}}]"
    (failure,) = outcome(tmp_path, "at: 0s, bar: 1", events=story).failures
    assert failure.expected == "an accepted event"
    assert failure.came.startswith("unknown_input")
    assert failure.frame == 25


def test_beats_are_found_in_frames_that_only_repeat_a_plan(tmp_path: Path) -> None:
    # Nothing at all happens between the events at 5 s and 7 s but time.
    assert outcome(tmp_path, "between: [5.6s, 6.4s], on: bar").passed
    assert not outcome(tmp_path, "during: [5.6s, 6.4s], on: bar").passed
