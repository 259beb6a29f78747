"""Whether a digest is sent, and what it says. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bellwether.alerts.observed_digest import DigestTopic, ObservedDigest, OpenDigest
from bellwether.alerts.rules.digest_due import DigestReason, Prices, decide_digest
from bellwether.alerts.rules.rarity import Remark
from bellwether.alerts.text.digest import Digests, Notes
from bellwether.alerts.text.digest_notes import how_they_turned_out, what_else_fired, why_it_comes
from bellwether.delivery.chat_wishes import ChatWishes
from bellwether.delivery.lateness import about_lateness, is_late
from bellwether.delivery.message_kinds import DIGEST
from bellwether.delivery.outbox_table import Draft
from bellwether.track_record.grading import grades

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
    chat_id, slot, settings, text = digest.chat_id, digest.slot, digest.settings, ""
    if digest.wants_remark and seen.remark is Remark.NOTHING:
        reason, topics = DigestReason.NOTHING_UNUSUAL, ()
    else:
        with wishes.speaking(chat_id):
            late = about_lateness(slot.due_at, settings.timezone) if is_late(slot.due_at, now) else ""
            graded = grades(pair for topic in topics for pair in topic.ended)
            ended = how_they_turned_out(graded, sum(topic.unjudged for topic in topics))
            notes = Notes(
                "\n".join(line for line in (late, ended) if line),
                what_else_fired(digest.folded),
                why_it_comes(settings.digest_mode, seen.remark, len(digest.symbols)),
            )
            text = words.write([topic.entry for topic in topics], slot.session, notes)
    # it may have become due before the quiet hours, and waited for prices into them
    draft = wishes.draft(DIGEST, chat_id, str(slot.session), text, slot.fresh_until - now, now, present)
    return DigestDecision(digest, reason, topics, draft)
