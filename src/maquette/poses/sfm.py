"""Structure from motion through COLMAP (Schönberger and Frahm, CVPR 2016), by way of pycolmap.

SIFT in every picture, on the object only where there is a mask; pairs matched and verified, where features are few
with guided matching; incremental mapping. What differs from COLMAP's own choices is for few pictures of one object:
more features where there is little contrast, tracks of two pictures, pictures that fewer points hold. A focal length
that nobody knows is tried from two beginnings. Models that have points in common are joined.
"""

import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pycolmap

from ..io.cameras_parse import ViewData
from ..io.colmap_model import ColmapCamera, SparsePoints
from ..io.lens import lens_of
from .join import Model, join_models
from .photos import Photo
from .wanted import SfmOptions, Watch

LENSES = {"none": "SIMPLE_PINHOLE", "radial": "SIMPLE_RADIAL", "opencv": "OPENCV"}
_FOCALS = (1.2, 3.0)  # first guesses, as shares of the longer side
_ENOUGH = 0.8  # share of the pictures that a first guess has to place
_DOUBLED = 1200  # pixels of the longer side below which features are looked for at twice the size, too
_PEAK = 0.002  # least contrast of a feature
_FEATURES = 6000  # in a picture, the largest ones
_TRIALS = 3000  # of RANSAC for a pair
_ALL_PAIRS = 1000  # with more the pairs are chosen
_NEIGHBOURS = 10  # to each side, and as many others, where pairs are chosen
_PAIRS_AT_ONCE = 32
_GUIDED = 3000  # geometric mean of two pictures' features up to which matching is guided: 2 s, and quadratic
_HOLDING = 15  # points that a picture is placed by
_LENS_FROM = 6  # pictures; fewer do not tell how a lens bends
_WORST = 2.0  # pixels of reprojection for a point that is kept


@dataclass(frozen=True, eq=False)
class Placed:
    """What was found: a view for each picture or None, the points, and the mean distance in pixels of the copies
    between where points lie in pictures and where they should."""

    views: tuple[ViewData | None, ...]
    points: SparsePoints
    error_px: float

    @property
    def count(self) -> int:
        """Number of pictures that were placed."""
        return sum(view is not None for view in self.views)


def place_photos(photos: Sequence[Photo], folder: Path, options: SfmOptions, watch: Watch) -> Placed:
    """Find cameras of pictures.

    Args:
        photos: at least two, whose copies are below `folder`.
        folder: for COLMAP's own files.
        options: what to do.
        watch: called with a stage, what of it is done, and its whole.
    """
    _end_as_python_does()
    if len(photos) < _LENS_FROM and options.lens == "radial":
        options = replace(options, lens="none")
    pycolmap.set_random_seed(options.seed)
    pycolmap.logging.minloglevel = 3  # what goes wrong is told by what is placed
    database = folder / "database.db"
    focal = _known_focal(photos, options)
    _extract(photos, folder, database, options, focal, watch)
    _match(len(photos), folder, database, options, watch)
    best = Placed((None,) * len(photos), SparsePoints(), 0.0)
    for guess in _FOCALS if focal is None else (focal,):
        _set_focal(database, guess, focal is not None)
        found = _map(photos, folder, database, options, watch)
        if (found.count, len(found.points)) > (best.count, len(best.points)):
            best = found
        if best.count >= _ENOUGH * len(photos):
            break
    return best


