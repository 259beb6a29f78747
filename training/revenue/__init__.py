"""Training, scoring and exporting the model of company growth; `python -m training growth --help`."""
