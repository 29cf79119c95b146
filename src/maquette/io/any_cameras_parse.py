"""Cameras in whatever known format a folder or a file has them, read without torch."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Literal, NamedTuple

from .cameras_parse import CamerasData, ViewData, parse_cameras
from .colmap_parse import find_colmap, parse_colmap
from .errors import BadInput
from .files import need_file
from .json_file import read_json
from .middlebury import parse_middlebury
from .pix3d_cameras import parse_pix3d
from .pix3d_records import PIX3D_TABLE
from .transforms_parse import parse_transforms

Kind = Literal["cameras.json", "transforms.json", "COLMAP", "Middlebury", "Pix3D"]
KNOWN = "cameras.json, transforms.json, a COLMAP model, Middlebury's *_par.txt, pix3d.json"


class CameraSource(NamedTuple):
    """Which format cameras are in, and the file that says where they are; of COLMAP the model's folder."""

    kind: Kind
    path: Path


def known_cameras(place: str | PathLike[str]) -> CameraSource | None:
    """What is known of cameras in a folder, or in a file; None where nothing is.

    Of several formats in a folder the first counts: `cameras.json`, `transforms.json`, COLMAP,
    `transforms_train.json` or another one of NeRF, Middlebury, Pix3D.
    """
    place = Path(place)
    return _in_folder(place) if place.is_dir() else _of_file(place)


def need_cameras(place: str | PathLike[str]) -> CameraSource:
    """As `known_cameras`.

    Raises:
        BadInput: there are none.
    """
    source = known_cameras(place)
    if source is None:
        if not Path(place).is_dir():
            need_file(place)
        raise BadInput(place, f"has no cameras ({KNOWN})")
    return source


def parse_any_cameras(
    place: str | PathLike[str], root: str | PathLike[str] | None = None, shape: str | None = None
) -> CamerasData:
    """What a folder or a file says of cameras, without torch; lenses are kept with the views.

    Args:
        place: the folder, or one of the files.
        root: a folder that names of pictures may lead into besides the file's own.
        shape: of Pix3D: whose photographs; see `parse_pix3d`.

    Raises:
        BadInput: no known format, or what the reader of the format refuses.
    """
    kind, path = need_cameras(place)
    if kind == "Pix3D":
        return parse_pix3d(path, root, shape)
    readers: dict[str, Callable[[Path, str | PathLike[str] | None], CamerasData]] = {
        "cameras.json": parse_cameras,
        "transforms.json": parse_transforms,
        "COLMAP": parse_colmap,
        "Middlebury": parse_middlebury,
    }
    return readers[kind](path, root)


def need_straight(place: str | PathLike[str], views: Sequence[ViewData]) -> None:
    """Refuse pictures that a lens has bent, which only `read_any_cameras` undistorts.

    Raises:
        BadInput: there are some.
    """
    bent = [view.lens for view in views if view.lens is not None]
    if bent:
        reason = f"its pictures are bent by a lens ({bent[0].model}); `maquette cameras` undistorts them"
        raise BadInput(place, f"{reason}; given by their own names they are pictures without cameras")


def _in_folder(folder: Path) -> CameraSource | None:
    if (folder / "cameras.json").is_file():
        return CameraSource("cameras.json", folder / "cameras.json")
    if (folder / "transforms.json").is_file():
        return CameraSource("transforms.json", folder / "transforms.json")
    model = find_colmap(folder)
    if model is not None:
        return CameraSource("COLMAP", model)
    splits = sorted(folder.glob("transforms_*.json"), key=lambda path: path.name != "transforms_train.json")
    if splits:
        return CameraSource("transforms.json", splits[0])
    lists = sorted(folder.glob("*_par.txt"))
    if lists:
        return CameraSource("Middlebury", lists[0])
    table = folder / PIX3D_TABLE
    return CameraSource("Pix3D", table) if table.is_file() else None


def _of_file(path: Path) -> CameraSource | None:
    if not path.is_file():
        return None
    if path.name.endswith("_par.txt"):
        return CameraSource("Middlebury", path)
    if path.suffix in (".bin", ".txt") and path.stem in ("cameras", "images"):
        return CameraSource("COLMAP", path.parent)
    if path.name == PIX3D_TABLE:
        return CameraSource("Pix3D", path)
    if path.suffix != ".json":
        return None
    if path.name.startswith("transforms"):
        return CameraSource("transforms.json", path)
    is_transforms = "maquette_cameras" not in (content := read_json(path, dict)) and "frames" in content
    return CameraSource("transforms.json" if is_transforms else "cameras.json", path)
