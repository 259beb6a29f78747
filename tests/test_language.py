"""The language that is spoken: which one, by whom, and how numbers, money and days are written in it."""

import gettext as standard
import threading
from datetime import date
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

import bellwether
from bellwether.core.errors import BadHorizon, SourceError, Trouble, UnknownSymbol
from bellwether.core.i18n import babel_data, numbers, translate
from bellwether.core.i18n.translate import (
    LANGUAGES,
    nearest,
    said,
    said_many,
    spoken,
    together,
    translated,
    use_language,
)
from bellwether.core.parsing import parse_horizon, parse_price

OTHERS = [code for code in LANGUAGES if code != "en"]


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("de", "de"),
        ("pt-BR", "pt"),
        ("pt-br", "pt"),
        ("ru_RU.UTF-8", "ru"),
        ("es-419", "es"),
        (" DE ", "de"),
        ("C.UTF-8", "en"),
        ("fr", "en"),
        ("", "en"),
        ("deutsch", "en"),
    ],
)
def test_a_code_means_the_nearest_language_that_we_have(code: str, ours: str) -> None:
    assert nearest(code) == ours


@given(st.text(max_size=20))
def test_whatever_an_app_tells_is_one_of_ours(code: str) -> None:
    with use_language(code):
        assert spoken() in LANGUAGES


def test_a_language_holds_until_its_block_ends_even_where_it_fails() -> None:
    with use_language("de"):
        with pytest.raises(ZeroDivisionError), use_language("ru"):
            assert spoken() == "ru"
            raise ZeroDivisionError
        assert spoken() == "de"
    assert spoken() == "en"


