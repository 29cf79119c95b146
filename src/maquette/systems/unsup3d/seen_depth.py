"""`seen_depth`: the depth that the camera sees of a canonical depth map that is turned and shifted."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from ...ops.depth_maps import focal_length, unproject
from ...renderer.mesh.rasterize_meshes import rasterize_meshes
from ...structures import Meshes
from .config import FormationConfig
from .geometry import move

FAR = 100.0  # what the published renderer has where there is no surface


def seen_depth(
    depth: Float[Tensor, "batch size size"], view: Float[Tensor, "batch 6"], config: FormationConfig
) -> Float[Tensor, "batch size size"]:
    """Depth of the nearest surface at every pixel (Wu et al., CVPR 2020, section 3.3).

    Two triangles a square of four neighbouring pixels are moved and rasterized, seen from both sides. The gradient
    reaches depth and view through the triangle that a pixel sees; where outlines move, there is none.

    Args:
        depth: canonical.
        view: angles in radians and shifts.
        config: range of depths, field of view, and how pixels are sampled.

    Returns:
        within the range of depths widened by its half (`FormationConfig.margin`) at both ends; the largest of these
        where nothing is seen.
    """
    least, most = config.depth[0] - config.margin, config.depth[1] + config.margin
    samples = 2 if config.sampling == "original" else 1
    seen = rendered_depth(vertices(depth, view, config), depth.shape[-1], samples)
    return seen.clamp(least, most)


def rendered_depth(
    verts: Float[Tensor, "batch rows columns 3"], size: int, samples: int = 1
) -> Float[Tensor, "batch {size} {size}"]:
    """Depth of the nearest triangle of a grid of vertices at every pixel; 100 where there is none.

    Computed in float32.

    Args:
        verts: in normalised device coordinates.
        size: pixels a side of the picture.
        samples: along each side of a pixel, of which the mean is taken; 1: at its middle.
    """
    faces = grid_faces(verts.shape[1], verts.shape[2], verts.device)
    meshes = Meshes(verts.flatten(1, 2).float(), faces.expand(len(verts), -1, -1))
    found = rasterize_meshes(meshes, size * samples, faces_per_pixel=1, perspective_correct=True)
    seen = found[1][..., 0].where(found[0][..., 0] >= 0, FAR).to(verts.dtype)
    return avg_pool2d(seen[:, None], samples)[:, 0]


def vertices(
    depth: Float[Tensor, "batch size size"], view: Float[Tensor, "batch 6"], config: FormationConfig
) -> Float[Tensor, "batch _rows _columns 3"]:
    """The moved surface in normalised device coordinates: x left and y up from -1 to 1, z the depth.

    Without a vertex beyond the outermost pixels' middles where sampling is "original"; otherwise the depth of these
    reaches to the picture's edge.
    """
    size, original = depth.shape[-1], config.sampling == "original"
    places = torch.arange(size, dtype=depth.dtype, device=depth.device)
    if not original:
        depth = pad(depth[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
        places = torch.cat([places[:1] - 0.5, places, places[-1:] + 0.5])
    points = move(unproject(depth, config.fov, places, places, size), view, config.middle)
    z = points[..., 2:].clamp(min=1e-3)
    pixels = focal_length(size, config.fov) * points[..., :2] / z + (size - 1) / 2
    offset = 0 if original else 1  # of the middles of pixels, in half pixels
    return torch.cat([1 - (2 * pixels + offset) / size, z], dim=-1)


def grid_faces(rows: int, columns: int, device: torch.device | str | None = None) -> Int[Tensor, "face 3"]:
    """Two triangles for every square of a grid of vertices, first all the upper left ones, row by row."""
    number = torch.arange(rows * columns, device=device).view(rows, columns)
    here, right, below, across = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
    upper, lower = torch.stack([here, below, right], -1), torch.stack([right, below, across], -1)
    return torch.cat([upper.reshape(-1, 3), lower.reshape(-1, 3)])
