"""Two examples of every message: with nothing optional, and with everything."""

from __future__ import annotations

from typing import Final

from segue_sdk.messages import (
    Beat,
    Bye,
    Candidate,
    Cause,
    Cell,
    Change,
    Chunk,
    Clock,
    Control,
    Declaration,
    DuckInfo,
    Error,
    Event,
    EventItem,
    GeneratorInfo,
    Hello,
    Input,
    LayerInfo,
    Limits,
    Message,
    Playhead,
    Receipt,
    Restore,
    Rules,
    Save,
    Saved,
    Status,
    Stinger,
    Welcome,
)

_KEY: Final = bytes(range(16))
# Four different samples of the format, so that a swapped channel or byte order shows.
_S16: Final = bytes.fromhex("0100ff7f0080ffff") * 960
_F32: Final = bytes.fromhex("0000003f000000bf0000803f00000000") * 960

_BARE: Final = Declaration(title="", fingerprint="", inputs=(), layers=(), styles=())
_EMBERWOOD: Final = Declaration(
    title="Emberwood — Wälder",
    fingerprint="9f2c51aa",
    inputs=(
        Input(name="threat", type="number", low=0.0, high=1.0, default=0.0),
        Input(name="enemies", type="integer", low=0.0, high=64.0, default=0),
        Input(name="region", type="choice", of=("forest", "crypt", "town"), default="forest"),
        Input(name="cutscene", type="flag", default=False),
        Input(name="boss_dead", type="trigger"),
    ),
    layers=(
        LayerInfo(name="place", states=("forest", "crypt", "town"), default="forest"),
        LayerInfo(name="action", states=("calm", "combat"), default="calm"),
    ),
    styles=("woodland", "dread", "market", "battle", "fanfare"),
    stingers=("victory", "triumph"),
)


def _welcome(rules: Declaration, generator: GeneratorInfo, limits: Limits, *, resumed: bool) -> Welcome:
    return Welcome(
        version=1,
        session="s-1",
        key=_KEY,
        resumed=resumed,
        service="segue 0.1.0",
        format="f32le",
        sample_rate=48_000,
        channels=2,
        frame_size=1_920,
        lookahead_ms=4_000,
        chunk_frames=10,
        resume_window_ms=30_000,
        paused_window_ms=1_800_000,
        seed=7,
        generator=generator,
        limits=limits,
        rules=rules,
    )


MINIMAL: Final[tuple[Message, ...]] = (
    Hello(versions=(1,), client=""),
    Event(events=(EventItem(seq=1, at=0),)),
    Playhead(played=0, committed=0, have=0, paused=True),
    Save(id=1),
    Restore(id=1, at=0, take=0),
    Control(op="pause"),
    _welcome(_BARE, GeneratorInfo(name="score"), Limits(events_per_second=100, header_bytes=262_144), resumed=False),
    Rules(declaration=_BARE),
    Receipt(seq=1, accepted=True, code="accepted", frame=0),
    Change(kind="rendered", layer="place", from_state="forest", to_state="crypt", decided=10, start=10, audible=19_200),
    Chunk(seq=1, take=0, start=0, count=1_920, mixed=False, format="s16le", generator="score", pcm=_S16),
    Cell(end=1_920, cell=b"\x00", last_event=0),
    Clock(start=0, end=1_920, tempo_bpm=96.0, meter=4, exact=True, beats=()),
    Stinger(id=1, name="victory", kind="scheduled", start=48_000),
    Saved(id=1, position=0, blob=b"\x80"),
    Status(level=0, generator="score", headroom=12.5),
    Error(code="unknown_type"),
    Bye(reason="quit"),
)

