"""Who wants to hear what: the tick, watchlists, digests and alerts, and their tables."""
