"""The client's timeline: chunks in any order in, one stream of samples out (PROTOCOL.md, "The timeline").

It does no I/O and belongs to one thread, the audio callback. Samples are interleaved stereo floats in memoryviews of
format "f". Reading copies samples; it computes only inside fades, which fill at most 30 ms of a block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from segue_sdk.limits import CAPACITY, CHANNELS, FADE, JOIN, MOST_TAKES, PRE_ROLL
from segue_sdk.stinger_mixer import StingerMixer
from segue_sdk.take_buffer import Floats, TakeBuffer


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Lengths: join <= fade <= pre_roll / 2, and every chunk is at least `fade_samples` long.

    Attributes:
        join_samples: Crossfade between takes.
        fade_samples: Fade into and out of silence.
        pre_roll_samples: Music that must be there before playing begins.
        capacity_samples: How far beyond `committed` a chunk may end.
        takes: How many takes are kept at once.
    """

    join_samples: int = JOIN
    fade_samples: int = FADE
    pre_roll_samples: int = PRE_ROLL
    capacity_samples: int = CAPACITY
    takes: int = MOST_TAKES

    def __post_init__(self) -> None:
        if not 0 < self.join_samples <= self.fade_samples <= self.pre_roll_samples // 2 <= self.capacity_samples:
            raise ValueError(f"expected 0 < join <= fade <= pre_roll / 2 <= capacity, got {self}")


DEFAULT: Final = Timing()


def gain_at(done: int, length: int) -> float:
    """The gain of a fade-in at sample `done` of `length`: u²(3 - 2u) at the sample's middle."""
    u = (done + 0.5) / length
    return u * u * (3.0 - 2.0 * u)


