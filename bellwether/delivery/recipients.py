"""Chats that are no chats: the owner of a key, and each webhook, have a number in the tables like any chat.

Telegram's own numbers lie within 52 bits of 0 in use, and far nearer on the side below 0; these begin beyond.
"""

KEYS = -(10**16)  #: the owner of key n is KEYS - n
WEBHOOKS = -(2 * 10**16)  #: webhook n is WEBHOOKS - n


def chat_of_key(key_id: int) -> int:
    """The number under which the rules and alerts of a key's owner are kept."""
    return KEYS - key_id


def key_of_chat(chat_id: int) -> int:
    """The key behind such a number."""
    return KEYS - chat_id


def chat_of_webhook(webhook_id: int) -> int:
    """The number under which messages to a webhook are owed."""
    return WEBHOOKS - webhook_id


def webhook_of_chat(chat_id: int) -> int:
    """The webhook behind such a number."""
    return WEBHOOKS - chat_id
