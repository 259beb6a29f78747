"""Bars in, quantiles out: the model, the plain baseline it must beat, and the words' numbers."""
