"""The price that lies a given move away from a close: "5 % down from today" as money. Pure."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from bellwether.core.i18n.numbers import price_digits


def level_at(close: float, move: float) -> float:
    """The price that is `move`, a fraction, away from `close`, both as quoted.

    It has the digits that a price of its size is written with, so that what is watched is what was shown. It is rounded
    away from the close: whatever reaches it has moved that far.
    """
    digits = price_digits(close * (1 + move))
    exact = Decimal(f"{close:.{digits}f}") * (1 + Decimal(f"{move:.6g}"))
    return float(exact.quantize(Decimal(1).scaleb(-digits), ROUND_FLOOR if move < 0 else ROUND_CEILING))
