"""What must hold when an evening of trouble is over, and the figures of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from bellwether.db.database import Store
from bellwether.delivery.outbox_table import FORBIDDEN, GONE
from bellwether.track_record.ledger.verify import verify
from tests.chaos.plan import GROUP, PEOPLE, READER, SUPERGROUP, UNREADABLE
from tests.support.bot_api_server.server import TelegramServer

_SET_BACK = "the clock of this machine was set back"


class Broken(AssertionError):
    """A promise that was not kept."""


@dataclass
class Figures:
    """What happened, summed over evenings and runs."""

    evenings: int = 0
    kills: int = 0
    faults: int = 0
    in_flight: int = 0  #: messages on their way at the kills
    owed: int = 0  #: digests that had to arrive
    missing: int = 0
    expired: int = 0  #: digests that went out of date while their chat let nobody write: they are not missing
    twice: int = 0  #: copies beyond the first, of digests
    explained: int = 0  #: attempts whose outcome nobody could know: each may have made one copy
    targets_owed: int = 0  #: digests that had to arrive beside Telegram too
    targets_missing: int = 0
    targets_left: int = 0  #: not owed there any more, since their chat had blocked the bot
    targets_twice: int = 0  #: copies beyond the first
    targets_explained: int = 0  #: attempts whose outcome nobody could know
    asked: int = 0
    unanswered: int = 0
    unreadable: int = 0  #: updates that nobody can decode
    floods: int = 0  #: messages that Telegram refused because they came too fast
    answered_twice: int = 0  #: copies beyond the first, of answers
    take_overs: int = 0  #: of the lease by the other host
    hangs: int = 0  #: of a host
    cuts: int = 0  #: of a host's way to the database or to Telegram
    ended: int = 0  #: times that the database server ended all connections
    stops: int = 0  #: of the database server
    beside: int = 0  #: digests sent by a host that had claimed them before it lost the lease

    def add(self, other: Figures) -> None:
        """Sum up."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass
class Happened:
    """What people did in a run, as far as the promises are about it."""

    asked: dict[str, int] = field(default_factory=dict)  #: chats, by words that only the answer has
    typed: dict[str, str] = field(default_factory=dict)  #: what they typed for it, by the same words
    blocked: set[int] = field(default_factory=set)  #: chats that blocked the bot for a while
    shut: set[int] = field(default_factory=set)  #: chats that let nobody write until what was owed was out of date
    unreadable: int = 0  #: updates that the Telegram library cannot decode
    set_back: bool = False  #: a clock was, by more than the ledger takes without a word


def settled(store: Store, session: date, but: set[int]) -> bool:
    """Whether the evening is over: every digest of the session arrived or went out of date, every update was answered.

    But for the chats that still let nobody write.
    """
    with store.reading() as db:
        digests = db.rows(
            "SELECT recipient_id AS chat_id, state FROM outbox WHERE dedup_key LIKE :key",
            {"key": f"digest:%:{session}"},
        )
        open_updates = db.rows("SELECT body FROM inbox WHERE done_at IS NULL")
    done = {row["chat_id"] for row in digests if row["state"] in {"sent", "expired"}}
    waits = [row for row in open_updates if not any(f'"id":{chat}' in row["body"].replace(" ", "") for chat in but)]
    return len(done | but) >= len(PEOPLE) + 1 and not waits


def is_out_of_date(store: Store, session: date, chats: set[int]) -> bool:
    """Whether the digests of these chats have all gone out of date, or arrived before."""
    with store.reading() as db:
        sql = "SELECT recipient_id AS chat_id, state FROM outbox WHERE dedup_key LIKE :key"
        digests = db.rows(sql, {"key": f"digest:%:{session}"})
    return {row["chat_id"] for row in digests if row["state"] in {"sent", "expired"}} >= chats


