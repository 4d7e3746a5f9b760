"""MusicCoCa, the style encoder of Magenta RealTime 2: texts and sound to embeddings, and embeddings to tokens.

Its parts are Google's TFLite files and a SentencePiece vocabulary, run by LiteRT. D embedding width (768).

Source: magenta-rt 2.0.3, `musiccoca.MusicCoCa`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soxr
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE, GeneratorError, Samples

DIMENSION: Final = 768
NUM_TOKENS: Final = 12
"""Levels of the quantiser that Magenta RealTime 2 reads."""
TEXT_LENGTH: Final = 128
"""Words of a text that count, the start token included; further ones are cut."""
_START_TOKEN: Final = 1
_RATE: Final = 16_000
_CLIP: Final = 10 * _RATE
_MAPPER_SEED: Final = 0
# Sound below -80 dB of full scale has no style.
_SILENT: Final = 1e-4

Array = NDArray[Any]
TensorModel = Callable[[Sequence[Array]], Array]
"""Runs on its inputs, in the order of the file, and returns its first output, flat."""


@dataclass(frozen=True, kw_only=True)
class MusicCoCaParts:
    """The parts that an encoder is made of.

    Attributes:
        words: A lower-case text to the numbers of its words.
        text: Numbers int32 [TEXT_LENGTH] and paddings float32 [TEXT_LENGTH], 1 where there is no word, to an embedding.
        mapper: An embedding of text and noise, both [D], to one of sound.
        quantiser: An embedding to tokens, at least NUM_TOKENS.
        spectra: A clip of 10 s, float32 [160 000] at 16 kHz, to what `music` reads; None where that file is missing.
        music: To an embedding; None where that file is missing.
    """

    words: Callable[[str], list[int]]
    text: TensorModel
    mapper: TensorModel
    quantiser: TensorModel
    spectra: TensorModel | None = None
    music: TensorModel | None = None


class MusicCoCa:
    """Implements segue.contract.StyleEncoder. Thread-safe: one call at a time."""

    name: Final = "musiccoca"
    dimension: Final = DIMENSION
    audio_warning: Final = ""

    def __init__(self, parts: MusicCoCaParts) -> None:
        self._parts = parts
        self._lock = threading.Lock()

    def embed_text(self, text: str) -> NDArray[np.float32]:
        """Return the embedding of a text among those of sound, as the official player has it.

        Raises:
            ValueError: For an empty text.
            GeneratorError: A part gave no embedding.
        """
        if not text.strip():
            raise ValueError("text: expected a phrase such as 'calm woodland, harp', got an empty one")
        words = self._parts.words(text.lower())[: TEXT_LENGTH - 1]
        numbers = np.zeros(TEXT_LENGTH, np.int32)
        numbers[: len(words) + 1] = [_START_TOKEN, *words]
        paddings = np.ones(TEXT_LENGTH, np.float32)
        paddings[: len(words) + 1] = 0.0
        noise = np.random.RandomState(_MAPPER_SEED).randn(DIMENSION).astype(np.float32)
        with self._lock:
            among_texts = _checked("text encoder", self._parts.text([numbers, paddings]))
            among_sound = _checked("mapper", self._parts.mapper([among_texts, noise]))
        return _unit(among_sound)

    def embed_audio(self, samples: Samples) -> NDArray[np.float32]:
        """Return the mean embedding of the clips of 10 s of sound, float32 [S, 2] at 48 kHz; the last is filled up.

        Raises:
            ValueError: For silence.
            NotImplementedError: Without the files for sound.
            GeneratorError: A part gave no embedding.
        """
        spectra, music = self._parts.spectra, self._parts.music
        if spectra is None or music is None:
            raise NotImplementedError(
                "expected MusicCoCa's audio_preprocessor.tflite and music_encoder.tflite for an audio prompt; "
                "'segue models fetch' brings them"
            )
        mono = soxr.resample(samples.mean(axis=1), SAMPLE_RATE, _RATE).astype(np.float32)
        if not len(mono) or np.abs(mono).max() < _SILENT:
            raise ValueError("expected sound, got silence")
        padded = np.concatenate([mono, np.zeros(-len(mono) % _CLIP, np.float32)])
        with self._lock:
            found = [_checked("music encoder", music([spectra([clip])])) for clip in padded.reshape(-1, _CLIP)]
        return _unit(np.mean(found, axis=0))

    def unknown_words(self, text: str) -> tuple[str, ...]:
        return ()

    def quantise(self, embedding: NDArray[np.float32]) -> NDArray[np.int32]:
        """Return the tokens [NUM_TOKENS] of an embedding."""
        with self._lock:
            tokens = self._parts.quantiser([embedding])
        return tokens[:NUM_TOKENS].astype(np.int32)


def _checked(part: str, embedding: Array) -> NDArray[np.float32]:
    if embedding.shape != (DIMENSION,) or not np.isfinite(embedding).all() or not embedding.any():
        got = "zeros" if embedding.shape == (DIMENSION,) and not embedding.any() else f"shape {list(embedding.shape)}"
        if embedding.shape == (DIMENSION,) and not np.isfinite(embedding).all():
            got = "numbers that are not finite"
        raise GeneratorError(f"MusicCoCa's {part}: expected an embedding of {DIMENSION} numbers, got {got}")
    return embedding.astype(np.float32)


def _unit(embedding: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = (embedding / np.linalg.norm(embedding)).astype(np.float32)
    return unit


def load_musiccoca(folder: Path) -> MusicCoCa:
    """Return the encoder from its files.

    Args:
        folder: That holds them under their published names; those for sound may be missing.
    Raises:
        GeneratorError: A file cannot be used.
    """
    import sentencepiece

    vocabulary = folder / "spm.model"
    try:
        processor = sentencepiece.SentencePieceProcessor(model_file=str(vocabulary))
    except (OSError, RuntimeError) as error:
        raise GeneratorError(f"{vocabulary}: expected a SentencePiece model: {error}") from error
    audio = {name: folder / f"{name}.tflite" for name in ("audio_preprocessor", "music_encoder")}
    hears = all(path.is_file() for path in audio.values())
    return MusicCoCa(
        MusicCoCaParts(
            words=processor.encode,
            text=_tensor_model(folder / "text_encoder.tflite", (TEXT_LENGTH, TEXT_LENGTH)),
            mapper=_tensor_model(folder / "mapper.tflite", (DIMENSION, DIMENSION)),
            quantiser=_tensor_model(folder / "pretrained_vector_quantizer.tflite", (DIMENSION,)),
            spectra=_tensor_model(audio["audio_preprocessor"], (_CLIP,)) if hears else None,
            music=_tensor_model(audio["music_encoder"], (None,)) if hears else None,
        )
    )


def _tensor_model(path: Path, sizes: Sequence[int | None]) -> TensorModel:
    """Load a TFLite file.

    Args:
        path: The file.
        sizes: Numbers of each input; None for any.
    Raises:
        GeneratorError: It is no TFLite file, or one of other inputs.
    """
    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter: Any = Interpreter(model_path=str(path))
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError, OSError) as error:
        raise GeneratorError(f"{path}: expected a TFLite model, which it is not, or not whole: {error}") from error
    # Whole numbers first, as the text encoder's come in either order; inputs of one type keep the file's.
    details = sorted(interpreter.get_input_details(), key=lambda detail: detail["dtype"] != np.int32)
    found = [int(np.prod(detail["shape"])) for detail in details]
    if len(found) != len(sizes) or any(size not in (None, got) for size, got in zip(sizes, found, strict=True)):
        wanted = ["any" if size is None else size for size in sizes]
        raise GeneratorError(f"{path}: expected a model with inputs of {wanted} numbers, got {found}")
    output = interpreter.get_output_details()[0]["index"]

    def run(inputs: Sequence[Array]) -> Array:
        for detail, value in zip(details, inputs, strict=True):
            interpreter.set_tensor(detail["index"], value.reshape(detail["shape"]).astype(detail["dtype"]))
        interpreter.invoke()
        return np.array(interpreter.get_tensor(output)).reshape(-1)

    return run
