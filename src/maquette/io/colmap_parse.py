"""Reading COLMAP models, without torch: a folder with `cameras`, `images` and mostly `points3D`, in text or binary.

    scene/sparse/0/{cameras,images,points3D}.{bin,txt}     scene/images/<name>     scene/masks/<name>.png

The model may also lie in `sparse/`, `colmap/sparse/0/`, `dense/sparse/` or the folder itself, the pictures beside it.
Poses are world to camera with OpenCV's axes, the first pixel's centre is at (0.5, 0.5): as in `cameras.json`, but
pixels are counted as they are stored. Which way is up is not stored; it is guessed from the cameras.
"""

import os
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from .camera_up import guessed_up
from .cameras_parse import CamerasData, ViewData, check_calibration, check_rigid, check_side, check_stored
from .colmap_binary import parse_cameras_binary, parse_images_binary, parse_points_binary
from .colmap_model import ColmapCamera, ColmapImage, SparsePoints, rotation_matrix
from .colmap_text import parse_cameras_text, parse_images_text, parse_points_text
from .errors import BadInput, ParseError, as_bad_input, say_left_out
from .files import read_file
from .image_files import PICTURE_SUFFIXES
from .lens import lens_of
from .references import References

_PLACES = (".", "sparse/0", "sparse", "colmap/sparse/0", "colmap/sparse", "dense/sparse")
_ENDINGS = (".bin", ".txt")


def find_colmap(place: Path) -> Path | None:
    """The folder with a model's files, at `place` or where programs put it below; None where there is none."""
    for below in _PLACES:
        model = place / below
        if _file(model, "cameras") and _file(model, "images"):
            return model
    return None


def parse_colmap(model: Path, root: str | PathLike[str] | None = None) -> CamerasData:
    """Cameras and pictures of a model, by the pictures' names.

    Args:
        model: the folder with its files.
        root: a folder in which pictures are looked for too.

    Raises:
        BadInput: a file that is missing, cut or malformed, a camera model that is not known, a picture without its
            camera or that is not there, of another size than its camera's or turned by EXIF.
    """
    cameras_file, images_file = (_need(model, kind) for kind in ("cameras", "images"))
    is_text = cameras_file.suffix == ".txt", images_file.suffix == ".txt"
    with as_bad_input(cameras_file, ParseError):
        data = read_file(cameras_file)
        cameras = parse_cameras_text(data) if is_text[0] else parse_cameras_binary(data)
        for number, camera in cameras.items():
            _check(camera, f"camera {number}")
    with as_bad_input(images_file, ParseError):
        data = read_file(images_file)
        images = parse_images_text(data) if is_text[1] else parse_images_binary(data)
        if not images:
            raise ParseError("holds no picture")
        folder, masks = _picture_folders(model, images[0].name, root)
        views = tuple(_views(sorted(images), cameras, References(folder), References(masks)))
        _say_unplaced(folder, views)
    return CamerasData(views, None, guessed_up(views))


def parse_colmap_points(model: Path) -> SparsePoints:
    """The points of a model; none where it has no such file.

    Raises:
        BadInput: a cut or malformed file.
    """
    path = _file(model, "points3D")
    if path is None:
        return SparsePoints()
    with as_bad_input(path, ParseError):
        data = read_file(path)
        return parse_points_text(data) if path.suffix == ".txt" else parse_points_binary(data)


def _file(model: Path, kind: str) -> Path | None:
    return next((path for end in _ENDINGS if (path := model / f"{kind}{end}").is_file()), None)


def _need(model: Path, kind: str) -> Path:
    path = _file(model, kind)
    if path is None:
        raise BadInput(model, f"is no COLMAP model: it has no {kind}.bin and no {kind}.txt")
    return path


def _check(camera: ColmapCamera, place: str) -> None:
    for side in (camera.width, camera.height):
        check_side(side, place)
    check_calibration(camera.K, place)
    if max(map(abs, camera.distortion), default=0) > 1e6:
        raise ParseError("its distortion is too large to be one", place)


def _views(
    images: Sequence[ColmapImage], cameras: dict[int, ColmapCamera], files: References, masks: References
) -> Iterator[ViewData]:
    before = ""
    for image in images:
        place = f"picture {image.name}"
        if image.name == before:
            raise ParseError("is there twice", place)
        before = image.name
        camera = cameras.get(image.camera)
        if camera is None:
            raise ParseError(f"its camera {image.camera} is not among the model's", place)
        pose = np.eye(4)
        try:
            pose[:3, :3] = rotation_matrix(image.rotation)
        except ParseError as error:
            raise ParseError(str(error), place) from None
        pose[:3, 3] = image.translation
        check_rigid(pose, place)
        path = files.find(image.name, moved=False) or files.folder / image.name
        mask = masks.find(f"{image.name}.png", moved=False)
        mask = mask or masks.find(Path(image.name).with_suffix(".png").as_posix(), moved=False)
        size = camera.width, camera.height
        for file in (path, mask):
            if file is not None:
                check_stored(file, size)
        lens = lens_of(camera.model, camera.distortion)
        yield ViewData(path, mask, *size, camera.K, pose[:3, :3], pose[:3, 3], lens)


def _picture_folders(model: Path, name: str, root: str | PathLike[str] | None) -> tuple[Path, Path]:
    """The first folder that has the first picture, among those where programs put them, and that of its masks.

    What lies beside the model goes first: pictures that COLMAP has undistorted are in `dense`, with a model of their
    own, below the scene of the photographs.
    """
    model = Path(os.path.abspath(model))
    beside = next((folder.parent for folder in (model, model.parent) if folder.name == "sparse"), model)
    scene = beside.parent if beside.name in ("colmap", "dense") and beside != model else beside
    around = [beside, *([] if root is None else [Path(os.path.abspath(root))]), scene, model]
    places = ((folder, place) for place in around for folder in (place / "images", place))
    found = (
        (folder, place / "masks")
        for folder, place in places
        if References(folder).find(name, moved=False) is not None
    )
    return next(found, (scene / "images", scene / "masks"))


def _say_unplaced(folder: Path, views: Sequence[ViewData]) -> None:
    known = {view.image for view in views}
    folders = {view.image.parent for view in views if view.image is not None}
    there = [path for place in sorted(folders) for path in sorted(place.iterdir())]
    pictures = [path for path in there if path.suffix.lower() in PICTURE_SUFFIXES and path not in known]
    if pictures:
        more = f" and {len(pictures) - 1} more" if len(pictures) > 1 else ""
        say_left_out(f"no camera for {pictures[0].relative_to(folder)}{more}")
