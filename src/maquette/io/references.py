"""The files that a file names: found beside it, within one folder, and read within one budget of pixels."""

import os
import re
from os import PathLike
from pathlib import Path

import numpy as np

from .color_space import times_light
from .errors import BadInput, ParseError, as_bad_input
from .files import read_file
from .image_files import LARGEST_PIXELS, decode_texture
from .mesh_join import REPEAT, Part, Wrap, repeat_picture

_DRIVE = re.compile(r"[A-Za-z]:")


class References:
    """What one file may read besides itself.

    A name is tried as it stands and then, without its folders, beside the file: files are moved without the folders
    that their authors had. Quotes, backslashes and another case of letters are understood.

    Args:
        folder: where the naming file is; None where it is no file and no name leads anywhere.
        root: a folder that names may lead into besides `folder`, mostly one above it. What links in them point to is
            read.

    Raises:
        BadInput: there is no such root.
    """

    def __init__(self, folder: str | PathLike[str] | None, root: str | PathLike[str] | None = None) -> None:
        self.folder, self._nowhere = Path(folder or ""), folder is None
        if root is not None and not os.path.isdir(root):
            raise BadInput(root, "is the folder that names may lead into, but is none")
        self._roots = [os.path.abspath(place) for place in (self.folder, root) if place is not None]
        self._stored: dict[Path, np.ndarray] = {}
        self._pictures: dict[tuple[Path, bytes], np.ndarray] = {}
        self._lit: dict[tuple[int, bytes], tuple[np.ndarray, np.ndarray]] = {}
        self._pixels, self._repeated = LARGEST_PIXELS, 0

    def find(self, name: str, moved: bool = True) -> Path | None:
        """The file of this name, or None where there is none.

        Args:
            name: as the file gives it.
            moved: whether one of its plain name beside the file will do.

        Raises:
            ParseError: the name leads to a file outside of both folders.
        """
        if self._nowhere:
            return None
        words = _unquoted(name).replace("\\", "/")
        places = [] if _DRIVE.match(words) else [words]
        outside = False
        for place in [*places, words.rsplit("/", 1)[-1]] if moved else places:
            path = Path(os.path.normpath(self.folder / place))
            if not any(Path(os.path.abspath(path)).is_relative_to(root) for root in self._roots):
                outside |= os.path.exists(path) and not os.path.isdir(path)
                continue
            found = path if os.path.exists(path) else _in_any_case(path)
            if found is not None and not os.path.isdir(found):
                return found
        if outside:
            raise ParseError(f"names {name!r}, which is outside of {self._allowed()}")
        return None

    def picture(self, name: str, tint: np.ndarray | None = None) -> np.ndarray | None:
        """A texture (H, W, 3) as `texture` gives it, times a colour; or None where there is no such file.

        Raises:
            ParseError: as `find`.
            BadInput: the picture is broken, or too large beside those read before.
        """
        path = self.find(name)
        if path is None:
            return None
        key = path, b"" if tint is None else tint.tobytes()
        if key not in self._pictures:
            with as_bad_input(path, ParseError):
                if path in self._stored:
                    self._spend(self._stored[path])
                else:
                    self._stored[path] = self.texture(read_file(path))
            stored = self._stored[path]
            self._pictures[key] = stored if tint is None else stored * tint
        return self._pictures[key]

    def texture(self, data: bytes) -> np.ndarray:
        """As `decode_texture`, which may have the pixels that are left of 50 million for all textures."""
        array = decode_texture(data, self._pixels)
        self._spend(array)
        return array

    def lit(self, picture: np.ndarray, light: np.ndarray) -> np.ndarray:
        """One of the textures, its light times (3,) amounts, which counts among the pixels as a tint does."""
        key = id(picture), light.tobytes()
        if key not in self._lit:
            self._spend(picture)
            self._lit[key] = picture, times_light(picture, light)
        return self._lit[key][1]

    def repeat(
        self, picture: np.ndarray, uvs: np.ndarray, faces_uvs: np.ndarray, wrap: tuple[Wrap, Wrap] = REPEAT
    ) -> Part:
        """As `repeat_picture`; all pictures of the file share its megapixels."""
        part = repeat_picture(picture, uvs, faces_uvs, wrap, self._repeated)
        if part[0] is not picture:
            self._repeated += part[0].shape[0] * part[0].shape[1]
        return part

    def _allowed(self) -> str:
        if len(self._roots) > 1:
            return self._roots[1]
        return "its folder; commands take --root FOLDER, load_mesh and read_cameras root=FOLDER"

    def _spend(self, picture: np.ndarray) -> None:
        pixels = picture.shape[0] * picture.shape[1]
        if pixels > self._pixels:
            raise ParseError(
                f"all textures and their tints have more than {LARGEST_PIXELS / 1e6:.3g} megapixels"
            )
        self._pixels -= pixels


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
