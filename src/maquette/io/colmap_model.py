"""What the files of a COLMAP model hold, however they are written."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .errors import ParseError

MODELS = {  # number in binary files, and names of the parameters that come before the distortion; their whole count
    "SIMPLE_PINHOLE": (0, 3, 3),
    "PINHOLE": (1, 4, 4),
    "SIMPLE_RADIAL": (2, 3, 4),
    "RADIAL": (3, 3, 5),
    "OPENCV": (4, 4, 8),
    "OPENCV_FISHEYE": (5, 4, 8),
    "FULL_OPENCV": (6, 4, 12),
    "FOV": (7, 4, 5),
    "SIMPLE_RADIAL_FISHEYE": (8, 3, 4),
    "RADIAL_FISHEYE": (9, 3, 5),
    "THIN_PRISM_FISHEYE": (10, 4, 12),
    "RAD_TAN_THIN_PRISM_FISHEYE": (11, 4, 16),
    "SIMPLE_DIVISION": (12, 3, 4),
    "DIVISION": (13, 4, 5),
    "SIMPLE_FISHEYE": (14, 3, 3),
    "FISHEYE": (15, 4, 4),
    "EUCM": (16, 4, 6),
}


class ColmapCamera(NamedTuple):
    """A camera: its model's name, the size of its pictures, and all parameters."""

    model: str
    width: int
    height: int
    params: tuple[float, ...]

    @property
    def K(self) -> np.ndarray:
        """(3, 3) focal lengths and principal point; COLMAP has the first pixel's centre at (0.5, 0.5), as we have."""
        *focal, cx, cy = self.params[: MODELS[self.model][1]]
        return np.array([[focal[0], 0, cx], [0, focal[-1], cy], [0, 0, 1]])

    @property
    def distortion(self) -> tuple[float, ...]:
        """The other parameters."""
        return self.params[MODELS[self.model][1] :]


class ColmapImage(NamedTuple):
    """A picture: its name, its camera's number, and world to camera as quaternion (real part first) and shift."""

    name: str
    camera: int
    rotation: tuple[float, ...]
    translation: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class SparsePoints:
    """Points that pictures have in common: `xyz` (P, 3) float64 in the world, `rgb` (P, 3) uint8."""

    xyz: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    rgb: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), np.uint8))

    def __len__(self) -> int:
        return len(self.xyz)


def need_model(name: str, place: str) -> str:
    """A camera model that is known.

    Raises:
        ParseError: it is not.
    """
    if name not in MODELS:
        raise ParseError(f"{name} is no camera model that is known ({', '.join(MODELS)})", place)
    return name


def rotation_matrix(quaternion: Iterable[float]) -> np.ndarray:
    """(3, 3) of a quaternion with its real part first.

    Raises:
        ParseError: its length is not 1, within a hundredth.
    """
    q = np.array(tuple(quaternion), np.float64)
    length = float(np.linalg.norm(q)) if np.abs(q).max() <= 2 else np.inf
    if not abs(length - 1) < 0.01:
        raise ParseError(f"its quaternion has length {length:.6g}, not 1")
    w, x, y, z = q / length
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def unique(pairs: Iterable[tuple[int, ColmapCamera]]) -> dict[int, ColmapCamera]:
    """Cameras by number.

    Raises:
        ParseError: two have the same.
    """
    found: dict[int, ColmapCamera] = {}
    for number, camera in pairs:
        if number in found:
            raise ParseError("is there twice", f"camera {number}")
        found[number] = camera
    return found
