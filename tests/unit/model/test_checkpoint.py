"""Weight files: the released layout is read and written, and every error names its tensor."""

from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from segue.model.checkpoint import PREFIX, CheckpointError, lazy, read, write
from segue.model.config import MRT2_TINY
from segue.model.weights import CODE_TABLE, FINAL_NORM, LOGITS, random_weights

Tensors = dict[str, NDArray[np.float32]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "model.safetensors"
    write(file, MRT2_TINY, random_weights(MRT2_TINY, 1))
    return file


def change(path: Path, tensors: Tensors) -> Path:
    save_file(tensors, path)
    return path


def complaint(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        read(path, MRT2_TINY)
    return str(caught.value)


def test_a_written_record_is_read_back(path: Path) -> None:
    stored, found = random_weights(MRT2_TINY, 1), read(path, MRT2_TINY)
    assert found.keys() == stored.keys()
    for name, value in stored.items():
        np.testing.assert_array_equal(found[name], value)


def test_names_are_the_released_ones(path: Path) -> None:
    names = load_file(path).keys()
    assert "params/depthformer/decoder/depth_body/to_logits/kernel" in names
    layer = "params/depthformer/decoder/temporal_body/transformer/x_layers_1/cross_attention"
    assert f"{layer}/attention/sink_key_embeddings" in names
    assert "params/depthformer/encoder/body/encoder_ln/scale" in names


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_narrow_types_are_read_as_stored(tmp_path: Path, dtype: type) -> None:
    file = tmp_path / "narrow.safetensors"
    write(file, MRT2_TINY, random_weights(MRT2_TINY, 1), dtype=dtype)
    found = read(file, MRT2_TINY)
    assert {value.dtype for value in found.values()} == {np.dtype(dtype)}


def test_tensors_of_the_codec_are_ignored(path: Path) -> None:
    tensors = load_file(path) | {"params/soundstream/decoder/kernel": np.zeros(3, np.float32)}
    assert read(change(path, tensors), MRT2_TINY)


def test_a_missing_tensor_is_named(path: Path) -> None:
    tensors = load_file(path)
    del tensors[PREFIX + CODE_TABLE]
    assert f"{PREFIX}{CODE_TABLE}: expected shape (70, 32), missing" in complaint(change(path, tensors))


def test_a_renamed_tensor_is_recognised(path: Path) -> None:
    tensors = load_file(path)
    tensors[f"{PREFIX}{FINAL_NORM}/scales"] = tensors.pop(f"{PREFIX}{FINAL_NORM}/scale")
    text = complaint(change(path, tensors))
    assert f"{FINAL_NORM}/scale: expected shape (28,), missing; the file has {PREFIX}{FINAL_NORM}/scales" in text
    assert f"{FINAL_NORM}/scales: not part of the model, came with shape (28,)" in text


def test_a_misshapen_tensor_is_named(path: Path) -> None:
    tensors = load_file(path)
    tensors[f"{PREFIX}{LOGITS}/kernel"] = np.zeros((70, 28), np.float32)
    assert f"{PREFIX}{LOGITS}/kernel: expected shape (28, 70), came (70, 28)" in complaint(change(path, tensors))


def test_an_unknown_tensor_is_named(path: Path) -> None:
    tensors = load_file(path) | {"optimizer/step": np.zeros(1, np.float32)}
    assert "optimizer/step: not part of the model" in complaint(change(path, tensors))


def test_integers_are_refused(path: Path) -> None:
    tensors = load_file(path)
    tensors[f"{PREFIX}{LOGITS}/bias"] = np.zeros(70, np.int32)
    text = complaint(change(path, tensors))
    assert f"{PREFIX}{LOGITS}/bias: expected one of F32, F16, BF16, came I32" in text


def test_not_a_number_is_refused(path: Path) -> None:
    tensors = load_file(path)
    tensors[f"{PREFIX}{LOGITS}/bias"][7] = np.nan
    assert f"{PREFIX}{LOGITS}/bias: expected finite numbers" in complaint(change(path, tensors))


def test_tensors_are_read_one_by_one_as_they_are_stored(path: Path) -> None:
    stored, found = random_weights(MRT2_TINY, 1), lazy(path, MRT2_TINY)
    assert found.keys() == stored.keys()
    for name, value in stored.items():
        np.testing.assert_array_equal(found[name], value)
    with pytest.raises(KeyError):
        found["decoder/extra"]


def test_a_tensor_that_is_not_finite_or_was_exchanged_is_refused_when_it_is_read(path: Path) -> None:
    tensors = load_file(path)
    found = lazy(path, MRT2_TINY)
    tensors[f"{PREFIX}{LOGITS}/bias"][7] = np.nan
    tensors[PREFIX + CODE_TABLE] = np.zeros((3, 2), np.float32)
    change(path, tensors)
    with pytest.raises(CheckpointError, match=f"{PREFIX}{LOGITS}/bias: expected finite numbers"):
        found[f"{LOGITS}/bias"]
    with pytest.raises(CheckpointError, match=rf"{CODE_TABLE}: expected shape \(70, 32\), came \(3, 2\)"):
        found[CODE_TABLE]
    with pytest.raises(CheckpointError, match="expected shape"):
        lazy(path, MRT2_TINY)


def test_all_errors_are_reported_at_once(path: Path) -> None:
    tensors = load_file(path)
    del tensors[PREFIX + CODE_TABLE], tensors[f"{PREFIX}{LOGITS}/bias"]
    text = complaint(change(path, tensors))
    assert text.startswith(f"{path} is not a mrt2_tiny checkpoint:")
    assert text.count("missing") == 2


def test_weights_of_another_model_are_not_written(tmp_path: Path) -> None:
    weights = random_weights(MRT2_TINY, 1)
    weights["decoder/extra"] = np.zeros(2, np.float32)
    with pytest.raises(CheckpointError, match="decoder/extra: not part of the model"):
        write(tmp_path / "model.safetensors", MRT2_TINY, weights)
