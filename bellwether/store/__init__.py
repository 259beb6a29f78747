"""All SQL of the product, one file per table."""
