# Generated with unasync by tests/support/synchronous_client.py: change asynchronous.py, then run `make client`.
"""The synchronous client."""

import time
from collections.abc import Iterable, Iterator
from datetime import date
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import httpx

from .answers.alerts import AlertAnswer, AttemptAnswer, Event, NewWebhookAnswer, RuleAnswer, SentAnswer, WebhookAnswer
from .answers.forecast import BaselineForecastAnswer, BatchItem, ForecastAnswer, ListAnswer
from .answers.keys import KeyAnswer, NewKeyAnswer
from .answers.market import BarAnswer, InstrumentAnswer, ModelAnswer, StatusAnswer, UniverseAnswer, UsageAnswer
from .answers.revenue import GrowthResponse
from .answers.track_record import (
    HashedRowAnswer,
    IncidentAnswer,
    LedgerEntryAnswer,
    LedgerHeadAnswer,
    ReceiptAnswer,
    TrackRecordAnswer,
)
from .calls import Call, batch, delete, get, new_rule, patch, post
from .protocol import TIMEOUT, ApiError, headers, no_answer, options, pause, problem, read

AnswerT = TypeVar("AnswerT")
Terms = dict[str, Any]  #: {"changes": {"requests_a_minute": 100}, "starts_at": ..., "ends_at": ...}


