"""What the operator lets people set up as targets."""

from dataclasses import dataclass

from bellwether.core.config import Settings
from bellwether.core.sealing import Sealer


@dataclass(frozen=True, slots=True)
class TargetTerms:
    """What may be set up."""

    sealer: Sealer | None  #: None without a key: then nothing may, for addresses have secrets
    schemes: frozenset[str]  #: how addresses may begin
    mails: bool  #: whether there is a mail server, and a sender
    limit: int  #: targets of one chat

    @classmethod
    def of(cls, settings: Settings) -> "TargetTerms":
        """As the settings have it: the key of the channels, else that of the database."""
        channels = settings.channels
        secret = channels.key.get_secret_value() or settings.database.key.get_secret_value()
        return cls(
            Sealer(secret) if secret else None,
            frozenset(scheme.lower() for scheme in channels.schemes),
            bool(channels.smtp.get_secret_value() and channels.mail_from),
            channels.limit,
        )
