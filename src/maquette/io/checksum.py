"""SHA-256 of files."""

import hashlib
from os import PathLike

from .files import refuse_pipe


def sha256_of(path: str | PathLike[str]) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits.

    Raises:
        OSError: it cannot be read.
        BadInput: a pipe or a device, which is not opened.
    """
    refuse_pipe(path)
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
