"""The asynchronous client. The other one has the same methods: `tests/test_client.py` holds them together."""

import asyncio
from collections.abc import AsyncIterator, Iterable
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


class AsyncClient:
    """The API of one service, for the bearer of one key.

    Every method raises ApiError with the API's own problem, TooManyRequests where a limit does not end within a minute,
    and NoAnswer.
    """

    def __init__(self, base_url: str, key: str | None = None, timeout: float = TIMEOUT) -> None:
        """`base_url` such as https://bellwether.example; `key` is bw_live_..., None for the demo plan."""
        self._http = httpx.AsyncClient(base_url=base_url, headers=headers(key), timeout=timeout)

    async def __aenter__(self) -> Self:
        """For `async with`."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def status(self) -> dict[str, Any]:
        """What answers there, and from which prices."""
        return cast(dict[str, Any], await self._ask(get("status")))

    async def usage(self) -> dict[str, Any]:
        """The plan of the key, what is left of it, and what was used."""
        return cast(dict[str, Any], await self._ask(get("usage")))

    async def forecast(self, symbol: str, horizon: int | str = 10, as_of: date | str | None = None) -> Forecast:
        """Where one symbol may be."""
        return cast(Forecast, await self._ask(get("forecasts", symbol, horizon=horizon, as_of=as_of)))

    async def forecasts(
        self, symbols: Iterable[str], horizon: int | str = 10, as_of: date | str | None = None
    ) -> list[BatchItem]:
        """Where many may be, each with a status of its own."""
        return cast(list[BatchItem], (await self._ask(batch(list(symbols), horizon, as_of)))["items"])

    async def growth(self, symbol: str, as_of: date | str | None = None) -> dict[str, Any]:
        """How the revenue of the company behind a stock may grow."""
        return cast(dict[str, Any], await self._ask(get("growth", symbol, as_of=as_of)))

    async def baseline(self, symbol: str, horizon: int | str = 10, as_of: date | str | None = None) -> BaselineForecast:
        """What a plain volatility rule says."""
        return cast(BaselineForecast, await self._ask(get("baseline", symbol, horizon=horizon, as_of=as_of)))

    async def search(self, text: str) -> Search:
        """What may be meant by a symbol, a name or its beginning."""
        return cast(Search, await self._ask(get("universe", q=text)))

    async def bars(self, symbol: str, as_of: date | str | None = None, limit: int = 252) -> list[dict[str, Any]]:
        """The last daily bars, where they are handed out."""
        return cast(list[dict[str, Any]], (await self._ask(get("bars", symbol, as_of=as_of, limit=limit)))["items"])

    async def models(self) -> list[dict[str, Any]]:
        """The models, and which of them answers."""
        return cast(list[dict[str, Any]], (await self._ask(get("models")))["items"])

    async def model(self, model_id: str) -> dict[str, Any]:
        """Everything that is known of a model."""
        return cast(dict[str, Any], await self._ask(get("models", model_id)))

    async def track_record(
        self,
        symbol: str | None = None,
        horizon: int | str | None = None,
        model_id: str | None = None,
        since: date | str | None = None,
    ) -> dict[str, Any]:
        """How the issued forecasts turned out."""
        asked = get("track-record", symbol=symbol, horizon=horizon, model_id=model_id, since=since)
        return cast(dict[str, Any], await self._ask(asked))

    async def receipt(self, forecast_id: str) -> dict[str, Any]:
        """The row of an issued forecast, and what proves it."""
        return cast(dict[str, Any], await self._ask(get("receipts", forecast_id)))

    def universe(self) -> AsyncIterator[Instrument]:
        """Everything that is served every session."""
        return cast(AsyncIterator[Instrument], self._pages("universe"))

    def ledger(self, symbol: str | None = None, horizon: int | str | None = None) -> AsyncIterator[dict[str, Any]]:
        """Every issued forecast with what came of it, misses included."""
        return self._pages("ledger", symbol=symbol, horizon=horizon)

    async def rules(self) -> list[Rule]:
        """What the owner of the key wants to be told."""
        return cast(list[Rule], (await self._ask(get("rules")))["items"])

    async def rule(self, rule_id: int) -> Rule:
        """One rule."""
        return cast(Rule, await self._ask(get("rules", rule_id)))

    async def add_rule(self, symbol: str, kind: str, threshold: float | None = None, **more: Any) -> Rule:
        """Be told when something happens; `more` are direction, horizon, repeat and expires."""
        return cast(Rule, await self._ask(new_rule(symbol, kind, threshold, more)))

    async def remove_rule(self, rule_id: int) -> None:
        """Forget a rule."""
        await self._ask(delete("rules", rule_id))

    def alerts(self) -> AsyncIterator[Alert]:
        """What the rules have fired, oldest first."""
        return cast(AsyncIterator[Alert], self._pages("alerts"))

    async def webhooks(self) -> list[Webhook]:
        """Where alerts are sent to."""
        return cast(list[Webhook], (await self._ask(get("webhooks")))["items"])

    async def webhook(self, webhook_id: int) -> Webhook:
        """One address."""
        return cast(Webhook, await self._ask(get("webhooks", webhook_id)))

    async def add_webhook(self, url: str) -> NewWebhook:
        """Send alerts to an address; its secret is shown only now."""
        return cast(NewWebhook, await self._ask(post("webhooks", json={"url": url})))

    async def rotate_webhook(self, webhook_id: int, overlap_hours: float | None = None) -> NewWebhook:
        """A new secret; the old one signs beside it for a while."""
        json = {"overlap_hours": overlap_hours}
        return cast(NewWebhook, await self._ask(post("webhooks", webhook_id, "rotate", json=json)))

    async def enable_webhook(self, webhook_id: int) -> Webhook:
        """Send again to an address that was disabled."""
        return cast(Webhook, await self._ask(post("webhooks", webhook_id, "enable", repeatable=True)))

    async def test_webhook(self, webhook_id: int) -> str:
        """Send a test event; its id."""
        return cast(str, (await self._ask(post("webhooks", webhook_id, "test")))["event_id"])

    async def remove_webhook(self, webhook_id: int) -> None:
        """Forget an address."""
        await self._ask(delete("webhooks", webhook_id))

    def attempts(self, webhook_id: int) -> AsyncIterator[Attempt]:
        """What was sent to an address and what came of it, newest first."""
        return cast(AsyncIterator[Attempt], self._pages("webhooks", webhook_id, "attempts"))

    async def replay(self, webhook_id: int, attempt_id: int) -> str:
        """Send the event of an attempt once more; its id."""
        return cast(str, (await self._ask(post("webhooks", webhook_id, "attempts", attempt_id, "replay")))["event_id"])

    async def stream(
        self, symbols: Iterable[str] | None = None, last_event_id: str | None = None
    ) -> AsyncIterator[Event]:
        """New alerts, and new forecasts of these symbols or else those of the rules, as they come.

        It ends with the connection; begin again with the `id` of the last event.
        """
        asked = get("stream", symbols=",".join(symbols) if symbols is not None else None)
        more = {"Last-Event-ID": last_event_id} if last_event_id is not None else {}
        try:
            async with self._http.stream(**options(asked), headers=more, timeout=_STREAM) as answer:
                if not answer.is_success:
                    await answer.aread()
                    raise problem(answer)
                events = Events()
                async for line in answer.aiter_lines():
                    if (event := events.feed(line)) is not None:
                        yield event
        except httpx.TransportError as error:
            raise no_answer(error) from error

    async def _pages(self, *path: str | int, **query: Any) -> AsyncIterator[Any]:
        """The items of all pages."""
        cursor: str | None = None
        while True:
            page = await self._ask(get(*path, cursor=cursor, limit=1000, **query))
            for one in page["items"]:
                yield one
            cursor = next_cursor(page)
            if cursor is None:
                return

    async def _ask(self, call: Call) -> Any:
        """One call, again after trouble that may pass."""
        tried = 0
        while True:
            tried += 1
            try:
                return read(await self._http.request(**options(call)))
            except (ApiError, httpx.TransportError) as error:
                wait = pause(call, tried, error)
                if wait is None:
                    if isinstance(error, httpx.TransportError):
                        raise no_answer(error) from error
                    raise
            await asyncio.sleep(wait)


_STREAM = httpx.Timeout(TIMEOUT, read=60.0)  #: a quiet stream says every quarter of a minute that it lives
