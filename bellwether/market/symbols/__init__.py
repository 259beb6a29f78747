"""From what people type to an instrument."""
