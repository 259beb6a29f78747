"""The line beside a forecast tells the record it names: of this symbol, or of all, at this horizon; in every face."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from click.testing import CliRunner

from bellwether.ask import forecasts
from bellwether.cli.main import main
from bellwether.core.types import HEADS, Forecast, SkillVerdict
from bellwether.db.database import Store
from bellwether.forecasting import sentences
from bellwether.forecasting.caveats import untested_since
from bellwether.forecasting.forecaster import BASELINE_ID
from bellwether.forecasting.to_json import forecast_json
from bellwether.services import Services
from bellwether.track_record.ledger import outcomes_table
from bellwether.track_record.ledger.issue import record
from bellwether.track_record.ledger.outcomes_table import Outcome
from bellwether.track_record.ledger.score_sums import count
from bellwether.track_record.scores.record_summary import with_record
from bellwether.track_record.scores.simulated_record import weekly_rows
from bot import conversation
from bot.commands import ChatContext
from bot.replies import as_text, short_text
from tests.support.account import made_up, store_of
from tests.support.web import Visitor, plain_text, sample_services
from web.app import create_app

AHEAD = {1: "a day", 5: "a week", 10: "two weeks", 21: "a month", 63: "three months"}
LINE = re.compile(
    r"For (?P<whom>.+) (?P<ahead>(?:a|two|three) \w+) ahead (?P<held>\d+) of 100 ranges held, (?P<meaning>[^:.]+)[:.]"
)
TODAY = date(2026, 6, 1)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return sample_services(tmp_path_factory.mktemp("trust"))


def shares(services: Services, symbol: str | None, horizon: int) -> tuple[int, int]:
    """Of 100 ranges of the model, and of the plain rule, how many held: from the sums of the record's file."""
    rows = [row for row in weekly_rows(services.store, symbol, horizon) if row["model_id"] != BASELINE_ID]
    outcomes = sum(row["forecasts"] for row in rows)
    held, plain = (sum(row[name] for row in rows) for name in ("inside_80", "baseline_inside_80"))
    return round(100 * held / outcomes), round(100 * plain / outcomes)


@pytest.mark.parametrize("horizon", HEADS)
def test_each_line_tells_the_record_that_it_names(services: Services, horizon: int) -> None:
    everyone = shares(services, None, horizon)
    recorded = {row["symbol"] for row in weekly_rows(services.store, None, horizon)}
    for instrument in services.provider.universe():
        made = forecasts.answer(services, instrument.symbol, horizon).forecast
        line = sentences.trust_line(made)
        told = LINE.match(line)
        assert told is not None, line
        own = instrument.symbol in recorded
        assert told["whom"] == (made.name if own else "all stocks together")
        assert told["ahead"] == AHEAD[horizon]
        held, plain = shares(services, instrument.symbol, horizon) if own else everyone
        assert int(told["held"]) == held, line
        assert (told["meaning"] == "not 80") is (held < 79)
        assert ("expect wider" in line) is (held < 75)
        rule = "as many" if plain == held else "just as promised" if plain == 80 and "80" in told["meaning"] else plain
        assert f" A plain rule on recent swings alone: {rule}. " in line
        assert line.endswith("Simulated on past prices.")
        assert line in as_text(short_text(made))
        assert forecast_json(made)["explanation"]["trust"].startswith(line)
        assert line in sentences.summary(made)


@pytest.mark.parametrize("horizon", HEADS)
def test_each_line_of_a_comparison_tells_its_own_record_and_promises_no_more(services: Services, horizon: int) -> None:
    recorded = {row["symbol"] for row in weekly_rows(services.store, None, horizon)}
    symbols = ("AAPL", "TSLA", "^VIX", "KO")
    chat = as_text(conversation.answer(ChatContext(services, 1), f"/compare {' '.join(symbols)} {horizon}d").text)
    page = Visitor(create_app(services)).get(f"/compare?symbols={quote(','.join(symbols))}&horizon={horizon}").text
    rows = re.findall(r'<th scope="row">.*?</tr>', page, re.DOTALL)
    for symbol, row in zip(symbols, rows, strict=True):
        (line,) = [line for line in chat.splitlines() if line.startswith(f"{symbol} ")]
        own = symbol in recorded
        told = f"{shares(services, symbol if own else None, horizon)[0]} of 100 held"
        assert line.endswith(f"({told})" if own else f"({told}, all stocks together)")
        assert told in plain_text(row)
    about = "8 in 10 outcomes should end inside these ranges. Beside each: how many of 100 earlier ranges, made as far"
    assert about in chat and about in plain_text(page)
    assert "outcomes end inside" not in chat + page


