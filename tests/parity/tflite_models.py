"""TFLite files with the signatures of MusicCoCa's and random weights, built from the file format's own tables.

It runs only in the environment of requirements.txt.
"""

from __future__ import annotations

from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as tfl
from numpy.typing import NDArray

TYPES = {np.dtype(np.float32): tfl.TensorType.FLOAT32, np.dtype(np.int32): tfl.TensorType.INT32}


class Builder:
    """Builds a model of one graph, operator by operator."""

    def __init__(self) -> None:
        # Buffer 0 stands for "no content".
        self.buffers = [tfl.BufferT()]
        self.tensors: list[tfl.TensorT] = []
        self.codes: list[tfl.OperatorCodeT] = []
        self.operators: list[tfl.OperatorT] = []
        self.inputs: list[int] = []

    def tensor(self, shape: tuple[int, ...], dtype: type = np.float32, value: NDArray | None = None) -> int:
        tensor = tfl.TensorT()
        tensor.shape = np.array(shape, np.int32)
        tensor.type = TYPES[np.dtype(dtype)]
        tensor.name = f"t{len(self.tensors)}"
        tensor.buffer = 0
        if value is not None:
            buffer = tfl.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(value, dtype).tobytes(), np.uint8)
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def input(self, shape: tuple[int, ...], dtype: type = np.float32) -> int:
        self.inputs.append(self.tensor(shape, dtype))
        return self.inputs[-1]

    def operator(self, name: str, inputs: list[int], shape: tuple[int, ...], dtype: type = np.float32) -> int:
        code = tfl.OperatorCodeT()
        code.builtinCode = getattr(tfl.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(127, code.builtinCode)
        code.version = 1
        self.codes.append(code)
        operator = tfl.OperatorT()
        operator.opcodeIndex = len(self.codes) - 1
        operator.inputs = np.array(inputs, np.int32)
        output = self.tensor(shape, dtype)
        operator.outputs = np.array([output], np.int32)
        words = {"FULLY_CONNECTED": "FullyConnected", "ADD": "Add", "CAST": "Cast", "MUL": "Mul", "ABS": "Abs"}
        options = f"{words[name]}Options"
        operator.builtinOptionsType = getattr(tfl.BuiltinOptions, options)
        operator.builtinOptions = getattr(tfl, f"{options}T")()
        self.operators.append(operator)
        return output

    def dense(self, source: int, inputs: int, outputs: int, seed: int) -> int:
        rng = np.random.default_rng(seed)
        weights = self.tensor((outputs, inputs), value=rng.normal(size=(outputs, inputs)) / np.sqrt(inputs))
        bias = self.tensor((outputs,), value=rng.normal(size=outputs))
        return self.operator("FULLY_CONNECTED", [source, weights, bias], (1, outputs))

    def write(self, path: Path, output: int) -> None:
        graph = tfl.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = np.array(self.inputs, np.int32), np.array([output], np.int32)
        model = tfl.ModelT()
        model.version, model.description = 3, "random"
        model.subgraphs, model.buffers, model.operatorCodes = [graph], self.buffers, self.codes
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b"TFL3")
        path.write_bytes(bytes(builder.Output()))


def write_models(folder: Path, *, clip: int) -> None:
    """Write every TFLite file of MusicCoCa.

    Args:
        clip: Samples of a clip.
    """
    text = Builder()
    # Paddings before numbers: the official code tells them by their type.
    paddings, numbers = text.input((1, 128)), text.input((1, 128), np.int32)
    scaled = text.operator("CAST", [numbers], (1, 128))
    joined = text.operator("ADD", [scaled, paddings], (1, 128))
    text.write(folder / "text_encoder.tflite", text.dense(joined, 128, 768, 1))

    mapper = Builder()
    embedding, noise = mapper.input((1, 768)), mapper.input((1, 768))
    tilted = mapper.operator("MUL", [noise, mapper.tensor((1,), value=np.array([0.3]))], (1, 768))
    mapper.write(
        folder / "mapper.tflite", mapper.dense(mapper.operator("ADD", [embedding, tilted], (1, 768)), 768, 768, 2)
    )

    quantiser = Builder()
    projected = quantiser.dense(quantiser.input((1, 768)), 768, 16, 3)
    large = quantiser.operator("MUL", [projected, quantiser.tensor((1,), value=np.array([250.0]))], (1, 16))
    positive = quantiser.operator("ABS", [large], (1, 16))
    quantiser.write(
        folder / "pretrained_vector_quantizer.tflite", quantiser.operator("CAST", [positive], (1, 16), np.int32)
    )

    spectra = Builder()
    spectra.write(folder / "audio_preprocessor.tflite", spectra.dense(spectra.input((1, clip)), clip, 24, 4))

    music = Builder()
    music.write(folder / "music_encoder.tflite", music.dense(music.input((1, 24)), 24, 768, 5))
