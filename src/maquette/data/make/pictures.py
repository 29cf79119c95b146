"""Pictures of one shape as R2N2 has them: the object alone, transparent where it is not."""

import hashlib
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, UInt8

from ...kernels.draw import PictureSpecs, draw
from ..pack import ShapePack
from ..pack_scene import scene_of
from ..picture_specs import held_specs
from ..views_config import ViewsConfig

_CAMERA_NUMBERS = 3


class MadePictures(NamedTuple):
    """Pictures of one shape.

    Attributes:
        rgba: colours not multiplied by alpha; 0 everywhere where nothing is.
        cameras: azimuth (of the object frame) and elevation in degrees, ratio of distances.
    """

    rgba: UInt8[np.ndarray, "view size size 4"]
    cameras: Float[np.ndarray, "view 3"]


def draw_pictures(pack: ShapePack, views: int, size: int, seed: int) -> MadePictures:
    """Draw the one shape of a pack in its own colours, lit from above each camera.

    Cameras are drawn as 3D-R2N2's (azimuth 0 to 360, elevation 25 to 30 degrees, ratio 0.65 to 0.95); they follow
    from the seed and the shape's id. Borders are smoothed: alpha is the part of four samples that is covered.

    Args:
        pack: of one shape.
        views: number of pictures.
        size: pixels a side.
        seed: of the cameras.
    """
    key = hashlib.sha256(f"{seed} {pack.entries[0].id}".encode()).digest()[:16]
    numbers = np.random.Generator(np.random.Philox(key=int.from_bytes(key))).random((views, _CAMERA_NUMBERS))
    scene = scene_of(pack)
    config = ViewsConfig(size=size, render_size=size)
    specs, cameras = held_specs(np.zeros(views, np.int64), numbers, config, scene)
    black = PictureSpecs(**{**specs.__dict__, "behind": torch.zeros_like(specs.behind)})
    images, alpha, _ = draw(scene, black, size)
    return MadePictures(_rgba(images.numpy(), alpha.numpy()), cameras)


def _rgba(
    images: Float[np.ndarray, "view 3 size size"], alpha: Float[np.ndarray, "view size size"]
) -> UInt8[np.ndarray, "view size size 4"]:
    """Colours over black, divided by alpha; only pixels that show the object are touched, most do not."""
    views, size, _ = alpha.shape
    pixels = size * size
    rgba = np.zeros((views * pixels, 4), np.uint8)
    seen = np.flatnonzero(alpha)
    share = alpha.reshape(-1)[seen]
    first = seen + seen // pixels * (2 * pixels)
    for channel in range(3):
        colour = images.reshape(-1)[first + channel * pixels] / share
        rgba[seen, channel] = np.rint(np.minimum(colour, 1) * 255)
    rgba[seen, 3] = np.rint(share * 255)
    return rgba.reshape(views, size, size, 4)
