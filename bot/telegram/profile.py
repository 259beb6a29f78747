"""What Telegram shows of the bot before anybody has written to it: the text of an empty chat, and of its profile."""

from telegram import Bot

from bellwether.core.i18n.translate import ENGLISH, LANGUAGES, N_, use_language
from bellwether.core.i18n.translate import gettext as _

MOST_DESCRIPTION, MOST_SHORT = 512, 120  #: characters that Telegram takes

DESCRIPTION = N_(
    "Where may a stock be in a week, a month, three months? I answer with a range, and tell how often such ranges "
    "held. Nobody can know whether a price goes up tomorrow, and I don't pretend to.\n\n"
    "Ask in your own words: “apple next week”, “tell me when nvidia drops 5 %”. Press Start."
)
SHORT_DESCRIPTION = N_("Stock forecasts as honest ranges, each with its track record. Alerts and a nightly digest.")


async def set_profile(bot: Bot) -> None:
    """Set both texts in each language, where they are not so already. Raises TelegramError.

    Telegram shows them in the app's own language, and the English ones to everybody else. It allows few changes, so
    what is there is read first.
    """
    for language in LANGUAGES:
        code = None if language == ENGLISH else language
        with use_language(language):
            description, short = _(DESCRIPTION), _(SHORT_DESCRIPTION)
        if (await bot.get_my_description(language_code=code)).description != description:
            await bot.set_my_description(description, language_code=code)
        if (await bot.get_my_short_description(language_code=code)).short_description != short:
            await bot.set_my_short_description(short, language_code=code)
