"""A texture for a mesh, blended from pictures of it.

Pictures differ in brightness, and a mesh that is a little wrong brings what they show to different places: their
mean is blurred, the best of them alone has seams. So they are blended in two bands (Baumberg, "Blending Images for
Texturing 3D Models", 2002, after Burt and Adelson, 1983): what changes slowly over a picture is the mean of all that
see a texel, which levels seams, and details come from the one that sees it best.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import interpolate, max_pool2d, normalize

from ..structures import Meshes
from ..structures.cameras import CamerasBase
from ..structures.textures_uv import TexturesUV
from .colours import blend_nearest, mean_colour
from .seen_colours import seen_colours
from .unwrap import find_texels, unwrap

_COARSE = 0.02  # standard deviation that parts the bands, in square roots of the mask's area
_EVEN = 1 / 3  # power of the weights by which the coarse band is blended: a square of the cosine
_KNOWN = 7e-4  # weight from which on a texel counts as seen: a cosine of 0.3
_RIM = 5  # pixels a side of the square by whose half a mask is thinned: its rim mixes with the background
_FINEST = 2  # texels' sides that the longer side of an object is reduced to in its pictures, at most
_EXAMPLES = 20_000  # seen texels that unseen ones take colours from


@torch.no_grad()
def paint_texture(
    mesh: Meshes,
    images: Sequence[Float[Tensor, "3 _h _w"]],
    masks: Sequence[Float[Tensor, "_h _w"]],
    cameras: CamerasBase,
    size: int = 1024,
) -> Meshes:
    """Give a mesh a texture of what pictures show.

    A picture counts at a texel that it sees, inside its mask, by a high power of the cosine between normal and
    direction of view, and by how large it shows the object. Texels that no picture sees take a mean of the nearest
    ones that are seen, those between charts the colour of the nearest in a chart.

    Args:
        mesh: one mesh in the cameras' world.
        images: colours in [0, 1].
        masks: 1 on the object.
        cameras: one a picture.
        size: texels along the texture's longer side.

    Returns:
        The same vertices and faces with `TexturesUV`.

    Raises:
        ModuleNotFoundError: xatlas is not installed.
    """
    plain = Meshes(mesh.verts_list(), mesh.faces_list())
    atlas = unwrap(plain, size)
    texels = find_texels(atlas)
    faces, low, extent = plain.faces_packed(), *_box(plain.verts_packed())
    unit = (plain.verts_packed() - low) / extent
    normals = Meshes([unit], [faces]).verts_normals_packed()
    points = texels.of(plain.verts_packed()[faces])
    outwards = normalize(texels.of(normals[faces]), dim=1)
    colours, weight = _blend(plain, points, outwards, images, masks, cameras, _FINEST * size)
    known = weight > _KNOWN
    if bool(known.any()):
        colours = _fill((points - low) / extent, colours, known, weight)
    else:
        colours = mean_colour(images, [m[None] for m in masks]).to(points).expand_as(points)
    picture = _spread_over_gaps(colours.clamp(0, 1), texels.covered)
    textures = TexturesUV([picture], [atlas.faces_uvs], [atlas.uvs], align_corners=False)
    return Meshes(mesh.verts_list(), mesh.faces_list(), textures)


def _box(verts: Float[Tensor, "vert 3"]) -> tuple[Float[Tensor, " 3"], float]:
    low, high = verts.amin(dim=0), verts.amax(dim=0)
    return low, max(float((high - low).norm()), 1e-12)


def _blend(
    mesh: Meshes,
    points: Float[Tensor, "texel 3"],
    normals: Float[Tensor, "texel 3"],
    images: Sequence[Tensor],
    masks: Sequence[Tensor],
    cameras: CamerasBase,
    finest: int,
) -> tuple[Float[Tensor, "texel 3"], Float[Tensor, " texel"]]:
    """Colours of points by all pictures, and their greatest weights."""
    areas = torch.stack([mask.sum() for mask in masks])
    shares = (areas / areas.max().clamp(min=1)).tolist()
    total, most = torch.zeros((len(points), 8)).to(points), torch.zeros(len(points)).to(points)
    for i, (image, mask) in enumerate(zip(images, masks, strict=True)):
        taken = (image.shape[1], image.shape[2])
        image, mask = _reduced(image, mask, finest)
        coarse = _blurred(image, mask)
        bands = torch.cat([coarse, image - coarse])
        seen, weight = seen_colours(mesh, normals, bands, _thin(mask), cameras[[i]], points, True, taken)
        weight = weight * shares[i]
        even = weight**_EVEN
        total += torch.cat([even * seen[:, :3], weight * seen[:, 3:], even, weight], dim=1)
        most = torch.maximum(most, weight[:, 0])
    tiny = torch.finfo(total.dtype).tiny
    return total[:, :3] / total[:, 6:7].clamp(min=tiny) + total[:, 3:6] / total[:, 7:].clamp(min=tiny), most


def _thin(mask: Float[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """A mask without its rim, unless nothing is left of it then."""
    thin = -max_pool2d(-mask[None], _RIM, stride=1, padding=_RIM // 2)[0]
    return thin if bool((thin > 0.5).any()) else mask


def _extent(mask: Float[Tensor, "height width"]) -> tuple[slice, slice]:
    """Rows and columns of the smallest upright rectangle around a mask."""
    rows, columns = (mask.amax(dim=k).nonzero()[:, 0].tolist() or [0] for k in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _reduced(
    image: Float[Tensor, "3 height width"], mask: Float[Tensor, "height width"], finest: int
) -> tuple[Float[Tensor, "3 _h _w"], Float[Tensor, "_h _w"]]:
    """A picture and its mask in which the object's longer side has at most `finest` pixels."""
    scale = finest / max(span.stop - span.start for span in _extent(mask))
    if scale >= 1:
        return image, mask
    size = [max(1, round(side * scale)) for side in mask.shape]
    both = interpolate(torch.cat([image, mask[None]])[None], size, mode="bilinear", antialias=True)[0]
    return both[:3], both[3]


