"""The page of one symbol beyond its forecast: a look back, what changed, its feed, the bot, the record and receipts."""

import hashlib
import re
import struct
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import pytest

from bellwether.ask import forecasts
from bellwether.charts.fan import PASTS
from bellwether.core.announcement import Announcement
from bellwether.core.config import load_settings
from bellwether.core.errors import LedgerError
from bellwether.core.types import Forecast, Instrument
from bellwether.forecasting import sentences
from bellwether.forecasting.change_sentences import changes
from bellwether.services import Services, build_services
from tests.support.sample import SAMPLE_BEFORE
from tests.support.waiting import wait_until
from tests.support.web import Visitor, plain_text, sample_services
from web.app import create_app
from web.pages import forecast_view, telegram_link
from web.pages.charts import Past
from web.pages.earnings_calendar import calendar_file
from web.pages.record_cache import Records

ATOM = "{http://www.w3.org/2005/Atom}"
PAGES = (
    "/",
    "/stocks/AAPL",
    "/stocks/AAPL/feed.atom",
    "/market",
    "/compare?symbols=AAPL,KO",
    "/how-it-works",
    "/privacy",
)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return sample_services(tmp_path_factory.mktemp("web"))


@pytest.fixture(scope="module")
def visitor(services: Services) -> Visitor:
    return Visitor(create_app(services))


def forecast(services: Services, symbol: str, as_of: date | None = None) -> Forecast:
    return forecasts.answer(services, symbol, 10, as_of).forecast


def test_a_look_back_knows_nothing_later_and_says_so(visitor: Visitor, services: Services) -> None:
    page = visitor.get("/stocks/AAPL?as_of=2020-03-16")
    then = forecast(services, "AAPL", date(2020, 3, 16))
    text = plain_text(page.text)
    assert page.status_code == 200
    assert "this knows no price after 16 March 2020" in text
    came = forecasts.what_came(
        services.provider, forecasts.answer(services, "AAPL", 10, date(2020, 3, 16)), services.clock()
    )
    assert came is not None
    held = "within" if came.held else "outside"
    assert f"Actual result by 30 March 2020: {sentences.signed_percent(came.growth)}, {held} the 8-in-10 range." in text
    assert "The actual result is not known yet." in visitor.get("/stocks/AAPL?as_of=2024-03-07").text
    assert forecast_view.amount(then, 0.9) in text
    assert "Hear about it" not in text, "nobody can watch the past"
    chart = re.search(r'<img src="([^"]+chart\.svg[^"]+as_of=2020-03-16[^"]*)"', page.text)
    assert chart and visitor.get(chart[1].replace("&amp;", "&")).text != visitor.get("/stocks/AAPL/chart.svg").text
    assert "horizon=21&amp;as_of=2020-03-16" in page.text, "the tabs stay in the past"


@pytest.mark.parametrize(
    ("as_of", "said"),
    [
        ("2024-03-12", "has not come yet"),
        ("1899-12-31", "No prices reach back"),
        ("yesterday", "is not a date"),
        ("2021-02-30", "is not a date"),
        ("\u202e2021", "is not a date"),
    ],
)
def test_a_look_back_to_no_day_is_explained(visitor: Visitor, as_of: str, said: str) -> None:
    page = visitor.get(f"/stocks/AAPL?as_of={as_of}")
    assert page.status_code == 400
    assert said in page.text


def test_what_changed_since_the_day_before_is_told(visitor: Visitor, services: Services) -> None:
    asked = forecasts.answer(services, "AAPL", 10)
    now, before = asked.forecast, forecasts.previous(services, asked)
    assert before is not None and before.cutoff == SAMPLE_BEFORE
    lines = {line.what: line for line in changes(before, now)}
    moved = now.last_close / before.last_close - 1
    assert lines["Close"].difference == sentences.signed_percent(moved)
    text = plain_text(visitor.get("/stocks/AAPL").text)
    for line in lines.values():
        assert f"{line.what} {line.before} {line.now} {line.difference}" in text


