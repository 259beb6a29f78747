"""The account: every issued forecast kept, its outcome added when the horizon closes, and how they turned out."""
