"""Growth forecasts in the ledger, their outcomes, and the alert when a company that is watched has reported."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from bellwether.alerts import watchlist
from bellwether.alerts.report_alerts import NEWS, placed, report_growth
from bellwether.core.alert_types import AlertSettings, QuietHours
from bellwether.core.config import load_settings
from bellwether.core.errors import NoGrowth
from bellwether.core.types import Quarter, Statements
from bellwether.delivery import chat_settings_table, chats_table
from bellwether.delivery.offers import read_offers
from bellwether.market.statements.provider import open_fundamentals
from bellwether.revenue import ask
from bellwether.revenue import issued as issued_revenue
from bellwether.revenue.issued import PastGrowth
from bellwether.services import Services, build_services
from bellwether.track_record.ledger import checkpoint, revenue_ledger_table
from bellwether.track_record.ledger.verify import verify
from bot.keyboards import under_message
from tests.conftest import MODELS
from tests.support.clock import Clock
from tests.support.talk import Talk
from tests.support.yahoo_server import YahooServer
from tests.support.yahoo_services import yahoo_services

FIRST = datetime(2021, 11, 1, 12, tzinfo=UTC)  # after the report on the third quarter
SECOND = datetime(2022, 2, 1, 12, tzinfo=UTC)  # after the one on the fourth


class Reports:
    """A company's statements that grow with time, as a live source has them."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.quarters = [
            Quarter(end, 1e9 * 1.02 ** (40 - back), 1e8, end + timedelta(days=28))
            for back in range(40, -1, -1)
            for end in [date(2021, 9, 30) - timedelta(days=round(back * 365.25 / 4))]
        ]

    def report(self, revenue: float) -> None:
        """The fourth quarter of 2021."""
        self.quarters.append(Quarter(date(2021, 12, 31), revenue, 1e8, date(2022, 1, 28)))

    def statements(self, symbol: str) -> Statements:
        known = tuple(
            quarter for quarter in self.quarters if quarter.known_on and quarter.known_on <= self._clock().date()
        )
        return Statements(symbol, "USD", known, "yahoo")

    def at_hand(self, symbol: str) -> Statements | None:
        return self.statements(symbol)

    def reported(self, first: date, before: date) -> tuple[Statements, ...]:
        return ()


@pytest.fixture
def clock() -> Clock:
    return Clock(FIRST)


@pytest.fixture
def services(tmp_path: Path, clock: Clock) -> Services:
    settings = load_settings(database={"path": tmp_path / "growth.sqlite3"}, models={"folder": MODELS})
    return replace(build_services(settings, clock=clock), fundamentals=Reports(clock))


def watch(services: Services, chat_id: int, symbol: str = "AAPL") -> None:
    with services.store.transaction() as db:
        chats_table.join(db, chat_id, "en", services.clock())
    watchlist.watch(services, chat_id, symbol, "en")


def owed(services: Services) -> list[tuple[int, str, str]]:
    with services.store.reading() as db:
        return list(db.execute("SELECT recipient_id, kind, text FROM outbox ORDER BY id"))


def reported(services: Services, clock: Clock, revenue: float = 2.4e9) -> None:
    """A forecast is entered, and three months later the quarter is reported."""
    report_growth(services, clock.now)
    services.fundamentals.report(revenue)  # type: ignore[attr-defined]
    clock.now = SECOND


def test_a_forecast_is_entered_once_however_often_it_is_asked_for(services: Services) -> None:
    for _ in range(3):
        ask.growth(services, "AAPL")
    with services.store.reading() as db:
        kept = revenue_ledger_table.of_symbol(db, "AAPL")
    assert sorted(one.issued.quarters_ahead for one in kept) == [1, 4]
    assert all(one.growth is None for one in kept)


