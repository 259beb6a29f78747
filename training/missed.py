"""Why the ranges of a replay missed, as the tables of docs/track-record.md. Pure."""

from collections.abc import Iterable

from bellwether.track_record.misses.reasons import CauseShare, MissReasons, WhyMissed


def tables(why: WhyMissed) -> list[str]:
    """Two tables in Markdown: the classes of misses, and each cause among misses and ranges that held."""
    rows = (why.pooled, *why.by_horizon)
    names = [row.name.name for row in why.pooled.classes]
    causes = [row.cause.name for row in why.pooled.causes]
    return [
        *_table(("sessions ahead", "misses", *names), (_classes(row) for row in rows)),
        "",
        *_table(("sessions ahead", *(f"{name}: missed / held" for name in causes)), (_shares(row) for row in rows)),
    ]


def _classes(row: MissReasons) -> list[str]:
    shares = (f"{100 * part.misses / row.misses:.0f} %" if row.misses else "" for part in row.classes)
    return [_ahead(row), f"{row.misses:,}", *shares]


def _shares(row: MissReasons) -> list[str]:
    return [_ahead(row), *(f"{_missed(cause)} / {_held(cause)}" for cause in row.causes)]


def _missed(cause: CauseShare) -> str:
    return _percent(cause.in_misses, cause.of_misses)


def _held(cause: CauseShare) -> str:
    return _percent(cause.in_held, cause.of_held)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "not known"


def _ahead(row: MissReasons) -> str:
    return "1 to 21" if row.horizon is None else str(row.horizon)


def _table(head: Iterable[str], rows: Iterable[list[str]]) -> list[str]:
    names = list(head)
    return [f"| {' | '.join(cells)} |" for cells in (names, ["---"] * len(names), *rows)]
