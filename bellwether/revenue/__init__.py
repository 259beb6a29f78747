"""A company's revenue: forecast, words, and its issued forecasts."""
