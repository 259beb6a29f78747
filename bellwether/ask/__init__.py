"""What every face asks: a forecast, a batch, the market at a glance, as of a day."""
