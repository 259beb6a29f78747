"""The ways for messages to leave: `channel.py` is what each gives, and each other `Channel` has a file."""
