"""Parity of MusicCoCa with Google's code on the same files: python tests/parity/compare_style.py.

The files have the signatures of the published ones and random weights; LiteRT runs them for both. Exit code 1: other
embeddings or tokens.
"""

from __future__ import annotations

import io
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import sentencepiece
from magenta_rt.audio import Waveform
from magenta_rt.musiccoca import MusicCoCa as Official
from tflite_models import write_models

from segue.contract import GeneratorError
from segue.style.musiccoca import load_musiccoca

TEXTS = (
    "Calm woodland, harp",
    "BATTLE drums",
    "slow strings in D minor with a distant choir",
    "x",
    "never ending " * 80,
)
# Of embeddings of length 1. Texts differ by rounding; sound also by the resampler, the official one being another.
TOLERANCE = 1e-6
SOUND_COSINE = 0.999


def vocabulary(path: Path) -> None:
    """Train a vocabulary on the texts and on counting."""
    lines = [text.lower() for text in TEXTS[:4]] * 20 + [f"song number {n} of many" for n in range(300)]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=model, vocab_size=90, minloglevel=2, hard_vocab_limit=False
    )
    path.write_bytes(model.getvalue())


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_models(folder, clip=160_000)
        vocabulary(folder / "spm.model")
        official, ours = Official(folder, lazy=False), load_musiccoca(folder)
        worst, tokens = 0.0, 0
        embeddings = []
        for text in TEXTS:
            theirs, found = official.embed(text, use_mapper=True), ours.embed_text(text)
            worst = max(worst, float(np.abs(theirs - found).max()))
            tokens += int((official.tokenize(theirs) == ours.quantise(theirs)).sum())
            embeddings.append(found)
        rng = np.random.default_rng(1)
        sound = (0.2 * rng.normal(size=(13 * 48_000, 2))).cumsum(axis=0).astype(np.float32)
        sound = (sound - sound.mean(axis=0)) / (2 * np.abs(sound).max())
        theirs = official.embed(Waveform(sound, 48_000))
        cosine = float(theirs @ ours.embed_audio(sound) / np.linalg.norm(theirs))
        refused = 0
        for damaged in ("mapper.tflite", "spm.model"):
            whole = (folder / damaged).read_bytes()
            (folder / damaged).write_bytes(whole[: len(whole) // 3])
            try:
                load_musiccoca(folder)
            except GeneratorError as error:
                refused += str(folder / damaged) in str(error)
            (folder / damaged).write_bytes(whole)
        (folder / "mapper.tflite").write_bytes((folder / "music_encoder.tflite").read_bytes())
        try:
            load_musiccoca(folder)
        except GeneratorError as error:
            refused += "expected a model with inputs of [768, 768] numbers, got [24]" in str(error)
    apart = min(float(np.abs(one - two).max()) for one, two in pairwise(embeddings))
    equal = worst <= TOLERANCE and tokens == 12 * len(TEXTS) and cosine >= SOUND_COSINE
    passed = equal and refused == 3 and apart > 1e-2
    print(
        f"MusicCoCa, {len(TEXTS)} texts: embeddings within {worst:.1e} (tolerance {TOLERANCE:.0e}; the texts' own are"
    )
    print(
        f"{apart:.2f} apart), {tokens} of {12 * len(TEXTS)} tokens equal; sound: cosine {cosine:.5f}; "
        f"{refused} of 3 damaged or foreign files refused{'' if passed else '  FAILED'}"
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
