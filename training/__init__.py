"""Offline training, in the order it runs: panel, prepare, windows, model, train, export, evaluate, forecasts."""
