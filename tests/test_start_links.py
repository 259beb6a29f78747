"""Links that open the bot: what they carry comes back as it was, and fits what Telegram passes on."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwether.market.symbols.spellings import is_symbol
from bellwether.market.symbols.start_links import Start, is_of_symbol, read_start, start_payload
from bellwether.market.symbols.universe import listed, well_known

PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")  # core.telegram.org/bots/features#deep-linking


@pytest.mark.parametrize(
    ("symbol", "payload"),
    [
        ("AAPL", "AAPL"),
        ("BRK-B", "BRK-B"),
        ("^GSPC", "_cGSPC"),
        ("SHEL.L", "SHEL_dL"),
        ("EURUSD=X", "EURUSD_eX"),
        ("M&M.NS", "M_aM_dNS"),
    ],
)
def test_a_symbol_comes_back_as_it_was(symbol: str, payload: str) -> None:
    assert start_payload(symbol) == payload
    assert read_start(payload) == Start(symbol, watch=False)
    assert start_payload(symbol, watch=True) == f"watch_{payload}"
    assert read_start(f"watch_{payload}") == Start(symbol, watch=True)


@pytest.mark.parametrize("watch", [False, True])
def test_every_symbol_that_is_known_fits(watch: bool) -> None:
    for symbol in (*listed(), *(one.symbol for one in well_known()), "^" + "A" + ".=&-" * 4 + ".^"[0] * 3):
        payload = start_payload(symbol, watch=watch)
        assert PAYLOAD.fullmatch(payload), payload
        assert read_start(payload) == Start(symbol, watch)


@given(st.from_regex(r"\A\^?[A-Z0-9][A-Z0-9.=&-]{0,19}\Z"), st.booleans())
def test_any_symbol_survives_the_way_there_and_back(symbol: str, watch: bool) -> None:
    assert is_symbol(symbol)
    payload = start_payload(symbol, watch=watch)
    assert PAYLOAD.fullmatch(payload)
    assert read_start(payload) == Start(symbol, watch)


@pytest.mark.parametrize(
    ("payload", "question"),
    [("apple", "apple"), ("bank_of_america", "bank of america"), ("brk_a", "brk a"), ("watch_apple", "apple")],
)
def test_a_payload_written_by_hand_is_read_as_words(payload: str, question: str) -> None:
    assert read_start(payload).question == question


@pytest.mark.parametrize(
    ("payload", "of_symbol"),
    [
        *((payload, True) for payload in ("AAPL", "NOPE", "BRK-B", "SHEL_dL", "_cGSPC", "600519_dSS", "watch_AAPL")),
        *((payload, False) for payload in ("ref_12345", "REF12345", "12345", "apple", "UTM-2026", "ABCDEFG", "-_-")),
    ],
)
def test_a_payload_that_was_made_of_a_symbol_is_told_from_the_code_of_a_campaign(payload: str, of_symbol: bool) -> None:
    assert is_of_symbol(payload) is of_symbol


@given(st.from_regex(r"\A[A-Za-z0-9_-]{1,64}\Z"))
def test_whatever_telegram_passes_on_can_be_read(payload: str) -> None:
    read_start(payload)


@pytest.mark.parametrize("bad", ["", "aapl", "two words", "A" * 30, "A_B"])
def test_what_is_no_symbol_makes_no_link(bad: str) -> None:
    with pytest.raises(ValueError, match="no symbol"):
        start_payload(bad)
