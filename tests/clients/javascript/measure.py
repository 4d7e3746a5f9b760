"""The figures of measure.js for the Python SDK: `python tests/clients/javascript/measure.py [SERVICE_ADDRESS]`."""

from __future__ import annotations

import io
import statistics
import sys
import time
import tokenize
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Final

import segue_sdk
from segue_sdk.codec import decode, encode
from segue_sdk.messages import Chunk, DuckInfo, Event, EventItem, Message, Playhead, Receipt, Stinger
from segue_sdk.player import Player

RATE: Final = 48_000
CALLBACK: Final = 480
CHUNK: Final = 19_200
RUNS: Final = 5
_NOT_CODE: Final = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
}


def code_lines(file: Path) -> int:
    """Lines with something else than comments and texts that stand alone."""
    lines: dict[int, set[int]] = {}
    for token in tokenize.generate_tokens(io.StringIO(file.read_text("utf-8")).readline):
        if token.type not in _NOT_CODE and token.string:
            for line in range(token.start[0], token.end[0] + 1):
                lines.setdefault(line, set()).add(token.type)
    return sum(types != {tokenize.STRING} for types in lines.values())


def chunk(i: int) -> Chunk:
    pcm = bytes(range(256)) * (CHUNK * 4 // 256)
    return Chunk(
        seq=i + 1,
        take=0,
        start=i * CHUNK,
        count=CHUNK,
        mixed=False,
        format="s16le",
        generator="score",
        states={"water": "shore"},
        mix={"shore": 1.0},
        cell=bytes(1_500),
        pcm=pcm,
    )


def render_ms(*, with_stinger: bool) -> float:
    """Processor time in milliseconds for a second of audio."""
    player = Player()
    for i in range(40 * RATE // CHUNK):
        player.deliver(chunk(i))
    if with_stinger:
        duck = DuckInfo(depth_db=-9.0, fade_out=4_800, recovery=4_800, fade_in=48_000)
        pcm = array("f", [0.1] * (2 * 480_000)).tobytes()
        total = 480_000
        stinger = Stinger(id=1, name="a", kind="placed", start=RATE, total=total, count=total, duck=duck, pcm=pcm)
        player.deliver(stinger)
    out = memoryview(array("f", bytes(8 * CALLBACK)))
    seconds = 10 if with_stinger else 39
    before = time.process_time()
    for _ in range(seconds * RATE // CALLBACK):
        player.read(out)
    return (time.process_time() - before) * 1_000 / seconds


def per_second(work: Callable[[], object], count: int = 5_000) -> float:
    before = time.process_time()
    for _ in range(count):
        work()
    return count / (time.process_time() - before)


def median(work: Callable[[], float]) -> float:
    return statistics.median(work() for _ in range(RUNS))


def codec(name: str, message: Message) -> None:
    parts = [bytes(part) for part in encode(message)]
    decoded, encoded = (
        median(lambda: per_second(lambda: decode(parts))),
        median(lambda: per_second(lambda: encode(message))),
    )
    print(f"{name}: {decoded:.0f} decoded, {encoded:.0f} encoded a second")


def session_ms(address: str, seconds: int = 20) -> float:
    """Processor time of a whole client in milliseconds for a second of audio, with 25 events a second."""
    with segue_sdk.connect(address) as music, segue_sdk.open_output(music.player, "none"):
        while not music.player.position.committed:
            music.update()
            time.sleep(0.01)
        before, end = time.process_time(), music.player.position.committed + seconds * RATE
        turns = 0
        while music.player.position.committed < end:
            if turns % 4 == 0:
                music.set("level", turns % 100 / 100)
            music.update()
            turns += 1
            time.sleep(0.01)
        return (time.process_time() - before) * 1_000 / seconds


def main() -> None:
    folder = Path(segue_sdk.__file__).parent
    lines = {file.stem: code_lines(file) for file in sorted(folder.glob("*.py"))}
    print(f"lines of code: {lines}, {sum(lines.values())} in all")
    plain = median(lambda: render_ms(with_stinger=False))
    ducked = median(lambda: render_ms(with_stinger=True))
    print(f"render, {CALLBACK} samples a callback: {plain:.2f} ms a second of audio")
    print(f"render under a stinger with a duck: {ducked:.2f} ms a second of audio")
    codec("chunk", chunk(1))
    codec("receipt", Receipt(seq=1, accepted=True, code="accepted", frame=10))
    codec("playhead", Playhead(played=1_000, committed=2_000, have=3_000, paused=False, last_chunk=4))
    codec("event", Event(events=(EventItem(seq=1, at=1_000, set={"threat": 0.5}, fire=("ping",)),)))
    for address in sys.argv[1:]:
        print(f"a session, {address}: {session_ms(address):.1f} ms a second of audio, 25 events a second")


if __name__ == "__main__":
    main()
