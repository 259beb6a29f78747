"""/metrics: how the service stands, for Prometheus; at the page's address, or alone on a port of its own.

What deploy/prometheus and deploy/grafana read is made here; `tests/test_monitoring.py` holds the three together.
"""

import hmac
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, time

from fastapi import APIRouter
from prometheus_client import ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import bellwether
from bellwether.core import metrics as process_metrics
from bellwether.core.errors import StoreError
from bellwether.db.database import Store
from bellwether.delivery import inbox_table, outbox_admin_table, outbox_table
from bellwether.market.remote.circuit_breaker import BreakerState
from bellwether.market.sources import remote
from bellwether.services import Services
from bellwether.track_record.ledger import verified_table
from web.dependencies import ServicesOf

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def metrics(services: ServicesOf, request: Request) -> Response:
    """Every metric now, for whoever has the token where one is set."""
    token = services.settings.web.metrics_token.get_secret_value()
    kind, _, sent = request.headers.get("authorization", "").partition(" ")
    # compare_digest takes no text beyond ASCII
    if token and not (kind.lower() == "bearer" and hmac.compare_digest(sent.strip().encode(), token.encode())):
        wanted = "The metrics want their token: “Authorization: Bearer ...” with BELLWETHER_WEB__METRICS_TOKEN."
        return PlainTextResponse(wanted, 401, {"WWW-Authenticate": "Bearer"})
    return Response(generate_latest(_Metrics(services)), media_type=CONTENT_TYPE_LATEST)


def create_metrics_app(services: Services) -> Starlette:
    """The application of a port that has the metrics and nothing else."""

    def answer(request: Request) -> Response:
        return metrics(services, request)

    return Starlette(routes=[Route("/metrics", answer)])


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
        yield from self._of_process()
        yield from self._of_model()
        yield from self._of_database()
        yield from self._of_prices()

    def _of_process(self) -> Iterator[Metric]:
        """Which version runs and what it takes; the drawing process has its own memory."""
        family = GaugeMetricFamily("bellwether_build_info", "The version that runs.", labels=["version"])
        family.add_metric([bellwether.__version__], 1)
        yield family
        yield from ProcessCollector(registry=None).collect()  # its usual names; nothing where there is no /proc

    def _of_model(self) -> Iterator[Metric]:
        model = self._services.model
        yield GaugeMetricFamily("bellwether_model_up", "1: the model answers, 0: the plain rule.", value=bool(model))
        if model is None:
            return
        text = "The end of the last session that the served model learned from or was chosen on."
        family = GaugeMetricFamily("bellwether_model_seen_to_timestamp_seconds", text, labels=["model"])
        seen_to = datetime.combine(model.card.seen_to, time.max, UTC)
        family.add_metric([model.card.model_id], seen_to.timestamp())
        yield family

    def _of_prices(self) -> Iterator[Metric]:
        """A market on this machine is asked for nothing, so that there is nothing to say of it."""
        source = remote(self._services.provider)
        if source is None:
            return
        text = "1: the source of prices is asked as usual, 0: it failed and is left alone for a while."
        up = source.asker.state is BreakerState.CLOSED
        yield GaugeMetricFamily("bellwether_source_up", text, value=up)
        if asked := [request.at for request in source.all_asked()]:
            text = "How long ago the source of prices was asked last."
            age = _age(max(asked), self._services.clock())
            yield GaugeMetricFamily("bellwether_prices_age_seconds", text, value=age)

    def _of_database(self) -> Iterator[Metric]:
        """Whether it can be read, what it takes, and what it says."""
        store = self._services.store
        with suppress(OSError):
            disk = shutil.disk_usage(store.folder)
            text = "Bytes free for the service on the disk of the database."
            yield GaugeMetricFamily("bellwether_disk_free_bytes", text, value=disk.free)
            text = "Bytes of the disk of the database."
            yield GaugeMetricFamily("bellwether_disk_size_bytes", text, value=disk.total)
        try:
            size = store.size()
            yield GaugeMetricFamily("bellwether_database_size_bytes", "Bytes of the database.", value=size)
            told = self._of_rows()
        except StoreError:
            told = []
        text = "1: the database can be read, and its disk has room for more, 0: not."
        yield GaugeMetricFamily("bellwether_database_up", text, value=bool(told) and _has_space(store))
        yield from told

    def _of_rows(self) -> list[Metric]:
        """What the rows say. Raises StoreError."""
        now = self._services.clock()
        with self._services.store.reading() as db:
            depth, oldest = outbox_admin_table.counts(db), outbox_admin_table.oldest_due(db)
            aside, proof = inbox_table.count_set_aside(db), verified_table.last(db)
        outbox = GaugeMetricFamily("bellwether_outbox_messages", "Messages in the outbox.", labels=["state"])
        for state in outbox_table.MessageState:
            outbox.add_metric([state.value], depth.get(state.value, 0))
        text = "Updates of the last weeks that nobody answers."
        updates = GaugeMetricFamily("bellwether_updates_set_aside", text, labels=["why"])
        for why, count in aside.counts.items():
            updates.add_metric([why.value], count)
        text = "How long the message has been due that waits longest."
        due = GaugeMetricFamily("bellwether_outbox_oldest_due_seconds", text, value=_age(oldest, now))
        return [outbox, updates, due, *_of_ledger(proof)]


def _has_space(store: Store) -> bool:
    try:
        store.check_space()
    except StoreError:
        return False
    return True


def _of_ledger(proof: verified_table.LastProof | None) -> Iterator[Metric]:
    """What the last proof said: none is made for a reader of metrics, for it reads every row."""
    if proof is None:
        return
    text = "1: at the last proof every row of the ledger was what was written, 0: not."
    yield GaugeMetricFamily("bellwether_ledger_whole", text, value=proof.whole)
    text = "When the ledger was proved last."
    yield GaugeMetricFamily("bellwether_ledger_proved_timestamp_seconds", text, value=proof.at.timestamp())


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0
