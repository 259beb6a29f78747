"""The groups of the command line, one module each; `bellwether.__main__` puts them together."""
