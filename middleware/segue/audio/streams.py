"""Sound files read piece by piece, in bounded memory: any part of a file at 48 kHz, the same however it is asked for.

Files are decoded and resampled in blocks that begin at fixed samples. A few of them are kept, and a few files open.
S samples; float32.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import ExitStack
from math import gcd
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import soundfile

from segue.audio.files import MAX_LEVEL, AudioFileError, downmix, open_audio, resample
from segue.contract import CHANNELS, SAMPLE_RATE, Samples

# Half a second, which begins at a whole sample of the file where its rate is even.
_BLOCK: Final = SAMPLE_RATE // 2
# Some 12 MB.
_MOST_BLOCKS: Final = 64
_MOST_OPEN: Final = 8
# Samples of the file around a block that its resampling looks at. soxr's HQ filter is far shorter.
_MARGIN: Final = 4_096


class AudioFacts(NamedTuple):
    """What a file's header says.

    Attributes:
        samples: Its length at 48 kHz.
        rate: In Hz.
        channels: In the file.
    """

    samples: int
    rate: int
    channels: int


class AudioStreams:
    """Several sound files, from any part of which samples are read. May be used from several threads."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Look at the files.

        Args:
            paths: The files; reads name them by their place among these.

        Raises:
            AudioFileError: A file cannot be read.
        """
        self._begin(tuple(paths), tuple(map(audio_facts, paths)))

    def _begin(self, paths: tuple[Path, ...], facts: tuple[AudioFacts, ...]) -> None:
        self._paths, self.facts = paths, facts
        self._lock = threading.Lock()
        self._open: OrderedDict[int, tuple[soundfile.SoundFile, ExitStack]] = OrderedDict()
        self._blocks: OrderedDict[tuple[int, int], Samples] = OrderedDict()

    def __getstate__(self) -> tuple[tuple[Path, ...], tuple[AudioFacts, ...]]:
        """Pickled for another process: which files, not what was read of them."""
        return self._paths, self.facts

    def __setstate__(self, state: tuple[tuple[Path, ...], tuple[AudioFacts, ...]]) -> None:
        self._begin(*state)

    def read(self, file: int, start: int, count: int) -> Samples:
        """Return float32 [count, 2] from sample `start` on; silence before the beginning and behind the end.

        What cannot be read any more, because the file was changed or is gone, is silence.
        """
        sound = np.zeros((count, CHANNELS), np.float32)
        first, end = max(0, start), min(start + count, self.facts[file].samples)
        block = self._block_samples(file)
        for number in range(first // block, -(-end // block)):
            low, high = max(first, number * block), min(end, (number + 1) * block)
            if low < high:
                part = self._block(file, number)[low - number * block : high - number * block]
                sound[low - start : low - start + len(part)] = part
        return sound

    def close(self) -> None:
        """Close all files; later reads open them again."""
        with self._lock:
            for _, stack in self._open.values():
                stack.close()
            self._open.clear()

    def held_bytes(self) -> int:
        """Return the memory that decoded blocks take, in bytes."""
        with self._lock:
            return sum(block.nbytes for block in self._blocks.values())

    def _block_samples(self, file: int) -> int:
        """Return the samples of a block: as many as begin at a whole sample of the file."""
        return _BLOCK if self.facts[file].rate % 2 == 0 else SAMPLE_RATE

    def _block(self, file: int, number: int) -> Samples:
        key = file, number
        with self._lock:
            known = self._blocks.get(key)
            if known is None:
                try:
                    known = self._decoded(file, number)
                except AudioFileError:
                    known = np.zeros((0, CHANNELS), np.float32)
                    self._drop(file)
                self._blocks[key] = known
                while len(self._blocks) > _MOST_BLOCKS:
                    self._blocks.popitem(last=False)
            self._blocks.move_to_end(key)
            return known

    def _decoded(self, file: int, number: int) -> Samples:
        """Return the samples of a block at 48 kHz. Raises: AudioFileError if the file cannot be read any more."""
        rate, block = self.facts[file].rate, self._block_samples(file)
        length = block * rate // SAMPLE_RATE
        if rate == SAMPLE_RATE:
            return self._read(file, number * length, length)
        step = rate // gcd(rate, SAMPLE_RATE)
        # A whole number of samples of the file that is one at 48 kHz, too.
        margin = -(-_MARGIN // step) * step
        window = self._read(file, number * length - margin, length + 2 * margin)
        skip = margin * SAMPLE_RATE // rate
        return np.ascontiguousarray(resample(window, rate)[skip : skip + block])

    def _read(self, file: int, start: int, count: int) -> Samples:
        """Return float32 [count, 2] at the file's own rate; silence where there is nothing."""
        sound = np.zeros((count, CHANNELS), np.float32)
        first = max(0, start)
        opened = self._opened(file)
        try:
            if first >= opened.frames:
                return sound
            opened.seek(first)
            read = opened.read(start + count - first, dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, OSError) as error:
            raise AudioFileError(f"{self._paths[file]}: cannot be read: {error}") from error
        mixed = np.nan_to_num(read, nan=0.0, posinf=MAX_LEVEL, neginf=-MAX_LEVEL) @ downmix(opened.channels)
        sound[first - start : first - start + len(mixed)] = np.clip(mixed, -MAX_LEVEL, MAX_LEVEL)
        return sound

    def _opened(self, file: int) -> soundfile.SoundFile:
        found = self._open.get(file)
        if found is None:
            while len(self._open) >= _MOST_OPEN:
                _, (_, oldest) = self._open.popitem(last=False)
                oldest.close()
            with ExitStack() as stack:
                opened = stack.enter_context(open_audio(self._paths[file]))
                if (opened.samplerate, opened.channels) != self.facts[file][1:]:
                    raise AudioFileError(f"{self._paths[file]}: is another file than before")
                found = self._open[file] = opened, stack.pop_all()
        self._open.move_to_end(file)
        return found[0]

    def _drop(self, file: int) -> None:
        dropped = self._open.pop(file, None)
        if dropped is not None:
            dropped[1].close()


def audio_facts(path: Path) -> AudioFacts:
    """Return what the header of a sound file says. Raises: AudioFileError if it is none that can be read."""
    with open_audio(path) as file:
        if not file.frames:
            raise AudioFileError(f"{path}: holds no samples")
        return AudioFacts(round(file.frames * SAMPLE_RATE / file.samplerate), file.samplerate, file.channels)
