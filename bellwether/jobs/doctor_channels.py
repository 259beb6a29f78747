"""What `doctor` says of the channels beside Telegram: whether what people have set up there can be reached."""

from collections import Counter

from bellwether.core.config import Settings
from bellwether.core.errors import StoreError
from bellwether.core.sealing import Sealer, Unsealable
from bellwether.core.types import Check
from bellwether.db.database import Store
from bellwether.delivery.targets import targets_table
from bellwether.delivery.targets.target import Target, TargetKind
from bellwether.delivery.targets.terms import TargetTerms

_KEEPS = "What is owed to them is kept while it is fresh."


def examine_channels(settings: Settings, store: Store) -> list[Check]:
    """Nothing where nobody uses them and the operator has set nothing up."""
    terms = TargetTerms.of(settings)
    try:
        with store.reading() as db:
            targets = targets_table.in_use(db)
    except StoreError:  # which has a line of its own
        return []
    problems = [*_of_key(terms.sealer, targets), *_of_mail(settings, terms, targets)]
    if problems:
        return [Check("Channels", False, detail, advice) for detail, advice in problems]
    return [Check("Channels", True, _told(targets))] if targets else []


def _of_key(sealer: Sealer | None, targets: list[Target]) -> list[tuple[str, str]]:
    """Whether there is the key by which the addresses can be read, and which it was."""
    if not targets:
        return []
    if sealer is None:
        detail = f"people have set up {len(targets)}, but there is no key that their addresses can be read by."
        return [(detail, f"Set BELLWETHER_CHANNELS__KEY, or BELLWETHER_DATABASE__KEY, as it was. {_KEEPS}")]
    closed = sum(not _opens(sealer, target) for target in targets)
    if not closed:
        return []
    detail = f"{closed} of {len(targets)} were set up with another key than that of today."
    return [(detail, f"Set BELLWETHER_CHANNELS__KEY to what it was; with the key lost, set them up anew. {_KEEPS}")]


def _opens(sealer: Sealer, target: Target) -> bool:
    try:
        sealer.unseal(target.address)
    except Unsealable:
        return False
    return True


def _of_mail(settings: Settings, terms: TargetTerms, targets: list[Target]) -> list[tuple[str, str]]:
    """Whether mails can leave that are owed, or that somebody seems to want to leave."""
    server, sender = bool(settings.channels.smtp.get_secret_value()), bool(settings.channels.mail_from)
    mails = sum(target.kind is TargetKind.MAIL for target in targets)
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


def _told(targets: list[Target]) -> str:
    kinds = Counter(target.kind.value for target in targets)
    return f"{', '.join(f'{count} by {kind}' for kind, count in kinds.most_common())}; their addresses can be read"
