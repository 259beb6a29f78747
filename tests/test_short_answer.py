"""What is seen first of a forecast in the chat: a sentence, a chart, a line of trust, and few figures, none twice."""

import io
import re
import sys
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bellwether.ask import forecasts
from bellwether.core.i18n.articles import without_english
from bellwether.core.i18n.translate import LANGUAGES, use_language
from bellwether.core.split_html import utf16_length
from bellwether.core.types import HEADS, SkillVerdict
from bellwether.forecasting import sentences
from bellwether.services import Services
from bot import conversation, terminal
from bot.commands import ChatContext
from bot.replies import LONGEST_CAPTION, Button, Reply, as_text, detailed_text, short_text
from tests.support.web import sample_services

MOST_FIGURES = 8
# a date is one figure ("31. Dezember 2021", "31 de diciembre de 2021"), and so is 1,234.50
FIGURE = re.compile(r"\d{1,2}\.? (?:de )?[^\W\d]+ (?:de )?\d{4}\b|\d+(?:[.,\u00a0\u202f]\d+)*")
ANN = 1


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return sample_services(tmp_path_factory.mktemp("short"))


def buttons(reply: Reply) -> dict[str, Button]:
    return {button.label: button for row in reply.buttons for button in row}


def press(services: Services, reply: Reply, label: str) -> Reply:
    pressed = conversation.press(ChatContext(services, ANN), buttons(reply)[label].action)
    shown = pressed.edit or pressed.reply
    assert shown is not None
    return shown


@pytest.mark.parametrize("horizon", [*HEADS, 2, 42])
def test_few_figures_are_seen_first_and_none_twice_in_any_language(services: Services, horizon: int) -> None:
    for instrument in services.provider.universe():
        made = forecasts.answer(services, instrument.symbol, horizon).forecast
        for language in LANGUAGES:
            with use_language(language):
                text, more = short_text(made), detailed_text(made)
                name = without_english(made.name)
            figures = FIGURE.findall(as_text(text).replace(name, "").replace("S&P 500", ""))
            assert 4 <= len(figures) <= MOST_FIGURES, (language, text)
            assert len(figures) == len(set(figures)), (language, text)
            assert max(utf16_length(as_text(shown)) for shown in (text, more)) <= LONGEST_CAPTION
            for caveat in made.caveats:
                with use_language(language):
                    assert f"{caveat}" in as_text(text)
                    assert f"{caveat}" in as_text(more)


def test_the_answer_is_a_name_a_sentence_a_chart_and_a_line_of_trust(services: Services) -> None:
    reply = conversation.answer(ChatContext(services, ANN), "apple 1m")
    made = forecasts.answer(services, "AAPL", 21).forecast
    assert as_text(reply.text).split("\n") == [
        "Apple (AAPL)",
        f"{sentences.headline(made)} It last closed at {sentences.money(made.last_close, 'USD')}.",
        "",
        sentences.trust_line(made),
        "",
        sentences.disclaimer(made),
    ]
    assert reply.chart is not None
    assert {"Details", "What does this mean?"} <= buttons(reply).keys()
    assert "Chart in full size" not in buttons(reply)


def test_details_come_in_place_stay_at_another_horizon_and_go_again(services: Services) -> None:
    short = conversation.answer(ChatContext(services, ANN), "AAPL")
    details = press(services, short, "Details")
    for words in (
        "Middle outcome and chance of a rise.</b> $171.58 and 55",
        "(usually 61",
        "Why this wide",
        "In the model's test on",
    ):
        assert words in details.text.replace("&#x27;", "'")
        assert words not in short.text
    assert details.chart == short.chart
    later = press(services, details, "1 month")
    assert "Middle outcome" in later.text
    assert "· 1 month ·" in buttons(later)
    assert press(services, later, "Short again") == conversation.answer(ChatContext(services, ANN), "AAPL 1m")


OPENINGS = {
    "en": ("The range.", "Middle outcome and chance of a rise.", "Why this wide.", "How far to trust it."),
    "de": ("Die Spanne.", "Mittlerer Wert und Chance auf einen Anstieg.", "Warum so breit.", "Wie verlässlich."),
    "es": ("El rango.", "Valor central y probabilidad de subida.", "Por qué así de ancho.", "Cuánto fiarse."),
    "pt": ("A faixa.", "Resultado mediano e chance de alta.", "Por que esta largura.", "Quanto confiar."),
    "ru": ("Диапазон.", "Медианный исход и вероятность роста.", "Откуда такая ширина.", "Насколько доверять."),
}


