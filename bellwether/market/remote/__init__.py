"""A source over the network: asked with care, remembered, and done without while it is silent."""
