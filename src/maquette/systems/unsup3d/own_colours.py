"""`own_colours`: the object from the front with the picture's own colours, in more pixels than the networks have."""

from dataclasses import replace

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate, pad

from ...ops.depth_maps import normals_of_depth, unproject
from .config import FormationConfig
from .formation import Canonical, Light, shade
from .geometry import move, project, rotation
from .seen_depth import rendered_depth, vertices

_DARKEST = 0.2  # shading that colours are divided by, at least
_BRIGHTEST = 3.0  # colour without light, at most
_EDGE_ON, _FACING = 0.2, 0.5  # cosines towards the camera from which colours count a little, and in full
_BEHIND = 0.01  # how far behind the seen depth a point may lie
_FEATHER = 5  # pixels over which weights are averaged
_SMOOTH = 5  # the same of depths, of which the mean is taken twice: details are the picture's, in its colours


def own_colours(
    found: Canonical, picture: Float[Tensor, "3 height width"], config: FormationConfig, size: int = 128
) -> Canonical:
    """The first object, whose colours are the picture's where the camera sees its surface.

    Networks of 64 pixels know faces in general, the picture this one. A point's colour without light is the picture's
    where the point appears, divided by its shading; where the camera does not see it that of the mirrored point;
    where it sees neither what the networks say. In new light each colour hence changes by the ratio of shadings
    (Shashua and Riklin-Raviv's "quotient image", PAMI 2001).

    Args:
        found: objects from the front.
        picture: what the networks were shown, in [0, 1], in any number of pixels.
        config: how pictures come about.
        size: pixels a side of the result.

    Returns:
        one object, without a mirrored one; colours may exceed 1.
    """
    depth = _smooth(_resized(found.depth[:1, None], size))[:, 0].clamp(*config.depth)
    normals, view = normals_of_depth(depth, config.fov), found.view[:1]
    light = Light(found.light.ambient[:1], found.light.diffuse[:1], found.light.direction[:1])
    shading = shade(normals, light)
    places, weight = _seen(depth, normals, view, config)
    small = found.depth.shape[-1]
    colours = grid_sample(
        picture[None].to(depth), places * ((small - 1) / small), padding_mode="border", align_corners=False
    )
    bare = (colours / shading.clamp(min=_DARKEST)).clamp(max=_BRIGHTEST)
    mirrored = (1 - weight) * weight.flip(-1)
    told = _resized(found.albedo[:1], size).clamp(-1, 1) / 2 + 0.5
    albedo = weight * bare + mirrored * bare.flip(-1) + (1 - weight - mirrored) * told
    return Canonical(depth, depth, 2 * albedo - 1, light, normals, shading, 2 * albedo * shading - 1, view)


def _seen(
    depth: Float[Tensor, "1 size size"],
    normals: Float[Tensor, "1 size size 3"],
    view: Float[Tensor, "1 6"],
    config: FormationConfig,
) -> tuple[Float[Tensor, "1 size size 2"], Float[Tensor, "1 1 size size"]]:
    """Where points of the surface appear, from -1 to 1, and how well they are seen, from 0 to 1."""
    size = depth.shape[-1]
    points = move(unproject(depth, config.fov), view, config.middle)
    places = project(points, size, config.fov)
    nearest = rendered_depth(vertices(depth, view, replace(config, sampling="centres")), size)
    before = grid_sample(nearest[:, None], places, padding_mode="zeros", align_corners=True)[:, 0]
    facing = (normals * rotation(view[:, :3])[:, None, None, 2]).sum(-1)
    weight = ((facing - _EDGE_ON) / (_FACING - _EDGE_ON)).clamp(0, 1) * (points[..., 2] < before + _BEHIND)
    return places, avg_pool2d(weight[:, None], _FEATHER, 1, _FEATHER // 2, count_include_pad=False)


def _smooth(maps: Float[Tensor, "1 1 size size"]) -> Float[Tensor, "1 1 size size"]:
    for _ in range(2):
        maps = avg_pool2d(pad(maps, [_SMOOTH // 2] * 4, mode="replicate"), _SMOOTH, 1)
    return maps


def _resized(maps: Float[Tensor, "1 channel small small"], size: int) -> Float[Tensor, "1 channel size size"]:
    """Between the middles of the outermost pixels, so that rays stay where they are."""
    return interpolate(maps, (size, size), mode="bicubic", align_corners=True)
