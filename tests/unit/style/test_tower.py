"""The audio tower's arithmetic and its file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from segue.style.points import POINTS
from segue.style.spectra import bands, descriptors, spectra
from segue.style.tower import HEADS, PATH, Tower, tower
from segue.style.word_table import WordEncoder
from unit.style.sounds import clicks, drum_storm, stereo, tones

ROWS = np.stack(
    [descriptors(bands(spectra(sound))) for sound in (drum_storm(), stereo(tones(220.0, 330.0)), stereo(clicks(3.0)))]
)


def test_the_shipped_tower_embeds_among_the_words() -> None:
    heard = tower().hear(ROWS)
    assert heard.embeddings.shape == (3, WordEncoder().dimension)
    np.testing.assert_allclose(np.linalg.norm(heard.embeddings, axis=1), 1.0, atol=1e-5)
    assert heard.heads.shape == (3, len(HEADS))
    assert len(tower().usual) == len(POINTS)
    assert PATH.stat().st_size < 2 << 20


def test_recordings_do_not_influence_each_other() -> None:
    together = tower().hear(ROWS)
    for place in range(len(ROWS)):
        alone = tower().hear(ROWS[place : place + 1])
        np.testing.assert_allclose(alone.embeddings[0], together.embeddings[place], atol=1e-5)
        np.testing.assert_allclose(alone.heads[0], together.heads[place], atol=1e-3)


def test_a_descriptor_far_out_counts_as_much_as_one_at_the_limit() -> None:
    shipped = tower()
    far = np.where(np.arange(ROWS.shape[1]) == 7, shipped.mean + 100 * shipped.scale, ROWS[0])
    limit = np.where(np.arange(ROWS.shape[1]) == 7, shipped.mean + 4 * shipped.scale, ROWS[0])
    rows = np.stack([far, limit]).astype(np.float32)
    one, other = shipped.hear(rows).embeddings
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_the_mean_of_the_networks_counts() -> None:
    parts = ("hidden", "hidden_bias", "output", "output_bias")
    first = replace(tower(), **{name: getattr(tower(), name)[:1] for name in parts})
    twice = replace(first, **{name: np.repeat(getattr(first, name), 2, 0) for name in parts})
    np.testing.assert_allclose(first.hear(ROWS).embeddings, twice.hear(ROWS).embeddings, atol=1e-5)


def test_a_saved_tower_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "tower.safetensors"
    tower().save(path)
    again = Tower.load(path)
    for name in Tower.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(again, name), getattr(tower(), name))
    assert path.read_bytes() == PATH.read_bytes()


def test_a_tower_for_other_descriptors_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.safetensors"
    save_file({**load_file(PATH), "version": np.array([0])}, path)
    with pytest.raises(ValueError, match="made for descriptors of version 0, expected 1"):
        Tower.load(path)
