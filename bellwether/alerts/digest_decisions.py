"""Whether a digest is sent, and what it says. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bellwether.alerts.observed_digest import DigestTopic, ObservedDigest, OpenDigest
from bellwether.alerts.rules.budget import surprise_of_rarity
from bellwether.alerts.rules.digest_due import DigestReason, Prices, decide_digest
from bellwether.alerts.rules.rarity import BIG, Remark
from bellwether.alerts.text.digest import Digest, Digests, Notes
from bellwether.alerts.text.digest_lines import DigestEntry
from bellwether.alerts.text.digest_notes import how_they_turned_out, what_else_fired
from bellwether.core.alert_types import Alert
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.delivery.lateness import about_lateness
from bellwether.delivery.message_kinds import DIGEST
from bellwether.delivery.messages import is_reader
from bellwether.delivery.offers import Offer, forecast_of
from bellwether.delivery.outbox_table import Draft
from bellwether.forecasting.list_sentences import digest_line
from bellwether.track_record.grading import Grade, grades

_MOST_FIRST = 5  #: symbols told of with a line of why; the others are one line each
_ALL = 4  #: watched symbols that all have a button
_MOST_OFFERED = 8  #: buttons: two rows
DUE = frozenset({DigestReason.DUE, DigestReason.DUE_WITHOUT_PRICES})


def digest_key(chat_id: int, session: date) -> str:
    """The dedup_key of the digest of a chat and session."""
    return f"{DIGEST}:{chat_id}:{session}"


@dataclass(frozen=True, slots=True)
class DigestDecision:
    """What is to be written about a digest: its row, that there is nothing worth one, or nothing yet."""

    digest: OpenDigest
    reason: DigestReason
    topics: Sequence[DigestTopic] = ()
    draft: Draft | None = None  #: None: nothing is written

    @property
    def worth_sending(self) -> bool:
        """Whether its row is sent: one that is not is kept so that no tick asks again."""
        return self.reason is not DigestReason.NOTHING_UNUSUAL


def reason_of(digest: OpenDigest, topics: Sequence[DigestTopic], now: datetime, *, live: bool) -> DigestReason:
    """Whether a digest is to be sent now, by its prices; those of a market that is not live are not waited for."""
    prices = Prices.IN
    if live and all(topic.is_stale for topic in topics):
        prices = Prices.OUT_OF_DATE
    elif live and any(topic.is_late for topic in topics):
        prices = Prices.LATE
    return decide_digest(digest.slot, prices, now)


def decide_row(
    seen: ObservedDigest, words: Digests, now: datetime, present: datetime, wishes: ChatWishes
) -> DigestDecision:
    """The row of one digest; `now` and `present` are as in `ChatWishes.begin`."""
    digest, topics, reason = seen.digest, seen.topics, seen.reason
    if reason not in DUE:
        return DigestDecision(digest, reason)
    chat_id, slot, settings = digest.chat_id, digest.slot, digest.settings
    text, offers = "", tuple[Offer, ...]()
    if digest.wants_remark and seen.remark is Remark.NOTHING:
        reason, topics = DigestReason.NOTHING_UNUSUAL, ()
    else:
        with wishes.speaking(chat_id):
            late = about_lateness(slot.due_at, now, digest.watching_since, settings.timezone)
            inside, others = turned_out(topics)
            unjudged = sum(topic.unjudged for topic in topics)
            ended = how_they_turned_out(others, unjudged, headed=inside is not None)
            opening = "\n".join(line for line in (late, ended) if line)
            together = digest_line(seen.together) if seen.together is not None else ""
            notes = Notes(opening, what_else_fired(digest.folded), not is_reader(chat_id), together)
            entries = [topic.entry for topic in topics]
            told = Digest(entries, standing_out(entries), slot.session, inside, slot.weeks is not None)
            text, offers = words.write(told, notes), _offers(told, digest.folded, words.horizon)
    # it may have become due before the quiet hours, and waited for prices into them
    draft = wishes.draft(DIGEST, chat_id, str(slot.session), text, slot.fresh_until - now, now, present, offers=offers)
    return DigestDecision(digest, reason, topics, draft)


def standing_out(entries: Sequence[DigestEntry]) -> list[DigestEntry]:
    """The symbols that are told of first, the most unusual first: out of their range, far moved, of a rare outlook."""
    unusual = [entry for entry in entries if _is_out(entry) or _moved(entry) >= BIG or entry.rarity is not None]
    return sorted(unusual, key=lambda entry: -max(_moved(entry), _rareness(entry)))[:_MOST_FIRST]


def _is_out(entry: DigestEntry) -> bool:
    return entry.ended is not None and not entry.ended[1].held


def _moved(entry: DigestEntry) -> float:
    return entry.move.surprise if entry.move is not None and entry.is_current else 0.0


def _rareness(entry: DigestEntry) -> float:
    return surprise_of_rarity(entry.rarity.share) if entry.rarity is not None else 0.0


def turned_out(topics: Sequence[DigestTopic]) -> tuple[Grade | None, list[Grade]]:
    """How many stayed within the ranges that the last digest told until now, and the other ranges that ended.

    No range is counted in both, so that the headline and the line below it cannot contradict each other. The first is
    None where none ended.
    """
    until_now = [topic.entry.ended for topic in topics if topic.entry.ended is not None]
    others = [pair for topic in topics for pair in topic.ended if pair != topic.entry.ended]
    if not until_now:
        return None, grades(others)
    longest = max(told.horizon for told, _ in until_now)
    return Grade(longest, sum(graded.held for _, graded in until_now), len(until_now)), grades(others)


def _offers(told: Digest, folded: Sequence[Alert], horizon: int) -> tuple[Offer, ...]:
    """The forecasts that a digest offers: of what it names first, and of all where that is little."""
    names = [entry.instrument.symbol for entry in told.first] + [alert.symbol for alert in folded]
    if len(told.entries) <= _ALL:
        names += [entry.instrument.symbol for entry in told.entries if entry.forecast is not None]
    return tuple(forecast_of(symbol, horizon) for symbol in list(dict.fromkeys(names))[:_MOST_OFFERED])
