"""Facts about reports: what an answer changes, what was known when, and that no fact is ever rewritten."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwether.core.announcement import Announcement
from bellwether.core.errors import StoreError
from bellwether.db.database import Store
from bellwether.market.earnings import announcements_table as kept_facts
from bellwether.market.earnings.known import Facts, in_order, known_on, learned, next_day
from tests.support.database import new_database, store_at

TODAY = date(2022, 1, 10)
NEXT = date(2022, 1, 27)
PAST = (date(2021, 4, 28), date(2021, 7, 27), date(2021, 10, 28))


def told(*days: date, **facts: object) -> Facts:
    return tuple(replace(Announcement("AAPL", day, source="yahoo"), **facts) for day in days)


def after(kept: Facts, answer: Facts, before: date | None, today: date) -> Facts:
    """The facts once an answer is taken in, as the table keeps them."""
    changes = learned(kept, answer, before, today)
    stand = tuple(replace(fact, withdrawn_from=today) if fact in changes.withdrawn else fact for fact in kept)
    return (*stand, *changes.added)


def days(facts: Facts) -> list[date]:
    return [fact.day for fact in facts]


@pytest.mark.sqlite
def test_what_was_over_when_first_asked_is_a_fact_of_the_past_and_what_lies_ahead_is_known_from_today() -> None:
    facts = after((), told(*PAST, NEXT), None, TODAY)
    assert [fact.known_from for fact in facts] == [None, None, None, TODAY]
    assert days(known_on(facts, TODAY - timedelta(1))) == [*PAST], "nobody knew the next one a day before"
    assert days(known_on(facts, TODAY)) == [*PAST, NEXT]


@pytest.mark.sqlite
def test_a_date_that_moves_by_a_week_is_a_new_fact_and_the_old_one_says_until_when_it_stood() -> None:
    facts = after((), told(*PAST, NEXT), None, TODAY)
    moved, later = NEXT + timedelta(7), TODAY + timedelta(3)
    facts = after(facts, told(*PAST, moved), TODAY, later)
    assert [fact for fact in facts if fact.day == NEXT] == list(told(NEXT, known_from=TODAY, withdrawn_from=later))
    assert days(known_on(facts, later - timedelta(1))) == [*PAST, NEXT]
    assert days(known_on(facts, later)) == [*PAST, moved]


@pytest.mark.sqlite
def test_a_report_that_came_on_another_day_than_told_moves_too() -> None:
    facts = after((), told(NEXT), None, TODAY)
    facts = after(facts, told(NEXT + timedelta(2)), TODAY, NEXT + timedelta(3))
    assert days(known_on(facts, NEXT)) == [NEXT]
    assert days(known_on(facts, NEXT + timedelta(3))) == [NEXT + timedelta(2)]


@pytest.mark.sqlite
def test_the_same_answer_again_changes_nothing() -> None:
    facts = after((), told(*PAST, NEXT), None, TODAY)
    for later in (TODAY, TODAY + timedelta(1), NEXT, NEXT + timedelta(40)):
        changes = learned(facts, told(*PAST, NEXT), TODAY, later)
        assert not changes.withdrawn and not changes.added


@pytest.mark.sqlite
def test_an_answer_without_any_future_withdraws_nothing() -> None:
    facts = after((), told(*PAST, NEXT), None, TODAY)
    assert learned(facts, told(*PAST), TODAY, TODAY + timedelta(1)).withdrawn == ()
    assert learned(facts, (), TODAY, TODAY + timedelta(1)).withdrawn == ()


@pytest.mark.sqlite
def test_a_date_that_is_put_off_by_months_does_not_stand() -> None:
    facts = after((), told(NEXT), None, TODAY)
    facts = after(facts, told(NEXT + timedelta(60)), TODAY, TODAY + timedelta(1))
    assert days(known_on(facts, TODAY + timedelta(1))) == [NEXT + timedelta(60)]


@pytest.mark.sqlite
def test_a_report_of_today_stands_though_the_source_tells_the_next_one_already() -> None:
    facts = after((), told(NEXT), None, TODAY)
    assert days(known_on(after(facts, told(NEXT + timedelta(91)), TODAY, NEXT), NEXT)) == [
        NEXT,
        NEXT + timedelta(91),
    ]


@pytest.mark.sqlite
def test_a_report_that_nobody_announced_is_known_from_the_day_on_which_it_is_first_told() -> None:
    facts = after((), told(*PAST), None, TODAY)
    facts = after(facts, told(*PAST, NEXT), NEXT - timedelta(1), NEXT + timedelta(1))
    assert facts[-1].known_from == NEXT + timedelta(1)


@pytest.mark.sqlite
def test_older_reports_that_a_source_adds_later_are_facts_of_the_past() -> None:
    facts = after((), told(*PAST[1:]), None, TODAY)
    facts = after(facts, told(*PAST), TODAY, TODAY + timedelta(1))
    assert next(fact for fact in facts if fact.day == PAST[0]).known_from is None


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "odd",
    [
        told(date(2098, 1, 1)),
        told(date(1899, 1, 1)),
        told(TODAY + timedelta(401)),
    ],
)
def test_days_that_cannot_be_are_left_out(odd: Facts) -> None:
    assert days(after((), (*told(NEXT), *odd), None, TODAY)) == [NEXT]


@pytest.mark.sqlite
def test_doubled_days_are_one_report_and_the_earlier_counts() -> None:
    answer = told(NEXT + timedelta(1), NEXT, NEXT, NEXT + timedelta(19))
    assert days(after((), answer, None, TODAY)) == [NEXT]


@pytest.mark.sqlite
def test_a_range_is_one_fact_and_another_range_another_fact() -> None:
    facts = after((), told(NEXT, last_day=NEXT + timedelta(4)), None, TODAY)
    assert [(fact.day, fact.end) for fact in facts] == [(NEXT, NEXT + timedelta(4))]
    facts = after(facts, told(NEXT), TODAY, TODAY + timedelta(1))
    (now,) = known_on(facts, TODAY + timedelta(1))
    assert now.last_day is None


@pytest.mark.sqlite
@pytest.mark.parametrize("end", [NEXT, NEXT - timedelta(3), NEXT + timedelta(200)])
def test_a_range_that_is_none_or_endless_is_its_first_day(end: date) -> None:
    (fact,) = after((), told(NEXT, last_day=end), None, TODAY)
    assert (fact.day, fact.last_day) == (NEXT, None)


@pytest.mark.sqlite
def test_a_range_that_was_over_when_first_told_is_no_fact() -> None:
    assert after((), told(TODAY - timedelta(9), last_day=TODAY - timedelta(4)), None, TODAY) == ()
    facts = after((), told(NEXT, last_day=NEXT + timedelta(3)), None, TODAY)
    assert after(facts, told(NEXT, last_day=NEXT + timedelta(3)), TODAY, NEXT + timedelta(9)) == facts


@pytest.mark.sqlite
def test_the_next_day_is_one_that_may_still_come() -> None:
    facts = told(PAST[0], NEXT, NEXT + timedelta(90))
    assert next_day(facts, NEXT - timedelta(1)) == facts[1]
    assert next_day(facts, NEXT) == facts[2]
    assert next_day((), NEXT) is None


@pytest.mark.sqlite
def test_words_on_one_report_in_a_file_withdraw_each_other_in_the_order_in_which_they_became_known() -> None:
    first, second = date(2022, 1, 3), date(2022, 1, 12)
    facts = in_order((*told(NEXT + timedelta(7), known_from=second), *told(NEXT, known_from=first), *told(PAST[0])))
    assert days(known_on(facts, first)) == [PAST[0], NEXT]
    assert days(known_on(facts, second)) == [PAST[0], NEXT + timedelta(7)]
    assert days(in_order(told(NEXT, NEXT + timedelta(2)))) == [NEXT], "doubles"


@given(
    answers=st.lists(st.lists(st.integers(-300, 300), max_size=6), max_size=6),
    looked=st.integers(0, 12),
)
@pytest.mark.sqlite
def test_what_was_known_on_a_day_never_changes_afterwards(answers: list[list[int]], looked: int) -> None:
    facts: Facts = ()
    before = None
    seen: dict[date, Facts] = {}
    for at, offsets in enumerate(answers):
        today = TODAY + timedelta(2 * at)
        facts = after(facts, told(*(TODAY + timedelta(offset) for offset in offsets)), before, today)
        before = today
        seen[today] = tuple(fact for fact in known_on(facts, today) if fact.known_from is not None)
    for day, then in seen.items():
        now = [fact for fact in known_on(facts, day) if fact.known_from is not None]
        assert days(tuple(now)) == days(then)


# ---- kept


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(new_database(tmp_path / "t.sqlite3"))


def test_facts_come_back_as_they_were_kept(store: Store) -> None:
    facts = (*told(PAST[0]), *told(NEXT, last_day=NEXT + timedelta(3), time_of_day="amc", known_from=TODAY))
    with store.transaction() as db:
        kept_facts.add(db, facts)
        kept_facts.note_asked(db, "yahoo", "AAPL", datetime(2022, 1, 10, 12, tzinfo=UTC))
    with store.reading() as db:
        assert kept_facts.of_symbol(db, "yahoo", "AAPL") == facts
        assert kept_facts.of_symbol(db, "file", "AAPL") == kept_facts.of_symbol(db, "yahoo", "MSFT") == ()
        assert kept_facts.asked_at(db, "yahoo", "AAPL") == datetime(2022, 1, 10, 12, tzinfo=UTC)
        assert kept_facts.asked_at(db, "yahoo", "MSFT") is None


def test_an_answer_that_cannot_be_read_was_asked_for_and_changes_nothing_about_the_last_one(store: Store) -> None:
    first, second = datetime(2022, 1, 10, 12, tzinfo=UTC), datetime(2022, 1, 11, 12, tzinfo=UTC)
    with store.transaction() as db:
        kept_facts.note_asked(db, "yahoo", "MSFT", first, readable=False)
        kept_facts.note_asked(db, "yahoo", "AAPL", first)
        kept_facts.note_asked(db, "yahoo", "AAPL", second, readable=False)
    with store.reading() as db:
        assert kept_facts.all_asked_at(db, "yahoo") == {"AAPL": second, "MSFT": first}
        assert [kept_facts.answered_at(db, "yahoo", symbol) for symbol in ("AAPL", "MSFT", "BABA")] == [
            first,
            None,
            None,
        ]
        assert kept_facts.asked(db, "yahoo") == (1, first)


def test_a_withdrawn_fact_keeps_the_day_from_which_it_did_not_stand(store: Store) -> None:
    facts = told(NEXT, known_from=TODAY)
    for on in (date(2022, 1, 12), date(2022, 1, 20)):
        with store.transaction() as db:
            if not kept_facts.of_symbol(db, "yahoo", "AAPL"):
                kept_facts.add(db, facts)
            kept_facts.withdraw(db, facts, on)
    with store.reading() as db:
        assert kept_facts.of_symbol(db, "yahoo", "AAPL") == told(
            NEXT, known_from=TODAY, withdrawn_from=date(2022, 1, 12)
        )


@pytest.mark.parametrize("column", ["day", "known_from", "symbol", "last_day"])
def test_the_database_itself_refuses_to_rewrite_a_fact(store: Store, column: str) -> None:
    with store.transaction() as db:
        kept_facts.add(db, told(NEXT, known_from=TODAY))
    with pytest.raises(StoreError) as refused, store.transaction() as db:
        db.execute(f"UPDATE announcements SET {column} = '2022-02-02'")
    assert "never changed" in refused.value.for_operator
