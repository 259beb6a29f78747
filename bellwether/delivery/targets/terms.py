"""What the operator lets people set up as targets."""

from dataclasses import dataclass

from bellwether.core.config import Settings
from bellwether.core.sealing import Sealer
from bellwether.delivery.targets.kept_key import KeySource, key_of

MAIL_SCHEME = "mailto"


@dataclass(frozen=True, slots=True)
class TargetTerms:
    """What may be set up."""

    sealer: Sealer | None  #: None without a key: then nothing may, for addresses have secrets
    key_source: KeySource
    schemes: frozenset[str]  #: how addresses may begin
    mails: bool  #: whether there is a mail server, and a sender
    mail_lacks: tuple[str, ...]  #: the settings without which no mail leaves
    limit: int  #: targets of one chat

    @classmethod
    def of(cls, settings: Settings) -> "TargetTerms":
        """As the settings have it: the key of the channels, else one that was made here, else that of the database."""
        channels = settings.channels
        source, secret = key_of(settings)
        mail = (("CHANNELS__SMTP", channels.smtp.get_secret_value()), ("CHANNELS__MAIL_FROM", channels.mail_from))
        lacks = tuple(name for name, value in mail if not value)
        return cls(
            Sealer(secret) if secret else None,
            source,
            frozenset(scheme.lower() for scheme in channels.schemes),
            not lacks,
            lacks,
            channels.limit,
        )

    @property
    def awaits_mail(self) -> bool:
        """Whether mail is allowed, and only the mail server or the sender is missing."""
        return MAIL_SCHEME in self.schemes and not self.mails
