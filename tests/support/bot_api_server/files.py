"""Files the bot uploaded: what Telegram checks, and the identifiers it hands out."""

from __future__ import annotations

import itertools
import struct
import zlib
from dataclasses import dataclass

from tests.support.bot_api_server.errors import Breach, bad_request
from tests.support.bot_api_server.forms import Upload

MAX_PHOTO_BYTES = 10 << 20
MAX_FILE_BYTES = 50 << 20
MAX_PHOTO_SIDES = 10_000
MAX_PHOTO_RATIO = 20
THUMBNAIL_SIDE = 90

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8\xff"


@dataclass(frozen=True)
class StoredFile:
    """A file known to the server; `kind` is "photo" or "document"."""

    file_id: str
    file_unique_id: str
    kind: str
    name: str
    data: bytes
    path: str
    width: int = 0
    height: int = 0


class FileStore:
    """Everything uploaded so far, found by file_id or by download path."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}
        self._numbers = itertools.count(1)

    def add(self, kind: str, upload: Upload) -> StoredFile:
        """Store an upload after the checks that fit its kind."""
        if not upload.data:
            raise Breach("file must be non-empty")
        width, height = _photo_size(upload.data) if kind == "photo" else (0, 0)
        if len(upload.data) > MAX_FILE_BYTES:
            raise Breach("Request Entity Too Large", status=413)
        number = next(self._numbers)
        extension = upload.name.rpartition(".")[2] if "." in upload.name else "bin"
        stored = StoredFile(
            file_id=f"AgACAgIAAxkB-{kind}-{number:06d}",
            file_unique_id=f"AQAD{kind}{number:06d}",
            kind=kind,
            name=upload.name,
            data=upload.data,
            path=f"{kind}s/file_{number}.{'jpg' if kind == 'photo' else extension}",
            width=width,
            height=height,
        )
        self._by_id[stored.file_id] = self._by_id[f"{stored.file_id}-s"] = stored
        self._by_path[stored.path] = stored
        return stored

    def find(self, file_id: str, kind: str | None = None) -> StoredFile:
        """The file a file_id stands for; it must have been handed out, and for this kind of use."""
        stored = self._by_id.get(file_id)
        if stored is None and file_id.startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content")
        if stored is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        if kind is not None and stored.kind != kind:
            wanted, found = kind.title(), stored.kind.title()
            raise bad_request(f"can't use file of type {found} as {wanted}")
        return stored

    def at_path(self, path: str) -> StoredFile | None:
        """The file to download from `path`."""
        return self._by_path.get(path)


def photo_sizes(stored: StoredFile) -> list[dict[str, object]]:
    """The PhotoSize objects of a photo: a thumbnail and the full size."""
    scale = min(1.0, THUMBNAIL_SIDE / max(stored.width, stored.height))
    small = (max(1, round(stored.width * scale)), max(1, round(stored.height * scale)))
    return [
        {
            "file_id": stored.file_id + suffix,
            "file_unique_id": stored.file_unique_id + suffix,
            "width": width,
            "height": height,
            "file_size": len(stored.data),
        }
        for suffix, (width, height) in (("-s", small), ("", (stored.width, stored.height)))
    ]


def _photo_size(data: bytes) -> tuple[int, int]:
    """Width and height of a photo Telegram would take."""
    if len(data) > MAX_PHOTO_BYTES:
        raise Breach(f"file of size {len(data)} bytes is too big for a photo; the maximum is 10485760 bytes")
    if data.startswith(PNG_SIGNATURE):
        size = _png_size(data)
    elif data.startswith(JPEG_SIGNATURE):
        size = _jpeg_size(data)
    else:
        size = None
    if size is None:
        raise Breach("IMAGE_PROCESS_FAILED")
    width, height = size
    if width < 1 or height < 1 or width + height > MAX_PHOTO_SIDES:
        raise Breach("PHOTO_INVALID_DIMENSIONS")
    if max(width, height) > MAX_PHOTO_RATIO * min(width, height):
        raise Breach("PHOTO_INVALID_DIMENSIONS")
    return width, height


def _png_size(data: bytes) -> tuple[int, int] | None:
    """From the first chunk, after all chunks up to IEND were found whole."""
    size: tuple[int, int] | None = None
    position = len(PNG_SIGNATURE)
    while position + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            return None
        (checksum,) = struct.unpack_from(">I", data, end - 4)
        if zlib.crc32(data[position + 4 : end - 4]) != checksum:
            return None
        if name == b"IHDR" and length == 13:
            size = struct.unpack_from(">II", data, position + 8)
        if name == b"IEND":
            return size
        position = end
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """From the start-of-frame segment."""
    position = 2
    while position + 9 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        (length,) = struct.unpack_from(">H", data, position + 2)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, position + 5)
            return width, height
        position += 2 + length
    return None
