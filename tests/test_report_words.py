"""What people are told of a report inside a forecast: sentence, mark in the chart, digest, page, chat and JSON."""

from dataclasses import replace
from datetime import date
from typing import Any, get_args

import pytest

from bellwether.alerts.text.digest_lines import DigestEntry, first_lines, line
from bellwether.ask import forecasts
from bellwether.charts.fan import fan_chart
from bellwether.charts.live import told
from bellwether.client.answers.forecast import ForecastAnswer
from bellwether.core.announcement import ReportAhead, ReportInside
from bellwether.core.i18n.translate import LANGUAGES, use_language
from bellwether.core.split_html import utf16_length
from bellwether.core.types import Forecast, Shape, Theme
from bellwether.forecasting import sentences
from bellwether.forecasting.change_sentences import causes, in_a_sentence
from bellwether.forecasting.to_json import forecast_json
from bellwether.services import Services
from bot.replies import LONGEST_CAPTION, as_text, detailed_text, past_forecast_text, short_text
from tests.support.chart_text import words_outside, words_that_touch
from tests.support.shapes import check_shape
from tests.support.web import Visitor
from tests.test_reports_ahead import CUTOFF, REPORT, reading  # noqa: F401  # a fixture
from tests.test_short_answer import FIGURE, MOST_FIGURES
from web.app import create_app
from web.pages.forecast_view import chart_in_words

FIRST = date(2022, 2, 1)
KNOWN = ReportInside(FIRST, None, known=True, wider=0.3)


@pytest.fixture
def made(services: Services) -> Forecast:
    return forecasts.answer(services, "AAPL", 10).forecast


def said(made: Forecast, its: ReportInside | None, horizon: int = 10) -> str:
    return sentences.report(replace(made, earnings=its, horizon=horizon)).replace("\u00a0", " ")


def test_one_sentence_says_when_and_how_much_wider_the_range_is_for_it(made: Forecast) -> None:
    assert said(made, KNOWN) == ("Apple reports on 1 February, inside these two weeks: the range is 30 % wider for it.")
    predicted = replace(KNOWN, known=False)
    assert said(made, predicted, 21) == (
        "Apple reports probably around 1 February, inside the coming month: the range is 30 % wider for it."
    )
    ranged = replace(KNOWN, last_day=date(2022, 2, 4))
    assert said(made, ranged).startswith("Apple reports between 1 February and 4 February, inside these two weeks: ")
    assert said(made, KNOWN, 1).startswith("Apple reports on 1 February, on the next trading day: ")
    assert said(made, KNOWN, 7).startswith("Apple reports on 1 February, inside these 7 trading days: ")
    assert said(made, None) == ""


@pytest.mark.parametrize("wider", [None, 0.0, 0.004, -0.03])
def test_a_range_that_is_not_wider_is_not_said_to_be(made: Forecast, wider: float | None) -> None:
    assert said(made, replace(KNOWN, wider=wider)) == "Apple reports on 1 February, inside these two weeks."


def test_it_stands_in_every_face_and_fits_under_a_picture_in_every_language(made: Forecast) -> None:
    told = replace(made, earnings=KNOWN, caveats=())  # the sample's has one more figure
    for language in LANGUAGES:
        with use_language(language):
            sentence = sentences.report(told)
            texts = [short_text(told), detailed_text(told, expert=True), past_forecast_text(told, "-", "-")]
            assert all(utf16_length(as_text(text)) <= LONGEST_CAPTION for text in texts)
            assert len(FIGURE.findall(as_text(texts[0]).replace("S&P 500", ""))) <= MOST_FIGURES, texts[0]
            assert sentence in as_text(texts[0]) and sentence in sentences.summary(told)
            assert language == "en" or "report" not in sentence
    assert sentences.report(told) in chart_in_words(told)
    assert "None" not in short_text(made) and "  " not in chart_in_words(made)


def test_a_line_of_the_digest_ends_with_the_day(made: Forecast) -> None:
    entry = DigestEntry(forecasts_instrument(made), replace(made, earnings=KNOWN))
    assert line(entry).endswith("; reports on 1 February")
    assert line(entry, brief=True).endswith("; report 1 Feb")
    assert first_lines(entry, weekly=False).replace("\u00a0", " ").endswith("the range is 30 % wider for it.")
    guessed = replace(entry, forecast=replace(made, earnings=replace(KNOWN, known=False)))
    assert line(guessed).endswith("; reports probably around 1 February")
    assert line(guessed, brief=True).endswith("; report about 1 Feb")
    assert "report" not in line(replace(entry, forecast=made))


def forecasts_instrument(made: Forecast) -> Any:
    from bellwether.market.symbols.universe import instrument_of

    return instrument_of(made.symbol)


def test_the_api_tells_it_as_documented(made: Forecast) -> None:
    assert forecast_json(made)["earnings"] is None
    answer = forecast_json(replace(made, earnings=KNOWN))
    assert answer["earnings"] == {"day": "2022-02-01", "last_day": None, "known": True, "wider": 0.3}
    check_shape(ForecastAnswer, answer)


# ---- the chart


