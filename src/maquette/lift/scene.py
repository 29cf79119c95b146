"""Reconstructions as files and pictures show them: upright, several of a scene together."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from ..structures import Meshes, join_meshes_as_batch, join_meshes_as_scene
from ..structures.reconstruction import Reconstruction
from ..structures.views import Views
from .marked import marked
from .preview import draw_preview
from .view import View, known_view

_STEEP = 0.1  # sine of the angle between a view from above and the vertical, below which it says nothing of a front
_WARMTH, _ORANGE = 0.6, (1.0, 0.45, 0.0)
_TO_CAMERA = 90.0  # azimuth, in R2N2's sense, that faces the camera's side of a mesh


def upright(made: Reconstruction) -> Meshes:
    """The mesh with +Y up and the side that the camera, or the front, sees to +Z: the axes of files.

    A camera frame (+X left, +Z into the scene) is turned by half a turn about Y; and so that what is up in the scene
    is up, where that is known. The world of cameras that were given stays as it is.
    """
    if made.frame != "camera":
        return made.mesh
    verts = made.mesh.verts_padded()
    turn = torch.diag(verts.new_tensor([-1.0, 1.0, -1.0]))
    if made.up is not None:
        turn = _standing(turn @ made.up.to(verts)) @ turn
    return made.mesh.update_padded(verts @ turn.T)


def _standing(up: Tensor) -> Tensor:
    """The turn that brings a direction to +Y and keeps +Z as near to where it is as can be; none near +Z itself."""
    up = up / up.norm().clamp_min(1e-9)
    front = up.new_tensor([0.0, 0.0, 1.0]) - up[2] * up
    if front.norm() < _STEEP:
        return torch.eye(3).to(up)
    front = front / front.norm()
    return torch.stack([torch.linalg.cross(up, front), up, front])


def draw_scene(objects: Sequence[Reconstruction], views: Views, tile: int = 256) -> Tensor:
    """Pictures beside what was made of them, from there and from two other sides (`lift.draw_preview`).

    Where objects were detected the pictures have their boxes, masks, classes and scores on them. What the system went
    by (`Reconstruction.aside`) stands below.

    Args:
        objects: of one scene; what is in no object frame is brought to its size, and seen from the cameras.
        views: the pictures, with masks where they are known.
        tile: pixels a side of every part.
    """
    drawn = _draw_scene(objects, views, tile)
    asides = [one.aside for one in objects if one.aside is not None]
    return torch.cat([drawn, *(_as_wide(aside, drawn.shape[2]) for aside in asides)], dim=1)


def _as_wide(picture: Tensor, width: int) -> Tensor:
    """A picture with white on its right, or made smaller, so that it is that wide."""
    if picture.shape[2] > width:
        height = max(1, round(picture.shape[1] * width / picture.shape[2]))
        picture = interpolate(picture[None], (height, width), mode="bilinear", antialias=True)[0].clamp(0, 1)
    return pad(picture.cpu(), (0, width - picture.shape[2]), value=1.0)


def _draw_scene(objects: Sequence[Reconstruction], views: Views, tile: int) -> Tensor:
    scene = scene_of(objects)
    pictures, known = list(views.images), views.masks or [None] * len(views)
    if objects[0].attention is not None:
        pictures[0] = _warmed(pictures[0], objects[0].attention)
    if any(one.box is not None for one in objects):
        pictures = [marked(image, objects) for image in pictures]
    masks = [
        torch.ones_like(p[:1]) if mask is None else mask for p, mask in zip(pictures, known, strict=True)
    ]
    if len(objects) == 1 and objects[0].frame == "object":
        return draw_preview(scene, pictures, masks, _places(objects[0], len(views)), tile)
    whole = join_meshes_as_scene(scene)
    low, high = whole.verts_packed().amin(dim=0), whole.verts_packed().amax(dim=0)
    size = (high - low).norm().clamp_min(1e-12)
    middle = (low + high) / 2
    whole = whole.update_padded((whole.verts_padded() - middle) / size)
    places: list[View | None] = [None] * len(views)
    if objects[0].frame == "world":
        cameras = views.cameras
        places = [known_view(cameras[[i]], picture, middle, size) for i, picture in enumerate(pictures)]
    unknown = (_TO_CAMERA, _elevation(objects[0]))
    return draw_preview(whole, pictures, masks, places, tile, unknown)


def _warmed(picture: Tensor, attention: Tensor) -> Tensor:
    """A picture that is orange where a system looked harder."""
    share = _WARMTH * attention.to(picture)
    return picture * (1 - share) + share * picture.new_tensor(_ORANGE)[:, None, None]


def scene_of(objects: Sequence[Reconstruction]) -> Meshes:
    """All objects upright, in one batch."""
    meshes = [upright(one) for one in objects]
    return join_meshes_as_batch(meshes) if len(meshes) > 1 else meshes[0]


def _elevation(made: Reconstruction) -> float:
    """Degrees from which the camera looks down on what stands upright; 0 where up is not known."""
    if made.up is None:
        return 0.0
    return -math.degrees(math.asin(min(max(float(made.up[2] / made.up.norm().clamp_min(1e-9)), -1.0), 1.0)))


def _places(made: Reconstruction, count: int) -> list[View | None]:
    """Where each picture was taken from; None where the system does not say."""
    return [*(made.info.get("views") or ()), *[None] * count][:count]
