"""What is said in the mails of readers, in the language that is spoken. HTML."""

from html import escape

from bellwether.core.i18n.translate import gettext as _


def confirm_subject() -> str:
    """The subject of a mail that asks whether somebody wants to be a reader."""
    return _("Please confirm your subscription to Bellwether")


def confirm(confirm_url: str, stop_url: str) -> str:
    """Asks for that."""
    asked = _(
        "Somebody, probably you, wants stock alerts and digests of Bellwether to come to this address. If that is you, "
        "confirm it within a day; then choose your stocks:"
    )
    ignore = _("If it is not, do nothing: nothing else comes here.")
    yes, never = _link(confirm_url, _("Confirm")), _link(stop_url, _("Never ask here again"))
    return f"{asked}\n\n{yes}\n\n{ignore} {never}"


def link_subject() -> str:
    """The subject of a mail with the link to a reader's page."""
    return _("Your page at Bellwether")


def link(page_url: str) -> str:
    """Gives that link to somebody who subscribed a second time, or wanted a new one."""
    told = _("Somebody, probably you, asked for the way to your page. You are subscribed already:")
    page = _link(page_url, _("Your stocks and alerts"))
    return f"{told}\n\n{page}"


def access_subject() -> str:
    """The subject of a mail with the link to all that is kept about a reader."""
    return _("Take along or delete what Bellwether keeps of you")


def access(access_url: str, page_url: str) -> str:
    """Gives that link, and says what to do where somebody else asked for it."""
    told = _("Somebody asked on your page to take along, or to delete, everything that is kept about you.")
    yes = _link(access_url, _("Take along or delete"))
    ours = _("If that was you, go on within an hour:")
    other = _("If it was not, do nothing, and make the links in all earlier mails void on your page:")
    page = _link(page_url, _("Your stocks and alerts"))
    return f"{told} {ours}\n\n{yes}\n\n{other} {page}"


def how_to_stop(page_url: str, stop_url: str) -> str:
    """At the end of each mail; the addresses are empty where the page has none that others reach."""
    told = _("This comes here because you subscribed on the page.")
    if not page_url:
        return f"<i>{told}</i>"
    links = [_link(page_url, _("Your stocks and alerts")), _link(stop_url, _("Stop all mails"))]
    return "\n".join(f"<i>{line}</i>" for line in [told, *links])


def _link(url: str, words: str) -> str:
    return f'<a href="{escape(url)}">{escape(words)}</a>'
