"""A digest that may be due, and what is seen of its symbols: what a digest is decided by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bellwether.alerts.rules.digest_due import DigestReason, DigestSlot
from bellwether.alerts.rules.rarity import Remark
from bellwether.alerts.text.digest_lines import DigestEntry
from bellwether.core.alert_types import Alert, AlertSettings, DigestMode
from bellwether.forecasting.list_forecast import ListForecast
from bellwether.track_record.grading import GradedRange, Range


@dataclass(frozen=True, slots=True)
class DigestTopic:
    """One symbol on one session."""

    entry: DigestEntry
    is_stale: bool  #: its prices ended long ago
    is_late: bool  #: waiting may bring its bar; a symbol that is gone or stale must not hold up the others
    told: tuple[Range, ...] = ()  #: ranges that a digest about it tells
    ended: tuple[tuple[Range, GradedRange], ...] = ()  #: ranges told before that end with this session
    unjudged: int = 0  #: of these, those of which a close is missing


@dataclass(frozen=True, slots=True)
class OpenDigest:
    """A digest that a chat may be owed now."""

    chat_id: int
    slot: DigestSlot
    settings: AlertSettings
    symbols: Sequence[str]  #: that the chat watches, of the exchanges that traded
    folded: Sequence[Alert]  #: that wait for it, the most surprising first
    watching_since: datetime  #: when the chat began to watch anything that it still watches

    @property
    def wants_remark(self) -> bool:
        """Whether it is sent only when something is unusual."""
        return self.settings.digest_mode is DigestMode.UNUSUAL


@dataclass(frozen=True, slots=True)
class ObservedDigest:
    """A digest, and what was seen of its symbols."""

    digest: OpenDigest
    topics: Sequence[DigestTopic]
    reason: DigestReason  #: whether it is to be sent now, by how far its prices reach
    remark: Remark  #: what was unusual, where it is sent only then
    together: ListForecast | None = None  #: the range of all its symbols held in equal parts
