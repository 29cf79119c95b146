"""Pictures of cameras and sparse points: a sheet from three sides, and a page that turns.

Worlds differ in up, middle and scale: what is shown are copies that `put_upright` has moved.
"""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import torch

from ..io.cameras_parse import ViewData
from ..io.colmap_model import SparsePoints
from ..renderer.mesh.textures import TexturesVertex
from ..renderer.turntable import model_page
from ..structures import Meshes
from .world import put_upright

_MOST = 6000  # points of a page
_POINT, _CAMERA = 0.006, 0.08  # half sizes, as shares of the cameras' mean distance from the middle
_COLOUR = (0.85, 0.3, 0.15)
_WITHIN = 1.6  # of the farthest camera; points beyond are not shown
_SIDES = (("from the front", 0, 1, 2), ("from the right", 2, 1, 0), ("from above", 0, 2, 1))


def preview_sheet(views: Sequence[ViewData], points: SparsePoints) -> bytes:
    """A PNG of points and cameras, numbered in their order, from the front, the right and above.

    Args:
        views: at least one.
        points: of the same world, whichever it is.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    views, points = _upright(views, points)
    places = _places(views)
    size = float(np.linalg.norm(places, axis=1).mean())
    figure = Figure(figsize=(15, 5.2), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (title, across, up, depth) in zip(figure.subplots(1, 3), _SIDES, strict=True):
        flip = np.ones(3)
        flip[2] = -1.0 if title != "from the front" else 1.0  # +Z is to the left, and down, in these
        order = np.argsort(points.xyz[:, depth] * flip[depth])
        xyz = (points.xyz * flip)[order]
        axes.scatter(xyz[:, across], xyz[:, up], s=2, c=points.rgb[order] / 255, linewidths=0)
        for i, (view, place) in enumerate(zip(views, places * flip, strict=True)):
            axis = view.R[2] * flip * 2 * _CAMERA * size
            axes.plot(place[across], place[up], "o", markersize=3, color=_COLOUR)
            ends = (place[across], place[across] + axis[across]), (place[up], place[up] + axis[up])
            axes.plot(*ends, linewidth=1, color=_COLOUR)
            axes.annotate(str(i), (place[across], place[up]), fontsize=7)
        axes.set_aspect("equal", adjustable="datalim")
        axes.set(title=title, xticks=[], yticks=[])
    with BytesIO() as file:
        figure.savefig(file, format="png", dpi=100)
        return file.getvalue()


def preview_page(views: Sequence[ViewData], points: SparsePoints, title: str) -> str:
    """A whole HTML file in which cameras (pyramids) and points turn when they are dragged.

    Args:
        views: at least one.
        points: of the same world, whichever it is; of more than 6,000 some are left out, evenly.
        title: of the window, plain text.
    """
    views, points = _upright(views, points)
    chosen = (
        np.unique(np.linspace(0, len(points) - 1, _MOST).astype(int)) if len(points) > _MOST else slice(None)
    )
    size = float(np.linalg.norm(_places(views), axis=1).mean())
    verts, faces, colours = [], [], []
    first = 0
    parts = [_pyramid(view, _CAMERA * size) for view in views]
    parts += [
        _tetrahedron(place, _POINT * size, colour / 255)
        for place, colour in zip(points.xyz[chosen], points.rgb[chosen], strict=True)
    ]
    for corners, triangles, colour in parts:
        verts.append(corners)
        faces.append(triangles + first)
        colours.append(np.broadcast_to(colour, corners.shape))
        first += len(corners)
    tensors = (torch.from_numpy(np.concatenate(rows)) for rows in (verts, faces, colours))
    seen, corners_of, painted = tensors
    mesh = Meshes([seen.float()], [corners_of.long()], TexturesVertex([painted.float()]))
    return model_page(mesh, title)


def _places(views: Sequence[ViewData]) -> np.ndarray:
    return np.stack([-view.R.T @ view.t for view in views])


def _upright(views: Sequence[ViewData], points: SparsePoints) -> tuple[tuple[ViewData, ...], SparsePoints]:
    """Copies with +Y up and the middle at the origin, of points those that are not far out."""
    moved, there, _, _ = put_upright(views, points, False)
    return moved, _near(moved, there)


def _near(views: Sequence[ViewData], points: SparsePoints) -> SparsePoints:
    """The points that are not far out."""
    farthest = np.linalg.norm(_places(views), axis=1).max()
    kept = np.linalg.norm(points.xyz, axis=1) <= _WITHIN * farthest
    return SparsePoints(points.xyz[kept], points.rgb[kept])


def _pyramid(view: ViewData, size: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A camera: its place, and the picture's corners before it; both sides of every face."""
    across, down = view.width / view.K[0, 0] / 2, view.height / view.K[1, 1] / 2
    wide = max(across, down)
    corners = [
        (x * across / wide, y * down / wide, 1 / wide) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    seen = size * np.array([(0, 0, 0), *(np.array(c) * min(1.0, 1.5 * wide) for c in corners)])
    faces = np.array([(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 1)])
    both = np.concatenate([faces, faces[:, ::-1]])
    return (seen - view.t) @ view.R, both, np.array(_COLOUR)


def _tetrahedron(
    place: np.ndarray, size: float, colour: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    corners = np.array([(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)], np.float64)
    faces = np.array([(0, 1, 2), (0, 3, 1), (0, 2, 3), (1, 3, 2)])
    return place + size * corners, faces, colour
