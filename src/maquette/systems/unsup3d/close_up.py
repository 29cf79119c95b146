"""`close_up`: what the camera sees of a canonical surface, in more pixels than the networks have."""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import grid_sample

from ...ops.depth_maps import unproject
from .config import FormationConfig
from .geometry import move_back, project
from .seen_depth import FAR, rendered_depth, vertices


def close_up(
    images: Float[Tensor, "picture 3 small small"],
    depth: Float[Tensor, "small small"],
    view: Float[Tensor, " 6"],
    config: FormationConfig,
    size: int,
) -> Float[Tensor, "picture 3 {size} {size}"]:
    """Canonical pictures of one surface, from one view; RGB in [0, 1], white where nothing is seen.

    The surface keeps its resolution; colours are interpolated.

    Args:
        images: in the sense of `Canonical.image`.
        depth: canonical.
        view: angles in radians and shifts, by which the surface is moved.
        config: range of depths and field of view. Depths are sampled at the middles of pixels in any case.
        size: pixels a side.
    """
    small, views = depth.shape[-1], view[None]
    seen = rendered_depth(vertices(depth[None], views, replace(config, sampling="centres")), size)
    at = (torch.arange(size, device=depth.device).to(depth) + 0.5) * (small / size) - 0.5
    back = move_back(unproject(seen, config.fov, at, at, small), views, config.middle)
    places = project(back, small, config.fov).expand(len(images), -1, -1, -1)
    colours = grid_sample(images, places, padding_mode="border", align_corners=True)
    return ((colours + 1) / 2).clamp(0, 1).where(seen[:, None] < FAR, 1.0)
