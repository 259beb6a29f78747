"""API keys, what their plans allow, and counting what they use."""
