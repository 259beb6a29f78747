"""What tests of deliveries do: a round of sending to chats, and one to webhooks."""

from collections.abc import Callable

from bellwether.db.connection import Connection
from bellwether.delivery import deliver as delivery
from bellwether.delivery.channels.telegram import ChatChannel, Transport
from bellwether.delivery.channels.webhook import WebhookChannel
from bellwether.delivery.deliver import DeliveryRun
from bellwether.delivery.webhooks.sending import WebhookSender
from bellwether.services import Services
from bellwether.webhooks.events import event_of


async def deliver(
    services: Services,
    transport: Transport,
    stopping: Callable[[], bool] = lambda: False,
    may_send: Callable[[Connection], bool] = lambda db: True,
) -> DeliveryRun:
    """Send what is owed to chats."""
    admin_chat = services.settings.telegram.admin_chat
    channel = ChatChannel(services.store, services.clock, transport, admin_chat, may_send=may_send)
    return await delivery.deliver(services.store, services.clock, channel, stopping)


async def deliver_to_webhooks(services: Services, sender: WebhookSender) -> DeliveryRun:
    """Send what is owed to owners of keys."""
    channel = WebhookChannel(services.store, services.clock, event_of, private=True, sender=sender)
    return await delivery.deliver(services.store, services.clock, channel)
