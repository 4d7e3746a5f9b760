"""`segue models` for Magenta RealTime 1: two repositories, archives that are checked unread, and conversion."""

from __future__ import annotations

import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from segue.cli.main import main
from segue.model.mrt1 import config as mrt1_config
from segue.model.mrt1.config import MRT1_TINY
from segue.model.mrt1.weights import count, random_weights
from segue.model_files import FIRST_REPOSITORY, MODELS, REPOSITORY
from unit.model.t5x_files import archived, write_checkpoint

ARCHIVE = "checkpoints/llm_base_x4286_c1860k.tar"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty models' folder, in a place where the base model is a reduced one and all extras are there."""
    monkeypatch.setenv("MAGENTA_HOME", str(tmp_path))
    monkeypatch.setattr("segue.extras.find_spec", lambda name: name)
    monkeypatch.setitem(mrt1_config.MRT1_CONFIGS, "mrt1_base", replace(MRT1_TINY, name="mrt1_base"))
    return tmp_path / "magenta-rt-v2"


def write(target: Path) -> Path:
    """Write an archive as it is published, at reduced size."""
    target.parent.mkdir(parents=True, exist_ok=True)
    made = write_checkpoint(target.with_suffix(".folder"), random_weights(MRT1_TINY, 3), most=1_000)
    return archived(made).rename(target)


class Hub(types.ModuleType):
    """A stand-in for huggingface_hub."""

    def __init__(self) -> None:
        super().__init__("huggingface_hub")
        self.asked: dict[str, str] = {}

    def hf_hub_download(self, *, repo_id: str, filename: str, local_dir: Path) -> None:
        self.asked[filename] = repo_id
        target = local_dir / filename
        if filename.endswith(".tar"):
            write(target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(b"\x1c\0\0\0TFL3" if filename.endswith(".tflite") else b"\n\x0e")


def test_the_language_model_is_fetched_from_the_first_repository_and_the_rest_from_the_second(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = Hub()
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert main(["models", "fetch", "mrt1_base"]) == 0
    assert hub.asked.pop(ARCHIVE) == FIRST_REPOSITORY
    assert set(hub.asked) == {file.path for file in MODELS["mrt1_base"][1:]}
    assert set(hub.asked.values()) == {REPOSITORY}
    assert "checkpoints/mrt2_small.safetensors" in hub.asked
    printed = capsys.readouterr().out
    assert f"published as {FIRST_REPOSITORY}, by its page under CC-BY-4.0" in printed
    assert f"ok       {ARCHIVE}  sha256 " in printed


def test_an_archive_of_another_model_is_refused_with_every_tensor(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "checkpoints").mkdir(parents=True)
    wrong = write_checkpoint(
        folder / "wrong", {"encoder/encoder_norm/scale": random_weights(MRT1_TINY, 3)["encoder/encoder_norm/scale"]}
    )
    archived(wrong).rename(folder / ARCHIVE)
    assert main(["models", "verify", "mrt1_base"]) == 1
    first, *lines = capsys.readouterr().err.splitlines()
    assert first == f"{folder / ARCHIVE} is not a mrt1_base checkpoint:"
    assert "target/token_embedder/embedding: expected shape (128, 24), missing" in lines


def test_an_archive_is_converted(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / ARCHIVE)
    target = tmp_path / "base.safetensors"
    assert main(["models", "convert", "mrt1_base", "-o", str(target)]) == 0
    assert capsys.readouterr().out == (
        f"wrote {target}: {count(MRT1_TINY):,} numbers; play it with '--generator mrt1_base --weights {target}'\n"
    )
    assert len(load_file(target)) == len(random_weights(MRT1_TINY, 3))
    again = tmp_path / "again.safetensors"
    assert main(["models", "convert", "mrt1_base", "--source", str(target), "-o", str(again)]) == 0
    assert again.read_bytes() == target.read_bytes()


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("base.npz", "--output: expected a name that ends in .safetensors, got 'base.npz'"),
        (
            "base.safetensors",
            "{archive}: is not there; run 'segue models fetch mrt1_base', or name a checkpoint by --source",
        ),
    ],
)
def test_what_cannot_be_converted_ends_with_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], output: str, message: str
) -> None:
    assert main(["models", "convert", "mrt1_base", "-o", output]) == 2
    assert capsys.readouterr().err == message.format(archive=folder / ARCHIVE) + "\n"


def test_the_second_model_needs_no_conversion(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["models", "convert", "mrt2_small", "-o", "x.safetensors"])
    assert "invalid choice: 'mrt2_small'" in capsys.readouterr().err
