"""Which kind of file weights from elsewhere are in, told without torch and without reading what could run."""

import zipfile
from os import PathLike
from typing import Literal

from safetensors import SafetensorError, safe_open

from ..io.errors import BadInput, as_bad_input
from ..io.files import need_file

_ZIP, _PICKLE = b"PK\3\4", b"\x80"


def foreign_kind(path: str | PathLike[str]) -> Literal["safetensors", "torch"]:
    """The kind of a file of weights, by its content.

    Raises:
        BadInput: missing, broken as far as can be seen from outside, or neither of the two.
    """
    need_file(path)
    with as_bad_input(path, OSError), open(path, "rb") as file:
        start = file.read(9)
    if start[8:] != b"{":  # safetensors has its length before, which can look like anything
        if start.startswith(_ZIP):
            _check_zip(path)
            return "torch"
        if start.startswith(_PICKLE):  # as torch wrote before 1.6
            return "torch"
    said = "neither a whole safetensors file nor one of torch"
    with as_bad_input(path, OSError, SafetensorError, say=said), safe_open(path, framework="numpy"):
        return "safetensors"


def _check_zip(path: str | PathLike[str]) -> None:
    """Refuse an archive that is broken, not of torch, or packed: small ones could unpack to any size."""
    broken = (OSError, ValueError, NotImplementedError, zipfile.BadZipFile)
    with as_bad_input(path, *broken, say="a broken file of torch"):
        entries = zipfile.ZipFile(path).infolist()
    if not any(entry.filename.endswith("/data.pkl") for entry in entries):
        raise BadInput(path, "a zip archive, but not one that torch wrote")
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise BadInput(path, "a compressed archive, as torch.save never writes it")
