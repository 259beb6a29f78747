"""Long texts in several messages: none too long, none with broken markup, and no word lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwether.core.split_html import LONGEST, split_html
from tests.support.bot_api_server.markup import parse_html, utf16_length

words = st.text(st.sampled_from("abcXYZ 😀é\n"), max_size=30)
pieces = st.one_of(
    words,
    st.sampled_from(["&amp;", "&lt;b&gt;", "&#128512;", "\n\n", " ", "x" * 70, "😀" * 40]),
    words.map(lambda text: f"<b>{text}</b>"),
    words.map(lambda text: f"<i>one <b>{text}</b> two</i>"),
    words.map(lambda text: f'<a href="https://example.org/?a=1&amp;b=2">{text}</a>'),
)


def shown(html: str) -> str:
    """What people read."""
    return parse_html(html)[0]


@given(st.lists(pieces, max_size=40).map("".join), st.integers(20, 80))
def test_every_part_fits_reads_well_and_nothing_is_lost(text: str, longest: int) -> None:
    parts = split_html(text, longest)
    for part in parts:
        assert utf16_length(shown(part)) <= longest  # parse_html raises where markup is broken
    assert "".join("".join(shown(part) for part in parts).split()) == "".join(shown(text).split())


@given(st.lists(pieces, max_size=10).map("".join))
def test_a_short_text_is_left_alone(text: str) -> None:
    assert split_html(text) == [text]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("one two\nthree four", ["one two", "three four"]),
        ("one two three four", ["one two", "three four"]),
        ("<b>one two three four</b>", ["<b>one two</b>", "<b>three four</b>"]),
        ("x" * 25, ["x" * 12, "x" * 12, "x"]),
    ],
    ids=["at a line", "at a space", "inside a tag", "one word"],
)
def test_it_breaks_where_a_person_would(text: str, parts: list[str]) -> None:
    assert split_html(text, 12) == parts


def test_a_digest_of_emoji_is_counted_as_telegram_counts() -> None:
    parts = split_html("😀 " * 2000)
    assert len(parts) > 1
    assert all(utf16_length(part) <= LONGEST for part in parts)
