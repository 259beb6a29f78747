"""The kinds of targets: how a person's text is read as an address of one, and what each can show."""

import re
from dataclasses import dataclass

from bellwether.core.errors import BadTarget
from bellwether.core.i18n.translate import said
from bellwether.delivery.channels.abilities import Abilities, Markup, PicturePlace
from bellwether.delivery.targets.target import TargetKind
from bellwether.delivery.targets.terms import MAIL_SCHEME, TargetTerms

_LONGEST = 500  #: characters of an address
_MAIL = re.compile(r"(?:mailto:)?([a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64})@((?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63})", re.I)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://\S+", re.I)
_BARE_NTFY = re.compile(r"ntfy\.sh/[\w-]+", re.I)  #: as the app shows it
_WEB = frozenset({"http", "https"})  #: apprise knows which service such an address is of
_GMAIL = frozenset({"gmail.com", "googlemail.com"})  #: one service, for which dots before the @ are none
_LEAST_SECRET = 12  #: characters of an address of which the last ones may be shown

_OF_SCHEME = {
    "discord": TargetKind.DISCORD,
    "slack": TargetKind.SLACK,
    "ntfy": TargetKind.NTFY,
    "ntfys": TargetKind.NTFY,
    "matrix": TargetKind.MATRIX,
    "matrixs": TargetKind.MATRIX,
    "gotify": TargetKind.GOTIFY,
    "gotifys": TargetKind.GOTIFY,
    "pover": TargetKind.PUSHOVER,
    "workflow": TargetKind.TEAMS,
    "workflows": TargetKind.TEAMS,
}
#: As each takes them from apprise. A service counts characters or bytes, with marks or without: these lengths are so
#: far below that none is passed. Slack takes no pictures by a webhook, Gotify and Teams take none. To a Matrix room
#: that is reached by a token, apprise gives a picture and the words beside it one transaction number: the server takes
#: the words, which come second, for the picture come twice, so what it shows is not told there.
ABILITIES = {
    TargetKind.MAIL: Abilities(Markup.HTML, pictures=PicturePlace.INSIDE, buttons=True, replies=True),
    TargetKind.DISCORD: Abilities(Markup.MARKDOWN, 1400, PicturePlace.APART),
    TargetKind.SLACK: Abilities(Markup.PLAIN, 3000),
    TargetKind.NTFY: Abilities(Markup.PLAIN, 1300, PicturePlace.CAPTIONED),
    TargetKind.MATRIX: Abilities(Markup.HTML, 8000, PicturePlace.CAPTIONED),
    TargetKind.GOTIFY: Abilities(Markup.PLAIN, 8000),
    TargetKind.PUSHOVER: Abilities(Markup.HTML, 700, PicturePlace.CAPTIONED),
    TargetKind.TEAMS: Abilities(Markup.HTML, 5000),
    TargetKind.OTHER: Abilities(Markup.PLAIN, 1000),
}


@dataclass(frozen=True, slots=True)
class TargetAddress:
    """Where a person wants to hear of things too."""

    kind: TargetKind
    address: str  #: with its secrets
    shown: str  #: as much of it as may be shown
    identity: str  #: the same for all ways to write an address of one place


def looks_like_address(text: str) -> bool:
    """Whether a message is nothing but the address of a target, as far as can be told without apprise."""
    word = text.strip()
    if _MAIL.fullmatch(word) or _BARE_NTFY.fullmatch(word):
        return True
    scheme = _SCHEME.fullmatch(word)
    return scheme is not None and (scheme[1].lower() in _OF_SCHEME or scheme[1].lower() in {*_WEB, MAIL_SCHEME})


def is_mail(text: str) -> bool:
    """Whether a text is a mail address and nothing else."""
    return _MAIL.fullmatch(text.strip()) is not None


def offered(terms: TargetTerms) -> list[TargetKind]:
    """The kinds that may be set up, in the order of the list."""
    kinds = {_OF_SCHEME.get(scheme, TargetKind.OTHER) for scheme in terms.schemes - {MAIL_SCHEME}}
    if terms.mails and MAIL_SCHEME in terms.schemes:
        kinds.add(TargetKind.MAIL)
    return [kind for kind in TargetKind if kind in kinds]


def read_address(typed: str, terms: TargetTerms) -> TargetAddress:
    """The address that somebody typed. Raises BadTarget."""
    text = typed.strip()
    if len(text) > _LONGEST or not text.isascii() or not text.isprintable() or any(sign in text for sign in ' \\"<>'):
        raise BadTarget(said("An address has at most {count} plain characters and no spaces.", count=_LONGEST))
    mail = _MAIL.fullmatch(text)
    if mail is not None:
        return _mail(mail, terms)
    if _BARE_NTFY.fullmatch(text):
        text = f"https://{text}"
    scheme = _SCHEME.fullmatch(text)
    if scheme is None:
        raise BadTarget(said("I don't see an address in that. Copy all of it, from https:// on, and send it alone."))
    if scheme[1].lower() not in {*terms.schemes, *_WEB} or scheme[1].lower() == MAIL_SCHEME:
        raise _not_allowed(scheme[1].lower(), terms)
    return _by_apprise(text, terms)


def _mail(match: re.Match[str], terms: TargetTerms) -> TargetAddress:
    if TargetKind.MAIL not in offered(terms):
        raise BadTarget(said("I can't send mail here: whoever runs me has set up no mail server."))
    domain = match[2].lower()
    shown = f"{match[1][0]}…@{domain}"
    return TargetAddress(TargetKind.MAIL, f"{match[1]}@{domain}", shown, _mailbox(match[1].lower(), domain))


def _mailbox(person: str, domain: str) -> str:
    """The same for all ways to write one mailbox."""
    person = person.partition("+")[0]  # what follows is a note of their own
    return f"{person.replace('.', '')}@gmail.com" if domain in _GMAIL else f"{person}@{domain}"


def _by_apprise(url: str, terms: TargetTerms) -> TargetAddress:
    from bellwether.delivery.channels import apprise_sending  # loads apprise, which most never need

    read = apprise_sending.read(url)
    if read is None:
        text = said("I don't know what that address leads to. Copy all of it, as its app or service shows it.")
        raise BadTarget(text)
    if read.scheme not in terms.schemes:
        raise _not_allowed(read.scheme, terms)
    if read.targets != 1:
        raise BadTarget(said("That address leads to several places, or to none. Give each one an address of its own."))
    kind = _OF_SCHEME.get(read.scheme, TargetKind.OTHER)
    shown = f"…{read.url[-4:]}" if len(read.url) >= _LEAST_SECRET else ""
    return TargetAddress(kind, read.url, shown, read.identity)


def _not_allowed(scheme: str, terms: TargetTerms) -> BadTarget:
    allowed = ", ".join(sorted(terms.schemes))
    return BadTarget(
        said(
            "Whoever runs me does not let messages go to addresses of “{scheme}”; allowed are: {schemes}.",
            scheme=scheme,
            schemes=allowed,
        )
    )
