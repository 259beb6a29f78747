"""What is said at a target, and in its chat about it, in the language that is spoken."""

import re
from html import escape

from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.delivery.messages import TERMINAL
from bellwether.delivery.offers import Offer, OfferKind
from bellwether.delivery.targets.target import StopReason, Target, TargetKind
from bellwether.delivery.targets.told import PageLink

LABELS = {
    TargetKind.MAIL: N_("Mail"),
    TargetKind.DISCORD: "Discord",
    TargetKind.SLACK: "Slack",
    TargetKind.NTFY: "ntfy",
    TargetKind.MATRIX: "Matrix",
    TargetKind.GOTIFY: "Gotify",
    TargetKind.PUSHOVER: "Pushover",
    TargetKind.TEAMS: "Teams",
    TargetKind.OTHER: N_("Another app"),
}
_COMMAND = re.compile(r"(?:^|[\s(“„«])(/[a-z_]{3,})\b")  #: neither a tag nor a part of an address
_STOPPED = {
    StopReason.CHAT: N_("{target}: you stopped it."),
    StopReason.LINK: N_("{target}: somebody stopped it there. Nothing more goes to it."),
    StopReason.REFUSED: N_("{target}: there it says that there is no such place. Nothing more goes to it."),
    StopReason.PRIVATE: N_("{target} leads into a private network, where I may not send. Nothing goes to it."),
    StopReason.SILENT: N_("Nothing arrived at {target} for three days or longer. Nothing more goes to it."),
}


def label(kind: TargetKind) -> str:
    """How a kind is called."""
    return _(LABELS[kind])


def name(target: Target) -> str:
    """How a target is called, with as much of its address as may be shown."""
    return f"{label(target.kind)} {target.shown}".rstrip()


def why_stopped(target: Target, why: StopReason) -> str:
    """HTML."""
    return _(_STOPPED[why]).format(target=f"<b>{escape(name(target))}</b>")


def not_reached(target: Target) -> str:
    """HTML: the code did not arrive at once."""
    text = _("The code could not be sent to {target} yet. I keep trying for 12 hours; is the address right?")
    return text.format(target=f"<b>{escape(name(target))}</b>")


def not_taken(target: Target) -> str:
    """HTML: the code was refused, and is not sent again."""
    text = _("{target} does not take the code. Is the address right? Delete it, and send me the right one.")
    return text.format(target=f"<b>{escape(name(target))}</b>")


def proof(code: str, stop_url: str, owner: int) -> str:
    """HTML that goes to a target alone; `owner` asked for it."""
    if owner == TERMINAL:
        asked = _(
            "Somebody at the terminal of Bellwether, a service of forecasts, wants alerts and digests to come here "
            "too. If that is you, type this code there:"
        )
    else:
        asked = _(
            "Somebody wants alerts and digests of Bellwether, the forecasting bot on Telegram, to come here too. If "
            "that is you, send this code to the bot in that chat:"
        )
    ignore = _("If it is not, do nothing: nothing else comes here.")
    never = _("Never ask here again: {link}").format(link=_link(stop_url)) if stop_url else ""
    return f"{asked}\n\n<b>{code}</b>\n\n" + " ".join(filter(None, [ignore, never]))


def proof_subject() -> str:
    """The subject of a mail with a code."""
    return _("Your code for Bellwether")


def how_to_stop(stop_url: str, owner: int, command: str = "") -> str:
    """HTML at the end of each message to a target of `owner`; `command` is one that it names, understood elsewhere."""
    if owner == TERMINAL:
        where = _("Commands such as {command} are for Bellwether's terminal.")
        by_link = _("This comes here because it was asked for in Bellwether's terminal. Stop it: {link}")
        by_command = _("This comes here because it was asked for in Bellwether's terminal; /alerts there stops it.")
    else:
        where = _("Commands such as {command} are for the bot in Telegram.")
        by_link = _("This comes here because it was asked for in Telegram. Stop it: {link}")
        by_command = _("This comes here because it was asked for in Telegram; /alerts there stops it.")
    told = by_link.format(link=_link(stop_url)) if stop_url else by_command
    return f"<i>{' '.join([*([where.format(command=command)] if command else []), told])}</i>"


def command_in(text: str) -> str:
    """The first command of the chat that a text names; empty for none. HTML."""
    command = _COMMAND.search(text)
    return command[1] if command is not None else ""


def links(offers: tuple[Offer, ...], public_url: str) -> tuple[PageLink, ...]:
    """What is said in place of the buttons that lead to a page; none where there is no page."""
    symbols = [offer.about.rpartition(":") for offer in offers if offer.kind is OfferKind.FORECAST]
    told = _("Forecast of {symbol}")
    return tuple(
        PageLink(symbol, told.format(symbol=symbol), f"{public_url}/stocks/{symbol}?horizon={horizon}")
        for symbol, _colon, horizon in (symbols if public_url else [])
    )


def _link(url: str) -> str:
    return f'<a href="{escape(url)}">{escape(url)}</a>'
