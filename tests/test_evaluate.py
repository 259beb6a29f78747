"""The tick: what it writes, and that it writes it once."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import escape
from pathlib import Path

import pytest

from bellwether.alerts import watchlist
from bellwether.alerts.rules.digest_due import DigestReason
from bellwether.alerts.text.digest import ONE_MESSAGE, Digest, Digests
from bellwether.alerts.text.digest_lines import DigestEntry, seen_length
from bellwether.alerts.tick import tick
from bellwether.ask import forecasts
from bellwether.core.config import load_settings
from bellwether.core.errors import StoreError
from bellwether.core.split_html import split_html
from bellwether.core.types import Instrument
from bellwether.db.database import stamp
from bellwether.delivery import chats_table, outbox_claims_table
from bellwether.delivery.messages import RecipientKind
from bellwether.services import Services, build_services
from tests.support.database import new_database

EVENING = datetime(2021, 12, 30, 22, 0, tzinfo=UTC)
MODELS = Path(__file__).resolve().parents[1] / "exported_models"


def services_at(folder: Path, now: datetime = EVENING, **sections: dict[str, object]) -> Services:
    settings = load_settings(
        database={"path": new_database(folder / "t.sqlite3")}, models={"folder": MODELS}, **sections
    )
    return build_services(settings, clock=lambda: now)


def owed(services: Services) -> list[dict[str, object]]:
    with services.store.transaction() as db:
        return db.rows("SELECT * FROM outbox ORDER BY id")


def test_a_chat_gets_one_digest_a_session_however_often_the_tick_runs(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    for symbol in ("AAPL", "MSFT"):
        watchlist.watch(services, 7, symbol, "en")
    assert tick(services, EVENING).written == 1
    assert tick(services, EVENING + timedelta(minutes=1)).already_owed == 1
    assert tick(services, EVENING + timedelta(days=1)).written == 1
    keys = [row["dedup_key"] for row in owed(services)]
    assert keys == ["digest:7:2021-12-30", "digest:7:2021-12-31"]


def test_a_digest_never_looks_past_its_session(tmp_path: Path) -> None:
    services = services_at(tmp_path, now=datetime(2026, 1, 5, tzinfo=UTC))
    watchlist.watch(services, 7, "AAPL", "en")
    tick(services, datetime(2015, 6, 30, 21, 0, tzinfo=UTC))
    (row,) = owed(services)
    made = forecasts.answer(services, "AAPL", 10, date(2015, 6, 30)).forecast
    assert f"${made.last_close:.2f}" in str(row["text"])
    assert "Close of 30 June." in str(row["text"])


def test_two_ticks_at_once_write_one_row(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    watchlist.watch(services, 7, "AAPL", "en")
    together = threading.Barrier(2)

    def run() -> None:
        together.wait()
        tick(services, EVENING)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(owed(services)) == 1


def test_on_a_closed_day_nothing_is_written(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    watchlist.watch(services, 7, "AAPL", "en")
    did = tick(services, datetime(2021, 12, 26, 22, 0, tzinfo=UTC))
    assert did.written == 0
    assert did.reasons == {DigestReason.TOO_LATE: 1}


def test_a_rehearsed_instant_makes_a_message_that_can_still_be_sent(tmp_path: Path) -> None:
    now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    services = services_at(tmp_path, now=now)
    watchlist.watch(services, 7, "AAPL", "en")
    tick(services, EVENING)
    (row,) = owed(services)
    assert datetime.fromisoformat(str(row["not_before"])) == now
    assert datetime.fromisoformat(str(row["expires_at"])) == now + timedelta(hours=11, minutes=45)


def test_a_symbol_without_a_forecast_is_named_and_the_others_are_sent(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    watchlist.watch(services, 7, "AAPL", "en")
    with services.store.transaction() as db:
        db.execute("INSERT INTO subscriptions VALUES (7, 'GONE', 'XNYS', :at)", {"at": EVENING.isoformat()})
    assert tick(services, EVENING).written == 1
    text = str(owed(services)[0]["text"])
    assert "<b>Apple</b> (AAPL) $" in text
    assert "GONE" in text
    assert "no forecast tonight" in text


def test_a_live_market_waits_for_the_prices_of_the_session(tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    lines = ["symbol,date,open,high,low,close,volume"]
    day, price = date(2021, 1, 4), 100.0
    while day <= date(2021, 12, 29):  # the session of the 30th is not in yet
        if day.weekday() < 5:
            price *= 1.01 if day.day % 2 else 0.991
            lines.append(f"AAPL,{day},{price},{price * 1.01},{price * 0.99},{price},1000000")
        day += timedelta(days=1)
    prices.write_text("\n".join(lines))
    services = services_at(tmp_path, market={"source": "file", "file": str(prices)})
    watchlist.watch(services, 7, "AAPL", "en")
    assert tick(services, EVENING).reasons == {DigestReason.WAITING_FOR_PRICES: 1}
    late = EVENING + timedelta(hours=3)
    assert tick(services, late).reasons == {DigestReason.DUE_WITHOUT_PRICES: 1}
    assert "The prices end on 29 December 2021: 1 later trading day is missing." in str(owed(services)[0]["text"])


def test_a_market_whose_prices_ended_long_ago_sends_nothing(tmp_path: Path) -> None:
    prices = tmp_path / "old.csv"
    days = [date(2021, 1, 4) + timedelta(days=number) for number in range(120)]
    rows_of_file = [f"AAPL,{day},{100 + day.day},{101 + day.day},{99 + day.day},{100 + day.day},1000" for day in days]
    prices.write_text("\n".join(["symbol,date,open,high,low,close,volume", *rows_of_file]))
    services = services_at(tmp_path, market={"source": "file", "file": str(prices)})
    watchlist.watch(services, 7, "AAPL", "en")
    assert tick(services, EVENING + timedelta(hours=4)).reasons == {DigestReason.NO_CURRENT_PRICES: 1}
    assert owed(services) == []


def test_a_long_watchlist_is_told_whole_in_one_message_and_folds_what_is_usual(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    for one in services.provider.universe():
        watchlist.watch(services, 7, one.symbol, "en")
    tick(services, EVENING)
    (row,) = owed(services)
    text, watched = str(row["text"]), list(services.provider.universe())
    assert len(watched) >= 40
    assert all(f"({escape(one.symbol)})" in text for one in watched)
    assert "/settings changes how often this comes." in text
    assert "<blockquote expandable><b>Apple</b> (AAPL) $" in text
    assert split_html(text) == [text] or seen_length(text) <= ONE_MESSAGE
    assert "chance" not in text


@pytest.mark.sqlite
def test_a_digest_escapes_what_comes_from_outside() -> None:
    strange = Instrument("<X>", "<b>Ltd & Co", "", "XNYS", "USD")
    entry = DigestEntry(strange, None, failure="no <prices>")
    text = Digests(10).write(Digest([entry], [], date(2021, 12, 30)))
    assert "&lt;b&gt;Ltd &amp; Co" in text
    assert "no &lt;prices&gt;" in text


@pytest.mark.sqlite
def test_without_a_database_the_tick_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="reach my notes"):
        tick(services_at(tmp_path / "file"), EVENING)


def test_the_plain_rules_range_is_marked_under_its_symbol(tmp_path: Path) -> None:
    now = datetime(2012, 7, 20, 22, 0, tzinfo=UTC)  # META was listed two months before
    services = services_at(tmp_path, now=now)
    for symbol in ("AAPL", "META"):
        watchlist.watch(services, 7, symbol, "en")
    assert tick(services, now).written == 1
    (said,) = [line for line in str(owed(services)[0]["text"]).splitlines() if "too little price history" in line]
    assert said.startswith("META: ")


def test_one_symbol_that_is_gone_does_not_hold_up_the_others(tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    lines = ["symbol,date,open,high,low,close,volume"]
    for symbol, last in (("AAPL", date(2021, 12, 30)), ("GONE", date(2021, 6, 30))):
        day = date(2021, 1, 4)
        while day <= last:
            if day.weekday() < 5:
                lines.append(f"{symbol},{day},{100 + day.day},{101 + day.day},{99 + day.day},{100 + day.day},1000")
            day += timedelta(days=1)
    prices.write_text("\n".join(lines))
    services = services_at(tmp_path, market={"source": "file", "file": str(prices)})
    for symbol in ("AAPL", "GONE"):
        watchlist.watch(services, 7, symbol, "en")
    assert tick(services, EVENING).reasons == {DigestReason.DUE: 1}


def test_a_tick_that_is_told_to_stop_leaves_the_rest_for_the_next(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    for chat_id in (7, 8):
        watchlist.watch(services, chat_id, "AAPL", "en")
    asked = iter([False, True])
    assert tick(services, EVENING, lambda: next(asked)).written == 1
    assert tick(services, EVENING).written == 1


def test_a_group_that_moves_during_a_tick_is_owed_nothing_twice(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    watchlist.watch(services, -7, "AAPL", "en")
    assert tick(services, EVENING).written == 1
    with services.store.transaction() as db:
        db.execute("DELETE FROM outbox")

    def move() -> bool:  # asked after the chats were read, before anything is written
        with services.store.transaction() as db:
            chats_table.migrate(db, -7, -1007)
        return False

    assert tick(services, EVENING, move).written == 0, "its number is another now"
    assert tick(services, EVENING).written == 1
    assert [row["dedup_key"] for row in owed(services)] == ["digest:-1007:2021-12-30"]


def test_a_crowd_is_written_page_by_page_and_nobody_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bellwether.alerts.tick.PAGE", 3)
    services = services_at(tmp_path)
    for chat_id in (-5, -4, *range(1, 9)):
        watchlist.watch(services, chat_id, "AAPL" if chat_id % 2 else "MSFT", "en")
    watchlist.join(services.store, services.clock, 99, "en")  # watches nothing
    assert tick(services, EVENING).written == 10
    again = tick(services, EVENING)
    assert (again.written, again.already_owed) == (0, 10)
    texts = {int(str(row["recipient_id"])): str(row["text"]) for row in owed(services)}
    assert all(("Apple" if chat_id % 2 else "Microsoft") in text for chat_id, text in texts.items())


def test_a_clock_that_is_set_back_while_a_page_is_decided_makes_no_digest_wait(tmp_path: Path) -> None:
    services = services_at(tmp_path)
    watchlist.watch(services, 7, "AAPL", "en")
    shown = [EVENING, EVENING - timedelta(hours=2)]
    turned = replace(services, clock=lambda: shown.pop(0) if len(shown) > 1 else shown[0])
    assert tick(turned, EVENING).written == 1
    now = EVENING - timedelta(hours=2) + timedelta(minutes=1)
    with services.store.transaction() as db:
        outbox_claims_table.forgive_clock(db, RecipientKind.CHAT, now)
    assert [row["not_before"] for row in owed(services)] == [stamp(now)]