@pytest.mark.parametrize("horizon", HEADS)
def test_the_details_are_four_paragraphs_that_say_the_same_in_every_language(services: Services, horizon: int) -> None:
    for symbol in ("AAPL", "UNH", "^GSPC"):
        made = forecasts.answer(services, symbol, horizon).forecast
        told = set()
        for language in LANGUAGES:
            with use_language(language):
                more = detailed_text(made)
            _title, *paragraphs, _caveats = more.split("\n\n")
            assert tuple(re.findall(r"^<b>(.+?)</b>", part)[0] for part in paragraphs) == OPENINGS[language]
            prices = re.findall(r"\d[\d.,]*[.,]\d{2}\b", as_text(more).replace(",", "."))
            assert len(prices) == len(set(prices)) == 4, "low, high, last close and middle, none of them twice"
            # what the model was tested on, and with what result, in the last of them
            told.add(
                tuple(sorted(re.findall(r"\d+", as_text(paragraphs[-1]).replace("\N{EN DASH}", "-").replace(".", ","))))
            )
        assert len(told) == 1


def test_a_count_that_disagrees_with_the_score_is_explained_and_no_other(services: Services) -> None:
    why = "A wider range holds more often but tells less: the score counts both."
    said = 0
    for instrument in services.provider.universe():
        for horizon in HEADS:
            made = forecasts.answer(services, instrument.symbol, horizon).forecast
            told, beside = as_text(detailed_text(made)), made.explanation.beside
            fewer = round(100 * beside.coverage_80) < round(100 * beside.baseline_coverage_80) - 1
            assert (why in told) is (why in sentences.trust(made))
            if why in told:
                said += 1
                assert fewer is (beside.verdict is not SkillVerdict.WORSE)
                assert not fewer or "better than the plain rule" in told
            else:
                assert not fewer or beside.verdict is SkillVerdict.WORSE
    assert said


def test_before_there_is_a_record_the_details_tell_the_test_once(services: Services) -> None:
    made = forecasts.answer(services, "AAPL", 10).forecast
    made = replace(made, explanation=replace(made.explanation, beside=None))
    trust = as_text(detailed_text(made)).split("\n\n")[-2]
    assert trust == (
        "How far to trust it. For all stocks in the model's test two weeks ahead 79 of 100 ranges held, about as "
        "promised. That test was on 2022-2024: 1.5\u00a0% better than the plain rule."
    )


@pytest.mark.parametrize(
    ("made_on", "caveats", "sentence"),
    [
        (date(2024, 3, 10), (), "It closed at $170.73 on 8 March."),
        (date(2024, 10, 8), (), "It closed at $170.73 on 8 March 2024."),
        (date(2024, 3, 10), ("The prices end on 8 March 2024.",), "It last closed at $170.73."),
    ],
)
def test_the_answer_starts_from_the_last_close(
    services: Services, made_on: date, caveats: tuple[str, ...], sentence: str
) -> None:
    made = forecasts.answer(services, "AAPL", 10).forecast
    made = replace(made, made_at=datetime(made_on.year, made_on.month, made_on.day, tzinfo=UTC), caveats=caveats)
    assert f"{sentence}\n\n" in short_text(made)
    figures = FIGURE.findall(as_text(short_text(made)).replace(sentences.title(made), ""))
    assert len(figures) == len(set(figures)) <= MOST_FIGURES


def test_an_index_has_a_name_that_is_right_in_every_language(services: Services) -> None:
    made = forecasts.answer(services, "^GSPC", 10).forecast
    for language in LANGUAGES:
        with use_language(language):
            name = "S&amp;P 500 index" if language == "en" else "S&amp;P 500"
            assert short_text(made).startswith(f"<b>{name} (^GSPC)</b>\n")
            assert language == "en" or "index" not in detailed_text(made)


def test_all_the_numbers_stand_under_details(services: Services) -> None:
    conversation.answer(ChatContext(services, ANN), "/settings wording expert")
    short = conversation.answer(ChatContext(services, ANN), "AAPL")
    assert "Quantiles" not in short.text
    assert "Quantiles" in press(services, short, "Details").text
    conversation.answer(ChatContext(services, ANN), "/settings wording plain")


def test_the_terminal_shows_the_details_at_the_number_of_their_button(
    services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("AAPL\n6\n6\n"))
    terminal.hold(services)
    said = capsys.readouterr().out
    assert "[6] Details" in said
    assert "[6] Short again" in said
    assert said.count("Middle outcome") == 1
    assert said.count("will probably end between $161.34") == 2
