"""Bellwether: honest stock forecasts. What the product knows and decides; it imports none of its faces."""

__version__ = "0.1.0"
