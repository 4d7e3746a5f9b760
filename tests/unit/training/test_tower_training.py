"""The training of the audio tower: its plan, its damage, its fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segue.contract import SAMPLE_RATE
from segue.style.points import POINTS
from segue.style.situations import SITUATIONS
from segue.style.spectra import bands, descriptors, spectra
from segue.training.tower import damage
from segue.training.tower.fit import TowerRecipe, centres, fit
from segue.training.tower.lessons import TowerLesson
from segue.training.tower.renders import TRAINED_FONTS, UNSEEN_FONTS, Label, plans
from unit.style.sounds import drum_storm

LABEL = Label(
    part="train",
    style="combat",
    font="bundled",
    tempo_bpm=120.0,
    meter=4,
    scale="minor",
    width=0.5,
    density=0.5,
    tonic=2,
    notes_per_s=8.0,
    drums_per_s=4.0,
)


def test_no_test_is_trained_on() -> None:
    planned = plans()
    assert len({plan.name for plan in planned}) == len(planned)
    trained = {plan.font for plan in planned if plan.part == "train"}
    assert trained == set(TRAINED_FONTS)
    assert trained.isdisjoint(UNSEEN_FONTS)
    seeds = {part: {plan.seed for plan in planned if plan.part == part} for part in ("train", "test")}
    assert seeds["train"].isdisjoint(seeds["test"])
    assert {plan.style for plan in planned if plan.part == "train"} == set(POINTS)


def test_damage_keeps_the_length_and_changes_the_sound() -> None:
    sound, random = drum_storm(), np.random.default_rng(1)
    for _ in range(4):
        part = damage.cut(sound, random)
        assert 5.0 * SAMPLE_RATE - 1 <= len(part) <= len(sound)
        coded = damage.coded(part, random)
        # A codec pads: MP3 by up to 0.1 s.
        assert len(coded) == pytest.approx(len(part), abs=0.15 * SAMPLE_RATE)
        assert np.isfinite(coded).all()
        clean = spectra(coded)
        coloured = damage.coloured(clean, random)
        assert (coloured.mid >= 0).all()
        assert (coloured.side >= 0).all()
        assert not np.allclose(descriptors(bands(clean)), descriptors(bands(coloured)))


def material(rows_each: int, seed: int) -> TowerLesson:
    """Return noisy rows around one point for each of six situations; the louder half has drums."""
    random = np.random.default_rng(seed)
    points = np.random.default_rng(5).normal(size=(6, 30))
    rows, labels = [], []
    for place, point in enumerate(points):
        rows.append(point + 0.3 * random.normal(size=(rows_each, 30)))
        label = replace(LABEL, style=SITUATIONS[place], drums_per_s=4.0 * (place % 2), notes_per_s=2.0 + 2 * place)
        labels += [label] * rows_each
    return TowerLesson(
        rows=np.concatenate(rows).astype(np.float32), labels=tuple(labels), clean=np.ones(len(labels), np.bool_)
    )


def test_the_fit_finds_new_rows_of_its_styles_and_repeats() -> None:
    recipe = TowerRecipe(
        networks=2, hidden=24, epochs=20, batch=32, learning_rate=1e-2, input_dropout=0.1, dropout=0.1, ridge=1.0
    )
    tower = fit(material(20, 1), recipe)
    test = material(10, 2)
    heard = tower.hear(test.rows)
    nearest = (heard.embeddings @ centres()[: len(SITUATIONS)].T).argmax(axis=1)
    right = [SITUATIONS[found] == label.style for found, label in zip(nearest, test.labels, strict=True)]
    assert np.mean(right) > 0.95
    assert np.mean((heard.heads[:, 0] > 0) == [label.drums_per_s > 0 for label in test.labels]) > 0.95
    again = fit(material(20, 1), recipe)
    assert again.hidden.tobytes() == tower.hidden.tobytes()
    assert again.heads.tobytes() == tower.heads.tobytes()
