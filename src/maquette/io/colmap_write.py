"""Writing COLMAP models as text; `colmap_parse` tells of the format."""

from os import PathLike
from pathlib import Path

from ..transforms import matrix_to_quaternion, standardize_quaternion
from .atomic import write_together
from .cameras_json import CameraFile, CameraView
from .colmap_model import ColmapCamera, ColmapImage, SparsePoints
from .colmap_text import cameras_text, images_text, points_text
from .errors import as_bad_input


def write_colmap(
    cameras: CameraFile, model: str | PathLike[str], images: Path, points: SparsePoints | None = None
) -> None:
    """Write a model as text: all its files, or none.

    Args:
        cameras: views with pictures.
        model: the folder to write to; `cameras.txt`, `images.txt` and `points3D.txt` in it are replaced.
        images: the folder that the pictures are in; their names are stored relative to it.
        points: what `points3D.txt` holds; nothing when not given.

    Raises:
        ValueError: a view without a picture.
        BadInput: a place that cannot be written to.
    """
    numbers: dict[ColmapCamera, int] = {}
    entries = []
    for i, view in enumerate(cameras.views):
        if view.image is None:
            raise ValueError(f"view {i} has no picture, which a COLMAP model needs")
        number = numbers.setdefault(_pinhole(view), len(numbers) + 1)
        name = view.image.resolve().relative_to(images.resolve()).as_posix()
        entries.append(ColmapImage(name, number, _quaternion(view), tuple(view.t.tolist())))
    files: dict[Path, bytes | str] = {
        Path(model) / "cameras.txt": cameras_text(tuple(numbers)),
        Path(model) / "images.txt": images_text(entries),
        Path(model) / "points3D.txt": points_text(points or SparsePoints()),
    }
    with as_bad_input(model, OSError, say="cannot be written"):
        write_together(files)


def _pinhole(view: CameraView) -> ColmapCamera:
    K = view.K.tolist()
    return ColmapCamera("PINHOLE", view.width, view.height, (K[0][0], K[1][1], K[0][2], K[1][2]))


def _quaternion(view: CameraView) -> tuple[float, ...]:
    return tuple(standardize_quaternion(matrix_to_quaternion(view.R.double())).tolist())