class Client:
    """The API of one service, for the bearer of one key.

    Every method raises ApiError with the API's own problem, TooManyRequests where a limit does not end within a minute,
    and NoAnswer.
    """

    def __init__(self, base_url: str, key: str | None = None, timeout: float = TIMEOUT) -> None:
        """`base_url` such as https://bellwether.example; `key` is bw_live_..., None for the demo plan."""
        self._http = httpx.Client(base_url=base_url, headers=headers(key), timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def status(self) -> StatusAnswer:
        """What answers there, and from which prices."""
        return self._ask(StatusAnswer, get("status"))

    def usage(self) -> UsageAnswer:
        """The plan of the key, what is left of it, and what was used."""
        return self._ask(UsageAnswer, get("usage"))

    def forecast(self, symbol: str, horizon: int | str = 10, as_of: date | str | None = None) -> ForecastAnswer:
        """Where one symbol may be."""
        return self._ask(ForecastAnswer, get("forecasts", symbol, horizon=horizon, as_of=as_of))

    def forecasts(
        self, symbols: Iterable[str], horizon: int | str = 10, as_of: date | str | None = None
    ) -> list[BatchItem]:
        """Where many may be, each with a status of its own."""
        return self._items(BatchItem, batch(list(symbols), horizon, as_of))

    def risk(self, symbols: Iterable[str], horizon: int | str = 10, as_of: date | str | None = None) -> ListAnswer:
        """What a list held in equal parts may do, and who carries the risk."""
        return self._ask(ListAnswer, get("risk", symbols=",".join(symbols), horizon=horizon, as_of=as_of))

    def growth(self, symbol: str, as_of: date | str | None = None) -> GrowthResponse:
        """How the revenue of the company behind a stock may grow."""
        return self._ask(GrowthResponse, get("growth", symbol, as_of=as_of))

    def baseline(self, symbol: str, horizon: int | str = 10, as_of: date | str | None = None) -> BaselineForecastAnswer:
        """What a plain rule says."""
        return self._ask(BaselineForecastAnswer, get("baseline", symbol, horizon=horizon, as_of=as_of))

    def search(self, text: str) -> UniverseAnswer:
        """What may be meant by a symbol, a name or its beginning."""
        return self._ask(UniverseAnswer, get("universe", q=text))

    def bars(self, symbol: str, as_of: date | str | None = None, limit: int = 252) -> list[BarAnswer]:
        """The last daily bars, where they are handed out."""
        return self._items(BarAnswer, get("bars", symbol, as_of=as_of, limit=limit))

    def models(self) -> list[ModelAnswer]:
        """The models, and which of them answers."""
        return self._items(ModelAnswer, get("models"))

    def model(self, model_id: str) -> dict[str, Any]:
        """Everything that is known of a model."""
        return self._ask(dict[str, Any], get("models", model_id))

    def track_record(
        self,
        symbol: str | None = None,
        horizon: int | str | None = None,
        model_id: str | None = None,
        since: date | str | None = None,
    ) -> TrackRecordAnswer:
        """How the issued forecasts turned out."""
        asked = get("track-record", symbol=symbol, horizon=horizon, model_id=model_id, since=since)
        return self._ask(TrackRecordAnswer, asked)

    def receipt(self, forecast_id: str) -> ReceiptAnswer:
        """The row of an issued forecast, and what proves it."""
        return self._ask(ReceiptAnswer, get("receipts", forecast_id))

    def incidents(self) -> list[IncidentAnswer]:
        """Spells in which ranges of all stocks held too rarely or too often, the newest first."""
        return self._items(IncidentAnswer, get("incidents"))

    def universe(self) -> Iterator[InstrumentAnswer]:
        """Everything that is served every session."""
        return self._pages(InstrumentAnswer, "universe")

    def ledger(self, symbol: str | None = None, horizon: int | str | None = None) -> Iterator[LedgerEntryAnswer]:
        """Every issued forecast with what came of it, misses included."""
        return self._pages(LedgerEntryAnswer, "ledger", symbol=symbol, horizon=horizon)

    def ledger_rows(self, chain: str = "ledger") -> Iterator[HashedRowAnswer]:
        """Every row of a chain as it was hashed; `bellwether_client.verify` checks them."""
        return self._pages(HashedRowAnswer, "ledger", "rows", chain=chain)

    def ledger_heads(self) -> Iterator[LedgerHeadAnswer]:
        """Where the chains ended on each day, newest first, with the time stamps."""
        return self._pages(LedgerHeadAnswer, "ledger", "heads")

    def rules(self) -> list[RuleAnswer]:
        """What the owner of the key wants to be told."""
        return self._items(RuleAnswer, get("rules"))

    def rule(self, rule_id: int) -> RuleAnswer:
        """One rule."""
        return self._ask(RuleAnswer, get("rules", rule_id))

    def add_rule(self, symbol: str, kind: str, threshold: float | None = None, **more: Any) -> RuleAnswer:
        """Be told when something happens; `more` are direction, horizon, repeat and expires."""
        return self._ask(RuleAnswer, new_rule(symbol, kind, threshold, more))

    def remove_rule(self, rule_id: int) -> None:
        """Forget a rule."""
        self._send(delete("rules", rule_id))

    def alerts(self) -> Iterator[AlertAnswer]:
        """What the rules have fired, oldest first."""
        return self._pages(AlertAnswer, "alerts")

    def webhooks(self) -> list[WebhookAnswer]:
        """Where alerts are sent to."""
        return self._items(WebhookAnswer, get("webhooks"))

    def webhook(self, webhook_id: int) -> WebhookAnswer:
        """One address."""
        return self._ask(WebhookAnswer, get("webhooks", webhook_id))

    def add_webhook(self, url: str) -> NewWebhookAnswer:
        """Send alerts to an address; its secret is shown only now."""
        return self._ask(NewWebhookAnswer, post("webhooks", json={"url": url}))

    def rotate_webhook(self, webhook_id: int, overlap_hours: float | None = None) -> NewWebhookAnswer:
        """A new secret; the old one signs beside it for a while."""
        json = {"overlap_hours": overlap_hours}
        return self._ask(NewWebhookAnswer, post("webhooks", webhook_id, "rotate", json=json))

    def enable_webhook(self, webhook_id: int) -> WebhookAnswer:
        """Send again to an address that was disabled."""
        return self._ask(WebhookAnswer, post("webhooks", webhook_id, "enable", repeatable=True))

    def test_webhook(self, webhook_id: int) -> str:
        """Send a test event; its id."""
        sent = self._ask(SentAnswer, post("webhooks", webhook_id, "test"))
        return sent["event_id"]

    def remove_webhook(self, webhook_id: int) -> None:
        """Forget an address."""
        self._send(delete("webhooks", webhook_id))

    def attempts(self, webhook_id: int) -> Iterator[AttemptAnswer]:
        """What was sent to an address and what came of it, newest first."""
        return self._pages(AttemptAnswer, "webhooks", webhook_id, "attempts")

    def replay(self, webhook_id: int, attempt_id: int) -> str:
        """Send the event of an attempt once more; its id."""
        sent = self._ask(SentAnswer, post("webhooks", webhook_id, "attempts", attempt_id, "replay"))
        return sent["event_id"]

    def stream(self, symbols: Iterable[str] | None = None, last_event_id: str | None = None) -> Iterator[Event]:
        """New alerts, and new forecasts of these symbols or else those of the rules, as they come.

        It ends with the connection; begin again with the `id` of the last event.
        """
        from .sse import EventSource  # as with data frames: only who streams needs it

        asked = get("stream", symbols=",".join(symbols) if symbols is not None else None)
        more = {"Last-Event-ID": last_event_id} if last_event_id is not None else {}
        try:
            with self._http.stream(**options(asked), headers=more, timeout=_STREAM) as answer:
                if not answer.is_success:
                    answer.read()
                    raise problem(answer)
                for event in EventSource(answer).iter_sse():
                    if event.data:  # else it only says that the stream lives
                        yield Event(type=event.event, id=event.id, data=event.json())
        except httpx.TransportError as error:
            raise no_answer(error) from error

    def _ask(self, shape: type[AnswerT], call: Call) -> AnswerT:
        """One answer; its shape is for type checkers."""
        return cast(AnswerT, self._send(call))

    def _items(self, shape: type[AnswerT], call: Call) -> list[AnswerT]:
        page = self._send(call)
        return cast(list[AnswerT], page["items"])

    def _pages(self, shape: type[AnswerT], *path: str | int, **query: Any) -> Iterator[AnswerT]:
        cursor: str | None = None
        while True:
            page = self._send(get(*path, cursor=cursor, limit=1000, **query))
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _send(self, call: Call) -> Any:
        """One call, again after trouble that may pass."""
        tried = 0
        while True:
            tried += 1
            try:
                return read(self._http.request(**options(call)))
            except (ApiError, httpx.TransportError) as error:
                wait = pause(call, tried, error)
                if wait is None:
                    if isinstance(error, httpx.TransportError):
                        raise no_answer(error) from error
                    raise
            time.sleep(wait)


class Operator(Client):
    """A client whose `key` is the operator's token: for whoever runs the service."""

    def keys(self) -> list[KeyAnswer]:
        """Every key, and what it has used."""
        return self._items(KeyAnswer, get("admin", "keys"))

    def add_key(
        self,
        owner: str,
        plan: str = "free",
        scopes: Iterable[str] | None = None,
        expires_at: str | None = None,
        own_terms: Terms | None = None,
    ) -> NewKeyAnswer:
        """Make a key; its secret is shown only now."""
        named = None if scopes is None else list(scopes)
        json = {"owner": owner, "plan": plan, "scopes": named, "expires_at": expires_at, "own_terms": own_terms}
        return self._ask(NewKeyAnswer, post("admin", "keys", json=json))

    def change_key(self, key_id: int, plan: str | None = None, own_terms: Terms | None = None) -> KeyAnswer:
        """Another plan for a key, terms of its own, or both."""
        return self._ask(KeyAnswer, patch("admin", "keys", key_id, json={"plan": plan, "own_terms": own_terms}))

    def rotate_key(self, key_id: int, overlap_days: float | None = None, expires_at: str | None = None) -> NewKeyAnswer:
        """A new secret for a key; the old ones work a while longer."""
        json = {"overlap_days": overlap_days, "expires_at": expires_at}
        return self._ask(NewKeyAnswer, post("admin", "keys", key_id, "rotate", json=json))

    def revoke_key(self, key_id: int) -> KeyAnswer:
        """End a key at once."""
        return self._ask(KeyAnswer, delete("admin", "keys", key_id))


_STREAM = httpx.Timeout(TIMEOUT, read=60.0)  #: a quiet stream says every quarter of a minute that it lives
