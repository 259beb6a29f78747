"""What kind of file somebody sends: text is read, anything else is refused with what to send in its place. Pure."""

import re
from enum import Enum

from bellwether.core.errors import BadFile
from bellwether.core.i18n.translate import N_, said
from bellwether.market.files.encoding import encoding_of

MOST_BYTES = 500_000  #: of a file; a list of 500 positions has a tenth of that


class FileKind(Enum):
    """A kind that is refused; the value says what to send."""

    PICTURE = N_("I can't read pictures. Please export your list as CSV where you keep it, and send that file.")
    SPREADSHEET = N_("I can't read spreadsheets. Please save it as CSV (“Save as” in Excel) and send that file.")
    PDF = N_("I can't read PDFs. Please export your list as CSV where you keep it, and send that file.")
    PACKED = N_("I can't read packed files. Please unpack it and send the CSV file in it.")
    OTHER = N_("I can't read that kind of file. I read lists of stocks as CSV or text, and Ghostfolio's JSON.")


_ENDINGS = {
    FileKind.PICTURE: "png jpg jpeg gif webp heic heif bmp tif tiff svg",
    FileKind.SPREADSHEET: "xls xlsx xlsm xlsb ods numbers",
    FileKind.PDF: "pdf",
    FileKind.PACKED: "zip gz tgz bz2 xz 7z rar tar zst",
    FileKind.OTHER: "doc docx odt rtf pages ppt pptx mp3 ogg wav mp4 mov exe apk html htm xml qif ofx qfx portfolio",
}
_BY_ENDING = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings.split()}
_BEGINNINGS = {
    b"\x89PNG": FileKind.PICTURE,
    b"\xff\xd8\xff": FileKind.PICTURE,
    b"GIF8": FileKind.PICTURE,
    b"RIFF": FileKind.PICTURE,
    b"II*\0": FileKind.PICTURE,
    b"MM\0*": FileKind.PICTURE,
    b"%PDF": FileKind.PDF,
    b"\xd0\xcf\x11\xe0": FileKind.SPREADSHEET,  # of Excel before 2007
    b"\x1f\x8b": FileKind.PACKED,
    b"BZh": FileKind.PACKED,
    b"7z\xbc\xaf": FileKind.PACKED,
    b"Rar!": FileKind.PACKED,
    b"\xfd7zXZ": FileKind.PACKED,
    b"{\\rtf": FileKind.OTHER,
}
_ZIP = b"PK\x03\x04"
_MARKUP = re.compile(r"\s*<(?:\?xml|!doctype|html|[A-Za-z]+[\s>])", re.IGNORECASE)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f]")


def refuse_by_name(name: str, size: int | None = None) -> None:
    """Raises BadFile for what need not be fetched: too much of it, or a name that tells another kind."""
    if size is not None and size > MOST_BYTES:
        raise _too_large()
    kind = _BY_ENDING.get(name.rpartition(".")[2].strip().lower())
    if kind is not None:
        raise BadFile(said(kind.value))


def text_of(content: bytes, name: str = "") -> str:
    """The text in a file, in whichever encoding. Raises BadFile for any other kind of file, and for too much of it."""
    if len(content) > MOST_BYTES:
        raise _too_large()
    if not content.strip(b"\0 \t\r\n"):
        raise BadFile(said("That file is empty."))
    refuse_by_name(name)
    if content.startswith(_ZIP):
        kind = FileKind.SPREADSHEET if b"xl/" in content or b"opendocument.spreadsheet" in content else FileKind.PACKED
        raise BadFile(said(kind.value))
    for beginning, kind in _BEGINNINGS.items():
        if content.startswith(beginning):
            raise BadFile(said(kind.value))
    text = content.decode(encoding_of(content), "replace").removeprefix("\ufeff")
    if _CONTROLS.search(text) or _MARKUP.match(text):
        raise BadFile(said(FileKind.OTHER.value))
    return text


def _too_large() -> BadFile:
    return BadFile(
        said(
            "That file is larger than the {most} kB that I read. Please export the positions alone, without history.",
            most=MOST_BYTES // 1000,
        )
    )
