"""Text of files as others write it: with a byte order mark, in another encoding, with padding at the end."""

import codecs

_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
PADDING = b"\0\x1a \t\r\n"  # \x1a ended text under CP/M and DOS


def without_mark(data: bytes) -> bytes:
    """Content without its byte order mark; UTF-16 becomes UTF-8."""
    for mark, encoding in _ENCODINGS:
        if data.startswith(mark):
            data = data[len(mark) :]
            return data if encoding == "utf-8" else data.decode(encoding, "replace").encode("utf-8")
    return data


def plain_text(data: bytes) -> bytes:
    """Text without its byte order mark and without what pads it at the end; UTF-16 becomes UTF-8."""
    data = without_mark(data)
    return data.rstrip(PADDING) + b"\n" if data.rstrip()[-1:] in (b"\0", b"\x1a") else data


def decoded(data: bytes) -> str:
    """A name in a file as text: UTF-8, and where it is none, Latin-1, so that different bytes stay different."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
