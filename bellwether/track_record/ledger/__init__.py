"""Issued forecasts and their outcomes, in hash chains."""
