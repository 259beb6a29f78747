"""What `doctor` says of the channels beside Telegram: which are on, what is missing, and whether all can be reached."""

import logging
from pathlib import Path

from bellwether.core.config import PREFIX, Settings
from bellwether.core.errors import StoreError
from bellwether.core.places import COMMAND
from bellwether.core.sealing import Sealer, Unsealable
from bellwether.core.types import Check
from bellwether.db.database import Store
from bellwether.delivery.targets import kinds, targets_table
from bellwether.delivery.targets.kept_key import KeySource, are_rows_shared, file_of, is_open_to_others, may_be_made
from bellwether.delivery.targets.target import TargetKind
from bellwether.delivery.targets.terms import TargetTerms

SAMPLE = 100  #: addresses that are unsealed: of very many this takes long, and one key sealed most of them
log = logging.getLogger(__name__)
_KEEPS = "What is owed to them is kept while it is fresh."
_A_KEY = f"Set {PREFIX}CHANNELS__KEY to what `{COMMAND} database key` prints, the same on every host."


def examine_channels(settings: Settings, store: Store) -> list[Check]:
    """What is wrong; where nothing is, what people may set up and what they have."""
    terms = TargetTerms.of(settings)
    try:
        with store.reading() as db:
            counts, sample = targets_table.count_in_use(db), targets_table.sample_in_use(db, SAMPLE)
            needs_key = targets_table.needs_key(db)
    except StoreError:  # which has a line of its own
        return []
    problems = [*_of_key(settings, terms, counts, sample), *_of_mail(terms, counts)]
    if problems:
        return [Check("Channels", False, detail, advice) for detail, advice in problems]
    if terms.limit == 0:
        return [Check("Channels", True, "off: CHANNELS__LIMIT is 0")]
    if terms.sealer is None:
        return [
            Check("Channels", True, "off: there is no key that would encrypt addresses.", _how(settings, needs_key))
        ]
    return [Check("Channels", True, "; ".join(_all_well(settings, terms, counts)))]


def warn_of_key(settings: Settings, store: Store) -> None:
    """Say in the log, as a service starts, what keeps addresses from being read: no key, or another than it was."""
    try:
        with store.reading() as db:
            counts, sample = targets_table.count_in_use(db), targets_table.sample_in_use(db, SAMPLE)
    except StoreError:  # which has a line of its own
        return
    for detail, advice in _of_key(settings, TargetTerms.of(settings), counts, sample):
        log.warning("Addresses of other apps: %s %s", detail, advice)


def _how(settings: Settings, needs_key: bool) -> str:
    """How a key comes about."""
    if needs_key or not may_be_made(settings):
        return _A_KEY
    return f"`{COMMAND} serve` makes one, in {file_of(settings).absolute()}; or set {PREFIX}CHANNELS__KEY."


def _of_key(
    settings: Settings, terms: TargetTerms, counts: dict[TargetKind, int], sample: list[str]
) -> list[tuple[str, str]]:
    """Whether there is the key by which the addresses can be read, and which it was."""
    file = file_of(settings).absolute()
    if terms.key_source is KeySource.UNREADABLE:
        return [(f"the key in {file} cannot be read, or is none.", f"Bring it back as it was. {_KEEPS}")]
    if terms.key_source is KeySource.FILE and is_open_to_others(file):
        return [(f"others on this machine may read the key in {file}.", f"chmod 600 {file}")]
    if not counts:
        return []
    back = _how_back(settings, file)
    if terms.sealer is None:
        detail = f"people have set up {sum(counts.values())}, but there is no key that their addresses can be read by."
        return [(detail, f"{back}. {_KEEPS}")]
    closed = sum(not _opens(terms.sealer, address) for address in sample)
    if not closed:
        return []
    looked_at = "" if len(sample) == sum(counts.values()) else " that were looked at"
    detail = f"{closed} of {len(sample)}{looked_at} were set up with another key than that of today."
    return [(detail, f"{back}; with the key lost, set them up anew. {_KEEPS}")]


def _how_back(settings: Settings, file: Path) -> str:
    """How the key comes back by which addresses were encrypted."""
    if not are_rows_shared(settings):
        return f"Bring back {PREFIX}CHANNELS__KEY, {PREFIX}DATABASE__KEY or the file {file}, as it was"
    was = f"what is in {file}, which is not read with PostgreSQL" if file.exists() else "what it was"
    return f"Set {PREFIX}CHANNELS__KEY on every host to {was}"


def _opens(sealer: Sealer, address: str) -> bool:
    try:
        sealer.unseal(address)
    except Unsealable:
        return False
    return True


def _of_mail(terms: TargetTerms, counts: dict[TargetKind, int]) -> list[tuple[str, str]]:
    """Whether mails can leave that are owed, or that somebody seems to want to leave."""
    mails, lacking = counts.get(TargetKind.MAIL, 0), " and ".join(terms.mail_lacks)
    if mails and not terms.mails:
        return [(f"people have set up {mails} by mail, but without {lacking} none leaves.", f"Set it. {_KEEPS}")]
    if len(terms.mail_lacks) == 1:
        return [(f"mail is half set up: without {lacking} it is not offered.", f"`{COMMAND} config` explains it.")]
    if terms.mails and terms.sealer is None:
        return [("there is a mail server, but without a key nobody can set mail up.", _A_KEY)]
    return []


def _all_well(settings: Settings, terms: TargetTerms, counts: dict[TargetKind, int]) -> list[str]:
    """What is on, what is off and why, and what people have set up."""
    told = [f"people may set up {', '.join(kind.value for kind in kinds.offered(terms)) or 'none'}"]
    if terms.awaits_mail:
        told.append(f"no mail, for want of {' and '.join(terms.mail_lacks)}")
    elif terms.mails and not settings.web.public_url:
        told.append("/subscribe is off, for want of WEB__PUBLIC_URL")
    in_use = ", ".join(f"{count} by {kind.value}" for kind, count in counts.items())
    told.append(f"in use: {in_use}, whose addresses can be read" if counts else "none in use")
    if terms.key_source is KeySource.FILE:
        told.append(f"the key is in {file_of(settings).absolute()}, which no backup has")
    else:
        told.append(f"the key is {terms.key_source.value}")
    return told