def test_its_outcome_is_added_when_the_report_comes_and_the_range_is_graded(services: Services, clock: Clock) -> None:
    before = ask.growth(services, "AAPL").forecast
    services.fundamentals.report(2.4e9)  # type: ignore[attr-defined]
    assert all(one.growth is None for one in ask.growth(services, "AAPL").past), "it is not public yet"
    clock.now = SECOND
    asked = ask.growth(services, "AAPL")
    came = next(one for one in asked.past if one.quarters_ahead == 1 and one.growth is not None)
    base = before.ahead[0].base
    assert came.growth == pytest.approx(2.4e9 / base - 1)
    assert came.growths == before.ahead[0].growths
    assert asked.forecast.period_end == date(2021, 12, 31)


def test_restating_a_past_figure_changes_no_issued_forecast(services: Services, clock: Clock) -> None:
    issued = issued_revenue.rows_of(ask.growth(services, "AAPL").forecast)
    restated = services.fundamentals.quarters[-4]  # type: ignore[attr-defined]
    services.fundamentals.quarters.append(  # type: ignore[attr-defined]
        replace(restated, revenue=5e9, known_on=date(2021, 12, 1))
    )
    clock.now = datetime(2021, 12, 2, 12, tzinfo=UTC)
    after = ask.growth(services, "AAPL").forecast
    assert after.ahead[0].base == 5e9, "what is forecast from now on knows it"
    with services.store.reading() as db:
        kept = {one.issued.forecast_id: one.issued for one in revenue_ledger_table.of_symbol(db, "AAPL")}
    assert [kept[one.forecast_id] for one in issued] == issued


@pytest.mark.sqlite
@pytest.mark.parametrize("table", ["growth_ledger", "growth_outcomes"])
def test_rows_are_never_changed_and_the_proof_tells_when_they_were(
    services: Services, clock: Clock, table: str
) -> None:
    watch(services, 7)
    reported(services, clock)
    ask.growth(services, "AAPL")
    found = verify(services.store)
    assert (found.problems, found.growth.rows, found.growth_outcomes.rows) == ((), 4, 1)
    file = services.settings.database.path
    with closing(sqlite3.connect(file)) as db, db:
        for verb in (f"UPDATE {table} SET seq = seq", f"DELETE FROM {table}"):
            with pytest.raises(sqlite3.IntegrityError, match="never changed"):
                db.execute(verb)
        db.execute(f"DROP TRIGGER {table}_no_update")
        column = "base" if table == "growth_ledger" else "growth"
        db.execute(f"UPDATE {table} SET {column} = {column} + 1")
    db.close()
    problems = " ".join(verify(services.store).problems)
    assert "was changed" in problems and f"{table}_no_update" in problems


def test_the_sample_market_is_never_entered(services: Services, tmp_path: Path) -> None:
    sample = build_services(load_settings(database={"path": tmp_path / "s.sqlite3"}, models={"folder": MODELS}))
    ask.growth(sample, "AAPL")
    with sample.store.reading() as db:
        assert revenue_ledger_table.of_symbol(db, "AAPL") == []


@pytest.mark.sqlite
@pytest.mark.parametrize(("table", "key"), [("growth_ledger", "seq"), ("growth_outcomes", "id")])
def test_rows_cut_off_at_the_end_are_noticed(services: Services, clock: Clock, table: str, key: str) -> None:
    watch(services, 7)
    reported(services, clock)
    ask.growth(services, "AAPL")
    with closing(sqlite3.connect(services.settings.database.path)) as db, db:
        db.execute(f"DROP TRIGGER {table}_no_delete")
        db.execute(f"DELETE FROM {table} WHERE {key} = (SELECT max({key}) FROM {table})")
    db.close()
    assert any("rows at the end were removed" in problem for problem in verify(services.store).problems)


def test_a_note_from_before_there_was_growth_is_read(services: Services) -> None:
    ask.growth(services, "AAPL")
    file = checkpoint.path_of(services.store)
    noted = json.loads(file.read_text())
    file.write_text(json.dumps({name: noted[name] for name in ("ledger", "outcomes")}))
    assert checkpoint.read(services.store) == checkpoint.Checkpoint(checkpoint.NOTHING, checkpoint.NOTHING)
    assert verify(services.store).problems == ()


