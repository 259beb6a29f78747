"""Who reports at all: companies do; funds, coins, indices, currencies and futures do not, whatever a source tells."""

import re

from bellwether.core.types import Instrument
from bellwether.market.calendar import EVERY_DAY
from bellwether.market.universe_state import is_stock

#: a fund names itself one; "Trust" and "Vanguard" alone do not tell: some trusts are companies
_FUND = re.compile(r"\b(ETF|ETN|ETC|ETP|UCITS|SPDR|iShares|ProShares|Index Fund|Fund|Funds)\b", re.IGNORECASE)
#: those most asked for, where a file knows no names
_FUNDS = re.compile(
    "SPY|VOO|IVV|VTI|QQQ|QQQM|IWM|DIA|EFA|EEM|VEA|VWO|GLD|IAU|SLV|TLT|IEF|SHY|LQD|HYG|AGG|BND|XL[BCEFIKPUVY]|XLRE|SMH"
    "|SOXX|ARKK|VNQ|VUG|VTV|SCHD|JEPI|TQQQ|SQQQ|UVXY|USO"
)


def reports_results(instrument: Instrument) -> bool:
    """Whether an instrument may be a company that tells its results."""
    symbol = instrument.symbol
    return (
        is_stock(symbol)
        and instrument.calendar != EVERY_DAY
        and not _FUNDS.fullmatch(symbol)
        and not _FUND.search(instrument.name)
    )
