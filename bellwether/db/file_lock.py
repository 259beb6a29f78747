"""A lock that the operating system gives back by itself when its process ends, however it ends."""

import secrets
from pathlib import Path
from types import ModuleType
from typing import IO

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows: there nobody can tell at once that another process died
    fcntl = None


class FileLock:
    """Held by one process, or one object within it, at a time. The file may be left lying."""

    def __init__(self, path: Path) -> None:
        """Opens nothing yet."""
        self._path = path
        self._file: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Take the lock without waiting. False when somebody has it, or where files cannot be locked."""
        if self._file is not None:
            return True
        if fcntl is None:
            return False
        try:
            file = self._path.open("ab")
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def mark(self) -> str:
        """A random word in the file, by which processes know whether theirs is the same one. "" where there is none.

        The first that holds the lock writes it.
        """
        try:
            if self._file is not None and not self._path.stat().st_size:
                self._file.write(secrets.token_hex(8).encode())
                self._file.flush()
            return self._path.read_text("ascii")
        except (OSError, UnicodeDecodeError):
            return ""

    def release(self) -> None:
        """Give the lock back, if it is ours."""
        if self._file is not None:
            self._file.close()
            self._file = None
