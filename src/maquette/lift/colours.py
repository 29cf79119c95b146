"""Colours of a reconstruction: from the pictures where they see it, by symmetry or from nearby elsewhere."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import interpolate, max_pool2d

from ..ops import knn_points
from ..structures import Meshes
from ..structures.cameras import CamerasBase
from ..structures.textures_vertex import TexturesVertex
from .seen_colours import seen_colours

_KNOWN = 7e-4  # weight from which on a colour counts as seen: a cosine of 0.3
_RIM = 5  # pixels a side of the square by whose half a mask is thinned: its rim mixes with the background
_NEIGHBOURS = 24  # coloured vertices whose mean an unseen vertex takes
_MIRRORED = 0.8  # IoU of a solid and its mirror image from which on it counts as symmetric
_NEAR = 0.03  # how far a vertex's mirror image may be from a coloured vertex
_LARGEST = 384  # longest side of the pictures that colours are read from


def is_symmetric(solid: Bool[Tensor, "x y z"]) -> bool:
    """Whether a solid is nearly its own mirror image in x."""
    mirrored = solid.flip(0)
    return float((solid & mirrored).sum()) >= _MIRRORED * max(float((solid | mirrored).sum()), 1.0)


def mean_colour(
    images: Sequence[Float[Tensor, "3 _h _w"]], masks: Sequence[Float[Tensor, "1 _h _w"]]
) -> Float[Tensor, " 3"]:
    """Mean colour of the object over all pictures, each weighing alike."""
    means = [(i * m).sum(dim=(1, 2)) / m.sum().clamp(min=1e-6) for i, m in zip(images, masks, strict=True)]
    return torch.stack(means).mean(dim=0)


def paint_evenly(mesh: Meshes, colour: Float[Tensor, " 3"]) -> Meshes:
    """The mesh with one colour."""
    return _painted(mesh, colour.to(mesh.device).expand(len(mesh.verts_packed()), 3))


@torch.no_grad()
def paint_from_views(
    mesh: Meshes,
    images: Sequence[Float[Tensor, "3 _h _w"]],
    masks: Sequence[Float[Tensor, "1 _h _w"]],
    cameras: Sequence[CamerasBase],
    mirrored: Float[Tensor, "vert 3"] | None = None,
) -> Meshes:
    """Give each vertex the colour that the pictures show at it.

    What no picture sees takes the colour of its mirror image where that is seen; what is left takes the colour of
    the nearest coloured vertex.

    Args:
        mesh: one mesh, about one unit large.
        images: colours in [0, 1].
        masks: 1 on the object.
        cameras: one a picture, that see the mesh's frame in the picture's pixels.
        mirrored: where the mirror image of each vertex lies, of an object that is symmetric.

    Returns:
        The mesh with `TexturesVertex`.
    """
    verts, normals = mesh.verts_packed(), mesh.verts_normals_packed()
    total, weight = torch.zeros_like(verts), torch.zeros_like(verts[:, :1])
    for image, mask, camera in zip(images, masks, cameras, strict=True):
        small, thin = _small(image, mask)
        colour, counts = seen_colours(mesh, normals, small, thin, camera)
        total += counts * colour
        weight += counts
    known = weight[:, 0] > _KNOWN
    colours = total / weight.clamp(min=1e-9)
    if not bool(known.any()):
        return paint_evenly(mesh, mean_colour(images, masks))
    if mirrored is not None:
        colours, known = _mirror(verts, mirrored, colours, known)
    return _painted(mesh, blend_nearest(verts, colours, known, weight[:, 0]))


def _small(image: Tensor, mask: Tensor) -> tuple[Float[Tensor, "3 _h _w"], Float[Tensor, "_h _w"]]:
    """Picture and mask at a size that vertices can follow; cameras in pixels keep their proportions."""
    scale = min(_LARGEST / max(image.shape[1:]), 1.0)
    size = [max(1, round(side * scale)) for side in image.shape[1:]]
    both = interpolate(torch.cat([image, mask])[None], size, mode="bilinear", antialias=True)[0].clamp(0, 1)
    thin = -max_pool2d(-both[3:], _RIM, stride=1, padding=_RIM // 2)
    return both[:3], (thin if bool((thin > 0.5).any()) else both[3:])[0]


def _mirror(verts: Tensor, mirrored: Tensor, colours: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Unknown colours taken from near the vertex's mirror image, where one is known."""
    nearest = knn_points(mirrored[None], verts[known][None])
    taken = ~known & (nearest.dists[0, :, 0] <= _NEAR**2)
    there = colours[known][nearest.idx[0, :, 0]]
    return torch.where(taken[:, None], there, colours), known | taken


def blend_nearest(
    verts: Float[Tensor, "vert 3"],
    colours: Float[Tensor, "vert 3"],
    known: Bool[Tensor, " vert"],
    weight: Float[Tensor, " vert"],
) -> Float[Tensor, "vert 3"]:
    """Colours with unknown ones taken from the nearest known: their mean, by nearness and by how well they were seen.

    Args:
        verts: points of a mesh that is about one unit large.
        colours: at the points.
        known: whose colours are known; some are.
        weight: how well each was seen, in [0, 1].
    """
    near = knn_points(verts[~known][None], verts[known][None], K=min(_NEIGHBOURS, int(known.sum())))
    trust = weight[known].clamp(min=_KNOWN).sqrt()[near.idx[0]]
    share = trust / (near.dists[0] + _NEAR**2)
    mean = (share[..., None] * colours[known][near.idx[0]]).sum(dim=1) / share.sum(dim=1, keepdim=True)
    return colours.masked_scatter(~known[:, None].expand_as(colours), mean)


def _painted(mesh: Meshes, colours: Tensor) -> Meshes:
    return Meshes(mesh.verts_list(), mesh.faces_list(), TexturesVertex([colours.clamp(0, 1)]))
