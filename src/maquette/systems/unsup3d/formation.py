"""How a picture comes about: canonical depth and colours, lit, seen from a view.

Of B pictures there are 2 B reconstructions: the first half as the networks say, the second with mirrored depth and
colours, under the same light and view. Formulas: Wu et al., CVPR 2020, sections 3.1 to 3.3.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import grid_sample

from ...ops.depth_maps import normals_of_depth, unproject
from .config import FormationConfig
from .geometry import move_back, project
from .network import Raw
from .seen_depth import seen_depth


@dataclass(frozen=True)
class Light:
    """Light from far away.

    Attributes:
        ambient: strength from everywhere.
        diffuse: strength of the directed light.
        direction: unit vector; a surface whose normal points there is the brightest.
    """

    ambient: Float[Tensor, "picture 1"]
    diffuse: Float[Tensor, "picture 1"]
    direction: Float[Tensor, "picture 3"]


@dataclass(frozen=True)
class Canonical:
    """The object from the front, B pictures as they are and B mirrored ones.

    Attributes:
        smooth: depth before the border is set, of B pictures.
        depth: with the border.
        albedo: colours in [-1, 1].
        light: of the picture.
        normals: of the depth, away from the camera.
        shading: factor on the colours in [0, 1], at least 0.
        image: lit colours; -1 is black, 1 is white in full light.
        view: angles in radians and shifts, by which the object is moved.
    """

    smooth: Float[Tensor, "batch size size"]
    depth: Float[Tensor, "picture size size"]
    albedo: Float[Tensor, "picture 3 size size"]
    light: Light
    normals: Float[Tensor, "picture size size 3"]
    shading: Float[Tensor, "picture 1 size size"]
    image: Float[Tensor, "picture 3 size size"]
    view: Float[Tensor, "picture 6"]


@dataclass(frozen=True)
class Reconstructed:
    """What the camera sees, B pictures as they are and B mirrored ones.

    Attributes:
        depth: from the camera, within the range widened by its half at both ends.
        seen: where there is a surface, of every picture.
        mask: where there is one both as it is and mirrored.
        image: in the sense of `Canonical.image`; 0 outside the mask.
        places: where in the canonical picture each pixel lies, from -1 to 1.
    """

    depth: Float[Tensor, "picture size size"]
    seen: Bool[Tensor, "picture size size"]
    mask: Float[Tensor, "batch 1 size size"]
    image: Float[Tensor, "picture 3 size size"]
    places: Float[Tensor, "picture size size 2"]


def canonical(raw: Raw, config: FormationConfig, crossed: bool = False) -> Canonical:
    """The object from the front, of what the networks say.

    Args:
        raw: of B pictures.
        config: ranges, and what is mirrored.
        crossed: the second half of the batch shows what the first does; then the B second reconstructions have the
            depth and the colours that are found in the other one of each two pictures, instead of mirrored ones.
    """
    with torch.autocast(raw.depth.device.type, enabled=False):
        raw = raw.each(lambda x: x if x.dtype == torch.float64 else x.float())
        smooth = bounded_depth(raw.depth[:, 0], config.depth)
        depth, albedo = with_border(smooth, config), raw.albedo
        if crossed:
            depth, albedo = (torch.cat([x, x.roll(len(x) // 2, 0)]) for x in (depth, albedo))
        else:
            depth, albedo = twice(depth, config.flip_depth), twice(albedo, config.flip_albedo)
        light = light_of(torch.cat([raw.light, raw.light]), config)
        normals = normals_of_depth(depth, config.fov)
        shading = shade(normals, light)
        image = (albedo / 2 + 0.5) * shading * 2 - 1
        view = view_of(torch.cat([raw.view, raw.view]), config)
        return Canonical(smooth, depth, albedo, light, normals, shading, image, view)


def reconstruct(found: Canonical, config: FormationConfig) -> Reconstructed:
    """The picture that the camera sees: depth through the rasterizer, colours by the inverse motion."""
    with torch.autocast(found.depth.device.type, enabled=False):
        return picture(found, seen_depth(found.depth, found.view, config), config)


def picture(
    found: Canonical, depth: Float[Tensor, "picture size size"], config: FormationConfig
) -> Reconstructed:
    """The same of a known depth: where each pixel's point lies in the canonical picture, and its colour there.

    Colours are interpolated between the middles of pixels.
    """
    seen = depth.detach() < config.depth[1] + config.margin
    mask = (seen[: len(seen) // 2] & seen[len(seen) // 2 :])[:, None].to(depth.dtype)
    back = move_back(unproject(depth, config.fov), found.view, config.middle)
    places = project(back, depth.shape[-1], config.fov)
    beyond = "zeros" if config.sampling == "original" else "border"
    image = grid_sample(found.image, places, padding_mode=beyond, align_corners=True)
    return Reconstructed(depth, seen, mask, image * torch.cat([mask, mask]), places)


def bounded_depth(raw: Float[Tensor, "batch h w"], bounds: tuple[float, float]) -> Float[Tensor, "batch h w"]:
    """Depth between the bounds: tanh of what differs from the mean of the map, scaled."""
    share = (raw - raw.mean((1, 2), keepdim=True)).tanh()
    return (1 + share) / 2 * bounds[1] + (1 - share) / 2 * bounds[0]


def with_border(depth: Float[Tensor, "batch h w"], config: FormationConfig) -> Float[Tensor, "batch h w"]:
    """The depth, with one value in the columns at the left and the right edge."""
    column = torch.arange(depth.shape[-1], device=depth.device)
    edge = (column < config.border) | (column >= depth.shape[-1] - config.border)
    return depth.masked_fill(edge, config.border_depth)


def twice(maps: Tensor, mirrored: bool) -> Tensor:
    """A batch of maps, and behind it the same, mirrored or not."""
    return torch.cat([maps, maps.flip(-1) if mirrored else maps])


def light_of(raw: Float[Tensor, "picture 4"], config: FormationConfig) -> Light:
    """Strengths within their bounds, and the direction (x, y, 1), scaled to length 1."""
    (a0, a1), (b0, b1) = config.ambient, config.diffuse
    ambient = (1 + raw[:, :1]) / 2 * (a1 - a0) + a0
    diffuse = (1 + raw[:, 1:2]) / 2 * (b1 - b0) + b0
    towards = torch.cat([raw[:, 2:], torch.ones_like(ambient)], dim=1)
    return Light(ambient, diffuse, towards / towards.square().sum(1, keepdim=True).sqrt())


def shade(normals: Float[Tensor, "picture h w 3"], light: Light) -> Float[Tensor, "picture 1 h w"]:
    """ambient + diffuse max(0, n . l)."""
    facing = (normals * light.direction[:, None, None]).sum(-1).clamp(min=0)[:, None]
    return light.ambient[..., None, None] + light.diffuse[..., None, None] * facing


def view_of(raw: Float[Tensor, "picture 6"], config: FormationConfig) -> Float[Tensor, "picture 6"]:
    """Angles in radians and shifts, of numbers in [-1, 1]."""
    turn = math.radians(config.rotation)
    return raw * raw.new_tensor([turn] * 3 + [config.shift] * 2 + [config.shift_z])
