"""Files that may be given as addresses; those of the web are refused by name."""

import re
from os import PathLike, fspath
from urllib.parse import urlsplit
from urllib.request import url2pathname

from .errors import BadInput

# two letters at least, since C: is a drive; one slash, since a `Path` keeps no more
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(/|.*[,;])")


def local_path(picture: str | PathLike[str], what: str = "picture") -> str:
    """The path of a file, which may be given as a `file:` address.

    Raises:
        BadInput: any other address.
    """
    path = fspath(picture)
    if path.startswith("file:"):
        parts = urlsplit(path)
        if parts.netloc not in ("", "localhost"):
            raise BadInput(path, f"is on another machine; download the {what} first")
        return url2pathname(parts.path)
    if _ADDRESS.match(path):
        address = path if len(path) <= 100 else f"{path[:100]}..."
        raise BadInput(address, f"is an address; download the {what} first and give its file")
    return path
