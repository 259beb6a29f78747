"""What the channel to webhooks stands on: their tables, their signatures, and one message over HTTP."""
