"""What a target is: one more place where a chat hears of its alerts and digests. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bellwether.core.sealing import Sealer

_CODES = 10**6


class TargetKind(Enum):
    """What is at a target; the value is how it is called in rows and in actions of buttons."""

    MAIL = "mail"
    DISCORD = "discord"
    SLACK = "slack"
    NTFY = "ntfy"
    MATRIX = "matrix"
    GOTIFY = "gotify"
    PUSHOVER = "pushover"
    TEAMS = "teams"
    OTHER = "other"  #: whatever else apprise knows, where the operator allows it


class TargetState(Enum):
    """Whether anything goes to a target."""

    UNPROVED = "unproved"  #: nothing but the code
    PROVED = "proved"  #: what its chat hears of
    STOPPED = "stopped"  #: nothing


class StopReason(Enum):
    """Why a target is stopped."""

    CHAT = "chat"  #: its chat said so, and may say otherwise
    LINK = "link"  #: whoever reads there said so
    REFUSED = "refused"  #: it answered that it takes nothing more
    PRIVATE = "private"  #: it leads into a private network
    SILENT = "silent"  #: nothing arrived for days


@dataclass(frozen=True, slots=True)
class Target:
    """One more place where a chat hears of its alerts and digests."""

    id: int
    chat_id: int
    kind: TargetKind
    address: str  #: sealed: a mail address, or an address of apprise with its secrets
    shown: str  #: as much of it as may be shown
    mark: str  #: by which equal addresses are known
    state: TargetState
    created_at: datetime
    asked_at: datetime  #: when the code was last owed to it
    wrong_codes: int  #: typed since then
    was_proved: bool  #: since it was last asked
    stopped_why: StopReason | None
    failures: int  #: in a row
    failing_since: datetime | None
    refusal: StopReason | None  #: for which all failures since then speak, with none of another sort between
    refusing_since: datetime | None
    link_generation: int  #: of a reader's links: those of earlier ones lead nowhere


def code_of(target: Target, sealer: Sealer) -> str:
    """The code that proves a target: it is in no row, so no export of a chat tells it."""
    mark = sealer.mark("code", f"{target.id} {target.asked_at.isoformat()}")
    return f"BW-{int(mark[:15], 16) % _CODES:06}"


def stop_token(target_id: int, created_at: datetime, sealer: Sealer) -> str:
    """What an address needs that stops a target, without further question."""
    return f"{target_id}-{sealer.mark('stop', f'{target_id} {created_at.isoformat()}')[:32]}"


def confirm_token(target: Target, sealer: Sealer) -> str:
    """What an address needs by which whoever reads at a mailbox wants to be a reader; it goes there alone."""
    return (
        f"{target.id}-{sealer.mark('confirm', f'{target.id} {target.asked_at.isoformat()}{_generation(target)}')[:32]}"
    )


def reader_token(target: Target, sealer: Sealer) -> str:
    """What an address needs that leads to all that a reader chose; it goes to their mailbox alone."""
    return (
        f"{target.id}-{sealer.mark('reader', f'{target.id} {target.created_at.isoformat()}{_generation(target)}')[:32]}"
    )


def access_token(target: Target, at: datetime, sealer: Sealer) -> str:
    """What an address needs that shows and deletes all of a reader; it is good for an hour from `at`, to the second."""
    seconds = int(at.timestamp())
    about = f"{target.id} {target.created_at.isoformat()}{_generation(target)} {seconds}"
    return f"{target.id}-{seconds}-{sealer.mark('access', about)[:32]}"


def _generation(target: Target) -> str:
    """Nothing for the first: links in mails that were sent before there were others still lead where they did."""
    return f" {target.link_generation}" if target.link_generation else ""
