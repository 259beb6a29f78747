"""Any text at all: an instrument, a question back, or a kind error; and a symbol survives whatever it is dressed in."""

from collections.abc import Callable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bellwether.ask import forecasts
from bellwether.core.config import load_settings
from bellwether.core.errors import BadSymbol, BellwetherError
from bellwether.market.symbols.match import Reading, read
from bellwether.market.symbols.normalize import LONGEST_QUESTION, clean_question
from bellwether.market.symbols.universe import Universe, listed, well_known
from bellwether.services import build_services

LIVE = Universe(listed().values(), well_known())  #: what is known where the source can be searched

TEXTS = st.text(max_size=80) | st.text("ABCabc.-^=&$ 0\u00e9<>\u202e\"'()", max_size=24)


@settings(deadline=None, max_examples=300)
@given(TEXTS)
@example("[a-z")
@example("(")
@example("\\b")
@example("\u0390")
@example("the")
@example("and")
@example("class a")
@example("\u00df")
def test_any_text_is_an_instrument_or_a_friendly_error(text: str) -> None:
    services = build_services(load_settings(models={"folder": "nowhere"}))
    try:
        assert forecasts.resolve(services, text).symbol in listed()
    except BellwetherError as refused:
        assert str(refused).strip()
        assert refused.for_operator.strip()


@settings(deadline=None, max_examples=300)
@given(TEXTS | st.sampled_from([instrument.name for instrument in LIVE.known]))
def test_any_text_can_be_read_and_what_it_means_means_itself(text: str) -> None:
    try:
        reading = read(clean_question(text), LIVE)
    except BadSymbol:
        return
    assert len({candidate.symbol for candidate in reading.candidates}) == len(reading.candidates)
    for one in reading.candidates:
        assert read(one.symbol, LIVE) == Reading((one,))
    if reading.symbol is not None:
        assert clean_question(reading.symbol) == reading.symbol
        assert read(reading.symbol, LIVE).symbol == reading.symbol


@settings(deadline=None, max_examples=500)
@given(TEXTS)
@example("e\u200b\u0301")
@example("AAPL stocks stock")
@example('$("AAPL")$')
def test_a_cleaned_question_is_clean_already(text: str) -> None:
    try:
        asked = clean_question(text)
    except BadSymbol:
        return
    assert clean_question(asked) == asked
    assert 0 < len(asked) <= LONGEST_QUESTION
    assert asked.isprintable()


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from([instrument.symbol for instrument in LIVE.known]),
    st.sampled_from([str.upper, str.lower, str.title, str.swapcase]),
    st.sampled_from(["{}", "${}", "{}.", "{}?", " {} ", "({})", "{}\u200f", "\u201c{}\u201d", "{} stock"]),
)
def test_a_symbol_survives_any_dress(symbol: str, case: Callable[[str], str], dress: str) -> None:
    reading = read(clean_question(dress.format(case(symbol))), LIVE)
    assert reading.sure
    assert [candidate.symbol for candidate in reading.candidates] == [symbol]
