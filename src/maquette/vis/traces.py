"""Traces of a plotly figure: a mesh, a point cloud, cameras; each with its middle and its longest side."""

from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..io.mesh_tensors import from_meshes
from ..structures import Meshes, Pointclouds
from ..structures.cameras_base import CamerasBase

Trace: TypeAlias = tuple[Any, np.ndarray, float]
"""With its middle (3,) and its longest side, NaN where it is empty."""


class Lighting(NamedTuple):
    """How plotly lights meshes (`Mesh3d.lighting`)."""

    ambient: float = 0.8
    diffuse: float = 1.0
    fresnel: float = 0.0
    specular: float = 0.0
    roughness: float = 0.5
    facenormalsepsilon: float = 1e-6
    vertexnormalsepsilon: float = 1e-12


def get_camera_wireframe(scale: float = 0.3) -> Float[Tensor, "15 3"]:
    """One line that draws a camera in its own frame: a frame with a tick on top, its corners joined to the centre.

    Args:
        scale: size; at 1 the frame is 2 wide, 1.5 high, and 2 before the centre of the camera.

    Returns:
        Points (15, 3), +X left, +Y up, +Z into the scene. The last is on the optical axis.
    """
    left, right, top, bottom, front = 1.0, -1.0, 0.75, -0.75, 2.0
    upper = [[right, top, front], [0, top, front], [0, 1, front], [0, top, front], [left, top, front]]
    lower = [[left, bottom, front], [right, bottom, front]]
    centre = [0.0, 0.0, 0.0]
    to_corners = [upper[0], centre, upper[-1], lower[0], centre, lower[1], centre]
    return torch.tensor([*upper, *lower, *to_corners, [0, 0, 3]]) * scale


def mesh_trace(go: ModuleType, meshes: Meshes, lighting: Lighting) -> Trace:
    """All meshes of a batch as one, in their colours by vertex or by face where they have some."""
    parts = from_meshes(meshes)
    starts = np.cumsum([0, *(len(part.verts) for part in parts)])
    verts = np.concatenate([np.zeros((0, 3)), *(part.verts for part in parts)])
    faces = np.concatenate(
        [np.zeros((0, 3), int), *(part.faces + start for part, start in zip(parts, starts, strict=False))]
    )
    used = np.isin(np.arange(len(verts)), faces)
    middle = _middle(verts[used])
    verts[~used] = middle  # plotly's own bounds and labels take them for part of the mesh
    by_face = _joined([part.faces_colors for part in parts])
    by_vert = None if by_face is not None else _joined([part.vertex_colors() for part in parts])
    (x, y, z), (i, j, k) = verts.T, faces.T
    trace = go.Mesh3d(
        **{"x": x, "y": y, "z": z, "i": i, "j": j, "k": k, "vertexcolor": by_vert, "facecolor": by_face},
        lighting=lighting._asdict(),
    )
    return trace, middle, _longest_side(verts[used])


def _joined(colors: list[np.ndarray | None]) -> np.ndarray | None:
    """Colours of all meshes, 0 to 255 as plotly wants numbers; None where one has none."""
    known = [array for array in colors if array is not None]
    return 255 * np.concatenate(known) if known and len(known) == len(colors) else None


def cloud_trace(go: ModuleType, clouds: Pointclouds, max_points: int, size: int) -> Trace:
    """All clouds of a batch; colours are features of three or four channels in [0, 1]."""
    clouds = clouds.detach().cpu().subsample(max_points)
    points, features = clouds.points_packed().numpy(), clouds.features_packed()
    color = None
    if features is not None and features.shape[1] in (3, 4):
        levels = (features[:, :3].clamp(0, 1) * 255).int().tolist()
        alphas = features[:, 3:].tolist()
        color = [
            f"rgba({r}, {g}, {b}, {a[0]:f})" if a else f"rgb({r}, {g}, {b})"
            for (r, g, b), a in zip(levels, alphas, strict=True)
        ]
    x, y, z = points.T
    trace = go.Scatter3d(x=x, y=y, z=z, marker={"color": color, "size": size}, mode="markers")
    return trace, _middle(points), _longest_side(points)


def camera_trace(go: ModuleType, cameras: CamerasBase, scale: float) -> Trace:
    """One line for all cameras; NaN, which plotly leaves out, between two of them."""
    wires = in_world(cameras, get_camera_wireframe(scale))
    gaps = np.full((len(wires), 1, 3), np.nan)
    x, y, z = np.concatenate([wires, gaps], axis=1).reshape(-1, 3)[:-1].T
    corners = wires.reshape(-1, 3)
    return go.Scatter3d(x=x, y=y, z=z, marker={"size": 1}), _middle(corners), _longest_side(corners)


def in_world(cameras: CamerasBase, points: Tensor) -> np.ndarray:
    """Points (P, 3) of each camera's frame in the world's, (N, P, 3)."""
    to_world = cameras.get_world_to_view_transform().inverse()
    moved: Tensor = to_world.transform_points(points.to(cameras.device))
    return moved.reshape(-1, *points.shape).detach().cpu().double().numpy()


def _middle(points: np.ndarray) -> np.ndarray:
    return points.mean(axis=0, dtype=float) if len(points) else np.full(3, np.nan)


def _longest_side(points: np.ndarray) -> float:
    return float(np.ptp(points, axis=0).max()) if len(points) else np.nan
