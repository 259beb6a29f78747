"""People without Telegram, whose alerts and digests go to a mailbox: they subscribe, confirm, choose, and leave."""
