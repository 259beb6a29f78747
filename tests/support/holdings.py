"""Files of brokers and tools, with made-up rows under the columns that these export."""

from tests.support.data import DATA

FOLDER = DATA / "holdings_files"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.suffix != ".md")


def exported(name: str) -> bytes:
    """What is in one of them."""
    return (FOLDER / name).read_bytes()
