"""Several stocks in one message: "AAPL MSFT", "coca cola, apple"."""

import re

from bellwether.market.symbols.match import is_whole_name
from bellwether.market.symbols.spellings import is_code_and_country, is_symbol
from bellwether.services import Services


def names_in(services: Services, text: str) -> list[str]:
    """The names in a text, each once, in their order; one where all of it is a name, as in "coca cola".

    Commas part them. Spaces do where each word is a symbol: one that is known, or one written as such.
    """
    words = " ".join(text.split())
    if is_whole_name(words, services.universe) or is_code_and_country(words):
        return [words]
    if re.search("[,;]", words):
        parts = [part.strip() for part in re.split("[,;]", words)]
    else:
        parts = words.split()
        if not all(_is_meant_as_symbol(services, part) for part in parts):
            parts = [words]
    return list(dict.fromkeys(part for part in parts if part))


def _is_meant_as_symbol(services: Services, word: str) -> bool:
    return services.universe.get(word.upper()) is not None or is_symbol(word)
