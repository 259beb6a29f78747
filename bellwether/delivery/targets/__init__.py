"""Where a chat wants to hear of alerts and digests beside Telegram: set up, proved to be its own, and stopped."""
