"""Numbers and tables as the generated pages write them."""

from collections.abc import Sequence
from typing import Any


def percent(share: float, digits: int = 2, sign: bool = True) -> str:
    """`0.0169` as `+1.69 %`."""
    return f"{100 * share:{'+' if sign else ''}.{digits}f} %"


def between(interval: Sequence[float] | None, digits: int = 2, sign: bool = True) -> str:
    """`[+1.05, +2.33]`, in percent."""
    if not interval:
        return "[too few weeks]"
    form = f"{'+' if sign else ''}.{digits}f"
    return f"[{100 * interval[0]:{form}}, {100 * interval[1]:{form}}]"


def ratio(value: float) -> str:
    """A plain number with three digits."""
    return f"{value:.2f}"


def span_words(document: dict[str, Any]) -> str:
    """`the test span 2019-2021`."""
    years = f"{document['first'][:4]}-{document['last'][:4]}"
    return (
        f"the {document['span']} span {years}"
        if document["span"] != "other"
        else f"{document['first']} to {document['last']}"
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