class Timeline:
    """Follows one take at a time and changes takes only where that makes no click.

    Attributes:
        committed: The sample clock: the first sample not read yet. It stands while nothing is played.
        underruns, late, dropped: As in `playhead`.
        stingers: Mixed into the music before any fade into or out of silence.
    """

    def __init__(self, timing: Timing = DEFAULT) -> None:
        self.timing = timing
        self.stingers = StingerMixer()
        self.committed = 0
        self.underruns = self.late = self.dropped = 0
        self._buffers: dict[int, TakeBuffer] = {}
        self._followed: TakeBuffer | None = None
        self._joined: TakeBuffer | None = None
        self._join_done = 0
        self._rise_done = 0
        self._fade_out_done = 0
        self._fade_out_length = 0
        self._halted = False

    # --- state ------------------------------------------------------------------------------------------------------

    @property
    def standing(self) -> bool:
        """Whether the sample clock stands: before the pre-roll, after an underrun, or paused."""
        return self._followed is None

    @property
    def have(self) -> int:
        """The end of what is played if nothing more arrives and no older take is used."""
        buffer = self._joined or self._followed
        if buffer is not None:
            return self._played_until(buffer)
        return max((self._played_until(buffer) for buffer in self._buffers.values()), default=self.committed)

    @property
    def take(self) -> int:
        """The greatest take received; 0 if none."""
        return max(self._buffers, default=0)

    # --- input ------------------------------------------------------------------------------------------------------

    def write(self, *, take: int, start: int, samples: Floats, mixed: bool) -> None:
        """Take a chunk. It is kept, not copied.

        Args:
            take: The take it belongs to.
            start: Position of its first sample.
            samples: Interleaved stereo floats.
            mixed: Whether it opens its take and its head holds the crossfade from the take before.
        """
        end = start + len(samples) // CHANNELS
        if end <= self.committed or end > self.committed + self.timing.capacity_samples:
            self.dropped += 1
            return
        buffer = self._buffers.setdefault(take, TakeBuffer(take))
        past = max(0, self.committed - start)
        if not buffer.write(start + past, samples[past * CHANNELS :]):
            return
        if mixed:
            buffer.opening = start
        self.late += start < self.committed
        spare = (kept for kept in sorted(self._buffers) if self._buffers[kept] not in (self._followed, self._joined))
        while len(self._buffers) > self.timing.takes:
            del self._buffers[next(spare)]

    def pause(self) -> None:
        """Fade out and stop the sample clock until `resume`."""
        if self._followed is not None and not self._halted and not self._fade_out_length:
            ahead = (
                self.timing.fade_samples
                if self._joined
                else self._reach(self._followed, self.committed) - self.committed
            )
            self._fade_out_done, self._fade_out_length = 0, min(self.timing.fade_samples, ahead)
        self._halted = True

    def resume(self) -> None:
        """Continue where `pause` stopped."""
        self._halted = False

    # --- output -----------------------------------------------------------------------------------------------------

    def read(self, out: Floats) -> int:
        """Fill `out` with the next samples, and with silence while the clock stands.

        Returns:
            How many samples the clock moved.
        """
        before, filled = self.committed, 0
        while filled < len(out):
            if self._followed is None and not self._begin():
                break
            step = self._step(len(out) // CHANNELS - filled // CHANNELS)
            self._render(out[filled : filled + step * CHANNELS])
            filled += step * CHANNELS
            self._advance(step)
        silence = out[filled:]
        silence[:] = memoryview(bytes(silence.nbytes)).cast("f") if len(silence) else silence
        self._forget()
        return self.committed - before

    def _begin(self) -> bool:
        """Start following the newest take that has the pre-roll, unless paused."""
        if self._halted:
            return False
        wanted = self.committed + self.timing.pre_roll_samples
        ready = [buffer for buffer in self._newest() if self._reach(buffer, self.committed) >= wanted]
        if not ready:
            return False
        self._followed, self._rise_done = ready[0], 0
        return True

    def _step(self, most: int) -> int:
        """Decide what is played at `committed`; the number of samples, up to `most`, for which that holds."""
        buffer = self._followed
        assert buffer is not None
        if self._joined is not None:
            step = self.timing.join_samples - self._join_done
            return min(most, step, self._fade_out_length - self._fade_out_done if self._fade_out_length else step)
        self._followed = buffer = self._entered(buffer, self.committed)
        if self._fade_out_length:
            # A take that arrived out of order can remove an entry that the fade counted on; then it ends early.
            self._fade_out_length = min(
                self._fade_out_length, self._fade_out_done + self._last(buffer, self.committed) - self.committed
            )
            points = [at for at, _ in self._entries(buffer, self.committed)]
            points.append(self.committed + self._fade_out_length - self._fade_out_done)
        elif (newer := self._newer(buffer, self.committed)) is not None:
            self._joined, self._join_done = newer, 0
            points = [self.committed + self.timing.join_samples]
        else:
            points = self._turning_points(buffer)
        return min(most, min(points) - self.committed)

    def _newer(self, buffer: TakeBuffer, position: int) -> TakeBuffer | None:
        """The newest take after `buffer` that can be joined at a position."""
        if buffer.end(position) < position + self.timing.join_samples:
            return None
        return next((new for new in self._newest() if new.take > buffer.take and self._lasts(new, position)), None)

    def _turning_points(self, buffer: TakeBuffer) -> list[int]:
        """Where to decide again while following `buffer`; starts to leave it or to fade out if that is due."""
        points = self._newer_starts(buffer, self.committed)
        end = buffer.end(self.committed)
        entries = [at for at, _ in self._entries(buffer, self.committed)]
        if entries:
            return [*points, *entries]
        leave = end - self.timing.join_samples
        bed = next((old for old in self._newest() if old is not buffer and self._lasts(old, leave)), None)
        if bed is not None and self.committed < leave:
            return [*points, leave]
        if bed is not None and self.committed == leave:
            self._joined, self._join_done = bed, 0
            return [end]
        if self.committed < end - self.timing.fade_samples:
            return [*points, end - self.timing.fade_samples]
        self.underruns += 1
        self._fade_out_done, self._fade_out_length = 0, end - self.committed
        return [end]

    def _newer_starts(self, buffer: TakeBuffer, position: int) -> list[int]:
        """Where beyond a position a take after `buffer` continues, so that it may last from there."""
        return [at for new in self._buffers.values() if new.take > buffer.take for at in new.starts_after(position)]

    def _render(self, out: Floats) -> None:
        """The samples at `committed` under the fades in progress."""
        assert self._followed is not None
        self._followed.copy(self.committed, out)
        if self._joined is not None:
            length, done = self.timing.join_samples, self._join_done
            new = memoryview(bytearray(out.nbytes)).cast("f")
            self._joined.copy(self.committed, new)
            for i in range(len(out)):
                out[i] += (new[i] - out[i]) * gain_at(done + i // CHANNELS, length)
        self.stingers.mix(self.committed, out)
        if self._rise_done < self.timing.fade_samples:
            for i in range(min(len(out), (self.timing.fade_samples - self._rise_done) * CHANNELS)):
                out[i] *= gain_at(self._rise_done + i // CHANNELS, self.timing.fade_samples)
        if self._fade_out_length:
            for i in range(len(out)):
                out[i] *= 1.0 - gain_at(self._fade_out_done + i // CHANNELS, self._fade_out_length)

    def _advance(self, step: int) -> None:
        """Advance the clock and the fades; end those that are over."""
        assert self._followed is not None
        self.committed += step
        self._rise_done = min(self.timing.fade_samples, self._rise_done + step)
        if self._joined is not None:
            self._join_done += step
            if self._join_done == self.timing.join_samples:
                self._followed, self._joined = self._joined, None
        if self._fade_out_length:
            self._fade_out_done += step
            # A take that arrived out of order can remove an entry that the fade counted on; then it ends early.
            ended = self._joined is None and self._last(self._followed, self.committed - 1) == self.committed
            if ended or self._fade_out_done == self._fade_out_length:
                self._followed = self._joined = None
                self._fade_out_length = 0

    def _newest(self) -> list[TakeBuffer]:
        """All takes, the greatest take first."""
        return [self._buffers[take] for take in sorted(self._buffers, reverse=True)]

    def _lasts(self, buffer: TakeBuffer, position: int) -> bool:
        """Whether `buffer` is long enough from `position` on to fade in and, if necessary, out."""
        return buffer.end(position) >= position + self.timing.join_samples + self.timing.fade_samples

    def _entries(self, buffer: TakeBuffer, after: int) -> Iterator[tuple[int, TakeBuffer]]:
        """The openings beyond `after` that follow `buffer` without a fade, the earliest first."""
        last = buffer.end(after)
        found = [
            (new.opening, new)
            for new in self._buffers.values()
            if new.take > buffer.take and new.opening is not None and after < new.opening <= last
        ]
        for at, new in sorted(found, key=lambda entry: (entry[0], -entry[1].take)):
            between = (old for old in self._buffers.values() if buffer.take < old.take < new.take)
            if not any(old.has(at - 1) for old in between):
                yield at, new

    def _entered(self, buffer: TakeBuffer, position: int) -> TakeBuffer:
        """The take to follow from `position` on: the one entered there, or `buffer`."""
        return next((new for at, new in self._entries(buffer, position - 1) if at == position), buffer)

    def _reach(self, buffer: TakeBuffer, position: int) -> int:
        """Where following `buffer` ends if takes are entered at `position` and beyond."""
        return self._last(self._entered(buffer, position), position)

    def _last(self, buffer: TakeBuffer, position: int) -> int:
        """Where following `buffer` ends if takes are entered beyond `position`."""
        if not buffer.has(position):
            return position
        while (entry := next(self._entries(buffer, position), None)) is not None:
            position, buffer = entry
        return buffer.end(position)

    def _played_until(self, buffer: TakeBuffer) -> int:
        """Where following `buffer` from `committed` ends if takes are entered and joined."""
        position = self.committed
        while True:
            buffer = self._entered(buffer, position)
            end = buffer.end(position)
            if end == position:
                return position
            if (newer := self._newer(buffer, position)) is not None:
                buffer, position = newer, position + self.timing.join_samples
                continue
            points = [at for at, _ in self._entries(buffer, position)] + self._newer_starts(buffer, position)
            if min(points, default=end + 1) > end:
                return end
            position = min(points)

    def _forget(self) -> None:
        """Free the samples before the clock."""
        for buffer in list(self._buffers.values()):
            buffer.forget(self.committed)
            if not buffer and buffer not in (self._followed, self._joined):
                del self._buffers[buffer.take]
