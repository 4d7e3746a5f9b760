"""Weight files of the codec: the released layout is read and written, and every error names its tensor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from segue.model.checkpoint import CheckpointError, read, write
from segue.model.config import MRT2_TINY
from segue.model.spectrostream.checkpoint import read_decoder, read_encoder, write_decoder, write_encoder
from segue.model.spectrostream.config import SPECTROSTREAM_TINY
from segue.model.spectrostream.weights import random_decoder, random_encoder
from segue.model.weights import random_weights

CONFIG = SPECTROSTREAM_TINY


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Make a file of a whole model: language model, quantiser and decoder."""
    path, rest = tmp_path / "model.safetensors", tmp_path / "language_model.safetensors"
    write_decoder(path, random_decoder(CONFIG, 1))
    write(rest, MRT2_TINY, random_weights(MRT2_TINY, 1))
    save_file(load_file(path) | load_file(rest), path)
    return path


def test_both_parts_of_a_checkpoint_are_read(checkpoint: Path) -> None:
    found = read_decoder(checkpoint, CONFIG)
    for name, value in random_decoder(CONFIG, 1).items():
        np.testing.assert_array_equal(found[name], value)
    assert read(checkpoint, MRT2_TINY).keys() == random_weights(MRT2_TINY, 1).keys()


def test_an_encoder_is_read_from_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    write_encoder(path, random_encoder(CONFIG, 1))
    found = read_encoder(path, CONFIG)
    for name, value in random_encoder(CONFIG, 1).items():
        np.testing.assert_array_equal(found[name], value)


def test_names_are_the_released_ones(checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    write_encoder(path, random_encoder(CONFIG, 1))
    names = load_file(checkpoint).keys() | load_file(path).keys()
    assert "params/soundstream/quantizer/embedding" in names
    assert "params/soundstream/decoder/decoder_1/conv2dtranspose_4x4/conv/kernel" in names
    assert "params/soundstream/decoder/input_layer/shortcut_layer/conv1x1_b2/conv/bias" in names
    assert "params/encoder/encoder_5/conv2d_4x4_a/conv/kernel" in names


def test_an_encoder_in_the_checkpoint_is_ignored(checkpoint: Path) -> None:
    save_file(load_file(checkpoint) | {"params/soundstream/encoder/kernel": np.zeros(3, np.float32)}, checkpoint)
    assert read_decoder(checkpoint, CONFIG)


def test_wrong_tensors_are_named(checkpoint: Path) -> None:
    tensors = load_file(checkpoint)
    kernel = "params/soundstream/decoder/decoder_2/conv2d_3x3/conv/kernel"
    tensors[f"{kernel}s"] = tensors.pop(kernel)
    tensors["params/soundstream/quantizer/embedding"] = np.zeros((9, 16, 21), np.float32)
    save_file(tensors, checkpoint)
    with pytest.raises(CheckpointError) as caught:
        read_decoder(checkpoint, CONFIG)
    text = str(caught.value)
    assert text.startswith(f"{checkpoint} is not a spectrostream_tiny checkpoint:")
    assert f"{kernel}: expected shape (3, 3, 20, 20), missing; the file has {kernel}s" in text
    assert "params/soundstream/quantizer/embedding: expected shape (9, 16, 20), came (9, 16, 21)" in text


def test_a_decoder_is_no_encoder(checkpoint: Path) -> None:
    with pytest.raises(CheckpointError, match="is not a spectrostream_tiny encoder checkpoint"):
        read_encoder(checkpoint, CONFIG)
