"""The chat face: a conversation that knows no Telegram, and two ways to hold it."""
