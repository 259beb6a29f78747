"""Five languages: catalogues, numbers, days and time zones."""
