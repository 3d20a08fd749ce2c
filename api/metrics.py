"""What the desk counts about itself, in Prometheus' words. Names carry no organization and no person."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

from domain.ports import DeliveryState, Ports

MANY: Final = 10_000  # what waits beyond this is told as this


class Meters:
    """One set for one application, with a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.acknowledged = self._counter("deliveries_acknowledged", "Webhook deliveries stored and answered 200")
        self.refused = self._counter("deliveries_refused", "Webhook posts not taken, by cause", "cause")
        self.interpreted = self._counter("updates_interpreted", "Updates that were given an outcome")
        self.failed_updates = self._counter("updates_failed", "Updates that could not be applied")
        self.unknown_numbers = self._counter("unknown_number_updates", "Deliveries that name a number nobody connected")
        self.fetches = self._counter("media_fetches", "Tries to fetch a file that came with a message")
        self.sends = self._counter("sends_dispatched", "Messages taken from the outbox")
        self.lost_sends = self._counter("sends_given_up", "Messages whose worker died; they became UNKNOWN")
        self.alarms = self._counter("session_alarms", "Sessions said to be expiring or expired")
        self.worker_faults = self._counter("worker_faults", "Turns of a worker's loop that failed", "loop")
        self.faults = self._counter("request_faults", "Requests that ended in an unforeseen error")
        self.deliveries = Gauge("deskline_deliveries", "Deliveries kept, by state", ("state",), registry=self.registry)
        self.outbox_due = Gauge("deskline_outbox_due", "Messages that may leave now", registry=self.registry)
        self.sockets = Gauge("deskline_sockets", "WebSockets open", registry=self.registry)
        self.in_flight = Gauge("deskline_deliveries_in_flight", "Webhook posts being handled", registry=self.registry)
        self.appending = Histogram(
            "deskline_delivery_append_seconds", "Time until a delivery was durable", registry=self.registry
        )

    async def answer(self, ports: Ports) -> Response:
        """The text that Prometheus reads."""
        counts = await ports.journal.counts()
        for state in DeliveryState:
            self.deliveries.labels(state.value).set(counts.get(state, 0))
        self.outbox_due.set(len(await ports.store.due_sends(ports.clock.now(), MANY)))
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"deskline_{name}", what, labels, registry=self.registry)
