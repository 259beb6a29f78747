"""One chart kit: fan, ranges, the live chart, and the process that draws them."""