FULL: Final[tuple[Message, ...]] = (
    Hello(
        versions=(1, 2),
        client="segue-python 0.1.0",
        format="s16le",
        rules_name="emberwood/emberwood.yaml",
        generator="segue-small",
        seed=2**53 - 1,
        lookahead_ms=30_000,
        stingers="included",
        resume=_KEY * 4,
        last_chunk=77,
        token="ash-and-ember-26",
    ),
    Hello(versions=(1,), client="x", rules_text="segue: 1\ntitle: Ä\n"),
    Event(
        events=(
            EventItem(seq=41, at=96_000, set={"threat": 0.75, "enemies": 3, "region": "crypt", "cutscene": True}),
            EventItem(seq=42, at=96_000, set={"threat": 1.0, "depth": -5}, fire=("boss_dead", "door")),
            EventItem(seq=43, at=97_920, reset=True),
            EventItem(seq=44, at=99_840, reset=True, set={"region": "forest"}, fire=("door",)),
        )
    ),
    Playhead(
        played=95_000, committed=96_000, have=288_000, paused=False, last_chunk=12, underruns=1, late=2, dropped=3
    ),
    Save(id=2**53 - 1),
    Restore(id=2, at=96_000, take=4, cell=b"\x00"),
    Restore(id=2, at=192_000, take=9, blob=b"SGM1" + bytes(60)),
    Control(op="volume", gain_db=-6.0, ramp_ms=500, text="menu"),
    Control(op="rules", rules_name="nightwatch.yaml"),
    Control(op="rules", rules_text="segue: 1\n"),
    Control(op="generator", generator="score"),
    _welcome(
        _EMBERWOOD,
        GeneratorInfo(name="segue-small", model="ab12", exact_beats=False, controls=("tempo", "key")),
        Limits(events_per_second=200, header_bytes=65_536, blob_bytes=32_768),
        resumed=True,
    ),
    Rules(declaration=_EMBERWOOD),
    Rules(errors=("emberwood.yaml:14:9: unknown field 'prority'; did you mean 'priority'?",)),
    Receipt(seq=300, accepted=False, code="unknown_input", frame=50, text="no input 'thread'; did you mean 'threat'?"),
    Change(
        kind="decided",
        layer="action",
        from_state="combat",
        to_state="calm",
        decided=100,
        start=125,
        audible=240_000,
        ramp_frames=75,
        at="2 bars",
        causes=(Cause(text="threat is 0.2", input="threat", value=0.2, seq=9), Cause(text="hold over")),
        candidates=(Candidate(state="combat", reason="cooldown 3.2 s left"),),
        clips=("lull", "lull_choir"),
    ),
    Chunk(
        seq=65_536,
        take=3,
        start=19_200,
        count=1_920,
        mixed=True,
        format="f32le",
        generator="segue-small",
        reason="replace",
        states={"place": "crypt", "action": "combat"},
        mix={"battle": 0.75, "dread": 0.25},
        cell=bytes(range(256)),
        last_event=41,
        pcm=_F32,
    ),
    Cell(end=21_120, cell=bytes(range(256)), last_event=43),
    Clock(
        start=0,
        end=96_000,
        tempo_bpm=96.5,
        meter=7,
        exact=False,
        beats=(Beat(at=0, bar=0, beat=5), Beat(at=30_000, bar=0, beat=6), Beat(at=90_000, bar=1, beat=0)),
        groups=(2, 2, 3),
    ),
    Stinger(
        id=2,
        name="victory",
        kind="placed",
        start=123_457,
        total=5,
        offset=3,
        count=2,
        format="s16le",
        gain_db=-3.0,
        duck=DuckInfo(depth_db=-8.0, fade_out=2_400, recovery=48_000, fade_in=19_200),
        if_late="play",
        pcm=bytes.fromhex("0100ff7f0080ffff"),
    ),
    Stinger(id=2**52, name="victory", kind="placed", start=96_000, total=48_000),
    Stinger(id=3, name="victory", kind="dropped", start=48_000, reason="cooldown"),
    Saved(id=2, position=96_000, blob=bytes(300)),
    Status(
        level=1,
        generator="score",
        headroom=0.5,
        at=96_000,
        reason="segue-small raised",
        restore=2,
        restored="rules",
        last_event=40,
    ),
    Error(code="out_of_range", text="take: expected 0 to (2^53 - 1), got -1", about="restore", seq=2),
    Bye(reason="drain", text="service restarts", retry_ms=500),
)