def check(server: TelegramServer, store: Store, sessions: list[date], happened: Happened) -> Figures:
    """Hold the world against the promises. Raises Broken, saying which one and for whom."""
    with store.reading() as db:
        outbox = db.rows("SELECT *, recipient_id AS chat_id FROM outbox WHERE recipient_kind = 'chat'")
        open_updates = db.rows("SELECT update_id, attempts FROM inbox WHERE done_at IS NULL")
        aside = db.rows("SELECT update_id FROM inbox WHERE set_aside = 'unreadable'") if UNREADABLE else []
    asked = happened.asked
    figures = Figures(evenings=len(sessions), asked=len(asked), floods=server.flood_hits)
    figures.unreadable = happened.unreadable
    _one_row_each(outbox, sessions)
    for row in outbox:
        copies = _copies(server, row)
        figures.owed += 1
        figures.missing += copies == 0
        figures.twice += max(copies - 1, 0)
        figures.explained += row["uncertain"]
        why = str(row["last_error"])
        # who was blocked first, and shut when the block was over, may never have been tried in between
        was_shut = why.startswith(FORBIDDEN) or (why.startswith(GONE) and row["chat_id"] in happened.shut)
        if row["state"] == "expired" and was_shut:
            figures.expired += 1
            figures.missing -= copies == 0
        elif copies == 0:
            raise Broken(f"{row['dedup_key']} never arrived: {row}")
        if copies > 1 + row["uncertain"]:
            raise Broken(f"{row['dedup_key']} came {copies} times, {row['uncertain']} times uncertain: {row}")
    _in_order(server, sessions)
    if len(aside) != happened.unreadable:
        raise Broken(f"{len(aside)} of {happened.unreadable} updates that nobody can decode were set aside")
    if open_updates:
        raise Broken(f"updates were left unanswered: {open_updates}")
    for command, chat_id in asked.items():
        answers = sum(command in message.text for message in server.messages(chat_id))
        figures.answered_twice += max(answers - 1, 0)
        if not answers:
            figures.unanswered += 1
            if chat_id not in happened.blocked:
                raise Broken(f"{command} of chat {chat_id} got no answer")
    if server.violations:
        raise Broken(f"requests that Telegram would refuse: {server.violations}")
    return figures


def check_whole(server: TelegramServer, store: Store, symbols: tuple[str, ...], sessions: int) -> None:
    """The long digests arrived whole: every symbol, in order, and again only as often as attempts ended unknown."""
    with store.reading() as db:
        sql = "SELECT text, uncertain FROM outbox WHERE recipient_id = :chat AND recipient_kind = 'chat' ORDER BY id"
        digests = db.rows(sql, {"chat": READER})
    written, uncertain = [str(digest["text"]) for digest in digests], sum(digest["uncertain"] for digest in digests)
    texts = [message.text for message in server.messages(READER)]
    firsts = []
    for name in sorted((f"({symbol}) " for symbol in symbols), key=written[0].index):  # an answer ends the line there
        wanted, came = [text.count(name) for text in written], sum(text.count(name) for text in texts)
        if len(wanted) != sessions or min(wanted) == 0:
            raise Broken(f"{name} stands in {wanted} places of {sessions} digests")
        if not sum(wanted) <= came <= sum(wanted) + max(wanted) * uncertain:
            raise Broken(f"{name} came {came} times in place of {wanted}, {uncertain} times uncertain")
        firsts.append(next(at for at, text in enumerate(texts) if name in text))
    if firsts != sorted(firsts) or firsts[0] == firsts[-1]:
        raise Broken(f"the parts of a long digest came out of order, or in one message: {firsts}")


def check_ledger(store: Store, happened: Happened) -> None:
    """The ledger proves itself, but for a clock that was set back."""
    verified = verify(store)
    problems = [told for told in verified.problems if not (happened.set_back and _SET_BACK in told)]
    if problems or not verified.ledger.rows:
        raise Broken(f"the ledger does not prove itself: {problems}")


def _one_row_each(outbox: list[dict[str, Any]], sessions: list[date]) -> None:
    found = Counter((_chat(row["chat_id"]), row["kind"], row["dedup_key"].rpartition(":")[2]) for row in outbox)
    wanted = {(chat_id, "digest", str(session)): 1 for chat_id in (*PEOPLE, GROUP) for session in sessions}
    if dict(found) != wanted:
        raise Broken(f"rows that differ from one a chat and session: {set(found.items()) ^ set(wanted.items())}")


def _chat(chat_id: int) -> int:
    """The group keeps its first number here."""
    return GROUP if chat_id == SUPERGROUP else chat_id


def _copies(server: TelegramServer, row: dict[str, Any]) -> int:
    """How often a digest arrived, under either number of its chat."""
    day = date.fromisoformat(row["dedup_key"].rpartition(":")[2])
    return sum(f"Close of {day.day} {day:%B}." in message.text for message in _all(server, row["chat_id"]))


def _in_order(server: TelegramServer, sessions: list[date]) -> None:
    """In every chat the first copies come in the order of their sessions."""
    for chat_id in (*PEOPLE, GROUP):
        texts = [message.text for message in _all(server, chat_id)]
        firsts = [
            at
            for day in sessions
            for at in [next((at for at, text in enumerate(texts) if f"Close of {day.day} {day:%B}." in text), None)]
            if at is not None  # what went out of date; whether it may be missing is looked at elsewhere
        ]
        if firsts != sorted(firsts):
            raise Broken(f"chat {chat_id} got its digests out of order: {firsts}")


def _all(server: TelegramServer, chat_id: int) -> list[Any]:
    numbers = (GROUP, SUPERGROUP) if _chat(chat_id) == GROUP else (chat_id,)
    return [message for number in numbers for message in server.messages(number)]
