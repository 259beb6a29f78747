"""What the sample market's companies reported, from the package itself."""

from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from bellwether.core.types import Statements

if TYPE_CHECKING:
    from bellwether.market.statements.file import FileFundamentals


class SampleFundamentals:
    """Quarters of most of the sample's companies, to the end of 2021; read when the first are asked for."""

    def statements(self, symbol: str) -> Statements:
        """A company's quarters. Raises UnknownSymbol where there are none."""
        return _table().statements(symbol)

    def at_hand(self, symbol: str) -> Statements | None:
        """All are."""
        return _table().at_hand(symbol)


@cache
def _table() -> "FileFundamentals":
    from bellwether.market.statements.file import FileFundamentals  # most commands ask for no statements

    with as_file(files("bellwether.market") / "data" / "sample_fundamentals.csv") as file:
        return FileFundamentals(file, "sample")
