"""Why ranges missed, by evidence."""
