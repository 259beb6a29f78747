"""Companies' quarterly statements, from Yahoo, a file or the sample."""
