"""/metrics: how delivery stands, for Prometheus."""

from collections.abc import Iterator
from datetime import datetime

from fastapi import APIRouter
from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.responses import Response

from bellwether.core import metrics as process_metrics
from bellwether.core.errors import StoreError
from bellwether.delivery import inbox_table, outbox_admin_table, outbox_table
from bellwether.market.sources import remote
from bellwether.services import Services
from web.dependencies import ServicesOf

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def metrics(services: ServicesOf) -> Response:
    """Every metric now."""
    return Response(generate_latest(_Metrics(services)), media_type=CONTENT_TYPE_LATEST)


class _Metrics(Collector):
    """What was counted since the start, and how things stand when somebody looks."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        for counter in process_metrics.COUNTERS:
            family = CounterMetricFamily(counter.name, counter.help, labels=counter.labels)
            for labels, value in counter.values().items():
                family.add_metric(labels, value)
            yield family
        histogram = process_metrics.FORECAST
        buckets, total = histogram.read()
        yield HistogramMetricFamily(histogram.name, histogram.help, buckets=buckets, sum_value=total)
        yield from self._of_delivery()

    def _of_delivery(self) -> Iterator[Metric]:
        """Without a database there is nothing to say."""
        now = self._services.clock()
        try:
            with self._services.store.reading() as db:
                depth, oldest = outbox_admin_table.counts(db), outbox_admin_table.oldest_due(db)
                aside = inbox_table.count_set_aside(db)
        except StoreError:
            return
        family = GaugeMetricFamily("bellwether_outbox_messages", "Messages in the outbox.", labels=["state"])
        for state in outbox_table.MessageState:
            family.add_metric([state.value], depth.get(state.value, 0))
        yield family
        family = GaugeMetricFamily(
            "bellwether_updates_set_aside", "Updates of the last weeks that nobody answers.", labels=["why"]
        )
        for why, count in aside.counts.items():
            family.add_metric([why.value], count)
        yield family
        source = remote(self._services.provider)
        if source is not None and (asked := [request.at for request in source.all_asked()]):
            text = "How long ago the source of prices was asked last."
            yield GaugeMetricFamily("bellwether_prices_age_seconds", text, value=_age(max(asked), now))
        text = "How long the message has been due that waits longest."
        yield GaugeMetricFamily("bellwether_outbox_oldest_due_seconds", text, value=_age(oldest, now))


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0
