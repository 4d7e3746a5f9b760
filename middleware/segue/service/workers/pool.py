"""The workers of a service: as many as are configured, and a spare one that takes the place of one that is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from segue.contract import GeneratorError
from segue.service.rule_store import RuleEdit, RuleStore
from segue.service.settings.configuration import (
    LEAST_MIB,
    ServiceConfig,
    default_note_memory_mib,
    machine_memory_bytes,
)
from segue.service.workers.control import Edited, Places, Report, Start, Stop
from segue.service.workers.figures import EdgeMetrics
from segue.service.workers.process import State, WorkerProcess

log = logging.getLogger(__name__)

# After workers were lost: the first wait until another one starts, doubled each time, and the longest.
_FIRST_WAIT_S: Final = 0.5
_MOST_WAIT_S: Final = 30.0
# Workers that are lost later than this were good ones.
_GOOD_S: Final = 60.0
# Beyond the drain, until workers that stop are ended.
_MORE_S: Final = 5.0
_POLL_S: Final = 0.02


class WorkerPool:
    """The workers. To be used from one event loop."""

    def __init__(
        self,
        config: ServiceConfig,
        command: Sequence[str],
        rule_store: RuleStore,
        metrics: EdgeMetrics,
        version: str,
    ) -> None:
        """Begin without workers.

        Args:
            config: The service's configuration.
            command: The program of a worker.
            rule_store: The soundtracks that the workers play.
            metrics: Counts workers, and takes their reports.
            version: Version of Segue.
        """
        self._command = command
        self._rule_store = rule_store
        self._metrics = metrics
        self._version = version
        self._wanted = config.workers
        self._shares = shares(config.max_sessions, config.workers)
        self._config = worker_config(config, machine_memory_bytes())
        self._drain_s = config.drain_ms / 1000
        self._workers: dict[int, WorkerProcess] = {}
        self._started = 0
        self._failures = 0
        self._wait_s = 0.0
        self._failure = ""
        self._stopping = False

    def __len__(self) -> int:
        """Return the number of workers that serve."""
        return len(self._serving())

    async def start(self, stopping: asyncio.Future[Any]) -> bool:
        """Start the workers and wait until they can play; False if the service was stopped meanwhile.

        Raises:
            GeneratorError: One of them cannot play.
            OSError: A process cannot be started.
        """
        for _ in range(self._wanted):
            self._start_worker()
        while len(self) < self._wanted:
            if stopping.done():
                return False
            if self._failure:
                raise GeneratorError(self._failure)
            await asyncio.sleep(_POLL_S)
        return True

    def tend(self, step_s: float) -> None:
        """Start what is lacking and end what hangs. step_s: Seconds since the last call."""
        for worker in list(self._workers.values()):
            worker.tend(step_s)
            if worker.age_s >= _GOOD_S:
                self._failures = 0
        self._wait_s = max(0.0, self._wait_s - step_s)
        while not self._stopping and not self._wait_s and len(self._workers) < self._wanted + 1:
            try:
                self._start_worker()
            except OSError as error:
                self._wait_longer()
                log.error("a worker cannot be started", extra={"reason": str(error), "next_start_s": self._wait_s})
        states = [worker.state for worker in self._workers.values()]
        self._metrics.set_workers({state.value: states.count(state) for state in State if state is not State.GONE})

    def choose(self, number: int, tried: Sequence[WorkerProcess] = ()) -> WorkerProcess | None:
        """Return the worker for a client that says hello; None if no worker serves.

        Args:
            number: Of the worker that has its session; any other if there is none. Then it is the one with the most
                free places, and if none has any, the one with the most sessions that may be closed for others.
            tried: Workers that are not to be chosen.
        """
        serving = [worker for worker in self._serving() if worker not in tried]
        known = self._workers.get(number)
        if known in serving:
            return known
        return max(
            serving, key=lambda worker: (max(0, worker.places - worker.load), worker.idle, -worker.number), default=None
        )

    def edited(self, edit: RuleEdit) -> None:
        """Give an edited rule file to all workers."""
        for worker in self._workers.values():
            worker.send(Edited(edit))

    async def stop(self) -> None:
        """Let the workers fill their clients' buffers and say goodbye, and end those that take too long."""
        self._stopping = True
        for worker in self._workers.values():
            if worker.state in (State.SERVING, State.SPARE):
                worker.state = State.ENDING
                worker.send(Stop())
        workers = list(self._workers.values())
        for worker in workers:
            if worker.state is not State.ENDING:
                worker.end("stopped")
        left_s = self._drain_s + _MORE_S
        while self._workers and left_s > 0:
            await asyncio.sleep(_POLL_S)
            left_s -= _POLL_S
        for worker in list(self._workers.values()):
            log.error("a worker does not stop", extra={"worker": worker.number, "pid": worker.pid})
            worker.end("hung")
        for worker in workers:
            await worker.ended()

    def kill(self) -> None:
        """End all workers at once, if any are left."""
        self._stopping = True
        for worker in list(self._workers.values()):
            worker.end("stopped")

    # --- inside -----------------------------------------------------------------------------------------------------

    def _serving(self) -> list[WorkerProcess]:
        return [worker for worker in self._workers.values() if worker.state is State.SERVING]

    def _start_worker(self) -> None:
        """Start a worker. Raises: OSError."""
        number = self._started + 1
        soundtracks = {name: self._rule_store.named(name) for name in self._rule_store.names}
        worker = WorkerProcess(
            self._command,
            Start(number, self._config, soundtracks, self._version),
            ready=self._on_ready,
            reported=self._on_report,
            lost=self._on_lost,
        )
        self._started = number
        self._workers[number] = worker

    def _on_ready(self, worker: WorkerProcess) -> None:
        worker.state = State.SPARE
        log.info("worker ready", extra={"worker": worker.number, "pid": worker.pid})
        self._fill()

    def _on_report(self, worker: WorkerProcess, report: Report) -> None:
        self._metrics.take_report(worker.number, report.figures)

    def _fill(self) -> None:
        """Let spare workers serve where one is lacking."""
        if self._stopping:
            return
        free = list(self._shares)
        for worker in self._serving():
            free.remove(worker.places)
        for worker in self._workers.values():
            if free and worker.state is State.SPARE:
                worker.places = free.pop(0)
                worker.state = State.SERVING
                worker.send(Places(worker.places))

    def _on_lost(self, worker: WorkerProcess, reason: str) -> None:
        del self._workers[worker.number]
        self._metrics.forget(worker.number)
        self._failure = self._failure or worker.failure or "a worker ended before it could play; its log says why"
        if not self._stopping:
            self._metrics.lost_worker(reason)
            fields = {"worker": worker.number, "pid": worker.pid, "reason": reason}
            log.error("a worker is gone", extra=fields)
            if worker.age_s < _GOOD_S:
                self._wait_longer()
            self._fill()

    def _wait_longer(self) -> None:
        self._wait_s = min(_MOST_WAIT_S, _FIRST_WAIT_S * 2**self._failures)
        self._failures += 1


def shares(sessions: int, workers: int) -> list[int]:
    """Divide a number of sessions among workers as equally as whole numbers allow, the larger shares first."""
    least, more = divmod(sessions, workers)
    return [least + (number < more) for number in range(workers)]


def worker_config(config: ServiceConfig, machine_bytes: int | None) -> ServiceConfig:
    """Return the configuration of each worker: its share of what is limited together, and nothing that the edge does.

    Args:
        machine_bytes: Memory of the machine; None if it is not known.
    """
    most = max(shares(config.max_sessions, config.workers))
    # The spare one has a share as well.
    processes = config.workers + 1
    memory = config.note_memory_mib
    if memory is None:
        memory = default_note_memory_mib(most, machine_bytes, processes)
    return replace(
        config,
        bind=(),
        tls_bind=None,
        tls_cert=None,
        tls_key=None,
        web_bind=(),
        web_origin=(),
        http_bind=None,
        token=None,
        max_connections=config.most_connections,
        rules={},
        rule_folders=(),
        reload=False,
        workers=0,
        generation_processes=0,
        note_memory_mib=max(LEAST_MIB, memory // processes),
        max_record_mib=max(1, config.max_record_mib // processes),
        log_file=None,
    )
