"""A file that somebody sends: what was read in it, what is not clear, and a button that watches what is.

Nothing is watched before that button, and the file is not written down: what was read stays in memory for an hour, and
only what had to be looked up at the source is remembered, like any search without who asked. A question back has
buttons of its own, which watch what they name.
"""

from collections.abc import Sequence
from html import escape
from zlib import crc32

from bellwether.alerts import watchlist
from bellwether.ask.holdings import AskedBack, Understood, understand
from bellwether.core.errors import LimitReached
from bellwether.core.i18n.translate import gettext as _
from bellwether.core.i18n.translate import ngettext, said
from bellwether.core.types import Instrument
from bellwether.market.holdings.rows import LeftOut
from bot.commands.base import ChatContext, Given
from bot.commands.watch_promise import one_message
from bot.keyboards import choices
from bot.replies import Button, Pressed, Reply, Rows

ALSO_A_FILE = said(
    "You can also send me a list as a CSV file, such as an export of your broker: I take the tickers out of it, and "
    "nothing else."
)
_SHOWN = 60  #: stocks that are listed; a Telegram message holds 4,096 characters
_ASKED = 12  #: questions that are listed
_WITH_BUTTONS = 5  #: of them that get buttons; more would push the list off a phone's screen
_NAMED = 8  #: of what was sold or not looked up
_LONGEST_CALLED = 60  #: characters of what a file calls something


def received(chat: ChatContext, content: bytes, name: str) -> Reply:
    """Say what a file was read as, and offer to watch it. Raises BadFile and StoreError."""
    understood = understand(chat.services, content, name)
    watched = {row.symbol for row in watchlist.watchlist(chat.services.store, chat.chat_id)}
    new = tuple(instrument for instrument in understood.instruments if instrument.symbol not in watched)
    room = max(0, chat.services.settings.alerts.watch_limit - len(watched))
    fitting = new[:room]
    chat.services.memory.note_list(chat.asker, _number(fitting), fitting)
    parts = [_read(understood.instruments), _others(understood), _asked(understood.questions), _not_now(understood)]
    if understood.instruments:
        parts.append(_state(chat, understood.instruments, new, fitting))
    buttons: Rows = ((_watch_button(fitting),),) if fitting else ()
    return Reply("\n\n".join(filter(None, parts)), buttons=(*buttons, *_choices(understood.questions)))


def press(chat: ChatContext, given: Given) -> Pressed:
    """Watch what a file was read as."""
    offered = chat.services.memory.offered_list(chat.asker, given.number())
    if not offered:
        return Pressed(
            _("I no longer have that list: it stays with me for an hour, unwritten. Please send the file once more.")
        )
    done = watchlist.watch_together(chat.services, chat.chat_id, offered, chat.language, chat.thread)
    if not done.added and done.beyond:
        raise LimitReached(
            said("You already watch {count} stocks, the most I can; /unwatch one first.", count=done.count)
        )
    if not done.added:
        return Pressed(_("You watch all of them already."))
    text = ngettext(
        "You watch {count} more stock now, {total} in all.",
        "You watch {count} more stocks now, {total} in all.",
        done.added,
    ).format(count=done.added, total=done.count)
    if done.beyond:  # others were added since the file came
        text = f"{text} {_room(chat, done.added)}"
    return Pressed(reply=Reply("\n\n".join([text, *one_message(chat)])))


def _read(instruments: Sequence[Instrument]) -> str:
    if not instruments:
        return _("I found no stock in that file that I am sure of.")
    heading = ngettext(
        "<b>I read {count} stock in your file:</b>", "<b>I read {count} stocks in your file:</b>", len(instruments)
    ).format(count=len(instruments))
    lines = [f"<b>{escape(instrument.symbol)}</b> {escape(instrument.name)}" for instrument in instruments[:_SHOWN]]
    if len(instruments) > _SHOWN:
        lines.append(_("and {count} more").format(count=len(instruments) - _SHOWN))
    return "\n".join([heading, *lines])


def _others(understood: Understood) -> str:
    """What was left out, and how many; what was sold by name, for a file of a part of the time may be wrong there."""
    if not understood.left_out:
        return ""
    parts = [
        f"{escape(_(why.value))} ({_names(understood.sold) if why is LeftOut.SOLD else count})"
        for why, count in understood.left_out.items()
    ]
    return _("Left out: {what}.").format(what=", ".join(parts))


def _asked(questions: Sequence[AskedBack]) -> str:
    if not questions:
        return ""
    lines = [f"• {escape(_short(question.called))}: {escape(_(question.why.value))}" for question in questions[:_ASKED]]
    if len(questions) > _ASKED:
        lines.append(_("and {count} more").format(count=len(questions) - _ASKED))
    return "\n".join([_("Not clear to me, so not among them:"), *lines])


def _not_now(understood: Understood) -> str:
    if not understood.not_looked_up:
        return ""
    text = _("I could not look these up just now: {names}. Please send them once more in a while.")
    return text.format(names=_names(understood.not_looked_up))


def _state(
    chat: ChatContext, instruments: Sequence[Instrument], new: Sequence[Instrument], fitting: Sequence[Instrument]
) -> str:
    """That nothing is watched yet; what is already, and for what there is no room."""
    already = len(instruments) - len(new)
    if not new:
        return _("You watch all of them already.")
    sentences = []
    if already:
        sentences.append(
            ngettext("You watch {count} of them already.", "You watch {count} of them already.", already).format(
                count=already
            )
        )
    if len(fitting) < len(new):
        sentences.append(_room(chat, len(fitting)))
    sentences.append(
        _(
            "Nothing is added before you tap. I keep no file, no quantities and no prices; what I look up is "
            "remembered without who asked."
        )
    )
    return " ".join(sentences)


def _room(chat: ChatContext, fitting: int) -> str:
    text = _("You can watch {limit} stocks; there is room for {count} of these, the first ones.")
    return text.format(limit=chat.services.settings.alerts.watch_limit, count=fitting)


def _watch_button(fitting: Sequence[Instrument]) -> Button:
    label = ngettext("Watch {count} stock", "Watch these {count}", len(fitting)).format(count=len(fitting))
    return Button(label, f"addlist:{_number(fitting)}")


def _number(instruments: Sequence[Instrument]) -> int:
    """A number that is another one for another list, for a chat may have sent several."""
    return crc32(",".join(instrument.symbol for instrument in instruments).encode())


def _choices(questions: Sequence[AskedBack]) -> Rows:
    with_candidates = [question for question in questions[:_ASKED] if question.candidates][:_WITH_BUTTONS]
    offered = dict.fromkeys(candidate for question in with_candidates for candidate in question.candidates)
    return choices(tuple(offered), "add:{}")


def _names(names: Sequence[str]) -> str:
    shown = [escape(_short(name)) for name in names[:_NAMED]]
    if len(names) > _NAMED:
        shown.append(_("and {count} more").format(count=len(names) - _NAMED))
    return "; ".join(shown)


def _short(called: str) -> str:
    return called if len(called) <= _LONGEST_CALLED else called[: _LONGEST_CALLED - 1].rstrip() + "…"
