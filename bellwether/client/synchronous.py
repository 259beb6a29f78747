"""The synchronous client. The other one has the same methods: `tests/test_client.py` holds them together."""

import time
from collections.abc import Iterable, Iterator
from datetime import date
from types import TracebackType
from typing import Any, Self, cast

import httpx

from bellwether.client.answers import (
    Alert,
    Attempt,
    BaselineForecast,
    BatchItem,
    Event,
    Forecast,
    Instrument,
    NewWebhook,
    Rule,
    Search,
    Webhook,
)
from bellwether.client.calls import Call, batch, delete, get, new_rule, post
from bellwether.client.errors import ApiError
from bellwether.client.protocol import TIMEOUT, Events, headers, next_cursor, no_answer, options, pause, problem, read


class Client:
    """The API of one service, for the bearer of one key.

    Every method raises ApiError with the API's own problem, TooManyRequests where a limit does not end within a minute,
    and NoAnswer.
    """

    def __init__(self, base_url: str, key: str | None = None, timeout: float = TIMEOUT) -> None:
        """`base_url` such as https://bellwether.example; `key` is bw_live_..., None for the demo plan."""
        self._http = httpx.Client(base_url=base_url, headers=headers(key), timeout=timeout)

    def __enter__(self) -> Self:
        """For `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def status(self) -> dict[str, Any]:
        """What answers there, and from which prices."""
        return cast(dict[str, Any], self._ask(get("status")))

    def usage(self) -> dict[str, Any]:
        """The plan of the key, what is left of it, and what was used."""
        return cast(dict[str, Any], self._ask(get("usage")))

    def forecast(self, symbol: str, horizon: int | str = 10, as_of: date | str | None = None) -> Forecast:
        """Where one symbol may be."""
        return cast(Forecast, self._ask(get("forecasts", symbol, horizon=horizon, as_of=as_of)))

    def forecasts(
        self, symbols: Iterable[str], horizon: int | str = 10, as_of: date | str | None = None
    ) -> list[BatchItem]:
        """Where many may be, each with a status of its own."""
        return cast(list[BatchItem], (self._ask(batch(list(symbols), horizon, as_of)))["items"])

    def growth(self, symbol: str, as_of: date | str | None = None) -> dict[str, Any]:
        """How the revenue of the company behind a stock may grow."""
        return cast(dict[str, Any], self._ask(get("growth", symbol, as_of=as_of)))

    def baseline(self, symbol: str, horizon: int | str = 10, as_of: date | str | None = None) -> BaselineForecast:
        """What a plain volatility rule says."""
        return cast(BaselineForecast, self._ask(get("baseline", symbol, horizon=horizon, as_of=as_of)))

    def search(self, text: str) -> Search:
        """What may be meant by a symbol, a name or its beginning."""
        return cast(Search, self._ask(get("universe", q=text)))

    def bars(self, symbol: str, as_of: date | str | None = None, limit: int = 252) -> list[dict[str, Any]]:
        """The last daily bars, where they are handed out."""
        return cast(list[dict[str, Any]], (self._ask(get("bars", symbol, as_of=as_of, limit=limit)))["items"])

    def models(self) -> list[dict[str, Any]]:
        """The models, and which of them answers."""
        return cast(list[dict[str, Any]], (self._ask(get("models")))["items"])

    def model(self, model_id: str) -> dict[str, Any]:
        """Everything that is known of a model."""
        return cast(dict[str, Any], self._ask(get("models", model_id)))

    def track_record(
        self,
        symbol: str | None = None,
        horizon: int | str | None = None,
        model_id: str | None = None,
        since: date | str | None = None,
    ) -> dict[str, Any]:
        """How the issued forecasts turned out."""
        asked = get("track-record", symbol=symbol, horizon=horizon, model_id=model_id, since=since)
        return cast(dict[str, Any], self._ask(asked))

    def receipt(self, forecast_id: str) -> dict[str, Any]:
        """The row of an issued forecast, and what proves it."""
        return cast(dict[str, Any], self._ask(get("receipts", forecast_id)))

    def universe(self) -> Iterator[Instrument]:
        """Everything that is served every session."""
        return cast(Iterator[Instrument], self._pages("universe"))

    def ledger(self, symbol: str | None = None, horizon: int | str | None = None) -> Iterator[dict[str, Any]]:
        """Every issued forecast with what came of it, misses included."""
        return self._pages("ledger", symbol=symbol, horizon=horizon)

    def rules(self) -> list[Rule]:
        """What the owner of the key wants to be told."""
        return cast(list[Rule], (self._ask(get("rules")))["items"])

    def rule(self, rule_id: int) -> Rule:
        """One rule."""
        return cast(Rule, self._ask(get("rules", rule_id)))

    def add_rule(self, symbol: str, kind: str, threshold: float | None = None, **more: Any) -> Rule:
        """Be told when something happens; `more` are direction, horizon, repeat and expires."""
        return cast(Rule, self._ask(new_rule(symbol, kind, threshold, more)))

    def remove_rule(self, rule_id: int) -> None:
        """Forget a rule."""
        self._ask(delete("rules", rule_id))

    def alerts(self) -> Iterator[Alert]:
        """What the rules have fired, oldest first."""
        return cast(Iterator[Alert], self._pages("alerts"))

    def webhooks(self) -> list[Webhook]:
        """Where alerts are sent to."""
        return cast(list[Webhook], (self._ask(get("webhooks")))["items"])

    def webhook(self, webhook_id: int) -> Webhook:
        """One address."""
        return cast(Webhook, self._ask(get("webhooks", webhook_id)))

    def add_webhook(self, url: str) -> NewWebhook:
        """Send alerts to an address; its secret is shown only now."""
        return cast(NewWebhook, self._ask(post("webhooks", json={"url": url})))

    def rotate_webhook(self, webhook_id: int, overlap_hours: float | None = None) -> NewWebhook:
        """A new secret; the old one signs beside it for a while."""
        json = {"overlap_hours": overlap_hours}
        return cast(NewWebhook, self._ask(post("webhooks", webhook_id, "rotate", json=json)))

    def enable_webhook(self, webhook_id: int) -> Webhook:
        """Send again to an address that was disabled."""
        return cast(Webhook, self._ask(post("webhooks", webhook_id, "enable", repeatable=True)))

    def test_webhook(self, webhook_id: int) -> str:
        """Send a test event; its id."""
        return cast(str, (self._ask(post("webhooks", webhook_id, "test")))["event_id"])

    def remove_webhook(self, webhook_id: int) -> None:
        """Forget an address."""
        self._ask(delete("webhooks", webhook_id))

    def attempts(self, webhook_id: int) -> Iterator[Attempt]:
        """What was sent to an address and what came of it, newest first."""
        return cast(Iterator[Attempt], self._pages("webhooks", webhook_id, "attempts"))

    def replay(self, webhook_id: int, attempt_id: int) -> str:
        """Send the event of an attempt once more; its id."""
        return cast(str, (self._ask(post("webhooks", webhook_id, "attempts", attempt_id, "replay")))["event_id"])

    def stream(self, symbols: Iterable[str] | None = None, last_event_id: str | None = None) -> Iterator[Event]:
        """New alerts, and new forecasts of these symbols or else those of the rules, as they come.

        It ends with the connection; begin again with the `id` of the last event.
        """
        asked = get("stream", symbols=",".join(symbols) if symbols is not None else None)
        more = {"Last-Event-ID": last_event_id} if last_event_id is not None else {}
        try:
            with self._http.stream(**options(asked), headers=more, timeout=_STREAM) as answer:
                if not answer.is_success:
                    answer.read()
                    raise problem(answer)
                events = Events()
                for line in answer.iter_lines():
                    if (event := events.feed(line)) is not None:
                        yield event
        except httpx.TransportError as error:
            raise no_answer(error) from error

    def _pages(self, *path: str | int, **query: Any) -> Iterator[Any]:
        """The items of all pages."""
        cursor: str | None = None
        while True:
            page = self._ask(get(*path, cursor=cursor, limit=1000, **query))
            yield from page["items"]
            cursor = next_cursor(page)
            if cursor is None:
                return

    def _ask(self, call: Call) -> Any:
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


_STREAM = httpx.Timeout(TIMEOUT, read=60.0)  #: a quiet stream says every quarter of a minute that it lives
