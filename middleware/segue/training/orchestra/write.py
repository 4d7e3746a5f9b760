"""Writing a SoundFont 2 or 3 file from its parts: the inverse of `segue.score.sampler.soundfont`."""

from __future__ import annotations

import struct

from segue.score.sampler.soundfont import TABLES, SoundFont


def soundfont_bytes(font: SoundFont) -> bytes:
    """The file: a RIFF of form sfbk with the INFO, sdta and pdta lists in the order the specification demands."""
    info = _list(b"INFO", [(tag.encode(), body) for tag, body in font.info.items()])
    samples = _list(b"sdta", [(b"smpl", font.data)])
    tables = _list(b"pdta", [(tag.encode(), font.tables[tag].tobytes()) for tag in TABLES])
    return _chunk(b"RIFF", b"sfbk" + info + samples + tables)


def _list(form: bytes, chunks: list[tuple[bytes, bytes]]) -> bytes:
    return _chunk(b"LIST", form + b"".join(_chunk(tag, body) for tag, body in chunks))


def _chunk(tag: bytes, body: bytes) -> bytes:
    """A RIFF chunk, padded to an even length as RIFF asks."""
    return struct.pack("<4sI", tag, len(body)) + body + b"\0" * (len(body) & 1)
