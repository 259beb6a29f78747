"""Company growth: what a company reported in, its revenue ahead out."""
