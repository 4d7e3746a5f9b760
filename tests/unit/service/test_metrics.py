"""The metrics as Prometheus reads them: each call updates its metric, and services count separately."""

from __future__ import annotations

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from segue.service.monitoring import Metrics


def read(metrics: Metrics) -> dict[str, float]:
    """Return the exposition as Prometheus' own parser reads it: `name{label="value"}` to value."""
    found = {}
    for family in text_string_to_metric_families(metrics.exposition().decode()):
        for sample in family.samples:
            labels = ",".join(f'{key}="{value}"' for key, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_each_call_updates_its_metric() -> None:
    metrics = Metrics()
    metrics.opened()
    metrics.opened()
    metrics.closed("quit")
    metrics.sent(1_000)
    metrics.sent(24)
    metrics.chunk("replace")
    metrics.event("accepted")
    metrics.event("accepted")
    metrics.event("unknown_input")
    metrics.refused("malformed")
    metrics.restored("rules")
    metrics.stalled()
    metrics.fell_back(1)
    metrics.reloaded(accepted=True)
    metrics.reloaded(accepted=False)
    metrics.reloaded(accepted=False)
    metrics.reported(buffered_s=3.5, underruns=1, late=2, dropped=3)
    found = read(metrics)
    expected = {
        "segue_sessions_opened_total": 2,
        'segue_sessions_closed_total{reason="quit"}': 1,
        "segue_sent_bytes_total": 1_024,
        'segue_chunks_total{reason="replace"}': 1,
        'segue_events_total{code="accepted"}': 2,
        'segue_events_total{code="unknown_input"}': 1,
        'segue_refused_messages_total{code="malformed"}': 1,
        'segue_restores_total{outcome="rules"}': 1,
        "segue_generator_stalls_total": 1,
        'segue_fallbacks_total{level="1"}': 1,
        'segue_reloads_total{outcome="accepted"}': 1,
        'segue_reloads_total{outcome="refused"}': 2,
        "segue_underruns_total": 1,
        "segue_late_chunks_total": 2,
        "segue_dropped_chunks_total": 3,
    }
    assert {key: found[key] for key in expected} == expected


def test_times_fall_into_buckets() -> None:
    metrics = Metrics()
    for seconds in (0.2, 0.34, 0.36, 0.59, 7.0):
        metrics.audible(seconds)
    metrics.generated(seconds=0.03, sessions=3)
    metrics.reported(buffered_s=0.04, underruns=0, late=0, dropped=0)
    found = read(metrics)
    assert found['segue_event_to_audible_seconds_bucket{le="0.35"}'] == 2
    assert found['segue_event_to_audible_seconds_bucket{le="0.6"}'] == 4
    assert found["segue_event_to_audible_seconds_count"] == 5
    assert found["segue_event_to_audible_seconds_sum"] == pytest.approx(8.49)
    assert found['segue_generation_seconds_bucket{le="0.02"}'] == 0
    assert found['segue_generation_seconds_bucket{le="0.05"}'] == 1
    assert found['segue_batch_sessions_bucket{le="2.0"}'] == 0
    assert found['segue_batch_sessions_bucket{le="3.0"}'] == 1
    assert found['segue_buffered_seconds_bucket{le="0.05"}'] == 1


def test_sessions_are_set_to_what_is_true_now() -> None:
    metrics = Metrics()
    metrics.set_sessions(connected=2, waiting=1, levels=[0, 0, 2], headroom=12.5)
    metrics.set_sessions(connected=1, waiting=0, levels=[1], headroom=3.0)
    found = read(metrics)
    assert found['segue_sessions{state="connected"}'] == 1
    assert found['segue_sessions{state="waiting"}'] == 0
    assert [found[f'segue_fallback_sessions{{level="{level}"}}'] for level in (0, 1, 2)] == [0, 1, 0]
    assert found["segue_headroom"] == 3.0


def test_two_services_in_a_process_count_separately() -> None:
    one, other = Metrics(), Metrics()
    one.opened()
    assert read(one)["segue_sessions_opened_total"] == 1
    assert read(other)["segue_sessions_opened_total"] == 0


def test_metric_names_follow_one_pattern() -> None:
    names = {family.name for family in text_string_to_metric_families(Metrics().exposition().decode())}
    assert all(re.fullmatch(r"(segue|process)_[a-z_]+", name) for name in names)
    assert len(names) >= 20
