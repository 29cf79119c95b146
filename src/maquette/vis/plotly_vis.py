"""Plotly figures of meshes, point clouds and cameras.

plotly comes with the extra `vis` and is imported by what draws, so that the rest of the module does without it.
"""

import warnings
from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch

from ..structures import Meshes, Pointclouds
from ..structures.cameras_base import CamerasBase
from .traces import Lighting as Lighting
from .traces import camera_trace, cloud_trace, in_world, mesh_trace
from .traces import get_camera_wireframe as get_camera_wireframe

Struct: TypeAlias = Meshes | Pointclouds | CamerasBase
_Box: TypeAlias = np.ndarray  # (3, 2): where each axis begins and ends


class AxisArgs(NamedTuple):
    """What plotly shows of the three axes of a subplot."""

    showgrid: bool = False
    zeroline: bool = False
    showline: bool = False
    ticks: str = ""
    showticklabels: bool = False
    backgroundcolor: str = "#fff"
    showaxeslabels: bool = False


def plot_scene(
    plots: dict[str, dict[str, Struct]],
    *,
    viewpoint_cameras: CamerasBase | None = None,
    ncols: int = 1,
    camera_scale: float = 0.3,
    pointcloud_max_points: int = 20000,
    pointcloud_marker_size: int = 1,
    raybundle_max_rays: int = 20000,
    raybundle_max_points_per_ray: int = 1000,
    raybundle_ray_point_marker_size: int = 1,
    raybundle_ray_line_width: int = 1,
    **kwargs: Any,
) -> Any:
    """Draw meshes, point clouds and cameras into titled subplots.

    Differs from PyTorch3D: textures of every kind colour a mesh (a texture map and an atlas by their colours at
    vertices, an atlas of size 1 by face); there are no ray bundles, whose options are accepted without need.

    Args:
        plots: title of a subplot -> name of a trace -> what it shows; a batch is one trace.
        viewpoint_cameras: where to look from: one camera, or one a subplot; else plotly's own viewpoint, +Y up.
        ncols: subplots a row.
        camera_scale: size of the cameras' wireframes.
        pointcloud_max_points: of each cloud; a random choice (`torch.manual_seed`) of clouds that have more.
        pointcloud_marker_size: size of a point in pixels.
        **kwargs: `lighting`, a `Lighting`; `axis_args`, an `AxisArgs` of all axes; `xaxis`, `yaxis`, `zaxis`,
            dictionaries of what plotly takes for an axis.

    Returns:
        A `plotly.graph_objects.Figure`. Each axis reaches from the mean of a trace as far as its longest side.

    Raises:
        ImportError: plotly is not installed.
        ValueError: something else than meshes, clouds and cameras is to be drawn.

    Warns:
        UserWarning: there are neither one nor as many viewpoint cameras as subplots; they are not used.
    """
    go, subplots = _plotly()
    figure = subplots.make_subplots(
        rows=-(-len(plots) // ncols),
        cols=ncols,
        specs=[[{"type": "scene"}] * ncols] * -(-len(plots) // ncols),
        subplot_titles=list(plots),
        column_widths=[1.0] * ncols,
    )
    axis_args, lighting = kwargs.get("axis_args", AxisArgs()), kwargs.get("lighting", Lighting())
    views = None if viewpoint_cameras is None else _viewpoints(viewpoint_cameras, len(plots))
    for index, traces in enumerate(plots.values()):
        box: _Box | None = None
        for name, struct in traces.items():
            if isinstance(struct, Meshes):
                trace, middle, extent = mesh_trace(go, struct, lighting)
            elif isinstance(struct, Pointclouds):
                trace, middle, extent = cloud_trace(go, struct, pointcloud_max_points, pointcloud_marker_size)
            elif isinstance(struct, CamerasBase):
                trace, middle, extent = camera_trace(go, struct, camera_scale)
            else:
                raise ValueError(f"struct {struct} is not a Cameras, Meshes or Pointclouds object")
            figure.add_trace(trace.update(name=name), row=index // ncols + 1, col=index % ncols + 1)
            box = _around(box, middle, extent)
        scene = {"aspectmode": "cube", "camera": {"up": {"x": 0, "y": 1, "z": 0}}}
        for axis, bounds in zip("xyz", [None] * 3 if box is None else box.tolist(), strict=True):
            scene[f"{axis}axis"] = {"range": bounds, **axis_args._asdict(), **kwargs.get(f"{axis}axis", {})}
        if views is not None and box is not None:
            scene["camera"] = _plotly_camera(views[min(index, len(views) - 1)], box)
        figure.update_scenes(scene, row=index // ncols + 1, col=index % ncols + 1)
    return figure


def plot_batch_individually(
    batched_structs: Sequence[Struct] | Struct,
    *,
    viewpoint_cameras: CamerasBase | None = None,
    ncols: int = 1,
    extend_struct: bool = True,
    subplot_titles: list[str] | None = None,
    **kwargs: Any,
) -> Any:
    """Draw every element of a batch, or of batches of the same size together, into a subplot of its own.

    Differs from PyTorch3D: without `extend_struct` a batch of one is in the first subplot wherever it is in the list.

    Args:
        batched_structs: meshes, point clouds or cameras, or a list of them, of N elements or of one.
        viewpoint_cameras, ncols: as in `plot_scene`.
        extend_struct: draw batches of one in every subplot, not in the first alone.
        subplot_titles: N titles; "subplot 1" and so on by default.
        **kwargs: further arguments of `plot_scene`.

    Returns:
        A `plotly.graph_objects.Figure` of N subplots; None, with a warning, for an empty batch or list.

    Raises:
        ImportError: plotly is not installed.
        ValueError: sizes differ, nothing in any of the batches, or not as many titles as subplots.
    """
    if len(batched_structs) == 0:
        warnings.warn("No structs to plot", stacklevel=2)
        return None
    structs = batched_structs if isinstance(batched_structs, list | tuple) else [batched_structs]
    size = max(len(struct) for struct in structs)
    for struct in structs:
        if len(struct) not in (1, size):
            raise ValueError(f"invalid batch size {len(struct)} provided: {struct}")
    if size == 0:
        raise ValueError("No data is provided with at least one element")
    if subplot_titles and len(subplot_titles) != size:
        raise ValueError("invalid number of subplot titles")
    titles = subplot_titles or [f"subplot {i + 1}" for i in range(size)]
    plots: dict[str, dict[str, Struct]] = {title: {} for title in titles}
    for i, title in enumerate(titles):
        for j, struct in enumerate(structs):
            if i < len(struct) or extend_struct:
                plots[title][f"trace{i + 1}-{j + 1}"] = struct[min(i, len(struct) - 1)]
    return plot_scene(plots, viewpoint_cameras=viewpoint_cameras, ncols=ncols, **kwargs)


def _plotly() -> tuple[ModuleType, ModuleType]:
    try:
        from plotly import graph_objects, subplots
    except ModuleNotFoundError as error:
        raise ImportError("maquette.vis needs plotly: pip install plotly") from error
    return graph_objects, subplots


def _around(box: _Box | None, middle: np.ndarray, extent: float) -> _Box | None:
    """The box with a trace in it, unless that is empty."""
    if np.isnan(extent):
        return box
    new = np.stack([middle - extent, middle + extent], axis=1)
    return new if box is None else np.stack([np.minimum(box, new)[:, 0], np.maximum(box, new)[:, 1]], axis=1)


def _viewpoints(cameras: CamerasBase, subplots: int) -> np.ndarray | None:
    """For each camera its centre, a point it looks at, and one above its centre (N, 3, 3)."""
    if len(cameras) in (1, subplots):
        return in_world(cameras, torch.tensor([[0.0, 0, 0], [0, 0, 1], [0, 1, 0]]))
    warnings.warn(
        f"Invalid number {len(cameras)} of viewpoint cameras were provided. "
        f"Either 1 or {subplots} cameras are required",
        stacklevel=3,
    )
    return None


def _plotly_camera(view: np.ndarray, box: _Box) -> dict[str, dict[str, float]]:
    """A viewpoint in plotly's own units, in which the axes reach from -1 to 1."""
    half = np.maximum((box[:, 1] - box[:, 0]) / 2, 1e-12)
    eye, at, above = (view - box.mean(axis=1)) / half
    return {
        name: dict(zip("xyz", vector.tolist(), strict=True))
        for name, vector in (("eye", eye), ("center", at), ("up", above - eye))
    }
