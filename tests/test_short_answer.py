"""What is seen first of a forecast in the chat: a sentence, a chart, a line of trust, and few figures, none twice."""

import io
import re
import sys

import pytest

from bellwether.ask import forecasts
from bellwether.core.i18n.translate import LANGUAGES, use_language
from bellwether.core.types import HEADS
from bellwether.forecasting import sentences
from bellwether.services import Services
from bot import conversation, terminal
from bot.commands import ChatContext
from bot.replies import LONGEST_CAPTION, Button, Reply, as_text, detailed_text, short_text, utf16_length
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
            figures = FIGURE.findall(as_text(text).replace(sentences.title(made), "").replace(made.name, ""))
            assert 4 <= len(figures) <= MOST_FIGURES, (language, text)
            assert len(figures) == len(set(figures)), (language, text)
            assert max(map(utf16_length, (text, more))) <= LONGEST_CAPTION
            for caveat in made.caveats:
                with use_language(language):
                    assert f"{caveat}" in as_text(text)
                    assert f"{caveat}" in as_text(more)


def test_the_answer_is_a_name_a_sentence_a_chart_and_a_line_of_trust(services: Services) -> None:
    reply = conversation.answer(ChatContext(services, ANN), "apple 1m")
    made = forecasts.answer(services, "AAPL", 21).forecast
    assert as_text(reply.text).split("\n") == [
        "Apple (AAPL)",
        sentences.headline(made),
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
    for words in ("Last close", "Middle outcome", "Chance of a rise: 57", "past stretches this long", "Tested on"):
        assert words in details.text
        assert words not in short.text
    assert details.chart == short.chart
    later = press(services, details, "1 month")
    assert "Middle outcome" in later.text
    assert "· 1 month ·" in buttons(later)
    assert press(services, later, "Short again") == conversation.answer(ChatContext(services, ANN), "AAPL 1m")


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
    assert said.count("will probably end between $167.47") == 2
