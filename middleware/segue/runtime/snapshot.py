"""A session's music as bytes: cells that travel with chunks, and blobs for save games (PROTOCOL.md, section 9).

Both come back from a client's memory or disk, so every field is checked before it is used.
"""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, NoReturn

import msgpack

from segue.audio import effects
from segue.contract import FRAME_SIZE, MOST_STATE_BYTES, Generator
from segue.runtime import mastering
from segue.runtime.audio_buffer import ChunkBoundary
from segue_rules.director import plain_data
from segue_rules.events import Event

CELL_BYTES: Final = 16_384
BLOB_BYTES: Final = 65_536
SNAPSHOT_VERSION: Final = 1

_MAGIC: Final = b"SGS1"
_SUM_BYTES: Final = 32
# The largest unpacked state of a director; rules of ten thousand states fit.
_MOST_DIRECTOR_BYTES: Final = 1 << 20
_MOST_EVENTS: Final = 1_024
_MOST_STINGERS: Final = 32


class SnapshotError(ValueError):
    """The bytes are no saved music; the message says what was expected and what came."""


@dataclass(frozen=True, kw_only=True)
class SavedDirector:
    """The rules' part of a snapshot.

    Attributes:
        state: The director's packed state.
        events: Events still to come with their frames, in order.
        last_event: The greatest event number taken, 0 for none.
    """

    state: dict[str, Any]
    events: tuple[tuple[int, Event], ...] = ()
    last_event: int = 0