def test_threads_speak_each_their_own_language() -> None:
    meet, heard = threading.Barrier(len(LANGUAGES)), {}

    def speak(code: str) -> None:
        with use_language(code):
            meet.wait(10)  # all are within their blocks now
            heard[code] = translate.gettext("Changed.")

    threads = [threading.Thread(target=speak, args=(code,)) for code in LANGUAGES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert heard == {"en": "Changed.", "es": "Cambiado.", "de": "Geändert.", "pt": "Alterado.", "ru": "Изменено."}


@pytest.mark.parametrize("code", OTHERS)
def test_what_nobody_translated_is_said_in_english(code: str) -> None:
    with use_language(code):
        assert translate.gettext("Nobody has translated this.") == "Nobody has translated this."
        assert translate.ngettext("one of them", "many of them", 2) == "many of them"
        assert translated(said("This has {what} in it.", what=7)) == "This has 7 in it."


@pytest.mark.parametrize("content", [None, b"\xff\xfe no catalogue", b"no catalogue either"])
def test_a_catalogue_that_cannot_be_read_leaves_us_speaking_english(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    if content is not None:
        (folder / "bellwether.po").write_bytes(content)
    monkeypatch.setattr(babel_data, "files", lambda package: tmp_path)
    read = babel_data.catalogue.__wrapped__("de")  # not the one that is kept
    assert read.gettext("Close") == "Close"
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize(
    ("code", "forms"),
    [
        ("en", ["1 forecast", "2 forecasts", "5 forecasts", "21 forecasts", "1,111 forecasts"]),
        ("de", ["1 Prognose", "2 Prognosen", "5 Prognosen", "21 Prognosen", "1.111 Prognosen"]),
        ("ru", ["1 прогноз", "2 прогноза", "5 прогнозов", "21 прогноз", "1\u00a0111 прогнозов"]),
    ],
)
def test_each_number_has_its_form(code: str, forms: list[str]) -> None:
    from bellwether.track_record.scores.sentences import forecasts

    with use_language(code):
        assert [forecasts(number) for number in (1, 2, 5, 21, 1111)] == forms


@pytest.mark.parametrize("code", OTHERS)
def test_every_catalogue_counts_as_its_language_does(code: str) -> None:
    file = Path(bellwether.__file__).parent / "locale" / code / "LC_MESSAGES" / "bellwether.po"
    with file.open("rb") as source:
        read = read_po(source)
    counts = standard.c2py(read.plural_expr)
    assert {counts(number) for number in range(200)} == set(range(read.num_plurals))
    assert read.num_plurals == (3 if code == "ru" else 2)


@pytest.mark.parametrize(
    ("code", "price", "share", "fall", "on"),
    [
        ("en", "$1,234.50", "80\u00a0%", "−8.4\u00a0%", "14 January 2022"),
        ("es", "1.234,50\u00a0US$", "80\u00a0%", "−8,4\u00a0%", "14 de enero de 2022"),
        ("de", "1.234,50\u00a0$", "80\u00a0%", "−8,4\u00a0%", "14. Januar 2022"),
        ("pt", "US$\u00a01.234,50", "80%", "−8,4%", "14 de janeiro de 2022"),
        ("ru", "1\u00a0234,50\u00a0$", "80\u00a0%", "−8,4\u00a0%", "14 января 2022"),
    ],
)
def test_numbers_money_and_days_are_written_as_the_language_does(
    code: str, price: str, share: str, fall: str, on: str
) -> None:
    with use_language(code):
        assert numbers.money(1234.5, "USD") == price
        assert numbers.percent(0.798) == share
        assert numbers.signed_percent(-0.084) == fall
        assert numbers.day(date(2022, 1, 14)) == on


@pytest.mark.parametrize(
    ("amount", "currency", "symbol", "written"),
    [
        (0.0123, "USD", "", "0,0123\u00a0$"),
        (0.0000123, "USD", "", "0,0000123\u00a0$"),
        (540.25, "GBp", "", "540,25p"),
        (1234.5, "SEK", "", "1.234,50\u00a0SEK"),
        (1234.5, "JPY", "", "1.234,50\u00a0¥"),
        (4766.18, "USD", "^GSPC", "4.766,18"),
        (12.5, "", "", "12,50"),
    ],
)
def test_every_kind_of_price_is_written_in_german(amount: float, currency: str, symbol: str, written: str) -> None:
    with use_language("de"):
        assert numbers.money(amount, currency, symbol) == written


@pytest.mark.parametrize("code", list(LANGUAGES))
@given(amount=st.floats(1, 9e9))
def test_a_price_that_is_shown_can_be_typed_back(code: str, amount: float) -> None:
    amount = round(amount, 2)
    with use_language(code):
        assert parse_price(numbers.money(amount, "USD")) == pytest.approx(amount)


def test_a_lone_sign_before_three_digits_is_read_as_the_language_means_it() -> None:
    assert parse_price("1,234") == 1234
    with use_language("de"):
        assert (parse_price("1.234"), parse_price("1,234")) == (1234, 1.234)


def test_an_error_is_english_for_the_log_and_in_their_language_for_people() -> None:
    with use_language("de"):
        with pytest.raises(BadHorizon) as raised:
            parse_horizon("99w")
        problem = raised.value
        assert str(problem).startswith("I can look 1 to 63 trading days ahead")
        assert problem.for_person == (
            "Ich kann 1 bis 63 Handelstage vorausblicken, geschrieben als 10d, 2w oder 3m; gefragt war „99w“."
        )
    assert problem.for_person == str(problem)


def test_an_error_that_was_made_for_one_is_read_by_another_in_their_own_language() -> None:
    with use_language("ru"):
        problem = SourceError("Yahoo Finance", Trouble.LIMITED, retry_after=1260)
    with use_language("es"):
        assert problem.for_person == "Yahoo Finance limita nuestras consultas; inténtalo de nuevo en 21 minutos."
    with use_language("ru"):
        assert problem.for_person.endswith("попробуйте ещё раз через 21 минуту.")
    assert str(problem) == "Yahoo Finance is limiting our requests; please try again in 21 minutes."


def test_what_is_said_within_a_sentence_is_translated_with_it() -> None:
    problem = UnknownSymbol("AAPPL", ("AAPL", "APA"), said("the sample market"))
    with use_language("de"):
        assert problem.for_person == "Den Ticker AAPPL kenne ich nicht (Beispielmarkt). Meinten Sie AAPL oder APA?"
    assert str(problem) == "I don't know the ticker AAPPL in the sample market. Did you mean AAPL or APA?"


def test_a_sentence_that_is_kept_stays_english_and_is_read_in_any_language() -> None:
    with use_language("de"):
        kept = said_many("{count} week", "{count} weeks", 2, count=2)
    assert kept == "2 weeks"
    assert f"{kept}" == "2 weeks"
    with use_language("ru"):
        assert (f"{kept}", str(kept), kept == "2 weeks") == ("2 недели", "2 weeks", True)
    assert together("", kept, "") == kept
    assert together() == ""


def test_a_text_that_nobody_marked_is_said_as_it_is() -> None:
    with use_language("de"):
        assert translated("A plain text with {braces}.") == "A plain text with {braces}."
        assert translated(ValueError()) == ""


def test_english_loads_no_babel() -> None:
    import subprocess
    import sys

    program = (
        "import sys\nfrom bellwether.core.i18n import numbers\nimport bellwether.alerts.ask, bot.conversation\n"
        "numbers.percent(0.5), numbers.money(5, 'USD')\nprint('babel' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
