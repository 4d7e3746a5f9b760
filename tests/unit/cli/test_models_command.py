"""`segue models`: where files are looked for, what is missing, what is damaged, and how they are fetched."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from segue import model_store
from segue.cli.main import main
from segue.model import checkpoint, mrt2_parts
from segue.model.config import MRT2_TINY
from segue.model.spectrostream.checkpoint import write_decoder
from segue.model.spectrostream.config import SPECTROSTREAM_TINY
from segue.model.spectrostream.weights import random_decoder
from segue.model.weights import random_weights
from segue.model_files import MODELS, REPOSITORY, ModelFile, models_folder

TFLITE = b"\x1c\0\0\0TFL3" + bytes(40)
SENTENCEPIECE = b"\n\x0e\n\x05<unk>" + bytes(8)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty models' folder, in a place where the small model is a reduced one and all extras are there."""
    monkeypatch.setenv("MAGENTA_HOME", str(tmp_path))
    monkeypatch.setattr("segue.extras.find_spec", lambda name: name)
    tiny = replace(MRT2_TINY, name="mrt2_small")
    monkeypatch.setattr(mrt2_parts, "CONFIGS", {"mrt2_small": tiny, "mrt2_base": tiny})
    monkeypatch.setattr(mrt2_parts.check_weights, "__defaults__", (SPECTROSTREAM_TINY,))
    return tmp_path / "magenta-rt-v2"


