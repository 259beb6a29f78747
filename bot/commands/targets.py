"""Where alerts and digests go too, under /alerts: chosen, pasted, proved by a code; then stopped, resumed or deleted.

    targets                         all of a chat, and the kinds of new ones
    newtarget:KIND                  how to set one up
    target:ID                       one of them, with what can be done about it
    stoptarget:ID resumetarget:ID droptarget:ID

An address and a code are typed alone, at any time: nothing has to be remembered in between.
"""

import re
from html import escape

from bellwether.core.config import PREFIX
from bellwether.core.errors import BadTarget, LimitReached
from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.delivery.messages import TERMINAL
from bellwether.delivery.targets import ask, kinds, page_links, sentences
from bellwether.delivery.targets.target import StopReason, Target, TargetKind, TargetState
from bellwether.delivery.targets.terms import TargetTerms
from bot.commands.base import ChatContext, Given, Press, StaleButton, Who
from bot.keyboards import in_rows
from bot.replies import Button, Pressed, Reply, Rows

LONGEST_ADDRESS = 600  #: characters of a message that may be an address
_CODE = re.compile(r"\bBW[\s-]?\d{6}\b", re.IGNORECASE)

_GUIDES = {
    TargetKind.MAIL: N_("Send me the mail address."),
    TargetKind.DISCORD: N_(
        "In Discord open the settings of the channel, then Integrations, Webhooks, New Webhook, and press "
        "<b>Copy Webhook URL</b>. Paste it here."
    ),
    TargetKind.SLACK: N_(
        "At api.slack.com/apps create an app for your workspace, switch on <b>Incoming Webhooks</b>, add one to a "
        "channel, and paste its address here."
    ),
    TargetKind.NTFY: N_(
        "In the ntfy app subscribe to a topic with a name that nobody can guess. Send me its address, such as "
        "<code>https://ntfy.sh/my-secret-topic</code>."
    ),
    TargetKind.MATRIX: N_(
        "Let an account of its own into the room. Send me its access token, its server and the room as one address: "
        "<code>matrixs://TOKEN@matrix.example/!ROOM:matrix.example</code>."
    ),
    TargetKind.GOTIFY: N_(
        "In Gotify create an application. Send me its server and token as one address: "
        "<code>gotifys://gotify.example/TOKEN</code>."
    ),
    TargetKind.PUSHOVER: N_(
        "At pushover.net create an application. Send me your user key and its token as one address: "
        "<code>pover://USER_KEY@TOKEN</code>."
    ),
    TargetKind.TEAMS: N_("In Teams give the channel the workflow for webhook requests, and paste its address here."),
    TargetKind.OTHER: N_(
        "Send me the address as apprise writes it; github.com/caronc/apprise lists how each app is written."
    ),
}
_AND_THEN = N_(
    "A code goes there; send me that too, and it is done. An address is a key: I keep it encrypted, show it to nobody, "
    "and delete your message where I may."
)


def is_code(chat: ChatContext, text: str) -> bool:
    """Tell whether a message has a code that proves a target, where there may be some."""
    return _CODE.search(text) is not None and ask.is_wanted(chat.services)


def is_address(chat: ChatContext, text: str) -> bool:
    """Tell whether a message is nothing but the address of a target, where there may be some."""
    return len(text) <= LONGEST_ADDRESS and kinds.looks_like_address(text) and ask.is_wanted(chat.services)


def button(chat: ChatContext) -> Rows:
    """Return the button that leads here, also where a key is missing; none where the operator wants no targets."""
    return ((Button(_("Also send to…"), "targets"),),) if ask.is_wanted(chat.services) else ()


def add(chat: ChatContext, typed: str) -> Reply:
    """Set up a target at the address that was typed, and let its message be deleted, whatever came of it.

    Raises StoreError.
    """
    try:
        target = ask.add(chat.services, chat.chat_id, typed, chat.language)
    except (BadTarget, LimitReached) as problem:  # right or wrong, what was pasted may have a secret
        new = _new(ask.offered(chat.services)) if _leads_nowhere(chat, typed) else ()
        first = _("Press where messages shall go first: I then say which address I need, and where to find it.")
        told = [escape(problem.for_person), first if new else ""]
        return Reply("\n\n".join(filter(None, told)), buttons=(*new, _all()), forget_question=True)
    text = _("A code is on its way to {target}. Send it to me here; it is good for a day.")
    told = [text.format(target=_bold(target)), _in_terminal(chat)]
    return Reply("\n\n".join(filter(None, told)), buttons=(_all(),), forget_question=True)


def _leads_nowhere(chat: ChatContext, typed: str) -> bool:
    try:
        kinds.read_address(typed, TargetTerms.of(chat.services.settings))
    except BadTarget:
        return True
    return False


def _new(offered: list[TargetKind]) -> Rows:
    """The buttons of what may be set up."""
    return in_rows([Button(f"+ {sentences.label(kind)}", f"newtarget:{kind.value}") for kind in offered], 3)


def prove(chat: ChatContext, typed: str) -> Reply:
    """Take the code in a message. Raises what `targets.ask.prove` does."""
    code = _CODE.search(typed)
    target = ask.prove(chat.services, chat.chat_id, code[0] if code is not None else typed)
    text = _("<b>Done.</b> Alerts and digests go to {target} too, at the same times as here.")
    return Reply(text.format(target=_bold(target)), buttons=(_all(),))


