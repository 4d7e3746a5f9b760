"""Encodes stingers as messages, and paces the parts of their sounds by what the client has played.

Array dimensions: S samples.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np

from segue.audio.frame_limiter import STINGER_FALL_SAMPLES, beside_gains
from segue.contract import FRAME_SIZE, SAMPLE_RATE, Samples
from segue.runtime.messages import StingerOut
from segue.runtime.mixdown import MixedStinger, mixed_stinger
from segue.runtime.snapshot import SavedStinger
from segue.runtime.stinger_placement import PlacedCue
from segue.service import wire
from segue.service.wire import Format
from segue_rules.plan import StingerCue
from segue_sdk.limits import LONGEST_STINGER, MOST_PLAYING
from segue_sdk.messages import Stinger

PART_SAMPLES: Final = SAMPLE_RATE // 2
"""Samples of a part, but for the last one."""
MOST_WAITING_BYTES: Final = 16 << 20
"""Sound of stingers that was sent and is still to be played: 43 s in f32le, 2.7 s for each of 16 stingers."""
MOST_PARTS_AT_ONCE: Final = 8
"""Parts encoded at a time, so that other sessions need not wait long; each takes up to 4 ms beside 15 others."""
# Parts are sent this far ahead of the client at least: a broken connection is noticed after 5 s at the latest, but most
# are replaced sooner.
_LEAST_AHEAD: Final = 4 * SAMPLE_RATE
# A stinger's number: a random base for the session, and a count of its stingers.
_BASE_BITS: Final = 31
_COUNTER_BITS: Final = 20
_TOO_MANY: Final = f"more than {MOST_PLAYING} stingers at once"


@dataclass(kw_only=True)
class _Playing:
    """A stinger that sounds or will sound.

    Attributes:
        message: Its message, without samples.
        stinger: Its whole sound, which all sessions share.
        sent: Samples sent so far, or past before any was to be sent.
        gain: The limiter's gain at the last of them, None before the first.
        has_begun: Whether the client has its beginning, so that no part of it is the first.
    """

    message: Stinger
    stinger: MixedStinger
    sent: int = 0
    gain: float | None = None
    has_begun: bool = False

    @property
    def next_start(self) -> int:
        """The position of the next part on the timeline, in samples."""
        return self.stinger.start + self.sent


class _SentPart(NamedTuple):
    """A part that was sent.

    Attributes:
        start: Its position on the timeline.
        samples: As sent, float32 [S, 2].
        gain: To be applied to them.
        after: Number of the last chunk sent before it.
    """

    message: Stinger
    start: int
    samples: Samples
    gain: float
    after: int

    @property
    def end(self) -> int:
        return self.start + len(self.samples)


class StingerEncoder:
    """Encodes stinger cues as messages.

    Each playing of a stinger has a number, which its announcement, the parts of its sound and its cancellation share.
    Numbers begin at random, so that a client that goes on in another session gets none twice. A part is limited when it
    is sent, beside the music that the client has under it by then and the parts sent before it. A burst is part of the
    music: its messages only say what the chunks contain.

    Attributes:
        sounds: Sounds of the rule file's stingers, float32 [S, 2] at 48 kHz by name; replaced when rules are reloaded.
        bursts: Names of its bursts; replaced likewise.
    """

    def __init__(
        self,
        sounds: Mapping[str, Samples],
        sample_format: Format,
        *,
        included: bool = False,
        bursts: Set[str] = frozenset(),
        lookahead: int = 0,
    ) -> None:
        """Begin without stingers.

        Args:
            sounds: Sounds by name.
            sample_format: Format of samples on the wire.
            included: Whether the sounds are part of the chunks and are not sent by themselves.
            bursts: Names of bursts.
            lookahead: How far ahead of the client music is generated, in samples; parts are sent as far, and 4 s at
                least.
        """
        self.sounds = sounds
        self.bursts = bursts
        self._format = sample_format
        self._included = included
        self._ahead = max(lookahead, _LEAST_AHEAD)
        self._last_id = secrets.randbits(_BASE_BITS) << _COUNTER_BITS
        self._announced: dict[StingerCue, int] = {}
        self._waiting: dict[str, int] = {}
        self._playing: dict[int, _Playing] = {}
        self._sent: list[_SentPart] = []
        # Those that a session before this one began, until the client's position is known.
        self._interrupted: list[PlacedCue] = []
        self._committed = 0

    def messages(self, output: StingerOut) -> Iterator[Stinger]:
        """Yield the messages about a cue, without its sound; none for a stinger that the present rules do not have.

        A stinger beside as many as a client plays is said to be dropped.
        """
        cue = output.cue
        if cue.stinger not in self.sounds and cue.stinger not in self.bursts:
            return
        if output.cancelled:
            if cue in self._announced:
                number = self._announced.pop(cue)
                self._waiting.pop(cue.stinger, None)
                self._playing.pop(number, None)
                self._sent = [part for part in self._sent if part.message.id != number]
                yield self._message(cue, number, "cancelled")
        elif cue.kind == "dropped":
            yield self._message(cue, self._number(cue), "dropped")
        elif cue.kind == "scheduled":
            number = self._announced[cue] = self._waiting[cue.stinger] = self._new_id()
            yield self._message(cue, number, "scheduled")
        else:
            # A stinger that was scheduled starts under the same number.
            yield from self._place(cue, self._number(cue))

    def sounding(self, position: int) -> list[SavedStinger]:
        """Return those that begin before sample `position` and sound from there on, for a session that continues."""
        return [
            SavedStinger(playing.message.name, playing.stinger.start, None, number)
            for number, playing in self._playing.items()
            if playing.stinger.start < position < playing.stinger.start + len(playing.stinger.samples)
        ]

    def resume(self, stingers: Sequence[PlacedCue]) -> None:
        """Go on with what a session before this one has begun: under the same numbers, from the client's position on.

        What the client has of them stays as it is.
        """
        self._interrupted = [each for each in stingers if each.number and each.cancelled is None][:MOST_PLAYING]

    def due(self, music: Callable[[int, int], Samples], last_chunk: int) -> Iterator[Stinger]:
        """Yield the parts that are to be sent now, those that are heard first before others.

        Args:
            music: Returns the music between two samples, as `Session.sound`.
            last_chunk: Number of the last chunk sent.
        """
        waiting = sum(len(part.message.pcm or b"") for part in self._sent)
        for _ in range(MOST_PARTS_AT_ONCE):
            unsent = [each for each in self._playing.values() if each.sent < len(each.stinger.samples)]
            playing = min(unsent, key=lambda each: each.next_start, default=None)
            if playing is None or playing.next_start >= self._committed + self._ahead:
                return
            if waiting >= MOST_WAITING_BYTES:
                return
            part = self._part(playing, music, last_chunk)
            waiting += len(part.pcm or b"")
            yield part

    def again(self) -> list[Stinger]:
        """Return the parts that were sent and are not played yet, for a client that comes back."""
        return [part.message for part in self._sent if part.end > self._committed]

    def acknowledge(self, committed: int, received: int, last_chunk: int) -> None:
        """Forget what is over.

        Args:
            committed: The client's position; cues before it cannot be cancelled any more.
            received: Number of the last chunk that the client has.
            last_chunk: Number of the last chunk sent.
        """
        self._committed = committed
        self._begin_interrupted()
        self._announced = {cue: number for cue, number in self._announced.items() if cue.start >= committed}
        # A client on a slow connection has played past parts that it has not received.
        self._sent = [part for part in self._sent if part.end > committed or received <= part.after < last_chunk]
        for number, playing in list(self._playing.items()):
            if playing.has_begun and playing.next_start < committed:
                # What is past is not sent any more.
                past = (committed - playing.next_start) // PART_SAMPLES * PART_SAMPLES
                playing.sent = min(len(playing.stinger.samples), playing.sent + past)
            if playing.stinger.end <= committed and (self._included or playing.has_begun):
                del self._playing[number]

    def _begin_interrupted(self) -> None:
        """Let stingers of a session before this one go on where the client is."""
        interrupted, self._interrupted = self._interrupted, []
        for each in interrupted:
            if each.cue.stinger in self.sounds and each.start < self._committed + self._ahead:
                stinger = mixed_stinger(each.cue, self.sounds[each.cue.stinger][:LONGEST_STINGER], start=each.start)
                message = self._message(each.cue, each.number, "placed", total=len(stinger.samples))
                self._playing[each.number] = _Playing(message=message, stinger=stinger, has_begun=True)

    def _place(self, cue: StingerCue, number: int) -> Iterator[Stinger]:
        if cue.stinger in self.bursts:
            self._announced[cue] = number
            yield self._message(cue, number, "placed", total=min(cue.frames * FRAME_SIZE, LONGEST_STINGER))
            return
        stinger = mixed_stinger(cue, self.sounds[cue.stinger][:LONGEST_STINGER])
        # Music contains a stinger by its position; a client counts those that it has.
        position = cue.start if self._included else self._committed
        if sum(each.stinger.end > position for each in self._playing.values()) >= MOST_PLAYING:
            yield self._message(cue, number, "dropped", reason=_TOO_MANY)
            return
        self._announced[cue] = number
        message = self._message(cue, number, "placed", total=len(stinger.samples))
        self._playing[number] = _Playing(message=message, stinger=stinger)
        if self._included:
            self._playing[number].sent = len(stinger.samples)
            yield message

    def _part(self, playing: _Playing, music: Callable[[int, int], Samples], last_chunk: int) -> Stinger:
        """Return the next part of a stinger, and count it as sent."""
        message, sound = playing.message, playing.stinger.samples
        late = not playing.has_begun and playing.stinger.start < self._committed
        if late and message.if_late == "play":
            # It begins where the client is when it gets this part.
            playing.stinger = replace(playing.stinger, start=self._committed)
        offset, start = playing.sent, playing.next_start
        samples = self._limited(playing, music)
        playing.sent += len(samples)
        playing.has_begun = True
        payload = wire.pcm(samples, self._format)
        part = replace(message, offset=offset, count=len(samples), pcm=payload)
        if late and message.if_late == "drop":
            # The client does not play it, and says so to its game.
            playing.sent = len(sound)
            del self._playing[message.id]
        else:
            self._sent.append(_SentPart(part, start, samples, playing.stinger.gain, last_chunk))
        return part

    def _limited(self, playing: _Playing, music: Callable[[int, int], Samples]) -> Samples:
        """Return the samples of the next part so that the client's sum stays within full scale, as far as it is known.

        The sound behind the part is read, too: the gain begins to fall before a peak there.
        """
        stinger, start = playing.stinger, playing.next_start
        sound = stinger.samples[playing.sent : playing.sent + PART_SAMPLES + STINGER_FALL_SAMPLES]
        end, part = start + len(sound), sound[:PART_SAMPLES]
        beside = np.zeros_like(sound)
        first = min(max(start, self._committed), end)
        known = music(first, end)
        if len(known):
            under = beside[first - start :][: len(known)]
            under[:] = known
            for each in self._playing.values():
                if each.stinger.duck is not None and each.stinger.start < end and each.stinger.end > first:
                    under *= each.stinger.duck_gain(first, first + len(known))[:, None]
        for other in self._sent:
            a, b = max(start, other.start), min(end, other.end)
            if a < b:
                beside[a - start : b - start] += other.samples[a - other.start : b - other.start] * np.float32(
                    other.gain
                )
        gains = beside_gains(beside, sound * np.float32(stinger.gain), playing.gain)
        if gains is None:
            playing.gain = 1.0
            return part
        playing.gain = float(gains[len(part) - 1])
        return part * gains[: len(part), None]

    def _message(self, cue: StingerCue, number: int, kind: str, **more: Any) -> Stinger:
        fields = {"reason": wire.clipped(cue.reason), **more}
        return Stinger(
            id=number,
            name=cue.stinger,
            kind=kind,
            start=max(0, cue.start),
            format=self._format,
            gain_db=min(12.0, max(-96.0, cue.gain_db)),
            duck=wire.duck(cue.duck),
            # A burst is heard as soon as the music with it is, however late that comes.
            if_late="play" if cue.stinger in self.bursts else cue.if_late,
            **fields,
        )

    def _number(self, cue: StingerCue) -> int:
        """Return the number of the scheduled playing, or a new one."""
        return self._waiting.pop(cue.stinger) if cue.stinger in self._waiting else self._new_id()

    def _new_id(self) -> int:
        self._last_id += 1
        return self._last_id
