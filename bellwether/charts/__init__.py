"""Pictures of forecasts: one kit (colours, frame, axes), fan, ranges, what is told of a fan, and who draws them."""