def every_target(chat: ChatContext) -> Reply:
    """Show all targets of a chat, and the kinds of new ones. Raises StoreError."""
    targets = ask.of_chat(chat.services, chat.chat_id)
    lines = [_state(target) for target in targets]
    offered = ask.offered(chat.services)
    opening = _("<b>Where alerts and digests go too.</b> Press one to stop or delete it, or + for a new one.")
    lacks = _lacks(chat, offered)
    if not offered and not targets:
        opening, lacks = lacks, ""
    buttons = (
        *in_rows([Button(sentences.name(target), f"target:{target.id}") for target in targets], 2),
        *_new(offered),
        (Button(_("All my alerts"), "alerts"),),
    )
    return Reply("\n\n".join(filter(None, [opening, "\n".join(lines), lacks, _in_terminal(chat)])), buttons=buttons)


def _lacks(chat: ChatContext, offered: list[TargetKind]) -> str:
    """What cannot be set up for want of a setting; whoever runs the service is told its name. Empty for nothing."""
    terms = TargetTerms.of(chat.services.settings)
    lacks: tuple[str, ...] = ("CHANNELS__KEY",)
    if not ask.is_wanted(chat.services):  # by choice
        return _("Whoever runs me lets no alerts go to other apps or mailboxes.")
    if terms.sealer is None:
        told = escape(ask.without_key().for_person)
    elif terms.awaits_mail:
        lacks = terms.mail_lacks
        alone = _("I can't send mail here: whoever runs me has set up no mail server.")
        told = _("Mail is not among them: whoever runs me has set up no mail server.") if offered else alone
    else:
        return ""
    if not chat.is_operators:
        return told
    names = ", ".join(f"<code>{PREFIX}{name}</code>" for name in lacks)
    how = _("You run me: what is missing is {settings}. The command <code>doctor</code> says how to go on.")
    return f"{told} {how.format(settings=names)}"


def _in_terminal(chat: ChatContext) -> str:
    """What differs in the terminal; empty elsewhere, and where nothing can be set up."""
    if chat.chat_id != TERMINAL or not ask.offered(chat.services):
        return ""
    return _("Here in the terminal you can set all of it up, but messages leave only while <code>serve</code> runs.")


def _one(target: Target) -> Reply:
    rows = []
    if target.state is not TargetState.STOPPED:
        rows.append(Button(_("Stop"), f"stoptarget:{target.id}"))
    elif ask.may_resume(target):
        rows.append(Button(_("Resume"), f"resumetarget:{target.id}"))
    rows.append(Button(_("Delete"), f"droptarget:{target.id}"))
    return Reply(_state(target), buttons=(tuple(rows), _all()))


def _state(target: Target) -> str:
    if target.state is TargetState.PROVED:
        return _("{target}: alerts and digests go there.").format(target=_bold(target))
    if target.state is TargetState.UNPROVED:
        return _("{target} waits for its code.").format(target=_bold(target))
    return sentences.why_stopped(target, target.stopped_why or StopReason.CHAT)


def _bold(target: Target) -> str:
    return f"<b>{escape(sentences.name(target))}</b>"


def _all() -> tuple[Button, ...]:
    return (Button(_("« All targets"), "targets"),)


# What the buttons do: all of it in the message they stand under.


def _press_list(chat: ChatContext, given: Given) -> Pressed:
    return Pressed(edit=every_target(chat))


def _press_new(chat: ChatContext, given: Given) -> Pressed:
    kind = next((kind for kind in ask.offered(chat.services) if kind.value == given.text(0)), None)
    if kind is None:
        raise StaleButton
    paragraphs = [_(_GUIDES[kind]), _(_AND_THEN), _on_page(chat)]
    return Pressed(edit=Reply("\n\n".join(filter(None, paragraphs)), buttons=(_all(),)))


def _on_page(chat: ChatContext) -> str:
    """Offer the same on a page; nothing where there is none, or where others read the chat."""
    url = page_links.link(chat.services, chat.chat_id, chat.language)
    if not url:
        return ""
    page = _("on a page")
    return _("Or do it {link}: that opens once, within an hour.").format(link=f'<a href="{escape(url)}">{page}</a>')


def _press_one(chat: ChatContext, given: Given) -> Pressed:
    return Pressed(edit=_one(ask.get(chat.services, chat.chat_id, given.number())))


def _press_stop(chat: ChatContext, given: Given) -> Pressed:
    return Pressed(_("Stopped."), edit=_one(ask.stop(chat.services, chat.chat_id, given.number())))


def _press_resume(chat: ChatContext, given: Given) -> Pressed:
    return Pressed(_("Resumed."), edit=_one(ask.resume(chat.services, chat.chat_id, given.number())))


def _press_drop(chat: ChatContext, given: Given) -> Pressed:
    ask.remove(chat.services, chat.chat_id, given.number())
    return Pressed(_("Deleted."), edit=every_target(chat))


PRESSES = {
    "targets": Press(_press_list, (0,), Who.ADMINS),
    "newtarget": Press(_press_new, who=Who.ADMINS),
    "target": Press(_press_one, who=Who.ADMINS),
    "stoptarget": Press(_press_stop, who=Who.ADMINS),
    "resumetarget": Press(_press_resume, who=Who.ADMINS),
    "droptarget": Press(_press_drop, who=Who.ADMINS),
}
