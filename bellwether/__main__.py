"""The door: `python -m bellwether`."""

from bellwether.cli.main import main

if __name__ == "__main__":
    main(prog_name="python -m bellwether")