@pytest.mark.parametrize("theme", get_args(Theme))
@pytest.mark.parametrize("shape", get_args(Shape))
@pytest.mark.parametrize("sessions", [1, 5, 9, 10])
def test_the_chart_marks_the_session_and_no_word_is_cut_or_touches_another(
    services: Services, theme: Theme, shape: Shape, sessions: int
) -> None:
    asked = forecasts.answer(services, "AAPL", 10)
    plain = fan_chart(asked.outlook, 10, theme, shape)
    session = date.fromisoformat(fan_rows(plain)[sessions]["date"])
    for known, name in ((True, "report"), (False, "report?")):
        outlook = replace(asked.outlook, report=ReportAhead(session, None, session, known))
        chart = fan_chart(outlook, 10, theme, shape)
        (rule,) = (layer for layer in chart["layer"] if layer["mark"]["type"] == "rule")
        assert rule["data"]["values"] == [{"step": sessions}]
        assert name in [layer["mark"].get("text") for layer in chart["layer"]]
        assert words_outside(chart) == []
        assert not [pair for pair in words_that_touch(chart) if name in pair]


def fan_rows(chart: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = next(
        layer["data"]["values"] for layer in chart["layer"] if layer["mark"]["type"] == "area"
    )
    return rows


def test_a_report_beyond_the_fan_is_not_marked(services: Services) -> None:
    asked = forecasts.answer(services, "AAPL", 5)
    later = ReportAhead(date(2022, 1, 27), None, date(2022, 1, 27), known=True)
    assert fan_chart(replace(asked.outlook, report=later), 5, "light") == fan_chart(asked.outlook, 5, "light")


def test_a_picture_is_another_one_where_its_mark_moves(made: Forecast) -> None:
    moved = replace(KNOWN, day=date(2022, 2, 8))
    names = [
        made.chart_id,
        *(replace(made, earnings=its).chart_id for its in (KNOWN, moved, replace(KNOWN, known=False))),
    ]
    assert names[0] == made.forecast_id and len(set(names)) == 4


def test_under_a_finger_the_session_of_a_report_says_so(services: Services) -> None:
    asked = forecasts.answer(services, "AAPL", 10)
    session = date(2024, 3, 14)
    for known, words in ((True, "; the company reports"), (False, "; the company probably reports about here")):
        outlook = replace(asked.outlook, report=ReportAhead(session, None, session, known))
        sessions = told(outlook, 10, "light", "wide")["sessions"]
        assert [row["day"] for row in sessions if row["price"].endswith(words)] == ["14 March 2024"]


# ---- whole answers


def test_the_page_says_it_and_the_api_too(reading: Services) -> None:  # noqa: F811
    visitor = Visitor(create_app(reading))
    page = visitor.get(f"/stocks/GOOGL?horizon=5&as_of={CUTOFF}").text
    assert "Alphabet (Class A) reports on 26 October, inside the coming week: the range is 50" in page
    told = visitor.get(f"/api/v1/forecasts/GOOGL?horizon=5&as_of={CUTOFF}").json()["earnings"]
    assert (told["day"], told["known"], round(told["wider"], 3)) == (str(REPORT), True, 0.5)
    assert visitor.get("/api/v1/forecasts/AAPL?horizon=5").json()["earnings"] is None


def test_how_it_works_tells_what_the_served_model_reads(reading: Services, services: Services) -> None:  # noqa: F811
    knows, does_not = "on which days companies report", "It knows neither news nor earnings"
    told = Visitor(create_app(reading)).get("/how-it-works").text
    assert knows in told and does_not not in told
    assert services.model is not None
    reads = services.model.card.error_shares is not None
    assert (knows if reads else does_not) in Visitor(create_app(services)).get("/how-it-works").text


def test_why_a_range_has_changed_names_a_report_that_has_come_into_sight(reading: Services) -> None:  # noqa: F811
    asked = forecasts.answer(reading, "GOOGL", 5, date(2021, 10, 19))
    before = forecasts.previous(reading, asked)
    assert before is not None and before.earnings is None
    sentence = in_a_sentence(before, asked.forecast, "XNYS").replace("\u00a0", " ")
    assert sentence == (
        "The range of Alphabet (Class A) is 50 % wider than a trading day ago, mostly for when it reports its results."
    )
    first, *_ = causes(before, asked.forecast)
    assert first.what == "What a report adds to the range"
    assert (first.before, first.now) == ("0.0\u00a0%", "+50.0\u00a0%")
    assert "report" not in causes(before, before)[0].what


def test_on_the_evening_of_a_report_its_answer_still_counts_and_is_told(reading: Services) -> None:  # noqa: F811
    evening = forecasts.answer(reading, "GOOGL", 1, REPORT).forecast
    assert evening.earnings is not None and evening.earnings.came and evening.earnings.day == REPORT
    came = replace(KNOWN, day=REPORT, came=True)
    assert said(evening, came, 1).startswith("Alphabet (Class A) reported on 26 October")
    assert said(evening, came, 1).endswith(", and the price may still answer it: the range is 30 % wider for it.")
    assert said(evening, replace(came, wider=0.0), 1) == "", "where it moves nothing it is no news"
    before = forecasts.answer(reading, "GOOGL", 1, CUTOFF).forecast
    assert before.earnings is None or not before.earnings.came
