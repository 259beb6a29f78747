"""A text of Telegram's simplest HTML, rendered for what a channel can show."""

import pytest

from bellwether.delivery.channels.abilities import Abilities, Markup, parts, rendered

TEXT = '<b>A_1*</b> <code>a`_b</code> 1 &lt; 2\n<a href="https://x.example/?a=1&amp;b=2">Stop</a>'


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (Markup.PLAIN, "A_1* a`_b 1 < 2\nStop: https://x.example/?a=1&b=2"),
        (Markup.MARKDOWN, "**A\\_1\\*** `a'_b` 1 \\< 2\nStop: https://x.example/?a=1&b=2"),
        (
            Markup.HTML,
            '<b>A_1*</b> <code>a`_b</code> 1 &lt; 2<br>\n<a href="https://x.example/?a=1&amp;b=2">Stop</a>',
        ),
    ],
)
def test_a_text_is_rendered_for_what_a_channel_reads(markup: Markup, expected: str) -> None:
    assert rendered(TEXT, markup) == expected


@pytest.mark.parametrize("markup", [Markup.PLAIN, Markup.MARKDOWN])
def test_a_link_that_shows_its_address_is_written_once_and_as_it_is(markup: Markup) -> None:
    assert (
        rendered('<a href="https://x.example/1-a_b">https://x.example/1-a_b</a>', markup) == "https://x.example/1-a_b"
    )


def test_a_text_that_is_too_long_is_cut_between_lines_with_whole_marks() -> None:
    text = "<b>" + "\n".join(["word"] * 30) + "</b>"
    pieces = parts(text, Abilities(Markup.MARKDOWN, 60))
    assert len(pieces) > 1
    assert all(piece.startswith("**word") and piece.endswith("word**") for piece in pieces)
    assert sum(piece.count("word") for piece in pieces) == 30
