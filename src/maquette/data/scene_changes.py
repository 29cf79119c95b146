"""Scaling and mirroring of pictures together with the objects in them."""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from .batch import PictureObjects

Image = Float[Tensor, "3 height width"]


def scaled(
    image: Image, objects: PictureObjects, size: tuple[int, int]
) -> tuple[Float[Tensor, "3 _height _width"], PictureObjects]:
    """A picture of another size, and what is in it: the camera's focal lengths change, the scene does not.

    Args:
        image: RGB in [0, 1].
        objects: in it, with masks and camera.
        size: height and width.
    """
    height, width = image.shape[1:]
    if (height, width) == size:
        return image, replace(objects, size=size)
    smaller = interpolate(image[None], size, mode="bilinear", antialias=True)[0].clamp(0, 1)
    factors = objects.boxes.new_tensor([size[1] / width, size[0] / height]).repeat(2)
    masks, camera = objects.masks, objects.camera
    if masks is not None:
        masks = interpolate(masks[None].float(), size, mode="bilinear", antialias=True)[0] > 0.5
    camera = None if camera is None else camera * factors
    return smaller, replace(objects, boxes=objects.boxes * factors, masks=masks, camera=camera, size=size)


def mirrored(image: Image, objects: PictureObjects) -> tuple[Image, PictureObjects]:
    """The picture and its scene in a mirror: left is right, and faces still look outwards."""
    width = image.shape[2]
    left, top, right, bottom = objects.boxes.unbind(1)
    masks, meshes, points, camera = objects.masks, objects.meshes, objects.points, objects.camera
    if meshes is not None:
        verts, faces = [_turned(v) for v in meshes.verts_list()], [f.flip(1) for f in meshes.faces_list()]
        meshes = type(meshes)(verts, faces)
    if camera is not None:
        camera = torch.stack([camera[0], camera[1], width - camera[2], camera[3]])
    return image.flip(2), replace(
        objects,
        boxes=torch.stack([width - right, top, width - left, bottom], 1),
        masks=None if masks is None else masks.flip(2),
        meshes=meshes,
        points=None if points is None else tuple(_turned(own) for own in points),
        camera=camera,
    )


def recoloured(image: Image, factors: Float[Tensor, " 4"]) -> Image:
    """A picture with another brightness (the last factor) and other strengths of red, green and blue."""
    return (image * (factors[:3] * factors[3])[:, None, None]).clamp(0, 1)


def _turned(points: Tensor) -> Tensor:
    return points * points.new_tensor([-1.0, 1.0, 1.0])
