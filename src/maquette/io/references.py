"""The files that a file names: found beside it, within one folder, and read within one budget of pixels."""

import os
import re
from os import PathLike
from pathlib import Path

import numpy as np

from .errors import ParseError, as_bad_input
from .files import read_file
from .image_files import LARGEST_PIXELS, decode_texture

_DRIVE = re.compile(r"[A-Za-z]:")


class References:
    """What one file may read besides itself.

    A name is tried as it stands and then, without its folders, beside the file: files are moved without the folders
    that their authors had. Quotes, backslashes and another case of letters are understood.

    Args:
        folder: where the naming file is.
        root: the folder that names must not leave; `folder` by default. What links in it point to is read.
    """

    def __init__(self, folder: str | PathLike[str], root: str | PathLike[str] | None = None) -> None:
        self.folder = Path(folder)
        self._root = os.path.abspath(self.folder if root is None else root)
        self._pictures: dict[Path, np.ndarray] = {}
        self._pixels = LARGEST_PIXELS

    def find(self, name: str, moved: bool = True) -> Path | None:
        """The file of this name, or None where there is none.

        Args:
            name: as the file gives it.
            moved: whether one of its plain name beside the file will do.

        Raises:
            ParseError: the name leads to a file outside of the root.
        """
        words = _unquoted(name).replace("\\", "/")
        places = [] if _DRIVE.match(words) else [words]
        outside = False
        for place in [*places, words.rsplit("/", 1)[-1]] if moved else places:
            path = Path(os.path.normpath(self.folder / place))
            if not Path(os.path.abspath(path)).is_relative_to(self._root):
                outside |= os.path.exists(path) and not os.path.isdir(path)
                continue
            found = path if os.path.exists(path) else _in_any_case(path)
            if found is not None and not os.path.isdir(found):
                return found
        if outside:
            raise ParseError(f"names {name!r}, which is outside of its folder")
        return None

    def picture(self, name: str) -> np.ndarray | None:
        """A texture (H, W, 3) as `texture` gives it, or None where there is no such file.

        Raises:
            ParseError: the name leads out of the root.
            BadInput: the picture is broken, or too large beside those read before.
        """
        path = self.find(name)
        if path is None:
            return None
        if path not in self._pictures:
            data = read_file(path)
            with as_bad_input(path, ParseError):
                self._pictures[path] = self.texture(data)
        return self._pictures[path]

    def texture(self, data: bytes) -> np.ndarray:
        """As `decode_texture`, which may have the pixels that are left of 50 million for all textures."""
        array = decode_texture(data, self._pixels)
        self._pixels -= array.shape[0] * array.shape[1]
        return array


def _unquoted(name: str) -> str:
    name = name.strip()
    return name[1:-1].strip() if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'" else name


def _in_any_case(path: Path) -> Path | None:
    """A file in the same folder whose name differs in the case of letters at most."""
    try:
        names = sorted(os.listdir(path.parent))
    except (OSError, ValueError):
        return None
    return next((path.parent / name for name in names if name.lower() == path.name.lower()), None)
