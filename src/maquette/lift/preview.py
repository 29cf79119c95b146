"""A picture that shows at a glance what became of pictures: object, mask, reconstruction, other sides."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate

from ..renderer.views import cameras_from_r2n2, render_views
from ..structures import Meshes
from ..structures.cameras import PerspectiveCameras
from ..structures.mask_box import mask_box
from ..structures.textures_vertex import TexturesVertex
from .view import View

_MOST = 4  # pictures that are shown
_SIDES = (90.0, 200.0)  # degrees of azimuth from the first picture's viewpoint
_RATIO = 0.72
_DIMMED = 0.2  # share of the picture that shows outside of the mask
_AROUND = 0.12  # of the object's longer side, that a picture shows around it


@torch.no_grad()
def draw_preview(
    mesh: Meshes,
    images: Sequence[Float[Tensor, "3 _h _w"]],
    masks: Sequence[Float[Tensor, "1 _h _w"]],
    views: Sequence[View | None],
    tile: int = 256,
    unknown: tuple[float, float] = (60.0, 25.0),
) -> Float[Tensor, "3 height width"]:
    """A row a picture: object, mask and the mesh from there; in the first row two other sides of it, too.

    Args:
        mesh: one mesh in the object frame, with colours.
        images: colours in [0, 1]; at most four are shown.
        masks: 1 on the object.
        views: where each picture was taken from, None where that is not known.
        tile: pixels a side of every part.
        unknown: azimuth and elevation, in degrees, that are shown where no viewpoint is known.
    """
    mesh = mesh.cpu()
    lit = _is_of_one_colour(mesh)
    rows = []
    shown = list(zip(images, masks, views, strict=True))[:_MOST]
    for image, mask, view in shown:
        image, mask = image.cpu(), mask.cpu()
        left, top, side = _window(mask)
        picture = _cut(torch.cat([image, mask]), left, top, side, tile)
        cut, covered = picture[:3], picture[3:4]
        dimmed = cut * (covered + _DIMMED * (1 - covered)) + (1 - _DIMMED) * (1 - covered)
        rows.append([cut, dimmed, _from_there(mesh, view or unknown, (left, top, side), tile, lit)])
    blank = torch.ones(3, tile, tile)
    for number, row in enumerate(rows):
        row += (
            list(_other_sides(mesh, shown[0][2] or unknown, tile)) if number == 0 else [blank] * len(_SIDES)
        )
    return torch.cat([torch.cat(row, dim=2) for row in rows], dim=1)


def _is_of_one_colour(mesh: Meshes) -> bool:
    """Whether nothing would be seen of a mesh without light."""
    if not isinstance(mesh.textures, TexturesVertex):
        return mesh.textures is None
    colours = mesh.textures.verts_features_packed()
    return bool((colours.amax(dim=0) - colours.amin(dim=0)).max() < 0.02)


def _window(mask: Tensor) -> tuple[int, int, int]:
    """Left, top and side of the square around an object, which may reach out of the picture."""
    box = mask_box(mask[0] > 0.5)
    if box is None:
        return 0, 0, max(mask.shape[1:])
    top, bottom, left, right = box
    side = max(2, round(max(bottom - top, right - left) * (1 + 2 * _AROUND)))
    return (left + right - side) // 2, (top + bottom - side) // 2, side


def _cut(picture: Tensor, left: int, top: int, side: int, tile: int) -> Float[Tensor, "channel tile tile"]:
    """A square of a picture, scaled; white and no mask where it reaches out of the picture."""
    height, width = picture.shape[1:]
    square = torch.ones(len(picture), side, side)
    square[3:] = 0
    y, x = slice(max(top, 0), min(top + side, height)), slice(max(left, 0), min(left + side, width))
    square[:, y.start - top : y.stop - top, x.start - left : x.stop - left] = picture[:, y, x]
    return interpolate(square[None], (tile, tile), mode="bilinear", antialias=True)[0].clamp(0, 1)


def _from_there(
    mesh: Meshes, view: View | tuple[float, float], window: tuple[int, int, int], tile: int, lit: bool
) -> Tensor:
    """The mesh in the same window, from the viewpoint that was found, or from azimuth and elevation."""
    if isinstance(view, tuple):
        return _drawn(mesh, *view, tile)[0]
    left, top, side = window
    seen = view.camera
    camera = PerspectiveCameras(
        focal_length=torch.as_tensor(seen.focal_length).cpu(),
        principal_point=torch.as_tensor(seen.principal_point).cpu() - torch.tensor([[left, top]]),
        R=seen.R.cpu(),
        T=seen.T.cpu(),
        in_ndc=False,
        image_size=torch.tensor([[side, side]]),
    )
    return render_views(mesh, camera, tile, antialias=2, lit=lit).images[0]


def _other_sides(mesh: Meshes, view: View | tuple[float, float], tile: int) -> Tensor:
    azimuth, elevation = view if isinstance(view, tuple) else (view.azimuth, view.elevation)
    elevation = max(elevation, 15.0)
    return torch.cat([_drawn(mesh, azimuth + side, elevation, tile) for side in _SIDES])


def _drawn(mesh: Meshes, azimuth: float, elevation: float, tile: int) -> Float[Tensor, "1 3 tile tile"]:
    cameras = cameras_from_r2n2(torch.tensor([azimuth]), torch.tensor([elevation]), torch.tensor([_RATIO]))
    return render_views(mesh, cameras, tile, antialias=2).images
