"""How a service divides itself among workers, and what it tells of all of them together."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from segue.service.monitoring import Metrics
from segue.service.settings.configuration import LEAST_MIB, ServiceConfig
from segue.service.settings.kinds import Endpoint
from segue.service.workers.figures import EdgeMetrics, figures_of, merged
from segue.service.workers.pool import shares, worker_config
from segue.service.workers.process import log_line


@given(st.integers(1, 1_024), st.integers(1, 256))
def test_the_shares_of_workers_differ_by_one_at_most_and_are_all_sessions(sessions: int, workers: int) -> None:
    divided = shares(sessions, workers)
    assert len(divided) == workers
    assert sum(divided) == sessions
    assert max(divided) - min(divided) <= 1


def test_a_worker_has_its_share_of_the_limits_and_no_address() -> None:
    config = ServiceConfig(
        bind=("tcp://0.0.0.0:7723",),
        token="secret of the tests",
        tls_bind=Endpoint("0.0.0.0", 7724),
        web_bind=("ws://127.0.0.1:9465",),
        http_bind=Endpoint("127.0.0.1", 7725),
        rules={"calm": Path("calm.yaml")},
        default_rules="calm",
        max_sessions=10,
        workers=3,
        note_memory_mib=800,
        max_record_mib=100,
        record=Path("recordings"),
        log_file=Path("segue.log"),
        seed=7,
    )
    one = worker_config(config, None)
    assert (one.bind, one.web_bind, one.tls_bind, one.http_bind, one.token) == ((), (), None, None, None)
    assert (one.workers, one.generation_processes, one.reload, one.log_file) == (0, 0, False, None)
    # Three workers and a spare one.
    assert (one.note_memory_mib, one.max_record_mib) == (200, 25)
    assert (one.default_rules, one.seed, one.record, one.max_sessions) == ("calm", 7, Path("recordings"), 10)


@pytest.mark.parametrize(
    ("machine_mib", "expected"),
    [
        # 128 for the first session and 16 for each of four.
        (None, 192),
        (64 * 1_024, 192),
        # An eighth of the machine for three processes.
        (3_072, 128),
        (512, LEAST_MIB),
    ],
)
def test_the_memory_for_notes_is_divided_among_all_processes(machine_mib: int | None, expected: int) -> None:
    config = ServiceConfig(max_sessions=8, workers=2)
    machine = None if machine_mib is None else machine_mib << 20
    assert worker_config(config, machine).note_memory_mib == expected


def values(metrics: EdgeMetrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def played(events: int, connected: int, headroom: float) -> Metrics:
    metrics = Metrics()
    for _ in range(events):
        metrics.event("ok")
        metrics.audible(0.2)
    metrics.set_sessions(connected=connected, waiting=1, levels=[0] * connected, headroom=headroom)
    return metrics


def test_the_metrics_of_workers_are_added_and_what_was_counted_stays() -> None:
    edge = EdgeMetrics()
    edge.set_connections(9, 40)
    edge.set_workers({"serving": 2, "spare": 1})
    edge.take_report(1, figures_of(played(3, 2, 5.0).registry))
    edge.take_report(2, figures_of(played(4, 3, 2.0).registry))
    # A worker without sessions has no slowest one.
    edge.take_report(3, figures_of(played(0, 0, 0.0).registry))
    now = values(edge)
    assert now["segue_events_total", (("code", "ok"),)] == 7
    assert now["segue_sessions", (("state", "connected"),)] == 5
    assert now["segue_sessions", (("state", "waiting"),)] == 3
    assert now["segue_headroom", ()] == 2.0
    assert now["segue_event_to_audible_seconds_count", ()] == 7
    assert now["segue_event_to_audible_seconds_bucket", (("le", "0.2"),)] == 7
    assert now["segue_connections", ()] == 9
    assert now["segue_received_messages_total", ()] == 40
    assert now["segue_workers", (("state", "serving"),)] == 2
    edge.forget(2)
    edge.lost_worker("died")
    after = values(edge)
    assert after["segue_events_total", (("code", "ok"),)] == 7
    assert after["segue_event_to_audible_seconds_sum", ()] == pytest.approx(1.4)
    assert after["segue_sessions", (("state", "connected"),)] == 2
    assert after["segue_headroom", ()] == 5.0
    assert after["segue_lost_workers_total", (("reason", "died"),)] == 1
    edge.forget(2)
    assert values(edge)["segue_events_total", (("code", "ok"),)] == 7


def test_times_of_start_are_not_added() -> None:
    one, other = figures_of(played(1, 1, 1.0).registry), figures_of(played(1, 1, 1.0).registry)
    both = {figure.name: figure for figure in merged([one, other])}
    alone = {figure.name: figure for figure in one}
    created = ("segue_events_created", (("code", "ok"),))
    assert both["segue_events"].values[created] == alone["segue_events"].values[created]


def test_a_workers_log_is_the_services_with_its_number(caplog: pytest.LogCaptureFixture) -> None:
    entry = {
        "ts": "2026-11-22T20:41:10.123Z",
        "level": "warning",
        "logger": "segue.service.sessions",
        "message": "100 % of it",
        "session": "4f1c22aa",
        "fields": {"reason": "none", "name": "not the logger's", "worker": 9},
        "trace": ["Traceback", "ValueError: no"],
    }
    with caplog.at_level(logging.DEBUG):
        log_line(json.dumps(entry), 3)
    (record,) = caplog.records
    assert (record.name, record.levelname, record.getMessage()) == ("segue.service.sessions", "WARNING", "100 % of it")
    assert (vars(record)["session"], vars(record)["worker"], vars(record)["reason"]) == ("4f1c22aa", 3, "none")
    assert record.exc_text == "Traceback\nValueError: no"


@pytest.mark.parametrize(
    "line", ["Fatal Python error: Aborted", "{", "[]", "3", '{"level": "loud"}', '{"level": 3}', '{"level": "info"}']
)
def test_whatever_else_a_worker_writes_is_logged_as_it_is(line: str, caplog: pytest.LogCaptureFixture) -> None:
    log_line(line, 2)
    (record,) = caplog.records
    assert record.getMessage() == "a worker wrote to standard error"
    assert (vars(record)["text"], vars(record)["worker"], record.levelname) == (line, 2, "ERROR")


def test_an_empty_line_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    log_line("", 2)
    assert not caplog.records
