"""/metrics: how delivery stands, for Prometheus."""

from collections.abc import Iterator
from datetime import datetime

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, generate_latest
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
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Counted())
    registry.register(_OutboxCounts(services))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Counted(Collector):
    """What was counted since the start."""

    def collect(self) -> Iterator[Metric]:
        """The counters and the histogram of the tally."""
        for counter in process_metrics.COUNTERS:
            family = CounterMetricFamily(counter.name, counter.help, labels=counter.labels)
            for labels, value in counter.values().items():
                family.add_metric(labels, value)
            yield family
        buckets, total = process_metrics.FORECAST.read()
        yield HistogramMetricFamily(
            process_metrics.FORECAST.name, process_metrics.FORECAST.help, buckets=buckets, sum_value=total
        )


class _OutboxCounts(Collector):
    """How the outbox and the inbox stand, asked when somebody looks. Without a database there is nothing to say."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Depth by state, what is set aside, and the age of what has been due longest."""
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
        if source is not None and (asked := [one.at for one in source.all_asked()]):
            yield GaugeMetricFamily(
                "bellwether_prices_age_seconds",
                "How long ago the source of prices was asked last.",
                value=_age(max(asked), self._services.clock()),
            )
        yield GaugeMetricFamily(
            "bellwether_outbox_oldest_due_seconds",
            "How long the message has been due that waits longest.",
            value=_age(oldest, self._services.clock()),
        )


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0
