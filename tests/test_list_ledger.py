"""The ledger of lists: its work list and sums, what will never have an outcome, and how much of visitors is entered."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bellwether.ask.lists import forecast_list
from bellwether.core.config import Web
from bellwether.core.errors import MarketDataError, NoPrices, StoreError
from bellwether.core.types import Bars
from bellwether.market.calendar import session_after
from bellwether.market.provider import Provider
from bellwether.services import Services
from bellwether.track_record.ledger import list_sums_table, lists
from bellwether.track_record.ledger.list_ledger_table import Lost
from bellwether.track_record.ledger.list_sums_table import ListScore
from bellwether.track_record.ledger.rebuild import rebuild
from bellwether.track_record.ledger.verify import verify
from tests.support.account import live_services, set_clock
from tests.support.database import beside, drop_guards
from tests.support.web import Visitor, plain_text
from web.app import create_app

AFTER = 40  #: sessions: more than the patience for a failing source, in days
DAYS = range(lists.FAILED_DAYS)  #: as many as it must have failed on


class Without:
    """A source of prices that has an error for one symbol."""

    def __init__(self, provider: Provider, symbol: str, error: type[MarketDataError]) -> None:
        self._provider, self._symbol, self._error = provider, symbol, error

    def bars(self, symbol: str, end: date) -> Bars:
        if symbol == self._symbol:
            raise self._error("nothing")
        return self._provider.bars(symbol, end)


class Silent:
    """A source of prices that fails for everything."""

    def bars(self, symbol: str, end: date) -> Bars:
        raise MarketDataError("no route to host")


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Services]:
    return live_services(tmp_path, date(2021, 6, 1))


def score_of(services: Services, horizon: int | None = None) -> ListScore:
    with services.store.reading() as db:
        return list_sums_table.score(db, horizon)


def settle(services: Services, symbol: str = "", error: type[MarketDataError] = MarketDataError) -> str:
    return str(lists.settle(services.store, Without(services.provider, symbol, error), services.clock))  # type: ignore[arg-type]


def test_a_symbol_whose_source_always_fails_holds_up_no_other_list_and_is_given_up_in_the_end(
    live: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "AT_ONCE", 1)
    first = forecast_list(live, ["AAPL", "MSFT"], 1)
    forecast_list(live, ["AAPL", "KO"], 1)
    set_clock(live, first.target)
    assert settle(live, "MSFT") == "1 outcomes of lists added, 0 will have none, 1 wait for prices."
    set_clock(live, session_after("XNYS", first.target, 15))
    assert settle(live, "MSFT").startswith("0 outcomes of lists added, 0 will have none, 1 wait"), "patience"
    assert settle(live, "^GSPC").startswith("1 outcomes"), "a source that works again is in time"
    assert (score_of(live).settled, score_of(live).lost) == (2, 0)


@pytest.mark.parametrize(
    ("error", "sessions", "lost", "why"),
    [
        (MarketDataError, (*DAYS, 15), 0, {}),
        (MarketDataError, (*DAYS, AFTER), 1, {Lost.NO_SOURCE: 1}),
        (MarketDataError, (0, AFTER), 0, {}),  # the host was off in between
        (MarketDataError, (*DAYS[1:], AFTER), 0, {}),
        (MarketDataError, (*(0 for _ in DAYS), AFTER), 0, {}),
        (NoPrices, (0, 5), 0, {}),
        (NoPrices, (0, 15), 1, {Lost.NO_PRICE: 1}),
    ],
)
def test_how_long_a_price_is_waited_for_and_why_a_list_was_given_up(
    live: Services, error: type[MarketDataError], sessions: tuple[int, ...], lost: int, why: dict[Lost, int]
) -> None:
    made = forecast_list(live, ["AAPL", "MSFT"], 1)
    for session in sessions:
        set_clock(live, session_after("XNYS", made.target, session))
        settle(live, "MSFT", error)
    assert score_of(live) == ListScore(1, lost=lost, why=why)
    text = plain_text(Visitor(create_app(live)).get("/track-record").text)
    assert "1 ranges of lists were issued, and none has an outcome yet" in text
    assert all(reason.value in text for reason in why) and ("1 will never have an outcome" in text) == bool(lost)
    assert verify(live.store).problems == ()


def test_why_a_list_was_given_up_is_never_changed_and_the_proof_tells_when_it_was(live: Services) -> None:
    made = forecast_list(live, ["AAPL", "MSFT"], 1)
    forecast_list(live, ["AAPL", "KO"], 1)
    set_clock(live, session_after("XNYS", made.target, 15))
    settle(live, "MSFT", NoPrices)
    assert score_of(live).why == {Lost.NO_PRICE: 1}
    for verb in ("UPDATE list_lost SET reason = 'NO_SOURCE'", "DELETE FROM list_lost"):
        with pytest.raises(StoreError) as refused, live.store.transaction() as db:
            db.execute(verb)
        assert "never changed" in refused.value.for_operator
    rebuild(live.store, lambda symbol: "XNYS")
    assert verify(live.store).problems == ()
    with beside(live.store) as conn:
        drop_guards(conn)
        conn.execute("UPDATE list_lost SET seq = seq + 1")
    problems = " ".join(verify(live.store).problems)
    assert "list_lost_no_delete, list_lost_no_update" in problems
    assert "1 reasons for having no outcome belong to lists that have one or may yet have one." in problems


@pytest.mark.parametrize("between", ["an answer", "silence", "a rebuild"])
def test_failures_before_an_answer_or_for_all_symbols_do_not_count_and_a_rebuild_forgets_none(
    live: Services, between: str
) -> None:
    made = forecast_list(live, ["AAPL", "MSFT"], 1)
    for session in DAYS:
        set_clock(live, session_after("XNYS", made.target, session))
        if between == "silence":
            assert str(lists.settle(live.store, Silent(), live.clock)).endswith("1 wait for prices.")  # type: ignore[arg-type]
        else:
            settle(live, "MSFT")
    if between == "an answer":
        settle(live, "MSFT", NoPrices)
    elif between == "a rebuild":
        rebuild(live.store, lambda symbol: "XNYS")
    set_clock(live, session_after("XNYS", made.target, AFTER))
    settle(live, "MSFT")
    assert score_of(live).lost == (between == "a rebuild")
    settle(live)
    assert score_of(live).settled == (between != "a rebuild")


def test_sums_and_the_work_list_are_proved_and_can_be_made_again(live: Services) -> None:
    made = forecast_list(live, ["AAPL", "MSFT"], 1)
    forecast_list(live, ["AAPL", "KO"], 5)
    set_clock(live, made.target)
    settle(live)
    right = score_of(live)
    assert (right.issued, right.settled, score_of(live, 1).settled, score_of(live, 5).settled) == (2, 1, 1, 0)
    with live.store.transaction() as db:
        db.execute("UPDATE list_sums SET held = 1 - held, held_compared = 1 - held")
        db.execute("DELETE FROM list_pending")
    problems = " ".join(verify(live.store).problems)
    assert "sums of how lists turned out" in problems
    assert "1 open forecasts of lists" in problems
    rebuild(live.store, lambda symbol: "XNYS")
    assert verify(live.store).problems == ()
    assert score_of(live) == right
    set_clock(live, session_after("XNYS", made.target, 4))
    assert settle(live).startswith("1 outcomes")


def test_outcomes_from_before_there_were_sums_count(live: Services) -> None:
    made = forecast_list(live, ["AAPL", "MSFT"], 1)
    forecast_list(live, ["AAPL", "KO"], 2)
    set_clock(live, made.target)
    settle(live)
    right = score_of(live)
    with live.store.transaction() as db:
        db.execute("DELETE FROM list_sums")
    assert score_of(live) == right
    set_clock(live, session_after("XNYS", made.target, 1))
    settle(live)
    assert score_of(live).settled == 2
    assert verify(live.store).problems == ()


def test_of_visitors_only_some_lists_a_day_are_entered_and_those_that_are_there_count_no_more(
    live: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "VISITORS_A_DAY", 2)

    def is_entered(horizon: int, *, may: bool = True) -> bool:
        made = forecast_list(live, ["AAPL", "KO"], horizon, may_enter=lambda: may)
        return lists.NOT_ENTERED not in made.caveats

    assert not is_entered(1, may=False), "one visitor has had as many as one may"
    assert [is_entered(horizon) for horizon in (1, 1, 2, 3, 2)] == [True, True, True, False, True]
    forecast_list(live, ["AAPL", "KO"], 3)
    assert is_entered(3), "somebody who is known asked for it"
    assert score_of(live).issued == 3
    live.clock.now += timedelta(days=1)  # type: ignore[attr-defined]
    assert is_entered(4)


def test_a_visitors_list_costs_as_many_visits_as_it_has_symbols_and_ten_a_day_are_entered(live: Services) -> None:
    ours = replace(live, settings=live.settings.model_copy(update={"web": Web(requests_a_minute=30)}))
    visitor = Visitor(create_app(ours), "203.0.113.7")
    address = "/risk?symbols=" + ",".join(["AAPL", "MSFT", "KO"])
    assert visitor.get(f"{address}&horizon=1").status_code == 200
    assert visitor.get("/risk?symbols=" + ",".join(f"NOPE{number}" for number in range(26))).status_code == 404
    refused = visitor.get(address)
    assert (refused.status_code, int(refused.headers["Retry-After"])) == (429, 4)

    open_to_all = create_app(live)
    visitors = [Visitor(open_to_all, f"203.0.113.{number}") for number in (1, 2)]
    texts = [plain_text(visitors[0].get(f"{address}&horizon={horizon}").text) for horizon in range(1, 13)]
    assert [f"{lists.NOT_ENTERED}" in text for text in texts] == [False] * 11 + [True], "the first was there"
    assert f"{lists.NOT_ENTERED}" not in plain_text(visitors[1].get(f"{address}&horizon=12").text)
    assert score_of(live).issued == 12