def _blurred(image: Float[Tensor, "3 height width"], mask: Float[Tensor, "height width"]) -> Tensor:
    """What changes slowly over the object in a picture; its background has no part in it."""
    sigma = _COARSE * float(mask.sum()) ** 0.5
    rows, columns = _extent(mask)
    both = torch.cat([image * mask, mask[None]])[:, rows, columns].cpu().numpy()
    blurred = torch.from_numpy(ndimage.gaussian_filter(both, (0, sigma, sigma), mode="constant")).to(image)
    coarse = torch.zeros_like(image)
    coarse[:, rows, columns] = blurred[:3] / blurred[3:].clamp(min=1e-3)
    return coarse


def _fill(
    places: Float[Tensor, "texel 3"], colours: Tensor, known: Bool[Tensor, " texel"], weight: Tensor
) -> Float[Tensor, "texel 3"]:
    """Colours with those of unseen texels taken from some of the seen ones near them."""
    if bool(known.all()):
        return colours
    seen = known.nonzero()[:, 0]
    examples = seen[torch.linspace(0, len(seen) - 1, min(len(seen), _EXAMPLES)).long().to(seen.device)]
    at = torch.cat([examples, (~known).nonzero()[:, 0]])
    is_example = torch.arange(len(at), device=at.device) < len(examples)
    return colours.index_copy(
        0, at, blend_nearest(places[at], colours[at], is_example, weight[at].clamp(max=1))
    )


def _spread_over_gaps(
    colours: Float[Tensor, "texel 3"], covered: Bool[Tensor, "height width"]
) -> Float[Tensor, "height width 3"]:
    """The texture; a texel between charts has the colour of the nearest in one, which filters of viewers mix in."""
    picture = colours.new_zeros((*covered.shape, 3))
    picture[covered] = colours
    rows, columns = ndimage.distance_transform_edt(
        ~covered.cpu().numpy(), return_distances=False, return_indices=True
    )
    return picture[
        torch.from_numpy(np.ascontiguousarray(rows)), torch.from_numpy(np.ascontiguousarray(columns))
    ]
