"""Growth in every face: the same numbers on the command line, by API, in chat and on a company's page."""

import json
import re
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from bellwether.ask import forecasts
from bellwether.charts.renderer import to_png
from bellwether.cli.main import main
from bellwether.client.answers.revenue import GrowthResponse
from bellwether.core.errors import ModelError, NoGrowth
from bellwether.core.i18n.translate import LANGUAGES, use_language
from bellwether.core.types import LEVELS, Shape
from bellwether.models.model_card import GROWTH, RANGE, folders_of
from bellwether.models.onnx_model import OnnxModel
from bellwether.models.registry import ModelRegistry, open_model
from bellwether.models.revenue_model import GrowthModel
from bellwether.revenue import ask as ask_revenue
from bellwether.revenue import sentences
from bellwether.revenue.chart import growth_chart
from bellwether.revenue.issued import PastGrowth
from bellwether.revenue.to_json import growth_json
from tests.conftest import MODELS
from tests.support.shapes import check_shape
from tests.support.talk import Talk, as_read
from tests.support.web import Visitor, sample_services
from tests.test_short_answer import FIGURE, MOST_FIGURES
from web.app import create_app
from web.pages.revenue_view import side_by_side

# 10.1 billion and 10.1 % are two figures that have their digits alike
MEASURED = re.compile(rf"(?:{FIGURE.pattern})(?:[ \u00a0\u202f]?%)?")

KEYS = [
    "symbol",
    "name",
    "currency",
    "as_of",
    "model_id",
    "horizons",
    "calibration",
    "explanation",
    "source",
    "caveats",
]


def ask(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    monkeypatch.setenv("BELLWETHER_DATABASE__PATH", str(folder / "growth.sqlite3"))
    done = CliRunner().invoke(main, ["growth", *arguments])
    return done.exit_code, done.output


def test_growth_as_json_keeps_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = ask(tmp_path, monkeypatch, "AAPL", "--json")
    assert code == 0, output
    made = json.loads(output)
    assert list(made) == KEYS
    assert (made["symbol"], made["currency"], made["source"]) == ("AAPL", "USD", "sample")
    assert [one["quarters_ahead"] for one in made["horizons"]] == [1, 4]
    for one in made["horizons"]:
        assert list(one) == ["quarters_ahead", "period_end", "quantiles", "revenue", "baseline"]
        levels = [str(level) for level in LEVELS]
        assert list(one["quantiles"]) == list(one["revenue"]) == list(one["baseline"]["quantiles"]) == levels
        assert list(one["quantiles"].values()) == sorted(one["quantiles"].values())


def test_growth_in_words_as_of_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = ask(tmp_path, monkeypatch, "apple", "--as-of", "2018-06-01")
    assert code == 0, output
    assert "In the quarter to about 30 June 2018, Apple will probably take in between" in output
    assert "In the quarter to 31 March 2018 it took in USD 61.1 billion" in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["TSLA"], "I know no sales figures of Tesla"),
        (["^GSPC"], "Funds, indices, currencies and coins have none"),
        (["ZZZZ"], "I don't know the ticker ZZZZ"),
        (["AAPL", "--as-of", "2009-01-01"], "too few quarters"),
        (["AAPL", "--as-of", "0001-01-01"], "No revenue of Apple (AAPL) is known"),
        (["AAPL", "--as-of", "2999-01-01"], "has not come yet"),
    ],
    ids=["no statements", "index", "unknown", "too early", "first of all days", "future"],
)
def test_what_cannot_be_told_is_one_kind_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    code, output = ask(tmp_path, monkeypatch, *arguments)
    assert code == 1 and said in output and len(output.strip().splitlines()) == 1


def test_the_api_gives_the_json_of_the_command_line(visitor: Visitor, tmp_path: Path) -> None:
    answer = visitor.get("/api/v1/growth/AAPL")
    assert answer.status_code == 200
    assert answer.json() == growth_json(ask_revenue.growth(sample_services(tmp_path), "AAPL").forecast)
    check_shape(GrowthResponse, answer.json())
    refused = visitor.get("/api/v1/growth/TSLA")
    assert (refused.status_code, refused.json()["code"]) == (422, "no_growth")
    assert visitor.get("/api/v1/growth/nonsense%20here").status_code == 404
    first_day = visitor.get("/api/v1/growth/AAPL?as_of=0001-01-01")
    assert (first_day.status_code, first_day.json()["code"]) == (422, "no_growth")


