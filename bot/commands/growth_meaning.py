"""What the button under a forecast of a company's sales explains, in everyday words."""

from bellwether.core.i18n.translate import N_
from bellwether.core.i18n.translate import gettext as _
from bellwether.forecasting.sentences import NOT_ADVICE
from bot.replies import Reply

_HEADING = N_("What a forecast of sales says")
#: what stands in bold, and what it means
_PARTS = (
    (
        N_("The range."),
        N_(
            "Of ten such quarters about eight come out inside the range, one below it, one above. Companies tell their "
            "sales once a quarter; they are compared with the same quarter a year before, since many take in more at "
            "Christmas than in spring."
        ),
    ),
    (
        N_("How often it held."),
        N_(
            "Four in five ranges should hold. Where fewer did, the company is harder to foresee than most: expect "
            "wider. Where a company has fewer than eight such quarters, all companies together stand in for it."
        ),
    ),
    (
        N_("The chart."),
        N_(
            "Each blue bar is what a quarter brought. The orange ones are what may come: the next quarter, and the one "
            "a year on; half of the outcomes end in the core, and the line is the middle."
        ),
    ),
    (
        N_("When not to rely on it."),
        N_(
            "I know past sales and profits, and nothing of new products, takeovers or what a company plans. And good "
            "sales need not lift the price: the market may have expected more."
        ),
    ),
)


def sales_meaning() -> Reply:
    """Explain each part of the answer in a paragraph."""
    parts = [f"<b>{_(heading)}</b> {_(text)}" for heading, text in _PARTS]
    return Reply("\n\n".join([f"<b>{_(_HEADING)}</b>", *parts, f"<i>{NOT_ADVICE}</i>"]))
