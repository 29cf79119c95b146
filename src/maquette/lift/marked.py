"""Pictures with what was found in them: boxes, masks, classes, and meshes from where the picture was taken."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..renderer.views import render_views
from ..structures import Meshes, join_meshes_as_scene
from ..structures.cameras import PerspectiveCameras
from ..structures.reconstruction import Reconstruction

_COLOURS = ((0.9, 0.35, 0.1), (0.1, 0.45, 0.8), (0.15, 0.6, 0.3), (0.6, 0.3, 0.7), (0.8, 0.65, 0.05))
_TINT = 0.35


def marked(
    image: Float[Tensor, "3 height width"], objects: Sequence[Reconstruction]
) -> Float[Tensor, "3 height width"]:
    """A picture with boxes, masks, classes and scores of what was found in it.

    Args:
        image: RGB in [0, 1].
        objects: found in it.
    """
    canvas = (255 * image.cpu().permute(1, 2, 0)).round().byte().numpy().copy()
    # Large objects first, so that small ones before them stay visible.
    order = sorted(range(len(objects)), key=lambda i: -_area(objects[i]))
    for i in order:
        colour = 255 * np.array(_COLOURS[i % len(_COLOURS)])
        mask = objects[i].mask
        if mask is not None and mask.shape[1:] == image.shape[1:]:
            on = mask[0].cpu().numpy() > 0.5
            canvas[on] = (canvas[on] + _TINT * (colour - canvas[on])).round()
        if objects[i].box is not None:
            _frame(canvas, objects[i], colour)
    return torch.from_numpy(canvas).permute(2, 0, 1).float() / 255


def from_there(
    meshes: Sequence[Meshes], camera: Float[Tensor, " 4"], size: Sequence[int]
) -> Float[Tensor, "3 height width"]:
    """Meshes of the camera frame as the camera sees them; white where there is nothing.

    Args:
        meshes: one each.
        camera: focal lengths along columns and rows, and column and row of the optical axis, in pixels.
        size: height and width of the picture.
    """
    height, width = (int(side) for side in size)
    if not meshes or all(mesh.isempty() for mesh in meshes):
        return torch.ones(3, height, width)
    bare = [Meshes([mesh.verts_packed().cpu()], [mesh.faces_packed().cpu()]) for mesh in meshes]
    scene = join_meshes_as_scene(bare)
    return render_views(scene, pixel_camera(camera, size), (height, width), antialias=2).images[0]


def pixel_camera(camera: Float[Tensor, " 4"], size: Sequence[int]) -> PerspectiveCameras:
    """A camera at the origin that looks along +Z; arguments as for `from_there`."""
    focal_x, focal_y, column, row = camera.tolist()
    return PerspectiveCameras(
        focal_length=((focal_x, focal_y),),
        principal_point=((column, row),),
        in_ndc=False,
        image_size=((int(size[0]), int(size[1])),),
    )


def _area(made: Reconstruction) -> float:
    if made.box is None:
        return 0.0
    left, top, right, bottom = made.box.tolist()
    return float((right - left) * (bottom - top))


def _frame(canvas: np.ndarray, made: Reconstruction, colour: np.ndarray) -> None:
    """Draw a box and its words onto a picture."""
    assert made.box is not None
    left, top, right, bottom = (round(side) for side in made.box.tolist())
    height, width = canvas.shape[:2]
    thick = max(1, round(min(height, width) / 160))
    shade = tuple(colour.tolist())
    cv2.rectangle(canvas, (left, top), (right - 1, bottom - 1), shade, thick)
    words = " ".join(
        word for word in (made.label, made.score is not None and f"{made.score:.2f}") if isinstance(word, str)
    )
    scale = max(0.3, min(height, width) / 600)
    at = (left + 2, max(top - 3, round(24 * scale)))
    cv2.putText(canvas, words, at, cv2.FONT_HERSHEY_SIMPLEX, scale, shade, thick, cv2.LINE_AA)
