"""The last days of the sample market, for tests that need no certain one; `test_sample.py` holds them to the market."""

from datetime import UTC, date, datetime

SAMPLE_LAST = date(2024, 3, 8)  #: its last session, a Friday
SAMPLE_BEFORE = date(2024, 3, 7)  #: the one before
SAMPLE_NIGHT = datetime(2024, 3, 8, 23, 0, tzinfo=UTC)  #: after the last close
SAMPLE_NEXT_MORNING = datetime(2024, 3, 11, 12, 0, tzinfo=UTC)  #: the Monday after, before the opening
SAMPLE_NOTE = "Sample data, ends 8 March 2024"  #: how every answer about it is marked
