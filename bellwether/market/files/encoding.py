"""In which encoding a text is, whoever wrote it. Pure."""

import codecs

_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def encoding_of(head: bytes) -> str:
    """By the mark at the beginning, else UTF-8 if it can be; UTF-16 without a mark shows by its zeros.

    `head` is a file or its beginning, which may end within a character.
    """
    for mark, name in _BOMS.items():
        if head.startswith(mark):
            return name
    if len(head) > 3 and 0 in head[:2] != b"\0\0":
        return "utf-16-le" if head[1] == 0 else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