def _end_as_python_does() -> None:
    """Put Python's handler of SIGTERM back: since it was imported, pycolmap's own dumps the stack to stderr."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))


def _known_focal(photos: Sequence[Photo], options: SfmOptions) -> float | None:
    """Focal length as a share of the longer side; None where nobody knows it."""
    said = [photo.fov_deg for photo in photos if photo.fov_deg is not None]
    fov = options.fov_deg
    if fov is None and len(said) > len(photos) / 2:
        fov = float(np.median(said))
    return None if fov is None else float(0.5 / np.tan(np.radians(fov) / 2))


def _threads(options: SfmOptions) -> int:
    return -1 if options.threads is None else options.threads


def _extract(
    photos: Sequence[Photo],
    folder: Path,
    database: Path,
    options: SfmOptions,
    focal: float | None,
    watch: Watch,
) -> None:
    extraction = pycolmap.FeatureExtractionOptions()
    extraction.num_threads = _threads(options)
    extraction.sift.peak_threshold, extraction.sift.max_num_features = _PEAK, _FEATURES
    done = 0
    for size in sorted({photo.copy_size for photo in photos}):
        extraction.sift.first_octave = -1 if max(size) < _DOUBLED else 0
        same = [photo.copy for photo in photos if photo.copy_size == size]
        for names, reader in _batches(same, size, folder, options, focal or _FOCALS[0], database):
            one = options.cameras == "one"
            mode = pycolmap.CameraMode.SINGLE if one else pycolmap.CameraMode.PER_IMAGE
            pycolmap.extract_features(
                database, folder / "images", names, mode, reader, extraction, pycolmap.Device.cpu
            )
            done += len(names)
            watch("features", done, len(photos))


def _batches(
    names: list[str], size: tuple[int, int], folder: Path, options: SfmOptions, focal: float, database: Path
) -> Iterator[tuple[list[str], Any]]:
    """Names of pictures of one size, some at a time, with how they are read: the first makes the shared camera."""
    reader = pycolmap.ImageReaderOptions()
    reader.camera_model = LENSES[options.lens]
    params = [focal * max(size)] * (2 if options.lens == "opencv" else 1) + [size[0] / 2, size[1] / 2]
    params += [0.0] * {"none": 0, "radial": 1, "opencv": 4}[options.lens]
    reader.camera_params = ",".join(map(repr, params))
    if (folder / "masks").is_dir():
        reader.mask_path = folder / "masks"
    yield names[:1], reader
    if options.cameras == "one":
        with pycolmap.Database.open(database) as opened:
            reader.existing_camera_id = max(camera.camera_id for camera in opened.read_all_cameras())
    step = 4
    yield from ((names[i : i + step], reader) for i in range(1, len(names), step))


def _match(count: int, folder: Path, database: Path, options: SfmOptions, watch: Watch) -> None:
    matching, verifying = pycolmap.FeatureMatchingOptions(), pycolmap.TwoViewGeometryOptions()
    matching.num_threads = _threads(options)
    verifying.ransac.random_seed, verifying.ransac.max_num_trials = options.seed, _TRIALS
    pairs, done, listed = chosen_pairs(count), 0, pycolmap.ImportedPairingOptions()
    listed.match_list_path = folder / "pairs.txt"
    for matching.guided_matching, same in _by_cost(pairs, database).items():
        for i in range(0, len(same), _PAIRS_AT_ONCE):
            some = same[i : i + _PAIRS_AT_ONCE]
            lines = [f"{a:04d}.png {b:04d}.png\n" for a, b in some]
            (folder / "pairs.txt").write_text("".join(lines))
            pycolmap.match_image_pairs(database, matching, listed, verifying, pycolmap.Device.cpu)
            done += len(some)
            watch("matching", done, len(pairs))


def _by_cost(pairs: Sequence[tuple[int, int]], database: Path) -> dict[bool, list[tuple[int, int]]]:
    """Pairs whose guided matching is affordable, and those of many features, which match well enough without."""
    with pycolmap.Database.open(database) as opened:
        features = {
            image.name: opened.num_keypoints_for_image(image.image_id) for image in opened.read_all_images()
        }
    split: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    for a, b in pairs:
        split[features[f"{a:04d}.png"] * features[f"{b:04d}.png"] <= _GUIDED**2].append((a, b))
    return split


def chosen_pairs(count: int) -> list[tuple[int, int]]:
    """Pairs of pictures to match: all of up to 45 pictures; of more each one's neighbours in their order, and others
    evenly chosen.

    Args:
        count: of pictures.
    """
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    if len(pairs) <= _ALL_PAIRS:
        return pairs
    stride = max(1, count // _NEIGHBOURS)
    return [(i, j) for i, j in pairs if j - i <= _NEIGHBOURS or (i + j) % stride == 0]


def _set_focal(database: Path, focal: float, known: bool) -> None:
    """Begin with this share of the longer side."""
    with pycolmap.Database.open(database) as opened:
        for camera in opened.read_all_cameras():
            params = np.array(camera.params)
            params[list(camera.focal_length_idxs())] = focal * max(camera.width, camera.height)
            params[list(camera.extra_params_idxs())] = 0
            camera.params, camera.has_prior_focal_length = params.tolist(), known
            opened.update_camera(camera)


def _map(photos: Sequence[Photo], folder: Path, database: Path, options: SfmOptions, watch: Watch) -> Placed:
    config = pycolmap.IncrementalPipelineOptions()
    config.num_threads, config.random_seed, config.min_model_size = _threads(options), options.seed, 2
    config.mapper.random_seed = config.triangulation.random_seed = options.seed
    config.mapper.abs_pose_min_num_inliers = _HOLDING
    config.triangulation.ignore_two_view_tracks = False
    placed = 0

    def one_more() -> None:
        nonlocal placed
        placed = min(placed + 1, len(photos))
        watch("mapping", placed, len(photos))

    out = folder / "models"
    out.mkdir(exist_ok=True)
    found = pycolmap.incremental_mapping(
        database,
        folder / "images",
        out,
        config,
        initial_image_pair_callback=one_more,
        next_image_callback=one_more,
    )
    watch("mapping", len(photos), len(photos))
    return _result(photos, join_models([_model(each) for each in found.values()], _matches(database)))


def _matches(database: Path) -> dict[tuple[str, str], np.ndarray]:
    """Features that match, by pair of pictures."""
    with pycolmap.Database.open(database) as opened:
        names = {image.image_id: image.name for image in opened.read_all_images()}
        found = zip(*opened.read_two_view_geometries(), strict=True)
        pairs = (
            (pycolmap.pair_id_to_image_pair(number), geometry.inlier_matches) for number, geometry in found
        )
        return {(names[a], names[b]): np.array(rows).reshape(-1, 2) for (a, b), rows in pairs}


def _model(found: Any) -> Model:
    """What COLMAP made, as arrays."""
    images = {image.name: image for image in found.images.values() if image.has_pose}
    rows = {number: row for row, number in enumerate(found.points3D)}
    points = list(found.points3D.values())
    matrices = {name: image.cam_from_world().matrix() for name, image in images.items()}
    cameras = {name: found.cameras[image.camera_id] for name, image in images.items()}
    return Model(
        {name: (matrix[:, :3], matrix[:, 3]) for name, matrix in matrices.items()},
        {
            name: ColmapCamera(camera.model_name, camera.width, camera.height, tuple(camera.params.tolist()))
            for name, camera in cameras.items()
        },
        np.array([point.xyz for point in points]).reshape(-1, 3),
        np.array([point.color for point in points], np.uint8).reshape(-1, 3),
        np.array([point.error for point in points], np.float64),
        {
            name: {i: rows[p.point3D_id] for i, p in enumerate(image.points2D) if p.has_point3D()}
            for name, image in images.items()
        },
    )


def _result(photos: Sequence[Photo], models: Sequence[Model]) -> Placed:
    views: list[ViewData | None] = [None] * len(photos)
    number = {photo.copy: i for i, photo in enumerate(photos)}
    for model in reversed(models):  # what the largest says of a picture counts
        for name, (R, t) in model.poses.items():
            views[number[name]] = _view(photos[number[name]], model.cameras[name], R, t)
    if not models:
        return Placed(tuple(views), SparsePoints(), 0.0)
    errors = np.concatenate([model.errors for model in models])
    good = errors <= _WORST
    points = (np.concatenate([getattr(model, part) for model in models])[good] for part in ("xyz", "rgb"))
    return Placed(tuple(views), SparsePoints(*points), float(errors[good].mean()) if good.any() else 0.0)


def _view(photo: Photo, camera: ColmapCamera, R: np.ndarray, t: np.ndarray) -> ViewData:
    """A view of the picture itself, whose copy the camera took."""
    K = camera.K
    K[:2] *= np.array(photo.size)[:, None] / np.array(photo.copy_size)[:, None]
    lens = lens_of(camera.model, camera.distortion)
    return ViewData(photo.file, photo.mask, *photo.size, K, R, t, lens)