def test_between_two_heads_a_comparison_names_the_one_whose_record_it_tells(services: Services) -> None:
    made = forecasts.answer(services, "AAPL", 42).forecast
    worse = min(21, 63, key=lambda horizon: shares(services, "AAPL", horizon))
    assert sentences.held_in_short(made) == f"{shares(services, 'AAPL', worse)[0]} of 100 held, {AHEAD[worse]} ahead"
    alone = replace(made, explanation=replace(made.explanation, beside=None))
    assert sentences.held_in_short(alone).endswith("of 100 held in the model's test of all stocks")
    untested = replace(alone, explanation=replace(alone.explanation, record=None))
    assert sentences.held_in_short(untested) == ""
    assert "Beside each" not in sentences.about_held_in_short([untested])


def test_between_two_heads_stands_the_worse_of_theirs(services: Services) -> None:
    beside = forecasts.answer(services, "AAPL", 42).forecast.explanation.beside
    assert beside is not None
    worse = min(21, 63, key=lambda horizon: shares(services, "AAPL", horizon))
    assert (beside.horizon, round(100 * (beside.coverage_80 or 0))) == (worse, shares(services, "AAPL", worse)[0])


@pytest.mark.parametrize(("symbol", "horizon"), [("AAPL", 21), ("^VIX", 63)])
def test_page_chat_api_and_command_line_say_the_same(services: Services, symbol: str, horizon: int) -> None:
    line = sentences.trust_line(forecasts.answer(services, symbol, horizon).forecast)
    visitor, place = Visitor(create_app(services)), quote(symbol)
    page = visitor.get(f"/stocks/{place}?horizon={horizon}")
    api = visitor.get(f"/api/v1/forecasts/{place}?horizon={horizon}").json()
    settings = {"BELLWETHER_DATABASE__PATH": str(services.settings.database.path)}
    printed = CliRunner(env=settings).invoke(main, ["forecast", symbol, "--horizon", str(horizon)]).output
    chat = conversation.answer(ChatContext(services, 1), f"{symbol} {horizon}d").text
    assert line in plain_text(page.text)
    assert api["explanation"]["trust"].startswith(line)
    assert line in printed
    assert line in as_text(chat)


def test_a_replay_of_an_earlier_version_has_no_horizons_and_is_left_aside(tmp_path: Path) -> None:
    aside = sample_services(tmp_path)
    aside.store.path.with_name("simulated_summary.json").write_text('{"AAPL": {"forecasts": 3}}')
    made = forecasts.answer(aside, "AAPL", 10).forecast
    assert sentences.trust_line(made).startswith("For all stocks in the model's test two weeks ahead 79 of 100")


# ---- live


