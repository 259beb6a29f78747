"""Prices and calendars: where bars come from, which days trade, and whether the bars can be used."""