def test_the_sample_market_is_told_a_simulated_record(services: Services, tmp_path: Path) -> None:
    sample = build_services(load_settings(database={"path": tmp_path / "s.sqlite3"}, models={"folder": MODELS}))
    asked = ask.growth(sample, "MSFT")
    judged = sample.growth.for_day(date(2016, 1, 1)).card
    assert asked.simulated and len(asked.past) > 20
    assert {one.quarters_ahead for one in asked.past} == {1}
    assert min(one.period_end for one in asked.past) > judged.seen_to
    newest = asked.past[0]
    made = ask.growth(sample, "MSFT", date(2021, 10, 1)).forecast
    assert newest.period_end == made.ahead[0].period_end == date(2021, 9, 30)
    assert (newest.growths, made.model_id) == (made.ahead[0].growths, "revenue-2")
    assert newest.growth == pytest.approx(asked.forecast.last_growth)


def test_a_report_is_told_once_to_those_who_watch(services: Services, clock: Clock) -> None:
    watch(services, 7)
    reported(services, clock)
    watch(services, 8, "MSFT")
    watch(services, 9)  # began to watch after the report, before we saw it
    assert [report_growth(services, clock.now) for _ in range(3)] == [2, 0, 0]
    assert [(chat_id, kind) for chat_id, kind, _ in owed(services)] == [(7, "report"), (9, "report")]


def test_the_alert_says_what_came_and_what_is_next(services: Services, clock: Clock) -> None:
    watch(services, 7)
    reported(services, clock)
    report_growth(services, clock.now)
    (_, _, text) = owed(services)[0]
    assert "<b>Apple</b> (AAPL) has reported the quarter to 31 December 2021: revenue USD 2.40 billion" in text
    assert "of what was expected" in text and "Next quarter (to about 31 March 2022)" in text
    assert "Why you get this" not in text
    assert "not investment advice" not in text, "that is no news"


def test_the_buttons_under_a_report_show_what_is_next_and_stop_what_it_comes_from(
    services: Services, clock: Clock
) -> None:
    watch(services, 7)
    reported(services, clock)
    report_growth(services, clock.now)
    with services.store.reading() as db:
        (offers,) = db.execute("SELECT offers FROM outbox").fetchone()
    revenue, stop = (button for row in under_message(read_offers(offers)) for button in row)
    assert (revenue.label, stop.label) == ("Revenue forecast", "Stop watching AAPL")
    talk = Talk(services, chat_id=7)
    assert "In the quarter to about 31 March 2022, Apple will probably take in" in talk.send(revenue.action)
    assert talk.send(stop.action) == "You no longer watch AAPL. You watch nothing now."
    assert watchlist.watchlist(services.store, 7) == []
    assert talk.send(stop.action) == "You don't watch Apple. /list shows what you watch.", "an old message stays"
    talk.send("add:AAPL")
    assert [row.symbol for row in watchlist.watchlist(services.store, 7)] == ["AAPL"]


def test_a_last_day_that_is_set_right_is_no_second_report(services: Services, clock: Clock) -> None:
    watch(services, 7)
    reported(services, clock)
    assert report_growth(services, clock.now) == 1
    statements = services.fundamentals
    statements.quarters.append(replace(statements.quarters[-1], period_end=date(2022, 1, 1)))  # type: ignore[attr-defined]
    clock.now += timedelta(days=1)
    assert report_growth(services, clock.now) == 0


def test_a_restated_quarter_is_no_second_report(services: Services, clock: Clock) -> None:
    watch(services, 7)
    reported(services, clock)
    assert report_growth(services, clock.now) == 1
    statements = services.fundamentals
    clock.now += timedelta(days=1)
    again = replace(statements.quarters[-1], revenue=2.5e9, known_on=clock.now.date())  # type: ignore[attr-defined]
    statements.quarters.append(again)  # type: ignore[attr-defined]
    assert report_growth(services, clock.now) == 0


