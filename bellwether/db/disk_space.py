"""Whether a disk has room for what is written next: an empty transaction succeeds on a full one."""

import shutil
import tempfile
from pathlib import Path

LEAST_FREE = 1_000_000  #: bytes: 240 pages, more than what people do in the chat or on the page takes at once


def is_short(folder: Path) -> bool:
    """Whether fewer bytes than `LEAST_FREE` are free for the service. Raises OSError."""
    return shutil.disk_usage(folder).free < LEAST_FREE


def try_file(folder: Path) -> None:
    """Write that many bytes into a file without a name: a quota limits what the disk calls free. Raises OSError."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        left = LEAST_FREE
        while left > 0:
            left -= file.write(bytes(min(left, 1 << 16)))
