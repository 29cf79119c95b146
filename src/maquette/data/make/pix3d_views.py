"""Where a camera stands that takes a picture of an object for Pix3D's layout, and the picture's row in the table."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from ..backgrounds import DRAWS
from .jobs import Job

_SENSOR = 32.0  # mm
_SHAPES = ((3, 4), (1, 1), (4, 3))  # height to width
_TURN, _TILT, _LENS, _SHARE = (-70.0, 70.0), (5.0, 35.0), (28.0, 45.0), (0.4, 0.8)
_BORDER = 0.03  # of the picture's sides
_ROUNDS = 3


@dataclass(frozen=True)
class Taken:
    """How a picture is taken.

    Attributes:
        category: of the object.
        number: of the picture.
        size: height and width in pixels.
        lens: focal length in mm on a sensor as wide as 32 mm.
        rotation: (3, 3) of the object's column vectors into the camera frame.
        translation: (3,) behind it.
        numbers: in [0, 1), for what stands behind the object.
    """

    category: str
    number: int
    size: tuple[int, int]
    lens: float
    rotation: Float[np.ndarray, "3 3"]
    translation: Float[np.ndarray, " 3"]
    numbers: Float[np.ndarray, " number"]

    @property
    def focal(self) -> float:
        """Focal length in pixels."""
        return self.lens * self.size[1] / _SENSOR

    def path(self, folder: str) -> str:
        """Of its picture ("img") or mask ("mask")."""
        return f"{folder}/{self.category}/{self.number:06d}.png"

    def row(self, job: Job, box: tuple[int, int, int, int]) -> dict[str, Any]:
        """All that `pix3d.json` says of a picture.

        Args:
            job: its object.
            box: left, top, right, bottom of the object's pixels.
        """
        model = f"model/{job.category}/{job.model}"
        return {
            "img": self.path("img"),
            "category": self.category,
            "img_size": [self.size[1], self.size[0]],
            "2d_keypoints": [],
            "mask": self.path("mask"),
            "img_source": "maquette",
            "model": f"{model}/model.obj",
            "model_raw": f"{model}/model.obj",
            "model_source": job.entry.source or "maquette",
            "3d_keypoints": "",
            "voxel": f"{model}/voxel.mat",
            "rot_mat": self.rotation.tolist(),
            "trans_mat": self.translation.tolist(),
            "focal_length": self.lens,
            "cam_position": (-self.rotation.T @ self.translation).tolist(),
            "inplane_rotation": 0.0,
            "truncated": False,
            "occluded": False,
            "slightly_occluded": False,
            "bbox": list(box),
        }


def take(
    verts: Float[np.ndarray, "vert 3"], category: str, number: int, longest: int, rng: np.random.Generator
) -> Taken:
    """Draw a camera that sees all of an object, somewhere in its picture, up to 70 degrees beside its front.

    Args:
        verts: of the object, as Pix3D's files have them: the front at -Z.
        category: of the object.
        number: of the picture.
        longest: pixels of its longer side.
        rng: draws as many numbers whatever the object is.
    """
    draws = rng.random(7)
    tall, wide = _SHAPES[int(draws[0] * len(_SHAPES))]
    size = (longest * tall // max(tall, wide), longest * wide // max(tall, wide))
    lens = _span(_LENS, draws[1])
    rotation = _rotation(_span(_TURN, draws[2]), _span(_TILT, draws[3]))
    translation = _placed(
        verts @ rotation.T, lens * size[1] / _SENSOR, size, _span(_SHARE, draws[4]), draws[5:]
    )
    return Taken(category, number, size, lens, rotation, translation, rng.random(1 + DRAWS))


def _rotation(turn: float, tilt: float) -> Float[np.ndarray, "3 3"]:
    """From the object's axes to the camera's, which stands `turn` degrees beside and `tilt` above its front."""
    a, e = math.radians(turn), math.radians(tilt)
    around = np.array([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
    down = np.array([[1, 0, 0], [0, math.cos(e), math.sin(e)], [0, -math.sin(e), math.cos(e)]])
    turned: np.ndarray = down @ around
    return turned


def _placed(
    verts: Float[np.ndarray, "vert 3"],
    focal: float,
    size: tuple[int, int],
    share: float,
    place: Float[np.ndarray, " 2"],
) -> Float[np.ndarray, " 3"]:
    """The translation by which an object's box has a share of the shorter side, at a place from [0, 1)^2."""
    sides = np.array([size[1], size[0]], float)
    at = np.array([0.0, 0.0, 2.0])
    for _ in range(_ROUNDS):
        low, high = _box(verts + at, focal, sides)
        at[2] *= float(((high - low) / (share * sides.min())).max())
        low, high = _box(verts + at, focal, sides)
        border = _BORDER * sides
        wanted = border + place * np.maximum(sides - 2 * border - (high - low), 0)
        at[:2] -= (wanted - low) * at[2] / focal
    return at


def _box(
    points: Float[np.ndarray, "vert 3"], focal: float, sides: Float[np.ndarray, " 2"]
) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest column and row of points in the camera frame."""
    pixels = sides / 2 - focal * points[:, :2] / points[:, 2:]
    return pixels.min(0), pixels.max(0)


def _span(limits: tuple[float, float], number: float) -> float:
    return limits[0] + (limits[1] - limits[0]) * float(number)
