"""Scores of the issued forecasts, beside the plain rule's."""
