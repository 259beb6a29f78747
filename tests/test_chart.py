"""The fan chart: the very prices of the forecast, labelled in the right money, and drawable."""

import json
import re
from dataclasses import replace
from itertools import pairwise
from typing import Any, get_args

import numpy as np
import pytest

from bellwether.ask import forecasts
from bellwether.charts.fan import fan_chart
from bellwether.charts.live import live_chart
from bellwether.charts.renderer import to_png, to_svg
from bellwether.core.i18n.translate import LANGUAGES, use_language
from bellwether.core.types import CLOSE, Bars, Outlook, Shape, Theme
from bellwether.forecasting.sentences import money
from bellwether.revenue.ask import growth
from bellwether.revenue.chart import growth_chart
from bellwether.services import Services
from tests.support.chart_text import words_outside

PNG = b"\x89PNG\r\n\x1a\n"
LOW, HIGH = "q1", "q5"


@pytest.fixture
def asked(services: Services) -> forecasts.Answer:
    return forecasts.answer(services, "AAPL", 10)


def texts(specification: dict[str, Any]) -> list[str]:
    marks = [layer["mark"] for layer in specification["layer"]]
    return [str(mark["text"]) for mark in marks if mark["type"] == "text"]


def fan_of(specification: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = next(
        layer["data"]["values"] for layer in specification["layer"] if layer["mark"]["type"] == "area"
    )
    return rows


def past_of(specification: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = next(
        layer["data"]["values"]
        for layer in specification["layer"]
        if layer["mark"]["type"] == "line" and "close" in layer["data"]["values"][0]
    )
    return rows


@pytest.mark.parametrize("theme", get_args(Theme))
@pytest.mark.parametrize("shape", get_args(Shape))
def test_it_can_be_drawn(asked: forecasts.Answer, theme: Theme, shape: Shape) -> None:
    png = forecasts.chart_png(asked, theme, shape)
    assert png.startswith(PNG)
    assert 10_000 < len(png) < 500_000
    svg = forecasts.chart_svg(asked, theme, shape)
    assert svg.startswith("<svg")
    assert "NaN" not in svg and "undefined" not in svg


def test_the_two_themes_differ_and_the_same_chart_does_not(asked: forecasts.Answer) -> None:
    light, dark = (forecasts.chart_png(asked, theme) for theme in ("light", "dark"))
    assert light != dark
    assert forecasts.chart_png(asked, "light") == light


@pytest.mark.parametrize("horizon", [1, 2, 10, 63])
@pytest.mark.parametrize("symbol", ["AAPL", "^GSPC"])
def test_the_band_is_the_forecast_itself(services: Services, symbol: str, horizon: int) -> None:
    asked = forecasts.answer(services, symbol, horizon)
    made = asked.forecast
    specification = fan_chart(asked.outlook, horizon, "light")
    fan = fan_of(specification)
    assert len(fan) == horizon + 1
    start, end = fan[0], fan[-1]
    assert start["date"] == made.cutoff.isoformat()
    assert set(start.values()) == {start["date"], made.last_close}
    assert end["date"] == made.target_session.isoformat()
    assert [end[f"q{level}"] for level in range(7)] == pytest.approx(list(made.quantiles))
    band = next(layer["encoding"] for layer in specification["layer"] if layer["mark"]["type"] == "area")
    assert (band["y"]["field"], band["y2"]["field"]) == (LOW, HIGH)


def test_the_band_never_narrows_nor_crosses(asked: forecasts.Answer) -> None:
    fan = fan_of(fan_chart(asked.outlook, 63, "light"))
    for row in fan[1:]:
        prices = [row[f"q{level}"] for level in range(7)]
        assert prices == sorted(prices)
    for before, after in pairwise(fan):
        assert np.log(after[HIGH] / after[LOW]) > np.log(before[HIGH] / before[LOW])
        assert before["date"] < after["date"]


def test_the_past_ends_where_the_fan_begins(asked: forecasts.Answer) -> None:
    specification = fan_chart(asked.outlook, 10, "light")
    last, first = past_of(specification)[-1], fan_of(specification)[0]
    assert last["date"] == first["date"]
    assert last["close"] == pytest.approx(first["q3"])


def test_the_past_is_scaled_to_the_quoted_price(asked: forecasts.Answer) -> None:
    bars = asked.outlook.bars
    quoted = Bars(bars.symbol, bars.sessions, bars.values, bars.closes * 2)
    past = past_of(fan_chart(replace(asked.outlook, bars=quoted), 10, "light"))
    assert past[-1]["close"] == pytest.approx(2 * asked.forecast.last_close)
    assert past[0]["close"] == pytest.approx(2 * bars.closes[-len(past)], rel=1e-6)


@pytest.mark.parametrize(
    ("currency", "symbol", "pattern"),
    [
        ("USD", "AAPL", r"\$[\d,]+\.\d\d"),
        ("EUR", "SAP.DE", r"€[\d,]+\.\d\d"),
        ("GBp", "SHEL.L", r"[\d,]+\.\d\dp"),
        ("SEK", "ERIC-B.ST", r"[\d,]+\.\d\d SEK"),
        ("USD", "^GSPC", r"[\d,]+\.\d\d"),
    ],
)
def test_the_labels_carry_the_right_money(asked: forecasts.Answer, currency: str, symbol: str, pattern: str) -> None:
    one = replace(asked.outlook.instrument, currency=currency, symbol=symbol)
    labels = texts(fan_chart(replace(asked.outlook, instrument=one), 10, "light"))
    made = asked.forecast
    wanted = {money(price, currency, symbol) for price in (made.last_close, made.price_at(0.1), made.price_at(0.9))}
    assert set(labels) == wanted
    assert all(re.fullmatch(pattern, label) for label in labels)


def test_the_title_says_what_and_until_when(asked: forecasts.Answer) -> None:
    title = fan_chart(asked.outlook, 10, "light")["title"]
    assert title["text"] == "Apple (AAPL) to 14 January 2022"
    assert "8 in 10" in title["subtitle"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [320, 400, 450, 500])
def test_the_live_chart_cuts_no_word_however_narrow_its_place(
    asked: forecasts.Answer, language: str, width: int
) -> None:
    with use_language(language):
        live = live_chart(asked.outlook, 63, "dark" if width == 400 else "light")
    assert words_outside(live | {"width": width, "height": width * 3 // 4}) == []


@pytest.mark.parametrize("shape", get_args(Shape))
@pytest.mark.parametrize("name", ["Apple", "International Business Machines Corporation of Armonk, New York"])
def test_no_chart_cuts_a_word_of_its_title(
    services: Services, asked: forecasts.Answer, shape: Shape, name: str
) -> None:
    named = replace(asked.outlook, instrument=replace(asked.outlook.instrument, name=name))
    revenue = replace(growth(services, "AAPL").forecast, name=name)
    for chart in (fan_chart(named, 10, "light", shape), growth_chart(revenue, "dark", shape)):
        assert words_outside(chart) == []


def test_a_word_that_is_cut_is_noticed(asked: forecasts.Answer) -> None:
    cut = fan_chart(asked.outlook, 10, "light") | {"width": 400, "height": 300}
    assert words_outside(cut) == ["Over the next two weeks: orange holds 8 in 10 outcomes, its core half of them"]


def test_a_chart_of_the_shortest_history_can_be_drawn(asked: forecasts.Answer) -> None:
    def cut(outlook: Outlook, sessions: int) -> Outlook:
        bars = outlook.bars
        short = Bars(bars.symbol, bars.sessions[-sessions:], bars.values[-sessions:], bars.quoted_closes[-sessions:])
        return replace(outlook, bars=short)

    for sessions in (1, 2, 22):
        assert to_png(fan_chart(cut(asked.outlook, sessions), 63, "dark")).startswith(PNG)


def test_a_missing_close_leaves_no_hole_in_the_specification(asked: forecasts.Answer) -> None:
    bars = asked.outlook.bars
    values = bars.values.copy()
    values[-5, CLOSE] = np.nan
    values[-9, CLOSE] = 0.0
    holed = replace(asked.outlook, bars=Bars(bars.symbol, bars.sessions, values, values[:, CLOSE]))
    specification = fan_chart(holed, 10, "light")
    json.dumps(specification, allow_nan=False)
    assert all(row["close"] > 0 for row in past_of(specification))


@pytest.mark.parametrize("name", ["A <b>bold</b> & Sons", "Ünï 株式会社", 'Quo"te\\', "x" * 300])
def test_any_company_name_can_be_drawn(asked: forecasts.Answer, name: str) -> None:
    named = replace(asked.outlook, instrument=replace(asked.outlook.instrument, name=name))
    svg = to_svg(fan_chart(named, 10, "light"))
    assert svg.startswith("<svg")
    assert "<b>" not in svg


def test_the_specification_is_plain_json(asked: forecasts.Answer) -> None:
    specification = fan_chart(asked.outlook, 10, "light")
    assert json.loads(json.dumps(specification, allow_nan=False)) == specification
    assert specification["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