def write(path: str, folder: Path) -> None:
    """Write a file as it is published, at reduced size."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.endswith(".safetensors"):
        decoder = target.with_suffix(".decoder")
        checkpoint.write(target, MRT2_TINY, random_weights(MRT2_TINY, 3))
        write_decoder(decoder, random_decoder(SPECTROSTREAM_TINY, 3))
        save_file({**load_file(target), **load_file(decoder)}, target)
        decoder.unlink()
    else:
        target.write_bytes(TFLITE if path.endswith(".tflite") else SENTENCEPIECE)


def written(folder: Path, name: str = "mrt2_small") -> Path:
    for file in MODELS[name]:
        write(file.path, folder)
    return folder / MODELS[name][0].path


def test_the_folder_is_that_of_google_s_tool(tmp_path: Path) -> None:
    assert models_folder({"MAGENTA_HOME": str(tmp_path)}) == tmp_path / "magenta-rt-v2"
    assert models_folder({}) == Path.home() / "Documents" / "Magenta" / "magenta-rt-v2"


def test_paths_are_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "path"]) == 0
    assert main(["models", "path", "mrt2_base"]) == 0
    assert capsys.readouterr().out.splitlines() == [str(folder), str(folder / "checkpoints/mrt2_base.safetensors")]


def test_the_list_says_what_is_there_and_the_licence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("resources/musiccoca/spm.model", folder)
    (folder / "resources/musiccoca/spm.model").write_bytes(bytes(3 << 19))
    assert main(["models", "list"]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[0].startswith(str(folder))
    assert printed.count("    missing  checkpoints/mrt2_small.safetensors  language model and decoder") == 1
    assert "    1.5 MiB  resources/musiccoca/spm.model  MusicCoCa's words" in printed
    assert "music_encoder.tflite  MusicCoCa: spectra to embeddings, for audio prompts (not needed to play)" in printed
    assert f"published by Google as {REPOSITORY} on Hugging Face" in printed
    assert "could not see it" in printed


@pytest.mark.parametrize(
    ("choice", "compiler", "said"),
    [
        ("", "/bin/c++", "integer kernels, compiled by /bin/c++ when first used"),
        ("float32", "/bin/c++", "float32 by XLA, as SEGUE_ARITHMETIC says"),
        ("auto", None, "float32 by XLA: no C++ compiler is found for the integer kernels"),
        ("int4", "/bin/c++", "SEGUE_ARITHMETIC: expected one of auto, integer, float32, got 'int4'"),
    ],
)
def test_the_list_says_what_computes_them(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    choice: str,
    compiler: str | None,
    said: str,
) -> None:
    monkeypatch.setenv("SEGUE_ARITHMETIC", choice)
    monkeypatch.setattr("segue.model.native.compiler.find_compiler", lambda: compiler)
    assert main(["models", "list"]) == 0
    expected = f"They are computed with {said} (SEGUE_ARITHMETIC chooses: auto, integer or float32)."
    assert expected in capsys.readouterr().out.splitlines()


def test_hashes_are_kept_at_the_first_verification_and_compared_later(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(folder)
    assert main(["models", "verify", "mrt2_small"]) == 0
    first = capsys.readouterr().out.splitlines()
    assert len(first) == len(MODELS["mrt2_small"])
    assert all(line.startswith("ok ") and line.endswith("first verification: its hash is kept") for line in first)
    kept = json.loads((folder / model_store.HASHES).read_text("utf-8"))
    assert set(kept) == {file.path for file in MODELS["mrt2_small"]}
    assert main(["models", "verify"]) == 0
    again = capsys.readouterr().out.splitlines()
    assert [line.removesuffix("; first verification: its hash is kept") for line in first] == again
    changed = folder / "resources/musiccoca/mapper.tflite"
    changed.write_bytes(TFLITE + b"!")
    assert main(["models", "verify", "mrt2_small"]) == 1
    (problem,) = capsys.readouterr().err.splitlines()
    assert problem.startswith(f"{changed}: expected the SHA-256 {kept['resources/musiccoca/mapper.tflite']}")
    assert json.loads((folder / model_store.HASHES).read_text("utf-8")) == kept


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def _pointer(path: Path) -> None:
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n")


def _other_model(path: Path) -> None:
    tensors = load_file(path)
    name = next(iter(tensors))
    save_file({**tensors, name: tensors[name][:-1].copy()}, path)


@pytest.mark.parametrize(
    ("file", "damage", "text"),
    [
        (0, _cut, "expected a whole safetensors file"),
        (0, _pointer, "expected a whole safetensors file"),
        (0, _other_model, "checkpoint:"),
        (1, _pointer, "expected a SentencePiece model, got a file that begins with b'version '"),
        (2, _pointer, "expected a TFLite model, got a file that begins with b'version '"),
    ],
)
def test_damaged_files_are_refused_by_name(
    folder: Path, file: int, damage: Callable[[Path], None], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    written(folder)
    path = folder / MODELS["mrt2_small"][file].path
    damage(path)
    assert main(["models", "verify", "mrt2_small"]) == 1
    first = capsys.readouterr().err.splitlines()[0]
    assert first.startswith(str(path))
    assert text in first
    assert MODELS["mrt2_small"][file].path not in json.loads((folder / model_store.HASHES).read_text("utf-8"))


def test_missing_files_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "verify"]) == 1
    assert capsys.readouterr().err == (
        f"no model is in {folder}; run 'segue models fetch NAME' for one of {', '.join(MODELS)}\n"
    )
    written(folder)
    (folder / "resources/musiccoca/mapper.tflite").unlink()
    (folder / "resources/musiccoca/music_encoder.tflite").unlink()
    assert main(["models", "verify"]) == 1
    printed = capsys.readouterr()
    mapper = folder / "resources/musiccoca/mapper.tflite"
    assert printed.err == f"{mapper}: is not there; run 'segue models fetch mrt2_small'\n"
    optional = "optional (MusicCoCa: spectra to embeddings, for audio prompts)"
    assert f"music_encoder.tflite: is not there; {optional}" in printed.out


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}', "\xff"])
def test_a_damaged_file_of_hashes_is_named(folder: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    written(folder)
    (folder / model_store.HASHES).write_bytes(content.encode("latin-1"))
    assert main(["models", "verify"]) == 2
    assert capsys.readouterr().err.startswith(f"{folder / model_store.HASHES}: expected ")


class Hub(types.ModuleType):
    """A stand-in for huggingface_hub that breaks off at the given file."""

    def __init__(self, breaks_at: str = "") -> None:
        super().__init__("huggingface_hub")
        self.breaks_at = breaks_at
        self.asked: list[str] = []

    def hf_hub_download(self, *, repo_id: str, filename: str, local_dir: Path) -> None:
        assert repo_id == REPOSITORY
        self.asked.append(filename)
        if filename == self.breaks_at:
            raise RuntimeError("the connection broke off")
        write(filename, local_dir)


def test_fetching_brings_what_is_missing_and_verifies_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = Hub(breaks_at="resources/musiccoca/mapper.tflite")
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert main(["models", "fetch", "mrt2_small"]) == 1
    error = capsys.readouterr().err.splitlines()
    assert error[0] == f"cannot fetch from {REPOSITORY}: RuntimeError: the connection broke off"
    assert error[1].startswith("run the command again to go on where it broke off")
    paths = [file.path for file in MODELS["mrt2_small"]]
    assert hub.asked == paths[:4]
    again = Hub()
    monkeypatch.setitem(sys.modules, "huggingface_hub", again)
    assert main(["models", "fetch", "mrt2_small"]) == 0
    assert again.asked == paths[3:]
    printed = capsys.readouterr().out
    assert f"published by Google as {REPOSITORY}" in printed
    assert printed.count("\nok ") == len(paths)


class _RefusedError(OSError):
    """As huggingface_hub refuses access: an OSError without a number."""


def test_a_refused_access_is_told_with_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(file: ModelFile, folder: Path) -> None:
        raise _RefusedError("403: the licence was not accepted")

    monkeypatch.setattr(model_store, "from_hub", refuse)
    assert main(["models", "fetch", "mrt2_small"]) == 1
    error, advice = capsys.readouterr().err.splitlines()
    assert error == f"cannot fetch from {REPOSITORY}: _RefusedError: 403: the licence was not accepted"
    assert "accept the licence on the model's page" in advice


def test_a_disk_that_refuses_is_named_as_such(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(file: ModelFile, folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder / file.path))

    monkeypatch.setattr(model_store, "from_hub", refuse)
    assert main(["models", "fetch", "mrt2_small"]) == 2
    assert capsys.readouterr().err == f"{folder / MODELS['mrt2_small'][0].path}: Permission denied\n"


@pytest.mark.parametrize("action", [["list"], ["path"], ["verify"], ["fetch", "mrt2_small"]])
def test_a_file_in_place_of_the_folder_is_named(
    folder: Path, action: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.write_text("x")
    assert main(["models", *action]) == 2
    assert capsys.readouterr().err == f"segue models {action[0]}: expected a folder, got the file {folder}\n"
    monkeypatch.setenv("MAGENTA_HOME", str(folder))
    assert main(["models", *action]) == 2
    problem = f"MAGENTA_HOME: expected a folder, got the file {folder}"
    assert capsys.readouterr().err == f"segue models {action[0]}: {problem}\n"


def test_without_the_packages_nothing_is_fetched(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("segue.extras.find_spec", lambda name: None if name == "huggingface_hub" else name)
    assert main(["models", "fetch", "mrt2_small"]) == 2
    assert capsys.readouterr().err.startswith("segue models fetch: the package huggingface_hub is missing; install")
    assert not folder.exists()
