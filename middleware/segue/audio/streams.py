"""Sound files read piece by piece, in bounded memory: any part of a file at 48 kHz, the same however it is asked for.

Files are decoded and resampled in blocks that begin at fixed samples. A few of them are kept, and a few files open.
S samples; float32.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import ExitStack
from math import gcd
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import soundfile

from segue.audio.files import LOSSY, MAX_LEVEL, AudioFileError, downmix, open_audio, resample
from segue.contract import CHANNELS, SAMPLE_RATE, Samples

log = logging.getLogger(__name__)

# Half a second, which begins at a whole sample of the file where its rate is even.
_BLOCK: Final = SAMPLE_RATE // 2
# Some 12 MB, or as many as all files that play at once take.
_MOST_BLOCKS: Final = 64
_BLOCKS_OF_A_FILE: Final = 3
# All clips of a rule file may play at once.
_MOST_OPEN: Final = 128
_MOST_OF_A_FILE: Final = 8
# Samples of the file around a block that its resampling looks at. soxr's HQ filter is far shorter.
_MARGIN: Final = 4_096
# Decoders of these do not seek to the sample: what an MP3 sounds like depends on frames before, and Vorbis begins with
# other samples for up to two seconds, and for good where it has read on before. A decoder that has read nothing, and
# begins so far before, gives the samples of the whole file.
_LEAD_S: Final = 4
# Two windows of resampling overlap by two margins, each rounded up to what is a whole number of samples at both rates.
_TAIL: Final = 3 * _MARGIN
# What is read at once where samples are only passed over.
_PASS: Final = 48_000


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


class _OpenFile:
    """A file with its decoder, which reads on as long as that leads where it is asked for.

    Attributes:
        file: The decoder.
    """

    def __init__(self, path: Path) -> None:
        """Open a file. Raises: AudioFileError."""
        self._path = path
        self._stack = ExitStack()
        self.file = self._stack.enter_context(open_audio(path))
        # The last samples that were read, and where they begin: windows of resampling overlap.
        self._begin, self._tail = 0, np.zeros((0, CHANNELS), np.float32)
        # The sample that the decoder reads next.
        self._next = 0

    @property
    def is_lossy(self) -> bool:
        """Whether it costs to go to another place."""
        return self.file.format in LOSSY

    def close(self) -> None:
        self._stack.close()

    def reads_on(self, start: int) -> bool:
        """Return whether it need not go anywhere to read a sample."""
        return self._begin <= start <= self._next

    def read(self, start: int, count: int) -> Samples:
        """Return float32 [n, 2], at least one and at most `count` samples from one on that the file has.

        Raises:
            AudioFileError, soundfile.SoundFileError, OSError: The file cannot be read any more.
        """
        known = self._tail[max(0, start - self._begin) :][:count] if start >= self._begin else self._tail[:0]
        if len(known):
            return known
        if self._next != start:
            self._go_to(start)
        read = self.file.read(count, dtype="float32", always_2d=True)
        self._next = start + len(read)
        finite = np.nan_to_num(read, nan=0.0, posinf=MAX_LEVEL, neginf=-MAX_LEVEL)
        mixed: Samples = np.clip(finite @ downmix(self.file.channels), -MAX_LEVEL, MAX_LEVEL)
        self._tail = mixed[-_TAIL:].copy()
        self._begin = self._next - len(self._tail)
        return mixed

    def _go_to(self, start: int) -> None:
        """Let the decoder read the sample at `start` next."""
        if not self.is_lossy:
            self.file.seek(start)
            return
        self._stack.close()
        self.file = self._stack.enter_context(open_audio(self._path))
        at = max(0, start - _LEAD_S * self.file.samplerate)
        if at:
            self.file.seek(at)
        while at < start and (passed := len(self.file.read(min(_PASS, start - at), dtype="float32"))):
            at += passed


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
        # Each with its file, the last used at the end.
        self._open: list[tuple[int, _OpenFile]] = []
        self._blocks: OrderedDict[tuple[int, int], Samples] = OrderedDict()
        # Files that could not be read when they were last asked for, which is told once.
        self._gone: set[int] = set()

    def __getstate__(self) -> tuple[tuple[Path, ...], tuple[AudioFacts, ...]]:
        """Pickled for another process: which files, not what was read of them."""
        return self._paths, self.facts

    def __setstate__(self, state: tuple[tuple[Path, ...], tuple[AudioFacts, ...]]) -> None:
        self._begin(*state)

    def read(self, file: int, start: int, count: int) -> Samples:
        """Return float32 [count, 2] from sample `start` on; silence before the beginning and behind the end.

        What cannot be read any more, because the file was changed or is gone, is silence, and the log says so once.
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
            for _, opened in self._open:
                opened.close()
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
                    self._gone.discard(file)
                except AudioFileError as error:
                    if file not in self._gone:
                        self._gone.add(file)
                        log.warning("%s; it is silent until it can be read again", error)
                    known = np.zeros((0, CHANNELS), np.float32)
                    self._drop(file)
                self._blocks[key] = known
                while len(self._blocks) > max(_MOST_BLOCKS, _BLOCKS_OF_A_FILE * len(self._paths)):
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
        opened = self._opened(file, max(0, start))
        try:
            at, end = max(0, start), min(start + count, opened.file.frames)
            while at < end:
                part = opened.read(at, end - at)
                if not len(part):
                    break
                sound[at - start : at - start + len(part)] = part
                at += len(part)
        except (soundfile.SoundFileError, OSError) as error:
            raise AudioFileError(f"{self._paths[file]}: cannot be read: {error}") from error
        return sound

    def _opened(self, file: int, start: int) -> _OpenFile:
        """Return a decoder of a file: the one that reads on at a sample, or else one that can go there."""
        own = [opened for number, opened in self._open if number == file]
        found = next((opened for opened in own if opened.reads_on(start)), None)
        if found is None:
            # Clips that several sessions play are at other places for each: a decoder for each place.
            found = own[0] if own and (len(own) >= _MOST_OF_A_FILE or not own[0].is_lossy) else None
        if found is None:
            found = _OpenFile(self._paths[file])
            if (found.file.samplerate, found.file.channels) != self.facts[file][1:]:
                found.close()
                raise AudioFileError(f"{self._paths[file]}: is another file than before")
        else:
            self._open.remove((file, found))
        self._open.append((file, found))
        while len(self._open) > _MOST_OPEN:
            self._open.pop(0)[1].close()
        return found

    def _drop(self, file: int) -> None:
        for number, opened in self._open:
            if number == file:
                opened.close()
        self._open = [each for each in self._open if each[0] != file]


def audio_facts(path: Path) -> AudioFacts:
    """Return what the header of a sound file says. Raises: AudioFileError if it is none that can be read."""
    with open_audio(path) as file:
        if not file.frames:
            raise AudioFileError(f"{path}: holds no samples")
        return AudioFacts(round(file.frames * SAMPLE_RATE / file.samplerate), file.samplerate, file.channels)
