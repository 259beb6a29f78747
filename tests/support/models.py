"""Names of the models of prices that are shipped."""

SERVED = "daily-range-3-2024"  #: answers for today; it learned from everything
JUDGED = "daily-range-3"  #: the same recipe, scored on years that it had not seen; answers for days of the past
EARLIER = "daily-range-2"  #: of the recipe before, which saw less; it reads neither reports nor the market's state