class SavedStinger(NamedTuple):
    """A stinger that sounds.

    Attributes:
        name: In the rules.
        start: The sample at which it begins.
        cancelled: The sample from which it fades out, None if it plays to its end.
        number: In the messages about it, where the client gets it by itself; 0 where it is in the music.
    """

    name: str
    start: int
    cancelled: int | None
    number: int = 0


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A session before a frame.

    Attributes:
        position: The frame.
        seed: Seed of the session.
        rules: Fingerprint of its rule files.
        model: The model of the generator that played.
        director: A packed SavedDirector.
        history: The generator's packed state, b"" for none.
        master: The mastering stage's packed state, b"" for none.
        effects: Its effects' packed state, b"" where they are off.
        stingers: Stingers that sound, on the client's timeline; none in a blob.
        last_event: The greatest event number taken before it, as `director` says; 0 for none, and in a blob.
    """

    position: int
    seed: int
    rules: str
    model: str
    director: bytes
    history: bytes = b""
    master: bytes = b""
    effects: bytes = b""
    stingers: tuple[SavedStinger, ...] = ()
    last_event: int = 0

    def saved_director(self) -> SavedDirector:
        """Return the rules' part.

        Raises:
            SnapshotError: It cannot be read.
        """
        return _unpack_director(self.director)

    def with_events_from(self, frame: int) -> Snapshot:
        """Return it with the events that are still to come in `frame` at the earliest."""
        saved = self.saved_director()
        return self._with(replace(saved, events=tuple((max(at, frame), event) for at, event in saved.events)))

    def with_stingers(self, stingers: Sequence[SavedStinger]) -> Snapshot:
        """Return it with these stingers beside those in its music; of too many, the newest are kept."""
        return replace(self, stingers=(*self.stingers, *stingers)[-_MOST_STINGERS:]) if stingers else self

    def without_numbers(self) -> Snapshot:
        """Return it with 0 as the number of the events that are still to come."""
        saved = self.saved_director()
        return self._with(replace(saved, events=tuple((at, replace(event, sequence=0)) for at, event in saved.events)))

    def _with(self, saved: SavedDirector) -> Snapshot:
        return replace(self, director=_pack_director(saved))

    def to_cell(self) -> bytes | None:
        """Return at most CELL_BYTES bytes.

        The history is left out if it does not fit; the result is None if the rest does not fit either.
        """
        return self._within(CELL_BYTES)

    def to_blob(self) -> bytes:
        """Return at most BLOB_BYTES bytes for a save game.

        Event numbers and positions of stingers are left out: they belong to the session.

        Raises:
            SnapshotError: The director's state does not fit.
        """
        saved = self.saved_director()
        director = _pack_director(SavedDirector(state=saved.state, events=saved.events))
        blob = replace(self, director=director, stingers=())._within(BLOB_BYTES)
        if blob is None:
            raise SnapshotError(f"the rules' state does not fit a blob of {BLOB_BYTES} bytes")
        return blob

    def to_bytes(self) -> bytes:
        """Return the whole snapshot as bytes, however many."""
        fields = {
            "version": SNAPSHOT_VERSION,
            "model": self.model,
            "rules": self.rules,
            "seed": self.seed,
            "position": self.position * FRAME_SIZE,
            "director": self.director,
            "history": self._packed_history() if self.history else b"",
        }
        if self.stingers:
            # The last item is there for a number only.
            fields["stingers"] = [list(each) if each.number else list(each[:3]) for each in self.stingers]
        body = msgpack.packb(fields)
        return bytes(_MAGIC + hashlib.sha256(body).digest() + body)

    def _packed_history(self) -> bytes:
        # The last item is there for effects only.
        return bytes(msgpack.packb([self.master, self.history, *([self.effects] if self.effects else [])]))

    def _within(self, most: int) -> bytes | None:
        for kept in (self, replace(self, history=b"", master=b"", effects=b"")):
            data = kept.to_bytes()
            if len(data) <= most:
                return data
        return None

    @classmethod
    def from_bytes(cls, data: bytes) -> Snapshot:
        """Read a cell or a blob.

        Raises:
            SnapshotError: The bytes are neither.
        """
        body = data[len(_MAGIC) + _SUM_BYTES :]
        if len(data) > BLOB_BYTES or not data.startswith(_MAGIC):
            raise SnapshotError(f"expected saved music, at most {BLOB_BYTES} bytes that begin with {_MAGIC!r}")
        if not hmac.compare_digest(data[len(_MAGIC) : len(_MAGIC) + _SUM_BYTES], hashlib.sha256(body).digest()):
            raise SnapshotError("expected saved music, its checksum is wrong")
        try:
            return cls._read(_unpacked(body))
        except SnapshotError:
            raise
        except ValueError as error:
            raise SnapshotError(f"expected saved music: {error}") from error

    @classmethod
    def _read(cls, fields: Any) -> Snapshot:
        plain_data.mapping(fields, 64)
        plain_data.integer(fields.get("version"), SNAPSHOT_VERSION, SNAPSHOT_VERSION)
        position = plain_data.integer(fields.get("position"), 0, plain_data.LAST_FRAME * FRAME_SIZE)
        if position % FRAME_SIZE:
            raise SnapshotError(f"position: expected a multiple of {FRAME_SIZE}, got {position}")
        history = _bytes(fields.get("history"), BLOB_BYTES)
        master, kept, effects_data = b"", b"", b""
        if history:
            parts = [_bytes(part, MOST_STATE_BYTES) for part in plain_data.sequence(_unpacked(history), 2, 3)]
            master, kept, effects_data = (*parts, b"")[:3]
            mastering.unpack(master, effects_data)
        snapshot = cls(
            position=position // FRAME_SIZE,
            seed=plain_data.integer(fields.get("seed"), 0, plain_data.LARGEST_INTEGER),
            rules=plain_data.text(fields.get("rules"), 64),
            model=plain_data.text(fields.get("model"), 128),
            director=_bytes(fields.get("director"), BLOB_BYTES),
            history=kept,
            master=master,
            effects=effects_data,
            stingers=tuple(map(_stinger, plain_data.sequence(fields.get("stingers", []), 0, _MOST_STINGERS))),
        )
        return replace(snapshot, last_event=snapshot.saved_director().last_event)


def take_snapshot(
    boundary: ChunkBoundary,
    generator: Generator[Any],
    saved: SavedDirector,
    *,
    seed: int,
    rules: str,
    stingers: Sequence[SavedStinger] = (),
) -> Snapshot:
    """Return a snapshot of the music at a boundary.

    Args:
        boundary: The boundary.
        generator: The generator that its state belongs to.
        saved: The rules' part.
        seed: Seed of the session.
        rules: Fingerprint of the rule files that `saved` belongs to.
        stingers: Stingers that may sound there; the newest are kept.
    """
    history = generator.pack(boundary.state)
    return Snapshot(
        position=boundary.frame,
        seed=seed,
        rules=rules,
        model=generator.model,
        director=_pack_director(saved),
        history=history,
        master=mastering.pack(boundary.master) if history else b"",
        effects=effects.pack(boundary.master.effects) if history else b"",
        stingers=tuple(stingers[-_MOST_STINGERS:]),
        last_event=saved.last_event,
    )


def _pack_director(saved: SavedDirector) -> bytes:
    events = [_packed_event(frame, event) for frame, event in saved.events[:_MOST_EVENTS]]
    packed = msgpack.packb({"state": saved.state, "events": events, "last_event": saved.last_event})
    return zlib.compress(packed, level=1)


def _unpack_director(data: bytes) -> SavedDirector:
    expander = zlib.decompressobj()
    try:
        packed = expander.decompress(data, _MOST_DIRECTOR_BYTES)
    except zlib.error as error:
        raise SnapshotError(f"director: cannot be decompressed: {error}") from error
    if not expander.eof or expander.unused_data:
        raise SnapshotError(f"director: expected one stream of at most {_MOST_DIRECTOR_BYTES} bytes")
    try:
        fields = plain_data.mapping(_unpacked(packed))
        return SavedDirector(
            state=plain_data.mapping(fields.get("state")),
            events=tuple(map(_event, plain_data.sequence(fields.get("events"), 0, _MOST_EVENTS))),
            last_event=plain_data.integer(fields.get("last_event"), 0, plain_data.LARGEST_INTEGER),
        )
    except SnapshotError:
        raise
    except ValueError as error:
        raise SnapshotError(f"director: {error}") from error


def _packed_event(frame: int, event: Event) -> list[Any]:
    settings = {name: _exact(value) for name, value in event.set.items()}
    # The last item is there for a reset only.
    return [frame, event.sequence, settings, list(event.fire), *([True] if event.reset else [])]


def _event(data: Any) -> tuple[int, Event]:
    frame, sequence, settings, fire, *reset = plain_data.sequence(data, 4, 5)
    return plain_data.integer(frame, 0, plain_data.LAST_FRAME), Event(
        sequence=plain_data.integer(sequence, 0, plain_data.LARGEST_INTEGER),
        reset=any(map(plain_data.boolean, reset)),
        set={
            plain_data.text(name): plain_data.scalar(value) for name, value in plain_data.mapping(settings, 256).items()
        },
        fire=tuple(plain_data.text(name) for name in plain_data.sequence(fire, 0, 256)),
    )


def _stinger(data: Any) -> SavedStinger:
    name, start, cancelled, *number = plain_data.sequence(data, 3, 4)
    last = plain_data.LAST_FRAME * FRAME_SIZE
    return SavedStinger(
        name=plain_data.text(name),
        start=plain_data.integer(start, 0, last),
        cancelled=None if cancelled is None else plain_data.integer(cancelled, 0, last),
        number=sum(plain_data.integer(each, 1, plain_data.LARGEST_INTEGER) for each in number),
    )


def _exact(value: Any) -> Any:
    """Return an integer within the range of MessagePack and other languages; that of a clamped event may exceed it."""
    return max(-plain_data.LARGEST_INTEGER, min(value, plain_data.LARGEST_INTEGER)) if isinstance(value, int) else value


def _unpacked(data: bytes) -> Any:
    """Read MessagePack without extensions and repeated keys.

    Raises:
        ValueError: The data are no such MessagePack.
    """
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=True, ext_hook=_no_extension, object_pairs_hook=_once)
    except (msgpack.UnpackException, TypeError, OverflowError) as error:
        raise SnapshotError(f"not MessagePack: {str(error)[:80]}") from error


def _once(pairs: Sequence[tuple[Any, Any]]) -> dict[Any, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise SnapshotError("a key stands twice in one map")
    return fields


def _no_extension(code: int, data: bytes) -> NoReturn:
    raise SnapshotError(f"extension type {code}; none is allowed")


def _bytes(value: Any, most: int) -> bytes:
    if not isinstance(value, bytes) or len(value) > most:
        raise SnapshotError(f"expected at most {most} bytes")
    return value
