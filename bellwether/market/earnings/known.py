"""What was known of a company's reports on a day, and what an answer of a source changes about it. Pure.

kept facts, answer of today -> facts to withdraw, facts to add
facts, a day -> those that stood on that day
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bellwether.core.announcement import Announcement

NEIGHBOURS = timedelta(days=20)  #: two days of a company no farther apart are one report: it reports once a quarter
FARTHEST = timedelta(days=400)  #: ahead; what lies later is a typing error, or nobody's knowledge
EARLIEST = date(1960, 1, 1)
LONGEST = timedelta(days=31)  #: a range that is longer tells nothing

Facts = tuple[Announcement, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What an answer changes."""

    withdrawn: Facts  #: kept facts that no longer stand, as they were kept
    added: Facts


def known_on(facts: Iterable[Announcement], day: date) -> Facts:
    """The facts that were known on a day and stood, by their days.

    One of which nobody says when it became known is always among them: who reads it must not believe it too early.
    """
    stood = (
        fact
        for fact in facts
        if (fact.known_from is None or fact.known_from <= day)
        and (fact.withdrawn_from is None or fact.withdrawn_from > day)
    )
    return tuple(sorted(stood, key=lambda fact: fact.day))


def learned(facts: Facts, told: Iterable[Announcement], asked_before: date | None, today: date) -> Changes:
    """What a source's answer of `today` changes in the `facts` so far; `asked_before` is the day of the answer before.

    A day that was over before anybody asked is a fact of the past, whose `known_from` nobody knows. A day near one that
    the source no longer tells is the same report, moved. What lies ahead and is not told any more does not stand, but
    only where the source tells some other day ahead: an answer may lack its future altogether.
    """
    answer = distinct(fact for fact in believable(told, today) if not _is_over_untold(fact, today))
    standing = [fact for fact in facts if fact.withdrawn_from is None]
    unchanged = {_said(fact) for fact in standing} & {_said(fact) for fact in answer}
    before = [fact for fact in standing if _said(fact) not in unchanged]
    new = [fact for fact in answer if _said(fact) not in unchanged]
    moved = [fact for fact in before if any(_are_one(fact, other) for other in answer)]
    tells_ahead = any(fact.end > today for fact in answer)
    dropped = [fact for fact in before if fact not in moved and fact.day > today and tells_ahead]
    added = tuple(
        replace(fact, known_from=None if _was_over(fact, moved, asked_before, today) else today) for fact in new
    )
    return Changes((*moved, *dropped), added)


def believable(told: Iterable[Announcement], today: date) -> list[Announcement]:
    """Without days that cannot be; a range that is none, or too long to tell anything, is its first day."""
    days = (fact for fact in told if EARLIEST <= fact.day <= today + FARTHEST)
    return [believable_range(fact) for fact in days]


def believable_range(fact: Announcement) -> Announcement:
    """The fact without its last day where that makes no range, or one too long to tell anything."""
    is_range = fact.last_day is not None and fact.day < fact.last_day <= fact.day + LONGEST
    return fact if is_range or fact.last_day is None else replace(fact, last_day=None)


def distinct(facts: Iterable[Announcement]) -> Facts:
    """One fact of each report, ascending: of neighbours the earlier, but a range before a day within it."""
    reports: list[Announcement] = []
    for fact in sorted(facts, key=lambda fact: (fact.day, fact.last_day is None)):
        if not reports or not _are_one(reports[-1], fact):
            reports.append(fact)
    return tuple(reports)


def next_day(facts: Facts, after: date) -> Announcement | None:
    """The first report that may still come after a day; None where none is told."""
    return next((fact for fact in facts if fact.end > after), None)


def in_order(told: Sequence[Announcement]) -> Facts:
    """Facts as a file tells them, where the later word on a report withdraws the earlier one.

    Words on one report that do not tell when they became known are doubles: the earlier day counts.
    """
    facts: list[Announcement] = []
    latest: Announcement | None = None
    for fact in sorted(told, key=lambda fact: fact.day):
        if latest is None or not _are_one(latest, fact):
            facts.append(fact)
            latest = fact
        elif latest.known_from is not None and fact.known_from is not None and latest.known_from != fact.known_from:
            first, second = sorted((latest, fact), key=lambda word: word.known_from or date.min)
            facts[facts.index(latest)] = replace(first, withdrawn_from=second.known_from)
            facts.append(second)
            latest = second
    return tuple(facts)


def _was_over(fact: Announcement, moved: Iterable[Announcement], asked_before: date | None, today: date) -> bool:
    """Whether a report was over when it could first have been heard of, and is no other word on one kept."""
    return fact.end < (asked_before or today) and not any(_are_one(fact, old) for old in moved)


def _is_over_untold(fact: Announcement, today: date) -> bool:
    """Whether a range is over and nobody says on which of its days the report came: a fact only where it is kept."""
    return fact.last_day is not None and fact.last_day < today


def _said(fact: Announcement) -> tuple[date, date]:
    return fact.day, fact.end


def _are_one(first: Announcement, second: Announcement) -> bool:
    return abs(first.day - second.day) <= NEIGHBOURS
