"""Inline queries: what people type after the bot's name in other chats, answered while they type, or not at all.

Only what somebody typed last is answered, and one person's query at a time: typing fast costs nobody else anything.
"""

import asyncio
import logging

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InputTextMessageContent,
    LinkPreviewOptions,
)
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bellwether.core.i18n.translate import ENGLISH
from bellwether.services import Services
from bot.commands import ChatContext
from bot.inline_cards import Card, cards

CACHED = 300  #: seconds for which Telegram may give the same person the same answer
log = logging.getLogger(__name__)


class Inline:
    """Answers inline queries in the background."""

    def __init__(self, services: Services, bot: Bot) -> None:
        self._services, self._bot = services, bot
        self._one_at_a_time = asyncio.Lock()
        self._newest: dict[int, str] = {}  # by person
        self._tasks: set[asyncio.Task[None]] = set()

    def receive(self, query: InlineQuery) -> None:
        """Answer in turn, unless the person types on meanwhile."""
        self._newest[query.from_user.id] = query.id
        task = asyncio.create_task(self._answer(query))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        """Cancel the answers under way: a stop must not wait for them."""
        for task in self._tasks:
            task.cancel()

    async def _answer(self, query: InlineQuery) -> None:
        person = query.from_user.id
        async with self._one_at_a_time:
            if self._newest.get(person) != query.id:
                return
            chat = ChatContext(self._services, person, query.from_user.language_code or ENGLISH)
            offered = await asyncio.to_thread(cards, chat, query.query)
            if self._newest.get(person) == query.id:
                del self._newest[person]
        try:
            articles = [self._article(card) for card in offered]
            # personal: others may read another language
            await self._bot.answer_inline_query(query.id, articles, cache_time=CACHED, is_personal=True)
        except TelegramError as error:  # too late, mostly
            log.info("An inline query stayed unanswered (%s).", type(error).__name__)

    def _article(self, card: Card) -> InlineQueryResultArticle:
        link = f"https://t.me/{self._bot.username}?start={card.payload}"
        return InlineQueryResultArticle(
            id=card.id,
            title=card.title,
            description=card.description,
            input_message_content=InputTextMessageContent(
                card.text, parse_mode=ParseMode.HTML, link_preview_options=LinkPreviewOptions(is_disabled=True)
            ),
            reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton(card.link, url=link)]]),
        )