def test_a_companys_page_sets_price_and_business_side_by_side(visitor: Visitor) -> None:
    page = visitor.get("/stocks/AAPL").text
    assert "The business behind it" in page and "Price, over the next two weeks" in page
    assert "This is the view of 29 October 2021, after its newest report known here." in page
    assert "Revenue, quarter to about 25 December 2021" in page and "Revenue, next quarter" not in page
    assert visitor.get("/stocks/AAPL/growth.svg").headers["content-type"].startswith("image/svg+xml")
    assert "The business behind it" not in visitor.get("/stocks/TSLA").text
    assert visitor.get("/stocks/TSLA/growth.svg").status_code == 404


def test_the_chart_keeps_a_place_for_every_quarter(tmp_path: Path) -> None:
    made = ask_revenue.growth(sample_services(tmp_path), "AAPL").forecast
    chart = growth_chart(made, "light")
    domain = chart["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert domain == sorted(domain) and len(domain) == 16 + 4
    shown = {row["quarter"] for layer in chart["layer"] for row in layer["data"]["values"]}
    assert shown <= set(domain)
    assert to_png(growth_chart(made, "dark", "narrow")).startswith(b"\x89PNG")


@pytest.mark.parametrize("shape", ["wide", "narrow"])
def test_both_quarters_ahead_are_labelled_in_the_chart(tmp_path: Path, shape: Shape) -> None:
    made = ask_revenue.growth(sample_services(tmp_path), "AAPL").forecast
    drawn = growth_chart(made, "light", shape)
    labelled = drawn["layer"][0]["encoding"]["x"]["axis"]["values"]
    assert {one.period_end.isoformat() for one in made.ahead} <= set(labelled)
    rows = next(one["data"]["values"] for one in drawn["layer"] if one["mark"]["type"] == "text")
    assert [row["ends"] for row in rows] == ["114\N{EN DASH}157", "72.5\N{EN DASH}119"]


def test_the_price_and_growth_models_are_not_taken_for_each_other() -> None:
    growth, prices = folders_of(MODELS, GROWTH), folders_of(MODELS, RANGE)
    assert growth and prices and not set(growth) & set(prices)
    assert open_model(MODELS).card.model_id in {folder.name for folder in prices}
    assert ModelRegistry(MODELS, None).named([folder.name for folder in growth]) == []
    with pytest.raises(ModelError):
        OnnxModel(growth[0])
    with pytest.raises(ModelError, match="does not forecast growth"):
        GrowthModel(prices[0])


def test_a_damaged_growth_model_is_refused_in_words(tmp_path: Path) -> None:
    for name, content in (("model.onnx", b"nothing"), ("card.json", b"{")):
        folder = tmp_path / name
        folder.mkdir()
        for file in folders_of(MODELS, GROWTH)[0].iterdir():
            (folder / file.name).write_bytes(content if file.name == name else file.read_bytes())
        with pytest.raises(ModelError, match=name.partition(".")[0]):
            GrowthModel(folder)


def test_the_chat_answers_with_one_sentence_a_line_of_trust_and_a_chart(tmp_path: Path) -> None:
    services = sample_services(tmp_path)
    talk = Talk(services)
    asked = ask_revenue.growth(services, "AAPL")
    said = talk.say("/growth apple")
    assert said.split("\n") == [
        "Apple (AAPL): sales",
        as_read(sentences.opening(asked.forecast)),
        "",
        "16 of 23 earlier ranges held. Four in five should: expect wider. Simulated on past reports.",
        "",
        sentences.disclaimer(asked.forecast),
    ]
    assert "between USD 114 billion and USD 157 billion, 2.3 % to 40.6 % more than a year before" in said
    chart = talk.shown.chart
    assert chart is not None and chart.draw().startswith(b"\x89PNG")
    assert "$" in talk.press("Share price")
    assert "I know no sales figures of Tesla (TSLA)" in talk.say("/growth TSLA")
    assert "Tesla will probably end between" in talk.press("Share price"), "it is no dead end"
    assert "/growth AAPL" in talk.say("/growth")


def test_the_year_ahead_the_middle_and_the_test_stand_under_details_in_place(tmp_path: Path) -> None:
    talk = Talk(sample_services(tmp_path))
    short = talk.say("/growth AAPL")
    details = talk.press("Details")
    for words in ("A year on", "Middle outcome: USD 133 billion", "The model's test, 2016-2021", "Simulated since"):
        assert words in details
        assert words not in short
    assert "[1]" not in details and talk.labels == ["Short again", "What does this mean?", "Share price"]
    assert talk.press("Short again") == short
    meaning = talk.press("What does this mean?")
    assert "Of ten such quarters about eight come out inside the range" in meaning
    assert "price ended inside" not in meaning, "it explains sales, not prices"


def test_few_figures_are_seen_first_and_none_twice_in_any_language(tmp_path: Path) -> None:
    services = sample_services(tmp_path)
    for instrument in services.provider.universe():
        with suppress(NoGrowth):
            asked = ask_revenue.growth(services, instrument.symbol)
            for language in LANGUAGES:
                talk = Talk(services, language=language)
                with use_language(language):
                    title, caveats = sentences.title(asked.forecast), [f"{one}" for one in asked.forecast.caveats]
                    tested = sentences.trust(asked.forecast)
                    caveats.append(sentences.view_of(asked.forecast))
                text = talk.say(f"/growth {instrument.symbol}")
                for said in (title, instrument.name, *caveats):  # a caveat is never left out, whatever its figures
                    assert as_read(said) in text or said == instrument.name
                    text = text.replace(as_read(said), "")
                figures = MEASURED.findall(text)
                assert 5 <= len(figures) <= MOST_FIGURES, (language, text)
                assert len(figures) == len(set(figures)), (language, text)
                details = talk.send(f"growth_details:{instrument.symbol}")
                assert as_read(tested) in details, (language, details)


@pytest.mark.parametrize(
    ("misses", "of", "said"),
    [
        (0, 20, "All 20 earlier ranges held. Four in five should: the range is wider than need be."),
        (1, 8, "7 of 8 earlier ranges held. Four in five should: about as promised."),
        (4, 20, "16 of 20 earlier ranges held. Four in five should: about as promised."),
        (6, 20, "14 of 20 earlier ranges held. Four in five should: expect wider."),
        (7, 7, "In the model's test 83 of 100 ranges held, all companies together. Four in five"),
    ],
)
def test_the_line_of_trust_is_that_of_this_company_once_it_has_two_years_of_outcomes(
    tmp_path: Path, misses: int, of: int, said: str
) -> None:
    made = ask_revenue.growth(sample_services(tmp_path), "AAPL").forecast
    came = [0.5] * misses + [0.05] * (of - misses)
    growths = tuple(level / 10 for level in LEVELS)
    past = [PastGrowth("", 1, date(2021, 3, 31), growths, growth) for growth in came]
    others = [PastGrowth("", 4, date(2021, 3, 31), growths, 0.5), PastGrowth("", 1, date(2021, 3, 31), growths, None)]
    assert sentences.trust_line(made, [*others, *past]).startswith(said)


def test_what_is_long_ago_is_told_as_the_view_of_then_before_anything_else(tmp_path: Path) -> None:
    services = sample_services(tmp_path)
    said = Talk(services).say("/growth AAPL")
    assert said.split("\n")[1].startswith(
        "This is the view of 29 October 2021, after its newest report known here. In the"
    )
    assert "Sample data: its company reports end in 2021." in said
    then = ask_revenue.growth(services, "AAPL", date(2021, 11, 1)).forecast
    assert not then.overdue and sentences.opening(then) == sentences.headline(then)
    price = forecasts.answer(services, "AAPL", 10).forecast
    assert [line.what for line in side_by_side(price, then)][1:] == ["Revenue, next quarter", "Revenue, in 4 quarters"]


def test_a_company_whose_reports_end_years_before_those_of_the_sample_is_told_so(tmp_path: Path) -> None:
    services = sample_services(tmp_path)
    assert "Its newest quarter known ended on 27 October 2018" in Talk(services).say("/growth CSCO")
    assert "Its newest quarter known" not in Talk(services).say("/growth AAPL")


def test_without_a_growth_model_people_are_not_told_of_files_and_settings(tmp_path: Path) -> None:
    services = sample_services(tmp_path, models={"folder": MODELS, "growth": "none-such"})
    said = Talk(services).say("/growth AAPL")
    assert said == "The model for this cannot be used just now; whoever runs this service can see why."
    answer = Visitor(create_app(services)).get("/api/v1/growth/AAPL")
    assert answer.status_code == 503
    assert "none-such" not in answer.text
