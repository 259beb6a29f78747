"""The way from a chat to the page where targets are set up: a link that opens once, and a visit, each for an hour.

Both are sealed words, so no row has them; that a link was opened is a mark. A look at it opens nothing, for apps look
at links by themselves.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from bellwether.core.sealing import Sealer, Unsealable
from bellwether.db.database import stamp, unstamp
from bellwether.delivery.targets import ask, targets_table
from bellwether.delivery.targets.terms import TargetTerms
from bellwether.services import Services

_GOOD_FOR = timedelta(hours=1)
_LINK, _VISIT = "link", "visit"
_LONGEST = 400  #: characters of a token


@dataclass(frozen=True, slots=True)
class Visit:
    """Whoever opened a link of their chat."""

    chat_id: int
    language: str
    token: str  #: to go on with, until the hour is over
    nonce: str  #: of this link or visit alone


def link(services: Services, chat_id: int, language: str) -> str:
    """A new link for a chat; empty where nobody reaches the page, nothing can be set up, or others read too."""
    url, sealer = services.settings.web.public_url.rstrip("/"), TargetTerms.of(services.settings).sealer
    if not url or sealer is None or chat_id <= 0 or not ask.offered(services):
        return ""
    return f"{url}/channels/{_sealed(_LINK, chat_id, language, services.clock(), sealer)}"


def is_good(services: Services, token: str) -> bool:
    """Whether a link of ours can still be opened. Raises StoreError."""
    sealer = TargetTerms.of(services.settings).sealer
    meant = _read(services, _LINK, token, sealer) if sealer is not None else None
    if sealer is None or meant is None:
        return False
    with services.store.reading() as db:
        return not targets_table.requests_since(db, _mark(meant, sealer), services.clock() - _GOOD_FOR)


def open_once(services: Services, token: str) -> Visit | None:
    """Open a link; None where it was opened before, has lapsed, or is none of ours. Raises StoreError."""
    sealer, now = TargetTerms.of(services.settings).sealer, services.clock()
    meant = _read(services, _LINK, token, sealer) if sealer is not None else None
    if sealer is None or meant is None:
        return None
    mark = _mark(meant, sealer)
    with services.store.transaction() as db:
        db.one_at_a_time("targets")  # or of two at once both would be the first
        if targets_table.requests_since(db, mark, now - _GOOD_FOR):
            return None
        targets_table.note_request(db, mark, now)
    return _read(services, _VISIT, _sealed(_VISIT, meant.chat_id, meant.language, now, sealer), sealer)


def visit(services: Services, token: str) -> Visit | None:
    """Whoever opened a link within the hour; None for anybody else."""
    sealer = TargetTerms.of(services.settings).sealer
    return _read(services, _VISIT, token, sealer) if sealer is not None else None


def _sealed(what: str, chat_id: int, language: str, now: datetime, sealer: Sealer) -> str:
    return sealer.seal(f"{what} {chat_id} {language} {stamp(now)} {secrets.token_hex(8)}").rstrip("=")


def _read(services: Services, what: str, token: str, sealer: Sealer) -> Visit | None:
    if len(token) > _LONGEST or not token.isascii():
        return None
    try:
        words = sealer.unseal(token + "=" * (-len(token) % 4)).split(" ")
    except Unsealable:
        return None
    if len(words) != 5 or words[0] != what or services.clock() - unstamp(words[3]) >= _GOOD_FOR:
        return None
    return Visit(int(words[1]), words[2], token, words[4])


def _mark(link: Visit, sealer: Sealer) -> str:
    """That a link was opened: by what is sealed in it, however it is written."""
    return sealer.mark("opened", link.nonce)