def test_a_young_service_has_an_honest_empty_record(tmp_path: Path) -> None:
    days = [day for day in map(date.fromordinal, range(737_900, 738_000)) if day.weekday() < 5]
    prices = [100 + at % 5 for at in range(len(days))]
    rows = [f"AAPL,{day},{at},{at + 1},{at - 1},{at},1000" for day, at in zip(days, prices, strict=True)]
    file = tmp_path / "prices.csv"
    file.write_text("\n".join(["symbol,date,open,high,low,close,volume", *rows]))
    settings = load_settings(market={"source": "file", "file": str(file)}, database={"path": tmp_path / "t.sqlite3"})
    closed = datetime.combine(days[-1], datetime.min.time(), UTC) + timedelta(days=1)
    visitor = Visitor(create_app(build_services(settings, clock=lambda: closed)))
    assert "Nothing has come due yet" in visitor.get("/track-record?horizon=5").text
    page = plain_text(visitor.get("/stocks/AAPL").text)
    assert "has come due yet; 1 is waiting for its day" in page, "the forecast just shown was entered first"
    id_ = re.search(r"Forecast number (f\w+)", page)
    assert id_
    receipt = plain_text(visitor.get(f"/receipts/{id_[1]}").text)
    assert "row 1 of the ledger" in receipt and "Open until the close of" in receipt
    found = dict(re.findall(r"(hash_before|content|hash) ([0-9a-f]{60,})", receipt))
    proof = hashlib.sha256(bytes.fromhex(found["hash_before"] + found["content"])).hexdigest()
    assert proof == found["hash"], "what the page shows proves itself"


def test_the_feed_is_atom_with_one_entry_a_session(visitor: Visitor, services: Services) -> None:
    answer = visitor.get("/stocks/%5EGSPC/feed.atom?horizon=5")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(answer.text)
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}updated") for entry in entries] == [
        f"2024-03-{day:02}T21:00:00Z" for day in (8, 7, 6, 5, 4)
    ]
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == 5
    assert ids[0] == "http://bellwether.test/stocks/%5EGSPC?horizon=5&as_of=2024-03-08"
    made = forecasts.answer(services, "^GSPC", 5).forecast
    assert f"between {forecast_view.amount(made, 0.1)} and" in str(entries[0].findtext(f"{ATOM}title"))
    assert str(entries[1].findtext(f"{ATOM}title")).startswith("7 March 2024: Over the next week the S&P 500 index")
    link = feed.find(f"{ATOM}link[@rel='self']")
    assert link is not None and link.get("href") == "http://bellwether.test/stocks/%5EGSPC/feed.atom?horizon=5"


def test_links_name_the_public_address_where_it_is_set(tmp_path: Path) -> None:
    visitor = Visitor(create_app(sample_services(tmp_path, web={"public_url": "https://bellwether.example"})))
    assert 'href="https://bellwether.example/stocks/AAPL?horizon=10"' in visitor.get("/stocks/AAPL").text
    assert "bellwether.test" not in visitor.get("/stocks/AAPL/feed.atom").text


@pytest.mark.parametrize(
    ("public", "host", "named"),
    [
        ("", "page.example:8000", "http://page.example:8000"),
        ("https://bellwether.example", "evil.example", "https://bellwether.example"),
        ("", "a b", "http://"),
        ("", '"><script>', "http://"),
    ],
    ids=["as asked", "as set", "no host", "an attack"],
)
def test_a_preview_names_an_absolute_address(tmp_path: Path, public: str, host: str, named: str) -> None:
    page = Visitor(create_app(sample_services(tmp_path, web={"public_url": public}))).get("/stocks/AAPL", host=host)
    picture = re.search(r'<meta property="og:image" content="([^"]+)">', page.text)
    assert picture and picture[1].startswith(named)
    assert re.match(r"https?://[\w.:-]*/stocks/AAPL/card\.png\?", picture[1])


