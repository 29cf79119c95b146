"""What molding leaves beside its mesh: previews, comparisons, a turntable and the curves of the losses."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from matplotlib.figure import Figure
from torch import Tensor

from ...io.atomic import replacing
from ...io.printable import plot_label
from ...renderer import PerspectiveCameras, look_at_view_transform
from ...renderer.views import render_views
from ...structures import Meshes
from ...structures.cameras import CamerasBase
from .pictures import TargetPictures
from .silhouettes import hard_silhouettes

_AXES = {"X": (1.0, 0.0, 0.0), "Y": (0.0, 1.0, 0.0), "Z": (0.0, 0.0, 1.0)}
_ASIDE = {"X": (0.0, 1.0, 0.0), "Y": (0.0, 0.0, 1.0), "Z": (0.0, -1.0, 0.0)}  # what azimuth 0 looks from
_FOCAL = 2.4  # in NDC: a long lens, for previews
_FILL = 0.94  # how much of a preview the mesh fills
_SHOWN = 5  # views in a comparison
_MARGIN = 0.06  # of the object's size, shown on each side of it in a comparison


def orbit(mesh: Meshes, azimuths_deg: list[float], elevation_deg: float, up: str = "+Y") -> CamerasBase:
    """Cameras on a circle around one mesh that just show the whole of it.

    Args:
        mesh: one mesh.
        azimuths_deg: from the front (+Z for up +Y).
        elevation_deg: above the horizon.
        up: axis of the world that points up.
    """
    verts = mesh.verts_packed()
    low, high = verts.amin(dim=0), verts.amax(dim=0)
    centre, radius = (low + high) / 2, float((high - low).norm()) / 2
    sign = -1.0 if up[0] == "-" else 1.0
    above = sign * torch.tensor(_AXES[up[1]])
    front = torch.tensor(_ASIDE[up[1]])
    side = torch.linalg.cross(above, front)
    azimuth = torch.deg2rad(torch.tensor(azimuths_deg))[:, None]
    elevation = torch.deg2rad(torch.tensor(elevation_deg))
    around = torch.cos(azimuth) * front + torch.sin(azimuth) * side
    eye = torch.cos(elevation) * around + torch.sin(elevation) * above
    distance = 1.1 * _FOCAL * max(radius, 1e-9)
    R, T = look_at_view_transform(
        eye=centre.cpu() + distance * eye, at=centre.cpu()[None], up=above[None], device=verts.device
    )
    cameras = PerspectiveCameras(focal_length=_FOCAL, R=R, T=T, device=verts.device)
    reach = (
        cameras.transform_points_ndc(verts.expand(len(cameras), -1, -1))[..., :2].abs().max().clamp(min=1e-9)
    )
    return PerspectiveCameras(focal_length=_FOCAL * _FILL / float(reach), R=R, T=T, device=verts.device)


def preview(mesh: Meshes, size: int = 256, up: str = "+Y") -> Float[Tensor, "3 height width"]:
    """Four sides of a mesh in a row."""
    cameras = orbit(mesh, [30.0, 120.0, 210.0, 300.0], 20.0, up)
    return torch.cat(list(render_views(mesh, cameras, (size, size)).images), dim=2)


def turntable(
    mesh: Meshes, frames: int = 36, size: int = 256, up: str = "+Y"
) -> Float[Tensor, "frame 3 {size} {size}"]:
    """A full turn of a mesh."""
    cameras = orbit(mesh, [360.0 * i / frames for i in range(frames)], 20.0, up)
    return render_views(mesh, cameras, (size, size)).images


def comparison(mesh: Meshes, pictures: TargetPictures, names: tuple[str, str, str]) -> Figure:
    """Some views as a table: what was aimed at, what came out, and where they differ.

    Each view shows the part of the picture around the object, all at the same scale. In the last row red was
    missed and blue is too much.

    Args:
        mesh: the result, in the pictures' world.
        pictures: what it was molded to.
        names: of the three rows.
    """
    chosen = np.linspace(0, len(pictures) - 1, min(_SHOWN, len(pictures))).round().astype(int).tolist()
    shown = pictures.choose(chosen)
    size = (shown.masks.shape[1], shown.masks.shape[2])
    ours = hard_silhouettes(mesh, shown.cameras, size)
    aimed = shown.masks[:, None].expand(-1, 3, -1, -1) if shown.images is None else shown.images
    lit = shown.images is None or mesh.textures is None
    found = render_views(mesh, shown.cameras, size, lit=lit).images
    wrong = torch.stack((shown.masks - ours, torch.zeros_like(ours), ours - shown.masks), dim=1).clamp(0, 1)
    error = torch.where((wrong > 0.5).any(dim=1, keepdim=True), wrong, 0.9 - 0.25 * ours[:, None])
    aimed = aimed * shown.masks[:, None] + (1 - shown.masks[:, None])
    crops = _crops((shown.masks > 0.5) | (ours > 0.5))
    rows = [torch.stack([image[:, y, x] for image, (y, x) in zip(row, crops, strict=True)])
            for row in (aimed, found, error)]  # fmt: skip
    return _table(rows, names, shown.names)


def _crops(covered: Bool[Tensor, "view height width"]) -> list[tuple[slice, slice]]:
    """Rows and columns of a window a view, of one size for all, about the middle of what is covered."""
    ranges = [_ranges(covered.any(dim=axis)) for axis in (2, 1)]
    return list(zip(*ranges, strict=True))


def _ranges(covered: Bool[Tensor, "view pixel"]) -> list[slice]:
    pixels = covered.shape[1]
    boxes = []
    for line in covered:
        index = torch.nonzero(line)[:, 0]
        boxes.append((int(index[0]), int(index[-1]) + 1) if len(index) else (0, pixels))
    size = min(round(max(stop - start for start, stop in boxes) * (1 + 2 * _MARGIN)) + 1, pixels)
    starts = [min(max((start + stop - size) // 2, 0), pixels - size) for start, stop in boxes]
    return [slice(start, start + size) for start in starts]


def _table(rows: list[Tensor], names: tuple[str, ...], columns: tuple[str, ...]) -> Figure:
    height, width = rows[0].shape[2:]
    figure = Figure(
        figsize=(2.0 * len(columns), 2.0 * len(rows) * height / width + 0.6), layout="constrained"
    )
    axes = figure.subplots(len(rows), len(columns), squeeze=False)
    for r, images in enumerate(rows):
        for c, image in enumerate(images):
            axes[r, c].imshow(image.clamp(0, 1).permute(1, 2, 0).cpu().numpy())
            axes[r, c].set(xticks=[], yticks=[])
        axes[r, 0].set_ylabel(plot_label(names[r]))
    for c, name in enumerate(columns):
        axes[0, c].set_title(plot_label(name), fontsize=8)
    return figure


def loss_plot(history: dict[str, list[float]]) -> Figure:
    """The unweighted terms over the steps, on a logarithmic scale."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for name, values in history.items():
        axes.plot(values, label=plot_label(name), linewidth=1)
    axes.set(xlabel="step", ylabel="unweighted term", yscale="log")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all."""
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=120)
