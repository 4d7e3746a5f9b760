"""Which rule files a service is given: by name, by file, by folder."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

from segue.audio.files import MAX_BYTES
from segue.service.rule_files import contents_digest, mentioned
from segue.service.settings.configuration import ConfigError, ServiceConfig, add_arguments, configure

RULES = "segue: 1\nlayers: {a: {states: {b: {default: true}}}}\n"


def run(*flags: str) -> tuple[ServiceConfig, list[str]]:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return configure(parser.parse_args(flags), {})


def refused(*flags: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        run(*flags)
    return list(caught.value.problems)


@pytest.fixture(autouse=True)
def music(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with two soundtracks, one of which includes a file, and with other files."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "music"
    (folder / "forest" / "regions").mkdir(parents=True)
    (folder / ".old").mkdir()
    (folder / "town.yaml").write_text(RULES, encoding="utf-8")
    (folder / "forest" / "forest.yml").write_text(RULES + "include: [regions/crypt.yaml]\n", encoding="utf-8")
    for name in ("forest/regions/crypt.yaml", "town.test.yaml", "town.events.yaml", ".old/town.yaml", "notes.txt"):
        (folder / name).write_text(RULES, encoding="utf-8")
    return folder


def test_a_folder_serves_its_rule_files_without_includes_tests_and_events() -> None:
    config, warnings = run("music")
    assert config.rules == {"forest": Path("music/forest/forest.yml"), "town": Path("music/town.yaml")}
    assert config.default_rules == "forest"
    assert warnings == []


def test_a_file_is_served_under_its_own_name_or_the_given_one() -> None:
    config, _ = run("music/town.yaml", "wood=music/forest/forest.yml", "--default-rules", "wood")
    assert config.rules == {"town": Path("music/town.yaml"), "wood": Path("music/forest/forest.yml")}
    assert config.default_rules == "wood"


def test_paths_in_the_configuration_file_are_relative_to_its_folder(music: Path) -> None:
    (music / "service.yaml").write_text("rules: {town: town.yaml, a: forest/forest.yml}\n", encoding="utf-8")
    config, _ = run("--config", "music/service.yaml")
    assert config.rules == {"town": Path("music/town.yaml"), "a": Path("music/forest/forest.yml")}
    (music / "service.yaml").write_text("rules: [forest]\n", encoding="utf-8")
    assert run("--config", "music/service.yaml")[0].rules == {"forest": Path("music/forest/forest.yml")}


def test_other_yaml_in_a_folder_is_skipped_and_broken_rules_are_not(music: Path) -> None:
    (music / "service.yaml").write_text("bind: tcp://127.0.0.1:1\n", encoding="utf-8")
    (music / "broken.yaml").write_text("segue: [", encoding="utf-8")
    config, warnings = run("music")
    assert set(config.rules) == {"forest", "town", "broken"}
    assert warnings == ["music/service.yaml: not a rule file (it has no field 'segue'); skipped"]


def test_mistakes(music: Path) -> None:
    (music / "empty").mkdir()
    (music / "forest" / "town.yaml").write_text(RULES, encoding="utf-8")
    assert refused("nowhere.yaml", "music/empty", "x=music", "Big=music/town.yaml", "--default-rules", "town") == [
        "RULES…: expected a rule file or a folder, but there is no 'Big=music/town.yaml'",
        "RULES…: expected a rule file or a folder, but there is no 'nowhere.yaml'",
        "RULES…: expected one rule file to be named 'x', got a folder",
        "RULES…: expected rule files (.yaml) in 'music/empty', got none",
    ]
    assert refused("music/town.yaml", "--default-rules", "twon") == [
        "--default-rules: unknown rules 'twon'; did you mean 'town'?"
    ]
    assert refused("music") == [
        "RULES…: expected a name for each rule file, got 'town' for music/forest/town.yaml and for music/town.yaml; "
        "name one of them, as in other=music/town.yaml"
    ]


def test_files_named_in_a_rule_file_are_found_even_if_they_are_missing(music: Path) -> None:
    main = music / "forest" / "forest.yml"
    main.write_text(
        "include: [regions/crypt.yaml, regions/none.yaml]\nstyles: {a: {audio: a.wav}, b: {blend: [{audio: b.wav}]}}\n"
        "stingers: {c: {trigger: x, audio: sub/c.wav}}\nthemes: {hero: {midi: hero.mid}}\n",
        encoding="utf-8",
    )
    (music / "forest" / "regions" / "crypt.yaml").write_text(
        "include: [deep.yaml, ../forest.yml]\nstyles: {d: {audio: d.wav}}\n", encoding="utf-8"
    )
    home = main.parent.resolve()
    found = mentioned(main)
    assert set(found.includes) == {
        home / "regions" / "crypt.yaml",
        home / "regions" / "none.yaml",
        home / "regions" / "deep.yaml",
        main.resolve(),
    }
    sounds = {home / "a.wav", home / "b.wav", home / "sub" / "c.wav", home / "regions" / "d.wav", home / "hero.mid"}
    assert {path.resolve() for path in found.reached} == {*found.includes, *sounds}


def test_a_file_larger_than_any_that_is_loaded_is_not_read(tmp_path: Path) -> None:
    huge, missing = tmp_path / "huge.wav", tmp_path / "missing.wav"
    with huge.open("wb") as file:
        # A file with a hole: reading a hundred gigabytes of it would take minutes.
        file.truncate(100 << 30)
    assert contents_digest([huge]) == contents_digest([missing])
    with huge.open("wb") as file:
        file.truncate(MAX_BYTES)
    assert contents_digest([huge]) != contents_digest([missing])


@pytest.mark.skipif(os.name != "posix", reason="Windows has no named pipes in folders")
def test_a_file_that_becomes_a_pipe_before_it_is_opened_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "a.yaml"
    os.mkfifo(pipe)
    # As long as it was looked at, it was a file.
    monkeypatch.setattr(Path, "is_file", lambda self: True)
    assert contents_digest([pipe]) == contents_digest([tmp_path / "missing.yaml"])
