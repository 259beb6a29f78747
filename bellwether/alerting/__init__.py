"""What to send, when, and how it gets there: rules decide, evaluate writes rows, deliver sends them."""
