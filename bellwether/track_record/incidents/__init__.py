"""Spells in which one-session ranges of the universe held too rarely or too often."""