def issued(folder: Path, weeks: int, symbols: tuple[str, ...], horizon: int, model_id: str = "earlier") -> Store:
    """A store with a settled forecast of each symbol in each of the last weeks, as far as it has come due."""
    store, random = store_of(folder), np.random.default_rng(3)
    made = [
        made_up(
            100 * week + number, symbol=symbol, cutoff=TODAY - timedelta(weeks=week), horizon=horizon, model_id=model_id
        )
        for week in range(weeks)
        for number, symbol in enumerate(symbols)
    ]
    made = [replace(row, target_session=row.cutoff + timedelta(days=horizon * 7 // 5)) for row in made]
    record(store, made)
    with store.transaction() as db:
        due = outcomes_table.due(db, TODAY)
        came = [Outcome(row, random.normal(0, 0.02), TODAY) for row in due]
        count(db, outcomes_table.append(db, came, made[0].made_at))
    return store


def beside(services: Services, store: Store, symbol: str, horizon: int) -> Forecast:
    """A forecast of today with its record."""
    made = forecasts.answer(services, "AAPL", horizon).forecast
    made = replace(
        made,
        symbol=symbol,
        made_at=datetime(TODAY.year, TODAY.month, TODAY.day, 22, tzinfo=UTC),
        explanation=replace(made.explanation, beside=None),
    )
    return with_record(store, made, simulated=False)


@pytest.mark.parametrize("horizon", [1, 63])
def test_a_year_of_outcomes_is_enough_however_far_ahead(services: Services, tmp_path: Path, horizon: int) -> None:
    told = beside(services, issued(tmp_path, 90, ("S1", "S2"), horizon), "S1", horizon).explanation.beside
    assert told is not None
    assert told.own
    assert told.verdict is not SkillVerdict.TOO_EARLY
    assert 52 <= told.forecasts <= 57, "of the last year alone"


def test_a_symbol_with_too_few_outcomes_gets_the_record_of_all_named_as_such(
    services: Services, tmp_path: Path
) -> None:
    store = issued(tmp_path, 60, ("S1", "S2"), 10)
    told = sentences.trust_line(beside(services, store, "NEW", 10))
    assert told.startswith("For all stocks together two weeks ahead ")
    assert "Simulated" not in told
    assert beside(services, store, "S1", 1).explanation.beside is None, "another horizon's record says nothing of it"


def test_too_few_outcomes_of_all_are_no_record_and_the_test_of_the_model_speaks(
    services: Services, tmp_path: Path
) -> None:
    told = sentences.trust_line(beside(services, issued(tmp_path, 20, ("S1",), 10), "S1", 10))
    assert told.startswith("For all stocks together two weeks ahead it is too early to tell: 18 forecasts have come")
    assert "For all stocks in the model's test two weeks ahead 79 of 100 ranges held, about as promised" in told


@pytest.mark.parametrize(("issued_by", "ending"), [("earlier", "is untested."), ("", "live ranges of the last year")])
def test_an_old_model_is_called_untested_until_ranges_of_its_own_can_judge(
    services: Services, tmp_path: Path, issued_by: str, ending: str
) -> None:
    made = forecasts.answer(services, "AAPL", 1).forecast
    store = issued(tmp_path, 60, ("S1", "S2"), 1, issued_by or made.model_id)
    assert made.learned_to is not None
    made = replace(
        made,
        symbol="S1",
        made_at=datetime(TODAY.year, TODAY.month, TODAY.day, 22, tzinfo=UTC),
        caveats=(untested_since(made.learned_to),),
    )
    (told,) = with_record(store, made, simulated=False).caveats
    assert ending in told


# ---- of rise and fall


@pytest.mark.parametrize("horizon", HEADS)
def test_where_nothing_is_known_of_the_direction_no_sentence_speaks_of_it(services: Services, horizon: int) -> None:
    spoke = False
    for instrument in services.provider.universe():
        made = forecasts.answer(services, instrument.symbol, horizon).forecast
        speaks = " rise" in sentences.headline(made)
        assert not speaks or sentences.direction_known(made)
        assert forecast_json(made)["probability_of_growth"] == made.probability_of_growth
        assert "Chance of a rise: " in sentences.numbers(made), "which the details show"
        spoke |= speaks
    assert not spoke or horizon == 1, "only a day ahead has the model been shown to know a little"


def test_no_list_has_a_column_of_the_chance(services: Services) -> None:
    visitor = Visitor(create_app(services))
    for address in ("/compare?symbols=AAPL,MSFT", "/market"):
        assert "Chance of a rise" not in visitor.get(address).text
    assert "hance" not in conversation.answer(ChatContext(services, 1), "/compare AAPL MSFT").text
