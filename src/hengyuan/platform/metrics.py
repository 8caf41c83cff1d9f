"""What the platform counts of itself, for Prometheus; read at `/metrics`.

No label ever holds a plate, a name, a unit, a terminal or an address as it was asked for: labels
are routes as they are written in the router, codes of the protocol, and statuses. A test holds it.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

NO_ROUTE = "(none)"
"""Stands for every address that the router does not know."""

_ANSWER_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

http_requests = Counter(
    "hengyuan_http_requests",
    "Answered requests, by the route as the router writes it",
    ("method", "route", "status"),
    registry=REGISTRY,
)
http_seconds = Histogram(
    "hengyuan_http_answer_seconds",
    "Time from a request's head to its answer's head, by route",
    ("route",),
    buckets=_ANSWER_S,
    registry=REGISTRY,
)

intake_body_bytes = Counter(
    "hengyuan_intake_body_bytes",
    "Bytes of bodies that terminals sent, by door",
    ("door",),
    registry=REGISTRY,
)
intake_refused = Counter(
    "hengyuan_intake_refused",
    "Refused requests of terminals, by the code of the protocol",
    ("reason",),
    registry=REGISTRY,
)
intake_records = Counter(
    "hengyuan_intake_records", "Records committed and answered", registry=REGISTRY
)
intake_batches = Counter("hengyuan_intake_batches", "Batches committed", registry=REGISTRY)
intake_group_records = Histogram(
    "hengyuan_intake_group_records",
    "Records that one commit stored",
    buckets=(1, 5, 20, 100, 500, 1_000, 2_000, 3_500, 5_000, 7_500, 10_000),
    registry=REGISTRY,
)
intake_commit_seconds = Histogram(
    "hengyuan_intake_commit_seconds",
    "Time that a group took in the database, commit included",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
    registry=REGISTRY,
)
intake_failed_groups = Counter(
    "hengyuan_intake_failed_groups", "Groups that the database did not take", registry=REGISTRY
)
intake_waiting_records = Gauge(
    "hengyuan_intake_waiting_records", "Records that wait for their commit", registry=REGISTRY
)
intake_oldest_waiting_seconds = Gauge(
    "hengyuan_intake_oldest_waiting_seconds",
    "How long the batch that came first has been waiting for its commit; 0 when none waits",
    registry=REGISTRY,
)

board_connections = Gauge(
    "hengyuan_board_connections", "Live boards and wall displays that are open", registry=REGISTRY
)


def stored_group(records: int, batches: int, took_s: float) -> None:
    """Count a group that was committed."""
    intake_records.inc(records)
    intake_batches.inc(batches)
    intake_group_records.observe(records)
    intake_commit_seconds.observe(took_s)
