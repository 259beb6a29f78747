"""/watch: a digest every evening for this symbol, or for each of several."""

from html import escape

from bellwether.alerts import watchlist
from bellwether.core.errors import AmbiguousSymbol, BadSymbol, BellwetherError, UnknownSymbol
from bellwether.core.i18n.translate import N_, ngettext, said, translated
from bellwether.core.i18n.translate import gettext as _
from bellwether.services import Services
from bot.commands.base import ChatContext, Command, Given, Press, Who
from bot.commands.clarify import ask_back
from bot.commands.forecast import question_and_horizon
from bot.commands.split_names import names_in
from bot.replies import Button, Pressed, Reply

_NOTHING_NEW = N_("The sample market has no new days, so here it comes only when the operator rehearses one.")


def answer(services: Services, asker: ChatContext, text: str) -> Reply:
    """Put a symbol on the watchlist, or several: each is answered."""
    names = names_in(services, question_and_horizon(services, text)[0])
    if not names:
        raise BadSymbol(said("Which stock? For example: /watch AAPL"))
    return add(services, asker, names[0]) if len(names) == 1 else _add_each(services, asker, names)


def _add_each(services: Services, asker: ChatContext, names: list[str]) -> Reply:
    """Watch each of them: a line for every one, and buttons for what is not clear."""
    lines, buttons, watching = [], list[tuple[Button, ...]](), False
    for name in names:
        try:
            watched = watchlist.watch(services, asker.chat_id, name, asker.language, asker.thread)
        except (AmbiguousSymbol, UnknownSymbol) as problem:
            asked = ask_back(problem, "add:{}")
            lines.append(f"• {asked.text}")
            buttons += asked.buttons
        except BellwetherError as problem:  # the list is full, or the market away: the others are answered all the same
            lines.append(f"• {escape(name)}: {escape(translated(problem))}")
        else:
            watching = True
            now = _("You watch {name} now.") if watched.changed else _("You watched {name} already.")
            lines.append(f"• {now.format(name=_name(watched))}")
    if not watching:  # then there is nothing to promise
        return Reply("\n".join(lines), buttons=tuple(buttons))
    end = _("After each trading day I send one message about all that you watch. /list shows it, /unwatch stops one.")
    rest = [] if services.provider.live else [_(_NOTHING_NEW)]
    return Reply("\n\n".join(["\n".join(lines), end, *rest]), buttons=tuple(buttons))


def _name(watched: watchlist.Watched) -> str:
    return f"<b>{escape(watched.instrument.name)}</b> ({escape(watched.instrument.symbol)})"


def add(services: Services, asker: ChatContext, question: str) -> Reply:
    """Watch it, or ask back."""
    try:
        return begin(services, asker, question)
    except (AmbiguousSymbol, UnknownSymbol) as problem:
        return ask_back(problem, "add:{}")


def begin(services: Services, asker: ChatContext, question: str) -> Reply:
    """Watch it. Raises AmbiguousSymbol and UnknownSymbol."""
    return Reply(_told(services, watchlist.watch(services, asker.chat_id, question, asker.language, asker.thread)))


def _told(services: Services, watched: watchlist.Watched) -> str:
    """What watching means, in words."""
    name = _name(watched)
    if not watched.changed:
        return _("You already watch {name}. /list shows everything you watch.").format(name=name)
    delay = services.settings.alerts.digest_delay
    promise = ngettext(
        "You now watch {name}. After each trading day, about {count} minute after the close, I send one message with "
        "its range, the chance of a rise and what changed. /unwatch stops it, /list shows everything.",
        "You now watch {name}. After each trading day, about {count} minutes after the close, I send one message with "
        "its range, the chance of a rise and what changed. /unwatch stops it, /list shows everything.",
        delay,
    ).format(name=name, count=delay)
    return promise if services.provider.live else f"{promise}\n\n{_(_NOTHING_NEW)}"


def _add(services: Services, asker: ChatContext, given: Given) -> Pressed:
    given.expect(1)
    return Pressed(reply=add(services, asker, given.symbol()))


COMMAND = Command(
    "watch", N_("SYMBOL"), N_("get a digest of it every evening"), answer, {"add": Press(_add, Who.ADMINS)}, Who.ADMINS
)
