"""A local Bot API server, as strict as Telegram: see README.md here. Tests take `TelegramServer` from `.server`."""
