"""The registry of generators: what it says of each is what the generator does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from segue.cli.main import main
from segue.contract import GeneratorError
from segue.extras import install_advice
from segue.generators import GENERATORS, PLAYABLE, GeneratorSpec, build
from segue.model.generator import OBEYED


def test_a_generator_is_built_by_its_name() -> None:
    for name in PLAYABLE:
        first = build(name).generators[0]
        assert first.name == name
        assert first.controls == GENERATORS[name].controls
        assert GENERATORS[name].problems() == []


def test_the_language_model_says_what_it_lacks() -> None:
    spec = GENERATORS["language-model"]
    assert spec.controls == OBEYED
    assert "language-model" not in PLAYABLE
    with pytest.raises(
        GeneratorError, match="generator 'language-model' cannot play: has no trained weights and no codec"
    ):
        build("language-model")


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ValueError, match="generator: expected one of score, got 'orchestra'"):
        build("orchestra")


def test_missing_extras_and_files_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.extras.find_spec", lambda name: None)
    spec = GeneratorSpec(name="x", summary="", controls=frozenset(), extra="models", files=("nowhere.sf3",))
    extra, file = spec.problems()
    assert extra == f"the packages jax and jaxtyping are missing; {install_advice('models')}"
    assert file.startswith("lacks the file ")


@pytest.mark.parametrize(
    "command",
    [["preview", "song.yaml", "-o", "song.wav"], ["serve", "song.yaml"], ["bench", "reaction"], ["bench", "service"]],
    ids=" ".join,
)
def test_a_command_without_a_file_of_its_generator_ends_with_one_line(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("segue.generators.GENERATORS", {"score": replace(GENERATORS["score"], files=("nowhere.sf3",))})
    monkeypatch.chdir(tmp_path)
    rules = "segue: 1\nstyles: {a: {text: calm}}\nlayers: {l: {states: {s: {default: true, mix: {a: 1}}}}}\n"
    (tmp_path / "song.yaml").write_text(rules, "utf-8")
    assert main(command) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "generator 'score' cannot play: lacks the file " in line
    assert not (tmp_path / "song.wav").exists()
