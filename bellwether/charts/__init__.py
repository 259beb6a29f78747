"""Pictures of forecasts: one kit (colours, frame, axes), fan, ranges, live chart, and the process that draws them."""
