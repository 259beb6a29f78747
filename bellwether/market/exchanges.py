"""Yahoo's exchange codes, and the trading calendar that each exchange keeps."""

from bellwether.market.calendar import EVERY_DAY, WEEKDAYS

_NEW_YORK = (
    "NMS",
    "NGM",
    "NCM",
    "NIM",
    "NYQ",
    "ASE",
    "PCX",
    "BTS",
    "SNP",
    "DJI",
    "CXI",
    "WCB",
    "CBO",
    "PNK",
    "OQB",
    "OQX",
)
_CALENDARS = {
    **dict.fromkeys(_NEW_YORK, "XNYS"),
    "TOR": "XTSE", "VAN": "XTSX", "NEO": "XTSE",
    "MEX": "XMEX", "SAO": "BVMF", "BUE": "XBUE", "SGO": "XSGO",
    "LSE": "XLON", "IOB": "XLON", "ISE": "XDUB", "PAR": "XPAR", "AMS": "XAMS", "BRU": "XBRU", "LIS": "XLIS",
    "GER": "XETR", "FRA": "XFRA", "MUN": "XFRA", "STU": "XFRA", "BER": "XFRA", "DUS": "XDUS", "HAM": "XHAM",
    "EBS": "XSWX", "VIE": "XWBO", "MIL": "XMIL", "MCE": "XMAD", "ATH": "ASEX", "IST": "XIST", "WSE": "XWAR",
    "STO": "XSTO", "CPH": "XCSE", "HEL": "XHEL", "OSL": "XOSL", "ICE": "XICE", "BUD": "XBUD", "PRA": "XPRA",
    "TLV": "XTAE", "JNB": "XJSE", "SAU": "XSAU",
    "JPX": "XTKS", "HKG": "XHKG", "SHH": "XSHG", "SHZ": "XSHG", "TAI": "XTAI", "TWO": "XTAI",
    "KSC": "XKRX", "KOE": "XKRX",
    "SES": "XSES", "SET": "XBKK", "KLS": "XKLS", "JKT": "XIDX", "PHS": "XPHS", "NSI": "XBOM", "BSE": "XBOM",
    "ASX": "XASX", "NZE": "XNZE",
    "CCC": EVERY_DAY,
}  # fmt: skip


def calendar_of(exchange: str) -> str:
    """The trading calendar of an exchange by Yahoo's code for it; WEEKDAYS when we have none."""
    return _CALENDARS.get(exchange, WEEKDAYS)
