"""Messages owed and how they leave: outbox, retries, leases, chats and their settings."""
