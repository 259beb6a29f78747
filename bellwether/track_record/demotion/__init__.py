"""When a model falls silent."""
