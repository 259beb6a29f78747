"""What a PNG shows, without a library for pictures."""

import struct
import zlib

_AFTER_SIGNATURE, _HEADER, _CHECK = 8, 8, 4  #: bytes: the file's signature; a chunk's length and name; its checksum
_COLOURS = {2: 3, 6: 4}  #: bytes a pixel has, by the type of its colour: RGB, RGBA


def corner(png: bytes) -> str:
    """The colour of the pixel at the top left, as "#rrggbb"."""
    chunks: dict[bytes, bytes] = {}
    at = _AFTER_SIGNATURE
    while at < len(png):
        length, name = struct.unpack_from(">I4s", png, at)
        chunks[name] = chunks.get(name, b"") + png[at + _HEADER : at + _HEADER + length]
        at += _HEADER + length + _CHECK
    depth, colour = chunks[b"IHDR"][8:10]
    assert depth == 8
    assert colour in _COLOURS
    # a line begins with the kind of its filter; each filter leaves the first pixel of the first line as it is
    pixels = zlib.decompress(chunks[b"IDAT"])[1:]
    return f"#{pixels[:3].hex()}"


def blank(width: int, height: int) -> bytes:
    """A white picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    lines = zlib.compress((b"\0" + b"\xff" * (3 * width)) * height)
    chunks = ((b"IHDR", header), (b"IDAT", lines), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
