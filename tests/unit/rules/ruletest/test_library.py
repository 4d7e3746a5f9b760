"""The rule tests of the library and the cookbook pass, and the cookbook page shows the lines of its files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import soundfile

from segue.cli.tempos import with_read_tempos
from segue_rules.analysis import analyse
from segue_rules.director import Director
from segue_rules.loading import load, load_events
from segue_rules.ruletest import coverage, failure_lines, load_tests, run_test

RULES = Path(__file__).parents[4] / "rules"
TEST_FILES = sorted([*RULES.glob("library/*/*.test.yaml"), *RULES.glob("cookbook/*.test.yaml")])
RULE_FILES = [path.with_name(path.name.replace(".test", "")) for path in TEST_FILES]
COOKBOOK = (RULES / "COOKBOOK.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"<!-- (\S+) -->\n```yaml\n(.*?)```", COOKBOOK, re.DOTALL)


def name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", TEST_FILES, ids=name)
def test_rule_tests_pass_and_reach_every_state_row_and_stinger(path: Path) -> None:
    file = load_tests(path)
    director = Director(with_read_tempos(file.rules))
    results = [run_test(director, test) for test in file.tests]
    assert [line for result in results for line in failure_lines(result)] == []
    assert coverage(file.rules, frozenset(key for result in results for key in result.reached)).missed == ()


@pytest.mark.parametrize("path", RULE_FILES, ids=name)
def test_rule_files_load_without_warnings(path: Path) -> None:
    assert load(path).warnings == ()


@pytest.mark.parametrize("path", [path for path in RULE_FILES if path.parent.name != "cookbook"], ids=name)
def test_the_library_has_no_doubts(path: Path) -> None:
    assert analyse(load(path)) == ()


def test_the_library_has_four_soundtracks() -> None:
    folders = [path.parent.name for path in TEST_FILES]
    assert sorted(set(folders) - {"cookbook"}) == ["emberwood", "highwall", "nightwatch", "redline"]


@pytest.mark.parametrize("folder", ["emberwood", "highwall", "nightwatch", "redline"])
def test_stories_last_a_minute_and_a_half_to_two_and_a_half(folder: str) -> None:
    path = RULES / "library" / folder / f"{folder}.events.yaml"
    events = load_events(path, load(path.with_name(f"{folder}.yaml")))
    assert 90 <= events[-1].at_s <= 150


@pytest.mark.parametrize(("file", "snippet"), SNIPPETS)
def test_the_cookbook_shows_what_the_files_hold(file: str, snippet: str) -> None:
    assert snippet in (RULES / file).read_text(encoding="utf-8")


def test_every_recipe_is_on_the_page() -> None:
    shown = {file for file, _ in SNIPPETS}
    recipes = {f"cookbook/{path.name}" for path in RULE_FILES if path.parent.name == "cookbook"}
    assert shown == recipes
    numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", COOKBOOK, re.MULTILINE)]
    assert numbers == list(range(1, len(recipes) + 1))
    assert [int(number) for number in re.findall(r"^(\d+)\. \[", COOKBOOK, re.MULTILINE)] == numbers


def test_the_stings_are_small_and_readable() -> None:
    for path in sorted(RULES.glob("library/*/stings/*.ogg")):
        assert path.stat().st_size <= 200_000
        info = soundfile.info(path)
        assert (info.samplerate, info.channels) == (48_000, 2)
        assert 1.0 <= info.duration <= 5.0


def test_the_recordings_are_small_and_longer_than_their_clips() -> None:
    paths = sorted(RULES.glob("library/*/recordings/*.ogg"))
    clips = load(RULES / "library" / "highwall" / "highwall.yaml").clips
    assert {path.resolve() for path in paths} == {clip.audio.resolve() for clip in clips}
    assert sum(path.stat().st_size for path in paths) <= 2_000_000
    for clip in clips:
        info = soundfile.info(clip.audio)
        assert (info.samplerate, info.channels) == (48_000, 2)
        assert info.frames >= int(clip.parts)