def test_a_preview_shows_the_chart(visitor: Visitor) -> None:
    page = visitor.get("/stocks/AAPL?horizon=21").text
    picture = re.search(r'<meta property="og:image" content="http://bellwether\.test([^"]+)">', page)
    assert picture
    png = visitor.get(picture[1].replace("&amp;", "&")).content
    assert png.startswith(b"\x89PNG")
    wide, high = (re.search(rf'og:image:{side}" content="(\d+)"', page) for side in ("width", "height"))
    assert wide and high
    assert struct.unpack(">II", png[16:24]) == (int(wide[1]), int(high[1])), "as large as it says"
    assert re.search(r'<meta property="og:description" content="Over the next month Apple [^"]+">', page)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_not_sent_twice_to_a_browser_that_has_it(tmp_path: Path, path: str) -> None:
    first = Visitor(create_app(sample_services(tmp_path))).get(path)
    assert first.status_code == 200
    restarted = create_app(sample_services(tmp_path))
    other = Visitor(restarted)  # as after a restart: nothing in memory
    restarted.state.overviews.get(10, 60)  # while it is worked out, pages that tell of it are another each time
    if path not in ("/", "/market"):  # they say when they were worked out
        again = other.get(path, if_none_match=first.headers["etag"])
        assert (again.status_code, again.content) == (304, b"")
    assert other.get(path, if_none_match='W/"older"').status_code == 200
    again = other.get(path, if_none_match=other.get(path).headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert "content-security-policy" in again.headers


def test_the_page_of_a_symbol_is_small(visitor: Visitor) -> None:
    for symbol in ("AAPL", "%5EVIX", "GOOGL"):
        assert len(visitor.get(f"/stocks/{symbol}").content) < 40_000


class FakeTelegram:
    """Answers getMe like the Bot API."""

    def __init__(self, status: int = 200) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(b'{"ok": true, "result": {"id": 1, "is_bot": true, "username": "BellwetherBot"}}')

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/bot"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


def bot_of(status: int) -> tuple[telegram_link.Bot, FakeTelegram]:
    telegram = FakeTelegram(status)
    settings = load_settings(telegram={"token": "42:secret", "base_url": telegram.base_url})
    return telegram_link.Bot(settings.telegram), telegram


def test_the_bot_is_opened_with_the_symbol() -> None:
    bot, telegram = bot_of(200)
    bot.name()
    wait_until(lambda: bot.name() is not None, threading.Condition(), timeout=10, describe=lambda: "the bot's name")
    telegram.close()
    assert bot.link("AAPL") == "https://t.me/BellwetherBot?start=AAPL"
    assert bot.link("BRK-B") == "https://t.me/BellwetherBot?start=BRK-B"
    assert bot.link("SHEL.L") == "https://t.me/BellwetherBot?start=SHEL_dL"
    assert telegram.asked == ["/bot42:secret/getMe"], "asked once"


def test_the_page_of_a_symbol_leads_to_the_bot(tmp_path: Path) -> None:
    telegram = FakeTelegram()
    services = sample_services(tmp_path, telegram={"token": "42:secret", "base_url": telegram.base_url})
    app = create_app(services)
    visitor = Visitor(app)
    assert "is being looked up" in visitor.get("/stocks/AAPL").text, "nobody waits for Telegram"
    wait_until(lambda: app.state.bot.name(), threading.Condition(), timeout=10, describe=lambda: "the bot's name")
    telegram.close()
    page = visitor.get("/stocks/AAPL").text
    assert '<a class="button" href="https://t.me/BellwetherBot?start=AAPL">Watch in Telegram</a>' in page
    assert "secret" not in page


def test_a_silent_telegram_is_asked_again_later_and_the_token_is_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    bot, telegram = bot_of(401)
    assert bot.link("AAPL") is None
    wait_until(
        lambda: "not known" in caplog.text, threading.Condition(), timeout=10, describe=lambda: "a line in the log"
    )
    telegram.close()
    assert [bot.name() for _ in range(5)] == [None] * 5
    assert len(telegram.asked) == 1
    assert "secret" not in caplog.text


def test_without_a_bot_nothing_is_said_of_one(visitor: Visitor) -> None:
    assert "Telegram" not in visitor.get("/stocks/AAPL").text


def test_the_record_of_a_symbol_stands_on_its_page_marked_as_simulated(visitor: Visitor, services: Services) -> None:
    record = forecasts.track_record(services, symbol="AAPL", horizon=10)
    text = plain_text(visitor.get("/stocks/AAPL").text)
    assert "Simulated: replayed on past prices" in text
    assert f"{record.settled:,}" in text
    page = plain_text(visitor.get("/track-record?symbol=AAPL&horizon=10").text)
    assert "How forecasts of Apple turned out" in page and "Simulated." in page


def test_the_track_record_shows_the_biggest_misses(visitor: Visitor, services: Services) -> None:
    text = plain_text(visitor.get("/track-record").text)
    miss = forecasts.track_record(services).misses[0]
    assert f"{sentences.signed_percent(miss.growth)} instead of" in text
    assert "Month by month" in text and "By how far ahead" in text


@pytest.mark.parametrize(
    ("query", "status"),
    [("horizon=64", 400), ("horizon=x", 400), ("symbol=NOPE", 404), ("symbol=%00", 400), ("symbol=apple", 303)],
)
def test_a_bad_question_about_the_record_is_explained(visitor: Visitor, query: str, status: int) -> None:
    assert visitor.get(f"/track-record?{query}").status_code == status


def test_a_record_that_cannot_be_read_takes_no_page_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, services: Services
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise LedgerError("damaged")

    monkeypatch.setattr(forecasts, "track_record", broken)
    visitor = Visitor(create_app(sample_services(tmp_path)))
    answer = visitor.get("/track-record")
    assert (answer.status_code, "The track record cannot be read now" in answer.text) == (503, True)
    assert visitor.get("/stocks/AAPL").status_code == 200


def test_a_record_that_could_not_be_read_is_tried_again_soon(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise LedgerError("damaged")

    now, real = [0.0], forecasts.track_record
    records = Records(services, lambda: now[0])
    monkeypatch.setattr(forecasts, "track_record", broken)
    assert records.get("AAPL", 10) is None
    monkeypatch.setattr(forecasts, "track_record", real)
    assert records.get("AAPL", 10) is None, "not asked again for each visitor"
    now[0] = 20.0
    assert records.get("AAPL", 10) is not None


def test_a_record_is_worked_out_once_in_a_while(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    now, asked, real = [0.0], [], forecasts.track_record
    monkeypatch.setattr(forecasts, "track_record", lambda *each, **named: asked.append(1) or real(*each, **named))
    records = Records(services, lambda: now[0])
    first = records.get("AAPL", 10)
    assert records.get("AAPL", 10) is first and len(asked) == 1
    now[0] = 301.0
    records.get("AAPL", 10)
    assert len(asked) == 2


@pytest.mark.parametrize("forecast_id", ["f0", "f" + "0" * 20, "%00", "<b>", "A" * 3000])
def test_an_unknown_receipt_is_a_kind_404(visitor: Visitor, forecast_id: str) -> None:
    page = visitor.get(f"/receipts/{forecast_id}")
    assert page.status_code in (400, 404)
    assert "<b>" not in page.text and "Traceback" not in page.text


def test_earnings_nobody_knows_are_a_kind_404(visitor: Visitor) -> None:
    answer = visitor.get("/stocks/AAPL/earnings.ics")
    assert answer.status_code == 404
    assert "not known yet" in answer.text


class Reports:
    """A source that knows when companies report."""

    def __init__(self, on: date | None) -> None:
        self._on = on

    def known(self, instrument: Instrument, on: date) -> tuple[Announcement, ...]:
        return (Announcement(instrument.symbol, self._on),) if self._on is not None else ()

    def refresh(self, instrument: Instrument) -> bool:
        return False


def test_the_page_offers_the_next_earnings_where_somebody_knows_them(services: Services) -> None:
    visitor = Visitor(create_app(replace(services, reports=Reports(date(2027, 1, 28)))))
    assert 'href="/stocks/AAPL/earnings.ics"' in visitor.get("/stocks/AAPL").text
    assert "earnings.ics" not in visitor.get("/stocks/%5EGSPC").text, "an index reports nothing"
    answer = visitor.get("/stocks/apple/earnings.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "URL:http://bellwether.test/stocks/AAPL" in answer.text
    unknown = Visitor(create_app(replace(services, reports=Reports(None)))).get("/stocks/AAPL/earnings.ics")
    assert unknown.status_code == 404 and "not known yet" in unknown.text


def test_the_page_tells_the_very_prices_of_the_chart(visitor: Visitor, services: Services) -> None:
    asked = forecasts.answer(services, "AAPL", 21)
    told = visitor.get("/stocks/AAPL/chart.json?horizon=21&theme=dark").json()["sessions"]
    assert told[-1]["day"] == sentences.day(asked.forecast.target_session)
    low, high = sentences.price_range(asked.forecast)
    assert told[-1]["price"].startswith(f"8 in 10: {low} to {high}; half: ")
    assert told[-22]["price"].startswith("closed at $")


def test_the_page_draws_as_much_of_the_past_as_is_asked(visitor: Visitor) -> None:
    page = visitor.get("/stocks/AAPL?past=1y").text
    assert page.count("past=1y&amp;v=") == 4, "each picture of the chart"
    assert 'aria-label="1Y: one year" aria-current="true"' in page
    sessions = visitor.get("/stocks/AAPL/chart.json?past=1y").json()["sessions"]
    assert len(sessions) == 252 + 10
    assert visitor.get("/stocks/AAPL?past=2w").status_code == 400
    assert get_args(Past) == tuple(PASTS) == tuple(forecast_view.PASTS)


def test_the_chart_of_a_look_back_is_another_once_more_has_come(visitor: Visitor) -> None:
    page = visitor.get("/stocks/AAPL?as_of=2020-02-20").text
    assert "Blue after 20 February 2020: what came." in page
    values = visitor.get("/stocks/AAPL/chart.json?as_of=2020-02-20")
    assert "2020-03-05" in values.headers["etag"]
    assert "it closed at $" in values.json()["sessions"][-1]["price"]


def test_earnings_are_an_event_that_calendars_can_read(services: Services) -> None:
    one = forecasts.resolve(services, "AAPL")
    text = calendar_file(one, date(2022, 1, 27), "https://b.example/stocks/AAPL", datetime(2022, 1, 3, 12, tzinfo=UTC))
    lines = text.split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-2:] == ["END:VCALENDAR", ""]
    assert "DTSTART;VALUE=DATE:20220127" in lines and "DTEND;VALUE=DATE:20220128" in lines
    assert "SUMMARY:Apple (AAPL): earnings expected" in lines
    assert all(len(line.encode()) <= 75 for line in lines)
