"""Records sessions of the Python SDK with a service that fails in every way, for another client to replay."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import fields
from typing import Any, Final

from clients.cases.recorded_values import (
    CHUNK,
    FEWER,
    FIRES,
    INPUTS,
    PLAYED,
    SETTINGS,
    UNPLAYABLE,
    nonsense,
    plain_value,
    told_form,
    welcome,
)
from segue_sdk.codec import decode, encode
from segue_sdk.errors import InputError, ProtocolError
from segue_sdk.limits import FRAME_SIZE
from segue_sdk.messages import (
    Beat,
    Bye,
    Cause,
    Cell,
    Change,
    Chunk,
    Clock,
    Control,
    Declaration,
    Error,
    Event,
    Hello,
    LayerInfo,
    Message,
    Receipt,
    Restore,
    Rules,
    Save,
    Saved,
    Status,
    Stinger,
    Welcome,
)
from segue_sdk.outbox import QueueFullError
from segue_sdk.playback import PlaybackPosition
from segue_sdk.session import ClientSession

STEP_S: Final = 0.02


class Recorder:
    """One session, step by step, with the faults that its seed draws.

    Attributes:
        steps: What was done, for the other client.
        results: What the Python SDK gave for each step, as the probe gives it.
    """

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._session = ClientSession(Hello(versions=(1,), client="replay"))
        self.steps: list[dict[str, Any]] = []
        self.results: list[list[Any]] = []
        self._now_s = 10.0
        self._connected = False
        self._answers: deque[Message | list[bytes]] = deque()
        self._key: bytes | None = None
        self._keys = self._seq = self._take = self._end = self._committed = self._underruns = self._id = 0
        self._contained: list[int] = []
        # How faulty this service is.
        self._trouble = self._draw.choice([0.0, 0.02, 0.08])
        self._per_second = self._draw.choice([4, 20, 200])
        self._refusals = self._draw.choice([0.0, 0.0, 0.3])

    def record(self, count: int) -> None:
        """Record that many turns of game, network and service."""
        for _ in range(count):
            self._turn()
        self._do("close")

    def _turn(self) -> None:
        draw = self._draw
        self._now_s = round(self._now_s + STEP_S, 6)
        if not self._connected and draw.random() < 0.3:
            self._connected = True
            self._answers.clear()
            self._do("connected", now=self._now_s)
        self._play_game()
        if self._connected:
            self._play_service()
        self._tick()
        if draw.random() < self._trouble:
            self._fail()

    def _play_game(self) -> None:
        draw = self._draw
        if draw.random() < 0.25:
            for _ in range(draw.randint(1, 3)):
                name, value = draw.choice(SETTINGS)
                self._do("set", name=name, value=value)
        if draw.random() < 0.03:
            self._do("reset")
            if draw.random() < 0.5:
                self._do("set", name="boss", value=draw.choice([True, False]))
        if draw.random() < 0.1:
            self._do("fire", name=draw.choice(FIRES))
        self._do("end_frame", played=max(0, self._committed - 4_800))
        if draw.random() < 0.01:
            self._do("save")
        if draw.random() < 0.01:
            self._do("restore", blob=draw.choice(["53475331", "ff" * 100, ""]))
        if draw.random() < 0.02:
            self._do(draw.choice(["pause", "resume"]))
        if draw.random() < 0.02:
            self._do("control", fields=self._control())

    def _control(self) -> dict[str, Any]:
        return self._draw.choice(
            [
                {"op": "volume", "gain_db": {"$real": -6.0}, "ramp_ms": 100},
                {"op": "mute"},
                {"op": "unmute"},
                {"op": "rules", "rules_name": "other"},
                {"op": "generator", "generator": "markov"},
            ]
        )

    def _play_service(self) -> None:
        """Send some of the answers that wait, and now and then what nobody asked for."""
        draw = self._draw
        while self._answers and draw.random() < 0.7:
            self._receive(self._answers.popleft())
            if not self._connected:
                return
        if self._key is None:
            return
        if draw.random() < 0.15:
            self._receive(self._chunk())
        if draw.random() < 0.1:
            self._receive(self._news())
        if draw.random() < self._trouble:
            self._receive(self._nonsense())
        if draw.random() < self._trouble:
            self._do("refuse_samples", **draw.choice(UNPLAYABLE))

    def _tick(self) -> None:
        draw = self._draw
        standing = self._committed + 14_400 > self._end
        if not standing:
            self._committed += draw.choice([0, 480, 960, 1_920])
        elif draw.random() < 0.02:
            self._underruns += 1
        position = PlaybackPosition(
            played=max(0, self._committed - 4_800),
            committed=self._committed,
            have=max(self._end, self._committed),
            standing=standing,
            underruns=self._underruns,
        )
        named = {field.name: getattr(position, field.name) for field in fields(position)}
        named["is_standing"] = named.pop("standing")
        self.steps.append({"do": "tick", "now": self._now_s, "position": named})
        self._session.tick(self._now_s, position)
        self._note(None)

    def _fail(self) -> None:
        match self._draw.randrange(6):
            case 0 | 1:
                self._disconnect()
            case 2:
                # The service was killed; another begins, which knows no session.
                self._disconnect()
                self._key, self._seq = None, 0
            case 3:
                # It was restarted behind the connection.
                self._key, self._seq = None, 0
                self._receive(Error(code="no_session"))
            case 4:
                self._now_s += self._draw.choice([0.5, 1.1, 5.5])
            case _:
                retry_ms = self._draw.choice([0, 500])
                self._receive(Bye(reason=self._draw.choice(["drain", "idle"]), retry_ms=retry_ms))

    def _disconnect(self) -> None:
        if self._connected:
            self._connected = False
            self._answers.clear()
            self._do("disconnected", reason="gone")

    # --- the service ------------------------------------------------------------------------------------------------

    def _answer(self, message: Message) -> None:
        draw = self._draw
        match message:
            case Hello():
                self._answers += self._greeting(message)
            case Event(events=events):
                self._answers += [self._receipt(item.seq) for item in events if draw.random() > self._trouble]
                if draw.random() < 0.05:
                    self._answers.append(self._receipt(events[0].seq))
            case Save(id=number):
                saved = Saved(id=number, position=self._committed, blob=b"SGS1")
                self._answers.append(draw.choice([saved, saved, Error(code="internal", about="save", seq=number)]))
            case Restore(id=number):
                self._take = max(self._take, message.take) + 1
                self._end = max(message.at // FRAME_SIZE * FRAME_SIZE, self._committed // FRAME_SIZE * FRAME_SIZE)
                self._answers.append(self._restored(number))
            case Control(op="rules"):
                errors = Rules(errors=("other.yaml:1:1: no",))
                self._answers.append(draw.choice([Rules(declaration=self._declaration()), errors]))
            case Control(op="generator"):
                self._answers.append(Status(level=0, generator="markov", headroom=9.0))
            case _:
                pass

    def _greeting(self, hello: Hello) -> list[Message]:
        draw = self._draw
        if draw.random() < self._trouble:
            code = draw.choice(["too_many_sessions", "rules_refused", "internal"])
            error = Error(code=code, about="hello", text="not now")
            return draw.choice([[error], [error, Bye(reason="refused", retry_ms=300)], []])
        resumed = self._key is not None and hello.resume == self._key
        if not resumed:
            self._keys += 1
            self._key = self._keys.to_bytes(16, "big")
            self._seq = 0
        return [self._welcome(resumed)]

    def _welcome(self, resumed: bool) -> Welcome:
        assert self._key is not None
        return welcome(self._key, resumed=resumed, events_per_second=self._per_second, rules=self._declaration())

    def _declaration(self) -> Declaration:
        inputs = self._draw.choice([INPUTS, INPUTS, INPUTS, FEWER])
        layers = (LayerInfo(name="place", states=("forest", "crypt"), default="forest"),)
        return Declaration(title="t", fingerprint="f", inputs=inputs, layers=layers, styles=("a",))

    def _receipt(self, seq: int) -> Receipt:
        draw = self._draw
        frame = self._committed // FRAME_SIZE + draw.randint(0, 50)
        if draw.random() < self._refusals:
            code = draw.choice(["rate_limited", "rate_limited", "unknown_input"])
            return Receipt(seq=seq, accepted=False, code=code, frame=frame, text="no")
        self._contained.append(seq)
        code = draw.choice(["accepted", "accepted", "clamped", "known"])
        return Receipt(seq=seq, accepted=True, code=code, frame=frame)

    def _restored(self, number: int) -> Message:
        draw = self._draw
        if draw.random() < 0.1:
            return Error(code="restore_refused", about="restore", seq=number)
        last_event = draw.choice([0, *self._contained[-20:]])
        restored = draw.choice(["all", "all", "rules", "nothing"])
        return Status(
            level=0, generator="score", headroom=5.0, restore=number, restored=restored, last_event=last_event
        )

    def _chunk(self) -> Chunk:
        draw = self._draw
        self._seq += 1
        start, reason = self._end, "extend"
        if draw.random() < 0.2:
            self._take += 1
            back = draw.randint(0, 6) * FRAME_SIZE
            start, reason = max(0, min(self._end, self._end - back)), "replace"
        self._end = start + CHUNK
        cell = {} if draw.random() < 0.1 else {"cell": draw.randbytes(8), "last_event": self._known()}
        return Chunk(
            seq=self._seq,
            take=self._take,
            start=start,
            count=CHUNK,
            mixed=reason == "replace",
            format="s16le",
            generator="score",
            reason=reason,
            pcm=bytes(4 * CHUNK),
            **cell,
        )

    def _known(self) -> int:
        return self._draw.choice([0, *self._contained[-5:]])

    def _news(self) -> Message:
        draw, here = self._draw, self._committed
        match draw.randrange(6):
            case 0:
                start = max(0, here + draw.randint(-10, 40) * FRAME_SIZE)
                beats = tuple(Beat(at=start + i * 12_000, bar=i // 4, beat=i % 4) for i in range(4))
                return Clock(start=start, end=start + 48_000, tempo_bpm=240.0, meter=4, exact=True, beats=beats)
            case 1 | 2:
                frame = max(0, here // FRAME_SIZE + draw.randint(-3, 20))
                causes = (Cause(text="hit", input="hit", seq=draw.choice([0, *self._contained[-5:]])),)
                return Change(
                    kind=draw.choice(["decided", "rendered", "rendered", "rendered", "withdrawn"]),
                    layer=draw.choice(["place", "answer"]),
                    from_state="forest",
                    to_state="crypt",
                    decided=draw.randint(max(0, frame - 5), frame),
                    start=frame,
                    audible=frame * FRAME_SIZE,
                    causes=causes,
                )
            case 3:
                self._id += draw.choice([0, 1, 1])
                kind = draw.choice(["scheduled", "placed", "placed", "cancelled", "dropped"])
                start = max(0, here + draw.randint(-4_800, 24_000))
                if_late = draw.choice(["drop", "play"])
                name, number = "victory", max(1, self._id)
                if kind != "placed":
                    return Stinger(id=number, name=name, kind=kind, start=start)
                if draw.random() < 0.3:
                    # Mixed into the chunks.
                    return Stinger(id=number, name=name, kind=kind, start=start, total=2, if_late=if_late)
                return Stinger(
                    id=number, name=name, kind=kind, start=start, total=2, count=2, pcm=bytes(16), if_late=if_late
                )
            case 4:
                return Cell(end=max(CHUNK, self._end), cell=draw.randbytes(8), last_event=self._known())
            case _:
                return Status(level=draw.choice([0, 1]), generator="score", headroom=3.0)

    def _nonsense(self) -> Message | list[bytes]:
        return nonsense(self._draw, self._welcome(False) if self._key else [b""])

    # --- recording --------------------------------------------------------------------------------------------------

    def _receive(self, message: Message | list[bytes]) -> None:
        parts = message if isinstance(message, list) else [bytes(part) for part in encode(message)]
        self.steps.append({"do": "receive", "now": self._now_s, "parts": [part.hex() for part in parts]})
        self._session.receive(parts, self._now_s)
        self._note(None)

    def _do(self, what: str, **arguments: Any) -> None:
        self.steps.append({"do": what, **arguments})
        self._note(self._call(what, arguments))

    def _call(self, what: str, arguments: dict[str, Any]) -> Any:
        session = self._session
        try:
            match what:
                case "connected":
                    session.connected(arguments["now"])
                case "disconnected":
                    session.disconnected(arguments["reason"])
                case "set":
                    session.set(arguments["name"], plain_value(arguments["value"]))
                    return ""
                case "fire":
                    session.fire(arguments["name"])
                    return ""
                case "reset":
                    session.reset()
                    return ""
                case "end_frame":
                    return session.end_frame(arguments["played"])
                case "save":
                    return session.save()
                case "restore":
                    return session.restore(bytes.fromhex(arguments["blob"]))
                case "refuse_samples":
                    session.refuse_samples(PLAYED[arguments["kind"]], ProtocolError("not_finite", "a sample"))
                case "control":
                    given = {name: plain_value(value) for name, value in arguments["fields"].items()}
                    return session.control(Control(**given))
                case _:
                    getattr(session, what)()
        except InputError as error:
            return error.code
        except QueueFullError:
            return "queue_full"
        except ProtocolError as error:
            return error.code if what in ("set", "fire") else 0
        return None

    def _note(self, returned: Any) -> None:
        """Note what the step gave, and let the service read what was sent."""
        session = self._session
        sent = [[bytes(part) for part in parts] for parts in session.to_send()]
        told = [told_form(event) for event in session.client_events()]
        counts = [session.waiting, session.unconfirmed]
        hexed = [[part.hex() for part in parts] for parts in sent]
        beats = len(session._beats._upcoming)
        self.results.append([returned, hexed, told, session.state.name, counts, beats])
        for kind, _ in told:
            if kind in ("lost", "closed"):
                self._connected = False
        if self._connected:
            for parts in sent:
                self._answer(decode(parts))
