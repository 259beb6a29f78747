"""What a bot's token looks like, for whoever pasted something else."""

import re

_FORM = "a number, a colon and 30 or more letters, digits, _ and -: copy it again from @BotFather"


def is_no_token(token: str) -> bool:
    """Whether it surely is none: nothing of what stands before the colon is there."""
    return re.match("[0-9]+:", token) is None


def odd_form(token: str) -> str:
    """A sentence, without the token, where it does not look like those that Telegram gives; empty where it does."""
    if is_no_token(token):
        return f"BELLWETHER_TELEGRAM__TOKEN is no bot's token, which is {_FORM}."
    if not re.fullmatch("[0-9]+:[A-Za-z0-9_-]{30,}", token):
        return f"BELLWETHER_TELEGRAM__TOKEN does not look like a bot's token, which is {_FORM}."
    return ""
