"""The chat over Telegram's Bot API."""
