"""When a digest is due: a table of instants, exchanges and answers."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bellwether.alerts.rules.digest_due import PRICE_PATIENCE, DigestReason, Prices, decide_digest
from bellwether.alerts.rules.local_time import Rhythm, newest_slot

PLAIN = Rhythm(delay=timedelta(minutes=45), freshness=timedelta(hours=12))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("now", "calendars", "session", "due_at"),
    [
        # an ordinary Thursday: New York closes at 21:00 UTC in winter
        ("2021-12-30T21:50", {"XNYS"}, "2021-12-30", "2021-12-30T21:45"),
        # a second before the close the newest finished session is Wednesday's
        ("2021-12-30T20:59:59", {"XNYS"}, "2021-12-29", "2021-12-29T21:45"),
        # in summer New York closes an hour earlier by UTC
        ("2021-07-01T20:30", {"XNYS"}, "2021-07-01", "2021-07-01T20:45"),
        # clocks went forward on 2021-03-14, a Sunday: Friday is still winter, Monday is summer
        ("2021-03-12T22:00", {"XNYS"}, "2021-03-12", "2021-03-12T21:45"),
        ("2021-03-15T22:00", {"XNYS"}, "2021-03-15", "2021-03-15T20:45"),
        # clocks went back on 2021-11-07
        ("2021-11-08T22:00", {"XNYS"}, "2021-11-08", "2021-11-08T21:45"),
        # the day after Thanksgiving closes at 13:00 in New York
        ("2021-11-26T19:00", {"XNYS"}, "2021-11-26", "2021-11-26T18:45"),
        # a weekend and a holiday belong to the session before
        ("2021-12-26T12:00", {"XNYS"}, "2021-12-23", "2021-12-23T21:45"),
        # Tokyo's day is over long before New York's: the digest waits for both
        ("2021-12-29T08:00", {"XNYS", "XTKS"}, "2021-12-28", "2021-12-28T21:45"),
        ("2021-12-29T21:50", {"XNYS", "XTKS"}, "2021-12-29", "2021-12-29T21:45"),
        # Tokyo rests on 31 December, New York does not: New York is not made to wait
        ("2021-12-31T22:00", {"XNYS", "XTKS"}, "2021-12-31", "2021-12-31T21:45"),
        # what trades every day closes its session at midnight UTC
        ("2021-12-26T01:00", {"24/7"}, "2021-12-25", "2021-12-26T00:45"),
        ("2021-12-24T22:00", {"XNYS", "24/7"}, "2021-12-23", "2021-12-24T00:45"),
    ],
)
def test_the_slot_of_a_watchlist(now: str, calendars: set[str], session: str, due_at: str) -> None:
    slot = newest_slot(calendars, at(now), PLAIN)
    assert slot is not None
    assert (slot.session, slot.due_at) == (date.fromisoformat(session), at(due_at))


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("now", "prices", "reason"),
    [
        ("2021-12-30T21:44:59", Prices.IN, DigestReason.NOT_YET),
        ("2021-12-30T21:45:00", Prices.IN, DigestReason.DUE),
        ("2021-12-30T21:45:00", Prices.LATE, DigestReason.WAITING_FOR_PRICES),
        ("2021-12-31T00:44:59", Prices.LATE, DigestReason.WAITING_FOR_PRICES),
        ("2021-12-31T00:45:00", Prices.LATE, DigestReason.DUE_WITHOUT_PRICES),
        ("2021-12-31T09:44:59", Prices.IN, DigestReason.DUE),
        ("2021-12-31T09:45:00", Prices.IN, DigestReason.TOO_LATE),
        ("2021-12-31T09:45:00", Prices.LATE, DigestReason.TOO_LATE),
        ("2021-12-30T21:44:59", Prices.OUT_OF_DATE, DigestReason.NOT_YET),
        ("2021-12-31T00:45:00", Prices.OUT_OF_DATE, DigestReason.NO_CURRENT_PRICES),
    ],
)
def test_whether_the_digest_is_sent_now(now: str, prices: Prices, reason: DigestReason) -> None:
    assert timedelta(hours=3) == PRICE_PATIENCE
    slot = newest_slot({"XNYS"}, at("2021-12-30T21:30"), PLAIN)
    assert decide_digest(slot, prices, at(now)) is reason


@pytest.mark.sqlite
def test_an_empty_watchlist_has_nothing_due() -> None:
    now = at("2021-12-30T22:00")
    assert newest_slot([], now, PLAIN) is None
    assert decide_digest(None, Prices.IN, now) is DigestReason.NOTHING_WATCHED


@pytest.mark.sqlite
def test_every_reason_explains_itself() -> None:
    assert all(len(reason.value) > 20 for reason in DigestReason)
