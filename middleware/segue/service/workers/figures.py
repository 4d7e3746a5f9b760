"""The metrics of a whole service of workers: those of the edge, of every worker, and of workers that are gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple, TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from segue.service.monitoring import Metrics

_Labels: TypeAlias = tuple[tuple[str, str], ...]
# Metrics that only ever grow; what a worker has counted stays true when it is gone.
_GROWING: Final = frozenset({"counter", "histogram"})
# Of these the least is told, and not the sum.
_LEAST: Final = frozenset({"process_start_time_seconds", "process_max_fds"})
_LEAST_ABOVE_ZERO: Final = frozenset({"segue_headroom"})


class Figure(NamedTuple):
    """A metric of a process.

    Attributes:
        kind: As Prometheus calls it.
        values: By the sample's name and its labels.
    """

    name: str
    text: str
    kind: str
    values: Mapping[tuple[str, _Labels], float]


Figures: TypeAlias = tuple[Figure, ...]


def figures_of(registry: CollectorRegistry) -> Figures:
    """Return all metrics of a process."""
    return tuple(
        Figure(
            metric.name,
            metric.documentation,
            metric.type,
            {(sample.name, tuple(sorted(sample.labels.items()))): float(sample.value) for sample in metric.samples},
        )
        for metric in registry.collect()
    )


def merged(processes: Iterable[Figures]) -> Figures:
    """Return the metrics of several processes together: sums, and the least of what no sum makes sense of."""
    found: dict[str, Figure] = {}
    for figures in processes:
        for figure in figures:
            before = found.get(figure.name)
            found[figure.name] = figure if before is None else _added(before, figure)
    return tuple(found.values())


def growing(figures: Figures) -> Figures:
    """Return those metrics that stay true when their process is gone."""
    return tuple(figure for figure in figures if figure.kind in _GROWING)


def _added(first: Figure, second: Figure) -> Figure:
    values = dict(first.values)
    for key, value in second.values.items():
        name = key[0]
        if key not in values:
            values[key] = value
        elif first.name in _LEAST_ABOVE_ZERO:
            values[key] = min((one for one in (values[key], value) if one > 0), default=0.0)
        elif first.name in _LEAST or name.endswith("_created"):
            values[key] = min(values[key], value)
        else:
            values[key] += value
    return first._replace(values=values)


class _Collected(Collector):
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        for figure in self._figures:
            metric = Metric(figure.name, figure.text, figure.kind)
            metric.samples = [Sample(name, dict(labels), value) for (name, labels), value in figure.values.items()]
            yield metric


class EdgeMetrics(Metrics):
    """The edge's own metrics, and in `exposition` those of the whole service."""

    def __init__(self) -> None:
        super().__init__()
        counter, gauge = partial(Counter, registry=self.registry), partial(Gauge, registry=self.registry)
        self._workers = gauge("segue_workers", "Worker processes, by what they do.", ["state"])
        self._lost = counter("segue_lost_workers", "Worker processes that were lost, by why.", ["reason"])
        # By the worker's number. Replaced, not changed: another thread reads them.
        self._reports: Mapping[int, Figures] = {}
        self._gone: Figures = ()

    def set_workers(self, states: Mapping[str, int]) -> None:
        """Set the number of workers by state."""
        for state, number in states.items():
            self._workers.labels(state).set(number)

    def lost_worker(self, reason: str) -> None:
        """Count a worker that was lost.

        Args:
            reason: One of a fixed few.
        """
        self._lost.labels(reason).inc()

    def take_report(self, worker: int, figures: Figures) -> None:
        """Take the metrics of a worker."""
        self._reports = {**self._reports, worker: figures}

    def forget(self, worker: int) -> None:
        """Keep of a worker that is gone only what it has counted."""
        reports = dict(self._reports)
        last = reports.pop(worker, ())
        self._gone = merged([self._gone, growing(last)])
        self._reports = reports

    def exposition(self) -> bytes:
        """Return the metrics of the whole service in Prometheus' text format."""
        processes: Sequence[Figures] = [figures_of(self.registry), self._gone, *self._reports.values()]
        registry = CollectorRegistry()
        registry.register(_Collected(merged(processes)))
        return generate_latest(registry)
