"""F-score of voxel grids at 1 %, by the protocol of what3d that later papers report.

Tatarchenko et al., "What Do Single-view 3D Reconstruction Networks Learn?", CVPR 2019; LegoFormer's code has the same
steps. The surface of a binarised grid is the level 0+ of marching cubes on the grid padded by one empty cell: it
passes through the centres of the empty cells around the solid ones. The padded grid spans the unit cube.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..kernels.sample_points import sample_surface
from ..ops.knn import knn_points
from ..ops.marching_cubes import marching_cubes
from ..structures import Meshes
from ..structures.voxels import swap_zyx_axes

POINTS = 8192
DISTANCE = 0.01
_JUST_ABOVE_EMPTY = 1e-4


def fscore(
    predicted: Bool[Tensor, "batch x y z"],
    target: Bool[Tensor, "batch x y z"],
    distance: float = DISTANCE,
    points: int = POINTS,
    seed: int = 0,
) -> Float[Tensor, " batch"]:
    """2 P R / (P + R): P is the share of points on the predicted surface that have a point of the target nearer
    than `distance`, R the reverse.

    Both surfaces get points of their own, so even equal grids score below 1: with 8192 points and 0.01, about
    0.9 for a surface of area 1 and less for a larger one.

    Args:
        predicted: solid cells.
        target: solid cells.
        distance: in units of the padded grid's edge.
        points: drawn uniformly by area on each surface.
        seed: of the drawing. Every sample is given the same random numbers, so that its score depends on its
            grids alone.

    Returns:
        values in [0, 1]; 0 where prediction or target is empty.
    """
    draw = torch.rand(2, 1, points, 3, generator=torch.Generator().manual_seed(seed))
    there = predicted.flatten(1).any(1) & target.flatten(1).any(1)
    scores = torch.zeros(len(predicted), device=predicted.device)
    if not there.any():
        return scores
    ours, theirs = surface_points(predicted[there], draw[0]), surface_points(target[there], draw[1])
    precision = _share_near(ours, theirs, distance)
    recall = _share_near(theirs, ours, distance)
    scores[there] = 2 * precision * recall / (precision + recall).clamp(min=1e-12)
    return scores


def surface_points(
    solid: Bool[Tensor, "batch side side side"], uniform: Float[Tensor, "1 point 3"]
) -> Float[Tensor, "batch point 3"]:
    """Points on the surfaces of grids, uniform by area, in [0, 1]^3 as (x, y, z).

    Args:
        solid: grids that each have a solid cell.
        uniform: random numbers in [0, 1) that choose the points, the same for every grid.
    """
    padded = torch.nn.functional.pad(solid.float(), (1,) * 6)
    verts, faces = marching_cubes(swap_zyx_axes(padded), _JUST_ABOVE_EMPTY, return_local_coords=False)
    meshes = Meshes(verts=[v / (padded.shape[-1] - 1) for v in verts], faces=faces)
    points, _, _ = sample_surface(
        meshes.verts_packed(),
        meshes.faces_packed(),
        meshes.mesh_to_faces_packed_first_idx(),
        meshes.num_faces_per_mesh(),
        meshes.faces_packed_to_mesh_idx(),
        uniform.expand(len(meshes), -1, -1).to(solid.device),
    )
    return points


def _share_near(
    points: Float[Tensor, "batch point 3"], others: Float[Tensor, "batch point 3"], distance: float
) -> Float[Tensor, " batch"]:
    squared = knn_points(points, others).dists[..., 0]
    return (squared < distance**2).float().mean(1)