def test_the_alert_speaks_the_chats_language_and_waits_for_quiet_hours_to_end(services: Services, clock: Clock) -> None:
    watch(services, 7)
    with services.store.transaction() as db:
        wanted = AlertSettings(language="de", quiet=QuietHours(time(11), time(15)))  # in UTC, and it is 12:00
        chat_settings_table.save(db, 7, wanted)
    reported(services, clock)
    report_growth(services, clock.now)
    (_, _, text) = owed(services)[0]
    assert "Umsatz" in text and "expected" not in text
    with services.store.reading() as db:
        (begin,) = db.execute("SELECT not_before FROM outbox").fetchone()
    assert begin.startswith("2022-02-01T15:00")


def test_a_first_sight_is_no_news(services: Services, clock: Clock) -> None:
    watch(services, 7)
    assert report_growth(services, clock.now) == 0


def test_whoever_comes_later_is_not_told_of_an_old_report(services: Services, clock: Clock) -> None:
    watch(services, 7)
    reported(services, clock)
    report_growth(services, clock.now)
    clock.now += timedelta(hours=1)
    watch(services, 8)
    assert report_growth(services, clock.now) == 0


def test_what_was_seen_by_somebody_asking_is_still_told(services: Services, clock: Clock) -> None:
    watch(services, 7)
    reported(services, clock)
    ask.growth(services, "AAPL")
    clock.now += timedelta(hours=2)
    assert report_growth(services, clock.now) == 1


def test_a_report_of_last_month_is_no_news(services: Services, clock: Clock) -> None:
    watch(services, 7)
    reported(services, clock)
    ask.growth(services, "AAPL")
    clock.now += NEWS + timedelta(days=1)
    assert report_growth(services, clock.now) == 0


def test_what_has_no_statements_is_passed_over(services: Services, clock: Clock) -> None:
    watch(services, 7, "^GSPC")
    sample = replace(services, fundamentals=build_services(services.settings).fundamentals)
    assert report_growth(sample, clock.now) == 0


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("came", "expected"),
    [(0.3, "highest 5 %"), (-0.3, "lowest 5 %"), (0.0, "50\N{NO-BREAK SPACE}%"), (0.035, "80\N{NO-BREAK SPACE}%")],
)
def test_what_came_is_placed_among_what_was_expected(came: float, expected: str) -> None:
    growths = (-0.1, -0.08, -0.03, 0.0, 0.03, 0.045, 0.1)
    assert expected in placed(PastGrowth("g", 1, date(2021, 12, 31), growths, came))


@pytest.fixture
def yahoo(tmp_path: Path) -> Iterator[Services]:
    """A live market in August 2025, a few weeks after Apple's report, with the quarters that Yahoo gave then."""
    clock = Clock(datetime(2025, 8, 20, 12, tzinfo=UTC))
    with YahooServer() as server:
        found = yahoo_services(tmp_path, server, clock)
        statements = open_fundamentals(found.settings.market, found.provider, found.store, clock)
        yield replace(found, fundamentals=statements)


def test_what_yahoo_gives_is_enough(yahoo: Services) -> None:
    made = ask.growth(yahoo, "AAPL").forecast
    assert (made.source, made.currency, made.period_end) == ("yahoo", "USD", date(2025, 6, 30))
    assert [one.quarters_ahead for one in made.ahead] == [1, 4]
    with yahoo.store.reading() as db:
        assert len(revenue_ledger_table.of_symbol(db, "AAPL")) == 2


@pytest.mark.parametrize("symbol", ["QQQ", "BTC-USD"])
def test_a_fund_and_a_coin_have_no_growth(yahoo: Services, symbol: str) -> None:
    with pytest.raises(NoGrowth, match="Funds, indices, currencies and coins have none"):
        ask.growth(yahoo, symbol)
