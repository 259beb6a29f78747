"""The rules of alerts and digests: pure functions of rows, prices and the time."""
