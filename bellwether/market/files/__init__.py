"""Price and statement files: the dialects people have, read into bars or refused."""
