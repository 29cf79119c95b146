"""What one picture says about the colours of points on a mesh, such as its vertices."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import grid_sample, max_pool2d, normalize

from ..ops import knn_points
from ..renderer import MeshRasterizer, RasterizationSettings
from ..renderer.utils import ndc_to_grid_sample_coords
from ..structures import Meshes
from ..structures.cameras import CamerasBase

_LARGEST = 512  # longest side of the depth pictures that visibility is read from
_DEPTH_SLACK = 0.02  # of the mesh's extent in depth, by which a visible vertex may lie behind the picture
_LARGE, _SLACK = (
    1024,
    0.012,
)  # side and slack where points close behind an outline are told from those before it
_NEAREST = 1e-6  # depth that points nearer to the plane of a camera are divided by
_COVERED = 0.9  # share of a mask in what bilinear sampling reads, for a vertex to count as on it
_SHARPNESS = 6  # power of the cosine that a view counts with: the one that looks straight on wins


def seen_colours(
    mesh: Meshes,
    normals: Float[Tensor, "point 3"],
    image: Float[Tensor, "channel height width"],
    mask: Float[Tensor, "height width"],
    camera: CamerasBase,
    points: Float[Tensor, "point 3"] | None = None,
    precise: bool = False,
    size: tuple[int, int] | None = None,
) -> tuple[Float[Tensor, "point channel"], Float[Tensor, "point 1"]]:
    """Colours that a picture shows at points of a mesh, and how much each counts.

    A picture counts where it sees the point, inside its mask, by the cosine between normal and direction of
    view to a high power.

    Args:
        mesh: one mesh in the camera's world.
        normals: unit normals at the points.
        image: colours in [0, 1], or other values of pixels.
        mask: 1 on the object.
        camera: one camera.
        points: on the mesh; its vertices where None.
        precise: whether points close behind an outline are told from those before it, which takes larger
            pictures of depth; what is seen beside an outline is left out.
        size: (height, width) of the picture that the camera took, where `image` is that one reduced.

    Returns:
        Colours, and weights in [0, 1]; a colour of weight 0 means nothing.
    """
    points = mesh.verts_packed() if points is None else points
    size = size or (image.shape[1], image.shape[2])
    at = _project(points, camera, size).to(image.dtype)
    colour = grid_sample((image * mask)[None], at, align_corners=False)[0, :, 0].T
    share = grid_sample(mask[None, None], at, align_corners=False)[0, 0, 0]
    facing = (normals * normalize(camera.get_camera_center() - points, dim=1)).sum(dim=1).clamp(min=0)
    seen = (share > _COVERED) & _is_visible(mesh, points, camera, at, size, precise)
    return colour / share.clamp(min=_COVERED)[:, None], (seen * facing**_SHARPNESS)[:, None]


def _project(
    points: Float[Tensor, "point 3"], camera: CamerasBase, size: tuple[int, int]
) -> Float[Tensor, "1 1 point 2"]:
    """Where `grid_sample` finds points in a picture."""
    ndc = camera.transform_points_ndc(points[None], eps=_NEAREST, image_size=(size,))
    return ndc_to_grid_sample_coords(ndc[:, None, :, :2], size)


def _is_visible(
    mesh: Meshes,
    points: Float[Tensor, "point 3"],
    camera: CamerasBase,
    at: Float[Tensor, "1 1 point 2"],
    size: tuple[int, int],
    precise: bool,
) -> Bool[Tensor, " point"]:
    """Points in front of the camera and in the picture that no other part of the mesh hides.

    A point may lie behind the surface in the picture by a small share of the mesh's depth.
    """
    scale = _LARGE / max(size) if precise else min(_LARGEST / max(size), 1.0)
    height, width = (max(1, round(side * scale)) for side in size)
    settings = RasterizationSettings(image_size=(height, width))
    seen = MeshRasterizer(camera, settings)(mesh)
    zbuf = torch.where(seen.pix_to_face >= 0, seen.zbuf, torch.inf)[..., 0]
    if precise:
        zbuf = -max_pool2d(-zbuf, 3, stride=1, padding=1)
    nearest = grid_sample(zbuf[None], at, mode="nearest", align_corners=False)[0, 0, 0]
    to_view = camera.get_world_to_view_transform()
    depth, of_mesh = (to_view.transform_points(x[None])[0, :, 2] for x in (points, mesh.verts_packed()))
    inside = (at.abs() <= 1).all(dim=-1)[0, 0] & (depth > 0)
    slack = _SLACK if precise else _DEPTH_SLACK
    return inside & (depth <= nearest + slack * (of_mesh.max() - of_mesh.min()))


def spread_colours(
    verts: Float[Tensor, "vert 3"], colours: Float[Tensor, "vert 3"], known: Bool[Tensor, " vert"]
) -> Float[Tensor, "vert 3"]:
    """Colours with those of unknown vertices taken from the nearest known one; grey when none is known."""
    if not bool(known.any()):
        return torch.full_like(colours, 0.7)
    nearest = knn_points(verts[None], verts[known][None]).idx[0, :, 0]
    return torch.where(known[:, None], colours, colours[known][nearest])
