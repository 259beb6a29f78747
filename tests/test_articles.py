"""The articles before names: of companies, of indices and funds, and none where the language sets none."""

import pytest

from bellwether.core.i18n.articles import with_articles
from bellwether.core.i18n.translate import use_language


@pytest.mark.parametrize(
    ("language", "name", "symbol", "with_its_article", "after_of"),
    [
        ("pt", "Apple", "AAPL", "a Apple", "da Apple"),
        ("pt", "S&P 500 index", "^GSPC", "o S&P 500", "do S&P 500"),
        ("pt", "Bank of America", "BAC", "o Bank of America", "do Bank of America"),
        ("pt", "Bitcoin", "BTC-USD", "o Bitcoin", "do Bitcoin"),
        ("pt", "XYZ", "XYZ", "XYZ", "de XYZ"),
        ("es", "Apple", "AAPL", "Apple", "de Apple"),
        ("es", "S&P 500 index", "^GSPC", "el S&P 500", "del S&P 500"),
        ("de", "Apple", "AAPL", "Apple", "von Apple"),
        ("de", "S&P 500 index", "^GSPC", "der S&P 500", "des S&P 500"),
        ("de", "Bitcoin", "BTC-USD", "Bitcoin", "von Bitcoin"),
        ("en", "S&P 500 index", "^GSPC", "the S&P 500 index", "of the S&P 500 index"),
    ],
)
def test_a_translation_gets_the_article_that_a_speaker_sets(
    language: str, name: str, symbol: str, with_its_article: str, after_of: str
) -> None:
    named = with_articles(name, symbol)
    with use_language(language):
        assert f"{named:the}" == with_its_article
        assert f"{named:of}" == after_of
        assert named == name
        assert f"{named}" == (name if language == "en" else name.removesuffix(" index"))


def test_a_class_of_shares_is_no_currency() -> None:
    with use_language("pt"):
        assert f"{with_articles('Berkshire Hathaway', 'BRK-B'):the}" == "a Berkshire Hathaway"
