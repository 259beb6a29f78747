"""Telegram for one errand, without receiving: send what is owed, or see whether the token works."""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime

from telegram.error import Forbidden, InvalidToken, TelegramError

from bellwether.core.errors import ConfigError, StoreError
from bellwether.core.types import Check
from bellwether.db.database import Store
from bellwether.delivery import outbox_admin_table
from bellwether.delivery.channels.telegram import ChatChannel
from bellwether.delivery.deliver import DeliveryRun, deliver
from bellwether.delivery.outbox_table import MessageState
from bellwether.delivery.sender_lease import SenderLease
from bellwether.hosts.lease import BEAT, LeaseOutcome
from bellwether.hosts.leases_table import Held
from bellwether.services import Services
from bot.telegram.client import make_bot
from bot.telegram.pictures import Pictures
from bot.telegram.sender import TelegramSender
from bot.telegram.shared_pace import SharedPace, is_shared
from bot.telegram.token_form import odd_form

LOOK_AGAIN = 1.0  #: seconds between looks at a lease that another holds
MOST_LOOKS = 60  #: at the outbox while another process delivers it
log = logging.getLogger(__name__)


async def deliver_now(services: Services) -> DeliveryRun:
    """Send what is due, without receiving. Raises ConfigError when Telegram can't be used.

    Where another process sends for this bot already, wait until it has sent what is due.
    """
    token = services.settings.telegram.token.get_secret_value()
    alone = not is_shared(services.settings)
    lease = SenderLease(services.store, services.clock, token, only_sender=alone)
    due = await asyncio.to_thread(_due, services.store, services.clock())
    for look in range(MOST_LOOKS):
        answer = await asyncio.to_thread(lease.take)
        if answer.outcome is LeaseOutcome.OURS:
            break
        if look == 0 and answer.other is not None:
            log.warning("%s It sends what is due; waiting for that.", who(answer.other))
        did = await asyncio.to_thread(_became_of, services.store, due)
        if did.put_back == 0:
            return did
        await asyncio.sleep(LOOK_AGAIN)
    else:
        return await asyncio.to_thread(_became_of, services.store, due)
    beating = asyncio.create_task(_beat(lease))
    try:
        pace = SharedPace(services.settings, services.store, lease.name, lease.holder)
        async with pace.kept(), make_bot(services.settings.telegram) as bot:
            pictures = Pictures(services.store, services.clock, bot.token)
            sender, admin_chat = TelegramSender(bot, pictures, pace.limit), services.settings.telegram.admin_chat
            channel = ChatChannel(services.store, services.clock, sender, admin_chat, may_send=lease.is_ours)
            return await deliver(services.store, services.clock, channel)
    except TelegramError as error:
        raise ConfigError(refusal(error)) from None
    finally:
        beating.cancel()
        await asyncio.to_thread(lease.release)


async def _beat(lease: SenderLease) -> None:
    """Keep the lease until cancelled."""
    while True:
        await asyncio.sleep(BEAT)
        with suppress(StoreError):
            await asyncio.to_thread(lease.beat)


def _due(store: Store, now: datetime) -> list[int]:
    with store.reading() as db:
        return outbox_admin_table.due(db, now)


def _became_of(store: Store, ids: list[int]) -> DeliveryRun:
    """Count the states of messages that another process sends; unsettled ones count as put back."""
    with store.reading() as db:
        states = outbox_admin_table.states(db, ids)
    return DeliveryRun(
        sent=states[MessageState.SENT],
        put_back=states[MessageState.PENDING] + states[MessageState.SENDING],
        failed=states[MessageState.FAILED],
        expired=states[MessageState.EXPIRED],
    )


async def check_token(services: Services) -> Check:
    """Check for `doctor` that Telegram accepts the token."""
    try:
        async with make_bot(services.settings.telegram) as bot:
            return Check("Telegram", True, f"connected as @{bot.username}")
    except ConfigError as problem:
        return Check("Telegram", False, str(problem))
    except TelegramError as error:
        return Check("Telegram", False, refusal(error), odd_form(services.settings.telegram.token.get_secret_value()))


def who(other: Held) -> str:
    """Name the holder of the lease."""
    name, since = other.holder.short, f"{other.taken_at:%Y-%m-%d %H:%M} UTC"
    return f"Another process talks to Telegram for this bot: {name}, since {since}."


def refusal(error: TelegramError) -> str:
    """Say what to do about an error, without the error's own text: that may hold the token."""
    if isinstance(error, InvalidToken | Forbidden):
        return "Telegram refuses the token: copy it again from @BotFather into BELLWETHER_TELEGRAM__TOKEN."
    return f"Telegram cannot be reached ({type(error).__name__}): check the network and telegram.base_url."
