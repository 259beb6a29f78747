"""Yahoo's exchange codes, and the trading calendar that each exchange keeps."""

from bellwether.market.calendar import EVERY_DAY, WEEKDAYS
from bellwether.market.symbols.tables import suffixes
from bellwether.market.symbols.universe import instrument_of, listed, well_known

_NEW_YORK = (
    "NMS", "NGM", "NCM", "NAS", "NIM", "NYQ", "NYS", "NAE", "ASE", "AMX", "PCX", "PSE", "BTS", "SNP", "DJI",
    "CXI", "CGI", "WCB", "CBO", "PNK", "OQB", "OQX", "OEM", "OBB", "OTC", "OPR",
)  # fmt: skip
_CALENDARS = {
    **dict.fromkeys(_NEW_YORK, "XNYS"),
    "TOR": "XTSE", "VAN": "XTSX", "NEO": "XTSE", "CNQ": "XTSE",
    "MEX": "XMEX", "SAO": "BVMF", "BUE": "XBUE", "SGO": "XSGO", "BVC": "XBOG", "LIM": "XLIM",
    "LSE": "XLON", "IOB": "XLON", "FGI": "XLON", "FSI": "XLON", "CXE": "XLON", "AQS": "XLON",
    "ISE": "XDUB", "PAR": "XPAR", "ENX": "XPAR", "AMS": "XAMS", "DXE": "XAMS", "BRU": "XBRU", "LIS": "XLIS",
    "LUX": "XLUX",
    "GER": "XETR", "FRA": "XFRA", "MUN": "XFRA", "STU": "XFRA", "BER": "XFRA", "DUS": "XDUS", "HAM": "XHAM",
    "HAN": "XHAM", "EUX": "XETR", "ZRH": "XETR",  # the last has the STOXX indices, which Deutsche Börse reckons
    "EBS": "XSWX", "VTX": "XSWX", "VIE": "XWBO", "MIL": "XMIL", "TLO": "XMIL", "MDD": "XMIL", "MCE": "XMAD",
    "MAD": "XMAD", "ATH": "ASEX", "IST": "XIST", "WSE": "XWAR",
    "STO": "XSTO", "CPH": "XCSE", "HEL": "XHEL", "OSL": "XOSL", "OBX": "XOSL", "ICE": "XICE", "BUD": "XBUD",
    "PRA": "XPRA", "BVB": "XBSE", "TAL": "XTAL", "RIS": "XRIS", "LIT": "XLIT", "MCX": "XMOS",
    "TLV": "XTAE", "JNB": "XJSE", "SAU": "XSAU",
    "JPX": "XTKS", "OSA": "XTKS", "FKA": "XTKS", "SAP": "XTKS", "NGO": "XTKS",
    "HKG": "XHKG", "SHH": "XSHG", "SHZ": "XSHG", "TAI": "XTAI", "TWO": "XTAI", "KSC": "XKRX", "KOE": "XKRX",
    "SES": "XSES", "SET": "XBKK", "KLS": "XKLS", "JKT": "XIDX", "PHS": "XPHS", "PHP": "XPHS",
    "NSI": "XBOM", "BSE": "XBOM", "KAR": "XKAR",
    "ASX": "XASX", "CXA": "XASX", "NZE": "XNZE",
    "CCC": EVERY_DAY,
    **dict.fromkeys(("CCY", "CME", "CBT", "CMX", "NYM", "NYB"), WEEKDAYS),  # currencies and futures
}  # fmt: skip


def calendar_of(exchange: str, symbol: str = "") -> str:
    """The trading calendar by Yahoo's code of the exchange, else by what the symbol tells; else WEEKDAYS."""
    known = _CALENDARS.get(exchange)
    if known is not None:
        return known
    return instrument_of(symbol).calendar if symbol else WEEKDAYS


def calendars() -> tuple[str, ...]:
    """Every trading calendar that our tables name."""
    named = {*_CALENDARS.values(), *(row["calendar"] for row in suffixes().values())}
    named |= {one.calendar for one in (*listed().values(), *well_known())}
    return tuple(sorted(named))
