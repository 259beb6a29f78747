"""What `doctor` says of the channels beside Telegram: whether what people have set up there can be reached."""

from bellwether.core.config import Settings
from bellwether.core.errors import StoreError
from bellwether.core.sealing import Sealer, Unsealable
from bellwether.core.types import Check
from bellwether.db.database import Store
from bellwether.delivery.targets import targets_table
from bellwether.delivery.targets.target import TargetKind
from bellwether.delivery.targets.terms import TargetTerms

SAMPLE = 100  #: addresses that are unsealed: of very many this takes long, and one key sealed most of them
_KEEPS = "What is owed to them is kept while it is fresh."


def examine_channels(settings: Settings, store: Store) -> list[Check]:
    """Nothing where nobody uses them and the operator has set nothing up."""
    terms = TargetTerms.of(settings)
    try:
        with store.reading() as db:
            counts, sample = targets_table.count_in_use(db), targets_table.sample_in_use(db, SAMPLE)
    except StoreError:  # which has a line of its own
        return []
    problems = [*_of_key(terms.sealer, counts, sample), *_of_mail(settings, terms, counts)]
    if problems:
        return [Check("Channels", False, detail, advice) for detail, advice in problems]
    return [Check("Channels", True, _told(counts))] if counts else []


def _of_key(sealer: Sealer | None, counts: dict[TargetKind, int], sample: list[str]) -> list[tuple[str, str]]:
    """Whether there is the key by which the addresses can be read, and which it was."""
    if not counts:
        return []
    if sealer is None:
        detail = f"people have set up {sum(counts.values())}, but there is no key that their addresses can be read by."
        return [(detail, f"Set BELLWETHER_CHANNELS__KEY, or BELLWETHER_DATABASE__KEY, as it was. {_KEEPS}")]
    closed = sum(not _opens(sealer, address) for address in sample)
    if not closed:
        return []
    looked_at = "" if len(sample) == sum(counts.values()) else " that were looked at"
    detail = f"{closed} of {len(sample)}{looked_at} were set up with another key than that of today."
    return [(detail, f"Set BELLWETHER_CHANNELS__KEY to what it was; with the key lost, set them up anew. {_KEEPS}")]


def _opens(sealer: Sealer, address: str) -> bool:
    try:
        sealer.unseal(address)
    except Unsealable:
        return False
    return True


def _of_mail(settings: Settings, terms: TargetTerms, counts: dict[TargetKind, int]) -> list[tuple[str, str]]:
    """Whether mails can leave that are owed, or that somebody seems to want to leave."""
    server, sender = bool(settings.channels.smtp.get_secret_value()), bool(settings.channels.mail_from)
    mails = counts.get(TargetKind.MAIL, 0)
    lacking = " and ".join(
        name for name, is_set in (("CHANNELS__SMTP", server), ("CHANNELS__MAIL_FROM", sender)) if not is_set
    )
    if mails and not terms.mails:
        return [(f"people have set up {mails} by mail, but without {lacking} none leaves.", f"Set it. {_KEEPS}")]
    if server != sender:
        return [(f"mail is half set up: without {lacking} it is not offered.", "docs/settings.md has an example.")]
    if terms.mails and terms.sealer is None:
        return [("there is a mail server, but without a key nobody can set mail up.", "Set BELLWETHER_CHANNELS__KEY.")]
    return []


def _told(counts: dict[TargetKind, int]) -> str:
    by_kind = ", ".join(f"{count} by {kind.value}" for kind, count in counts.items())
    return f"{by_kind}; their addresses can be read"
