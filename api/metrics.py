"""What the desk counts about itself, in Prometheus' words. Names carry no organization and no person."""

from collections.abc import Iterable
from datetime import datetime
from importlib.metadata import version
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.responses import Response

from adapters.db.condition import Condition
from api.wiring import Shared
from domain.channels.channels import ChannelState, ProblemCode
from domain.errors import Unavailable
from domain.ports.bundle import Ports
from domain.ports.deliveries import DeliveryState

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Meters:
    """One set for one application, with a registry of its own. `shared` is told of where there is a Redis."""

    def __init__(self, shared: Shared | None = None) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        Info("deskline_build", "Which Deskline runs", registry=self.registry).info({"version": version("deskline")})
        if shared is not None:
            self.registry.register(_OfRedis(shared))
        self.acknowledged = self._counter("deliveries_acknowledged", "Webhook deliveries stored and answered 200")
        self.refused = self._counter("deliveries_refused", "Webhook posts not taken, by cause", "cause")
        self.interpreted = self._counter("updates_interpreted", "Updates that were given an outcome")
        self.failed_updates = self._counter("updates_failed", "Updates that could not be applied")
        self.unknown_numbers = self._counter("unknown_number_updates", "Deliveries that name a number nobody connected")
        self.media_steps = self._counter("media_steps", "Steps taken for files, by what was done", "step")
        self.swept = self._counter("media_swept", "Kept files that nothing named, and were removed")
        self.sends = self._counter("sends_dispatched", "Messages taken from the outbox")
        self.lost_sends = self._counter("sends_given_up", "Messages whose worker died; they became UNKNOWN")
        self.alarms = self._counter("session_alarms", "Sessions said to be expiring or expired")
        self.template_syncs = self._counter("template_syncs", "Times that an account's templates were due to be read")
        self.number_checks = self._counter("number_checks", "Times that a connected number was looked after")
        self.worker_faults = self._counter("worker_faults", "Turns of a worker's loop that failed", "loop")
        self.faults = self._counter("request_faults", "Requests that ended in an unforeseen error")
        self.deliveries = Gauge("deskline_deliveries", "Deliveries kept, by state", ("state",), registry=self.registry)
        self.waiting_age = self._gauge("delivery_oldest_waiting_seconds", "Since when the oldest delivery waits")
        self.outbox_due = self._gauge("outbox_due", "Messages that may leave now and that no worker has")
        self.due_age = self._gauge("outbox_oldest_due_seconds", "Since when the oldest of these may leave")
        self.channels = Gauge("deskline_channels", "Numbers, by state", ("state",), registry=self.registry)
        self.problems = Gauge(
            "deskline_channel_problems", "Problems that numbers have now, by code", ("code",), registry=self.registry
        )
        self.put_back = Gauge(
            "deskline_put_back",
            "Items of a queue that failed and wait to be tried again",
            ("queue",),
            registry=self.registry,
        )
        self.sockets = self._gauge("sockets", "WebSockets open")
        self.database_up = self._gauge("database_up", "1 while the database answers")
        self.database_writable = self._gauge("database_writable", "1 while nothing stands against writing to it")
        self.database_log = self._gauge("database_wal_bytes", "How long SQLite's write-ahead log is")
        self.in_flight = self._gauge("deliveries_in_flight", "Webhook posts being handled")
        self.statuses = self._counter("message_statuses", "Messages that came to a status", "status")
        self.quota_warnings = self._counter(
            "quota_warnings", "Months whose use came to so much of its limit", "per_cent"
        )
        self.appending = self._histogram("delivery_append_seconds", "Time until a delivery was durable")
        self.receiving = self._histogram("message_receive_seconds", "From a message's arrival until it was on the desk")
        self.sending = self._histogram("message_send_seconds", "From a send's call until the network had taken it")
        self.answering = self._histogram("request_seconds", "Time until a request was answered", "route", "status")

    async def answer(self, ports: Ports, condition: Condition | None = None) -> Response:
        """The text that Prometheus reads. While the database is away, what stands in it is told as it last was."""
        if condition is not None:
            self.database_writable.set(condition.fault is None)
            self.database_log.set(condition.log_bytes or 0)
        try:
            await self._look_into(ports)
        except Unavailable:
            self.database_up.set(0)
        else:
            self.database_up.set(1)
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

    async def _look_into(self, ports: Ports) -> None:
        now = ports.clock.now()
        counts = await ports.webhook_inbox.counts()
        for state in DeliveryState:
            self.deliveries.labels(state.value).set(counts.get(state, 0))
        self.waiting_age.set(_seconds(await ports.webhook_inbox.waiting_since(), now))
        figures = await ports.store.figures(now)
        self.outbox_due.set(figures.due_sends)
        self.due_age.set(_seconds(figures.oldest_due_send, now))
        for state in ChannelState:
            self.channels.labels(state.value).set(figures.channels.get(state, 0))
        for code in ProblemCode:
            self.problems.labels(code.value).set(figures.problems.get(code, 0))

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"deskline_{name}", what, labels, registry=self.registry)

    def _gauge(self, name: str, what: str) -> Gauge:
        return Gauge(f"deskline_{name}", what, registry=self.registry)

    def _histogram(self, name: str, what: str, *labels: str) -> Histogram:
        return Histogram(f"deskline_{name}", what, labels, registry=self.registry, buckets=SECONDS)


def _seconds(since: datetime | None, now: datetime) -> float:
    """0 where there is nothing that waits."""
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


class _OfRedis(Collector):
    """How hints and limits fare, as bus and throttle count it themselves."""

    def __init__(self, shared: Shared) -> None:
        self._bus = shared.bus
        self._throttle = shared.throttle

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("deskline_redis_hints_up", "1 while hints pass both ways", float(self._bus.healthy))
        yield GaugeMetricFamily("deskline_redis_limits_up", "1 while limits are shared", float(self._throttle.healthy))
        hints, bus = (
            CounterMetricFamily("deskline_redis_hints", "Hints, by what became of them", labels=["fate"]),
            self._bus.tally,
        )
        for fate, count in (
            ("published", bus.published),
            ("dropped", bus.dropped),
            ("failed", bus.failed),
            ("heard", bus.heard),
            ("strange", bus.strange),
        ):
            hints.add_metric([fate], count)
        yield hints
        yield CounterMetricFamily("deskline_redis_connected", "Times that hints were connected", value=bus.connected)
        limits, throttle = (
            CounterMetricFamily("deskline_redis_limits", "Limits asked for, by who counted", labels=["by"]),
            self._throttle.tally,
        )
        limits.add_metric(["redis"], throttle.shared)
        limits.add_metric(["process"], throttle.alone)
        yield limits
