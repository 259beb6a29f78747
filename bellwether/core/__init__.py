"""Types, errors, configuration, clock and metrics; imports nothing else of the product."""
