"""Pictures of forecasts: one kit (colours, frame, axes), fan, ranges, the live chart, and the process that draws them."""
