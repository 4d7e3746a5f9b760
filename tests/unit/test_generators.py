"""The registry of generators: what it says of each is what the generator does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from segue.audio.files import write_audio
from segue.cli.main import main
from segue.contract import GeneratorError
from segue.extras import install_advice
from segue.generators import GENERATORS, PLAYABLE, BuildOptions, GeneratorSpec, build
from segue.model.generator import OBEYED
from segue.model.parts import NoiseEncoder
from segue.model_files import MODELS


def test_a_generator_is_built_by_its_name() -> None:
    for name in PLAYABLE:
        spec = GENERATORS[name]
        # Others need files that do not come with Segue.
        if not spec.model:
            first = build(name).generators[0]
            assert first.name == name
            assert (first.controls, first.exact_beats) == (spec.controls, spec.exact_beats)
            assert spec.problems() == []


def test_the_language_model_says_what_it_lacks() -> None:
    spec = GENERATORS["language-model"]
    assert spec.controls == OBEYED
    assert "language-model" not in PLAYABLE
    with pytest.raises(
        GeneratorError, match="generator 'language-model' cannot play: has no trained weights and no codec"
    ):
        build("language-model")


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(
        ValueError,
        match="generator: expected one of score, mrt2_small, mrt2_base, mrt1_base, mrt1_large, got 'orchestra'",
    ):
        build("orchestra")


def test_missing_extras_and_files_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.extras.find_spec", lambda name: None)
    spec = GeneratorSpec(name="x", summary="", controls=frozenset(), extra="models", files=("nowhere.sf3",))
    extra, file = spec.problems()
    assert extra == f"the packages jax and jaxtyping are missing; {install_advice('models')}"
    assert file.startswith("lacks the file ")


@pytest.mark.parametrize("name", ["mrt2_small", "mrt2_base"])
def test_a_model_without_its_files_says_which_and_how_to_get_them(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAGENTA_HOME", str(tmp_path))
    monkeypatch.setattr("segue.extras.find_spec", lambda name: name)
    (problem,) = GENERATORS[name].problems()
    folder = tmp_path / "magenta-rt-v2"
    assert problem == (
        f"lacks checkpoints/{name}.safetensors, resources/musiccoca/spm.model, "
        "resources/musiccoca/text_encoder.tflite, resources/musiccoca/mapper.tflite, "
        f"resources/musiccoca/pretrained_vector_quantizer.tflite in {folder}; run 'segue models fetch {name}', "
        f"or with Google's tool 'mrt models init' and 'mrt checkpoints download {name}'; "
        "'--weights random' plays noise without any file"
    )
    assert GENERATORS[name].problems("random", continues=True) == []
    (to_continue,) = GENERATORS[name].problems(continues=True)
    assert "quantizer.tflite, resources/spectrostream/encoder.safetensors in " in to_continue
    with pytest.raises(GeneratorError, match=f"generator '{name}' cannot play: lacks checkpoints/{name}"):
        build(name)
    for file in MODELS[name]:
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / file.path).write_bytes(b"")
    assert GENERATORS[name].problems() == []
    (elsewhere,) = GENERATORS[name].problems("nowhere.safetensors")
    expected = "weights: expected random or a file of weights, got "
    assert elsewhere == f"{expected}'nowhere.safetensors', which does not exist"
    (a_folder,) = GENERATORS[name].problems(str(tmp_path))
    assert a_folder == f"{expected}{str(tmp_path)!r}, a folder"
    monkeypatch.setenv("MAGENTA_HOME", str(folder / MODELS[name][0].path))
    (no_folder,) = GENERATORS[name].problems()
    assert no_folder == f"MAGENTA_HOME: expected a folder, got the file {folder / MODELS[name][0].path}"


def test_the_first_model_lacks_its_archive_and_the_codec_of_the_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAGENTA_HOME", str(tmp_path))
    monkeypatch.setattr("segue.extras.find_spec", lambda name: name)
    (problem,) = GENERATORS["mrt1_base"].problems()
    assert problem == (
        "lacks checkpoints/llm_base_x4286_c1860k.tar, checkpoints/mrt2_small.safetensors, "
        "resources/musiccoca/spm.model, resources/musiccoca/text_encoder.tflite, resources/musiccoca/mapper.tflite, "
        f"resources/musiccoca/pretrained_vector_quantizer.tflite in {tmp_path / 'magenta-rt-v2'}; run "
        "'segue models fetch mrt1_base'; '--weights random' plays noise without any file"
    )
    assert GENERATORS["mrt1_large"].problems("random", continues=True) == []


def test_made_up_weights_need_no_style_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.extras.find_spec", lambda name: name if name.startswith("jax") else None)
    (problem, _) = GENERATORS["mrt2_small"].problems()
    assert (
        problem
        == f"the packages ai_edge_litert and sentencepiece and huggingface_hub are missing; {install_advice('mrt2')}"
    )
    assert GENERATORS["mrt2_small"].problems("random") == []


def test_the_composer_takes_no_weights() -> None:
    with pytest.raises(
        GeneratorError, match="it takes no weights, got 'random'; mrt2_small, mrt2_base, mrt1_base, mrt1_large do"
    ):
        build("score", BuildOptions(weights="random"))


def test_the_composer_continues_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "theme.wav"
    with pytest.raises(GeneratorError, match=r"it continues no recording, got '.*theme\.wav'; mrt2_small"):
        build("score", BuildOptions(continue_from=path))


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (None, "theme.wav: expected a sound file, found nothing"),
        (1_919, "theme.wav: expected at least 40 ms of sound, got less"),
    ],
)
def test_a_recording_that_cannot_be_continued_is_refused(samples: int | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "theme.wav"
    if samples is not None:
        write_audio(path, np.full((samples, 2), 0.1, np.float32))
    with pytest.raises(GeneratorError, match=f"^recording to continue: .*{message}$"):
        build("mrt2_small", BuildOptions(weights="random", continue_from=path))


@pytest.mark.parametrize(("name", "module"), [("mrt2_small", "mrt2_parts"), ("mrt1_base", "mrt1.parts")])
def test_made_up_weights_are_called_noise_and_the_composer_stands_by(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing is played, so names are enough.
    made = SimpleNamespace(encoder=NoiseEncoder(20), generator=SimpleNamespace(name="tiny"))
    monkeypatch.setattr(f"segue.model.{module}.noise_model", lambda name, *, recording: made)
    chain = build(name, BuildOptions(weights="random"))
    assert [encoder.name for encoder in chain.encoders] == ["noise", "words"]
    assert [generator.name for generator in chain.generators] == ["tiny", "score"]
    assert chain.warnings == ["tiny has made-up weights: it plays noise, not music"]


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
