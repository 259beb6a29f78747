"""The chat over Telegram's Bot API."""

import sys

# What the library reads Telegram's passports by, which nobody sends to us: the 8 MB that it takes are for those who
# let alerts go to other apps, where addresses are encrypted.
_PASSPORTS = "cryptography"

if _PASSPORTS not in sys.modules and "telegram" not in sys.modules:
    sys.modules[_PASSPORTS] = None  # type: ignore[assignment]  # as the manual of `import` has it: not to be imported
    try:
        import telegram  # noqa: F401
    finally:
        del sys.modules[_PASSPORTS]
