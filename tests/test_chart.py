"""The fan chart: the very prices of the forecast, labelled in the right money, and drawable."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, get_args

import numpy as np
import pytest

from bellwether.ask import forecasts
from bellwether.ask.beside import MOST, beside
from bellwether.charts import kit, trading_days
from bellwether.charts.beside import Beside, Bracket
from bellwether.charts.fan import PASTS, fan_chart
from bellwether.charts.live import told
from bellwether.charts.ranges import range_chart
from bellwether.charts.renderer import to_png, to_svg
from bellwether.core.i18n.translate import LANGUAGES, use_language
from bellwether.core.types import CLOSE, Q10, Bars, Outlook, Shape, Theme, to_date
from bellwether.forecasting import sentences
from bellwether.forecasting.sentences import money
from bellwether.revenue.ask import growth
from bellwether.revenue.chart import growth_chart
from bellwether.services import Services
from tests.support.chart_text import words_outside, words_that_touch

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
    assert set(start.values()) == {0, start["date"], made.last_close}
    assert [row["step"] for row in fan] == list(range(horizon + 1))
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
    assert title["text"] == "Apple (AAPL) to 22 March 2024"
    assert "8 in 10" in title["subtitle"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("shape", get_args(Shape))
def test_no_chart_cuts_a_word_whatever_stands_beside_it(services: Services, language: str, shape: Shape) -> None:
    with use_language(language):
        for symbol, horizon, past, day in (
            ("AAPL", 63, None, None),
            ("^GSPC", 1, "5y", None),
            ("TSLA", 10, "1m", None),
            ("AAPL", 21, None, date(2020, 2, 20)),
        ):
            asked = forecasts.answer(services, symbol, horizon, day)
            known = beside(services, asked, looks_back=day is not None)
            shown = PASTS[past] if past else None
            assert words_outside(fan_chart(asked.outlook, horizon, "light", shape, known, shown)) == []


def test_letters_in_a_chat_can_be_read_on_a_phone(asked: forecasts.Answer) -> None:
    chart = fan_chart(asked.outlook, 10, "light", "chat")
    assert chart["width"] * kit.SCALES["chat"] == 1152
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)px"', to_svg(chart))]
    assert min(sizes) * kit.SCALES["chat"] >= 24


def test_sessions_stand_side_by_side_whatever_lies_between_them(asked: forecasts.Answer) -> None:
    past = past_of(fan_chart(asked.outlook, 10, "light"))
    assert [row["step"] for row in past] == list(range(1 - len(past), 1))
    assert [row["date"] for row in past] == [str(day) for day in asked.outlook.bars.sessions[-len(past) :]]


@pytest.mark.parametrize(
    ("days", "labels"),
    [
        (15, [["27 Dec", "2021"], ["3 Jan", "2022"]]),
        (45, [["29 Nov", "2021"], ["6 Dec"], ["13 Dec"], ["20 Dec"], ["27 Dec"], ["3 Jan", "2022"]]),
        (300, [["May", "2021"], ["Jul"], ["Sep"], ["Nov"], ["Jan", "2022"]]),
        (1500, [["2018"], ["2019"], ["2020"], ["2021"], ["2022"]]),
    ],
)
def test_the_axis_has_a_label_where_a_week_a_month_or_a_year_begins(days: int, labels: list[list[str]]) -> None:
    end = date(2022, 1, 5)
    every = [end - timedelta(days=back) for back in range(days, -1, -1)]
    assert list(trading_days.ticks([day for day in every if day.weekday() < 5], 6).values()) == labels


def test_the_axes_have_a_year_and_a_currency(services: Services, asked: forecasts.Answer) -> None:
    drawn = to_svg(fan_chart(asked.outlook, 10, "light", "narrow"))
    assert ">USD<" in drawn and ">2024<" in drawn
    index = forecasts.answer(services, "^GSPC", 10)
    assert ">USD<" not in to_svg(fan_chart(index.outlook, 10, "light", "narrow"))


def test_the_last_close_is_written_at_its_own_height_and_no_figure_covers_another(services: Services) -> None:
    for horizon, shown in ((10, None), (1, None), (63, None), (10, PASTS["5y"])):
        asked = forecasts.answer(services, "AAPL", horizon)
        chart = fan_chart(asked.outlook, horizon, "light", "narrow", shown=shown)
        domain = chart["layer"][0]["encoding"]["y"]["scale"]["domain"]
        figures = [one for one in chart["layer"] if one["mark"]["type"] == "text" and "color" in one["mark"]]
        pixels = 300 / (domain[1] - domain[0])  # the plot is less high: they stand closer there, not farther apart
        high, last, low = (one["data"]["values"][0]["height"] * pixels - one["mark"]["dy"] for one in figures)
        if figures[1]["mark"]["align"] == "left":  # all three beside the fan
            assert figures[1]["mark"]["dy"] == 0
            assert high - last >= 16 and last - low >= 16


@pytest.mark.parametrize("shape", ["narrow", "wide"])
def test_the_last_close_is_written_on_neither_the_fan_nor_the_line(services: Services, shape: Shape) -> None:
    for symbol, horizon in (("AAPL", 63), ("TSLA", 10), ("KO", 21)):
        chart = fan_chart(forecasts.answer(services, symbol, horizon).outlook, horizon, "light", shape)
        low, high = chart["layer"][0]["encoding"]["y"]["scale"]["domain"]
        texts = [one["mark"] for one in chart["layer"] if one["mark"]["type"] == "text"]
        (last,) = [mark for mark in texts if mark.get("color") == kit.PALETTES["light"].past]
        assert last["align"] == "right", "before the point, where the fan is not"
        nearest = [row["close"] for row in past_of(chart)][-8:]
        pixels = 200 / (high - low)  # no plot is less high
        off = -last["dy"]
        above = (max(nearest) - nearest[-1]) * pixels
        below = (min(nearest) - nearest[-1]) * pixels
        assert off >= above + 12 or off <= below - 12


def test_a_miss_at_the_last_close_is_not_hidden_under_its_point(asked: forecasts.Answer) -> None:
    missed = Bracket(asked.forecast.cutoff, 0.01, 0.09)
    layers = fan_chart(asked.outlook, 10, "light", beside=Beside((missed,)))["layer"]
    points = [one["mark"] for one in layers if one["mark"]["type"] == "point"]
    assert [mark.get("shape", "last close") for mark in points] == ["last close", "cross"]


def test_an_earlier_range_is_a_bracket_that_says_whether_it_held(asked: forecasts.Answer) -> None:
    days = [row["date"] for row in past_of(fan_chart(asked.outlook, 10, "light"))]
    held, missed = (
        Bracket(date.fromisoformat(days[at]), *ends) for at, ends in ((-1, (-0.05, 0.03)), (-11, (0.01, 0.09)))
    )
    chart = fan_chart(asked.outlook, 10, "light", beside=Beside((held, missed)))
    crosses, dots = (
        [row for one in chart["layer"] if one["mark"].get("shape") == shape for row in one["data"]["values"]]
        for shape in ("cross", "circle")
    )
    assert [row["step"] for row in crosses] == [-10] and [row["step"] for row in dots] == [0]
    assert dots[0]["low"] == pytest.approx(asked.forecast.last_close * np.exp(-0.05))
    assert "bold with a cross missed" in str(chart["title"]["subtitle"])
    assert "cross" not in str(fan_chart(asked.outlook, 10, "light")["title"]["subtitle"])


@pytest.mark.parametrize("shown", [None, *PASTS.values()])
@pytest.mark.parametrize("horizon", sentences.HORIZON_LABELS)
def test_every_shape_shows_the_same_earlier_ranges(asked: forecasts.Answer, horizon: int, shown: int | None) -> None:
    sessions = asked.outlook.bars.sessions
    missed = [Bracket(to_date(sessions[-1 - at * horizon]), 0.01, 0.09) for at in range(MOST)]
    charts = (
        fan_chart(asked.outlook, horizon, "light", shape, Beside(tuple(missed)), shown) for shape in get_args(Shape)
    )
    steps = [
        [row["step"] for one in chart["layer"] if one["mark"].get("shape") == "cross" for row in one["data"]["values"]]
        for chart in charts
    ]
    assert all(each == steps[0] for each in steps)
    assert shown or len(steps[0]) >= 2


def test_the_brackets_are_the_forecasts_that_would_have_been_given(services: Services) -> None:
    asked = forecasts.answer(services, "AAPL", 10)
    brackets = beside(services, asked).brackets
    assert len(brackets) == MOST
    assert brackets[0].session == asked.forecast.cutoff
    before = forecasts.answer(services, "AAPL", 10, to_date(asked.outlook.bars.sessions[-11]))
    came = forecasts.what_came(services.provider, before, services.clock())
    assert came is not None and before.forecast.target_session == asked.forecast.cutoff
    assert brackets[0].low == pytest.approx(before.forecast.log_returns[Q10] - np.log1p(came.growth))
    assert brackets[0].held is came.held


def test_a_chart_asks_the_source_for_nothing_more(services: Services, asked: forecasts.Answer) -> None:
    nobody = SimpleNamespace(name=services.provider.name, live=services.provider.live)  # knows no bars
    without_source = replace(services, provider=nobody)
    assert beside(without_source, asked) == beside(services, asked)


def test_no_bracket_is_of_a_model_that_had_seen_what_came(services: Services) -> None:
    asked = forecasts.answer(services, "AAPL", 10, date(2012, 6, 1))
    model = services.models.for_day(asked.forecast.cutoff)
    assert model is not None and model.card.seen_to > asked.forecast.cutoff
    assert beside(services, asked).brackets == ()


def test_a_look_back_draws_what_came_up_to_its_day(services: Services) -> None:
    asked = forecasts.answer(services, "AAPL", 21, date(2020, 2, 20))
    known = beside(services, asked, looks_back=True)
    assert [day for day, _ in known.came][-1] == asked.forecast.target_session and len(known.came) == 21
    chart = fan_chart(asked.outlook, 21, "light", beside=known)
    came = [one for one in chart["layer"] if one["mark"]["type"] == "line"][-1]["data"]["values"]
    assert [row["step"] for row in came] == list(range(22))
    turned_out = forecasts.what_came(services.provider, asked, services.clock())
    assert turned_out is not None
    assert came[-1]["close"] == pytest.approx(asked.forecast.last_close * (1 + turned_out.growth))
    assert beside(services, asked).came == ()


def test_what_a_page_tells_of_a_session_stands_where_the_picture_has_it(asked: forecasts.Answer) -> None:
    drawn = to_svg(fan_chart(asked.outlook, 10, "light", "narrow"))
    values = told(asked.outlook, 10, "light", "narrow")
    places = [session["x"] for session in values["sessions"]]
    assert places == sorted(places) and 0 < places[0] < 0.2 and 0.9 < places[-1] <= 1
    assert 0 <= values["top"] < values["bottom"] < 1
    last = next(at for at in values["sessions"] if at["day"] == sentences.day(asked.forecast.cutoff))
    corner = re.search(r"translate\(([\d.]+),", drawn)
    point = re.search(r'role-mark layer_\d+_marks".*?translate\(([\d.]+),', drawn[drawn.index("mark-symbol") :])
    assert corner is not None and point is not None
    assert last["x"] * 360 == pytest.approx(float(corner[1]) + float(point[1]), abs=0.5)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_comparison_on_a_phone_cuts_no_word_and_its_labels_stand_apart(services: Services, language: str) -> None:
    with use_language(language):
        for horizon in (1, 10, 63):
            compared = [forecasts.answer(services, symbol, horizon).forecast for symbol in ("AAPL", "TSLA", "^VIX")]
            chart = range_chart(compared, "light", "narrow")
            assert words_outside(chart) == [] and words_that_touch(chart) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("shape", get_args(Shape))
def test_no_word_of_a_revenue_chart_is_cut_or_touches_another(services: Services, language: str, shape: Shape) -> None:
    with use_language(language):
        chart = growth_chart(growth(services, "AAPL").forecast, "light", shape)
    assert words_outside(chart) == [] and words_that_touch(chart) == []


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
