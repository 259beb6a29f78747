"""How issued forecasts turned out."""
