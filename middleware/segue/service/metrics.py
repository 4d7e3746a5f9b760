"""What a service counts and measures, for Prometheus. Each service has a registry of its own."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from segue.service.auth import Refusal

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

# Edges around the promises: 350 and 600 ms idle, 600 and 900 ms beside a busy core.
_REACTION_S: Final = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.75, 0.9, 1.2, 2.0, 5.0)
_GENERATION_S: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
_BUFFERED_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0, 20.0, 30.0)
_BATCH: Final = (1, 2, 3, 4, 6, 8, 16, 32, 64)


class Metrics:
    """Called by the service as things happen. Names, labels and units are those of `/metrics`; none is a session's."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        counter = partial(Counter, registry=self.registry)
        gauge = partial(Gauge, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        self._sessions = gauge("segue_sessions", "Sessions by whether a client is connected.", ["state"])
        self._levels = gauge("segue_ladder_sessions", "Sessions by step of the ladder.", ["rung"])
        self._headroom = gauge("segue_headroom", "Seconds of music generated in a second, of the slowest session.")
        self._opened = counter("segue_sessions_opened", "Sessions begun.")
        self._closed = counter("segue_sessions_closed", "Sessions ended, by reason.", ["reason"])
        self._chunks = counter("segue_chunks", "Chunks sent, by why they were generated.", ["reason"])
        self._bytes = counter("segue_sent_bytes", "Bytes sent to clients.")
        self._events = counter("segue_events", "Events answered, by receipt code.", ["code"])
        self._connections = gauge("segue_connections", "Connections, with and without a session.")
        self._refused_connections = counter(
            "segue_refused_connections", "Connections refused or ended by the service, by reason.", ["reason"]
        )
        self._received = counter("segue_received_messages", "Messages received, whole and within the limits.")
        self._refused = counter("segue_refused_messages", "Messages refused, by error code.", ["code"])
        self._underruns = counter("segue_underruns", "Times a client ran dry.")
        self._late = counter("segue_late_chunks", "Chunks that clients got after their start was committed.")
        self._dropped = counter("segue_dropped_chunks", "Chunks that clients could not use.")
        self._steps = counter("segue_ladder_steps", "Steps on the ladder, by where to.", ["rung"])
        self._stalls = counter("segue_generator_stalls", "Generator calls given up.")
        self._restores = counter("segue_restores", "Restores, by what could be taken up.", ["outcome"])
        self._reloads = counter("segue_reloads", "Edited rule files, by what came of it.", ["outcome"])
        self._generation = histogram("segue_generation_seconds", "Time of a generator call.", buckets=_GENERATION_S)
        self._batches = histogram("segue_batch_sessions", "Sessions generated in a call.", buckets=_BATCH)
        self._buffered = histogram(
            "segue_buffered_seconds",
            "Music a client has that it has not handed to its engine, at each of its reports.",
            buckets=_BUFFERED_S,
        )
        self._reaction = histogram(
            "segue_event_to_audible_seconds",
            "From an event's arrival to the first sample made with it.",
            buckets=_REACTION_S,
        )
        self._faults = counter("segue_faults", "Faults of the service's own, by where; most end a session.", ["where"])
        self._known_levels: set[int] = set()

    # --- sessions ---------------------------------------------------------------------------------------------------

    def opened(self) -> None:
        """A session began."""
        self._opened.inc()

    def closed(self, reason: str) -> None:
        """A session ended. reason: one of a fixed few, never a client's words."""
        self._closed.labels(reason).inc()

    def surveyed(self, *, connected: int, waiting: int, levels: Iterable[int], headroom: float) -> None:
        """How things stand. waiting: sessions whose client is away. levels: of all sessions. headroom: the least."""
        self._sessions.labels("connected").set(connected)
        self._sessions.labels("waiting").set(waiting)
        now = Tally(levels)
        self._known_levels |= now.keys()
        for level in self._known_levels:
            self._levels.labels(level).set(now[level])
        self._headroom.set(headroom)

    def restored(self, outcome: str) -> None:
        """A client came with a cell or a blob. outcome: all, rules, nothing or refused."""
        self._restores.labels(outcome).inc()

    # --- connections ------------------------------------------------------------------------------------------------

    def connections(self, number: int, messages: int) -> None:
        """So many are open. messages: whole ones that came since it was last said."""
        self._connections.set(number)
        self._received.inc(messages)

    def refused_connection(self, reason: Refusal) -> None:
        """A connection was not let in, or was ended for what it did."""
        self._refused_connections.labels(reason.value).inc()

    # --- messages ---------------------------------------------------------------------------------------------------

    def sent(self, size: int) -> None:
        """A message left. size: bytes, the payload's too."""
        self._bytes.inc(size)

    def chunk(self, reason: str) -> None:
        """A chunk was made for a client."""
        self._chunks.labels(reason).inc()

    def event(self, code: str) -> None:
        """An event was answered."""
        self._events.labels(code).inc()

    def refused(self, code: str) -> None:
        """A message was refused."""
        self._refused.labels(code).inc()

    def reported(self, *, buffered_s: float, underruns: int, late: int, dropped: int) -> None:
        """A playhead came. underruns, late, dropped: how many more than in the session's report before."""
        self._buffered.observe(buffered_s)
        self._underruns.inc(underruns)
        self._late.inc(late)
        self._dropped.inc(dropped)

    def audible(self, seconds: float) -> None:
        """The sound an event caused begins so long after the event came."""
        self._reaction.observe(seconds)

    def fault(self, where: str) -> None:
        """Something raised what it should not. where: one of a fixed few."""
        self._faults.labels(where).inc()

    # --- generation -------------------------------------------------------------------------------------------------

    def generated(self, *, seconds: float, sessions: int) -> None:
        """A generator call returned."""
        self._generation.observe(seconds)
        self._batches.observe(sessions)

    def stalled(self) -> None:
        """A generator call was given up."""
        self._stalls.inc()

    def stepped(self, level: int) -> None:
        """A session went to another fallback level."""
        self._steps.labels(level).inc()

    def reloaded(self, *, accepted: bool) -> None:
        """An edited rule file was taken over, or refused."""
        self._reloads.labels("accepted" if accepted else "refused").inc()

    def exposition(self) -> bytes:
        """All of it in Prometheus' text format; of type CONTENT_TYPE."""
        return generate_latest(self.registry)
